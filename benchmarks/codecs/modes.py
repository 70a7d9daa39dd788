"""What is tried: who sends, with which codec, in which layers."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

Browser: TypeAlias = Literal["chromium", "firefox"]
SIZES: Final = ((320, 180), (640, 360), (1280, 720))
RIDS: Final = ("q", "h", "f")


@dataclass(frozen=True)
class Layer:
    """What a viewer is shown, and the size it then has."""

    rid: str
    spatial: int | None
    temporal: int | None
    size: tuple[int, int]

    @property
    def name(self) -> str:
        """As the table has it."""
        width, height = self.size
        rate = "" if self.temporal is None else f" T{self.temporal}"
        return f"{width}x{height}{rate}"


@dataclass(frozen=True)
class Mode:
    """One row of the table: a sender's codec, with simulcast or spatial layers."""

    sender: Browser
    codec: str
    svc: bool = False

    @property
    def room(self) -> str:
        """The room that wants it: see ``ROOMS``."""
        return f"{self.codec}-svc" if self.svc else self.codec

    @property
    def name(self) -> str:
        """As the table has it."""
        layering = "simulcast" if not self.svc else "L3T3_KEY"
        rates = " of L1T3" if self.temporal and not self.svc else ""
        return f"{self.codec.upper()} {layering}{rates}"

    @property
    def temporal(self) -> bool:
        """Whether each size has three frame rates."""
        return self.sender == "chromium" and (self.svc or self.codec != "vp9")

    def layers(self) -> Iterator[Layer]:
        """Yield every layer, the best first."""
        for index in reversed(range(3)):
            for temporal in (2, 1, 0) if self.temporal else (None,):
                if self.svc:
                    yield Layer("q", index, temporal, SIZES[index])
                else:
                    yield Layer(RIDS[index], None, temporal, SIZES[index])


MODES: Final = (
    *(Mode("chromium", codec) for codec in ("vp8", "h264", "vp9", "av1")),
    *(Mode("chromium", codec, svc=True) for codec in ("vp9", "av1")),
    # Of VP9 it would send the smallest size alone, so the page does not offer it.
    *(Mode("firefox", codec) for codec in ("vp8", "av1")),
)
ROOMS: Final = ",".join(
    f"{mode.room}: {mode.codec}{' svc' if mode.svc else ''}" for mode in MODES[:6]
)
# Debian's Firefox has no H264 without a plugin that it downloads.
DECODES: Final[dict[Browser, tuple[str, ...]]] = {
    "chromium": ("vp8", "vp9", "h264", "av1"),
    "firefox": ("vp8", "vp9", "av1"),
}
