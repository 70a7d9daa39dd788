"""The record of a failure: the one thing said of it in log, API, tree and at the client."""

from collections.abc import Iterable
from datetime import UTC, datetime

from msgspec import Struct

from trio_sfu.events.causes import MARK, Cause, causes_of, origin_of, text_of
from trio_sfu.events.concealment import Concealment
from trio_sfu.ids import FailureId, new_failure_id

__all__ = ["MARK", "Cause", "Failure", "origin_of"]


class Failure(Struct, frozen=True, kw_only=True):
    """An error that ended a crash group.

    ``code`` is stable and is what clients are told, with ``id``, which they may quote.
    ``path`` names the task: ``room/peer/task``. ``causes`` are the errors, each with what
    caused it below it; ``omitted`` counts those beyond what is kept. It has no names,
    addresses or secrets, and holds on to nothing of what has ended.
    """

    id: FailureId
    time: datetime
    code: str
    path: str
    causes: tuple[Cause, ...]
    omitted: int = 0

    @classmethod
    def of(
        cls,
        error: BaseException,
        *,
        code: str,
        path: str,
        conceal: Iterable[str] = (),
    ) -> "Failure":
        """Return the record of ``error``.

        ``path`` is that of the crash group, for an error that does not say which task it
        comes from. ``conceal`` are words that may not appear, such as people's names.
        """
        causes, omitted = causes_of(error, Concealment(conceal))
        return cls(
            id=new_failure_id(),
            time=datetime.now(UTC),
            code=code,
            path=origin_of(error, path),
            causes=causes,
            omitted=omitted,
        )

    def text(self) -> str:
        """Return the cause tree as indented lines."""
        lines = [line for cause in self.causes for line in text_of(cause)]
        if self.omitted:
            lines.append(f"and {self.omitted} more")
        return "\n".join(lines)
