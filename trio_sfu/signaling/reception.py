"""From a fresh session to a room: the first message must be ``join`` or ``resume``, in time."""

import trio

from trio_sfu.config.model import Signaling
from trio_sfu.errors import RequestError
from trio_sfu.rooms.registry import Registry
from trio_sfu.rooms.trials import Trials
from trio_sfu.signaling.messages import Join, Resume
from trio_sfu.signaling.session import Session


async def receive_client(
    session: Session,
    rooms: Registry,
    settings: Signaling,
    address: str | None = None,
    trials: Trials | None = None,
) -> None:
    """Bring the session's client into the room it asks for, or back, or end the session.

    ``address`` is where the client's connection comes from, where that is known. ``trials`` has
    the rooms of those who only test their connection; without it, nobody does.
    """
    with trio.move_on_after(settings.join_timeout) as scope:
        try:
            message = await session.receive()
        except trio.EndOfChannel:
            return
    if scope.cancelled_caught:
        session.end("join-timeout")
        return
    try:
        match message:
            case Join(trial=None):
                await rooms.join(message, session, address)
            case Join() if trials is not None:
                await trials.join(message, session, address)
            case Resume(resume_token=token):
                if trials is None or not trials.resume(token, session):
                    rooms.resume(token, session)
            case _:
                session.end("not-joined")
    except RequestError as refused:
        session.end(refused.code, str(refused), retry_after=refused.retry_after)
