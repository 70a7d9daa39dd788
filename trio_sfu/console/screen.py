"""The figures and the busiest rooms as a screen that is drawn anew, by rich."""

from collections.abc import Iterator, Sequence
from typing import Final

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from trio_sfu.console.figures import Figures
from trio_sfu.console.rooms import RoomSeen, bitrate
from trio_sfu.console.units import bits, share, short, size, span
from trio_sfu.tree.text import duration

ROOMS: Final = 15
"""Rooms that are shown; the line below says how many are not."""
_LOUD: Final = "bold red"
_STEPS: Final = ("none", "no new joins", "video medium", "video low", "screens only", "no video")


def draw(url: str, figures: Figures, rooms: Sequence[RoomSeen] | None, note: str) -> Group:
    """Return the whole screen; ``note`` stands where the rooms would, if there are none."""
    parts: list[RenderableType] = [_head(url, figures), _body(figures)]
    if rooms is None:
        parts.append(Text(note, style="dim"))
    else:
        parts.append(_rooms(rooms))
        if len(rooms) > ROOMS:
            parts.append(Text(f"and {len(rooms) - ROOMS} rooms more", style="dim"))
    return Group(*parts)


def _head(url: str, figures: Figures) -> Text:
    head = Text(f"trio-sfu {figures.version} at {url}, up {duration(max(0, figures.uptime))}  ")
    for word in _state(figures):
        head.append(word, style="bold green" if word == "ready" else _LOUD)
        head.append(" ")
    return head


def _state(figures: Figures) -> Iterator[str]:
    if not figures.healthy:
        yield "stuck"
    if figures.overload:
        yield f"overloaded: {_STEPS[min(figures.overload, len(_STEPS) - 1)]}"
    if figures.draining:
        yield "draining"
    elif figures.ready:
        yield "ready"
    else:
        yield "not ready"


def _body(figures: Figures) -> Table:
    table = Table.grid(padding=(0, 2), expand=False)
    for _ in range(3):
        table.add_column()
        table.add_column(justify="right")
    for calls, traffic, daemon in zip(
        _calls(figures), _traffic(figures), _daemon(figures), strict=True
    ):
        table.add_row(*calls, *traffic, *daemon)
    return table


def _calls(figures: Figures) -> list[tuple[str, str]]:
    return [
        ("rooms", str(figures.rooms)),
        ("peers", str(figures.peers)),
        ("joins/s", short(figures.joins)),
        ("refused/s", short(figures.refused)),
        ("left/s", short(figures.left)),
        ("lost/s", short(figures.lost)),
        ("loss to viewers", share(figures.loss)),
        ("viewers' networks", bits(figures.estimate)),
    ]


def _traffic(figures: Figures) -> list[tuple[str, str]]:
    return [
        ("in", bits(figures.bits_in)),
        ("out", bits(figures.bits_out)),
        ("packets in/s", short(figures.packets_in)),
        ("packets out/s", short(figures.packets_out)),
        ("sent again/s", short(figures.retransmitted)),
        ("keyframes asked/s", short(figures.keyframes_asked)),
        ("drops/s", short(figures.drops)),
        ("", ""),
    ]


def _daemon(figures: Figures) -> list[tuple[str, str]]:
    resource, used = figures.strain
    return [
        ("CPU", share(figures.cpu)),
        ("  loop", share(figures.cpu_loop)),
        ("  busiest worker", share(figures.cpu_worker)),
        ("memory", size(figures.memory)),
        ("loop late by", span(figures.loop_lag)),
        ("packets held, 99%", span(figures.forward)),
        (f"strain ({resource})", share(used)),
        ("failures", short(figures.failures)),
    ]


def _rooms(rooms: Sequence[RoomSeen]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), title=None)
    table.add_column("room", overflow="ellipsis", no_wrap=True)
    for name in ("peers", "lost", "published", "sent in"):
        table.add_column(name, justify="right")
    busiest = sorted(rooms, key=lambda each: (-len(each.peers), each.room))
    for room in busiest[:ROOMS]:
        lost = sum(peer.connection == "lost" for peer in room.peers)
        tracks = sum(len(peer.tracks) for peer in room.peers)
        sent = bitrate(room.peers)
        table.add_row(
            Text(room.room),
            str(len(room.peers)),
            Text(str(lost), style=_LOUD if lost else ""),
            str(tracks),
            bits(sent) if sent else "-",
        )
    return table
