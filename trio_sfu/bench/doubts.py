"""What makes the figures doubtful. Pure."""

from typing import Final

from trio_sfu.bench.clock import SAVING, SLOW
from trio_sfu.bench.results import Clock, Measured
from trio_sfu.trial.host import Host

_CARRIED: Final = 0.9
"""Of fewer packets than that share of those that were wanted it is said."""
_LOST: Final = 0.01
_APART: Final = 1.5
"""How far lowest and highest may be apart."""

NOTES: Final = (
    "CPU time is that of the engine's worker thread alone, with one client that publishes and the "
    "others in this process, over loopback: what the kernel does to deliver counts for the sender, "
    "in engine and floor alike. The daemon's Python is not in it.",
    "The floor sends the same bytes to as many sockets, in the frames of the publisher, by "
    "sendmmsg (with UDP_SEGMENT where there is), and encrypts them by OpenSSL in pieces of 64 KiB. "
    "It leaves out waking up, receiving, decrypting, keys and tags of single packets, copying, and "
    "all that makes an SFU: no forwarder that sends in such frames can reach 1.",
    "User and system share the CPU time by the kernel's ticks of 10 ms: roughly.",
    "Latency is from just before a publisher's call to when the kernel had the packet for the "
    "subscriber, of the packets that were decrypted, as clients of this process see it.",
    "A join is one of the self-test, without the signaling socket, which makes it twice as dear.",
)


def doubts(host: Host, clock: Clock, workloads: list[Measured]) -> list[str]:
    """Return a line for each thing."""
    found = []
    if host.busy:
        found.append(
            f"the machine is busy: figures are too high (load average {host.load:g} on "
            f"{host.cores} cores)"
        )
    if host.cores == 1:
        found.append("there is one core: the engine and its clients take it from each other")
    if clock.source in SLOW:
        found.append(f"the clock {clock.source} is slow to read: times are too long")
    if clock.governor == SAVING:
        found.append("the cores save power (scaling_governor): they may run slower than they can")
    if any(not each.gso for each in workloads):
        found.append("the kernel has no UDP_SEGMENT: each packet costs a call of its own")
    if any(not each.stamped for each in workloads):
        found.append("the kernel does not say when packets came: latency is when clients looked")
    for each in workloads:
        found += (f"{each.workload} ({each.profile}): {doubt}" for doubt in _doubts(each))
    return found


def _doubts(measured: Measured) -> list[str]:
    found = []
    figures = measured.figures
    rate, lost, cpu = (figures[name] for name in ("packets_a_second", "lost", "cpu_ns"))
    wanted = measured.wanted_packets_a_second
    if rate and rate.median < _CARRIED * wanted:
        found.append(
            f"{rate.median:,.0f} packets/s came of {wanted:,.0f}: the host has no time for more, "
            "with its clients in Python"
        )
    if lost and lost.median > _LOST:
        found.append(f"{lost.median:.1%} were lost: the clients had no time")
    if cpu and cpu.highest > _APART * cpu.lowest:
        found.append("the rounds differ by half and more: take --seconds longer, or a quiet time")
    if measured.floor_arrived < 1 - _LOST:
        found.append(f"only {measured.floor_arrived:.0%} of the floor's bytes arrived")
    return found
