"""An engine of two workers as a program, so that one of its threads can be stopped from outside.

Somebody on worker 0 speaks; one on worker 0 hears it, and one on worker 1, by a relay. ``speak N``
on the input has N packets spoken, and what the one on worker 0 heard of them is told; ``counters``
tells those of the engine, and how many packets the one on worker 1 was sent (``far``); ``newest``
the number of the last that was heard there. Each answer is a line of JSON.
"""

import json
import sys
from collections.abc import Mapping
from itertools import pairwise
from typing import Final

import trio

from tests.native.talker import Talker
from trio_sfu._native import Engine

AT_ONCE: Final = 4
PAUSE: Final = 0.001


class Ear:
    """What somebody hears, and when."""

    def __init__(self, talker: Talker) -> None:
        self.at: list[float] = []
        self._talker = talker
        self._last = b""
        self._newest = 0

    async def listen(self) -> None:
        """Listen until cancelled."""
        while True:
            datagram, _ = await self._talker.socket.recvfrom(2_048)
            if not 64 <= datagram[1] & 0x7F <= 95:  # No RTCP.
                self.at.append(trio.current_time())
                self._last = datagram

    def newest(self) -> int:
        """Return the number of the packet that was heard last."""
        if self._last:
            self._newest = int.from_bytes(self._talker.words(self._last)[:4])
            self._last = b""  # It cannot be deciphered twice.
        return self._newest


async def main() -> None:
    """Do what the input asks for, until it ends."""
    engine = Engine(addresses=[("127.0.0.1", 0)], workers=2)
    async with (
        Talker(engine, 0, "pubA") as speaker,
        Talker(engine, 0, "near") as near,
        Talker(engine, 1, "farA") as far,
        trio.open_nursery() as nursery,
    ):
        track = engine.add_up_track(speaker.transport, "m", "audio")
        await speaker.check(ufrag=speaker.ufrag)
        ears = {each: Ear(each) for each in (near, far)}
        for each, ear in ears.items():
            await each.check(ufrag=each.ufrag)
            slot = engine.add_slot(each.transport, "9", "audio", ssrc=77, cname="c")
            engine.map_slot(slot, track)
            nursery.start_soon(ear.listen)
        while not all(ear.at for ear in ears.values()):
            await speak(speaker)
            await trio.sleep(0.02)
        say({"spoken": speaker.sequence})
        while asked := (await trio.to_thread.run_sync(sys.stdin.readline)).split():
            match asked:
                case ["speak", count]:
                    say(await spoken(speaker, int(count), ears[near]))
                case ["counters"]:
                    say(engine.counters() | {"far": engine.forwarded()[1]})
                case ["newest"]:
                    say({"newest": ears[far].newest()})
        nursery.cancel_scope.cancel()
    engine.close()


async def speak(speaker: Talker) -> None:
    """Say the packet's number."""
    await speaker.speak((speaker.sequence + 1).to_bytes(4) + bytes(96))


async def spoken(speaker: Talker, count: int, near: Ear) -> dict[str, float]:
    """Have so many packets spoken, some thousands a second."""
    before, began = len(near.at), trio.current_time()
    for number in range(count):
        await speak(speaker)
        if number % AT_ONCE == 0:
            await trio.sleep(PAUSE)
    with trio.move_on_after(5):
        while len(near.at) < before + count:  # noqa: ASYNC110 - nobody can tell us
            await trio.sleep(PAUSE)
    times = [began, *near.at[before:]]
    longest = max(after - earlier for earlier, after in pairwise(times))
    return {"near": len(near.at) - before, "longest": longest, "spoken": speaker.sequence}


def say(answer: Mapping[str, float]) -> None:
    """Answer with a line."""
    sys.stdout.write(f"{json.dumps(answer)}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    trio.run(main)
