"""What follows from the figures: more of anything never makes it less."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from trio_sfu.config.load import load
from trio_sfu.config.model import Config, Http, Media, Overload, Rooms
from trio_sfu.sizing.predict import Capacity, Measured, Prediction, predict
from trio_sfu.sizing.report import Report, as_text, warnings
from trio_sfu.trial.host import Host

MEASURED = Measured(
    seconds=6.0,
    subscribers=50,
    video_ns=5_000.0,
    audio_ns=10_000.0,
    received_ns=10_000.0,
    join_ns=20e6,
    subscriber_bytes=50_000,
    receive_buffer_bytes=16 << 20,
    gso=True,
    arrived=1.0,
    checked=600,
)
HOST = Host(
    cores=8,
    load=0.1,
    memory_bytes=16 << 30,
    memory_free_bytes=12 << 30,
    link_mbit=1_000,
    link_name="eth0",
    descriptors=524_288,
)
WIDE = Config(
    rooms=Rooms(max_peers=1_000_000, max_rooms=1_000_000),
    media=Media(max_transports=1_000_000),
    http=Http(max_connections=1_000_000),
    overload=Overload(max_busy=100),
)


def room(prediction: Prediction, name: str) -> Capacity:
    return next(each for each in prediction.rooms if name in each.room)


def counts(prediction: Prediction) -> list[int]:
    told = [each.count for each in prediction.rooms]
    return [prediction.streams_a_core, prediction.streams_all_cores, *told]


def test_streams_of_a_core_are_what_its_time_is_enough_for() -> None:
    prediction = predict(MEASURED, HOST, WIDE, 0.6)
    # 180 packets of video and 50 of sound: 1.4 ms a second.
    assert prediction.streams_a_core == 0.6 // 1.4e-3
    assert prediction.streams_all_cores == 8 * prediction.streams_a_core


def test_a_meeting_of_ten_is_heavier_than_two_of_four() -> None:
    prediction = predict(MEASURED, HOST, WIDE, 0.6)
    four, ten = room(prediction, "of four"), room(prediction, "of ten")
    assert 2 * ten.count < four.count
    assert (four.peers, ten.peers) == (4 * four.count, 10 * ten.count)


@pytest.mark.parametrize(
    ("name", "host", "measured", "config"),
    [
        ("CPU of the worker", HOST, replace(MEASURED, join_ns=1e6), WIDE),
        ("CPU of the event loop", HOST, replace(MEASURED, join_ns=1e9), WIDE),
        ("CPU", replace(HOST, cores=1), MEASURED, WIDE),
        ("memory", replace(HOST, memory_free_bytes=110 << 20), MEASURED, WIDE),
        ("network", replace(HOST, link_mbit=100), MEASURED, WIDE),
        ("file descriptors", replace(HOST, descriptors=256), MEASURED, WIDE),
        ("UDP receive buffer", HOST, replace(MEASURED, receive_buffer_bytes=212_992), WIDE),
        ("rooms.max_peers", HOST, MEASURED, Config()),
        ("media.max_transports", HOST, MEASURED, replace(WIDE, media=Media(max_transports=9))),
        ("http.max_connections", HOST, MEASURED, replace(WIDE, http=Http(max_connections=9))),
    ],
)
def test_what_is_short_ends_a_lecture(
    name: str, host: Host, measured: Measured, config: Config
) -> None:
    lecture = room(predict(measured, host, config, 0.6), "lecture")
    assert lecture.first == name
    assert lecture.count == min(lecture.limits.values())


def test_one_daemon_has_no_more_rooms_than_the_settings_let_it_have() -> None:
    two = room(predict(MEASURED, HOST, replace(WIDE, rooms=Rooms(max_rooms=3)), 0.6), "of two")
    assert (two.count, two.first) == (3, "rooms.max_rooms")
    config = replace(WIDE, rooms=Rooms(max_peers=9))
    ten = room(predict(MEASURED, HOST, config, 0.6), "of ten")
    assert (ten.count, ten.peers, ten.sent_mbit, ten.first) == (0, 0, 0.0, "rooms.max_peers")


def test_the_network_rate_is_that_of_the_streams() -> None:
    lecture = room(predict(MEASURED, HOST, WIDE, 0.6), "lecture")
    # 1.5 Mbit/s of RTP, 32 kbit/s of Opus with its header, and what is around each packet.
    assert 1.5 < lecture.sent_mbit / lecture.count < 1.8


def test_joins_are_refused_before_the_headroom_is_used() -> None:
    config = replace(WIDE, overload=Overload(max_busy=50))
    assert predict(MEASURED, HOST, config, 0.9).share == 0.5
    assert any("overload.max_busy" in each for each in warnings(HOST, MEASURED, 0.9, 50))


def test_a_busy_machine_is_said_to_be_busy() -> None:
    busy = replace(HOST, load=9.5)
    found = warnings(busy, MEASURED, 0.6, 85)
    assert found[0].startswith("the machine is busy: figures are too high (load average 9.5")
    assert not warnings(HOST, MEASURED, 0.6, 85)
    report = Report(
        host=busy,
        measured=MEASURED,
        headroom=0.6,
        prediction=predict(MEASURED, busy, Config(), 0.6),
        warnings=found,
    )
    assert f"warning: {found[0]}" in as_text(report).splitlines()


def test_a_machine_that_is_too_small_carries_nobody_and_says_why() -> None:
    poor = replace(HOST, memory_free_bytes=1 << 20, descriptors=16)
    prediction = predict(MEASURED, poor, Config(), 0.6)
    assert {each.count for each in prediction.rooms} == {0}
    assert {each.first for each in prediction.rooms} == {"memory"}
    for section in prediction.suggested.values():
        assert all(value >= 1 for value in section.values())


def test_what_is_suggested_can_be_written_into_the_settings(tmp_path: Path) -> None:
    suggested = predict(MEASURED, HOST, Config(), 0.6).suggested
    file = tmp_path / "trio-sfu.toml"
    file.write_text(
        "\n".join(
            line
            for section, keys in suggested.items()
            for line in (f"[{section}]", *(f"{name} = {value}" for name, value in keys.items()))
        )
    )
    config = load(file, {}, {})
    assert config.rooms.max_peers == suggested["rooms"]["max_peers"]
    lecture = room(predict(MEASURED, HOST, config, 0.6), "lecture")
    machine = [count for name, count in lecture.limits.items() if "." not in name]
    assert lecture.count <= min(machine)


COSTS = st.fixed_dictionaries(
    {
        "video_ns": st.floats(200, 1e6),
        "audio_ns": st.floats(200, 1e6),
        "received_ns": st.floats(200, 1e6),
        "join_ns": st.floats(1e5, 1e9),
        "subscriber_bytes": st.floats(0, 1e7),
    }
)
HOSTS = st.builds(
    lambda **given: replace(HOST, **given),
    cores=st.integers(1, 128),
    memory_free_bytes=st.integers(0, 1 << 40),
    link_mbit=st.one_of(st.none(), st.integers(1, 400_000)),
    descriptors=st.one_of(st.none(), st.integers(0, 1 << 20)),
)


@given(COSTS, HOSTS, st.floats(0.01, 1), st.sampled_from([Config(), WIDE]))
def test_more_of_anything_is_never_less(
    costs: dict[str, Any], host: Host, headroom: float, config: Config
) -> None:
    measured = replace(MEASURED, **costs)
    before = predict(measured, host, config, headroom)
    better = [
        predict(replace(measured, **{name: value / 2}), host, config, headroom)
        for name, value in costs.items()
    ]
    richer: dict[str, Any] = {
        "cores": host.cores + 1,
        "memory_free_bytes": host.memory_free_bytes * 2,
        "memory_bytes": host.memory_bytes * 2,
        "link_mbit": host.link_mbit and host.link_mbit * 10,
        "descriptors": host.descriptors and host.descriptors * 2,
    }
    better += [
        predict(measured, replace(host, **{name: value}), config, headroom)
        for name, value in richer.items()
    ]
    better.append(predict(measured, host, config, min(1.0, headroom * 2)))
    for after in better:
        assert all(b <= a for b, a in zip(counts(before), counts(after), strict=True))


@given(COSTS, HOSTS, st.floats(0.01, 1))
def test_what_comes_first_is_what_allows_least(
    costs: dict[str, Any], host: Host, headroom: float
) -> None:
    prediction = predict(replace(MEASURED, **costs), host, Config(), headroom)
    for each in prediction.rooms:
        assert each.limits[each.first] == each.count == min(each.limits.values())
        assert each.count >= 0
