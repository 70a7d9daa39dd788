"""One workload: the engine and the floor in turn, round by round."""

import time
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from typing import Final

from trio_sfu._native import Profile
from trio_sfu.bench.figures import (
    Count,
    FloorCount,
    Round,
    as_counted,
    figures,
    spreads,
    user_share,
)
from trio_sfu.bench.floor import Burst, Floor, open_floor
from trio_sfu.bench.libc import give_back_memory
from trio_sfu.bench.results import Measured
from trio_sfu.bench.usage import usage
from trio_sfu.bench.viewer import Travel, Viewer
from trio_sfu.bench.workloads import ROOM, Load
from trio_sfu.trial.errors import TrialError
from trio_sfu.trial.packets import AUDIO_MID, Camera, Microphone
from trio_sfu.trial.playing import Events, at_intervals, merged, next_frame, play, reports_in_turn
from trio_sfu.trial.stage import Stage, open_stage, resident, ssrc_of

_WARM_UP: Final = 0.5
"""Seconds before the first round: slots switch, caches fill."""
_FLOORS: Final = 0.3
"""The share of a round that is the floor's."""
_SETTLE: Final = 0.03
"""Seconds without sending, before and after a round, in which what is under way arrives."""
_SYSCALLS: Final = ("socket_send_calls", "socket_receive_calls", "socket_wakeups")
_WORKER: Final = "worker-0"


@dataclass(frozen=True, slots=True)
class Plan:
    """How long something is measured."""

    seconds: float
    """All rounds together, without loading and warming up."""
    rounds: int

    @property
    def a_round(self) -> float:
        """Seconds of one, the floor's part included."""
        return self.seconds / self.rounds


def measure(load: Load, profile: Profile, plan: Plan) -> Measured:
    """Measure a workload. Raises TrialError."""
    travel = Travel()
    make = partial(Viewer, travel=travel, profile=profile)
    with ExitStack() as stack:
        stage = stack.enter_context(open_stage(load.people - 1, make, by_the_clock=True))
        give_back_memory()
        before = resident()
        _gather(stage, load)
        engine = _Engine(stage, load, travel)
        play(stage, engine.events, _WARM_UP)
        memory = resident() - before
        burst = Burst(
            packets=load.packets,
            size=engine.packet_size(),
            fan_out=load.fan_out,
            gso=stage.gso,
            profile=profile,
        )
        floor = stack.enter_context(open_floor(load.subscribers, burst))
        before = resident()
        found: list[tuple[Count, list[int]]] = []
        floors: list[FloorCount] = []
        for number in range(plan.rounds):
            # Every second round goes the other way, so that what comes and goes meets both.
            if number % 2:
                floors.append(_beside(floor, load, plan))
            found.append(engine.run(plan.a_round * (1 - _FLOORS)))
            if not number:
                memory += resident() - before
            if not number % 2:
                floors.append(_beside(floor, load, plan))
        rounds = _figures(found, floors, load)
        return Measured(
            workload=load.workload.name,
            about=load.workload.about,
            profile=profile,
            subscribers=load.subscribers,
            packets_a_frame=load.packets,
            packet_bytes=burst.size,
            wanted_packets_a_second=load.forwarded,
            memory_bytes=max(0, memory // load.subscribers),
            checked=sum(each.checked for each in stage.clients),
            stamped=travel.stamped,
            gso=stage.gso,
            floor_arrived=min(each.arrived for each in floors),
            figures=spreads(rounds),
            rounds=rounds,
        )


class _Engine:
    """The engine's part of a run."""

    def __init__(self, stage: Stage[Viewer], load: Load, travel: Travel) -> None:
        self.events = merged(
            reports_in_turn(stage.clients, load.workload.feedback),
            *(_published(stage, load, number) for number in load.publishers),
        )
        self._stage = stage
        self._travel = travel

    def packet_size(self) -> int:
        """Return the bytes of a packet that it sends. Raises TrialError when it sends none."""
        counters = self._stage.counters()
        if not counters["rtp_forwarded"]:
            raise nothing_came()
        return round(counters["rtp_forwarded_bytes"] / counters["rtp_forwarded"])

    def run(self, seconds: float) -> tuple[Count, list[int]]:
        """Play for a while; return what was counted, and latencies in nanoseconds."""
        self._settle()
        del self._travel.latencies[:]
        before, began = self._count(), time.monotonic()
        play(self._stage, self.events, seconds)
        lasted = time.monotonic() - began
        self._settle()
        return as_counted(before, self._count(), lasted), self._travel.latencies.tolist()

    def _settle(self) -> None:
        self._stage.receive(time.monotonic() + _SETTLE)

    def _count(self) -> Count:
        self._stage.counted()
        used, counters = usage(_WORKER), self._stage.counters()
        return Count(
            published=sum(each.published for each in self._stage.clients),
            forwarded=counters["rtp_forwarded"],
            arrived=sum(each.received for each in self._stage.clients),
            nanos=used.nanos,
            user_ticks=used.user_ticks,
            system_ticks=used.system_ticks,
            switches=used.switches,
            datagrams=counters["socket_send_datagrams"],
            runs=counters["socket_send_runs"],
            calls=counters["socket_send_calls"],
            syscalls=sum(counters[each] for each in _SYSCALLS),
        )


def nothing_came() -> TrialError:
    """Return the error of a run in which nothing came through."""
    return TrialError(
        "packets did not come through the engine; has the machine any time for it?",
        code="trial-failed",
    )


def _figures(
    found: list[tuple[Count, list[int]]], floors: list[FloorCount], load: Load
) -> list[Round]:
    user = user_share([count for count, _ in found])
    rounds = []
    for (count, latencies), floor in zip(found, floors, strict=True):
        expected = count.published * load.fan_out
        each = figures(count, floor, latencies, expected=expected, user=user)
        if each is None:
            raise nothing_came()
        rounds.append(each)
    return rounds


def _beside(floor: Floor, load: Load, plan: Plan) -> FloorCount:
    every = 1 / (load.frames_a_second * len(load.publishers))
    play(floor, at_intervals(every, floor.step), plan.a_round * _FLOORS)
    floor.receive(time.monotonic() + _SETTLE)
    return floor.take_count()


def _gather(stage: Stage[Viewer], load: Load) -> None:
    """Have everybody join, and see or hear who is to be."""
    rooms = load.workload.shape == "rooms"
    for number, client in enumerate(stage.clients):
        stage.settle(number, ROOM - 1 if rooms else int(number > 0))
        client.gso = stage.gso
    stage.connect()
    if not rooms:
        stage.show(load.workload.mid)
        return
    for number in range(load.people):
        first = number - number % ROOM
        others = [each for each in range(first, first + ROOM) if each != number]
        for pair, other in enumerate(others):
            stage.introduce(number, other, load.workload.mid, pair)


def _published(stage: Stage[Viewer], load: Load, number: int) -> Events:
    """Return what a client sends; several do so in turn."""
    client, workload = stage.clients[number], load.workload
    every = 1 / load.frames_a_second
    if workload.mid == AUDIO_MID:
        microphone = Microphone(ssrc_of(number))

        def send() -> None:
            client.publish([microphone.packet(client.take_numbers(1))])

    else:
        camera = Camera(
            ssrc_of(number) + 1,
            packets=load.packets,
            size=workload.size,
            frames_a_second=load.frames_a_second,
        )

        def send() -> None:
            client.publish(next_frame(client, camera))

    return at_intervals(every, send, after=every * number / len(load.publishers))
