"""What the machine and the user give the daemon."""

import ctypes
import resource
import socket
import time
from pathlib import Path
from typing import Final

from trio_sfu.config.model import Config
from trio_sfu.doctor.finding import Finding, fail, ok, warn

_MIB: Final = 1_048_576
_FEW_DESCRIPTORS: Final = 256
_PER_PEER: Final = 3
"""Descriptors: a socket, and the two of an asyncio loop."""
_BESIDES: Final = 64
_CONNECTIONS: Final = 4_096
"""Of each worker, for media by TCP (docs/floods.md)."""
_STRANGERS: Final = 256
"""Of them, those that are nobody's."""
_MEMORY_LOW, _MEMORY_GONE = 256 * _MIB, 64 * _MIB
_PER_PEER_KIB: Final = 287
"""Memory of a peer with four pairs of slots (docs/overload.md)."""
_ALONE_MIB: Final = 128
_MEMINFO = Path("/proc/meminfo")
_RMEM_MAX = Path("/proc/sys/net/core/rmem_max")
_BUFFER_ENOUGH: Final = 4 * _MIB
_UDP_SEGMENT: Final = 103  # linux/udp.h
_TIME_ERROR: Final = 5  # adjtimex(2): the clock is not synchronised
_BEGINNING: Final = 1_767_225_600
"""2026-01-01: an earlier clock is wrong."""


def check_descriptors(config: Config) -> Finding:
    """Whether as many file descriptors may be open as the limits of the settings need."""
    check = "file descriptors"
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    peers = config.media.max_transports
    need = config.http.max_connections + _PER_PEER * peers + _BESIDES
    if config.media.tcp:
        need += min(peers + _STRANGERS, _CONNECTIONS * config.media.worker_count)
    remedy = "raise LimitNOFILE= in the systemd unit, or `ulimit -Hn` of this shell"
    if most == resource.RLIM_INFINITY or most >= need:
        return ok(check, f"{'any number' if most < 0 else most} may be open, {need} are enough")
    if most < _FEW_DESCRIPTORS:
        return fail(check, f"only {most} may be open", remedy)
    enough = max(0, most - _BESIDES) // (_PER_PEER + 1)
    message = f"{most} may be open, enough for some {enough} peers; the settings allow {need}"
    return warn(check, message, f"{remedy}, or lower media.max_transports")


def check_memory(meminfo: Path = _MEMINFO) -> Finding:
    """Whether there is memory left."""
    check = "memory"
    try:
        lines = dict(line.split(":", 1) for line in meminfo.read_text().splitlines() if line)
        free = int(lines["MemAvailable"].split()[0]) * 1_024
    except (OSError, KeyError, ValueError):
        return warn(check, f"{meminfo} does not say how much is free", "see whether /proc is there")
    message = f"{free // _MIB} MiB are free"
    remedy = "end other programs, or give the machine more"
    if free < _MEMORY_GONE:
        return fail(check, message, remedy)
    return warn(check, message, remedy) if free < _MEMORY_LOW else ok(check, message)


def check_room(config: Config, meminfo: Path = _MEMINFO) -> Finding:
    """Whether as many peers as the settings allow have room in the memory that may be used."""
    check = "memory for peers"
    settings = config.overload
    try:
        lines = dict(line.split(":", 1) for line in meminfo.read_text().splitlines() if line)
        whole = int(lines["MemTotal"].split()[0]) // 1_024
    except (OSError, KeyError, ValueError):
        return ok(check, f"{meminfo} does not say how much there is")
    if settings.memory_limit:
        whole = min(whole, settings.memory_limit)
    usable = whole * settings.max_memory // 100 - _ALONE_MIB
    peers = max(0, usable * 1_024 // _PER_PEER_KIB)
    message = f"{whole} MiB are enough for some {peers} peers"
    if peers >= config.media.max_transports:
        return ok(check, message)
    remedy = "lower media.max_transports, or give the machine or overload.memory_limit more"
    few = f"{message}; the settings allow {config.media.max_transports}"
    return (warn if peers else fail)(check, few, remedy)


def check_clock(now: float | None = None, *, synchronised: bool | None = None) -> Finding:
    """Whether the clock is right, as far as it can know: certificates and tokens have dates."""
    check = "clock"
    now = time.time() if now is None else now
    said = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(now))
    if now < _BEGINNING:
        return fail(check, f"it says {said}, which is past", "set it, and keep it by NTP")
    if not (_synchronised() if synchronised is None else synchronised):
        remedy = "run systemd-timesyncd or chrony; in a container the host keeps the clock"
        return warn(check, f"it says {said} and is not synchronised", remedy)
    return ok(check, f"it says {said} and is synchronised")


def check_gso(option: int = _UDP_SEGMENT) -> Finding:
    """Whether the kernel sends several datagrams in one call (UDP_SEGMENT, Linux 4.18)."""
    check = "UDP segmentation"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.setsockopt(socket.IPPROTO_UDP, option, 1_200)
        except OSError:
            message = "the kernel has no UDP_SEGMENT: each packet costs a call of its own"
            return warn(check, message, "use Linux 4.18 or later; calls work without, at more CPU")
    return ok(check, "the kernel has UDP_SEGMENT")


def check_receive_buffer(setting: Path = _RMEM_MAX) -> Finding:
    """Whether bursts find room in the kernel until the packet engine takes them."""
    check = "receive buffer"
    try:
        most = int(setting.read_text())
    except (OSError, ValueError):
        return warn(
            check, f"{setting} does not say how large it may be", "see whether /proc is there"
        )
    message = f"net.core.rmem_max is {most // 1_024} KiB"
    if most >= _BUFFER_ENOUGH:
        return ok(check, message)
    remedy = "set it to 8388608 in /etc/sysctl.d, or run `trio-sfu install-service`"
    return warn(check, f"{message}: media is lost in bursts and floods", remedy)


def _synchronised() -> bool:
    timex = ctypes.create_string_buffer(512)  # struct timex; modes = 0 only reads
    return ctypes.CDLL(None).adjtimex(timex) not in (-1, _TIME_ERROR)
