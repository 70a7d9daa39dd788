"""What a token lets a client do, with real media: nothing comes through that may not."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
import trio

from tests.access.minting import EVERYTHING
from tests.client.calling import hear, is_colour, running_daemon, see
from trio_sfu.access.claims import Claims
from trio_sfu.access.keys import read_key_file
from trio_sfu.access.making import make_token, new_key
from trio_sfu.client import JoinError, SyntheticVideo, Tone, connect
from trio_sfu.daemon import Daemon
from trio_sfu.webrtc.sources import Colour

ROOM = "standup"
RED: Colour = (200, 40, 40)
CAMERA = SyntheticVideo((RED,) * 4, 160, 120)


class House:
    """A daemon that asks for tokens, and who makes them."""

    def __init__(self, folder: Path) -> None:
        private, public = new_key("EdDSA", "k")
        self.file = folder / "k.public.jwk"
        self.file.write_bytes(msgspec.json.encode(public))
        signing = folder / "k.private.jwk"
        signing.write_bytes(msgspec.json.encode(private))
        [self._key] = read_key_file(signing)

    def token(self, identity: str, *, room: str = ROOM, **rights: Any) -> str:
        """Return a token with these rights, or with all."""
        now = time.time()
        said: dict[str, Any] = {"sub": identity, "room": room, "rights": rights or EVERYTHING}
        said |= {"aud": "trio-sfu", "iat": int(now), "exp": int(now) + 600}
        return make_token(self._key, msgspec.convert(said, Claims))

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Daemon]:
        async with running_daemon(auth__keys=str(self.file)) as daemon:
            yield daemon


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


async def test_nothing_is_forwarded_of_what_may_not_be_published(house: House) -> None:
    spoken = house.token("bob", publish=["microphone"], subscribe=True)
    async with (
        house.open() as daemon,
        connect(daemon.url, room=ROOM, name="ann", token=house.token("ann")) as ann,
        connect(daemon.url, room=ROOM, name="bob", token=spoken) as bob,
    ):
        assert bob.rights.publish == ["microphone"]
        # It sends all the same: the camera's line is answered `inactive`, and carries nothing.
        await bob.publish(camera=CAMERA, microphone=Tone(440))
        await hear(ann, bob.id)
        with trio.fail_after(2):
            await bob.until(lambda: bob.state.errors)
        assert [error.code for error in bob.state.errors] == ["publish-denied"]
        assert [track.source for track in ann.peers[bob.id].tracks] == ["microphone"]
        assert ann.state.stage_of(bob.id) is None
        assert daemon.census()["up_tracks"] == 4 + 1
        # And who may, is seen by who may not.
        await ann.publish(camera=CAMERA)
        await see(bob, ann.id, is_colour(RED))


async def test_nothing_is_sent_to_who_may_not_subscribe(house: House) -> None:
    deaf = house.token("bob", publish=["camera"])
    async with (
        house.open() as daemon,
        connect(daemon.url, room=ROOM, name="ann", token=house.token("ann")) as ann,
        connect(daemon.url, room=ROOM, name="bob", token=deaf) as bob,
    ):
        await ann.publish(camera=CAMERA, microphone=Tone(440))
        await bob.publish(camera=CAMERA)
        await see(ann, bob.id, is_colour(RED))
        with trio.fail_after(2):
            await bob.until(lambda: len(bob.peers[ann.id].tracks) == 2)
        assert bob.slots == {}
        assert not any(each.picture or each.energy for each in bob.receptions.values())
        slots = daemon.census()["slots"]
        assert slots == len(ann.state.slots), "the engine has none of bob's"


async def test_a_moderator_mutes_and_only_who_was_muted_unmutes(house: House) -> None:
    speaker = house.token("bob", publish=["microphone"], subscribe=True)
    async with (
        house.open() as daemon,
        connect(daemon.url, room=ROOM, name="ann", token=house.token("ann")) as ann,
        connect(daemon.url, room=ROOM, name="bob", token=speaker) as bob,
    ):
        await bob.publish(microphone=Tone(440))
        await hear(ann, bob.id)
        await bob.mute_peer(ann.id, "microphone")
        await ann.mute_peer(bob.id, "microphone", "a dog")
        with trio.fail_after(2):
            await bob.until(lambda: bob.state.moderated and bob.state.errors)
            await ann.until(lambda: ann.state.slot_of(bob.id, "microphone") is None)
        [told] = bob.state.moderated
        assert (told.code, told.name, told.reason) == ("muted-by-moderator", "ann", "a dog")
        assert [error.code for error in bob.state.errors] == ["moderate-denied"]
        assert ann.peers[bob.id].tracks[0].muted
        await bob.mute("microphone", muted=False)
        with trio.fail_after(2):
            await ann.until(lambda: ann.state.slot_of(bob.id, "microphone"))
        await hear(ann, bob.id)


async def test_who_comes_without_a_token_or_with_a_wrong_one_is_told(house: House) -> None:
    async with house.open() as daemon:
        before = daemon.census()
        for token, code in (
            (None, "token-required"),
            ("x", "token-malformed"),
            ("x" * 10_000, "token-too-large"),
            (house.token("ann", room="other"), "token-room-wrong"),
        ):
            with pytest.raises(JoinError) as refused:
                async with connect(daemon.url, room=ROOM, name="ann", token=token):
                    pass
            assert (refused.value.code, refused.value.rejoin) == (code, False)
        assert daemon.census()["peers"] == before["peers"] == 0
