from hypothesis import given
from hypothesis import strategies as st

from trio_sfu.ids import PeerId
from trio_sfu.rooms.slots import Publisher, Seating, Showing, assign
from trio_sfu.signaling.carried import SlotLine, Source


def lines(pairs: int, audio_only: int = 1) -> list[SlotLine]:
    both = [
        SlotLine(mid=f"{kind[0]}{pair}", kind=kind, pair=pair)
        for pair in range(pairs)
        for kind in ("audio", "video")
    ]
    return both + [
        SlotLine(mid=f"a{pairs + n}", kind="audio", pair=pairs + n) for n in range(audio_only)
    ]


def peer(name: str, **tracks: bool) -> Publisher:
    return Publisher(PeerId(name), {source.replace("_", "-"): m for source, m in tracks.items()})  # type: ignore[misc]


def showing(name: str, source: Source) -> Showing:
    return Showing(PeerId(name), source)


def test_a_peer_gets_microphone_and_camera_in_one_pair() -> None:
    seating = assign(lines(2), [peer("ann", microphone=False, camera=False)])
    assert seating.showing["a0"] == showing("ann", "microphone")
    assert seating.showing["v0"] == showing("ann", "camera")
    assert seating.showing["v1"] is None


def test_the_screen_takes_the_cameras_place_and_gives_it_back() -> None:
    camera = peer("ann", camera=False)
    sharing = peer("ann", camera=False, screen=False)
    before = assign(lines(1), [camera])
    during = assign(lines(1), [sharing], before)
    after = assign(lines(1), [camera], during)
    assert [each.showing["v0"] for each in (before, during, after)] == [
        showing("ann", "camera"),
        showing("ann", "screen"),
        showing("ann", "camera"),
    ]


def test_a_muted_camera_leaves_the_slot_dark_and_the_seat_taken() -> None:
    before = assign(lines(2), [peer("ann", camera=True), peer("bob", camera=False)])
    assert before.showing["v0"] is None
    assert before.showing["v1"] == showing("bob", "camera")


def test_who_leaves_does_not_move_the_others() -> None:
    ann, bob, eve = (peer(name, camera=False) for name in ("ann", "bob", "eve"))
    before = assign(lines(2), [ann, bob])
    after = assign(lines(2), [bob, eve], before)
    assert after.showing["v1"] == showing("bob", "camera")
    assert after.showing["v0"] == showing("eve", "camera")


def test_screen_audio_is_heard_from_an_audio_only_pair() -> None:
    sharing = peer("ann", microphone=False, screen=False, screen_audio=False)
    seating = assign(lines(1), [sharing])
    assert seating.showing["a0"] == showing("ann", "microphone")
    assert seating.showing["a1"] == showing("ann", "screen-audio")


def test_a_grown_offer_seats_those_who_waited() -> None:
    peers = [peer(name, camera=False) for name in ("ann", "bob", "eve")]
    before = assign(lines(2), peers)
    after = assign(lines(4), peers, before)
    assert {each.peer for each in before.showing.values() if each} == {"ann", "bob"}
    assert {each.peer for each in after.showing.values() if each} == {"ann", "bob", "eve"}
    assert after.seats[0] == before.seats[0]


NAMES = st.lists(st.sampled_from("abcdefgh"), unique=True, max_size=8)


@given(st.lists(NAMES, max_size=8), st.integers(0, 6))
def test_seats_are_kept_unique_and_full(rounds: list[list[str]], pairs: int) -> None:
    seating = Seating()
    for names in rounds:
        before = seating
        seating = assign(lines(pairs), [peer(name, camera=False) for name in names], before)
        assert len(set(seating.seats.values())) == len(seating.seats) == min(pairs, len(names))
        kept = {pair: who for pair, who in before.seats.items() if who in names}
        assert kept.items() <= seating.seats.items()


def test_who_has_slots_for_sound_alone_hears_everybody_before_they_speak() -> None:
    sound = lines(0, audio_only=3)
    others = [peer(name, microphone=True) for name in "abc"]
    seating = assign(sound, others)
    assert sorted(each.peer for each in seating.showing.values() if each) == ["a", "b", "c"]
    fourth = assign(sound, [*others, peer("d", microphone=True)], seating)
    assert fourth.microphones == seating.microphones, (
        "there is no room for one more until it speaks"
    )
