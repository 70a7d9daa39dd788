"""The settings as flags of a command: ``--config``, and one for each key."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import click

from trio_sfu.config.keys import KEYS
from trio_sfu.config.load import load
from trio_sfu.config.model import Config
from trio_sfu.errors import ConfigError

_SHORT: Final = {
    "http.host": "--host",
    "http.port": "--port",
    "http.tls": "--tls",
    "admin.token_file": "--token-file",
}


class ConfigTrouble(click.ClickException):
    """Ends the command, for its settings are wrong."""

    exit_code = 2


def settings(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add ``--config`` and a flag for every setting."""
    for key in reversed(KEYS.values()):
        names = [key.flag, *filter(None, [_SHORT.get(key.dotted)])]
        option = click.option(
            *names, key.dotted.replace(".", "__"), metavar="VALUE", help=f"{key.allowed()}."
        )
        command = option(command)
    path = click.Path(path_type=Path, dir_okay=False)
    return click.option("--config", "file", type=path, help="A TOML file of settings.")(command)


def read(file: Path | None, flags: dict[str, str | None]) -> Config:
    """Return the settings of file, environment and flags. Raises ConfigError."""
    given = {name.replace("__", "."): text for name, text in flags.items() if text is not None}
    return load(file, os.environ, given)


def read_or_end(file: Path | None, flags: dict[str, str | None]) -> Config:
    """Return the settings. Raises ConfigTrouble."""
    try:
        return read(file, flags)
    except ConfigError as error:
        raise ConfigTrouble(str(error)) from None
