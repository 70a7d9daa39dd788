"""The floor: a program that decrypts, copies, encrypts and sends, and does nothing else."""

import secrets
import socket
import subprocess
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from benchmarks.load.crowd import Crowd, Track
from benchmarks.load.peer import Peer
from benchmarks.load.sdp import MID_ID, MID_URI, OPUS, VP8, Kind, Remote, RemoteLine
from trio_sfu.webrtc.dtls import PROFILES


@asynccontextmanager
async def lecture(
    program: Path, crowd: Crowd, subscribers: int, kinds: Sequence[Kind]
) -> AsyncIterator[None]:
    """Have the first client publish and the others receive."""
    async with _running(program, crowd, subscribers + 1, lambda number: number > 0):
        crowd.tracks += [
            Track(0, crowd.new_ssrc(), kind, str(n), subscribers) for n, kind in enumerate(kinds)
        ]
        yield


@asynccontextmanager
async def meeting(
    program: Path, crowd: Crowd, people: int, kinds: Sequence[Kind]
) -> AsyncIterator[None]:
    """Have everybody send to all others."""
    async with _running(program, crowd, people, lambda _: True):
        crowd.tracks += [
            Track(peer, crowd.new_ssrc(), kind, str(n), people - 1)
            for peer in range(people)
            for n, kind in enumerate(kinds)
        ]
        yield


@asynccontextmanager
async def _running(
    program: Path, crowd: Crowd, clients: int, receives: Callable[[int], bool]
) -> AsyncIterator[None]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        # Nobody has to be asked, so whoever it sends to is known from the beginning.
        plan = [f"socket {server.fileno()}"]
        for number in range(clients):
            peer = await crowd.peer()
            _know(peer, server.getsockname())
            crowd.peers.append(peer)
            plan.append(
                f"client 127.0.0.1:{peer.local.port} {crowd.link.profile} {peer.keys[0].hex()}"
                f" {peer.keys[1].hex()} {int(receives(number))}"
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
