"""What can go wrong for a client.

::

    ClientError
    ├─ NotNegotiatedError     the server refused an offer
    └─ RefusedError           ``rejoin`` says whether joining (again) may help
       ├─ JoinError           the server refused the join
       └─ SessionEndedError   the session is over; ``code`` says why
"""


class ClientError(Exception):
    """Base of the client's errors. ``code`` is the server's, or the client's own.

    ``failure`` is the id under which the server's operator finds the error that is the
    reason, if one in the server is.
    """

    def __init__(self, code: str, message: str, failure: str | None = None) -> None:
        super().__init__(f"{code}: {message}" + (f" ({failure})" if failure else ""))
        self.code = code
        self.failure = failure


class RefusedError(ClientError):
    """The server said no. ``rejoin`` is whether joining (again) may help.

    ``retry_after``: the seconds after which it may grant what it refused, if it says so.
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        rejoin: bool = False,
        retry_after: float | None = None,
        failure: str | None = None,
    ) -> None:
        super().__init__(code, message, failure)
        self.rejoin = rejoin
        self.retry_after = retry_after


class JoinError(RefusedError):
    """The server refused the join."""


class NotNegotiatedError(ClientError):
    """The server refused an offer; the session goes on."""


class SessionEndedError(RefusedError):
    """The session is over."""
