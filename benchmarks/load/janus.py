"""Janus under load: its VideoRoom, as Debian packages it and tuned."""

import shutil
import socket
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import trio

from benchmarks.load.crowd import AT_ONCE, Crowd, Track
from benchmarks.load.janus_api import JanusError, Session, open_session
from benchmarks.load.namespace import HOST
from benchmarks.load.peer import Peer
from benchmarks.load.sdp import Line, parse, write_answer, write_offer
from benchmarks.load.workloads import Workload

ROOM: Final = 7
READY_WITHIN: Final = 10.0
_STOPS_WITHIN: Final = 5.0
_MEDIA_PORTS: Final = "46000-49999"
_PLUGINS: Final = (
    "audiobridge",
    "duktape",
    "echotest",
    "lua",
    "nosip",
    "recordplay",
    "sip",
    "streaming",
    "textroom",
    "videocall",
    "voicemail",
)
_TRANSPORTS: Final = ("http", "mqtt", "nanomsg", "pfunix", "rabbitmq")
"""Plugins and transports that nobody here uses."""


@dataclass(frozen=True, slots=True)
class Janus:
    """A running Janus."""

    pid: int
    port: int


def installed() -> bool:
    """Whether Janus is here."""
    return shutil.which("janus") is not None


def _settings(folder: Path, port: int, event_loops: int) -> None:
    libraries = next(Path("/usr/lib").glob("*/janus"))
    plugins = ",".join(f"libjanus_{name}.so" for name in _PLUGINS)
    transports = ",".join(f"libjanus_{name}.so" for name in _TRANSPORTS)
    loops = f"event_loops = {event_loops}" if event_loops else ""
    (folder / "janus.jcfg").write_text(
        f"""
general: {{
    configs_folder = "{folder}"
    plugins_folder = "{libraries}/plugins"
    transports_folder = "{libraries}/transports"
    events_folder = "{libraries}/events"
    loggers_folder = "{libraries}/loggers"
    debug_level = 2
    session_timeout = 0
    {loops}
}}
media: {{ rtp_port_range = "{_MEDIA_PORTS}" }}
nat: {{ ice_enforce_list = "{HOST}" }}
plugins: {{ disable = "{plugins}" }}
transports: {{ disable = "{transports}" }}
"""
    )
    (folder / "janus.transport.websockets.jcfg").write_text(
        f'general: {{ ws = true\n ws_port = {port}\n ws_ip = "127.0.0.1" }}\n'
    )


