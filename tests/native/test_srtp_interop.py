"""The engine's SRTP against libsrtp, both ways, over the same keys.

libsrtp is the implementation browsers use; what passes here passes there.
"""

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pytest
from pylibsrtp import Error as LibsrtpError
from pylibsrtp import Policy, Session

CARGO_BUILD = ["cargo", "build", "--quiet", "--message-format", "json"]
THAT_IS_TESTED = ["--locked", "--workspace", "--exclude", "trio-sfu-python"]
NATIVE = Path(__file__).parents[2] / "native"

PROFILES = {
    "AEAD_AES_128_GCM": (Policy.SRTP_PROFILE_AEAD_AES_128_GCM, 28),
    "AEAD_AES_256_GCM": (Policy.SRTP_PROFILE_AEAD_AES_256_GCM, 44),
    "AES128_CM_HMAC_SHA1_80": (Policy.SRTP_PROFILE_AES128_CM_SHA1_80, 30),
}

SSRC = 0xC0FFEE01
SENDER_REPORT = (
    b"\x80\xc8\x00\x06"
    + SSRC.to_bytes(4)
    + bytes(range(20))
    + b"\x81\xca\x00\x02"
    + SSRC.to_bytes(4)
    + b"\x01\x02ab"
)
PLI = b"\x81\xce\x00\x02" + (1).to_bytes(4) + SSRC.to_bytes(4)


@dataclass(frozen=True)
class Packet:
    """A plain RTP packet and the length of its header."""

    data: bytes
    header_len: int


