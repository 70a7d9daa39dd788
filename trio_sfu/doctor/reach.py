"""Whether the media port is reached at the addresses that clients are told."""

from collections.abc import Mapping
from typing import Final

import trio

from trio_sfu.doctor.finding import Finding, fail, ok, warn
from trio_sfu.doctor.own import listed, own_addresses
from trio_sfu.liveness.trial_path import TrialPath
from trio_sfu.stun.check import check_path
from trio_sfu.stun.message import StunError
from trio_sfu.stun.place import Place

_CHECK: Final = "UDP reachability"
_WITHIN: Final = 3.0
_NO_WAY: Final = ("Network is unreachable", "Cannot assign requested address")
"""Said where this machine has no address of the family."""


async def check_reach(path: TrialPath, *, outside: bool = False) -> Finding:
    """Send ICE checks to each place. ``outside``: this is not the daemon's machine."""
    failed = {
        place: error
        for place, error in (await _check_all(path)).items()
        if not any(each in str(error) for each in _NO_WAY)
    }
    if failed:
        return _told(failed, outside=outside, tried=len(path.places))
    places = listed(f"{each.host} UDP port {each.port}" for each in path.places)
    return ok(_CHECK, f"the daemon answers at {places}")


async def _check_all(path: TrialPath) -> dict[Place, StunError]:
    failed: dict[Place, StunError] = {}

    async def one(place: Place) -> None:
        try:
            await check_path(place, path.user, path.password, _WITHIN)
        except StunError as error:
            failed[place] = error

    async with trio.open_nursery() as nursery:
        for each in path.places:
            nursery.start_soon(one, Place(each.host, each.port))
    return failed


def _told(failed: Mapping[Place, StunError], *, outside: bool, tried: int) -> Finding:
    where = listed(f"{place.host} UDP port {place.port}" for place in failed)
    ports = listed(sorted({str(place.port) for place in failed}))
    why = next(iter(failed.values()))
    message = f"no answer from {where}: {why}"
    foreign = sorted({place.host for place in failed} - own_addresses())
    if outside:
        remedy = (
            f"open UDP port {ports} in the firewalls before the daemon (conf/nftables has rules),"
            " have the router pass it on, and see that media.announced is right"
        )
    elif foreign:
        message += f"; {listed(foreign)} is no address of this machine"
        remedy = (
            f"see that media.announced is right and the router passes UDP port {ports} on; some"
            " routers do not let the inside in: try `trio-sfu doctor --outside` from elsewhere"
        )
        return warn(_CHECK, message, remedy)
    else:
        remedy = f"open UDP port {ports} in this machine's firewall: `nft list ruleset`"
    return (fail if len(failed) == tried else warn)(_CHECK, message, remedy)
