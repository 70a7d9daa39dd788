"""What was found and what follows, for people and for programs."""

from typing import Final

from msgspec import Struct, json

from trio_sfu.sizing.predict import (
    CONTROL_PLANE_BYTES,
    JOIN_BESIDES,
    LINK_SHARE,
    LOOP_SHARE,
    Capacity,
    Measured,
    Prediction,
)
from trio_sfu.sizing.rooms import ENCODINGS
from trio_sfu.trial.host import Host

BUSY: Final = "the machine is busy: figures are too high"
_MIB: Final = 1_048_576
_ARRIVED: Final = 0.98
"""Of fewer packets the rest was lost on loopback: the clients had no time."""

ASSUMPTIONS: Final = (
    "Every camera is 1.5 Mbit/s, in packets of some 1,000 bytes, and everybody sees it so: "
    "simulcast, last-N and pictures that are off make it less.",
    "All are in one daemon whose engine has one worker, whatever media.workers is: more of them "
    "share the packets, and the event loop stays one.",
    "What the kernel does to deliver over loopback counts for the worker, and the run is "
    "lighter than what it predicts, which batches more: so the figures are careful.",
    f"A camera sends {ENCODINGS:g} times that rate (simulcast). A peer costs the event loop "
    f"{LOOP_SHARE:g} of a join each second, and the socket makes a join {JOIN_BESIDES:g} times "
    f"as dear; the control plane takes {CONTROL_PLANE_BYTES // 1_024} KiB a peer. These four are "
    "not measured here.",
    f"A network may be used to {LINK_SHARE:.0%} of its rate.",
)


class Report(Struct, frozen=True, kw_only=True):
    """All that the command says, as ``--json`` has it."""

    host: Host
    measured: Measured
    headroom: float
    prediction: Prediction
    warnings: list[str]
    assumptions: tuple[str, ...] = ASSUMPTIONS


def warnings(host: Host, measured: Measured, headroom: float, max_busy: int) -> list[str]:
    """Return what makes the figures doubtful, and what the settings do to them."""
    found = []
    if host.busy:
        found.append(f"{BUSY} (load average {host.load:g} on {host.cores} cores)")
    if measured.arrived < _ARRIVED:
        found.append(f"only {measured.arrived:.0%} of the packets arrived: the clients had no time")
    if headroom * 100 > max_busy:
        found.append(
            f"overload.max_busy refuses joins at {max_busy} % of a worker, before --headroom is "
            "reached"
        )
    if not measured.gso:
        found.append("the kernel has no UDP_SEGMENT: each packet costs a call of its own")
    if host.link_mbit is None:
        found.append("no network device says how fast it is: the network is left out")
    return found


def as_json(report: Report) -> str:
    """Return the report as one JSON object."""
    return json.format(json.encode(report), indent=2).decode() + "\n"


def as_text(report: Report) -> str:
    """Return the report as lines."""
    host, measured, prediction = report.host, report.measured, report.prediction
    link = f"{host.link_name} with {host.link_mbit} Mbit/s" if host.link_mbit else "unknown network"
    lines = [
        f"{host.cores} cores, {host.memory_free_bytes // _MIB} MiB free, {link}, "
        f"load average {host.load:g}",
        *(f"warning: {each}" for each in report.warnings),
        "",
        f"Measured in {measured.seconds:.0f} s with 1 publisher and {measured.subscribers} "
        f"subscribers ({measured.checked} packets decrypted and compared):",
        _figure("a packet of video to one subscriber", f"{measured.video_ns / 1e3:.1f} µs"),
        _figure("a packet of sound to one subscriber", f"{measured.audio_ns / 1e3:.1f} µs"),
        _figure("a packet that comes in", f"{measured.received_ns / 1e3:.1f} µs"),
        _figure("a join and a leave, of the event loop", f"{measured.join_ns / 1e6:.0f} ms"),
        _figure("memory a subscriber, engine", f"{measured.subscriber_bytes / 1024:.0f} KiB"),
        _figure("UDP receive buffer", f"{measured.receive_buffer_bytes // 1024} KiB"),
        "",
        f"At {prediction.share:.0%} of a core:",
        _figure("streams of 1.5 Mbit/s with sound, a core", f"{prediction.streams_a_core}"),
        _figure(
            f"the same on {host.cores} cores, a daemon each", f"{prediction.streams_all_cores}"
        ),
        _figure("joins a second", f"{prediction.joins_a_second:.0f}"),
        "",
        f"{'one daemon carries':<34}{'':>16}{'peers':>8}{'sends':>14}  what ends it",
        *(line for room in prediction.rooms for line in _room(room)),
        "",
        "Settings that refuse what the machine does not carry:",
    ]
    for section, keys in prediction.suggested.items():
        lines += [f"  [{section}]", *(f"  {name} = {value}" for name, value in keys.items())]
    lines += ["", "What this rests on:", *(f"- {each}" for each in report.assumptions)]
    return "\n".join(lines) + "\n"


def _figure(name: str, value: str) -> str:
    return f"  {name:<42}{value:>12}"


def _room(room: Capacity) -> list[str]:
    many = f"{room.count} {room.unit}"
    sent = f"{room.sent_mbit:.0f} Mbit/s"
    lines = [f"  {room.room:<32}{many:>16}{room.peers:>8}{sent:>14}  {room.first}"]
    if "." in room.first:
        machine = {name: n for name, n in room.limits.items() if "." not in name}
        name = min(machine, key=lambda each: machine[each])
        lines.append(f"  {'':<32}{f'{machine[name]} {room.unit}':>16}{'':>22}  without it: {name}")
    return lines
