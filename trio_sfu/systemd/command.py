"""``trio-sfu install-service`` and ``trio-sfu uninstall-service``."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from trio_sfu.errors import ConfigError
from trio_sfu.systemd.install import Machine, install, uninstall

_FOLDER = click.Path(path_type=Path, file_okay=False, exists=True)


def _where(command: Callable[..., Any]) -> Callable[..., Any]:
    root = click.option(
        "--root", type=_FOLDER, default=Path("/"), help="A folder with a system in it."
    )
    dry = click.option("--dry-run", is_flag=True, help="Change nothing, say what would be done.")
    return root(dry(command))


@click.command("install-service")
@_where
@click.option(
    "--program",
    type=click.Path(path_type=Path),
    help="The trio-sfu that the service runs; without it, this one.",
)
@click.option("--now", is_flag=True, help="Start it too, or restart it with what has changed.")
def install_service(*, root: Path, dry_run: bool, program: Path | None, now: bool) -> None:
    """Make the daemon a service of systemd: units, sockets, first settings, operators' token.

    Again, with --now, after http.host, http.port or media.* have changed: the socket units are
    written anew.
    """
    if now and root != Path("/"):
        raise click.UsageError("--now is for this machine, not for a folder with --root")
    try:
        install(Machine(root, click.echo, dry_run), program, now=now)
    except ConfigError as error:
        raise click.ClickException(str(error)) from None


@click.command("uninstall-service")
@_where
@click.option("--purge", is_flag=True, help="Remove settings, token and state too.")
def uninstall_service(*, root: Path, dry_run: bool, purge: bool) -> None:
    """Stop the service and remove its units; settings and token stay."""
    try:
        uninstall(Machine(root, click.echo, dry_run), purge=purge)
    except ConfigError as error:
        raise click.ClickException(str(error)) from None
