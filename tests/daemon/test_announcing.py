"""Which addresses clients are told where a STUN server says it, on a virtual clock."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec
import pytest
import trio
import trio.lowlevel
from trio.testing import MockClock

from trio_sfu.announcing import AGAIN, SOON, Announcing
from trio_sfu.config.model import Media
from trio_sfu.events import AddressesLearned, Fact, Journal, StunFailed
from trio_sfu.stun.ask import mapped_address
from trio_sfu.stun.message import StunError
from trio_sfu.stun.place import Place

OWN = ["127.0.0.1", "10.0.0.5", "fd00::5"]


class Story:
    """A host behind NAT, and a server that sees it elsewhere."""

    def __init__(self, settings: Media) -> None:
        self.settings = settings
        self.facts: list[Fact] = []
        self.sees: dict[str, str] = {"10.0.0.5": "203.0.113.9", "fd00::5": "2001:db8::9"}
        self.asked: list[tuple[float, str, Place]] = []
        self.announcing = Announcing(
            lambda: self.settings, lambda: OWN, Journal(self.facts.append), self._ask
        )

    async def _ask(self, server: Place, local: str) -> tuple[str, int]:
        self.asked.append((trio.current_time(), local, server))
        await trio.sleep(1)
        if local not in self.sees:
            raise StunError("no answer", code="stun-timeout")
        return self.sees[local], 40_000

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Announcing]:
        await self.announcing.learn()
        async with trio.open_nursery() as nursery:
            await nursery.start(self.announcing.run)
            yield self.announcing
            nursery.cancel_scope.cancel()


@pytest.fixture
def story() -> Story:
    return Story(Media(stun_server="stun.example.org:3479"))


async def test_what_the_server_sees_takes_the_place_of_each_address(
    story: Story, autojump_clock: MockClock
) -> None:
    begin = trio.current_time()
    async with story.running() as announcing:
        assert announcing.addresses() == ["127.0.0.1", "203.0.113.9", "2001:db8::9"]
    assert trio.current_time() - begin == 1
    assert {each[1:] for each in story.asked} == {
        ("10.0.0.5", Place("stun.example.org", 3479)),
        ("fd00::5", Place("stun.example.org", 3479)),
    }
    assert story.facts == [AddressesLearned(("127.0.0.1", "203.0.113.9", "2001:db8::9"))]
    assert announcing.trouble() is None


async def test_an_address_without_an_answer_is_told_as_it_is(
    story: Story, autojump_clock: MockClock
) -> None:
    del story.sees["fd00::5"]
    async with story.running() as announcing:
        assert announcing.addresses() == ["127.0.0.1", "203.0.113.9", "fd00::5"]
    assert [type(each) for each in story.facts] == [AddressesLearned]


async def test_a_change_is_told_to_who_comes_from_then_on(
    story: Story, autojump_clock: MockClock
) -> None:
    async with story.running() as announcing:
        story.sees["10.0.0.5"] = "203.0.113.10"
        await trio.sleep(AGAIN)
        assert "203.0.113.9" in announcing.addresses()
        await trio.sleep(2)
        assert announcing.addresses() == ["127.0.0.1", "203.0.113.10", "2001:db8::9"]
        await trio.sleep(3 * AGAIN)
    assert [type(each) for each in story.facts] == [AddressesLearned, AddressesLearned]


async def test_without_an_answer_the_own_addresses_are_told_and_it_is_asked_soon(
    story: Story, autojump_clock: MockClock
) -> None:
    sees, story.sees = story.sees, {}
    async with story.running() as announcing:
        assert list(announcing.addresses()) == [], "those that the port is bound to"
        assert story.facts == [StunFailed("stun-timeout", "no answer")]
        trouble = announcing.trouble()
        assert trouble is not None
        assert "(stun-timeout)" in trouble.message
        story.sees = sees
        await trio.sleep(SOON + 2)
        assert "203.0.113.9" in announcing.addresses()
        assert announcing.trouble() is None


async def test_what_was_learned_is_kept_while_the_server_is_gone(
    story: Story, autojump_clock: MockClock
) -> None:
    async with story.running() as announcing:
        before, story.sees = announcing.addresses(), {}
        await trio.sleep(AGAIN + 2)
        assert announcing.addresses() == before
    assert [type(each) for each in story.facts] == [AddressesLearned, StunFailed]


async def test_a_reload_with_another_server_asks_that_at_once(
    story: Story, autojump_clock: MockClock
) -> None:
    async with story.running() as announcing:
        story.sees = {"10.0.0.5": "198.51.100.1"}
        story.settings = msgspec.structs.replace(story.settings, stun_server="other.example.org")
        announcing.reschedule()
        await trio.sleep(0.5)
        assert "203.0.113.9" in announcing.addresses(), "until the other one has answered"
        await trio.sleep(2)
        assert announcing.addresses() == ["127.0.0.1", "198.51.100.1", "fd00::5"]
        story.settings = Media(announced=["192.0.2.1"])
        announcing.reschedule()
        await trio.sleep(2)
        assert announcing.addresses() == ["192.0.2.1"]
        assert story.asked[-1][2] == Place("other.example.org")


async def test_without_a_server_nobody_is_asked(autojump_clock: MockClock) -> None:
    story = Story(Media(announced=["192.0.2.1"]))
    async with story.running() as announcing:
        await trio.sleep(2 * AGAIN)
        assert (announcing.addresses(), story.asked, story.facts) == (["192.0.2.1"], [], [])


async def test_only_loopback_has_nothing_to_ask_for(autojump_clock: MockClock) -> None:
    facts: list[Fact] = []
    settings = Media(stun_server="stun.example.org")
    announcing = Announcing(lambda: settings, lambda: OWN[:1], Journal(facts.append))
    await announcing.learn()
    assert [type(each) for each in facts] == [StunFailed]
    assert list(announcing.addresses()) == []


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
async def test_a_server_that_never_answers_is_given_four_seconds(
    host: str, autojump_clock: MockClock
) -> None:
    begin, came = trio.current_time(), []
    family = trio.socket.AF_INET6 if ":" in host else trio.socket.AF_INET
    with trio.socket.socket(family, trio.socket.SOCK_DGRAM) as silent:
        await silent.bind((host, 0))
        server = Place(host, silent.getsockname()[1])

        async def listen() -> None:
            while True:
                came.append((await silent.recv(1_500), trio.current_time() - begin))

        async with trio.open_nursery() as nursery:
            nursery.start_soon(listen)
            await trio.lowlevel.checkpoint()
            with pytest.raises(StunError, match="no answer") as caught:
                await mapped_address(server, host)
            nursery.cancel_scope.cancel()
    assert caught.value.code == "stun-timeout"
    assert trio.current_time() - begin == pytest.approx(4)
    assert len({each for each, _ in came}) == 1, "the same request, all the time"
    assert [round(when, 1) for _, when in came] == [0, 0.5, 1.5, 3.5]
