"""Clients are told the same addresses for TCP as for UDP, whatever they are."""

from collections.abc import Sequence

import pytest
from aiortc.sdp import SessionDescription

from tests.webrtc.calling import CERTIFICATE
from tests.webrtc.offering import CAMERA, Description, Section
from trio_sfu.media.engine import open_engine
from trio_sfu.media.settings import EngineSettings
from trio_sfu.signaling.messages import Offer
from trio_sfu.webrtc.candidates import host_candidates
from trio_sfu.webrtc.peer_connection import open_peer_connection

EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104  (as operators may have it)
OFFER = Offer(id=1, sdp=Description([Section("0")]).sdp(), sending=[CAMERA])


async def told(bound: Sequence[str], announced: Sequence[str]) -> dict[str, list[tuple[str, int]]]:
    """Return what an answer has for each protocol, by addresses that are bound."""
    settings = EngineSettings(addresses=[(each, 0) for each in bound], tcp_port=0)
    async with (
        open_engine(settings) as engine,
        open_peer_connection(engine, CERTIFICATE, announced=announced) as connection,
    ):
        answer = SessionDescription.parse(await connection.negotiate(OFFER))
        assert {port for _, port in engine.candidates()} == {
            port for _, port in engine.tcp_candidates()
        }
    found: dict[str, list[tuple[str, int]]] = {}
    for each in answer.media[0].ice_candidates:
        found.setdefault(each.protocol, []).append((each.ip, each.port))
    return found


@pytest.mark.parametrize(
    ("bound", "announced", "hosts"),
    [
        (["127.0.0.1", "::1"], [], ["127.0.0.1", "::1"]),
        (["127.0.0.1", "127.0.0.2", "::1"], [], ["127.0.0.1", "127.0.0.2", "::1"]),
        (["127.0.0.1", "::1"], ["203.0.113.9", "2001:db8::9"], ["203.0.113.9", "2001:db8::9"]),
        # As learned from a STUN server: some in place of others.
        (["127.0.0.1", "::1"], ["127.0.0.1", "2001:db8::9"], ["127.0.0.1", "2001:db8::9"]),
        (EVERYWHERE, [], [host for host, _ in host_candidates([(each, 1) for each in EVERYWHERE])]),
    ],
    ids=["both families", "several", "announced", "learned", "all interfaces"],
)
async def test_they_are_the_same(
    bound: Sequence[str], announced: Sequence[str], hosts: Sequence[str]
) -> None:
    found = await told(bound, announced)
    assert [host for host, _ in found["udp"]] == hosts
    assert found["tcp"] == found["udp"]
