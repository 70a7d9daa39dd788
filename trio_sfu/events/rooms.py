"""Facts about rooms."""

from dataclasses import dataclass
from typing import ClassVar

from trio_sfu.events.fact import Crash, Fact, Group
from trio_sfu.ids import RoomId


@dataclass(frozen=True, slots=True)
class RoomOpened(Fact):
    """A first peer entered a room, or an operator created it."""

    counter: ClassVar[tuple[str, str] | None] = ("rooms_opened", "Rooms opened")
    room: RoomId


@dataclass(frozen=True, slots=True)
class RoomClosed(Fact):
    """A room ended without an error: the last peer left it, or it was told to end."""

    room: RoomId


@dataclass(frozen=True, slots=True)
class RoomCrashed(Crash):
    """A task of a room raised; the room has ended."""

    counter: ClassVar[tuple[str, str] | None] = ("room_crashes", "Rooms ended by an error")
    room: RoomId

    @property
    def group(self) -> Group:
        """The room."""
        return ("rooms", self.room)


@dataclass(frozen=True, slots=True)
class RoomRestarted(Fact):
    """A room was opened again that failed ``failures`` times within the last minute."""

    counter: ClassVar[tuple[str, str] | None] = (
        "room_restarts",
        "Rooms opened again soon after an error",
    )
    room: RoomId
    failures: int
