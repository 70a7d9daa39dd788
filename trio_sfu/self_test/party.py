"""One of the two parties of a self-test: a user agent and its signaling session."""

from collections.abc import Mapping
from typing import Final, Literal, TypeAlias

from trio_sfu.errors import MediaError
from trio_sfu.rooms.registry import Registry
from trio_sfu.self_test.link import MemoryLink
from trio_sfu.signaling.carried import Source
from trio_sfu.signaling.messages import Answer, Join, Joined, Offer, Publish, Slots
from trio_sfu.webrtc.reception import Reception
from trio_sfu.webrtc.sources import SyntheticVideo, Tone
from trio_sfu.webrtc.user_agent import UserAgent

ROOM: Final = "(self-test)"
"""No client can join it: its name is none that the protocol allows."""
PICTURE: Final = SyntheticVideo(width=64, height=48, fps=10)
SOUND: Final = Tone(440)
_SOURCES: Final[tuple[Source, ...]] = ("microphone", "camera")
_ENERGY: Final = 0.001
"""Of about 20 ms of ``SOUND``; silence has none."""

Step: TypeAlias = Literal["join", "negotiate", "connect", "receive"]
STEPS: Final[tuple[Step, ...]] = ("join", "negotiate", "connect", "receive")
WITHOUT: Final[Mapping[Step, str]] = {
    "join": "a room could not be joined",
    "negotiate": "an offer was not answered",
    "connect": "no connection for media: ICE or DTLS did not come through",
    "receive": "connected, but no sound and picture came through",
}
"""What is missing when a step did not come to its end."""


class Party:
    """Joins, negotiates and connects as every client does."""

    def __init__(self, agent: UserAgent, link: MemoryLink) -> None:
        self.step: Step = "join"
        """What is under way."""
        self._agent = agent
        self._link = link

    async def connect(self, rooms: Registry) -> None:
        """Join the room and connect. Raises LinkEndedError, MediaError."""
        await rooms.join(Join(room=ROOM, name=self._link.id), self._link)
        while not isinstance(await self._link.hear(), Joined):
            pass
        self.step = "negotiate"
        offer = await self._agent.offer(pairs=1)
        self._link.say(
            Offer(id=1, sdp=offer.sdp, sending=list(offer.sending), slots=list(offer.slots))
        )
        message = await self._link.hear()
        while not isinstance(message, Answer):
            message = await self._link.hear()
        await self._agent.accept(message.sdp)
        self.step = "connect"
        if await self._agent.wait_state("connected", "failed", "closed") != "connected":
            raise MediaError("ICE or DTLS failed", code="media-failed")

    async def speak(self) -> None:
        """Send sound and a picture, and take what the room says."""
        self.step = "receive"
        await self._agent.send("microphone", SOUND)
        await self._agent.send("camera", PICTURE)
        for source in _SOURCES:
            self._link.say(Publish(source=source, live=True))
        while True:
            await self._link.hear()

    async def listen(self) -> None:
        """Return when both have been heard and seen."""
        self.step = "receive"
        shown: dict[Source, str] = {}
        while not set(_SOURCES) <= shown.keys():
            message = await self._link.hear()
            if isinstance(message, Slots):
                shown = {each.source: each.mid for each in message.slots if each.source}
        sound = self._agent.receptions[shown["microphone"]]
        while sound.energy < _ENERGY:
            await sound.wait()
        await _first_picture(self._agent.receptions[shown["camera"]])


async def _first_picture(reception: Reception) -> None:
    while reception.picture is None:
        await reception.wait()
    if reception.picture.width != PICTURE.width:
        raise MediaError("the picture is another one than was sent", code="media-failed")
