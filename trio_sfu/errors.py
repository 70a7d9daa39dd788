"""The tree of errors, each with a stable code.

::

    SfuError
    ├─ ConfigError            config-*
    ├─ ProtocolError          what a client sent cannot be accepted; the session ends
    ├─ RequestError           one request is refused; the session goes on
    │  ├─ NegotiationError    an offer cannot be answered
    │  └─ TokenError          a join token lets nobody in
    ├─ MediaError             the engine or a handshake failed
    └─ StrayCancelError       tasks of a crash group were cancelled, and nobody had asked for it
"""

from typing import ClassVar, Final

import msgspec
import trio

NOT_JSON: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What msgspec raises for bytes that are no JSON, or not the one that is wanted.

UnicodeDecodeError is none of its own errors: it is raised for a string that is not UTF-8.
"""


class SfuError(Exception):
    """Base of everything trio-sfu raises on purpose."""

    default_code: ClassVar[str] = "internal"

    def __init__(self, message: str, *, code: str | None = None) -> None:
        super().__init__(message)
        self.code = code or self.default_code


class ConfigError(SfuError):
    """The configuration cannot be used; the message names file, key and fix."""

    default_code = "config-invalid"


class ProtocolError(SfuError):
    """A client broke the signaling protocol; told once, then the session is closed."""

    default_code = "protocol-error"


class RequestError(SfuError):
    """A request is refused; the session goes on.

    ``retry_after``: the seconds after which the same request may be granted, if any.
    """

    default_code = "refused"

    def __init__(
        self, message: str, *, code: str | None = None, retry_after: float | None = None
    ) -> None:
        super().__init__(message, code=code)
        self.retry_after = retry_after


class NegotiationError(RequestError):
    """An offer cannot be answered."""

    default_code = "offer-invalid"


class TokenError(RequestError):
    """A join token lets nobody in, or not any more."""

    default_code = "token-malformed"


class MediaError(SfuError):
    """The transport of a peer failed (ICE consent, DTLS handshake, engine worker)."""

    default_code = "media-failed"


class StrayCancelError(SfuError):
    """The tasks of a crash group were cancelled from inside, without an error."""

    default_code = "cancelled"

    def __init__(self) -> None:
        super().__init__("the tasks were cancelled from inside, without an error")


def is_network(error: BaseException) -> bool:
    """Return whether it is only the other end or the network that went away."""
    if isinstance(error, BaseExceptionGroup):
        return all(is_network(each) for each in error.exceptions)
    return isinstance(error, trio.BrokenResourceError | trio.ClosedResourceError | OSError)
