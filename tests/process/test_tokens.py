"""Join tokens and a real daemon, all made by the command line: from a key to a call."""

import json
import subprocess
import sys
import time
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest
import trio

from tests.process.daemon import Daemon, running_daemon
from trio_sfu.client import Client, JoinError, SessionEndedError, connect

ROOM = "standup"
TOOL = str(Path(sys.executable).with_name("trio-sfu"))


def run(*arguments: str, text: str | None = None) -> subprocess.CompletedProcess[str]:
    """Run ``trio-sfu`` with nothing but its arguments."""
    return subprocess.run(
        [TOOL, *arguments], check=False, capture_output=True, text=True, input=text, timeout=30
    )


def made(*arguments: str) -> str:
    """Return what ``trio-sfu token`` prints."""
    done = run("token", *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made("new-key", "--kid", "k1", "--out", str(tmp_path))
    return tmp_path


def token(folder: Path, identity: str, *more: str, kid: str = "k1") -> str:
    key = str(folder / f"{kid}.private.jwk")
    return made("--key-file", key, "--room", ROOM, "--identity", identity, *more)


async def joins(daemon: Daemon, text: str | None, replaces: str | None = None) -> str:
    """Join and leave; return ``joined``, or the code of the refusal."""
    try:
        async with connect(daemon.url, room=ROOM, name="x", token=text, replaces=replaces):
            return "joined"
    except JoinError as refused:
        return refused.code


async def test_with_keys_nobody_joins_without_a_token(artifacts: Path, folder: Path) -> None:
    started = running_daemon(artifacts, "--auth-keys", str(folder / "k1.public.jwk"))
    with started as daemon:
        entry = daemon.find(lambda entry: str(entry["event"]).startswith("tokens:"))
        assert entry is not None
        assert entry["keys"] == ["k1"]
        assert await joins(daemon, None) == "token-required"
        assert await joins(daemon, token(folder, "ann")) == "joined"
        once = token(folder, "ann", "--once")
        assert await joins(daemon, once) == "joined"
        assert await joins(daemon, once) == "token-used"
        made("new-key", "--kid", "k2", "--out", str(folder))
        assert await joins(daemon, token(folder, "ann", kid="k2")) == "token-key-unknown"
        short = token(folder, "ann", "--ttl", "1")
        with pytest.raises(SessionEndedError):
            await outlives_its_token(daemon, short)
        metrics = daemon.metrics()
        assert metrics['trio_sfu_joins_total{outcome="token-required"}'] == 1
    log = daemon.log_file.read_text()
    assert once not in log
    assert once.rpartition(".")[0] not in log


async def outlives_its_token(daemon: Daemon, text: str) -> None:
    """Be in a call whose token runs out; come back with it; no other may join with it."""
    async with connect(daemon.url, room=ROOM, name="ann", token=text) as ann:
        deadline = time.time() + 11.5  # its second, and the leeway
        while await joins(daemon, text) != "token-expired":
            assert time.time() < deadline
            await trio.sleep(0.5)
        assert ann.ended is None
        assert await joins(daemon, text, ann.resume_token) == "joined"
        with trio.fail_after(2):
            await ann.until(lambda: False)


async def test_what_a_moderator_does_is_in_the_log_with_who_it_was(
    artifacts: Path, folder: Path
) -> None:
    started = running_daemon(artifacts, "--auth-keys", str(folder / "k1.public.jwk"))
    with started as daemon:
        async with (
            member(daemon, token(folder, "mo@example.org", "--moderate")) as moderator,
            member(daemon, token(folder, "ann")) as ann,
        ):
            peer = ann.id
            await moderator.remove_peer(peer, "enough")
            with trio.fail_after(5), pytest.raises(SessionEndedError) as ended:
                await ann.until(lambda: False)
            assert ended.value.code == "removed-by-moderator"
            assert ann.state.moderated[0].reason == "enough"
            assert run("kick", "--url", daemon.url, ROOM).returncode == 0
        entries = [entry for entry in daemon.log() if entry["event"] == "moderation"]
        told = [{k: entry[k] for k in ("action", "by", "identity", "peer")} for entry in entries]
        assert told == [
            {"action": "remove", "by": "moderator", "identity": "mo@example.org", "peer": peer},
            {"action": "close-room", "by": "operator", "identity": "", "peer": ""},
        ]


def member(daemon: Daemon, text: str) -> AbstractAsyncContextManager[Client]:
    return connect(daemon.url, room=ROOM, name="x", token=text)


def test_it_says_at_its_start_that_it_is_open_and_to_whom(artifacts: Path) -> None:
    with running_daemon(artifacts) as daemon:
        assert daemon.find(lambda entry: "open: everybody on this machine" in str(entry["event"]))


def test_a_reachable_daemon_without_keys_does_not_start(tmp_path: Path) -> None:
    done = run("serve", "--host", "0.0.0.0", "--port", "0")  # noqa: S104  (refused)
    assert done.returncode == 2
    assert "auth.keys" in done.stderr
    done = run("check-config", "--auth-keys", str(tmp_path / "none.jwk"))
    assert done.returncode == 2
    assert f'auth.keys: there is no file "{tmp_path}/none.jwk"' in done.stderr


def test_keys_are_private_and_never_written_over(folder: Path) -> None:
    assert (folder / "k1.private.jwk").stat().st_mode & 0o777 == 0o600
    before = (folder / "k1.private.jwk").read_text()
    again = run("token", "new-key", "--kid", "k1", "--out", str(folder))
    assert (again.returncode, again.stdout) == (1, "")
    assert "File exists" in again.stderr
    assert (folder / "k1.private.jwk").read_text() == before
    shared = run("check-config", "--auth-keys", str(folder / "k1.private.jwk"))
    assert "has its private half in it" in shared.stderr
    assert json.loads(before)["d"] not in shared.stderr


def test_a_token_is_explained_with_what_a_daemon_would_say(folder: Path) -> None:
    text = token(folder, "ann", "--name", "Ann", "--publish", "camera,screen", "--ttl", "8h")
    public = ("--key-file", str(folder / "k1.public.jwk"))
    said = run("token", "explain", *public, text=text)
    assert said.returncode == 0
    assert '"sub": "ann"' in said.stdout
    assert said.stdout.splitlines()[-1].startswith("accepted: good for 28")
    assert run("token", "explain", text).stdout.endswith("(auth.keys, --key-file)\n")
    said = run("token", "explain", *public, "--room", "other", text)
    assert said.returncode == 1
    assert said.stdout.endswith("refused: the token is for another room (token-room-wrong)\n")
    said = run("token", "explain", "nonsense")
    assert (said.returncode, said.stderr) == (1, "Error: this is no JWT (token-malformed)\n")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--room", ROOM, "--identity", "x"), "--key-file, --room and --identity are needed"),
        (("--publish", "window"), "'window' is none of camera"),
        (("--ttl", "soon"), "'soon' is none of: 90, 30m, 8h, 1d"),
        (("--room", "a*b", "--identity", "x", "--key-file", "FILE"), "at `$.room`"),
        (("--room", ROOM, "--identity", "a b", "--key-file", "FILE"), "at `$.sub`"),
        (("--room", "a*", "--identity", "x", "--key-file", "FILE", "--url", "u"), "to one room"),
        (("--room", ROOM, "--identity", "x", "--key-file", "PUBLIC"), "it verifies only"),
        (("--room", ROOM, "--identity", "x", "--key-file", "FILE", "--kid", "z"), "no key with"),
    ],
)
def test_wrong_flags_are_told(folder: Path, arguments: tuple[str, ...], says: str) -> None:
    files = {"FILE": "k1.private.jwk", "PUBLIC": "k1.public.jwk"}
    given = [str(folder / files[each]) if each in files else each for each in arguments]
    done = run("token", *given)
    assert done.returncode in (1, 2)
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_a_link_has_the_token_where_no_log_sees_it(folder: Path) -> None:
    link = token(folder, "ann", "--url", "https://meet.example.org/")
    assert link.startswith(f"https://meet.example.org/{ROOM}#token=ey")
