"""The cause tree of an error: groups flattened, each error followed by what caused it."""

from collections.abc import Iterator
from os import sep
from pathlib import Path, PurePath
from types import TracebackType

import trio
from msgspec import Struct
from msgspec.structs import replace

from trio_sfu.events.concealment import Concealment

MARK = "in task "
"""Begins the note on an error that names the task it comes from."""

_PACKAGE = str(Path(__file__).parents[1]) + sep
_NODES = 32
_DEPTH = 8
_NOTES = 4


class Cause(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One error. ``where`` is the innermost line of ours it came through (``file:line``).

    ``count`` equal ones were raised together. ``causes`` are those it was raised from, or
    while handling (``__cause__``, ``__context__``).
    """

    type: str
    message: str = ""
    where: str = ""
    count: int = 1
    notes: tuple[str, ...] = ()
    causes: tuple["Cause", ...] = ()


def causes_of(error: BaseException, conceal: Concealment) -> tuple[tuple[Cause, ...], int]:
    """Return the errors in ``error``, and how many there were beyond what is kept."""
    tree = _Tree(conceal)
    return tree.flatten(error, _DEPTH), tree.omitted


def origin_of(error: BaseException, default: str) -> str:
    """Return the path of the task that ``error`` (or the first error in it) comes from."""
    return next(_origins(error), default)


def text_of(cause: Cause, margin: str = "") -> Iterator[str]:
    """Yield the lines of a cause and of what caused it."""
    line = cause.type + (f": {cause.message}" if cause.message else "")
    line += f" ({cause.count} times)" if cause.count > 1 else ""
    line += f", at {cause.where}" if cause.where else ""
    yield f"{margin}{line}"
    inner = " " * (len(margin) - len(margin.lstrip()) + 2)
    for note in cause.notes:
        yield f"{inner}note: {note}"
    for each in cause.causes:
        yield from text_of(each, f"{inner}because of ")


class _Tree:
    def __init__(self, conceal: Concealment) -> None:
        self.omitted = 0
        self._conceal = conceal
        self._left = _NODES
        self._seen: set[int] = set()

    def flatten(self, error: BaseException, depth: int) -> tuple[Cause, ...]:
        if id(error) in self._seen:
            return ()
        self._seen.add(id(error))
        if isinstance(error, BaseExceptionGroup):
            within = [cause for each in error.exceptions for cause in self.flatten(each, depth)]
            return _counted(self._with_groups_cause(within, error, depth))
        if depth == 0 or self._left == 0:
            self.omitted += 1
            return ()
        self._left -= 1
        return (self._cause(error, depth),)

    def _with_groups_cause(
        self, within: list[Cause], group: BaseException, depth: int
    ) -> list[Cause]:
        # Nurseries give their groups a context that says nothing; a cause was meant.
        if group.__cause__ is None or not within:
            return within
        below = self.flatten(group.__cause__, depth - 1)
        return [*within[:-1], replace(within[-1], causes=(*within[-1].causes, *below))]

    def _cause(self, error: BaseException, depth: int) -> Cause:
        notes = [note for note in _notes(error) if not note.startswith(MARK)]
        return Cause(
            type=type(error).__name__,
            message=self._conceal(_message(error)),
            where=_where(error.__traceback__),
            notes=tuple(self._conceal(note) for note in notes[:_NOTES]),
            causes=self._below(error, depth),
        )

    def _below(self, error: BaseException, depth: int) -> tuple[Cause, ...]:
        cause = error.__cause__
        if cause is None and not error.__suppress_context__:
            cause = error.__context__
        if cause is None or isinstance(cause, trio.Cancelled):
            return ()
        return self.flatten(cause, depth - 1)


def _counted(causes: list[Cause]) -> tuple[Cause, ...]:
    counts: dict[Cause, int] = {}
    for cause in causes:
        alone = replace(cause, count=1)
        counts[alone] = counts.get(alone, 0) + cause.count
    return tuple(replace(cause, count=count) for cause, count in counts.items())


def _where(traceback: TracebackType | None) -> str:
    ours = last = ""
    while traceback is not None:
        file = traceback.tb_frame.f_code.co_filename
        if file.startswith(_PACKAGE):
            ours = (
                f"trio_sfu/{PurePath(file.removeprefix(_PACKAGE)).as_posix()}:{traceback.tb_lineno}"
            )
        # Of a file of others only the last two parts: where it is installed says nothing.
        last = f"{'/'.join(PurePath(file).parts[-2:])}:{traceback.tb_lineno}"
        traceback = traceback.tb_next
    return ours or last


def _message(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:
        return ""


def _notes(error: BaseException) -> list[str]:
    return [note for note in getattr(error, "__notes__", ()) if isinstance(note, str)]


def _origins(error: BaseException) -> Iterator[str]:
    # Innermost first: an error passes the deepest task before the tasks around it.
    if isinstance(error, BaseExceptionGroup):
        for each in error.exceptions:
            yield from _origins(each)
    for note in _notes(error):
        if note.startswith(MARK):
            yield note.removeprefix(MARK)
