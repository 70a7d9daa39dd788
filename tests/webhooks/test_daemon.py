"""A daemon that tells others: what arrives, and that nobody in a call notices."""

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import trio
from msgspec.structs import replace

from tests.client.calling import running_daemon
from tests.client.test_rights import House
from tests.webhooks.receiving import Receiver, documented_verify, receiving
from trio_sfu.client import Tone, connect
from trio_sfu.daemon import Daemon
from trio_sfu.events import PeerJoined, ServiceFailed
from trio_sfu.http.metrics import render
from trio_sfu.ids import PeerId, RoomId

SECRET = base64.b64encode(b"a secret of thirty-two bytes ...").decode()
OTHER = "whsec_" + base64.b64encode(b"another one of thirty-two bytes.").decode()


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    file = tmp_path / "secret"
    file.write_text(SECRET + "\n")
    return file


@asynccontextmanager
async def telling(secret: Path, *receivers: Receiver, **flags: str) -> AsyncIterator[Daemon]:
    given = {
        "webhooks__urls": ",".join(each.url for each in receivers),
        "webhooks__secret_file": str(secret),
        "webhooks__private": "true",
    }
    async with running_daemon(**(given | flags)) as daemon:
        yield daemon


async def test_a_call_is_told_from_its_beginning_to_its_end(secret: Path, tmp_path: Path) -> None:
    house = House(tmp_path)
    async with (
        receiving() as one,
        receiving() as other,
        telling(secret, one, other, auth__keys=str(house.file)) as daemon,
    ):
        async with connect(daemon.url, room="standup", name="Ann", token=house.token("ann")) as ann:
            await ann.publish(microphone=Tone(440))
            await ann.unpublish("microphone")
            peer = ann.id
            await one.until(4)
        for each in (one, other):
            await each.until(6)
            assert each.events == [
                "room-started",
                "peer-joined",
                "track-published",
                "track-unpublished",
                "peer-left",
                "room-ended",
            ]
        told = one.messages[4]
        assert (told["peer"], told["identity"], told["reason"]) == (peer, "ann", "left")
        assert b"Ann" not in b"".join(body for _, body in one.received)
        verify = documented_verify()
        for headers, body in one.received:
            verify(SECRET, headers, body)
            with pytest.raises(ValueError, match="not signed"):
                verify(SECRET, headers, body.replace(b"standup", b"another"))
            with pytest.raises(ValueError, match="not signed"):
                verify(OTHER, headers, body)
            with pytest.raises(ValueError, match="too old"):
                verify(SECRET, headers | {"webhook-timestamp": "1700000000"}, body)
        metrics = render(daemon).decode()
        assert 'trio_sfu_webhooks_total{outcome="delivered"} 12.0' in metrics
        assert "trio_sfu_webhooks_waiting 0.0" in metrics


async def test_a_receiver_that_hangs_holds_nobody_up(secret: Path) -> None:
    async with receiving() as stuck, receiving() as well:
        stuck.hangs = True
        async with telling(secret, stuck, well, webhooks__queue="5") as daemon:
            for _ in range(3):
                with trio.fail_after(5):
                    async with connect(daemon.url, room="r", name="n", pairs=0):
                        pass
            await well.until(12)
            assert len(well.events) == 12
            assert stuck.received == []
            outcomes, waiting = daemon.webhooks_told()
            assert (outcomes["delivered"], outcomes["dropped"], waiting) == (12, 7, 5)
            with trio.fail_after(5):
                await daemon.rooms.stop()


async def test_what_the_ring_was_too_short_for_is_counted(secret: Path) -> None:
    async with receiving() as one, telling(secret, one) as daemon:
        for number in range(1_500):
            # All in one step of the loop, as nothing that happens in rooms comes.
            daemon.journal.note(PeerJoined(RoomId("r"), PeerId(f"p-{number}")))
        await one.until(1)
        outcomes, waiting = daemon.webhooks_told()
        assert outcomes["lost"] == 1_500 - 1_024
        assert outcomes["dropped"] == 24
        assert waiting <= 1_000


async def test_the_service_is_restarted_and_loses_nothing(
    secret: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with receiving() as one, telling(secret, one) as daemon:
        with monkeypatch.context() as patched:

            def broken(*_: object) -> None:
                raise ZeroDivisionError("a defect")

            patched.setattr("trio_sfu.webhooks.endpoint.signed_headers", broken)
            async with connect(daemon.url, room="r", name="n", pairs=0) as ann:
                with trio.fail_after(5):
                    while not daemon.journal.count(ServiceFailed):
                        await daemon.journal.recent.more()
                assert ann.ended is None
        # Its first restart comes after a second or so.
        await one.until(4)
        assert one.events == ["room-started", "peer-joined", "peer-left", "room-ended"]
        assert daemon.services.services["webhooks"].state == "running"


async def test_another_secret_is_used_without_a_restart(secret: Path) -> None:
    async with receiving() as one, telling(secret, one) as daemon:
        async with connect(daemon.url, room="r", name="n", pairs=0):
            await one.until(2)
            await trio.Path(secret).write_text(OTHER)
            daemon.reconfigure(replace(daemon.config))
        await one.until(4)
        verify = documented_verify()
        verify(SECRET, *one.received[1])
        verify(OTHER, *one.received[3])


async def test_without_receivers_there_is_no_service() -> None:
    async with running_daemon() as daemon:
        assert "webhooks" not in daemon.services.services
        assert daemon.webhooks_told()[1] == 0
