"""What can go wrong for a client.

::

    ClientError
    ├─ JoinError              the server refused the join
    ├─ NotNegotiatedError     the server refused an offer
    └─ SessionEndedError      the session is over; ``code`` says why
"""


class ClientError(Exception):
    """Base of the client's errors. ``code`` is the server's, or the client's own."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code


class JoinError(ClientError):
    """The server refused the join."""


class NotNegotiatedError(ClientError):
    """The server refused an offer; the session goes on."""


class SessionEndedError(ClientError):
    """The session is over."""
