"""Facts about operators."""

from dataclasses import dataclass
from typing import ClassVar

from trio_sfu.events.fact import Fact, Level


@dataclass(frozen=True, slots=True)
class WrongOperatorToken(Fact):
    """A request came with a token that is not the operators'."""

    level: ClassVar[Level] = "warning"
    counter: ClassVar[tuple[str, str] | None] = (
        "wrong_operator_tokens",
        "Requests with a token that is not the operators'",
    )
