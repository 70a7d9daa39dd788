"""What the doctor says of what a browser meets at an address, beyond the twenty faults."""

import base64
import hashlib
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from trio_sfu.doctor import web
from trio_sfu.doctor.finding import Finding
from trio_sfu.doctor.web import Seen, check_their_clock, check_web

HEALTHY = {
    "status": "ok",
    "failing": [],
    "degraded": [],
    "loop_lag": 0.0,
    "workers": [],
    "self_test": None,
    "self_test_age": None,
}


class Answers(BaseHTTPRequestHandler):
    """A daemon's health, and whatever is wanted at /signal."""

    protocol_version = "HTTP/1.1"
    health = json.dumps(HEALTHY).encode()
    socket_status = 101

    def do_GET(self) -> None:
        if self.path == "/healthz":
            self.send_response(200)
            self.send_header("content-length", str(len(self.health)))
            self.end_headers()
            self.wfile.write(self.health)
            return
        self.send_response(self.socket_status)
        if self.socket_status == 101:
            key = self.headers["sec-websocket-key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
            accept = hashlib.sha1(key.encode(), usedforsecurity=False).digest()
            self.send_header("upgrade", "websocket")
            self.send_header("connection", "Upgrade")
            self.send_header("sec-websocket-accept", base64.b64encode(accept).decode())
        else:
            self.send_header("content-length", "0")
        self.end_headers()
        if self.socket_status == 101:
            self.rfile.read(64)  # And nothing comes back.

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (its name)
        """Say nothing."""


@contextmanager
def serving(kind: type[Answers]) -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), kind) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def worst(url: str) -> Finding:
    [found] = [each for each in check_web(url) if each.state != "ok"]
    return found


def test_a_proxy_that_holds_back_what_goes_through_the_socket(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(web, "_TIMEOUT_S", 0.5)
    with serving(Answers) as url:
        found = worst(url)
    assert (found.check, found.state) == ("WebSocket", "fail")
    assert "then nothing comes through" in found.message
    assert "buffer nothing" in found.remedy


def test_a_proxy_that_does_not_know_the_socket() -> None:
    class Other(Answers):
        socket_status = 404

    with serving(Other) as url:
        found = worst(url)
    assert found.message == "/signal is answered 404"


@pytest.mark.parametrize("body", [b"<html>It works!</html>", b'{"status": "\xfa"}'])
def test_somebody_else_answers(body: bytes) -> None:
    class Other(Answers):
        health = body

    with serving(Other) as url:
        found = worst(url)
    assert (found.check, found.state) == ("page address", "fail")
    assert "it is not trio-sfu that answers" in found.message


def test_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    found = worst(f"http://127.0.0.1:{port}")
    assert f"nobody listens at TCP port {port}" in found.message


def test_a_port_that_does_not_speak_tls() -> None:
    with serving(Answers) as url:
        found = worst(url.replace("http:", "https:"))
    assert "does not speak TLS" in found.message


def test_a_name_that_nobody_has() -> None:
    found = worst("https://meet.invalid")
    assert "the name has no address" in found.message
    assert "AAAA" in found.remedy


@pytest.mark.parametrize(
    ("now", "state", "says"),
    [
        (1_772_368_200, "ok", "agrees"),
        (1_772_368_204, "ok", "agrees"),
        (1_772_368_260, "fail", "60 s behind"),
        (1_772_368_140, "fail", "60 s ahead of"),
    ],
)
def test_the_clocks_agree(now: int, state: str, says: str) -> None:
    found = check_their_clock(Seen(date="Sun, 01 Mar 2026 12:30:00 GMT"), now)
    assert (found.state, says in found.message) == (state, True)
    assert check_their_clock(Seen(), now).state == "ok"
