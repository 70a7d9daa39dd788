"""Each block of commands in the documentation is run, here or by the test that is named."""

import json
import os
import re
import signal
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path
from urllib.error import URLError
from urllib.request import Request, urlopen

import pytest

from tests.docs.elsewhere import BLOCKS, Elsewhere
from tests.docs.reading import ROOT, SHELLS, Block, blocks
from tests.process.daemon import free_ports, running_daemon
from tests.process.patience import SLACK, eventually
from trio_sfu.config.keys import KEYS
from trio_sfu.config.load import load

Run = Callable[[Block, Path], None]
HERE: dict[tuple[str, str], Run] = {}
JSON = {"content-type": "application/json"}
COMMANDS = [each for each in blocks() if each.language in SHELLS]
ENVIRONMENT = {
    **os.environ,
    "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    "PYTHONPATH": str(ROOT),
}


def runs(page: str, title: str) -> Callable[[Run], Run]:
    """Have a function run the block that begins so."""

    def keep(function: Run) -> Run:
        HERE[page, title] = function
        return function

    return keep


def identify(block: Block) -> str:
    return f"{block.page}: {block.title[:40]}"


@pytest.mark.parametrize("block", COMMANDS, ids=identify)
def test_it_is_run(block: Block, tmp_path: Path) -> None:
    key = block.page, block.title
    if key in HERE:
        HERE[key](block, tmp_path)
        return
    assert key in BLOCKS, (
        f"nobody runs this; run it here, or say in tests/docs who does:\n{block.text}"
    )
    where = BLOCKS[key]
    if isinstance(where, Elsewhere):
        assert where.says in (ROOT / where.test).read_text(), where
    else:
        assert where.why


def test_nothing_is_said_of_blocks_that_are_gone() -> None:
    assert HERE.keys() | BLOCKS.keys() == {(each.page, each.title) for each in COMMANDS}
    assert not HERE.keys() & BLOCKS.keys()


# ---- commands ----------------------------------------------------------------------


