"""The floor: a program that decrypts, copies, encrypts and sends, and does nothing else."""

import secrets
import socket
import subprocess
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from benchmarks.load.crowd import Crowd, Track
from benchmarks.load.peer import Peer
from benchmarks.load.sdp import MID_ID, MID_URI, OPUS, VP8, Kind, Remote, RemoteLine
from benchmarks.load.workloads import A_FEW
from trio_sfu.webrtc.dtls import PROFILES


@asynccontextmanager
async def lecture(
    program: Path, crowd: Crowd, subscribers: int, kinds: Sequence[Kind]
) -> AsyncIterator[None]:
    """Have the first client publish and the others receive."""
    places = [(0, number > 0) for number in range(subscribers + 1)]
    async with _running(program, crowd, places):
        crowd.tracks += [
            Track(0, crowd.new_ssrc(), kind, str(n), subscribers) for n, kind in enumerate(kinds)
        ]
        yield


@asynccontextmanager
async def meeting(
    program: Path, crowd: Crowd, people: int, kinds: Sequence[Kind]
) -> AsyncIterator[None]:
    """Have everybody send to all others."""
    async with _meetings(program, crowd, 1, people, kinds):
        yield


@asynccontextmanager
async def rooms(
    program: Path, crowd: Crowd, count: int, kinds: Sequence[Kind]
) -> AsyncIterator[None]:
    """Have many meetings of a few."""
    async with _meetings(program, crowd, count, A_FEW, kinds):
        yield


@asynccontextmanager
async def _meetings(
    program: Path, crowd: Crowd, count: int, people: int, kinds: Sequence[Kind]
) -> AsyncIterator[None]:
    places = [(number // people, True) for number in range(count * people)]
    async with _running(program, crowd, places):
        crowd.tracks += [
            Track(peer, crowd.new_ssrc(), kind, str(n), people - 1)
            for peer in range(count * people)
            for n, kind in enumerate(kinds)
        ]
        yield


@asynccontextmanager
async def _running(
    program: Path, crowd: Crowd, places: Sequence[tuple[int, bool]]
) -> AsyncIterator[None]:
    """``places``: the room of each client, and whether it receives."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        # Nobody has to be asked, so whoever it sends to is known from the beginning.
        plan = [f"socket {server.fileno()}"]
        for room, receives in places:
            peer = await crowd.peer()
            _know(peer, server.getsockname())
            crowd.peers.append(peer)
            plan.append(
                f"client 127.0.0.1:{peer.local.port} {crowd.link.profile} {peer.keys[0].hex()}"
                f" {peer.keys[1].hex()} {int(receives)} {room}"
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
        RemoteLine(mid, kind, stopped=False, payload_type=number, extensions={MID_URI: MID_ID})
        for mid, kind, number in (("0", "video", VP8), ("1", "audio", OPUS))
    )
    peer.remote = Remote("-", "-", "", "passive", *server, lines)
