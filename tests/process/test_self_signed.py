"""``--tls self-signed``: a LAN test with camera and microphone, without a proxy."""

import http.client
import json
import os
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.process.daemon import free_ports
from tests.process.patience import eventually

COMMAND = str(Path(sys.executable).with_name("trio-sfu"))


PAGE = Path(__file__).parents[2] / "docs" / "operate.md"


def as_the_page_says() -> list[str]:
    """Return the words of the page's command, for this machine alone."""
    [command] = [
        line
        for line in PAGE.read_text().splitlines()
        if line.startswith("trio-sfu serve --tls self-signed")
    ]
    return command.replace("192.0.2.1", "127.0.0.1").split()[1:]


@contextmanager
def serving(folder: Path, port: int, media: int) -> Iterator[dict[str, str]]:
    """Run it; give what it said of its certificate."""
    environment = {**os.environ, "STATE_DIRECTORY": str(folder)}
    flags = [*as_the_page_says(), "--port", str(port), "--media-port", str(media)]
    log = folder.parent / "self-signed.log"
    with log.open("w") as out:
        process = subprocess.Popen(
            [COMMAND, *flags, "--log-format", "json"], stderr=out, env=environment
        )
    try:

        def said() -> list[dict[str, str]] | None:
            # The last line may be half written.
            whole = log.read_text().rpartition("\n")[0]
            lines = [json.loads(line) for line in whole.splitlines()]
            ready = any(line["event"] == "ready" for line in lines)
            return [line for line in lines if "sha256" in line] if ready else None

        [line] = eventually(said, within=20, why="the daemon to be ready")
        yield line
    finally:
        process.terminate()
        assert process.wait(20) == 0


def get(port: int, path: str, certificate: str) -> int:
    trusted = ssl.create_default_context(cafile=certificate)
    connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=10, context=trusted)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    finally:
        connection.close()


def test_who_has_accepted_it_once_is_not_asked_again(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    port, media = free_ports()
    with serving(folder, port, media) as first:
        assert get(port, "/readyz", first["file"]) == 200
        # The operator's commands find and trust it by the same settings.
        asked = subprocess.run(
            [COMMAND, "tree"],
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
            env={
                **os.environ,
                "STATE_DIRECTORY": str(folder),
                "TRIO_SFU_HTTP_TLS": "self-signed",
                "TRIO_SFU_HTTP_PORT": str(port),
            },
        )
        assert asked.returncode == 0, asked.stderr
        assert "daemon" in asked.stdout
    with serving(folder, port, media) as second:
        assert second["sha256"] == first["sha256"]
