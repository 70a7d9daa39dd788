"""From the settings to whom is told what, and with which secret."""

import base64
import binascii
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from trio_sfu.config.model import Webhooks
from trio_sfu.config.token import read_token
from trio_sfu.errors import ConfigError

MOST_URLS: Final = 8
_PREFIX: Final = "whsec_"
_LEAST_BYTES: Final = 24
_MOST_BYTES: Final = 64


@dataclass(frozen=True, slots=True)
class Target:
    """Where a webhook goes."""

    secure: bool
    host: str
    port: int
    path: str
    """With the query."""

    @property
    def authority(self) -> str:
        """What the request's ``Host`` says."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.secure else 80) else f"{host}:{self.port}"


def targets(settings: Webhooks) -> list[Target]:
    """Return where webhooks go. Raises ConfigError."""
    if len(settings.urls) > MOST_URLS:
        raise ConfigError(f"webhooks.urls has {len(settings.urls)} URLs; {MOST_URLS} are allowed")
    if len(set(settings.urls)) < len(settings.urls):
        raise ConfigError("webhooks.urls names a URL twice")
    # Not the URL itself: there may be a secret in it.
    return [_target(url, number, settings) for number, url in enumerate(settings.urls, 1)]


def webhook_secret(settings: Webhooks) -> bytes:
    """Return what webhooks are signed with; nothing when there are none.

    Raises ConfigError, with what is wrong, and nothing of what is in the file.
    """
    if not settings.urls:
        return b""
    if not settings.secret_file:
        raise ConfigError("webhooks.urls needs webhooks.secret_file, so that they can be verified")
    text = read_token(Path(settings.secret_file), "webhooks.secret_file")
    try:
        secret = base64.b64decode(text.removeprefix(_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        secret = b""
    if not _LEAST_BYTES <= len(secret) <= _MOST_BYTES:
        raise ConfigError(
            f"webhooks.secret_file: {settings.secret_file}:1: a secret is {_LEAST_BYTES} to"
            f" {_MOST_BYTES} bytes in base64, as `openssl rand -base64 32` makes them",
            code="config-token",
        )
    return secret


def is_private(address: str) -> bool:
    """Return whether an address is none of the public Internet.

    An IPv4 address within an IPv6 one is looked at, not what it is within.
    """
    found = ip_address(address.partition("%")[0])
    inner = getattr(found, "ipv4_mapped", None) or getattr(found, "sixtofour", None)
    found = inner or found
    return not found.is_global or found.is_multicast


def _target(url: str, number: int, settings: Webhooks) -> Target:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise _wrong(number, "is no URL") from None
    host = parts.hostname
    if parts.scheme not in ("http", "https") or not host:
        raise _wrong(number, "does not begin with https:// and a host")
    if "@" in parts.netloc or parts.fragment:
        raise _wrong(number, "has a user name or a fragment, which are not sent")
    path = f"{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}"
    if not (url.isascii() and url.isprintable()) or " " in url:
        raise _wrong(number, "has characters that are no part of a URL")
    if not settings.private:
        if parts.scheme == "http":
            raise _wrong(number, "is not encrypted; for your own network set webhooks.private")
        if host == "localhost" or _is_private_literal(host):
            raise _wrong(number, "is a private address; if that is meant set webhooks.private")
    secure = parts.scheme == "https"
    return Target(secure, host, port or (443 if secure else 80), path)


def _is_private_literal(host: str) -> bool:
    try:
        return is_private(host)
    except ValueError:
        return False


def _wrong(number: int, what: str) -> ConfigError:
    return ConfigError(f"webhooks.urls: URL {number} {what}")
