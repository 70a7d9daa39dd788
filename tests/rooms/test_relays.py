"""Credentials for TURN servers."""

from trio_sfu.config.model import Turn
from trio_sfu.ids import PeerId
from trio_sfu.rooms.relays import relays


def test_without_servers_there_is_nothing_to_try() -> None:
    assert relays(Turn(), PeerId("p-1"), 1_000.0) == []


def test_credentials_are_those_a_server_with_the_secret_makes_itself() -> None:
    settings = Turn(urls=["turn:relay.example:3478"], secret="north", lifetime=600)  # noqa: S106
    (server,) = relays(settings, PeerId("p-1"), 1_000.2)
    assert server.urls == ["turn:relay.example:3478"]
    # printf 1600:p-1 | openssl dgst -sha1 -hmac north -binary | base64
    assert (server.username, server.credential) == ("1600:p-1", "5XUFdXj9L9k8sgQQKGYHSVe7kV4=")
