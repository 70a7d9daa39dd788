"""Whether the TURN servers take what clients are given, and how STUN servers see this machine."""

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from typing import Final

import trio

from trio_sfu.config.model import Config, Turn
from trio_sfu.config.rules import is_loopback
from trio_sfu.doctor.finding import Finding, fail, ok, warn
from trio_sfu.doctor.own import listed, own_addresses
from trio_sfu.ids import PeerId
from trio_sfu.rooms.relays import relays
from trio_sfu.stun.ask import mapped_address
from trio_sfu.stun.message import StunError
from trio_sfu.stun.place import Place, stun_place, turn_place
from trio_sfu.stun.relay import Credentials, try_relay

_WITHIN: Final = 3.0


def check_relays(settings: Turn) -> Iterator[Finding]:
    """Allocate at each TURN server with credentials like a client's."""
    for server in relays(settings, PeerId("doctor"), time.time()):
        who = Credentials(str(server.username), str(server.credential))
        for url in server.urls:
            yield _check_relay(url, who)


def _check_relay(url: str, who: Credentials) -> Finding:
    check = "TURN"
    try:
        host, _ = trio.run(try_relay, turn_place(url), who, _WITHIN)
    except ValueError as error:
        return fail(check, str(error), "write it as turn:HOST:PORT or turns:HOST:PORT")
    except StunError as error:
        return fail(check, f"{url}: {error} ({error.code})", _remedy(error.code))
    return ok(check, f"{url} relays from {host}")


def _remedy(code: str) -> str:
    if code == "stun-unauthorized":
        return (
            "set turn.secret to the server's static-auth-secret, which needs use-auth-secret;"
            " or the clocks differ"
        )
    if code == "stun-refused":
        return "look at the TURN server's log: a quota, or the realm"
    return "start the TURN server, see turn.urls, and open its port for UDP and TCP"


def check_seen(config: Config, bound: Iterable[str], told: Sequence[str]) -> Iterator[Finding]:
    """Compare how servers outside see ``bound`` addresses with what clients are ``told``.

    Asks ``media.stun_server``, or else a TURN server, which answers the same.
    """
    check, own = "announced address", [each for each in bound if not is_loopback(each)]
    server = _server(config)
    if server is None or not own:
        return
    seen, errors = trio.run(_ask, server, own)
    if not seen:
        if config.media.stun_server:
            why = min(errors, key=lambda error: error.code == "stun-name")
            message = f"{server} gives no address: {why} ({why.code})"
            remedy = "see media.stun_server, and open UDP to it; or set media.announced"
            yield warn(check, message, remedy)
        return
    foreign = sorted(set(seen) - own_addresses() - set(told))
    if foreign:
        message = (
            f"{server} sees this machine at {listed(foreign)}, but clients are told {listed(told)}"
        )
        remedy = "set media.announced to what is seen, or media.stun_server, which keeps it right"
        if config.media.stun_server:
            remedy = "the daemon asks again within 5 minutes; or restart it"
        yield fail(check, message, remedy)
    else:
        yield ok(check, f"{server} sees this machine at {listed(seen)}")


def _server(config: Config) -> Place | None:
    if config.media.stun_server:
        return stun_place(config.media.stun_server)
    for url in config.turn.urls:
        with suppress(ValueError):
            place = turn_place(url)
            if place.transport == "udp":
                return place
    return None


async def _ask(server: Place, own: Iterable[str]) -> tuple[list[str], list[StunError]]:
    seen: dict[str, None] = {}
    errors: list[StunError] = []

    async def one(local: str) -> None:
        try:
            host, _ = await mapped_address(server, local, _WITHIN)
            seen[host] = None
        except StunError as error:
            errors.append(error)

    async with trio.open_nursery() as nursery:
        for each in own:
            nursery.start_soon(one, each)
    return list(seen), errors
