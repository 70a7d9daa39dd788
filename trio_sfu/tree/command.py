"""``trio-sfu tree``, ``trio-sfu kick`` and ``trio-sfu drain``."""

import os
import time
from pathlib import Path

import click

from trio_sfu.config.keys import KEYS
from trio_sfu.config.load import load
from trio_sfu.config.token import operator_token, read_token
from trio_sfu.errors import ConfigError
from trio_sfu.tree.remote import Remote, RemoteError
from trio_sfu.tree.text import render

_CLEAR = "\x1b[H\x1b[2J"

url_option = click.option(
    "--url", help="Where the daemon is; without it, where the settings have it on this machine."
)

token_file_option = click.option(
    "--token-file",
    type=click.Path(path_type=Path, dir_okay=False),
    envvar=KEYS["admin.token_file"].variable,
    help="The file with the operators' token; without it, that of the settings.",
)


@click.command()
@url_option
@token_file_option
@click.option("--watch", is_flag=True, help="Go on until Ctrl-C.")
@click.option("--interval", type=click.FloatRange(0.1), default=1.0, show_default=True)
def tree(*, url: str | None, token_file: Path | None, watch: bool, interval: float) -> None:
    """Show what lives in a running daemon: services, rooms, peers, tasks, transports."""
    daemon = daemon_at(url, token_file)
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
@url_option
@token_file_option
@click.argument("room")
@click.argument("peer", required=False)
def kick(*, url: str | None, token_file: Path | None, room: str, peer: str | None) -> None:
    """End PEER of ROOM, or the whole ROOM; `trio-sfu tree` has the names."""
    try:
        daemon_at(url, token_file).end(room, peer)
    except RemoteError as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"{peer or room} has been ended.")


@click.command()
@url_option
@token_file_option
@click.option(
    "--deadline",
    type=click.FloatRange(0, 86_400),
    help="Seconds until the daemon stops; without it, drain.deadline of its settings.",
)
@click.option("--cancel", is_flag=True, help="Take it back.")
def drain(
    *, url: str | None, token_file: Path | None, deadline: float | None, cancel: bool
) -> None:
    """Have the daemon open no new rooms, tell everybody, and stop at the deadline."""
    if cancel and deadline is not None:
        raise click.UsageError("--cancel and --deadline exclude each other")
    daemon = daemon_at(url, token_file)
    try:
        if cancel:
            daemon.cancel_drain()
            click.echo("All is as before.")
            return
        state = daemon.drain(deadline)
    except RemoteError as error:
        raise click.ClickException(str(error)) from None
    who = f"rooms: {state.rooms}, peers: {state.peers}"
    click.echo(f"The daemon opens no new rooms and stops in {state.seconds or 0:g} s; {who}.")


def _rendered(daemon: Remote) -> str:
    try:
        return render(daemon.tree())
    except RemoteError as error:
        raise click.ClickException(str(error)) from None


def daemon_at(url: str | None, token_file: Path | None) -> Remote:
    """Return the daemon that options or settings name. Raises ClickException."""
    try:
        if url is not None:
            return Remote(url, token=read_token(token_file) if token_file else None)
        given = {} if token_file is None else {"admin.token_file": str(token_file)}
        settings = load(None, os.environ, given)
        return Remote.of(settings.http, operator_token(settings.admin))
    except ConfigError as error:
        raise click.ClickException(str(error)) from None
