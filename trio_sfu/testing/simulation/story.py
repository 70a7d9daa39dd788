"""What happened, line by line, in virtual time."""

from collections import deque

import trio


class Story:
    """The lines told so far; the newest ``most`` of them, if that is not None."""

    def __init__(self, most: int | None = None) -> None:
        self.lines: deque[str] = deque(maxlen=most)

    def tell(self, who: str, what: str) -> None:
        """Add a line: when, who, what."""
        self.lines.append(f"{trio.current_time():10.3f}  {who:<8}  {what}")

    def text(self) -> str:
        """Return the whole story."""
        return "".join(f"{line}\n" for line in self.lines)
