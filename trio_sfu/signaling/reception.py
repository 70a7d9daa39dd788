"""From a fresh session to a room: the first message must be a ``join``, in time."""

import trio

from trio_sfu.config.model import Signaling
from trio_sfu.errors import RequestError
from trio_sfu.rooms.registry import Registry
from trio_sfu.signaling.messages import Join
from trio_sfu.signaling.session import Session


async def receive_client(session: Session, rooms: Registry, settings: Signaling) -> None:
    """Bring the session's client into the room it asks for, or end the session."""
    with trio.move_on_after(settings.join_timeout) as scope:
        try:
            message = await session.receive()
        except trio.EndOfChannel:
            return
    if scope.cancelled_caught:
        session.end("join-timeout")
        return
    if not isinstance(message, Join):
        session.end("not-joined")
        return
    try:
        await rooms.join(message, session)
    except RequestError as refused:
        session.end(refused.code, str(refused))
