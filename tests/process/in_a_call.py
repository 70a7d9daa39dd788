"""Two people in a call, as a program for a machine that has nothing but trio-sfu installed.

``in_a_call.py URL`` says ``seen`` when each has seen and heard the other, and goes on until its
input ends; then it says the longest that somebody saw nothing new, in seconds.
"""

import sys
from typing import Final

import trio

from trio_sfu.client import Picture, Stay, SyntheticVideo, Tone, stay

LOOK: Final = 0.02


class Watcher:
    """What somebody sees of the other, or of the one ``of`` this name."""

    def __init__(self, person: Stay, of: str | None = None) -> None:
        self.longest = 0.0
        """The longest without a new picture, in seconds."""
        self.content = trio.Event()
        """Set when the other has been seen and heard."""
        self._heard = False
        self._person = person
        self._of = of
        self._picture: Picture | None = None
        self._since = 0.0

    def gap(self) -> float:
        """Return the longest without a new picture so far, in seconds, up to now."""
        return max(self.longest, trio.current_time() - self._since)

    async def watch(self) -> None:
        """Look until cancelled."""
        while True:
            self._look()
            await trio.sleep(LOOK)

    def _look(self) -> None:
        client = self._person.client
        now = trio.current_time()
        for peer in client.peers if client is not None else ():
            assert client is not None
            if self._of not in (None, client.peers[peer].name):
                continue
            sound = client.reception(peer, "microphone")
            self._heard |= sound is not None and sound.energy > 0
            video = client.reception(peer, "camera")
            if video is not None and video.picture not in (None, self._picture):
                if self._picture is not None:
                    self.longest = max(self.longest, now - self._since)
                self._picture, self._since = video.picture, now
        if self._heard and self._picture is not None:
            self.content.set()


async def main(url: str) -> None:
    """Hold the call."""
    async with (
        stay(url, room="package", name="ann") as ann,
        stay(url, room="package", name="bob") as bob,
        trio.open_nursery() as nursery,
    ):
        watchers = Watcher(ann), Watcher(bob)
        for person, watcher in zip((ann, bob), watchers, strict=True):
            await person.publish(camera=SyntheticVideo(), microphone=Tone(440))
            nursery.start_soon(watcher.watch)
        with trio.fail_after(60):
            for watcher in watchers:
                await watcher.content.wait()
        say("seen")
        await trio.to_thread.run_sync(sys.stdin.read)
        say(f"{max(each.longest for each in watchers):.2f}")
        nursery.cancel_scope.cancel()


def say(what: str) -> None:
    """Write a line for who started this."""
    sys.stdout.write(f"{what}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    trio.run(main, sys.argv[1])
