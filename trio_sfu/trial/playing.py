"""Sending in time: what is due when, and what comes meanwhile."""

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Final, Protocol, TypeAlias

from trio_sfu.trial.client import Client
from trio_sfu.trial.packets import Camera

_LATE: Final = 0.2
"""Seconds of delay after which what should have been sent is left out."""
Events: TypeAlias = Iterator[tuple[float, Callable[[], None]]]
"""What is to be done now, and the seconds from then until the next one."""


class Receiver(Protocol):
    """Who takes what comes."""

    def receive(self, until: float) -> None:
        """Take what comes until then; at least once."""


def play(receiver: Receiver, events: Events, seconds: float) -> None:
    """Do what is due, and receive, for a while."""
    due = time.monotonic()
    end = due + seconds
    for pause, do in events:
        receiver.receive(due)
        do()
        due += pause
        if due < time.monotonic() - _LATE:
            due = time.monotonic()
        if due >= end:
            receiver.receive(max(time.monotonic(), end))
            return


def _nothing() -> None:
    return


def merged(*streams: Events) -> Events:
    """Return all of them as one, in the order of time. None of them may end."""
    due = [0.0] * len(streams)
    while True:
        now = min(due)
        number = due.index(now)
        pause, do = next(streams[number])
        due[number] += pause
        yield min(due) - now, do


def reports(clients: Sequence[Client], every: float) -> Events:
    """Return the feedback of all clients together, so many seconds apart."""

    def tell() -> None:
        for client in clients:
            client.report()

    while True:
        yield every, tell


def reports_in_turn(clients: Sequence[Client], every: float) -> Events:
    """Return the feedback of the clients, spread over the seconds between two of one client."""
    while True:
        for client in clients:
            yield every / len(clients), client.report


def next_frame(client: Client, camera: Camera) -> list[bytes]:
    """Return the next picture of a client's camera: a keyframe, if one was asked for."""
    camera.keyframe_due |= client.keyframe_asked
    client.keyframe_asked = False
    return camera.frame(client.take_numbers(camera.packets))


def at_intervals(every: float, do: Callable[[], None], *, after: float = 0.0) -> Events:
    """Return something that is done again and again, ``after`` so many seconds first."""
    yield after, _nothing
    while True:
        yield every, do
