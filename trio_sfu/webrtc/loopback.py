"""ICE over the loopback interface, which aioice leaves out.

``aioice.ice.get_host_addresses`` skips 127.0.0.1 and ::1, so a client cannot reach a
server that listens on loopback alone. Here one connection is given these two addresses
instead of the machine's. ``tests/webrtc/test_loopback.py`` fails once this is unneeded.
"""

from typing import Any

from aiortc import RTCPeerConnection

ADDRESSES = ("127.0.0.1", "::1")


def gather_on_loopback(pc: RTCPeerConnection) -> None:
    """Have ``pc``, which has its transceivers and is max-bundle, gather on loopback only.

    An address the machine has not is left out by aioice.
    """
    ice: Any = pc.getTransceivers()[0].receiver.transport.transport
    connection = ice.iceGatherer._connection
    gather = connection.get_component_candidates

    async def gather_here(**given: Any) -> Any:  # noqa: ANN401  (aioice's own)
        return await gather(**(given | {"addresses": list(ADDRESSES)}))

    connection.get_component_candidates = gather_here
