"""A sending track whose source may change, end and begin anew on one RTP time line."""

import asyncio
import time
from fractions import Fraction
from typing import Final

from aiortc import MediaStreamTrack
from aiortc.mediastreams import MediaStreamError
from av import AudioFrame, VideoFrame
from av.frame import Frame

from trio_sfu._native import Kind

_VIDEO_CLOCK: Final = 90_000
_GAP: Final = 0.1
"""Seconds of silence after which sound is stamped by the clock again."""


class SwitchTrack(MediaStreamTrack):
    """Gives the frames of its source, if any, each stamped anew.

    aiortc's ``replaceTrack`` lets the timestamps begin again, and waits for ever for a
    frame of a track that was stopped meanwhile.
    """

    def __init__(self, kind: Kind) -> None:
        super().__init__()
        self.kind = kind
        # One frame: a source that is faster than the encoder waits.
        self._frames: asyncio.Queue[Frame] = asyncio.Queue(1)
        self._source: MediaStreamTrack | None = None
        self._pump: asyncio.Task[None] | None = None
        self._begun: float | None = None
        self._samples = 0

    def switch(self, source: MediaStreamTrack | None) -> None:
        """Take frames from ``source`` from now on; the one before is stopped."""
        if self._pump is not None:
            self._pump.cancel()
            self._pump = None
        if self._source is not None:
            self._source.stop()
        self._source = source
        if source is not None:
            self._pump = asyncio.ensure_future(self._take(source))

    async def _take(self, source: MediaStreamTrack) -> None:
        while True:
            try:
                frame = await source.recv()
            except MediaStreamError:
                return
            if isinstance(frame, Frame):
                await self._frames.put(frame)

    async def recv(self) -> Frame:
        """Return the next frame. Raises MediaStreamError once the track is stopped."""
        # aiortc's sender asks again when its cancellation came during an encoding in a
        # thread, where it is lost; without an error here its stop() would never end.
        if self.readyState != "live":
            raise MediaStreamError
        frame = await self._frames.get()
        now = time.monotonic()
        if self._begun is None:
            self._begun = now
        elapsed = now - self._begun
        match frame:
            case VideoFrame():
                frame.pts = round(elapsed * _VIDEO_CLOCK)
                frame.time_base = Fraction(1, _VIDEO_CLOCK)
            case AudioFrame():
                rate = frame.sample_rate
                if elapsed - self._samples / rate > _GAP:
                    self._samples = round(elapsed * rate)
                frame.pts = self._samples
                frame.time_base = Fraction(1, rate)
                self._samples += frame.samples
        return frame

    def stop(self) -> None:
        """End the track and its source."""
        self.switch(None)
        super().stop()
