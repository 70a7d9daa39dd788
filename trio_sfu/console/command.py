"""``trio-sfu rooms``, ``trio-sfu top`` and ``trio-sfu timeline``."""

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final, TextIO
from urllib.parse import quote

import click
import msgspec

from trio_sfu.console.rooms import RoomSeen, render, rooms_of
from trio_sfu.errors import NOT_JSON
from trio_sfu.tree.command import daemon_at, token_file_option, url_option
from trio_sfu.tree.remote import Remote, RemoteError

_ROOMS: Final = "/api/v1/rooms"
_TIMELINES: Final = "/api/v1/timelines"
_STDOUT: Final = 1


@click.command()
@url_option
@token_file_option
@click.option("--json", "as_object", is_flag=True, help="What the API answers, as it is.")
def rooms(*, url: str | None, token_file: Path | None, as_object: bool) -> None:
    """Show the rooms of a running daemon, who is in them, and what they publish."""
    daemon = daemon_at(url, token_file)
    try:
        body = daemon.read(_ROOMS)
    except RemoteError as error:
        raise click.ClickException(str(error)) from None
    try:
        text = msgspec.json.format(body).decode() + "\n" if as_object else render(rooms_of(body))
    except NOT_JSON as error:
        raise click.ClickException(f"{daemon.url} answered with no rooms: {error}") from None
    click.echo(text, nl=False)


@click.command()
@url_option
@token_file_option
@click.argument("peer", required=False)
@click.option("--addresses", is_flag=True, help="With the addresses that media came from.")
@click.option("--json", "as_object", is_flag=True, help="What the API answers, as it is.")
@click.option("-o", "--output", type=click.File("w"), default="-", help="A file to write it to.")
def timeline(
    *,
    url: str | None,
    token_file: Path | None,
    peer: str | None,
    addresses: bool,
    as_object: bool,
    output: TextIO,
) -> None:
    """Show what happened to PEER, step by step, also for ten minutes after it has gone.

    Without PEER: whose timelines there are.
    """
    from trio_sfu.console.timeline import render as render_timeline
    from trio_sfu.console.timeline import render_list
    from trio_sfu.http.timelines import TimelineList, TimelineReport

    daemon = daemon_at(url, token_file)
    path = _TIMELINES if peer is None else f"{_TIMELINES}/{quote(peer, safe='')}"
    try:
        body = daemon.read(f"{path}?addresses=true" if addresses else path)
        if as_object:
            text = msgspec.json.format(body).decode() + "\n"
        elif peer is None:
            text = render_list(msgspec.json.decode(body, type=TimelineList).timelines)
        else:
            text = render_timeline(msgspec.json.decode(body, type=TimelineReport))
    except RemoteError as error:
        raise click.ClickException(str(error)) from None
    except NOT_JSON as error:
        raise click.ClickException(f"{daemon.url} answered with no timeline: {error}") from None
    click.echo(text, file=output, nl=False)


@click.command()
@url_option
@token_file_option
@click.option("--interval", type=click.FloatRange(0.2), default=2.0, show_default=True)
@click.option("--count", type=click.IntRange(1), help="So many times; without it until Ctrl-C.")
def top(*, url: str | None, token_file: Path | None, interval: float, count: int | None) -> None:
    """Show how a running daemon does: calls, traffic, losses, CPU, delays, the largest rooms.

    Through a pipe each interval is one line of NAME=VALUE.
    """
    daemon = daemon_at(url, token_file)
    try:
        if os.isatty(_STDOUT):
            _watch_screen(daemon, interval, count)
        else:
            _write_lines(daemon, interval, count)
    except RemoteError as error:
        raise click.ClickException(str(error)) from None
    except KeyboardInterrupt:
        return


def _write_lines(daemon: Remote, interval: float, count: int | None) -> None:
    from trio_sfu.console.figures import History
    from trio_sfu.console.lines import line_of
    from trio_sfu.console.scrape import Scrape

    history = History()
    for _ in _turns(interval, count):
        scrape = Scrape.of(time.time(), daemon.read("/metrics").decode())
        if (figures := history.add(scrape)) is not None:
            click.echo(line_of(scrape.at, figures))


def _watch_screen(daemon: Remote, interval: float, count: int | None) -> None:
    # Here: rich takes 90 ms to import, which no other command needs.
    from rich.live import Live

    from trio_sfu.console.figures import History
    from trio_sfu.console.scrape import Scrape
    from trio_sfu.console.screen import draw

    history = History()
    with Live(screen=count is None, auto_refresh=False) as live:
        for _ in _turns(interval, count):
            scrape = Scrape.of(time.time(), daemon.read("/metrics").decode())
            if (figures := history.add(scrape)) is not None:
                live.update(draw(daemon.url, figures, *_rooms_seen(daemon)), refresh=True)


def _rooms_seen(daemon: Remote) -> tuple[list[RoomSeen] | None, str]:
    # The figures are for all; the rooms for operators only.
    try:
        return rooms_of(daemon.read(_ROOMS)), ""
    except (RemoteError, *NOT_JSON) as error:
        return None, f"no rooms: {error}"


def _turns(interval: float, count: int | None) -> Iterator[None]:
    """Yield now and after each interval, ``count`` times more than once."""
    due = time.monotonic()
    done = 0
    while True:
        yield
        if count is not None and done == count:
            return
        done += 1
        due = max(due + interval, time.monotonic())
        time.sleep(max(0.0, due - time.monotonic()))
