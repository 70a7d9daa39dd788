"""The operator's token: a secret in a file of its own, which the settings only name.

So whatever shows settings, or an error in them, does not show the secret.
"""

import re
from pathlib import Path
from typing import Final

from trio_sfu.config.model import Admin
from trio_sfu.errors import ConfigError

SHORTEST: Final = 16
_MOST_BYTES: Final = 4_096
_ALLOWED = re.compile(r"[A-Za-z0-9._~+/-]+=*")
"""What may stand in a header as it is (RFC 6750, section 2.1: b64token)."""


def operator_token(settings: Admin) -> str | None:
    """Return the token that the file of ``admin.token_file`` has; None: none is set.

    Raises ConfigError, with file, line and fix, and nothing of what is in the file.
    """
    return read_token(Path(settings.token_file)) if settings.token_file else None


def read_token(file: Path, key: str = "admin.token_file") -> str:
    """Return the token in a file: one line, white space around it is no part of it.

    ``key`` is the setting that names the file. Raises ConfigError, as ``operator_token`` does.
    """
    try:
        return _read(file)
    except ConfigError as error:
        raise ConfigError(f"{key}: {error}", code=error.code) from None


def _read(file: Path) -> str:
    try:
        if not file.is_file():
            raise _error(f'there is no file "{file}"')
        with file.open("rb") as opened:
            content = opened.read(_MOST_BYTES + 1)
    except OSError as error:
        raise _error(f"{file} cannot be read: {error.strerror}") from None
    lines = content[:_MOST_BYTES].decode("ascii", "replace").rstrip().splitlines()
    token = lines[0].strip() if lines else ""
    if len(content) > _MOST_BYTES or len(lines) > 1:
        raise _error(f"{file}:2: there is more than a token, which is one line")
    if len(token) < SHORTEST:
        raise _error(
            f"{file}:1: the token has {len(token)} characters; it must have at least {SHORTEST},"
            " as `openssl rand -base64 32` makes them"
        )
    if not _ALLOWED.fullmatch(token):
        raise _error(f"{file}:1: a token has letters, digits and -._~+/ only, and = at its end")
    return token


def _error(message: str) -> ConfigError:
    return ConfigError(message, code="config-token")
