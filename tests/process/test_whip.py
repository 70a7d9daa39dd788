"""WHIP and WHEP of a real daemon: real HTTP, real media, and what strangers may send."""

import http.client
import json
import socket
from collections.abc import Callable
from functools import partial
from pathlib import Path

import trio

from tests.process.daemon import Daemon, running_daemon
from tests.webrtc.offering import Description, Section
from tests.whip.clients import ask, publishing, watching
from trio_sfu.client import SyntheticVideo, Tone, connect

SDP = "application/sdp"
PUBLISHING = Description([Section("0", "audio"), Section("1")]).sdp()


async def baseline(daemon: Daemon) -> dict[str, int]:
    return await trio.to_thread.run_sync(daemon.settled_census)


async def returns_to(daemon: Daemon, census: dict[str, int], within: float = 10) -> None:
    await trio.to_thread.run_sync(lambda: daemon.returns_to(census, within=within))


async def test_what_is_published_by_whip_arrives_by_whep_and_in_a_browsers_call(
    daemon: Daemon, measure: Callable[[str, str], None]
) -> None:
    empty = await baseline(daemon)
    async with (
        connect(daemon.url, room="studio", name="ann") as ann,
        publishing(daemon.url, "/whip/studio?name=OBS") as encoder,
    ):
        with trio.fail_after(10):
            await ann.until(lambda: [p.name for p in ann.peers.values()] == ["OBS"])
        (obs,) = ann.peers
        with trio.fail_after(20):
            async for picture in ann.video(obs):
                assert picture.width == 160
                break
        started = trio.current_time()
        async with watching(daemon.url, "/whep/studio?peer=OBS") as player:
            assert (await player.picture()).width == 160
            measure("WHEP: POST to first picture", f"{trio.current_time() - started:.2f} s")
            await player.more("audio", 50)
            assert player.receptions["audio"].energy > 0.001
            restarted = await ask(
                daemon.url,
                "PATCH",
                player.path,
                "a=ice-ufrag:newu\r\na=ice-pwd:0123456789abcdefghijkl\r\n",
                content_type="application/trickle-ice-sdpfrag",
                if_match="*",
            )
            assert restarted.status == 200
            assert restarted.headers["etag"] != player.etag
            # Until somebody comes by the new credentials the old path is used.
            await player.more(frames=15)
            assert await player.delete() == 200
        counts = await trio.to_thread.run_sync(daemon.census)
        assert counts["whip_sessions"] == 1
        assert await encoder.delete() == 200
        with trio.fail_after(5):
            await ann.until(lambda: not ann.peers)
        assert await encoder.delete() == 404
    await returns_to(daemon, empty)
    assert not daemon.log("error")


async def test_a_player_of_a_browsers_call_sees_who_is_in_it(daemon: Daemon) -> None:
    empty = await baseline(daemon)
    async with (
        connect(daemon.url, room="r", name="ann") as ann,
        watching(daemon.url, "/whep/r") as player,
    ):
        await ann.publish(camera=SyntheticVideo(width=320, height=240), microphone=Tone(440))
        assert (await player.picture()).width == 320
    await returns_to(daemon, empty, within=20)


async def test_who_vanishes_without_a_word_is_gone_within_15_seconds(
    daemon: Daemon, measure: Callable[[str, str], None]
) -> None:
    empty = await baseline(daemon)
    async with (
        connect(daemon.url, room="r", name="stays") as stays,
        publishing(daemon.url, "/whip/r") as encoder,
    ):
        with trio.fail_after(10):
            await stays.until(lambda: len(stays.peers) == 1)
        vanished = trio.current_time()
        encoder.agent.vanish()
        with trio.fail_after(20):
            await stays.until(lambda: not stays.peers)
        seconds = trio.current_time() - vanished
        measure("a WHIP publisher vanishes: to others told", f"{seconds:.1f} s")
        assert seconds <= 15.5
        assert await encoder.delete() == 404
    await returns_to(daemon, empty, within=20)


