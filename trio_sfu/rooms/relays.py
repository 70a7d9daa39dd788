"""TURN servers for a client, with credentials of its own. Pure.

A server that knows the secret checks them without asking anybody: the "REST API for
access to TURN services" of draft-uberti-behave-turn-rest, as coturn has it.
"""

import base64
import hmac

from trio_sfu.config.model import Turn
from trio_sfu.ids import PeerId
from trio_sfu.signaling.carried import IceServer


def relays(settings: Turn, peer: PeerId, now: float) -> list[IceServer]:
    """Return the relays a peer may use from ``now`` (Unix time, seconds) on."""
    if not settings.urls:
        return []
    user = f"{round(now) + settings.lifetime}:{peer}"
    # SHA-1 is what the servers take; as a keyed hash it is not broken.
    password = hmac.digest(settings.secret.encode(), user.encode(), "sha1")
    return [
        IceServer(urls=settings.urls, username=user, credential=base64.b64encode(password).decode())
    ]
