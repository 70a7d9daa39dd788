"""The override for ICE on loopback: that it works, and that it is still needed."""

import ipaddress

from aioice.ice import get_host_addresses
from aiortc.sdp import SessionDescription

from trio_sfu.webrtc.user_agent import open_user_agent


async def candidates(*, loopback: bool) -> list[str]:
    async with open_user_agent(loopback=loopback) as agent:
        offer = await agent.offer(1)
    return [each.ip for each in SessionDescription.parse(offer.sdp).media[0].ice_candidates]


async def test_a_client_on_loopback_gathers_there_and_nowhere_else() -> None:
    found = await candidates(loopback=True)
    assert "127.0.0.1" in found
    assert all(ipaddress.ip_address(each).is_loopback for each in found)


async def test_any_other_client_does_not() -> None:
    assert not {"127.0.0.1", "::1"} & set(await candidates(loopback=False))


def test_aioice_still_leaves_loopback_out() -> None:
    # When this fails, trio_sfu/webrtc/loopback.py is of no more use.
    assert not {"127.0.0.1", "::1"} & set(get_host_addresses(use_ipv4=True, use_ipv6=True))
