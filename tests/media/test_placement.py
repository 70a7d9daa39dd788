"""Peers of a room stay together while there is room, and the work is shared."""

from contextlib import ExitStack

from hypothesis import given
from hypothesis import strategies as st

from trio_sfu.media.placement import BUSY, PEER, Load, Placement, choose

loads = st.lists(
    st.builds(
        Load,
        peers=st.integers(0, 500),
        packets=st.floats(0, 500_000),
        lost=st.booleans(),
        busy=st.floats(0, 1),
    ),
    min_size=1,
    max_size=8,
)
rooms = st.sampled_from(["a", "b", "c", None])


@given(loads=loads, data=st.data(), limit=st.floats(1, 400_000))
def test_a_room_stays_where_it_is_or_goes_where_least_is_to_do(
    loads: list[Load], data: st.DataObject, limit: float
) -> None:
    counts = st.integers(0, 20)
    of_room = data.draw(st.lists(counts, min_size=len(loads), max_size=len(loads)))
    chosen = choose(loads, of_room, limit)
    usable = [each for each, load in enumerate(loads) if not load.lost]
    if usable:
        assert chosen in usable
    with_pauses = [each for each in usable if loads[each].busy <= BUSY]
    if with_pauses:
        assert chosen in with_pauses
    usable = with_pauses or usable
    homes = [each for each in usable if of_room[each] and loads[each].cost <= limit]
    if homes:
        assert of_room[chosen] == max(of_room[each] for each in homes)
    elif usable:
        assert loads[chosen].cost == min(loads[each].cost for each in usable)


@given(comers=st.lists(rooms, max_size=60), workers=st.integers(1, 4))
def test_small_rooms_are_whole_and_spread_over_the_workers(
    comers: list[str | None], workers: int
) -> None:
    placement = Placement(workers, 100_000.0)
    homes: dict[str, set[int]] = {}
    with ExitStack() as peers:
        for room in comers:
            worker = peers.enter_context(placement.seat(room))
            if room is not None:
                homes.setdefault(room, set()).add(worker)
        assert all(len(home) == 1 for home in homes.values())
        assert sum(load.peers for load in placement.loads()) == len(comers)
    assert sum(load.peers for load in placement.loads()) == 0
    assert not placement._rooms


def test_a_big_room_fills_all_workers() -> None:
    placement = Placement(4, 100 * PEER)
    with ExitStack() as peers:
        for _ in range(1_000):
            peers.enter_context(placement.seat("all hands"))
        assert min(load.peers for load in placement.loads()) > 200


def test_what_is_sent_counts_and_not_who_is_there() -> None:
    placement = Placement(2, 1_000.0)
    placement.forwarded(10.0, [0, 0])
    with placement.seat("r") as first:
        assert first == 0
        placement.forwarded(10.5, [4_000, 0])
        with placement.seat("r") as early:
            assert early == 0, "half a second says nothing yet"
        placement.forwarded(12.0, [4_000, 0])
        with placement.seat("r") as second:
            assert second == 1
        placement.forwarded(14.0, [4_100, 0])
        with placement.seat("r") as third:
            assert third == 0


def test_who_comes_to_a_worker_without_a_pause_goes_to_another() -> None:
    placement = Placement(2, 100_000.0)
    with placement.seat("r") as home:
        placement.note_busy([0.9, 0.2])
        with placement.seat("r") as other, placement.seat("s") as another_room:
            assert {other, another_room} == {1 - home}
        placement.note_busy([0.9, 0.8])
        with placement.seat("r") as stays:
            assert stays == home, "there is no better place"


def test_a_worker_that_is_lost_gets_nobody() -> None:
    placement = Placement(2, 100_000.0)
    with placement.seat("r") as home:
        placement.lost.add(home)
        with placement.seat("r") as other:
            assert other != home
        placement.lost.clear()
        with placement.seat("r") as again:
            assert again == home
