"""What one direction of a path is like, and how each back-end is told."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Bursts:
    """A Gilbert-Elliott channel: probabilities a packet, in percent."""

    begin: float
    end: float
    loss: float = 100.0


@dataclass(frozen=True)
class Profile:
    """One direction; what is left out is not impaired."""

    rates: tuple[tuple[float, int], ...] = ()
    """(seconds since ``go``, bits/s), the first at 0; none: no limit."""
    delay: float = 0.0
    """One way, ms."""
    jitter: float = 0.0
    """Up to so much more, ms; the order is kept."""
    queue: int | None = None
    """Bytes that may wait; more are dropped (drop-tail)."""
    loss: float = 0.0
    """Percent, each packet for itself."""
    bursts: Bursts | None = None
    reorder: tuple[float, float] | None = None
    """Percent of the packets, and ms by which they are held back."""
    duplicate: float = 0.0
    """Percent."""

    def words(self) -> str:
        """Return what ``trio-sfu-impair`` understands (``profile.rs``)."""
        words = [f"delay={self.delay:g}ms", f"jitter={self.jitter:g}ms", f"loss={self.loss:g}%"]
        if self.rates:
            words.append("rate=" + ",".join(f"{bits / 1000:g}k@{at:g}" for at, bits in self.rates))
        if self.queue is not None:
            words.append(f"queue={self.queue}")
        if self.bursts is not None:
            each = self.bursts
            words.append(f"burst={each.begin:g}%:{each.end:g}%:{each.loss:g}%")
        if self.reorder is not None:
            words.append(f"reorder={self.reorder[0]:g}%:{self.reorder[1]:g}ms")
        return " ".join([*words, f"duplicate={self.duplicate:g}%"])

    def rate_at(self, seconds: float) -> float:
        """Return the capacity so long after ``go``, bits/s."""
        found = float("inf")
        for at, bits in self.rates:
            if at <= max(seconds, 0):
                found = float(bits)
        return found
