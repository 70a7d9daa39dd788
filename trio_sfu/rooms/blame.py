"""Whose failure an error is: the peer's own, or that of something it relies on."""

from collections.abc import Iterator
from typing import Final, TypeVar

from trio_sfu._native import EngineError
from trio_sfu.media.transport import TransportLost

_E = TypeVar("_E", bound=Exception)

_LOST: Final = "worker-lost"
# What commands on an engine say that has failed, until its transports are told.
_AFTERWARDS: Final = {_LOST, "closed", "unknown-transport", "unknown-track", "unknown-slot"}


def sole(error: BaseException, kind: type[_E]) -> _E | None:
    """Return the only error in a tree of groups when it is of ``kind``."""
    while isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    return error if isinstance(error, kind) else None


def engine_lost(error: BaseException, lost: TransportLost | None) -> TransportLost | None:
    """Return the loss of the engine when ``error`` is nothing but what came of it.

    ``lost`` is what the peer's transport knows of a loss.
    """
    codes = {leaf.code if isinstance(leaf, EngineError) else "" for leaf in _leaves(error)}
    if lost is not None and lost.code == _LOST and codes <= _AFTERWARDS:
        return lost
    return TransportLost(_LOST, str(error)) if codes == {_LOST} else None


def _leaves(error: BaseException) -> Iterator[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        for each in error.exceptions:
            yield from _leaves(each)
    else:
        yield error
