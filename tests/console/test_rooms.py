"""The table of rooms."""

import msgspec
import pytest

from trio_sfu.console.rooms import bitrate, render, rooms_of

CALL = {
    "rooms": [
        {
            "room": "standup",
            "age": 65.0,
            "peers": [
                {
                    "peer": "p-1",
                    "connection": "connected",
                    "age": 60.2,
                    "tracks": [
                        {
                            "source": "camera",
                            "muted": False,
                            "encodings": [
                                {"rid": "q", "idle": False, "bitrate": 150_000, "height": 180},
                                {"rid": "h", "idle": True, "bitrate": 400_000, "height": 360},
                            ],
                        },
                        {"source": "microphone", "muted": True, "encodings": []},
                    ],
                },
                {"peer": "p-2", "connection": "lost", "age": 3.0, "tracks": []},
            ],
        },
        {"room": "a\x1b[2Jb", "peers": [{"peer": "p-3", "connection": "connecting"}]},
        {"room": "empty", "peers": []},
    ]
}


def test_there_is_a_line_for_each_peer() -> None:
    lines = render(rooms_of(msgspec.json.encode(CALL))).splitlines()
    assert lines == [
        "ROOM     PEER  CONNECTION  AGE    PUBLISHES",
        "a�[2Jb   p-3   connecting         nothing",
        "empty    -",
        "standup  p-1   connected   1m00s  camera q/180p/150.0kbit/s, microphone muted",
        "standup  p-2   lost        3.0s   nothing",
        "3 rooms, 3 peers",
    ]


def test_columns_that_nobody_fills_are_left_out() -> None:
    body = b'{"rooms": [{"room": "r", "peers": [{"peer": "p", "connection": "lost", "tracks":'
    body += b'[{"source": "camera", "muted": false, "encodings": ["f", "h"]}]}]}]}'
    assert render(rooms_of(body)).splitlines() == [
        "ROOM  PEER  CONNECTION  PUBLISHES",
        "r     p     lost        camera f h",
        "1 room, 1 peer",
    ]


def test_no_rooms_are_said_to_be_none() -> None:
    assert render([]) == "There are no rooms.\n"


def test_what_comes_in_is_what_flows() -> None:
    [room, *_] = rooms_of(msgspec.json.encode(CALL))
    assert bitrate(room.peers) == 150_000


def test_another_answer_is_an_error() -> None:
    with pytest.raises(msgspec.DecodeError):
        rooms_of(b'{"error": 1}')
