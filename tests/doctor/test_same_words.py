"""The library's connection test says what it finds in the doctor's words."""

import re
from pathlib import Path
from typing import get_args

from trio_sfu.doctor import reach, relays
from trio_sfu.doctor.finding import State

FOLDER = Path(__file__).resolve().parents[2] / "client/src/lib/connection-test"
WORDS = (FOLDER / "words.ts").read_text()
FINDING = (FOLDER / "finding.ts").read_text()


def test_the_checks_have_the_doctors_names() -> None:
    ways = re.search(r"CHECKS[^{]*\{(.*?)\}", WORDS, re.DOTALL)
    assert ways is not None
    names = dict(re.findall(r'(\w+): "([^"]+)"', ways[1]))
    (relay,) = (each for each in relays._check_relay.__code__.co_consts if each == "TURN")
    assert names == {"udp": reach.UDP, "tcp": reach._TCP, "relay": relay}


def test_the_verdicts_are_the_doctors() -> None:
    states = re.search(r"type FindingState = ([^;]+);", FINDING)
    assert states is not None
    assert re.findall(r'"(\w+)"', states[1]) == list(get_args(State))


def test_the_way_out_of_a_relay_that_is_not_there_is_the_doctors() -> None:
    assert f'"{relays._remedy("stun-timeout")}"' in WORDS
