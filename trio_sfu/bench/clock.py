"""What may make times read slowly, or the cores run at other speeds than they can."""

from pathlib import Path
from typing import Final

from trio_sfu.bench.results import Clock

_SOURCE: Final = Path("devices/system/clocksource/clocksource0/current_clocksource")
_GOVERNOR: Final = Path("devices/system/cpu/cpu0/cpufreq/scaling_governor")
SLOW: Final = frozenset({"hpet", "acpi_pm", "jiffies", "refined-jiffies"})
"""Sources that take a microsecond or more to be read, or are coarse."""
SAVING: Final = "powersave"


def clock(sys: Path = Path("/sys")) -> Clock:
    """Return what the kernel says."""
    return Clock(source=_read(sys / _SOURCE), governor=_read(sys / _GOVERNOR))


def _read(file: Path) -> str | None:
    try:
        return file.read_text().strip()
    except OSError:
        return None  # A virtual machine has no say in its cores' speed.
