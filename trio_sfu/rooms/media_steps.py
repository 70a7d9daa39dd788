"""What a connection does, as steps of its peer's timeline."""

from typing import Final

from trio_sfu.events.timeline import Timeline
from trio_sfu.webrtc import events as media

_MOVES: Final = 1.5
"""An estimate is a step when it has grown or fallen by that much since the last one."""


class MediaSteps:
    """Notes what a connection reports; figures only when they have moved."""

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline
        self._estimate = 0

    def note(self, event: media.PeerConnectionEvent) -> None:
        """Add an event."""
        match event:
            case media.Connected():
                self._step("DTLS done")
            case media.Path(host=host, port=port):
                version = "IPv6" if ":" in host else "IPv4"
                self._step("ICE path", version, f"{host} {port}")
            case media.IceRestarted():
                self._step("ICE restart")
            case media.Silent():
                self._step("silent")
            case media.Heard():
                self._step("heard again")
            case media.Failed(code=code, failure=failure):
                self._step("failed", f"{code} {failure or ''}".rstrip())
            case media.Estimate(bitrate=bitrate):
                self._measured(bitrate)
            case _:
                self._encoding(event)

    def _encoding(self, event: media.PeerConnectionEvent) -> None:
        match event:
            case media.EncodingStarted(source=source, rid=rid, codec=codec):
                self._step("encoding starts", " ".join(filter(None, [source, rid, codec])))
            case media.EncodingIdle(source=source, rid=rid):
                self._step("encoding pauses", f"{source} {rid}".rstrip())
            case media.EncodingStopped(source=source, rid=rid):
                self._step("encoding stops", f"{source} {rid}".rstrip())
            case _:
                pass  # Figures of publishers, and what the client is told in `slot-shows`.

    def _step(self, what: str, detail: str = "", address: str = "") -> None:
        self._timeline.note("media", what, detail, address)

    def _measured(self, bitrate: int) -> None:
        before = self._estimate
        if before and before / _MOVES < bitrate < before * _MOVES:
            return
        self._estimate = bitrate
        self._step("estimate", f"{bitrate // 1000} kbit/s")
