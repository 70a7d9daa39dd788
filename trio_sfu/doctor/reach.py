"""Whether the media ports are reached at the addresses that clients are told."""

from collections.abc import Iterator, Mapping, Sequence, Set
from typing import Final

import trio

from trio_sfu.doctor.finding import Finding, fail, ok, warn
from trio_sfu.doctor.own import listed, own_addresses
from trio_sfu.liveness.trial_path import TrialPath
from trio_sfu.stun.check import check_path
from trio_sfu.stun.message import StunError
from trio_sfu.stun.place import Place

UDP: Final = "UDP reachability"
_TCP: Final = "TCP reachability"
_WITHIN: Final = 3.0
_NO_WAY: Final = ("Network is unreachable", "Cannot assign requested address")
"""Said where this machine has no address of the family."""


async def check_reach(path: TrialPath, *, outside: bool = False) -> list[Finding]:
    """Send ICE checks to each place. ``outside``: this is not the daemon's machine.

    What is found by TCP, where clients may connect by that, is at most a warning: who can use UDP
    goes without it.
    """
    places = [Place(each.host, each.port, each.protocol) for each in path.places]
    failed = {
        place: error
        for place, error in (await _check_all(places, path.user, path.password)).items()
        if not any(each in str(error) for each in _NO_WAY)
    }
    return list(_by_protocol(places, failed, outside=outside))


async def _check_all(places: Sequence[Place], user: str, password: str) -> dict[Place, StunError]:
    failed: dict[Place, StunError] = {}

    async def one(place: Place) -> None:
        try:
            await check_path(place, user, password, _WITHIN)
        except StunError as error:
            failed[place] = error

    async with trio.open_nursery() as nursery:
        for each in places:
            nursery.start_soon(one, each)
    return failed


def _by_protocol(
    places: Sequence[Place], failed: Mapping[Place, StunError], *, outside: bool
) -> Iterator[Finding]:
    for protocol, check in (("udp", UDP), ("tcp", _TCP)):
        tried = [each for each in places if each.transport == protocol]
        wrong = {each: failed[each] for each in tried if each in failed}
        if wrong:
            answered = {each.port for each in tried if each not in wrong}
            yield _told(check, wrong, answered, outside=outside)
        elif tried:
            yield ok(check, f"the daemon answers at {_listed(tried)}")


def _listed(places: Sequence[Place]) -> str:
    return listed(f"{each.host} {each.transport.upper()} port {each.port}" for each in places)


def _told(
    check: str, failed: Mapping[Place, StunError], answered: Set[int], *, outside: bool
) -> Finding:
    """``answered``: the ports that are reached at some address; each worker has its own."""
    message = f"no answer from {_listed(list(failed))}: {next(iter(failed.values()))}"
    numbers = listed(sorted({str(place.port) for place in failed}))
    ports = f"{next(iter(failed)).transport.upper()} port {numbers}"
    foreign = sorted({place.host for place in failed} - own_addresses())
    told = fail if check == UDP and {each.port for each in failed} - answered else warn
    if check == _TCP:
        message += "; who cannot use UDP needs it"
    if outside:
        remedy = (
            f"open {ports} in the firewalls before the daemon (conf/nftables has rules),"
            " have the router pass it on, and see that media.announced is right"
        )
    elif foreign:
        told = warn
        message += f"; {listed(foreign)} is no address of this machine"
        remedy = (
            f"see that media.announced is right and the router passes {ports} on; some"
            " routers do not let the inside in: try `trio-sfu doctor --outside` from elsewhere"
        )
    else:
        remedy = f"open {ports} in this machine's firewall: `nft list ruleset`"
    if answered and {each.port for each in failed} - answered:
        remedy += "; or set media.workers = 1, which needs one port only"
    if check == _TCP:
        remedy += "; or set media.tcp = false"
    return told(check, message, remedy)
