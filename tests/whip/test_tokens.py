"""Where the daemon has keys, the bearer token decides (RFC 6750)."""

from collections.abc import Callable
from time import time
from typing import Any

import pytest

from tests.access.minting import policy, token
from tests.whip.staging import PUBLISHING, WATCHING, Told, stage
from trio_sfu.access.gate import Gate

SENDS: dict[str, Any] = {"publish": ["camera", "microphone"]}
WATCHES: dict[str, Any] = {"subscribe": True}


async def told(way: str, shown: str | None) -> tuple[Told, int]:
    """Return the answer to a POST with a token, and how many rooms there are then."""
    async with stage() as staged:
        staged.scene.rooms.gate = Gate(policy())
        offer = PUBLISHING if way == "whip" else WATCHING
        headers = {} if shown is None else {"authorization": f"Bearer {shown}"}
        answer = await staged.post(f"/{way}/r", offer, **headers)
        return answer, len(staged.scene.rooms.rooms)


def made(rights: dict[str, Any], **claims: Any) -> str:
    now = int(time())
    known: dict[str, Any] = {"room": "r", "rights": rights, "iat": now, "exp": now + 60}
    return token(**(known | claims))


@pytest.mark.parametrize(("way", "rights"), [("whip", SENDS), ("whep", WATCHES)])
async def test_the_right_lets_in(way: str, rights: dict[str, Any]) -> None:
    answer, rooms = await told(way, made(rights))
    assert (answer.status, rooms) == (201, 1)


@pytest.mark.parametrize(
    ("way", "shown", "status", "code"),
    [
        ("whip", lambda: None, 401, "token-required"),
        ("whep", lambda: None, 401, "token-required"),
        ("whip", lambda: "x" * 9_000, 401, "token-too-large"),
        ("whip", lambda: "no.token.atall", 401, "token-malformed"),
        ("whip", lambda: made(SENDS, exp=int(time()) - 600), 401, "token-expired"),
        ("whip", lambda: made(SENDS, room="another"), 403, "token-room-wrong"),
        ("whip", lambda: made(WATCHES), 403, "publish-denied"),
        ("whep", lambda: made(SENDS), 403, "subscribe-denied"),
    ],
)
async def test_nothing_else_does(
    way: str, shown: Callable[[], str | None], status: int, code: str
) -> None:
    answer, rooms = await told(way, shown())
    assert (answer.status, answer.json()["code"], rooms) == (status, code, 0)
    assert answer.headers.get("www-authenticate") == ("Bearer" if status == 401 else None)
