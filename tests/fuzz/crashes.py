"""What a daemon may not note, whatever its clients send."""

from trio_sfu import events
from trio_sfu.events import Fact
from trio_sfu.signaling.codes import CODES, INTERNAL, outcome


def suspicious(fact: Fact) -> str | None:
    """Say what is wrong with a fact, if something is."""
    if isinstance(fact, events.Crash):
        return f"{type(fact).__name__}: {fact.failure.text()}"
    code = getattr(fact, "code", None)
    if isinstance(fact, events.SessionEnded | events.RequestRefused):
        if code not in CODES:
            return f"{type(fact).__name__} with the unknown code {code}"
        if outcome(code) is INTERNAL or code in ("peer-failed", "room-failed"):
            return f"{type(fact).__name__} with {code}"
    return None
