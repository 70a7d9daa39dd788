"""Sockets from outside: which are taken, and what is said of others."""

import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from trio_sfu.activation import Inherited, differences, inherit
from trio_sfu.config import load, model
from trio_sfu.errors import ConfigError


@pytest.fixture
def opened() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def tcp(opened: ExitStack, host: str = "127.0.0.1") -> socket.socket:
    return opened.enter_context(socket.create_server((host, 0)))


def udp(opened: ExitStack, port: int = 0) -> socket.socket:
    made = opened.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    made.bind(("127.0.0.1", port))
    return made


def handed(opened: ExitStack, *sockets: socket.socket, **changes: str) -> Inherited:
    """Have copies of them at numbers in a row, as systemd hands them over."""
    first = 500
    for number, each in enumerate(sockets, first):
        os.dup2(each.fileno(), number)
    environment = {
        "LISTEN_PID": str(os.getpid()),
        "LISTEN_FDS": str(len(sockets)),
        "LISTEN_FDNAMES": "one:two",
    }
    taken = inherit(environment | changes, first)
    media = (one for worker in (*taken.media, *taken.media_tcp) for one in worker)
    for each in (*taken.http, *media):
        opened.enter_context(each)
    return taken


def refused(opened: ExitStack, *sockets: socket.socket) -> str:
    with pytest.raises(ConfigError) as caught:
        handed(opened, *sockets)
    assert caught.value.code == "config-sockets"
    return str(caught.value)


def test_without_the_variables_there_are_none() -> None:
    assert inherit({}) == Inherited()
    assert inherit({"LISTEN_PID": "1", "LISTEN_FDS": "1"}) == Inherited(), "for another process"


def test_the_variables_are_taken_out() -> None:
    environment = {"LISTEN_PID": "1", "LISTEN_FDS": "1", "LISTEN_FDNAMES": "x", "PATH": "/bin"}
    inherit(environment)
    assert environment == {"PATH": "/bin"}


def test_tcp_and_udp_are_told_apart_and_sorted_by_worker(opened: ExitStack) -> None:
    page, *media = tcp(opened), udp(opened), udp(opened)
    ports = sorted(each.getsockname()[1] for each in media)
    taken = handed(opened, *media, page)
    assert [each.getsockname() for each in taken.http] == [page.getsockname()]
    assert [[each.getsockname()[1] for each in worker] for worker in taken.media] == [
        [ports[0]],
        [ports[1]],
    ]
    assert not os.get_inheritable(taken.http[0].fileno())
    config = taken.over(load(flags={"media.workers": "2"}))
    assert config.http.port == page.getsockname()[1]
    assert (config.media.port, config.media.addresses) == (ports[0], ["127.0.0.1"])


def test_a_stream_socket_that_is_named_so_is_for_media(opened: ExitStack) -> None:
    page, media, connections = tcp(opened), udp(opened), tcp(opened)
    taken = handed(opened, page, media, connections, LISTEN_FDNAMES="http:media:media")
    assert [each.getsockname() for each in taken.http] == [page.getsockname()]
    port = connections.getsockname()[1]
    assert [[each.getsockname()[1] for each in worker] for worker in taken.media_tcp] == [[port]]
    assert taken.tcp_descriptors() == [[taken.media_tcp[0][0].fileno()]]
    assert taken.over(load()).media.tcp_port == port
    assert taken.over(load(flags={"media.tcp": "false"})).media.tcp_port == 0
    with pytest.raises(ConfigError, match=r"media.workers is 2, and there are sockets for 1"):
        taken.over(load(flags={"media.workers": "2"}))
    only_tcp = Inherited(media_tcp=taken.media_tcp)
    with pytest.raises(ConfigError, match=r"media.workers is 2, and there are TCP sockets for 1"):
        only_tcp.over(load(flags={"media.workers": "2"}))
    assert only_tcp.over(load()).media.worker_count == 1


def test_a_tcp_port_of_the_same_number_is_no_difference(opened: ExitStack) -> None:
    media = udp(opened)
    port = media.getsockname()[1]
    connections = opened.enter_context(socket.create_server(("127.0.0.1", port)))
    taken = handed(opened, media, connections, LISTEN_FDNAMES="media:media")
    assert taken.over(load()).media.tcp_port == 0


def test_what_is_no_such_socket_is_named(opened: ExitStack) -> None:
    unix = opened.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM))
    assert "500 (one) is neither a TCP nor a UDP socket" in refused(opened, unix)
    talking = opened.enter_context(socket.create_connection(tcp(opened).getsockname()))
    assert "500 (one) does not listen: Accept= must be no" in refused(opened, talking)


def test_each_worker_needs_a_port(opened: ExitStack) -> None:
    taken = handed(opened, udp(opened), udp(opened))
    with pytest.raises(ConfigError, match=r"media.workers is 1, and there are sockets for 2") as it:
        taken.over(load(flags={"media.workers": "1"}))
    assert "`trio-sfu install-service --now` opens them" in str(it.value)


@pytest.mark.parametrize("cpus", [1, 2, 4])
def test_where_their_number_is_left_open_there_are_as_many_as_sockets(
    opened: ExitStack, monkeypatch: pytest.MonkeyPatch, cpus: int
) -> None:
    """As after an upgrade: the sockets are open since before there were so many workers."""
    monkeypatch.setattr(model, "usable_cpus", lambda: cpus)
    written = load()
    taken = handed(opened, udp(opened), udp(opened))
    effective = taken.over(written)
    assert effective.media.worker_count == 2
    told = {"media.port"} | ({"media.workers"} if cpus > 2 else set())
    assert set(differences(written, effective)) - {"media.addresses"} == told
    assert taken.over(load()) == effective, "a reload sees no change"


def test_sockets_that_others_reach_are_judged_like_settings(opened: ExitStack) -> None:
    everywhere = handed(opened, tcp(opened), tcp(opened, "0.0.0.0"))  # noqa: S104
    with pytest.raises(ConfigError) as caught:
        everywhere.over(load())
    assert caught.value.code == "config-open"
    assert everywhere.over(load(flags={"auth.open": "true"})).http.host == "0.0.0.0"  # noqa: S104


def test_the_difference_to_the_settings_is_told(opened: ExitStack) -> None:
    written = load()
    effective = handed(opened, tcp(opened)).over(written)
    assert list(differences(written, effective)) == ["http.port"]
    assert not list(differences(written, written))
