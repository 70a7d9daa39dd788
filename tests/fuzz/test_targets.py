"""What `make soak` fuzzes for long, for some seconds and always the same."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz.targets import TARGETS

CORPUS = Path(__file__).with_name("corpus")
KEPT = sorted(path for path in CORPUS.rglob("*") if path.is_file())
EXAMPLES = {
    "configuration": 300,
    "dtls": 40,
    "http_head": 300,
    "negotiation": 200,
    "sdp_fragment": 300,
    "signaling": 200,
    "stun": 300,
    "token": 300,
    "websocket": 200,
}
# Often enough a number before a slice is a small one.
PIECES = st.one_of(st.binary(max_size=12), st.integers(0, 40).map(lambda n: bytes([0, n])))


@pytest.mark.parametrize("path", KEPT, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_what_was_found_or_kept(path: Path) -> None:
    TARGETS[path.parent.name](path.read_bytes())


@pytest.mark.parametrize("name", sorted(TARGETS))
def test_bytes_of_any_kind(name: str) -> None:
    short = settings(
        max_examples=EXAMPLES[name],
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )

    @short
    @given(st.lists(PIECES, max_size=40).map(b"".join))
    def carry_out(data: bytes) -> None:
        TARGETS[name](data)

    carry_out()


def test_every_target_has_a_corpus() -> None:
    assert {path.parent.name for path in KEPT} == set(TARGETS) == set(EXAMPLES)
