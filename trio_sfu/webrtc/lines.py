"""The handles of what was negotiated: an up-track or a slot for each m-line in use."""

from collections.abc import Iterator
from contextlib import AsyncExitStack, ExitStack
from typing import TypeAlias

from trio_sfu import _native
from trio_sfu._native import EngineError
from trio_sfu.errors import NegotiationError
from trio_sfu.media.track import Slot, UpTrack
from trio_sfu.media.transport import Transport, TransportEvent
from trio_sfu.signaling.carried import Source
from trio_sfu.webrtc.events import (
    EncodingIdle,
    EncodingStarted,
    EncodingStopped,
    LayersMeasured,
    PeerConnectionEvent,
    SlotShows,
)
from trio_sfu.webrtc.negotiation import Agreement, SendingUse, SlotUse, Use
from trio_sfu.webrtc.offer import Line

SourceEvent: TypeAlias = (
    _native.EncodingStarted
    | _native.EncodingIdle
    | _native.EncodingStopped
    | _native.LayersMeasured
)


class Lines:
    """The up-tracks and slots of one peer."""

    def __init__(self) -> None:
        self.up_tracks: dict[Source, UpTrack] = {}
        self.slots: dict[str, Slot] = {}
        self._open: dict[str, ExitStack] = {}

    def apply(self, transport: Transport, agreement: Agreement, undo: AsyncExitStack) -> None:
        """Open what an agreement adds and close what it removes.

        ``undo`` closes what was opened. Raises NegotiationError when the engine refuses
        something, with nothing closed yet; EngineError (worker-lost).
        """
        try:
            transport.set_negotiated(extensions=agreement.extensions, codecs=agreement.codecs)
            for use, line in agreement.added:
                self.close(use)  # It was idle: nothing is lost.
                self._add(transport, use, line, undo)
        except EngineError as error:
            if error.code in ("worker-lost", "unknown-transport", "closed"):
                raise
            raise NegotiationError(f"the engine cannot use the offer: {error.code}") from error
        for use in agreement.removed:
            self.close(use)

    def close(self, use: Use) -> None:
        """Close the handle of a line, if it has one."""
        if (handles := self._open.get(use.mid)) is not None:
            handles.close()

    def _add(self, transport: Transport, use: Use, line: Line, undo: AsyncExitStack) -> None:
        handles = undo.enter_context(ExitStack())
        match use:
            case SendingUse(idle=True) | SlotUse(idle=True):
                # Nothing in the engine: what comes for it all the same belongs to nobody.
                pass
            case SendingUse():
                # With RIDs the SSRCs are learned: SDP does not say which is whose.
                ssrcs = () if line.rids else line.ssrcs
                track = handles.enter_context(
                    transport.up_track(use.mid, use.kind, use.source, rids=line.rids, ssrcs=ssrcs)
                )
                self.up_tracks[use.source] = track
                handles.callback(self.up_tracks.pop, use.source)
            case SlotUse():
                slot = handles.enter_context(
                    transport.slot(
                        use.mid,
                        use.kind,
                        use.pair,
                        ssrc=use.ssrc,
                        rtx_ssrc=use.rtx_ssrc,
                        cname=use.cname,
                    )
                )
                self.slots[use.mid] = slot
                handles.callback(self.slots.pop, use.mid)
        self._open[use.mid] = handles
        handles.callback(self._open.pop, use.mid)

    def translate(self, event: TransportEvent) -> Iterator[PeerConnectionEvent]:
        """Yield the engine's event in the words of the peer's lines, if it is of one."""
        match event:
            case (
                _native.EncodingStarted()
                | _native.EncodingIdle()
                | _native.EncodingStopped()
                | _native.LayersMeasured()
            ):
                for track in self.up_tracks.values():
                    if track.id == event.up_track:
                        yield _of_source(event, track.source)
            case _native.SlotSwitched():
                for slot in self.slots.values():
                    if slot.id == event.slot:
                        yield SlotShows(slot.mid, event.up_track, event.rid)
            case _:
                return


def _of_source(event: SourceEvent, source: Source) -> PeerConnectionEvent:
    match event:
        case _native.EncodingStarted():
            return EncodingStarted(source, event.rid, event.codec)
        case _native.EncodingIdle():
            return EncodingIdle(source, event.rid)
        case _native.EncodingStopped():
            return EncodingStopped(source, event.rid)
        case _native.LayersMeasured():
            return LayersMeasured(source)
