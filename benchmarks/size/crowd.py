"""``python -m benchmarks.size.crowd URL ROOM WATCHERS``: so many watch, or, if none, one publishes.

Says ``here`` when all are connected, and leaves when its standard input ends. Nobody decodes,
so that the machine has time for the daemon.
"""

import os
import sys
from contextlib import AsyncExitStack
from typing import Any

import trio
from aiortc.codecs import opus, vpx
from av.frame import Frame

from trio_sfu.client import SyntheticVideo, Tone, connect

PACKETS = 6
PAYLOAD = 1_000
"""Bytes of each of a frame's packets: 1.5 Mbit/s in all, as `trio-sfu size` sends it."""


def _nothing(*_: object) -> list[Any]:
    return []


def _prepare() -> None:
    for decoder in (vpx.Vp8Decoder, opus.OpusDecoder):
        decoder.decode = _nothing  # type: ignore[method-assign,assignment]
    encode = vpx.Vp8Encoder.encode

    def padded(
        encoder: vpx.Vp8Encoder,
        frame: Frame,
        force_keyframe: bool = False,  # noqa: FBT001, FBT002 - as aiortc has it
    ) -> tuple[list[bytes], int]:
        payloads, timestamp = encode(encoder, frame, force_keyframe)
        descriptor, data = vpx.VpxPayloadDescriptor.parse(payloads[0])
        descriptor.partition_start = 0
        more = bytes(descriptor) + bytes(PAYLOAD)
        first = payloads[0] + bytes(max(0, PAYLOAD - len(data)))
        return [first, *[more[:PAYLOAD]] * (PACKETS - 1)], timestamp

    vpx.Vp8Encoder.encode = padded  # type: ignore[method-assign,assignment]


async def crowd(url: str, room: str, watchers: int) -> None:
    """Join one after the other, and stay until standard input ends."""
    async with AsyncExitStack() as stack:
        for number in range(watchers or 1):
            name = f"watcher {number}" if watchers else "publisher"
            client = await stack.enter_async_context(connect(url, room=room, name=name, pairs=1))
        if not watchers:
            camera = SyntheticVideo(width=64, height=48, fps=30)
            await client.publish(camera=camera, microphone=Tone(440))
        sys.stdout.write("here\n")
        sys.stdout.flush()
        async with trio.lowlevel.FdStream(os.dup(sys.stdin.fileno())) as until_closed:
            async for _ in until_closed:
                pass


if __name__ == "__main__":
    _prepare()
    trio.run(crowd, sys.argv[1], sys.argv[2], int(sys.argv[3]))
