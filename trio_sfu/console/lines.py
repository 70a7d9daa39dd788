"""The figures as one line, for who reads them through a pipe. Pure."""

from datetime import UTC, datetime

from trio_sfu.console.figures import Figures


def line_of(at: float, figures: Figures) -> str:
    """Return ``2026-03-01T12:30:05Z rooms=2 …``; ``at`` is Unix time.

    Names stay, new ones come last. Rates are of a second, times seconds, memory bytes; what
    is not measured is left out.
    """
    values: dict[str, float | int | None] = {
        "healthy": int(figures.healthy),
        "ready": int(figures.ready),
        "draining": int(figures.draining),
        "overload": figures.overload,
        "rooms": figures.rooms,
        "peers": figures.peers,
        "joins": figures.joins,
        "refused": figures.refused,
        "left": figures.left,
        "lost": figures.lost,
        "bits_in": round(figures.bits_in),
        "bits_out": round(figures.bits_out),
        "packets_in": round(figures.packets_in),
        "packets_out": round(figures.packets_out),
        "loss": figures.loss,
        "retransmitted": figures.retransmitted,
        "keyframes_asked": figures.keyframes_asked,
        "drops": figures.drops,
        "cpu": figures.cpu,
        "cpu_loop": figures.cpu_loop,
        "cpu_worker": figures.cpu_worker,
        "memory": round(figures.memory),
        "loop_lag": figures.loop_lag,
        "forward": figures.forward,
        "failures": figures.failures,
    }
    when = datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    told = (f"{name}={_number(value)}" for name, value in values.items() if value is not None)
    return f"{when} {' '.join(told)}"


def _number(value: float) -> str:
    return str(value) if isinstance(value, int) else f"{value:.4g}"
