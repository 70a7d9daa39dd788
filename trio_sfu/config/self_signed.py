"""Where the certificate is that the daemon makes for itself (``http.tls = "self-signed"``)."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from msgspec.structs import replace

from trio_sfu.config.model import Config
from trio_sfu.errors import ConfigError

NAME: Final = "self-signed"


def state_folder(environment: Mapping[str, str]) -> Path:
    """Return where the daemon keeps things: the unit's StateDirectory, or the user's own."""
    if given := environment.get("STATE_DIRECTORY"):
        return Path(given.partition(":")[0])
    if given := environment.get("XDG_STATE_HOME"):
        return Path(given) / "trio-sfu"
    if home := environment.get("HOME"):
        return Path(home) / ".local" / "state" / "trio-sfu"
    return Path("/var/lib/trio-sfu")


def with_files(config: Config, environment: Mapping[str, str]) -> Config:
    """Return ``config`` with the files of its own certificate, if that is what it wants.

    Raises ConfigError (config-tls) when it names others.
    """
    if config.http.tls != "self-signed":
        return config
    if config.http.certificate or config.http.key:
        raise ConfigError(
            'http.tls = "self-signed" makes a certificate: leave out http.certificate and http.key',
            code="config-tls",
        )
    folder = state_folder(environment)
    certificate, key = (str(folder / f"{NAME}.{kind}") for kind in ("pem", "key"))
    return replace(config, http=replace(config.http, certificate=certificate, key=key))