def rtp(sequence: int, payload: bytes, *, csrcs: int = 0, extension: bytes | None = None) -> Packet:
    """Build an RTP packet; ``extension`` is a block's data, a multiple of 4 bytes."""
    first = 0x80 | csrcs | (0x10 if extension is not None else 0)
    header = bytes([first, 96]) + (sequence & 0xFFFF).to_bytes(2) + bytes(4) + SSRC.to_bytes(4)
    header += b"".join((0xAA000000 + number).to_bytes(4) for number in range(csrcs))
    if extension is not None:
        header += b"\xbe\xde" + (len(extension) // 4).to_bytes(2) + extension
    return Packet(header + payload, len(header))


class RefusedError(Exception):
    """Ours refused a packet; the argument names why."""


class Ours:
    """One end of an association: the crate's ``protect`` example as a process."""

    def __init__(self, program: Path, profile: str, inbound: bytes, outbound: bytes) -> None:
        self._process = subprocess.Popen(
            [program, profile, inbound.hex(), outbound.hex()],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
        )

    def close(self) -> None:
        self._process.communicate(timeout=10)
        assert self._process.returncode == 0

    def protect(self, packet: Packet, index: int) -> bytes:
        answer = self._call(f"protect-rtp {packet.header_len} {index} {packet.data.hex()}")
        return bytes.fromhex(answer[0])

    def unprotect(self, data: bytes, header_len: int) -> tuple[bytes, int]:
        plain, index = self._call(f"unprotect-rtp {header_len} {data.hex()}")
        return bytes.fromhex(plain), int(index)

    def protect_rtcp(self, data: bytes) -> bytes:
        return bytes.fromhex(self._call(f"protect-rtcp {data.hex()}")[0])

    def unprotect_rtcp(self, data: bytes) -> bytes:
        return bytes.fromhex(self._call(f"unprotect-rtcp {data.hex()}")[0])

    def _call(self, line: str) -> list[str]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(line + "\n")
        outcome, *words = self._process.stdout.readline().split()
        if outcome == "error":
            raise RefusedError(*words)
        return words


@dataclass
class Association:
    """Ours at one end, libsrtp at the other."""

    ours: Ours
    sender: Session
    receiver: Session


@pytest.fixture(scope="session")
def program() -> Path:
    """The crate's example, built by cargo."""
    # Of the workspace, as `cargo test` builds it: the crate alone has other features, with which
    # all that it depends on would be built once more.
    built = subprocess.run(
        [*CARGO_BUILD, *THAT_IS_TESTED, "--example", "protect"],
        cwd=NATIVE,
        check=True,
        stdout=subprocess.PIPE,
    )
    artifacts = [json.loads(line) for line in built.stdout.splitlines()]
    return Path(next(a["executable"] for a in artifacts if a.get("executable")))


@pytest.fixture(params=PROFILES)
def association(request: pytest.FixtureRequest, program: Path) -> Iterator[Association]:
    number, keying_len = PROFILES[request.param]
    random = Random(request.param)
    to_us, from_us = random.randbytes(keying_len), random.randbytes(keying_len)
    ours = Ours(program, request.param, to_us, from_us)
    yield Association(
        ours,
        Session(Policy(key=to_us, ssrc_type=Policy.SSRC_ANY_OUTBOUND, srtp_profile=number)),
        Session(Policy(key=from_us, ssrc_type=Policy.SSRC_ANY_INBOUND, srtp_profile=number)),
    )
    ours.close()


SHAPES = {
    "plain": rtp(0, b"p" * 1100),
    "empty payload": rtp(0, b""),
    "CSRCs": rtp(0, b"mixed", csrcs=15),
    "extension": rtp(0, b"with mid", extension=b"\x10a\x32xyz\x00\x00"),
    "empty extension": rtp(0, b"x", extension=b""),
    "CSRCs and extension": rtp(0, b"y" * 33, csrcs=2, extension=bytes(40)),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_of_packet_passes_both_ways(association: Association, shape: str) -> None:
    packet = SHAPES[shape]
    assert association.receiver.unprotect(association.ours.protect(packet, 0)) == packet.data
    sealed = association.sender.protect(packet.data)
    assert association.ours.unprotect(sealed, packet.header_len) == (packet.data, 0)


def test_both_ways_through_rollovers(association: Association) -> None:
    for index in range(0xFFF0, 0x30000, 7_001):
        packet = rtp(index, index.to_bytes(8), extension=bytes(4))
        assert (
            association.receiver.unprotect(association.ours.protect(packet, index)) == packet.data
        )
        sealed = association.sender.protect(packet.data)
        assert association.ours.unprotect(sealed, packet.header_len) == (packet.data, index)


def test_reordered_across_a_rollover(association: Association) -> None:
    packets = {index: rtp(index, b"late") for index in range(0xFFF8, 0x10008)}
    sealed = {index: association.sender.protect(p.data) for index, p in packets.items()}
    order = list(packets)
    Random(1).shuffle(order)
    order.insert(0, order.pop(order.index(0xFFF8)))
    for index in order:
        packet = packets[index]
        assert association.ours.unprotect(sealed[index], 12) == (packet.data, index)
        assert (
            association.receiver.unprotect(association.ours.protect(packet, index)) == packet.data
        )


@pytest.mark.parametrize("report", [SENDER_REPORT, PLI], ids=["compound", "reduced-size"])
def test_reports_both_ways(association: Association, report: bytes) -> None:
    for _ in range(3):
        sealed = association.ours.protect_rtcp(report)
        assert association.receiver.unprotect_rtcp(sealed) == report
        sealed = association.sender.protect_rtcp(report)
        assert association.ours.unprotect_rtcp(sealed) == report


def test_replayed_and_forged_packets_are_refused(association: Association) -> None:
    sealed = association.sender.protect(rtp(9, b"once").data)
    forged = sealed[:-1] + bytes([sealed[-1] ^ 1])
    with pytest.raises(RefusedError, match="AuthenticationFailed"):
        association.ours.unprotect(forged, 12)
    association.ours.unprotect(sealed, 12)
    with pytest.raises(RefusedError, match="Replayed"):
        association.ours.unprotect(sealed, 12)
    report = association.sender.protect_rtcp(PLI)
    association.ours.unprotect_rtcp(report)
    with pytest.raises(RefusedError, match="Replayed"):
        association.ours.unprotect_rtcp(report)


def test_libsrtp_refuses_what_of_ours_was_changed(association: Association) -> None:
    sealed = association.ours.protect(rtp(9, b"once"), 9)
    with pytest.raises(LibsrtpError, match="authentication"):
        association.receiver.unprotect(sealed[:-1] + bytes([sealed[-1] ^ 1]))
    association.receiver.unprotect(sealed)
