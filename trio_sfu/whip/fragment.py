"""SDP fragments of ICE (RFC 8840), and the ICE part of offers and answers. Pure."""

import re
from dataclasses import dataclass
from typing import Final

from trio_sfu.errors import RequestError

MEDIA_TYPE: Final = "application/trickle-ice-sdpfrag"
_LINE: Final = re.compile(r"[a-z]=\S.*")
_CREDENTIAL: Final = re.compile(r"a=ice-(ufrag|pwd):([A-Za-z0-9+/=_-]{4,256})")
_OF_ICE: Final = ("a=ice-ufrag:", "a=ice-pwd:", "a=candidate:", "a=end-of-candidates")
_OF_SESSION: Final = ("a=ice-lite", "a=group:BUNDLE ")
_OF_MEDIA: Final = ("m=", "a=mid:", *_OF_ICE)


@dataclass(frozen=True, slots=True)
class Fragment:
    """What a client says of its end of ICE. Its candidates are not kept.

    The server is ICE-lite: it learns addresses from the checks (RFC 8445, section 2.5).
    """

    ufrag: str | None
    pwd: str | None


def parse_fragment(text: str) -> Fragment:
    """Parse the body of a PATCH. Raises RequestError: fragment-invalid."""
    lines = [line for each in text.split("\n") if (line := each.rstrip("\r"))]
    if not all(_LINE.fullmatch(line) for line in lines):
        raise _invalid("a line is not one of SDP")
    if not any(line.startswith(_OF_ICE) for line in lines):
        raise _invalid("it says nothing of ICE")
    said: dict[str, str] = {}
    for line in lines:
        if line.startswith(("a=ice-ufrag:", "a=ice-pwd:")):
            found = _CREDENTIAL.fullmatch(line)
            if found is None:
                raise _invalid("a=ice-ufrag or a=ice-pwd is malformed")
            if said.setdefault(found[1], found[2]) != found[2]:
                raise _invalid("it has several ICE credentials, which are one in a bundle")
    if said.keys() == {"pwd"}:
        raise _invalid("a=ice-pwd is there without a=ice-ufrag")
    return Fragment(said.get("ufrag"), said.get("pwd"))


def with_credentials(offer: str, ufrag: str, pwd: str) -> str:
    """Return an offer with other ICE credentials, on every line that has some."""
    offer = re.sub(r"(?m)^a=ice-ufrag:[^\r\n]*", f"a=ice-ufrag:{ufrag}", offer)
    return re.sub(r"(?m)^a=ice-pwd:[^\r\n]*", f"a=ice-pwd:{pwd}", offer)


def ice_of(answer: str) -> str:
    """Return the fragment that says of ICE what one of our answers says."""
    session, *media = re.split(r"(?m)^(?=m=)", answer)
    tagged = next(each for each in media if not re.match(r"m=\S+ 0 ", each))
    lines = [line for line in session.splitlines() if line.startswith(_OF_SESSION)]
    lines += [line for line in tagged.splitlines() if line.startswith(_OF_MEDIA)]
    return "".join(f"{line}\r\n" for line in lines)


def ufrag_of(answer: str) -> str:
    """Return the user name fragment of one of our answers."""
    found = re.search(r"(?m)^a=ice-ufrag:([^\r\n]+)", answer)
    assert found is not None  # noqa: S101  (answers have one)
    return found[1]


def _invalid(message: str) -> RequestError:
    return RequestError(f"not a usable SDP fragment: {message}", code="fragment-invalid")
