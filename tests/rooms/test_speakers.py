"""Who is taken for a speaker, in conversations made up of what microphones hear."""

from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.rooms.talking import (
    Keyboard,
    Noise,
    Over,
    Silence,
    Sound,
    Speaking,
    Talk,
    Turns,
    burst,
)
from trio_sfu.ids import PeerId
from trio_sfu.rooms.speakers import HELD, Speakers, Speech

SEEDS = range(20)
WITHIN = 1.0
"""Seconds from somebody's first word until they are the dominant speaker."""


@pytest.mark.parametrize("seed", SEEDS)
def test_dominance_passes_with_the_turn_and_within_a_second(seed: int) -> None:
    soft = 30 + seed % 12
    talk = Talk(
        {
            "ann": Turns((5, Speaking((seed, "ann")))),
            "bob": Turns((5, Silence(seed)), (5, Speaking((seed, "bob"), soft))),
            "eve": Silence((seed, "eve")),
        }
    ).go_on(14)
    assert [who for _, who in talk.dominant] == ["ann", "bob"]
    assert talk.dominant[1][0] - 5 <= WITHIN
    assert talk.speakers.speech == Speech(recent=(PeerId("bob"), PeerId("ann")))


@pytest.mark.parametrize("seed", SEEDS)
def test_over_the_noise_of_two_fans_it_is_the_same(seed: int) -> None:
    def fan(which: str) -> Sound:
        return Noise((seed, which), 45)

    talk = Talk(
        {
            "ann": Turns((5, Over(Speaking((seed, "ann"), 28), fan("a"))), (9, fan("a"))),
            "bob": Turns((5, fan("b")), (9, Over(Speaking((seed, "bob"), 28), fan("b")))),
        }
    ).go_on(12)
    assert [who for _, who in talk.dominant] == ["ann", "bob"]
    assert talk.dominant[1][0] - 5 <= WITHIN


@pytest.mark.parametrize(
    "noise",
    [
        pytest.param(lambda seed: Turns((4, Silence(seed)), (1, burst(seed, 0.35))), id="cough"),
        pytest.param(
            lambda seed: Turns((4.05, Silence(seed)), (1, burst(seed, 0.1, 8))), id="door"
        ),
        pytest.param(lambda seed: Noise(seed, 35), id="fan"),
        pytest.param(lambda seed: Turns((4, Silence(seed)), (9, Noise(seed, 28))), id="hoover"),
    ],
)
@pytest.mark.parametrize("seed", SEEDS)
def test_a_noise_is_no_speaker_not_even_in_a_silence(
    noise: Callable[[int], Sound], seed: int
) -> None:
    talk = Talk({"ann": Turns((3, Speaking((seed, "ann")))), "bob": noise(seed)}).go_on(12)
    assert [who for _, who in talk.dominant] == ["ann"]
    assert not any(PeerId("bob") in speech.speaking for _, speech in talk.history)


@pytest.mark.parametrize(
    "interruption",
    [
        pytest.param(lambda seed: Keyboard(seed), id="keyboard"),
        pytest.param(lambda seed: Turns((6, Silence(seed)), (1, burst(seed, 0.5))), id="cough"),
        pytest.param(
            lambda seed: Turns((6, Silence(seed)), (1.2, Speaking((seed, "yes")))), id="yes, yes"
        ),
    ],
)
@pytest.mark.parametrize("seed", SEEDS)
def test_who_goes_on_speaking_stays_dominant(
    interruption: Callable[[int], Sound], seed: int
) -> None:
    talk = Talk({"ann": Speaking((seed, "ann")), "bob": interruption(seed)}).go_on(15)
    assert [who for _, who in talk.dominant] == ["ann"]


def test_two_who_speak_at_once_do_not_take_turns_at_every_breath() -> None:
    changes = 0
    for seed in SEEDS:
        both = {name: Speaking((seed, name)) for name in ("ann", "bob")}
        talk = Talk(both).go_on(60)
        changes += len(talk.dominant) - 1
        assert talk.history[-1][1].speaking == {"ann", "bob"}
    assert changes <= 2 * len(SEEDS), "more than two a minute"


def test_who_has_stopped_is_behind_those_who_go_on_and_before_those_who_stopped_before() -> None:
    talk = Talk(
        {
            "ann": Speaking("ann"),
            "bob": Turns((4, Speaking("bob"))),
            "eve": Turns((1, Silence("eve")), (6, Speaking("eve"))),
            "dan": Silence("dan"),
        }
    ).go_on(12)
    assert talk.speakers.speech.recent == ("ann", "eve", "bob")


def test_a_voice_is_heard_after_a_word_and_kept_for_a_while() -> None:
    talk = Talk({"ann": Turns((1, Silence("a")), (0.6, Speaking("ann")))}).go_on(6)
    voices = [(when, bool(speech.voices)) for when, speech in talk.history]
    begun = next(when for when, heard in voices if heard)
    ended = next(when for when, heard in voices if when > begun and not heard)
    assert begun - 1 <= 0.4
    assert HELD <= ended - 1.6 <= HELD + 0.6


def test_of_many_voices_the_loudest_come_first_and_stay_in_their_order() -> None:
    loud = {f"loud{n}": Speaking(n, 24) for n in range(3)}
    soft = {f"soft{n}": Speaking((n, "soft"), 38) for n in range(3)}
    talk = Talk(soft | loud).go_on(15)
    settled = [speech for when, speech in talk.history if when > 8]
    assert talk.dominant
    for speech in settled[-3:]:
        # Who dominates is heard, however softly they speak.
        assert set(speech.voices[:3]) - {speech.dominant} <= loud.keys()
    firsts = [frozenset(speech.voices[:3]) for speech in settled]
    assert sum(one != other for one, other in pairwise(firsts)) <= 3, "in seven seconds"


def test_who_leaves_is_forgotten_and_the_latest_speaker_dominates() -> None:
    talk = Talk(
        {"ann": Turns((3, Speaking("a"))), "bob": Turns((3, Silence("b")), (3, Speaking("b")))}
    )
    talk.go_on(8)
    talk.speakers.forget(PeerId("bob"))
    assert talk.speakers.speech.dominant == "ann"
    talk.speakers.forget(PeerId("ann"))
    assert talk.speakers.speech == Speech()


PEERS = [PeerId(name) for name in "abcdef"]
EVENTS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(PEERS), st.integers(0, 127), st.binary(max_size=10)),
        st.sampled_from(PEERS),
        st.floats(0.01, 3.0),
    ),
    max_size=200,
)


@settings(max_examples=60)
@given(EVENTS)
def test_whatever_is_heard_everybody_is_in_each_list_once(
    events: list[tuple[PeerId, int, bytes] | PeerId | float],
) -> None:
    speakers, now, gone = Speakers(), 0.0, set(PEERS)
    for event in events:
        match event:
            case (peer, level, levels):
                gone.discard(peer)
                speakers.hear(now, peer, level, bytes(each & 127 for each in levels))
            case str(peer):
                speakers.forget(peer)
                gone.add(peer)
            case float(seconds):
                now += seconds
                before = speakers.speech
                assert speakers.step(now) == (speakers.speech != before)
        speech = speakers.speech
        assert len(set(speech.recent)) == len(speech.recent)
        assert len(set(speech.voices)) == len(speech.voices)
        assert speech.speaking <= set(speech.recent)
        assert not gone & {*speech.recent, *speech.voices}
    speakers.step(now + 10)
    assert not speakers.speech.voices
    assert not speakers.speech.speaking
    assert not speakers.busy
