"""Where a STUN or TURN server is, as settings have it. Pure."""

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias
from urllib.parse import parse_qs, urlsplit

Transport: TypeAlias = Literal["udp", "tcp", "tls"]
PORT: Final = 3478
PORT_TLS: Final = 5349


@dataclass(frozen=True, slots=True)
class Place:
    """A server."""

    host: str
    port: int = PORT
    transport: Transport = "udp"

    def __str__(self) -> str:
        """Return it as people write it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


def stun_place(text: str) -> Place:
    """Return the place ``HOST``, ``HOST:PORT`` or ``[IPV6]:PORT``, also after ``stun:``.

    Raises ValueError.
    """
    return _place(text.removeprefix("stun:"), "udp", PORT)


def turn_place(url: str) -> Place:
    """Return the place of a URL of RFC 7065. Raises ValueError."""
    scheme, colon, rest = url.partition(":")
    rest, _, query = rest.partition("?")
    transport = parse_qs(query).get("transport", ["udp" if scheme == "turn" else "tcp"])
    if not colon or scheme not in ("turn", "turns") or transport not in (["udp"], ["tcp"]):
        raise ValueError(f'"{url}" is no turn: or turns: URL')
    if scheme == "turns":
        if transport == ["udp"]:
            raise ValueError(f'"{url}": TURN over DTLS is not supported')
        return _place(rest, "tls", PORT_TLS)
    return _place(rest, "udp" if transport == ["udp"] else "tcp", PORT)


def _place(text: str, transport: Transport, port: int) -> Place:
    try:
        parts = urlsplit(f"//{text}")
        given = parts.port
    except ValueError:
        raise ValueError(f'"{text}" is not HOST or HOST:PORT') from None
    wrong = parts.path or parts.query or parts.fragment or parts.username is not None
    if not parts.hostname or wrong or any(each.isspace() for each in text):
        raise ValueError(f'"{text}" is not HOST or HOST:PORT')
    return Place(parts.hostname, port if given is None else given, transport)