async def test_an_offer_whose_media_never_comes_leaves_nothing(artifacts: Path) -> None:
    limits = {"TRIO_SFU_MEDIA_HANDSHAKE_TIMEOUT": "2"}
    with running_daemon(artifacts, environment=limits) as daemon:
        empty = await baseline(daemon)
        told = await ask(daemon.url, "POST", "/whip/r", PUBLISHING, content_type=SDP)
        assert told.status == 201
        assert (await trio.to_thread.run_sync(daemon.census))["whip_sessions"] == 1
        await returns_to(daemon, empty)


async def test_a_thousand_sessions_are_bounded_and_all_go(artifacts: Path) -> None:
    limits = {"TRIO_SFU_WHIP_MAX_SESSIONS": "100", "TRIO_SFU_OVERLOAD_JOIN_BURST": "2000"}
    with running_daemon(artifacts, environment=limits) as daemon:
        empty = await baseline(daemon)
        paths: list[str] = []
        refused: list[dict[str, object]] = []

        def post(count: int) -> None:
            connection = http.client.HTTPConnection("127.0.0.1", daemon.http_port, timeout=30)
            for number in range(count):
                path = f"/whip/room-{number % 10}"
                connection.request("POST", path, PUBLISHING, {"content-type": SDP})
                response = connection.getresponse()
                body = response.read()
                if response.status == 201:
                    paths.append(str(response.headers["location"]))
                else:
                    assert response.status == 503
                    assert response.headers["retry-after"] == "10"
                    refused.append(json.loads(body))
            connection.close()

        async with trio.open_nursery() as nursery:
            for _ in range(4):
                nursery.start_soon(trio.to_thread.run_sync, partial(post, 250))
        assert len(paths) + len(refused) == 1_000
        assert len(set(paths)) == len(paths) >= 100
        assert {each["code"] for each in refused} == {"too-many-sessions"}
        counts = await trio.to_thread.run_sync(daemon.census)
        assert counts["whip_sessions"] <= 100
        statuses = [(await ask(daemon.url, "DELETE", path)).status for path in paths]
        assert set(statuses) <= {200, 404}
        await returns_to(daemon, empty, within=20)
        joins = await trio.to_thread.run_sync(daemon.metrics)
        assert joins['trio_sfu_joins_total{outcome="joined"}'] == len(paths)
        assert not daemon.log("error")


def test_a_body_that_is_too_long_or_never_ends_is_cut_off(daemon: Daemon) -> None:
    head = (
        "POST /whip/r HTTP/1.1\r\nhost: sfu\r\ncontent-type: application/sdp\r\n"
        "transfer-encoding: chunked\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", daemon.http_port), timeout=20) as sender:
        sender.sendall(head.encode())
        answer = b""
        chunk = b"10000\r\n" + bytes(0x10000) + b"\r\n"
        try:
            for _ in range(64):
                sender.sendall(chunk)
            while more := sender.recv(65_536):
                answer += more
        except OSError:
            pass  # Cut off while it was sending, perhaps before the answer was read.
    assert answer == b"" or answer.startswith(b"HTTP/1.1 413 ")
    assert daemon.get("/readyz")[0] == 200
    assert daemon.census()["whip_sessions"] == 0


def test_a_body_that_does_not_come_is_not_waited_for(daemon: Daemon) -> None:
    head = (
        "POST /whip/r HTTP/1.1\r\nhost: sfu\r\ncontent-type: application/sdp\r\n"
        "content-length: 1000\r\n\r\nv=0\r\n"
    )
    with socket.create_connection(("127.0.0.1", daemon.http_port), timeout=20) as sender:
        sender.sendall(head.encode())
        assert sender.recv(65_536).startswith(b"HTTP/1.1 408 ")


def test_a_client_that_goes_before_its_answer_leaves_nothing(daemon: Daemon) -> None:
    empty = daemon.settled_census()
    head = (
        "POST /whip/r HTTP/1.1\r\nhost: sfu\r\ncontent-type: application/sdp\r\n"
        f"content-length: {len(PUBLISHING)}\r\n\r\n"
    )
    for _ in range(20):
        with socket.create_connection(("127.0.0.1", daemon.http_port), timeout=20) as sender:
            sender.sendall((head + PUBLISHING).encode())
    daemon.returns_to(empty, within=25)
    assert not daemon.log("error")
