"""``trio-sfu tree`` and ``trio-sfu kick``."""

import os
import time

import click

from trio_sfu.config.load import load
from trio_sfu.errors import ConfigError
from trio_sfu.tree.remote import Remote, RemoteError
from trio_sfu.tree.text import render

_CLEAR = "\x1b[H\x1b[2J"

_url = click.option(
    "--url", help="Where the daemon is; without it, where the settings have it on this machine."
)


@click.command()
@_url
@click.option("--watch", is_flag=True, help="Go on until Ctrl-C.")
@click.option("--interval", type=click.FloatRange(0.1), default=1.0, show_default=True)
def tree(*, url: str | None, watch: bool, interval: float) -> None:
    """Show what lives in a running daemon: services, rooms, peers, tasks, transports."""
    daemon = _daemon(url)
    text = _rendered(daemon)
    try:
        while watch:
            click.echo((_CLEAR if os.isatty(1) else "") + text)
            time.sleep(interval)
            text = _rendered(daemon)
    except KeyboardInterrupt:
        return
    click.echo(text, nl=False)


@click.command()
@_url
@click.argument("room")
@click.argument("peer", required=False)
def kick(*, url: str | None, room: str, peer: str | None) -> None:
    """End PEER of ROOM, or the whole ROOM; `trio-sfu tree` has the names."""
    try:
        _daemon(url).end(room, peer)
    except RemoteError as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"{peer or room} has been ended.")


def _rendered(daemon: Remote) -> str:
    try:
        return render(daemon.tree())
    except RemoteError as error:
        raise click.ClickException(str(error)) from None


def _daemon(url: str | None) -> Remote:
    if url is not None:
        return Remote(url)
    try:
        settings = load(None, os.environ, {}).http
    except ConfigError as error:
        raise click.ClickException(str(error)) from None
    return Remote.of(settings)
