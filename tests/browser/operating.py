"""What an operator does of a running daemon while people are in a call."""

import json
import urllib.request
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from tests.browser.participant import Participant
from tests.process.daemon import Daemon


def peer_of(person: Participant) -> str:
    """Return the peer id of somebody who is in a call."""
    return str(person.page.run("() => window.trioSfu.client.self"))


def operate(
    daemon: Daemon, method: str, path: str, body: Mapping[str, object] | None = None
) -> None:
    """Ask for something of the API, which is to be done."""
    request = urllib.request.Request(  # noqa: S310  (of this test's daemon)
        f"{daemon.url}/api/v1{path}",
        method=method,
        data=json.dumps(body or {}).encode(),
        headers={"content-type": "application/json"},
    )
    with urllib.request.urlopen(request) as answer:  # noqa: S310
        assert answer.status < 300


def tracks(daemon: Daemon, room: str, source: str) -> dict[str, dict[str, Any]]:
    """Return who publishes a source, as the API has it: peer ids, and what is said of it."""
    status, body = daemon.get(f"/api/v1/rooms/{room}/tracks")
    assert status == HTTPStatus.OK
    return {
        peer["peer"]: track
        for peer in json.loads(body)["peers"]
        for track in peer["tracks"]
        if track["source"] == source
    }
