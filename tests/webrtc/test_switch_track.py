"""The sending track of a Python client."""

import pytest
import trio
from aiortc.mediastreams import MediaStreamError

from trio_sfu.webrtc.bridge import open_bridge
from trio_sfu.webrtc.switch_track import SwitchTrack


async def _ask_after_stop() -> None:
    track = SwitchTrack("video")
    track.stop()
    await track.recv()


async def test_a_stopped_track_does_not_let_its_sender_wait() -> None:
    async with open_bridge() as bridge:
        with trio.fail_after(5), pytest.raises(MediaStreamError):
            await bridge.call(_ask_after_stop)
