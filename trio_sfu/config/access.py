"""From the settings to what join tokens are accepted."""

from pathlib import Path
from typing import TYPE_CHECKING

from trio_sfu.config.model import Auth
from trio_sfu.errors import ConfigError

if TYPE_CHECKING:
    from trio_sfu.access.verify import Policy


def access_policy(settings: Auth) -> "Policy | None":
    """Return what tokens are accepted, with the keys read anew; None: none is asked for.

    Raises ConfigError, with the file, what is wrong, and nothing of what is in it.
    """
    if not settings.keys:
        return None
    # Here, so that what needs no keys starts quickly.
    from trio_sfu.access.keys import read_keys
    from trio_sfu.access.verify import Policy

    try:
        keys = read_keys(Path(file) for file in settings.keys)
    except ConfigError as error:
        raise ConfigError(f"auth.keys: {error}", code=error.code) from None
    return Policy(keys, settings.audience, settings.max_lifetime, settings.leeway)
