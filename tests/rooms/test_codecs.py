"""Everybody sees everybody: what publishers are asked to encode with."""

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trio_sfu._native import Codec
from trio_sfu.config.model import Video
from trio_sfu.ids import PeerId
from trio_sfu.rooms.codecs import HOLD, CodecChoice, Preference, preference_of
from trio_sfu.rooms.state import Member
from trio_sfu.signaling.carried import VideoCodec

ALL: tuple[VideoCodec, ...] = ("vp8", "vp9", "h264", "av1")
CODECS = st.lists(st.sampled_from(ALL), unique=True, min_size=1)


def member(name: str, decodes: Iterable[Codec] = ALL, encodes: Iterable[Codec] = ALL) -> Member:
    made = Member(PeerId(name), name, decodes=frozenset(decodes))
    made.encodes = {"camera": list(encodes), "microphone": ["red", "opus"]}
    return made


class Room:
    """What each member's camera is encoded with, as its client understands it."""

    def __init__(self, *codecs: VideoCodec, svc: bool = False) -> None:
        self.choice = CodecChoice(Preference(codecs, svc))
        self.members: dict[str, Member] = {}
        self.sends: dict[str, tuple[Codec, bool]] = {}
        self.told: list[str] = []
        self.now = 0.0

    def enter(self, new: Member) -> None:
        self.members[new.name] = new
        self.sends[new.name] = (new.encodes["camera"][0], False)
        self.review()

    def leave(self, name: str) -> None:
        del self.members[name], self.sends[name]
        self.choice.forget(PeerId(name))
        self.review()

    def review(self, again: str | None = None) -> None:
        told = self.choice.review(
            self.members.values(), self.now, again=PeerId(again) if again else None
        )
        for peer, message in told:
            assert message.source == "camera"
            self.sends[peer] = (message.codec, message.svc)
            self.told.append(peer)

    def codec(self, name: str) -> Codec:
        return self.sends[name][0]


def test_the_first_that_all_have_is_used() -> None:
    room = Room("av1", "vp9", "vp8")
    room.enter(member("alice"))
    assert room.codec("alice") == "av1"
    room.enter(member("bob", decodes=("vp8", "vp9")))
    assert room.codec("alice") == "vp9"
    assert room.codec("bob") == "av1", "nobody else lacks it"


def test_who_comes_without_the_codec_is_waited_for_by_nobody() -> None:
    room = Room("vp9", "vp8")
    room.enter(member("alice"))
    room.enter(member("carol"))
    room.told.clear()
    room.enter(member("bob", decodes=("vp8",), encodes=("vp8",)))
    assert [room.codec(name) for name in ("alice", "carol", "bob")] == ["vp8"] * 3
    assert room.told == ["alice", "carol"]


def test_the_preferred_codec_is_back_when_who_lacked_it_has_left() -> None:
    room = Room("vp9", "vp8")
    room.enter(member("alice"))
    room.enter(member("bob", decodes=("vp8",)))
    room.now += HOLD
    room.leave("bob")
    assert room.codec("alice") == "vp9"


def test_who_comes_and_goes_does_not_make_the_codec_flap() -> None:
    room = Room("vp9", "vp8")
    room.enter(member("alice"))
    for _turn in range(10):
        room.enter(member("bob", decodes=("vp8",)))
        room.now += 1
        room.leave("bob")
        room.now += 1
    assert room.told.count("alice") == 2
    assert room.codec("alice") == "vp8"


def test_a_client_that_resumed_is_told_again() -> None:
    room = Room("vp9", "vp8")
    room.enter(member("alice"))
    room.enter(member("bob", decodes=("vp8",)))
    room.sends["alice"] = ("vp9", False)  # the socket was lost with the message
    room.review()
    assert room.codec("alice") == "vp9"
    room.review(again="alice")
    assert room.codec("alice") == "vp8"


def test_layers_are_for_cameras_of_codecs_that_have_them() -> None:
    room = Room("vp9", "vp8", svc=True)
    room.enter(member("alice"))
    assert room.sends["alice"] == ("vp9", True)
    room.enter(member("bob", decodes=("vp8",)))
    assert room.sends["alice"] == ("vp8", False)


def test_who_has_no_slots_yet_decides_nothing() -> None:
    room = Room("av1", "vp8")
    room.enter(member("alice"))
    room.enter(member("bob", decodes=()))
    assert room.codec("alice") == "av1"


def test_whom_nothing_suits_is_known() -> None:
    alice = member("alice", encodes=("vp8",))
    alice.codecs["camera"] = "vp8"
    bob, carol = member("bob", decodes=("h264",)), member("carol")
    assert not bob.can_show(alice, "camera")
    assert carol.can_show(alice, "camera")
    assert member("dave", decodes=()).can_show(alice, "camera"), "nothing is known of dave"
    assert bob.can_show(alice, "screen"), "nothing has come"


@given(st.lists(st.tuples(CODECS, CODECS), min_size=1, max_size=8), CODECS)
def test_if_any_codec_suits_all_one_of_those_is_used(
    people: list[tuple[list[VideoCodec], list[VideoCodec]]], preferred: list[VideoCodec]
) -> None:
    room = Room(*preferred)
    for number, (decodes, encodes) in enumerate(people):
        # What is negotiated is within what the server uses, in its order.
        encodes = [each for each in preferred if each in encodes]
        if encodes:
            room.enter(member(str(number), decodes, encodes))
    for name, one in room.members.items():
        others = [each.decodes for each in room.members.values() if each is not one]
        suit = [each for each in one.encodes["camera"] if all(each in other for other in others)]
        if suit:
            assert room.codec(name) in suit


@pytest.mark.parametrize(
    ("room", "preference"),
    [
        ("lecture-7", Preference(["av1", "vp9", "vp8", "h264"], svc=True)),
        ("phones", Preference(["h264", "vp8", "vp9", "av1"])),
        ("layers", Preference(list(ALL), svc=True, screens=["av1"])),
        ("other", Preference(list(ALL), screens=["av1"])),
    ],
)
def test_a_room_may_have_an_order_of_its_own(room: str, preference: Preference) -> None:
    settings = Video(rooms=["lecture-*: av1 vp9 svc", "phones: h264", "layers: svc"])
    assert preference_of(room, settings) == preference


def test_screens_have_an_order_of_their_own() -> None:
    alice = member("alice")
    alice.encodes = {"camera": list(ALL), "screen": list(ALL)}
    choice = CodecChoice(preference_of("other", Video()))
    told = {message.source: message.codec for _, message in choice.review([alice], 0)}
    assert told == {"screen": "av1"}
    bob = member("bob", decodes=("vp8", "h264"))
    told = {message.source: message.codec for _, message in choice.review([alice, bob], 1)}
    assert told == {"screen": "vp8"}, "bob has no AV1"


def test_a_codec_that_is_not_used_is_none_for_screens() -> None:
    assert preference_of("other", Video(codecs=["vp8"])) == Preference(["vp8"], screens=[])
