"""The client of docs/second-client, which is written from docs/protocol.md alone."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import urlencode

from tests.browser.participant import Participant, PersonFactory
from tests.process.daemon import running_daemon
from tests.process.patience import eventually

ROOM = "second"
FOLDER = Path(__file__).parents[2] / "docs" / "second-client"
LINES = 150
LOUD = 0.01
"""Of a beep; silence has none."""

FRAMES = """(name) => document.querySelector(`figure[aria-label="${name}"] video`)
    ?.getVideoPlaybackQuality().totalVideoFrames ?? 0"""

# The loudest sample that plays now beside that name.
PEAK = """(name) => {
    const audio = document.querySelector(`figure[aria-label="${name}"] audio`);
    if (!audio) return 0;
    window.listening ??= new AudioContext();
    audio.analyser ??= new AnalyserNode(window.listening);
    audio.source ??= window.listening.createMediaStreamSource(audio.srcObject);
    audio.source.connect(audio.analyser);
    const samples = new Float32Array(audio.analyser.fftSize);
    audio.analyser.getFloatTimeDomainData(samples);
    return Math.max(...samples.map(Math.abs));
}"""


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def served() -> Iterator[str]:
    """Serve the folder from an origin of its own."""
    handler = partial(_Quiet, directory=str(FOLDER))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = Thread(target=server.serve_forever, name="second client")
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


def sees(viewer: Participant, other: Participant) -> None:
    """Wait until somebody at the second client has the other's picture, and sound."""
    video = f'figure[aria-label="{other.name}"] video'
    eventually(
        lambda: viewer.see("shown", video) == other.pattern,
        within=20,
        why=f"{viewer.name} to see {other.pattern} of {other.name}",
    )
    before = viewer.page.run(FRAMES, other.name)
    eventually(
        lambda: viewer.page.run(FRAMES, other.name) >= before + 5,
        within=20,
        why=f"frames of {other.name} to grow",
    )
    eventually(
        lambda: viewer.page.run(PEAK, other.name) > LOUD,
        within=20,
        why=f"{viewer.name} to hear {other.name}",
    )


def test_it_joins_publishes_sees_and_hears(artifacts: Path, person: PersonFactory) -> None:
    alice, bob = person("alice"), person("bob")
    with (
        served() as origin,
        running_daemon(artifacts, environment={"TRIO_SFU_HTTP_ORIGINS": origin}) as daemon,
    ):
        census = daemon.settled_census()
        alice.join(daemon.url, ROOM)
        server = f"{daemon.url.replace('http', 'ws')}/signal"
        asked = urlencode({"server": server, "room": ROOM, "name": "bob"})
        bob.open(f"{origin}/index.html?{asked}")
        alice.sees("bob", bob.pattern)
        alice.hears({"bob": bob.tone})
        sees(bob, alice)
        assert bob.page.run("() => document.querySelector('[role=status]').textContent") == (
            "Joined as bob."
        )
        alice.page.click("Turn camera off")
        eventually(
            lambda: bob.page.run("() => document.querySelectorAll('figure video').length") == 0,
            within=5,
            why="the dark line to be taken away",
        )
        alice.page.click("Turn camera on")
        sees(bob, alice)
        bob.page.close()
        alice.sees_no_more("bob")
        alice.page.close()
        daemon.returns_to(census)


def test_it_is_tiny_and_uses_nothing_else() -> None:
    text = (FOLDER / "index.html").read_text()
    assert len(text.splitlines()) <= LINES
    assert "import " not in text
    assert " src=" not in text
