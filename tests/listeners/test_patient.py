"""A machine that has nothing left to accept with is waited for."""

import errno

import pytest
import trio
import trio.testing

from trio_sfu.events import AcceptFailed, Fact, Journal
from trio_sfu.listeners.patient import PatientListener


class Scarce:
    """A listener whose accept fails ``failures`` times."""

    def __init__(self, failures: int, number: int) -> None:
        self.failures = failures
        self.number = number
        self.tries = 0

    async def accept(self) -> str:
        await trio.lowlevel.checkpoint()
        self.tries += 1
        if self.tries <= self.failures:
            raise OSError(self.number, "no more")
        return "a connection"


def patient(scarce: Scarce, noted: list[Fact]) -> PatientListener:
    return PatientListener(scarce, Journal(noted.append))  # type: ignore[arg-type]


@pytest.mark.parametrize("number", [errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENOBUFS])
async def test_a_spell_is_noted_once_and_does_not_spin(
    autojump_clock: trio.testing.MockClock, number: int
) -> None:
    noted: list[Fact] = []
    scarce = Scarce(600, number)
    began = trio.current_time()
    assert await patient(scarce, noted).accept() == "a connection"  # type: ignore[comparison-overlap]
    assert trio.current_time() - began == pytest.approx(60)
    assert [type(fact) for fact in noted] == [AcceptFailed]
    assert isinstance(noted[0], AcceptFailed)
    assert noted[0].code == errno.errorcode[number]


async def test_another_spell_is_noted_again(autojump_clock: trio.testing.MockClock) -> None:
    noted: list[Fact] = []
    for _ in range(2):
        scarce = Scarce(1, errno.EMFILE)
        listener = patient(scarce, noted)
        await listener.accept()
        await trio.sleep(60)
        scarce.tries = 0
        await listener.accept()
    assert len(noted) == 4


async def test_another_error_goes_on() -> None:
    with pytest.raises(OSError, match="no more"):
        await patient(Scarce(1, errno.EBADF), []).accept()
