import re
from pathlib import Path

import msgspec

from trio_sfu.http import refusals
from trio_sfu.signaling import codes, messages, schema

ROOT = Path(__file__).parents[2]


def test_the_generated_files_are_what_the_messages_say() -> None:
    assert schema.drifted() == []


def test_drift_is_noticed(tmp_path: Path) -> None:
    assert set(schema.drifted(tmp_path)) == set(schema.generated())


def test_every_code_raised_anywhere_is_in_the_table() -> None:
    raised = set()
    for folder in ("rooms", "signaling", "webrtc", "media", "overload", "access"):
        for file in (ROOT / "trio_sfu" / folder).glob("*.py"):
            text = file.read_text()
            raised |= set(re.findall(r'code="([a-z-]+)"', text))
            raised |= set(re.findall(r'_refuse\(\s*"([a-z-]+)"', text))
            raised |= set(re.findall(r'(?:Failed|link\.end|session\.end)\("([a-z-]+)"', text))
    assert raised
    # Keys are read before there is anybody to tell; what was done to one is told in `moderated`;
    # what an operator is refused is told by HTTP.
    done = {
        "muted-by-moderator",
        "muted-by-operator",
        "hand-lowered-by-moderator",
        "screen-taken-over",
    }
    elsewhere = {"config-keys", *done, *refusals.CODES}
    assert raised - elsewhere <= set(codes.CODES)


def test_a_message_the_server_sends_is_valid_by_its_schema() -> None:
    definitions = schema.json_schema()["$defs"]
    for struct in (messages.Joined, messages.Error, messages.Slots):
        fields = {field.encode_name for field in msgspec.structs.fields(struct)}
        assert fields | {"type"} == set(definitions[struct.__name__]["properties"])


def test_the_page_says_the_times_that_are_the_defaults() -> None:
    from trio_sfu.config.model import Signaling
    from trio_sfu.signaling import protocol_page

    said = (
        protocol_page.JOIN_TIMEOUT_S,
        protocol_page.PING_INTERVAL_S,
        protocol_page.PONG_TIMEOUT_S,
    )
    settings = Signaling()
    assert said == (settings.join_timeout, settings.ping_interval, settings.ping_timeout)
