"""Facts about the daemon's own progress."""

from dataclasses import dataclass
from typing import ClassVar

from trio_sfu.events.fact import Crash, Fact, Group, Level


@dataclass(frozen=True, slots=True)
class LoopStalled(Fact):
    """The event loop goes on after it has stood still for ``seconds``."""

    level: ClassVar[Level] = "error"
    counter: ClassVar[tuple[str, str] | None] = (
        "loop_stalls",
        "Times the event loop has stood still for longer than liveness.stuck_after",
    )
    seconds: float


@dataclass(frozen=True, slots=True)
class SelfTestPassed(Fact):
    """Media went through ICE, DTLS, SRTP and the engine and came back."""

    level: ClassVar[Level] = "debug"
    counter: ClassVar[tuple[str, str] | None] = (
        "self_test_seconds",
        "From the start of a self-test to the sound and picture it received",
    )
    measure: ClassVar[str | None] = "seconds"
    seconds: float


@dataclass(frozen=True, slots=True)
class SelfTestFailed(Crash):
    """A self-test failed; ``failure`` says how far it came."""

    counter: ClassVar[tuple[str, str] | None] = ("self_test_failures", "Self-tests that failed")

    @property
    def group(self) -> Group:
        """The service that tests."""
        return ("services", "self-test")
