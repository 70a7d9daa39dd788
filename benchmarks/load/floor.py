"""The floor: a program that decrypts, copies, encrypts and sends, and does nothing else."""

import secrets
import socket
import subprocess
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from benchmarks.load.crowd import Crowd, Track
from benchmarks.load.peer import Peer
from benchmarks.load.sdp import MID_ID, MID_URI, OPUS, RID_ID, RID_URI, VP8, Remote, RemoteLine
from benchmarks.load.workloads import Workload
from trio_sfu.webrtc.dtls import PROFILES

_EXTENSIONS: Final = {MID_URI: MID_ID, RID_URI: RID_ID}


@asynccontextmanager
async def lecture(program: Path, crowd: Crowd, workload: Workload) -> AsyncIterator[None]:
    """Have the first client publish and the others receive."""
    places = [(0, 0), *((0, 1) for _ in range(workload.size))]
    async with running(program, crowd, places):
        crowd.tracks += [
            Track(0, crowd.new_ssrc(), kind, str(n), workload.size)
            for n, kind in enumerate(workload.kinds)
        ]
        yield


@asynccontextmanager
async def meeting(program: Path, crowd: Crowd, workload: Workload) -> AsyncIterator[None]:
    """Have everybody send to all others, or to those who have a slot for them."""
    async with _meetings(program, crowd, 1, workload):
        yield


@asynccontextmanager
async def rooms(program: Path, crowd: Crowd, workload: Workload) -> AsyncIterator[None]:
    """Have many meetings of a few."""
    async with _meetings(program, crowd, workload.size, workload):
        yield


@asynccontextmanager
async def _meetings(
    program: Path, crowd: Crowd, count: int, workload: Workload
) -> AsyncIterator[None]:
    people = workload.people
    places = [(number // people, workload.seen) for number in range(count * people)]
    async with running(program, crowd, places):
        crowd.tracks += [
            Track(peer, crowd.new_ssrc(), kind, str(n), workload.fanout(peer % people))
            for peer in range(count * people)
            for n, kind in enumerate(workload.kinds)
        ]
        yield


@asynccontextmanager
async def running(
    program: Path, crowd: Crowd, places: Sequence[tuple[int, int]]
) -> AsyncIterator[None]:
    """Run one. ``places``: the room of each client, and how many others there it gets."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        # Nobody has to be asked, so whoever it sends to is known from the beginning.
        plan = [f"socket {server.fileno()}"]
        for room, slots in places:
            peer = await crowd.peer()
            _know(peer, server.getsockname())
            crowd.peers.append(peer)
            plan.append(
                f"client 127.0.0.1:{peer.local.port} {crowd.link.profile} {peer.keys[0].hex()}"
                f" {peer.keys[1].hex()} {slots} {room}"
            )
        process = _start(program, server.fileno(), plan)
    crowd.processes = [process.pid]
    try:
        yield
    finally:
        _stop(process)


def _start(program: Path, server: int, plan: Sequence[str]) -> "subprocess.Popen[str]":
    process = subprocess.Popen(
        [program, "floor"], stdin=subprocess.PIPE, pass_fds=[server], text=True
    )
    assert process.stdin is not None
    process.stdin.write("\n".join([*plan, "go", ""]))
    process.stdin.flush()
    return process


def _stop(process: "subprocess.Popen[str]") -> None:
    assert process.stdin is not None
    process.stdin.close()
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _know(peer: Peer, server: tuple[str, int]) -> None:
    profile = PROFILES[peer.link.profile]
    length = profile.key_length + profile.salt_length
    peer.keys = (secrets.token_bytes(length), secrets.token_bytes(length))
    lines = tuple(
        RemoteLine(mid, kind, stopped=False, payload_type=number, extensions=_EXTENSIONS)
        for mid, kind, number in (("0", "video", VP8), ("1", "audio", OPUS))
    )
    peer.remote = Remote("-", "-", "", "passive", *server, lines)
