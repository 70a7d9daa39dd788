"""``python -m benchmarks.load.record``: write the traces anew, from a real Chromium (root).

A page sends one video to a daemon here; a packet socket on loopback notes when each of its
packets left, how long it was and whether it ended a frame.
"""

import argparse
import select
import socket
import struct
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from playwright.sync_api import Page, sync_playwright

from benchmarks.load import sdp
from benchmarks.load.workloads import TRACES
from tests.browser.chromium import CAPTURED_TITLE, CHROMIUM, FLAGS
from tests.process.daemon import running_daemon

SECONDS: Final = 10.0
SETTLES: Final = 12.0
"""Seconds until the rate has been reached."""
_TO_US: Final = 0
_ETHERNET, _UDP = 14, 8
_TAG: Final = 16
"""Bytes of the authentication tag: the daemon takes GCM (RFC 7714)."""
_IPV4: Final = {"TRIO_SFU_MEDIA_ADDRESSES": "127.0.0.1"}
_PAGE: Final = Path(__file__).with_name("publish.js").read_text()
_SCREEN: Final = Path(__file__).with_name("screen.js").read_text()


@dataclass(frozen=True, slots=True)
class Video:
    """What is recorded: ``rate`` is the encoder's limit, in bits/s."""

    name: str
    rate: int
    width: int
    height: int
    screen: bool = False


VIDEOS: Final = (
    Video("300k", 300_000, 640, 360),
    Video("1500k", 1_500_000, 1280, 720),
    Video("4000k", 4_000_000, 1280, 720),
    Video("screen", 2_500_000, 1280, 720, screen=True),
)


@dataclass(frozen=True, slots=True)
class Packet:
    """An RTP packet: nanoseconds, bytes without SRTP, and whether it ends a frame."""

    at: int
    len: int
    last: bool


def sniff(port: int, payload_type: int, seconds: float) -> list[Packet]:
    """Return what is sent to a UDP port of loopback in the next ``seconds``."""
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0800)) as tap:
        tap.bind(("lo", 0))
        tap.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 24)
        tap.setsockopt(socket.SOL_SOCKET, 35, 1)  # SO_TIMESTAMPNS
        end = time.monotonic() + seconds
        return list(_packets(tap, port, payload_type, end))


def _packets(tap: socket.socket, port: int, payload_type: int, end: float) -> Iterator[Packet]:
    while (left := end - time.monotonic()) > 0:
        if not select.select([tap], [], [], left)[0]:
            return
        data, control, _, sender = tap.recvmsg(4_096, 64)
        if sender[2] != _TO_US or data[_ETHERNET + 9] != socket.IPPROTO_UDP:
            continue
        rtp = _ETHERNET + 4 * (data[_ETHERNET] & 15) + _UDP
        to = int.from_bytes(data[rtp - _UDP + 2 : rtp - _UDP + 4], "big")
        if to != port or len(data) < rtp + 12 or data[rtp] >> 6 != 2:
            continue
        if data[rtp + 1] & 0x7F == payload_type:
            second, nanosecond = struct.unpack("qq", control[0][2][:16])
            at = second * 1_000_000_000 + nanosecond
            yield Packet(at, len(data) - rtp - _TAG, bool(data[rtp + 1] & 0x80))


def write(packets: Sequence[Packet], video: Video) -> str:
    """Return a trace of whole frames that can be played over and over."""
    ends = [number for number, packet in enumerate(packets) if packet.last]
    whole = packets[ends[0] + 1 : ends[-1] + 1]
    began = whole[0].at
    frames = sum(packet.last for packet in whole)
    lasted = (whole[-1].at - began) / (frames - 1) * frames
    rate = sum(packet.len for packet in whole) * 8 / lasted * 1e6
    lines = [
        f"# Chromium, VP8, {video.width} by {video.height}, at most {video.rate} bits/s"
        f"{', a tab that is shared' if video.screen else ''}: {frames} frames, {rate:.0f} kbit/s.",
        "# Microseconds, bytes of RTP, 1 where a frame ends; the last line says when it repeats.",
        *(f"{(each.at - began) // 1_000} {each.len} {int(each.last)}" for each in whole),
        f"{int(lasted) // 1_000} 0 0",
    ]
    return "\n".join(lines) + "\n"


def _publish(page: Page, video: Video) -> int:
    """Begin to send; return the payload type."""
    arguments: dict[str, Any] = {
        "rate": video.rate,
        "width": video.width,
        "height": video.height,
        "screen": video.screen,
    }
    answer: str = page.evaluate(_PAGE, arguments)
    return sdp.parse(answer).payload_types()[0]


def record(video: Video) -> str:
    """Return a trace of a video."""
    # Not by way of `ours`: trio-asyncio and playwright do not go into one process.
    with (
        TemporaryDirectory() as folder,
        running_daemon(Path(folder), environment=_IPV4) as daemon,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=[*FLAGS, "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"],
        )
        try:
            context = browser.new_context(permissions=["camera", "microphone"])
            if video.screen:
                shared = context.new_page()
                shared.set_viewport_size({"width": video.width, "height": video.height})
                shared.goto(f"{daemon.url}/healthz")
                shared.evaluate(_SCREEN, CAPTURED_TITLE)
            page = context.new_page()
            page.goto(f"{daemon.url}/healthz")
            payload_type = _publish(page, video)
            page.wait_for_timeout(SETTLES * 1_000)
            return write(sniff(daemon.media_port, payload_type, SECONDS), video)
        finally:
            browser.close()


def main() -> None:
    """Record what is asked for, or all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("names", nargs="*", choices=[*(each.name for each in VIDEOS), []])
    names = parser.parse_args().names
    for video in VIDEOS:
        if not names or video.name in names:
            text = record(video)
            (TRACES / f"{video.name}.txt").write_text(text)
            print(text.partition("\n")[0], flush=True)


if __name__ == "__main__":
    main()
