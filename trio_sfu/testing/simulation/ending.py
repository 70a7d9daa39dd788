"""How the session of a simulated client ended, and what it leaves to the next."""

from dataclasses import dataclass
from typing import Literal

Ending = Literal["left", "closed", "killed", "vanished", "dropped", "failed"]
"""How a session ended, as its client knows it."""


@dataclass(frozen=True, slots=True)
class Former:
    """The session before this one, whose peer this one takes the place of."""

    label: str
    resume_token: str