@contextmanager
def running(event_loops: int) -> Iterator[Janus]:
    """Run one on ports of its own; 0 event loops: as packaged, a thread a peer."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _settings(folder, port, event_loops)
        with (folder / "log").open("w") as log:
            process = subprocess.Popen(
                ["janus", "-F", folder, "-C", folder / "janus.jcfg"], stdout=log, stderr=log
            )
        try:
            yield Janus(process.pid, port)
            if process.poll() is not None:
                raise JanusError(f"Janus has ended: {(folder / 'log').read_text()[-2000:]}")
        except OSError as error:
            raise JanusError(f"{error}: {(folder / 'log').read_text()[-2000:]}") from error
        finally:
            process.terminate()
            try:
                process.wait(_STOPS_WITHIN)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@asynccontextmanager
async def session_with(server: Janus) -> AsyncIterator[Session]:
    """Open a session as soon as it listens."""
    with trio.fail_after(READY_WITHIN):
        while True:
            try:
                stream = await trio.open_tcp_stream("127.0.0.1", server.port)
            except OSError:
                await trio.sleep(0.05)
            else:
                await stream.aclose()
                break
    async with open_session(server.port) as session:
        yield session


async def create_room(session: Session, room: int) -> None:
    """Create a room."""
    handle = await session.attach()
    body = {"request": "create", "room": room, "publishers": 100, "bitrate": 0, "fir_freq": 0}
    await session.message(handle, {**body, "videocodec": "vp8", "audiocodec": "opus"})


@asynccontextmanager
async def lecture(server: Janus, crowd: Crowd, workload: Workload) -> AsyncIterator[None]:
    """Have one publish and the others subscribe."""
    async with session_with(server) as session:
        await create_room(session, ROOM)
        lines = _lines(crowd, workload)
        feed, tracks = await publish(session, crowd, lines, ROOM)
        crowd.tracks += [replace(track, fanout=workload.size) for track in tracks]
        limit = trio.CapacityLimiter(AT_ONCE)

        async def watch() -> None:
            async with limit:
                await subscribe(session, crowd, [feed], ROOM)

        async with trio.open_nursery() as nursery:
            for _ in range(workload.size):
                nursery.start_soon(watch)
        yield


@asynccontextmanager
async def meeting(server: Janus, crowd: Crowd, workload: Workload) -> AsyncIterator[None]:
    """Have everybody publish, and subscribe to all others in one more connection."""
    async with session_with(server) as session:
        await _meet(session, crowd, workload, ROOM)
        yield


@asynccontextmanager
async def rooms(server: Janus, crowd: Crowd, workload: Workload) -> AsyncIterator[None]:
    """Have many meetings of a few."""
    async with session_with(server) as session:
        limit = trio.CapacityLimiter(AT_ONCE)

        async def meet(room: int) -> None:
            async with limit:
                await _meet(session, crowd, workload, room)

        async with trio.open_nursery() as nursery:
            for room in range(ROOM, ROOM + workload.size):
                nursery.start_soon(meet, room)
        yield


async def _meet(session: Session, crowd: Crowd, workload: Workload, room: int) -> None:
    await create_room(session, room)
    feeds: list[int] = []
    for place in range(workload.people):
        feed, tracks = await publish(session, crowd, _lines(crowd, workload), room)
        crowd.tracks += [replace(track, fanout=workload.fanout(place)) for track in tracks]
        feeds.append(feed)
    for own in feeds:
        others = [feed for feed in feeds if feed != own]
        await subscribe(session, crowd, others[: workload.seen], room)


def _lines(crowd: Crowd, workload: Workload) -> list[Line]:
    kinds = enumerate(workload.kinds)
    return [Line(str(number), kind, "sendonly", crowd.new_ssrc()) for number, kind in kinds]


async def publish(
    session: Session, crowd: Crowd, lines: Sequence[Line], room: int
) -> tuple[int, list[Track]]:
    """Send these lines; return the feed, and the tracks, which nobody gets yet."""
    handle = await session.attach()
    peer = await crowd.peer()
    offer = write_offer(peer.local, lines, transport_cc=crowd.link.transport_cc)
    body = {"request": "joinandconfigure", "room": room, "ptype": "publisher"}
    jsep = {"type": "offer", "sdp": offer, "trickle": False}
    data, answer = await session.message(handle, body, jsep)
    remote = parse(answer, crowd.host)
    number = await crowd.connect(peer, remote)
    feed: int = data["id"]
    return feed, [Track(number, line.ssrc, line.kind, line.mid, 0) for line in lines]


async def subscribe(
    session: Session, crowd: Crowd, feeds: Sequence[int], room: int
) -> tuple[int, Peer]:
    """Get what these send; return the handle and the peer."""
    handle = await session.attach()
    peer = await crowd.peer()
    streams = [{"feed": feed} for feed in feeds]
    body = {"request": "join", "room": room, "ptype": "subscriber", "streams": streams}
    _, offer = await _when_it_is_there(session, handle, body)
    remote = parse(offer, crowd.host)
    jsep = {"type": "answer", "sdp": write_answer(peer.local, remote), "trickle": False}
    async with trio.open_nursery() as nursery:
        # It connects as soon as it has the answer, and says so only then.
        nursery.start_soon(crowd.connect, peer, remote)
        await session.message(handle, {"request": "start"}, jsep)
    return handle, peer


async def _when_it_is_there(
    session: Session, handle: int, body: dict[str, object]
) -> tuple[dict[str, object], str]:
    """Ask again while a publisher that has just connected is not known yet."""
    with trio.fail_after(READY_WITHIN):
        while True:
            try:
                return await session.message(handle, body)
            except JanusError as error:
                if "428" not in str(error) and "No such feed" not in str(error):
                    raise
            await trio.sleep(0.1)
