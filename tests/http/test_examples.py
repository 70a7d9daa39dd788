"""The commands on the page about the API do what it says."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import trio

from tests.client.calling import running_daemon
from trio_sfu.client import Tone, connect
from trio_sfu.daemon import Daemon

PAGE = (Path(__file__).parents[2] / "docs" / "api.md").read_text()

pytestmark = pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl")


async def run(script: str) -> str:
    """Run commands of a shell; an answer of 400 or above is an error."""
    failing = script.replace("curl ", "curl --fail-with-body --silent --show-error ")
    done = await trio.run_process(
        ["sh", "-eu", "-c", failing], capture_stdout=True, stderr=subprocess.STDOUT, check=False
    )
    assert done.returncode == 0, done.stdout.decode()
    return done.stdout.decode()


def examples(daemon: Daemon) -> tuple[str, str, str]:
    """Return what sets variables, what creates a room, and what is done then."""
    block = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)[0]
    variables, create, then = re.split(r"(^curl .*?\n)", block, maxsplit=1, flags=re.MULTILINE)
    return variables.replace("http://127.0.0.1:8080", daemon.url), create, then


async def test_the_examples() -> None:
    async with running_daemon() as daemon:
        variables, create, then = examples(daemon)
        assert json.loads(await run(variables + create))["options"]["max_peers"] == 12
        async with connect(daemon.url, room="standup", name="ann", pairs=0) as ann:
            await ann.publish(microphone=Tone(440))
            with trio.fail_after(5):
                while not daemon.operating.report_peer("standup", ann.id).tracks:
                    await daemon.journal.recent.more()
            told = await run(variables + then.replace("p-0f3a9c1b2d", ann.id))
            assert f'"peer":"{ann.id}"' in told
            assert [each.source for each in ann.state.moderated] == ["microphone"]
            assert ann.rights.publish == ["microphone"]
            assert ann.state.moved_to == "lobby"
        assert daemon.rooms.count() == (0, 0)
