"""Chat, hands, reactions and the lock, by two Python clients of a real daemon."""

from pathlib import Path

import pytest
import trio

from tests.client.test_rights import ROOM, House
from trio_sfu.client import JoinError, connect


async def test_people_write_raise_hands_react_and_lock(tmp_path: Path) -> None:
    house = House(tmp_path)
    reader = house.token("bob", subscribe=True)
    async with (
        house.open() as daemon,
        connect(daemon.url, room=ROOM, name="ann", token=house.token("ann"), pairs=0) as ann,
    ):
        await ann.write("is anybody there?")
        async with connect(daemon.url, room=ROOM, name="bob", token=reader, pairs=0) as bob:
            with trio.fail_after(5):
                await bob.until(lambda: bob.state.chat)
                assert [said.text for said in bob.state.chat] == ["is anybody there?"]
                await bob.write("me")
                await bob.raise_hand()
                await ann.react("clap")
                await bob.until(lambda: bob.state.errors and bob.state.reactions)
                await ann.until(lambda: ann.state.hands == [bob.id])
                assert [error.code for error in bob.state.errors] == ["data-denied"]
                assert bob.state.reactions[0].peer == ann.id
                await ann.lower_hand(bob.id)
                await bob.until(lambda: not bob.state.hands and bob.state.moderated)
                await ann.lock_room()
                await bob.until(lambda: bob.state.locked)
            with pytest.raises(JoinError) as refused:
                async with connect(
                    daemon.url, room=ROOM, name="eve", token=house.token("eve", subscribe=True)
                ):
                    pass
            assert (refused.value.code, refused.value.rejoin) == ("room-locked", False)
            assert [said.text for said in ann.state.chat] == ["is anybody there?"]
