"""A certificate that is renewed in place, on virtual time."""

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import trio
from trio.testing import MockClock

from tests.listeners.certificates import write_certificate
from trio_sfu.config.model import Http
from trio_sfu.events import CertificateLoaded, CertificateRefused, Fact, Journal
from trio_sfu.listeners.certificate import CHECK_EVERY, CertificateWatch


class Watched:
    def __init__(self, folder: Path) -> None:
        certificate, key = write_certificate(folder, "first")
        self.http = Http(certificate=str(certificate), key=str(key))
        self.used: list[ssl.SSLContext] = []
        self.facts: list[Fact] = []
        journal = Journal(self.facts.append)
        self.watch = CertificateWatch(lambda: self.http, self.used.append, journal)


@asynccontextmanager
async def watched(folder: Path) -> AsyncIterator[Watched]:
    made = Watched(folder)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(made.watch.run)
        yield made
        nursery.cancel_scope.cancel()


async def test_another_certificate_is_taken_within_seconds(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    async with watched(tmp_path) as it:
        await trio.sleep(60)
        assert it.facts == []
        write_certificate(tmp_path, "second")
        await trio.sleep(CHECK_EVERY + 0.1)
        assert it.facts == [CertificateLoaded()]
        await trio.sleep(60)
        assert len(it.used) == 1, "once for each change"


async def test_half_a_renewal_waits_for_the_other_half(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    async with watched(tmp_path) as it:
        key = (tmp_path / "tls.key").read_bytes()
        write_certificate(tmp_path, "second")
        other = (tmp_path / "tls.key").read_bytes()
        (tmp_path / "tls.key").write_bytes(key)
        await trio.sleep(60)
        assert [type(fact) for fact in it.facts] == [CertificateRefused], "told once"
        assert not it.used
        (tmp_path / "tls.key").write_bytes(other)
        await trio.sleep(CHECK_EVERY + 0.1)
        assert it.facts[1:] == [CertificateLoaded()]


async def test_files_that_are_gone_or_broken_change_nothing(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    async with watched(tmp_path) as it:
        (tmp_path / "tls.pem").unlink()
        await trio.sleep(CHECK_EVERY + 0.1)
        (tmp_path / "tls.pem").write_text("no certificate")
        await trio.sleep(CHECK_EVERY + 0.1)
        assert [type(fact) for fact in it.facts] == [CertificateRefused] * 2
        assert not it.used
