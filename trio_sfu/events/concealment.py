"""Takes names, addresses and secrets out of the text of errors."""

import re
from collections.abc import Iterable
from ipaddress import ip_address

_LONGEST = 200
_LOOKED_AT = 1_000  # what stands later is cut off anyway
_SHORTEST_SECRET = 20
_IPV4 = r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w.])"
_IPV6 = r"(?<![\w:])[0-9A-Fa-f]*:[0-9A-Fa-f.:]*(?![\w:])"
_ADDRESS = re.compile(f"{_IPV4}|{_IPV6}")
# Tokens, passwords, fingerprints, mDNS names: long, and not words alone.
_SECRET = re.compile(
    rf"(?<![\w-])(?=[\w+/=-]*\d)[\w+/=-]{{{_SHORTEST_SECRET},}}(?![\w-])", re.ASCII
)


class Concealment:
    """Call it with a text; ``words`` are what else may not appear."""

    def __init__(self, words: Iterable[str] = ()) -> None:
        # A name may hold another: the longest first.
        known = sorted({word.strip() for word in words} - {""}, key=len, reverse=True)
        self._words = (
            re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, known))})(?!\w)") if known else None
        )

    def __call__(self, text: str) -> str:
        """Return ``text`` on one line, without what is concealed, at most 200 characters."""
        text = text[:_LOOKED_AT]
        if self._words is not None:
            text = self._words.sub("<name>", text)
        text = " ".join("".join(c if c.isprintable() else " " for c in text).split())
        text = _SECRET.sub("<secret>", _ADDRESS.sub(_address, text))
        return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _address(found: re.Match[str]) -> str:
    try:
        ip_address(found[0])
    except ValueError:
        return found[0]
    return "<address>"
