"""Which pages may use what the daemon offers to clients. Pure."""

from collections.abc import Sequence
from urllib.parse import urlsplit


def origin_allowed(origin: str | None, host: str, origins: Sequence[str]) -> bool:
    """Return whether a page of ``origin`` may: the daemon's own, or one of ``origins``.

    A browser always says the origin; a program need not (None). ``host`` is what the request
    calls the daemon.
    """
    if origin is None or "*" in origins or origin in origins:
        return True
    try:
        asking = urlsplit(origin).netloc
    except ValueError:
        return False
    return asking.lower() == host.lower()
