"""What happened while the engine's event queue overflowed, worked out from its numbers."""

from collections.abc import Iterable, Iterator
from typing import cast

from trio_sfu import _native
from trio_sfu._native import Codec, Commands
from trio_sfu.media.track import UpTrack
from trio_sfu.media.transport import Transport, TransportEvent


def resync(
    native: Commands, transport: Transport, tracks: Iterable[UpTrack], *, silence_timeout: float
) -> Iterator[TransportEvent]:
    """Yield the events that bring a transport and its tracks up to date.

    A lost ``SlotSwitched`` is not made up for: it says when, not what; a lost DTLS
    datagram is retransmitted by its peer.
    """
    try:
        stats = native.transport_stats(transport.id)
        if transport.connected and not stats["connected"]:
            yield _native.ConsentExpired(transport.id)
        silent = stats["idle_ns"] >= silence_timeout * 1e9
        if transport.connected and silent != transport.silent:
            yield _native.Silent(transport.id) if silent else _native.Heard(transport.id)
        if stats["estimate"] and stats["estimate"] != transport.estimate:
            yield _native.EstimateChanged(transport.id, stats["estimate"])
        for track in tracks:
            yield from _encodings(track)
    except _native.EngineError:
        # Gone with its worker, which is told by an event of its own.
        return


def _encodings(track: UpTrack) -> Iterator[TransportEvent]:
    for encoding in track.stats():
        rid, live, idle = str(encoding["rid"]), bool(encoding["live"]), bool(encoding["idle"])
        if live and (rid not in track.encodings or (rid in track.idle and not idle)):
            codec = cast("Codec", encoding["codec"])
            yield _native.EncodingStarted(track.id, rid, int(encoding["ssrc"]), codec)
        if live and idle and rid not in track.idle:
            yield _native.EncodingIdle(track.id, rid)
        elif not live and rid in track.encodings:
            yield _native.EncodingStopped(track.id, rid)
