"""Where a server is, as settings have it."""

import pytest

from trio_sfu.stun.place import Place, stun_place, turn_place


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("stun.example.org", Place("stun.example.org")),
        ("stun.example.org:19302", Place("stun.example.org", 19302)),
        ("stun:192.0.2.1:1", Place("192.0.2.1", 1)),
        ("[2001:db8::1]:3479", Place("2001:db8::1", 3479)),
    ],
)
def test_a_stun_server(text: str, place: Place) -> None:
    assert stun_place(text) == place


@pytest.mark.parametrize(
    "text", ["", ":3478", "a b", "x:port", "x:99999", "u@x", "x/y", "x?y", "[::1"]
)
def test_what_is_none(text: str) -> None:
    with pytest.raises(ValueError, match=r"is n"):
        stun_place(text)


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("turn:t.example.org", Place("t.example.org", 3478, "udp")),
        ("turn:t.example.org:5?transport=tcp", Place("t.example.org", 5, "tcp")),
        ("turns:t.example.org", Place("t.example.org", 5349, "tls")),
        ("turns:t.example.org:443?transport=tcp", Place("t.example.org", 443, "tls")),
    ],
)
def test_a_turn_server(url: str, place: Place) -> None:
    assert turn_place(url) == place


@pytest.mark.parametrize(
    "url", ["t.example.org", "stun:x", "turn:", "turn:x?transport=sctp", "turns:x?transport=udp"]
)
def test_what_is_no_turn_server(url: str) -> None:
    with pytest.raises(ValueError, match=r"is n"):
        turn_place(url)


def test_it_is_shown_as_people_write_it() -> None:
    assert str(Place("2001:db8::1", 1)) == "[2001:db8::1]:1"
    assert str(Place("x", 1)) == "x:1"
