"""The whole SFU on a virtual clock, from a seed.

Real: signaling sessions over WebSocket frames, rooms, peers, negotiation of SDP, ICE checks,
SRTP, RTP and RTCP, and the packet engine's core. Simulated: time, the network, the clients,
and one thing of the server: the DTLS handshake (see ``handshake``).

``simulate(seed, steps)`` runs a story of joins, calls and accidents; after each step the
invariants are checked. The same seed tells the same story, byte for byte.
"""

from trio_sfu.testing.simulation.many import simulate_many
from trio_sfu.testing.simulation.run import Outcome, simulate

__all__ = ["Outcome", "simulate", "simulate_many"]
