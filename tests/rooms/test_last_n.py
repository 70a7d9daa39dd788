"""Who is seen and heard when a viewer has not the slots for all."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trio_sfu.ids import PeerId
from trio_sfu.rooms.seats import HOLD, Wishes
from trio_sfu.rooms.slots import Publisher, Seating, assign
from trio_sfu.rooms.speakers import Speech
from trio_sfu.signaling.carried import SlotLine

ALL = {"microphone": False, "camera": False}


def layout(full: int, video_only: int = 0, audio_only: int = 0) -> list[SlotLine]:
    kinds = [("audio", "video")] * full + [("video",)] * video_only + [("audio",)] * audio_only
    return [
        SlotLine(mid=f"{kind[0]}{pair}", kind=kind, pair=pair)  # type: ignore[arg-type]
        for pair, each in enumerate(kinds)
        for kind in each
    ]


def peers(names: str, **tracks: Mapping[str, bool]) -> list[Publisher]:
    """One a letter, with microphone and camera unless ``tracks`` say something else."""
    return [Publisher(PeerId(name), tracks.get(name, ALL)) for name in names]  # type: ignore[arg-type]


def speech(recent: str = "", *, speaking: str | None = None, voices: str | None = None) -> Speech:
    """Of peers with names of one letter; who speaks is the first, if nothing else is said."""
    now = recent[:1] if speaking is None else speaking
    return Speech(
        tuple(map(PeerId, recent)),
        frozenset(map(PeerId, now)),
        tuple(map(PeerId, now if voices is None else voices)),
    )


class Viewer:
    """Somebody who watches a room."""

    def __init__(self, lines: Sequence[SlotLine], publishers: Sequence[Publisher]) -> None:
        self.lines = lines
        self.publishers = publishers
        self.seating = Seating()
        self.voices = 8
        self.sees(0.0)

    def sees(self, now: float, heard: Speech | None = None, pinned: str = "") -> str:
        """Return who is seen in the pairs, in their order."""
        wishes = Wishes(now, heard or Speech(), frozenset(map(PeerId, pinned)), self.voices)
        self.seating = assign(self.lines, self.publishers, self.seating, wishes)
        return self._by_pair("video")

    @property
    def hears(self) -> str:
        return self._by_pair("audio")

    def _by_pair(self, kind: str) -> str:
        shown = (self.seating.showing[line.mid] for line in self.lines if line.kind == kind)
        return "".join(each.peer if each else "-" for each in shown)


def test_a_speaker_takes_the_seat_of_who_has_not_spoken_for_the_longest_time() -> None:
    viewer = Viewer(layout(3), peers("abcdef"))
    assert viewer.sees(10, speech("a")) == "abc"
    assert viewer.sees(20, speech("ca")) == "abc"
    assert viewer.sees(30, speech("fca")) == "afc"
    assert viewer.sees(40, speech("efca")) == "efc"
    assert viewer.sees(50, speech("efca", speaking="")) == "efc"


def test_with_slots_for_all_nobody_moves_whoever_speaks() -> None:
    viewer = Viewer(layout(3, audio_only=1), peers("abc"))
    for now, who in enumerate("cabacb"):
        assert viewer.sees(now, speech(who)) == viewer.hears.rstrip("-") == "abc"
        assert not viewer.seating.crowded


def test_a_seat_that_has_changed_hands_keeps_its_peer_for_a_while() -> None:
    viewer = Viewer(layout(1), peers("abc"))
    assert viewer.sees(10, speech("b")) == "b"
    assert viewer.sees(11, speech("cb", speaking="bc")) == "b"
    assert viewer.seating.again == pytest.approx(10 + HOLD)
    assert viewer.sees(10 + HOLD, speech("cb", speaking="bc")) == "c"


def test_one_seat_follows_a_dialogue() -> None:
    viewer = Viewer(layout(1), peers("abc"))
    assert viewer.sees(10, speech("a")) == "a"
    assert viewer.sees(13, speech("ba")) == "b"
    assert viewer.sees(16, speech("ab")) == "a"


def test_who_is_pinned_or_shares_is_seen_before_who_speaks() -> None:
    screen = {"microphone": False, "camera": False, "screen": False}
    viewer = Viewer(layout(2), peers("abcdef", e=screen))
    assert viewer.sees(10, speech("fcb"), pinned="d") == "ed"
    assert viewer.sees(20, speech("fcb")) == "ef"


def test_a_seat_that_shows_nothing_goes_to_who_has_something_to_show() -> None:
    dark = {"microphone": False, "camera": True}
    viewer = Viewer(layout(2), peers("abc", a=dark))
    assert viewer.sees(10) == "bc"
    viewer.publishers = peers("abc")
    assert viewer.sees(20) == "bc"
    assert viewer.sees(30, speech("a")) == "ba"


def test_who_leaves_makes_room_for_who_spoke_last() -> None:
    viewer = Viewer(layout(2), peers("abcd"))
    viewer.publishers = peers("bcd")
    assert viewer.sees(20, speech("d", speaking="")) == "db"


def test_the_loudest_are_heard_in_the_pairs_that_will_show_them() -> None:
    viewer = Viewer(layout(2), peers("abcde"))
    viewer.sees(10, speech("a"))
    # A word is heard at once, and half a second of it is seen as well, in the same pair.
    assert viewer.sees(20, speech("a", voices="ae")) == "ab"
    assert viewer.hears == "ae"
    assert viewer.sees(20.4, speech("ae", speaking="ae")) == "ae"
    assert viewer.hears == "ae"


def test_who_is_seen_and_speaks_has_the_microphone_of_that_pair() -> None:
    viewer = Viewer(layout(3), peers("abcde"))
    viewer.sees(10, speech("a", voices="ae"))
    assert viewer.hears == "abe"
    viewer.sees(11, speech("a", voices="aec"))
    assert viewer.hears == "aec"


def test_a_pair_has_its_own_microphone_again_when_its_guest_is_silent() -> None:
    viewer = Viewer(layout(2), peers("abcde"))
    viewer.sees(10, speech("a", voices="ae"))
    viewer.sees(13, speech("a"))
    assert viewer.hears == "ae"
    assert viewer.sees(viewer.seating.again, speech("a")) == "ab"
    assert viewer.hears == "ab"


def test_who_has_no_camera_is_heard_where_no_camera_could_be() -> None:
    viewer = Viewer(layout(2, audio_only=1), peers("abcde", e={"microphone": False}))
    assert viewer.sees(10, speech("ae", voices="ae")) == "ab"
    assert viewer.hears == "abe"
    viewer.publishers = peers("abcde", c={"screen-audio": False}, e={"microphone": False})
    viewer.sees(11, speech("ae", voices="ae"))
    assert viewer.seating.showing["a2"] is not None
    assert viewer.hears == "aec", "the sound of a screen comes first in its slot"


def test_with_three_audio_slots_those_who_speak_come_to_the_front() -> None:
    viewer = Viewer(layout(3, video_only=3), peers("abcdefgh"))
    front = viewer.sees(10, speech("eh", speaking="eh"))[:3]
    assert set("eh") <= set(front)
    assert [viewer.hears[front.index(who)] for who in "eh"] == ["e", "h"]
    # Who was there and does not speak has changed places with them, if there was one.
    assert sorted(viewer.sees(10.1, speech("eh", speaking="eh"))) == sorted("abcdeh")


def test_no_more_are_heard_than_the_server_lets_be_heard() -> None:
    viewer = Viewer(layout(4), peers("abcd"))
    viewer.voices = 2
    assert viewer.sees(10) == "abcd"
    assert viewer.hears == "ab--"
    assert viewer.sees(20, speech("d")) == "abcd"
    assert viewer.hears == "a--d", "who is seen is heard in the pair that shows them"
    viewer.sees(30, speech("cd", speaking="cd"))
    assert viewer.hears == "--cd"
    viewer.sees(40, speech("cd", speaking=""))
    assert viewer.hears == "--cd", "what nobody needs stays"
    viewer.voices = 4
    viewer.sees(50)
    assert viewer.hears == "abcd"


NAMES = "abcdefghij"
ROUNDS = st.lists(
    st.tuples(
        st.floats(0.05, 3.0),
        st.sets(st.sampled_from(NAMES)),
        st.permutations(NAMES),
        st.integers(0, 5),
        st.integers(0, 10),
        st.sets(st.sampled_from(NAMES), max_size=2),
    ),
    max_size=12,
)


@given(ROUNDS, st.integers(0, 4), st.integers(0, 3), st.integers(0, 2), st.data())
def test_whoever_speaks_seats_are_kept_unique_full_and_in_pairs(
    rounds: list[tuple[float, set[str], list[str], int, int, set[str]]],
    full: int,
    video_only: int,
    audio_only: int,
    data: st.DataObject,
) -> None:
    viewer = Viewer(layout(full, video_only, audio_only), [])
    now, changes = 0.0, dict[int, float]()
    for seconds, gone, order, speaking, voices, pinned in rounds:
        now += seconds
        here = sorted(set(NAMES) - gone)
        tracks = data.draw(
            st.fixed_dictionaries(
                {
                    name: st.sampled_from(
                        [
                            ALL,
                            ALL,
                            {"microphone": False},
                            {"camera": False},
                            ALL | {"screen": False},
                        ]
                    )
                    for name in here
                }
            )
        )
        viewer.publishers = peers("".join(here), **tracks)
        recent = "".join(order[: speaking + 3])
        before = viewer.seating
        viewer.sees(
            now,
            speech(recent, speaking=recent[:speaking], voices="".join(order[:voices])),
            "".join(pinned & set(here)),
        )
        seating = viewer.seating
        assert seating.again > now
        seats, heard = seating.seats, seating.microphones
        assert len(set(seats.values())) == len(seats) == min(full + video_only, len(here))
        assert len(set(heard.values())) == len(heard)
        _lip_sync(seating, full)
        _first_voices(viewer, "".join(order[:voices]), tracks)
        _held(before, seating, now, changes, tracks)


def _lip_sync(seating: Seating, full: int) -> None:
    for pair, who in seating.seats.items():
        if pair < full and who in seating.microphones.values():
            assert seating.microphones.get(pair) == who


def _first_voices(viewer: Viewer, voices: str, tracks: Mapping[str, Mapping[str, bool]]) -> None:
    can = [who for who in voices if "microphone" in tracks.get(who, ())]
    if viewer.seating.crowded:
        assert set(can[: len(viewer.hears)]) <= set(viewer.hears)


def _held(
    before: Seating,
    after: Seating,
    now: float,
    changes: dict[int, float],
    tracks: Mapping[str, Mapping[str, bool]],
) -> None:
    for pair, who in after.seats.items():
        former = before.seats.get(pair)
        if former is None or former == who:
            continue
        if former in tracks and tracks[former].get("camera") is False:
            assert now - changes.get(pair, -9.0) >= 2.0, "a seat that showed somebody changed"
        changes[pair] = now


def test_steady_speech_of_more_than_there_are_seats_for_changes_no_seat() -> None:
    viewer = Viewer(layout(3, video_only=2), peers("abcdefgh"))
    said = speech("hgfedcba", speaking="abcdefgh")
    seen = [viewer.sees(10 + step / 10, said) for step in range(600)]
    assert all(one == other for one, other in pairwise(seen[60:]))
