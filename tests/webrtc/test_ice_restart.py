"""New ICE credentials in a session: what the client is answered, and where its media goes."""

import re

import trio

from tests.media.stun_peer import stun_peer
from tests.webrtc.calling import Side, as_message, joined, running_engine
from trio_sfu.signaling.messages import Offer
from trio_sfu.webrtc.events import Connected, Failed, SlotShows
from trio_sfu.webrtc.sources import SyntheticVideo

PICTURE = SyntheticVideo(corners=((30, 200, 30),) * 4)


def without_what_is_new(sdp: str) -> str:
    sdp = re.sub(r"(a=ice-(ufrag|pwd):|o=).*\r\n", "", sdp)
    return re.sub(r"(a=candidate:\d+ 1 \w+) \d+", r"\1", sdp)


def priorities(sdp: str) -> list[int]:
    return [int(each) for each in re.findall(r"a=candidate:\d+ 1 \w+ (\d+)", sdp)]


def credentials(sdp: str) -> tuple[str, str]:
    """Return the one ufrag and the one password of a description."""
    [ufrag] = set(re.findall(r"a=ice-ufrag:(\S+)", sdp))
    [password] = set(re.findall(r"a=ice-pwd:(\S+)", sdp))
    return ufrag, password


async def restart(side: Side, ufrag: str, number: int = 2) -> str:
    """Offer what was offered before with other credentials; return the answer."""
    message = as_message(await side.agent.offer(1), number)
    before = credentials(message.sdp)
    sdp = message.sdp.replace(before[0], ufrag).replace(before[1], f"{ufrag}-and-its-password-22")
    return await side.pc.negotiate(
        Offer(id=number, sdp=sdp, sending=message.sending, slots=message.slots)
    )


async def test_a_restart_has_fresh_credentials_and_higher_priorities_and_nothing_else_is_new() -> (
    None
):
    async with running_engine() as engine, joined(engine) as side:
        await side.event(Connected)
        census, slots = engine.census(), dict(side.pc.slots)
        same = await side.pc.negotiate(as_message(await side.agent.offer(1), 2))
        first = await restart(side, "again1", 3)
        second = await restart(side, "again2", 4)
        assert len({credentials(sdp) for sdp in (same, first, second)}) == 3
        assert without_what_is_new(first) == without_what_is_new(same)
        assert without_what_is_new(second) == without_what_is_new(same)
        # A browser prefers the new path while the old one may still be alive.
        assert min(priorities(first)) > max(priorities(same))
        assert min(priorities(second)) > max(priorities(first))
        assert side.pc.slots == slots
        assert engine.census() == census


async def test_media_goes_on_where_it_went_until_the_new_path_is_nominated() -> None:
    async with running_engine() as engine, joined(engine) as publisher, joined(engine) as viewer:
        await publisher.agent.send("camera", PICTURE)
        viewer.slot("video").show(publisher.up_track("camera"))
        await viewer.event(SlotShows)
        reception = viewer.agent.receptions[viewer.slot("video").mid]

        ufrag, password = credentials(await restart(viewer, "again1"))
        wanted = reception.frames + 10
        with trio.fail_after(10):
            while reception.frames < wanted:
                await reception.wait()

        async with stun_peer(engine) as elsewhere:
            await elsewhere.check(ufrag, password)
            with trio.fail_after(5):
                while (await elsewhere.udp.recv(1500))[0] >> 6 != 2:
                    pass
        assert engine.counters()["ice_restarts"] == 1
        assert not [event for event in viewer.events if isinstance(event, Failed)]
