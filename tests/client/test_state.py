"""What a client makes of what it is told, and of the URL it is given."""

import pytest

from trio_sfu.client.socket import Server
from trio_sfu.client.state import RoomState
from trio_sfu.signaling.carried import PeerInfo, SlotState, TrackInfo
from trio_sfu.signaling.messages import (
    Answer,
    Error,
    Joined,
    PeerJoined,
    PeerLeft,
    PeerUpdated,
    Slots,
)

ANN = PeerInfo(id="p-1", name="Ann")


def joined() -> RoomState:
    state = RoomState()
    state.take(Joined(peer="p-0", room="room", resume_token="secret", peers=[ANN]))  # noqa: S106
    return state


def test_peers_come_change_and_go() -> None:
    state = joined()
    state.take(PeerJoined(peer=PeerInfo(id="p-2", name="Bob")))
    muted = PeerInfo(id="p-1", name="Ann", tracks=[TrackInfo(source="microphone", muted=True)])
    state.take(PeerUpdated(peer=muted))
    assert list(state.peers.values()) == [muted, PeerInfo(id="p-2", name="Bob")]
    state.take(PeerLeft(peer="p-1", reason="left"))
    state.take(PeerLeft(peer="p-9", reason="left"))
    assert list(state.peers) == ["p-2"]


def test_a_stage_is_the_slot_with_a_peer_s_video() -> None:
    state = joined()
    sound = SlotState(mid="4", peer="p-1", source="microphone")
    state.take(Slots(slots=[sound, SlotState(mid="5", peer="p-1", source="screen")]))
    assert state.stage_of("p-1") == "5"
    assert state.slot_of("p-1", "microphone") == "4"
    assert state.slot_of("p-1", "camera") is None
    state.take(Slots(slots=[sound, SlotState(mid="5")]))
    assert state.stage_of("p-1") is None


def test_an_answer_and_a_refusal_are_both_what_came_of_an_offer() -> None:
    state = joined()
    refusal = Error(code="no-bundle", message="all lines must be in one", id=2)
    for message in (Answer(id=1, sdp="v=0"), refusal, Error(code="refused", message="what?")):
        state.take(message)
    assert state.answers == {1: Answer(id=1, sdp="v=0"), 2: refusal}
    assert len(state.errors) == 2


@pytest.mark.parametrize(
    ("url", "host", "port", "tls", "authority"),
    [
        ("http://127.0.0.1:8080", "127.0.0.1", 8080, False, "127.0.0.1:8080"),
        ("https://example.org/room", "example.org", 443, True, "example.org:443"),
        ("ws://[::1]/signal", "::1", 80, False, "[::1]:80"),
        ("wss://example.org:1/signal", "example.org", 1, True, "example.org:1"),
    ],
)
def test_the_page_s_url_tells_the_server(
    url: str, host: str, port: int, *, tls: bool, authority: str
) -> None:
    server = Server.parse(url)
    assert (server.host, server.port, server.tls) == (host, port, tls)
    assert server.authority == authority


@pytest.mark.parametrize("url", ["", "127.0.0.1:8080", "ftp://example.org", "http://"])
def test_what_is_no_url_of_a_daemon_is_an_error(url: str) -> None:
    with pytest.raises(ValueError, match="URL"):
        Server.parse(url)
