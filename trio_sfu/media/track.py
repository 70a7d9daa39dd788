"""The engine's receiving and sending side of a track, as handles."""

from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from typing import NamedTuple, TypeAlias

from trio_sfu._native import (
    AudioLevel,
    Codec,
    Commands,
    EncodingIdle,
    EncodingStarted,
    EncodingStopped,
    EngineError,
    Kind,
    LayersMeasured,
)
from trio_sfu.signaling.carried import Source

Listener: TypeAlias = Callable[[AudioLevel], None]


class Layer(NamedTuple):
    """One layer of a video track, as the engine measures it."""

    rid: str
    spatial: int
    temporal: int
    bitrate: int
    """Bits/s on the wire over the last second, with the layers it depends on."""
    width: int
    """Pixels; 0: not known."""
    height: int


class UpTrack:
    """A published track as the engine receives it. Made by ``Transport.up_track``."""

    def __init__(
        self,
        native: Commands,
        handle: int,
        *,
        mid: str,
        kind: Kind,
        source: Source,
        rids: Sequence[str] = (),
        nudge: Callable[[], None],
    ) -> None:
        self._native = native
        self._nudge = nudge
        self.id = handle
        self.mid = mid
        self.kind: Kind = kind
        self.source: Source = source
        self.rids = tuple(rids)
        """The RIDs that were negotiated; none: a single encoding."""
        self.closed = False
        self.listener: Listener | None = None
        """Called with each level of an audio track (RFC 6464): often, so it only takes notes."""
        self._encodings: dict[str, Codec] = {}
        self._idle: set[str] = set()
        self.layers: tuple[Layer, ...] = ()
        """The layers that flow, lower ones first; empty until they are measured."""

    def __repr__(self) -> str:
        return f"<UpTrack {self.id} {self.source} {sorted(self._encodings)}>"

    @property
    def encodings(self) -> AbstractSet[str]:
        """The RIDs that have started and not stopped; "" for a single encoding without a RID."""
        return self._encodings.keys()

    @property
    def idle(self) -> AbstractSet[str]:
        """Those of ``encodings`` whose packets do not arrive at the moment."""
        return self._idle

    def codec(self, rid: str = "") -> Codec | None:
        """Return what a live encoding is encoded with."""
        return self._encodings.get(rid)

    def request_keyframe(self, rid: str = "") -> None:
        """Ask the publisher for a keyframe, subject to the engine's throttle.

        Raises EngineError: unknown-encoding, worker-lost.
        """
        if not self.closed:
            self._native.request_keyframe(self.id, rid)
            self._nudge()

    def stats(self) -> list[dict[str, int | str]]:
        """Return one entry per encoding (see ``Commands.up_track_stats``)."""
        return self._native.up_track_stats(self.id)

    def hear(self, event: AudioLevel) -> None:
        """Pass on how loud it was. For the engine alone."""
        if self.listener is not None:
            self.listener(event)

    def note(
        self, event: EncodingStarted | EncodingIdle | EncodingStopped | LayersMeasured
    ) -> None:
        """Keep ``encodings`` and ``layers`` up to date. For the engine alone."""
        if isinstance(event, LayersMeasured):
            self.layers = tuple(Layer(*layer) for layer in event.layers)
            return
        self._idle.discard(event.rid)
        match event:
            case EncodingStarted():
                self._encodings[event.rid] = event.codec
            case EncodingIdle():
                self._idle.add(event.rid)
            case EncodingStopped():
                self._encodings.pop(event.rid, None)


class Slot:
    """A subscriber's receiving m-line. Made by ``Transport.slot``."""

    def __init__(
        self,
        native: Commands,
        handle: int,
        *,
        mid: str,
        kind: Kind,
        pair: int,
        nudge: Callable[[], None],
    ) -> None:
        self._native = native
        self._nudge = nudge
        self.id = handle
        self.mid = mid
        self.kind: Kind = kind
        self.pair = pair
        self.closed = False

    def __repr__(self) -> str:
        return f"<Slot {self.id} mid={self.mid} {self.kind}>"

    def show(self, up_track: UpTrack | None, rid: str = "") -> None:
        """Show an encoding from its next keyframe on; None, or a closed track: nothing.

        Until that keyframe the slot goes on with what it shows. An encoding that has
        not started is waited for. Does nothing once the slot is closed. A track of another
        worker, which has panicked, is nothing, too. Raises EngineError: unknown-encoding,
        kind-mismatch, worker-lost.
        """
        if self.closed:
            return
        if up_track is None or up_track.closed:
            self._native.map_slot(self.id, None)
        else:
            try:
                self._native.map_slot(self.id, up_track.id, rid)
            except EngineError as error:
                if error.code != "unknown-track":
                    raise
                self._native.map_slot(self.id, None)
        self._nudge()

    def limit(self, spatial: int | None, temporal: int | None) -> None:
        """Forward no higher layers than these of what is shown; None: all.

        Holds for whatever the slot shows. Lowering takes effect at once where the bitstream
        allows it, raising at the next frame a decoder can begin the layer with. Does nothing
        once the slot is closed. Raises EngineError: worker-lost.
        """
        if not self.closed:
            self._native.limit_slot(self.id, spatial, temporal)
            self._nudge()

    def stats(self) -> dict[str, int | str]:
        """Return the slot's counters (see ``Commands.slot_stats``)."""
        return self._native.slot_stats(self.id)
