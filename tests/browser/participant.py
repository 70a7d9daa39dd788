"""Somebody in front of a browser: what they do and what they see and hear."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from tests.browser.chromium import ChromiumBrowser, Devices
from tests.browser.patterns import COLOURS
from tests.process.patience import eventually

SEEING = (Path(__file__).with_name("seeing.js")).read_text()

TONES_APART = 60
"""Hz between a tone and what counts as it: wider than an FFT bin, narrower than the gaps."""


ENERGY = 1e-3
"""Growth of totalAudioEnergy (W3C webrtc-stats) that comfort noise does not reach."""


class BrowserPage(Protocol):
    """What both browsers' drivers can do."""

    tells_tones: bool
    """Whether WebAudio runs, so that a tone's frequency can be told."""

    def open(self, url: str) -> None: ...
    def run(self, function: str, *arguments: object) -> Any: ...
    def click(self, button: str) -> None: ...
    def screenshot(self, path: Path) -> None: ...
    def close(self) -> None: ...
    def quit(self) -> None: ...


@dataclass(frozen=True)
class Device:
    """Whose camera and microphone these are."""

    name: str
    pattern: str
    tone: int
    camera: Path
    sound: Path


class Participant:
    """One person in a room."""

    def __init__(self, device: Device, page: BrowserPage) -> None:
        self.device = device
        self.name = device.name
        self.pattern = device.pattern
        self.tone = device.tone
        self.page = page

    def join(self, url: str, room: str) -> None:
        """Open the link that joins without a click, and wait until in the call."""
        self.open(f"{url}/{room}?name={self.name}&join")
        self.wait_state("in-call")

    def open(self, url: str) -> None:
        """Open any page of the daemon."""
        self.page.open(url)
        self.open_eyes()

    def open_eyes(self) -> None:
        """Make the present page one that can be seen: after it has loaded by itself."""
        self.page.run(SEEING, COLOURS)

    def see(self, what: str, *arguments: object) -> Any:
        """Call one of the functions of seeing.js."""
        return self.page.run(f"(...all) => window.seeing.{what}(...all)", *arguments)

    def wait_state(self, state: str, *, within: float = 20) -> None:
        """Wait for the page's state."""

        def there() -> bool:
            seen = self.see("state")
            assert seen != "error" or state == "error", f"{self.name}: {self.see('alert')}"
            return bool(seen == state)

        eventually(there, within=within, why=f"{self.name}'s page to be {state}")

    def names(self) -> list[str]:
        """Return the names on the tiles."""
        return list(self.see("names"))

    def sees(self, name: str, pattern: str, *, within: float = 20) -> None:
        """Wait until the tile of ``name`` shows ``pattern`` and its frames grow."""
        eventually(
            lambda: self.see("pattern", name) == pattern,
            within=within,
            why=f"{self.name} to see {pattern} of {name}",
        )
        before = self.see("frames", name)
        eventually(
            lambda: self.see("frames", name) >= before + 5,
            within=20,
            why=f"frames of {name} to grow at {self.name}",
        )

    def sees_size(self, name: str, size: tuple[int, int], *, within: float = 20) -> None:
        """Wait until the tile's video has this size."""
        eventually(
            lambda: tuple(self.see("size", name)) == size,
            within=within,
            why=f"{self.name} to see {name} at {size}",
        )

    def hears(self, tones: Mapping[str, int], *, within: float = 20) -> None:
        """Wait until each of ``tones`` has been heard and audio energy has come from as many."""
        before: dict[str, float] = self.see("energy")

        def loud() -> bool:
            now: dict[str, float] = self.see("energy")
            grown = [mid for mid in now if now[mid] > before.get(mid, 0) + ENERGY]
            return len(grown) >= len(tones)

        eventually(loud, within=within, why=f"audio energy from {len(tones)} others")
        if self.page.tells_tones:
            self._hears_tones(dict(tones), within)

    def _hears_tones(self, missing: dict[str, int], within: float) -> None:
        def all_heard() -> bool:
            for frequency, level in self.see("listen"):
                for name, tone in list(missing.items()):
                    if level is not None and level > -70 and abs(frequency - tone) < TONES_APART:
                        del missing[name]
            return not missing

        eventually(all_heard, within=within, why=f"{self.name} to hear {missing}")

    def is_silent(self) -> bool:
        """Whether no track's audio energy grows for longer than the beeps' pauses."""
        grown: bool = self.page.run(
            """async (much) => {
                const before = await window.seeing.energy();
                await new Promise((resolve) => setTimeout(resolve, 1000));
                const after = await window.seeing.energy();
                return Object.keys(after).some((mid) => after[mid] > (before[mid] ?? 0) + much);
            }""",
            ENERGY,
        )
        return not grown

    def sees_source(self, name: str, source: str) -> None:
        """Wait until the tile of ``name`` says what it shows."""
        eventually(
            lambda: self.see("source", name) == source,
            within=5,
            why=f"the tile of {name} to say {source}",
        )

    def sees_no_more(self, name: str) -> None:
        """Wait until the tile of ``name`` is gone."""
        eventually(
            lambda: name not in self.names(), within=5, why=f"{name} to be gone at {self.name}"
        )

    def offers(self) -> int:
        """Return how many SDP offers the page has sent."""
        return int(self.see("offers"))

    def record(self, name: str) -> None:
        """Film what the tile of ``name`` shows."""
        self.see("record", name)

    def stop_recording(self) -> list[tuple[float, str]]:
        """Return every change on the film: (Unix time in milliseconds, pattern)."""
        return [(when, shown) for when, shown in self.see("stop")]


def chromium_of(person: Participant) -> ChromiumBrowser:
    """Return the Chromium a person sits at, for what only it can do."""
    assert isinstance(person.page, ChromiumBrowser)
    return person.page


class DeviceFactory(Protocol):
    """The fixture ``devices``."""

    def __call__(self, name: str, size: tuple[int, int] = ..., fps: int = ...) -> Device: ...


class PersonFactory(Protocol):
    """The fixture ``person``."""

    def __call__(
        self,
        name: str,
        size: tuple[int, int] = ...,
        fps: int = ...,
        language: str = ...,
        executable: str = ...,
        equipment: Devices = ...,
    ) -> Participant: ...
