"""One error out of the groups that nested nurseries make of it."""

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def single_error() -> Iterator[None]:
    """Raise the error of a group that has only one, however deep; else the group."""
    try:
        yield
    except BaseExceptionGroup as group:
        error = _sole(group)
        if error is group:
            raise
        # Its own cause and context stay; the groups around it say nothing more.
        raise error from error.__cause__


def _sole(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    return error