def shell(script: str, folder: Path, **environment: str) -> str:
    done = subprocess.run(
        ["sh", "-euc", script],
        cwd=folder,
        env={**ENVIRONMENT, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=30 + SLACK,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


@contextmanager
def going_on(script: str, folder: Path, **environment: str) -> Iterator["subprocess.Popen[str]"]:
    """Run what does not end by itself meanwhile; its output is in the file ``said``."""
    with (folder / "said").open("w") as said:
        process = subprocess.Popen(
            ["sh", "-euc", script],
            cwd=folder,
            env={**ENVIRONMENT, **environment},
            stdin=subprocess.PIPE,
            stdout=said,
            stderr=said,
            text=True,
            start_new_session=True,
        )
        try:
            yield process
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            process.communicate(timeout=20)


def has_come(text: str, folder: Path) -> None:
    eventually(lambda: text in (folder / "said").read_text(), within=30, why=text)


def make_knows(commands: list[str]) -> None:
    """Have make say what it would do: it sets up, builds and tests for minutes."""
    for command in commands:
        shell(command.replace("make ", "make --dry-run ", 1), ROOT, MAKEFLAGS="")


@runs("README.md", "make run          # then open http://localhost:8080/ in two or three tabs")
def what_make_does(block: Block, folder: Path) -> None:
    make_knows(block.commands)


@runs(
    "docs/failures.md", 'make test PYTEST_ARGS="tests/browser/test_failures.py"   # one row\'s file'
)
def what_make_does_with_a_file(block: Block, folder: Path) -> None:
    make_knows(block.commands)
    [file] = re.findall(r"tests/\S+\.py", block.text)
    assert (ROOT / file).exists()


@runs("docs/development.md", "make run                                  # in one terminal")
def a_days_work(block: Block, folder: Path) -> None:
    run, watch, *others = block.commands
    make_knows([run, *others])
    assert watch == "cd client && npx vite build --watch"
    with going_on(f"cd {ROOT} && {watch} --outDir {folder}/page", folder):
        has_come("built in", folder)
    assert (folder / "page/index.html").exists()


@runs("client/README.md", "npm install --no-save")
def the_clients_scripts(block: Block, folder: Path) -> None:
    # The others are what `make setup`, `make check` and `make test` run.
    scripts = json.loads((ROOT / "client/package.json").read_text())["scripts"]
    calls = "".join((ROOT / each).read_text() for each in ("Makefile", "tools/check", "tools/test"))
    install, *others, develop = block.commands
    assert install in calls
    for command in others:
        script = command.removeprefix("npm ").removeprefix("run ")
        assert script in scripts
        assert f"npm run --silent {script}" in calls
    port, _ = free_ports()
    with going_on(f"cd {ROOT}/client && {develop} -- --port {port} --strictPort", folder):
        eventually(lambda: answers(f"http://localhost:{port}/"), within=30, why="the page")


def answers(url: str) -> bool:
    try:
        with urlopen(url, timeout=5) as answer:  # noqa: S310
            return bool(answer.status == HTTPStatus.OK)
    except URLError:
        return False


@runs("docs/events.md", "curl -N http://127.0.0.1:8080/api/v1/events")
def events(block: Block, folder: Path) -> None:
    with running_daemon(folder) as daemon:
        script = block.text.replace("http://127.0.0.1:8080", daemon.url)
        with going_on(script, folder):
            has_come("retry: 1000", folder)
            created = Request(f"{daemon.url}/api/v1/rooms", b'{"room": "standup"}', JSON)  # noqa: S310
            with urlopen(created, timeout=10) as answer:  # noqa: S310
                assert answer.status == HTTPStatus.CREATED
            has_come("standup", folder)


@runs("docs/overload.md", "python -m trio_sfu.testing.faulty_daemon   # then type: overload low")
def a_level_by_hand(block: Block, folder: Path) -> None:
    [command] = block.commands
    typed = block.text.partition("then type: ")[2]
    environment = {"TRIO_SFU_HTTP_PORT": "0", "TRIO_SFU_MEDIA_PORT": "0"}
    with going_on(f"exec {command}", folder, **environment) as daemon:
        has_come("ready", folder)
        assert daemon.stdin is not None
        daemon.stdin.write(typed)
        daemon.stdin.flush()
        has_come("low", folder)


@runs("docs/tree.md", "umask 077 && openssl rand -base64 32 > /etc/trio-sfu/operator-token")
def with_a_token(block: Block, folder: Path) -> None:
    port, _ = free_ports()
    text = block.text.replace("/etc/trio-sfu", str(folder))
    text = text.replace("https://meet.example.org", f"http://127.0.0.1:{port}")
    text = text.replace("curl ", "curl --fail-with-body --silent --show-error ")
    make, serve, tree, end = re.split(r"\n(?=trio-sfu|echo)", text)
    environment = {"TRIO_SFU_HTTP_PORT": str(port), "TRIO_SFU_MEDIA_PORT": "0"}
    shell(make, folder)
    with going_on(f"exec {serve}", folder, **environment):
        has_come('"event": "ready"', folder)
        create = end.replace("DELETE", "POST").replace("/rooms/standup", "/rooms")
        body = "-H 'content-type: application/json' -d '{\"room\": \"standup\"}'"
        shell(f"{create.rstrip()} {body}", folder)
        assert "standup" in shell(tree, folder, **environment)
        drain = ["trio-sfu", "drain", "--token-file", f"{folder}/operator-token"]
        for more in ("--deadline 600", "--cancel"):
            shell(" ".join([*drain, more]), folder, **environment)
        shell(end, folder)
        assert "standup" not in shell(tree, folder, **environment)


@runs("docs/webhooks.md", "umask 077 && openssl rand -base64 32 > /etc/trio-sfu/webhook-secret")
def a_webhooks_secret(block: Block, folder: Path) -> None:
    shell(block.text.replace("/etc/trio-sfu", str(folder)), folder)
    [settings] = (each for each in blocks() if (each.page, each.language) == (block.page, "toml"))
    file = folder / "trio-sfu.toml"
    file.write_text(settings.text.replace("/etc/trio-sfu", str(folder)))
    assert load(file, {}, {}).webhooks.urls == ["https://app.example.org/hooks/trio-sfu"]


@runs(
    "docs/embed.md",
    "python -m trio_sfu.client http://127.0.0.1:8080 --room standup --name bot --seconds 5",
)
def a_bot_and_the_program_that_sees_it(block: Block, folder: Path) -> None:
    [program] = (each for each in blocks() if (each.page, each.language) == (block.page, "python"))
    with running_daemon(folder) as daemon:
        there = "http://127.0.0.1:8080", daemon.url
        (folder / "program.py").write_text(program.text.replace(*there))
        # Until the program has seen it.
        bot = block.text.replace(*there).replace("--seconds 5", "")
        with going_on(f"exec {bot}", folder):
            assert re.fullmatch(r"\d+ \d+\n", shell("python program.py", folder))


# ---- settings ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "block", [each for each in blocks() if each.language == "toml"], ids=identify
)
def test_settings_are_keys_that_there_are(block: Block) -> None:
    for section, keys in tomllib.loads(block.text).items():
        assert {f"{section}.{key}" for key in keys} <= KEYS.keys()


@pytest.mark.parametrize(
    "block", [each for each in blocks() if each.language == "ini"], ids=identify
)
def test_a_drop_in_gives_what_it_loads(block: Block) -> None:
    credential, variable = block.text.splitlines()
    loaded = re.fullmatch(r"LoadCredential=([\w-]+):/etc/trio-sfu/\S+", credential)
    given = re.fullmatch(r"Environment=(\w+)=%d/([\w-]+)", variable)
    assert loaded is not None
    assert given is not None
    assert given[1] in {key.variable for key in KEYS.values()}
    assert given[2] == loaded[1]
