"""Which encodings of the cameras in a room somebody watches: the others may stop.

Pure: time is an argument. An encoding is wanted while the plan of any viewer names it. One
that nobody has wanted for ``HOLD`` seconds is stopped by a message to its publisher, and
asked for again the moment somebody does. One that was asked for and does not come stays
asked for, and is not counted on after ``COMES_WITHIN``: the browser has no rate for it.

Each change makes a browser set its encoder up anew, and its picture is poor for a second:
hence the long ``HOLD``, and smaller encodings than a wanted one go on as well. They are a
quarter of the bits, and what a viewer falls back to the moment its link does.

Screens are never stopped: nothing tells a screen that was stopped from one that is over.
"""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from math import inf
from typing import Final, TypeAlias

from trio_sfu.ids import PeerId

HOLD: Final = 20.0
COMES_WITHIN: Final = 3.0

Camera: TypeAlias = PeerId
Wish: TypeAlias = tuple[Camera, str]
"""An encoding of a peer's camera, by its RID."""


@dataclass(slots=True)
class _Camera:
    rids: frozenset[str]
    wanted: Counter[str] = field(default_factory=Counter)
    unwanted_since: dict[str, float] = field(default_factory=dict)
    asked_at: dict[str, float] = field(default_factory=dict)
    stopped: frozenset[str] = frozenset()
    untold: bool = False
    told: bool = False


class Dynacast:
    """The cameras of a room and who wants what of them."""

    def __init__(self) -> None:
        self._cameras: dict[Camera, _Camera] = {}
        self._wishes: dict[PeerId, frozenset[Wish]] = {}

    def offer(self, now: float, camera: Camera, rids: Iterable[str]) -> None:
        """Note which encodings of a camera were negotiated, once packets of it come."""
        if camera not in self._cameras:
            known = self._cameras[camera] = _Camera(frozenset(rids))
            wanted = Counter(
                rid for wish in self._wishes.values() for c, rid in wish if c == camera
            )
            known.wanted = wanted
            known.unwanted_since = {rid: now for rid in known.rids if not wanted[rid]}

    def wish(self, now: float, viewer: PeerId, wishes: frozenset[Wish]) -> bool:
        """Note what a viewer's plan names; return whether that is something else than before."""
        before = self._wishes.get(viewer, frozenset())
        self._wishes[viewer] = wishes
        if wishes == before:
            return False
        for camera, rid in before - wishes:
            self._count(now, camera, rid, -1)
        for camera, rid in wishes - before:
            self._count(now, camera, rid, 1)
        return True

    def forget(self, now: float, peer: PeerId) -> None:
        """Forget who has left, as a viewer and with its camera."""
        self.wish(now, peer, frozenset())
        del self._wishes[peer]
        self._cameras.pop(peer, None)

    def stopped(self, camera: Camera) -> frozenset[str]:
        """Return the encodings that the publisher was told to stop."""
        known = self._cameras.get(camera)
        return known.stopped if known is not None else frozenset()

    def expected(self, now: float, camera: Camera) -> Collection[str]:
        """Return the encodings that can be had though they do not flow."""
        known = self._cameras.get(camera)
        if known is None:
            return ()
        late = now - COMES_WITHIN
        return known.stopped | {rid for rid, at in known.asked_at.items() if at > late}

    def missing(self, camera: Camera, available: Collection[str]) -> list[str]:
        """Return the encodings that the publisher may send and does not."""
        known = self._cameras.get(camera)
        return [rid for rid in known.rids if rid not in available] if known is not None else []

    @property
    def due(self) -> float:
        """When ``take`` or ``late`` has something to tell."""
        due = inf
        for camera in self._cameras.values():
            due = min(due, _due(camera))
            for asked_at in camera.asked_at.values():
                due = min(due, asked_at + COMES_WITHIN)
        return due

    def take(self, now: float) -> list[tuple[PeerId, list[str]]]:
        """Return the publishers to tell, and which encodings of their cameras are wanted."""
        told = []
        for peer, camera in self._cameras.items():
            if _due(camera) <= now:
                stopped = {r for r, since in camera.unwanted_since.items() if since + HOLD <= now}
                camera.stopped |= stopped
                camera.untold, camera.told = False, True
                told.append((peer, sorted(camera.rids - camera.stopped)))
        return told

    def repeat(self, camera: Camera) -> list[str] | None:
        """Return what a publisher was told last, for it may have lost it; None: nothing."""
        known = self._cameras.get(camera)
        return sorted(known.rids - known.stopped) if known is not None and known.told else None

    def late(self, now: float) -> list[Camera]:
        """Return the cameras whose encodings did not come, or may have; each once."""
        late = []
        for peer, camera in self._cameras.items():
            overdue = [rid for rid, at in camera.asked_at.items() if at + COMES_WITHIN <= now]
            for rid in overdue:
                del camera.asked_at[rid]
            if overdue:
                late.append(peer)
        return late

    def _count(self, now: float, camera: Camera, rid: str, by: int) -> None:
        known = self._cameras.get(camera)
        if known is None or rid not in known.rids:
            return
        known.wanted[rid] += by
        if known.wanted[rid] <= 0:
            known.unwanted_since[rid] = now
            return
        known.unwanted_since.pop(rid, None)
        if rid in known.stopped:
            known.stopped -= {rid}
            known.asked_at[rid] = now
            known.untold = True


def _due(camera: _Camera) -> float:
    if camera.untold:
        return -inf
    waiting = (s for rid, s in camera.unwanted_since.items() if rid not in camera.stopped)
    return min(waiting, default=inf) + HOLD
