"""The daemon is emptied before it stops: what those in a call, and those who come, see of it."""

import json
import signal
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path

import pytest
import trio

from tests.process.daemon import Daemon, running_daemon
from tests.process.patience import SLACK
from tests.process.test_tree import trio_sfu
from trio_sfu.client import Client, JoinError, SessionEndedError, connect

DEADLINE = 4.0


@contextmanager
def drained(artifacts: Path, **environment: str) -> Iterator[Daemon]:
    settings = {"TRIO_SFU_DRAIN_DEADLINE": str(DEADLINE)} | environment
    with running_daemon(artifacts, environment=settings) as daemon:
        yield daemon


@asynccontextmanager
async def in_call(daemon: Daemon, *names: str, room: str = "here") -> AsyncIterator[list[Client]]:
    if not names:
        yield []
        return
    async with (
        connect(daemon.url, room=room, name=names[0], pairs=1) as first,
        in_call(daemon, *names[1:], room=room) as rest,
    ):
        yield [first, *rest]


async def ended(daemon: Daemon, within: float) -> None:
    """Wait for the process's end, which must be a clean one."""
    daemon.already_stopped = True
    code = await trio.to_thread.run_sync(partial(daemon.process.wait, within + SLACK))
    assert code == 0


async def operate(daemon: Daemon, *arguments: str) -> str:
    done = await trio_sfu("drain", "--url", daemon.url, *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout


async def refusal(daemon: Daemon, room: str) -> str:
    with pytest.raises(JoinError) as refused:
        async with connect(daemon.url, room=room, name="late"):
            pass
    return refused.value.code


async def status(daemon: Daemon, path: str) -> int:
    return (await trio.to_thread.run_sync(daemon.get, path))[0]


def told(client: Client) -> bool:
    seconds = client.state.draining
    return seconds is not None and 0 < seconds <= DEADLINE


async def over(client: Client, within: float) -> SessionEndedError:
    with trio.fail_after(within + SLACK), pytest.raises(SessionEndedError) as end:
        await client.until(lambda: False)
    return end.value


async def test_sigterm_lets_the_call_go_on_until_the_deadline(artifacts: Path) -> None:
    with drained(artifacts) as daemon:
        async with in_call(daemon, "ann", "bob") as (ann, bob):
            daemon.process.send_signal(signal.SIGTERM)
            start = time.monotonic()
            with trio.fail_after(2 + SLACK):
                for client in (ann, bob):
                    await client.until(partial(told, client))
            assert await status(daemon, "/readyz") == 503
            assert await status(daemon, "/healthz") == 200
            assert await refusal(daemon, "new") == "server-draining"
            async with in_call(daemon, "back") as (back,):
                assert told(back), "a call that exists is not torn apart"
            for client in (ann, bob):
                end = await over(client, DEADLINE)
                assert (end.code, end.rejoin) == ("server-stopping", True)
            assert time.monotonic() - start > DEADLINE - 0.2
            await ended(daemon, 8)
        assert not daemon.log("error")


async def test_the_last_to_leave_ends_it(artifacts: Path) -> None:
    with drained(artifacts, TRIO_SFU_DRAIN_DEADLINE="600") as daemon:
        async with in_call(daemon, "ann") as (ann,):
            daemon.process.send_signal(signal.SIGTERM)
            with trio.fail_after(5 + SLACK):
                await ann.until(lambda: ann.state.draining is not None)
            assert daemon.process.poll() is None
        await ended(daemon, 5)


async def test_a_second_sigterm_hurries(artifacts: Path) -> None:
    with drained(artifacts, TRIO_SFU_DRAIN_DEADLINE="600") as daemon:
        async with in_call(daemon, "ann") as (ann,):
            daemon.process.send_signal(signal.SIGTERM)
            with trio.fail_after(5 + SLACK):
                await ann.until(lambda: ann.state.draining is not None)
            daemon.process.send_signal(signal.SIGTERM)
            assert (await over(ann, 5)).code == "server-stopping"
            await ended(daemon, 8)


async def test_ctrl_c_waits_for_nobody_in_a_room(artifacts: Path) -> None:
    with drained(artifacts, TRIO_SFU_DRAIN_DEADLINE="600") as daemon:
        async with in_call(daemon, "ann"):
            daemon.process.send_signal(signal.SIGINT)
            await ended(daemon, 8)


async def test_an_operator_drains_and_takes_it_back(artifacts: Path) -> None:
    with drained(artifacts) as daemon:
        async with in_call(daemon, "ann") as (ann,):
            said = await operate(daemon, "--deadline", "600")
            assert "stops in 600 s; rooms: 1, peers: 1" in said
            with trio.fail_after(5):
                await ann.until(lambda: ann.state.draining == 600)
            assert await refusal(daemon, "new") == "server-draining"
            state = json.loads((await trio.to_thread.run_sync(daemon.get, "/api/v1/drain"))[1])
            assert (state["draining"], state["final"], state["peers"]) == (True, False, 1)
            await operate(daemon, "--cancel")
            with trio.fail_after(5):
                await ann.until(lambda: ann.state.draining is None)
            async with in_call(daemon, "eve", room="new"):
                pass
            assert await status(daemon, "/readyz") == 200
            await operate(daemon, "--deadline", "1")
            assert (await over(ann, 5)).code == "server-stopping"
            await ended(daemon, 8)


async def test_what_a_signal_began_is_not_taken_back(artifacts: Path) -> None:
    with drained(artifacts, TRIO_SFU_DRAIN_DEADLINE="600") as daemon:
        async with in_call(daemon, "ann") as (ann,):
            daemon.process.send_signal(signal.SIGTERM)
            with trio.fail_after(5 + SLACK):
                await ann.until(lambda: ann.state.draining is not None)
            done = await trio_sfu("drain", "--url", daemon.url, "--cancel")
            assert done.returncode == 1
            assert "drain-final" in done.stderr
        await ended(daemon, 8)
