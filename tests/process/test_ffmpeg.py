"""FFmpeg's own WHIP client, with the flags of the page: the library comes with PyAV."""

import re
import shlex
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

import av
import pytest
import trio
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.video.frame import VideoFrame

from tests.process.daemon import Daemon
from trio_sfu.client import connect

PAGE = (Path(__file__).parents[2] / "docs" / "whip-whep.md").read_text()
RATE, SAMPLES = 30, 960

pytestmark = pytest.mark.skipif(
    "whip" not in av.formats_available, reason="needs an FFmpeg with WHIP in PyAV"
)


def commands() -> tuple[str, dict[str, str]]:
    """Return what makes a certificate, and what FFmpeg is given: option by option."""
    [block] = (each for each in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL) if "ffmpeg" in each)
    certificate, run = block.replace("\\\n", " ").strip().splitlines()
    # Real time is what the encoder below keeps; all others have a value.
    _, *options, url = (each for each in shlex.split(run) if each != "-re")
    given = dict(zip(options[::2], options[1::2], strict=True))
    return certificate, {**given, "url": url}


class Encoder:
    """Publishes a picture and a sound in real time, as ``ffmpeg -re`` does."""

    def __init__(self, url: str, folder: Path, given: dict[str, str]) -> None:
        self.error: Exception | None = None
        options = {
            name.lstrip("-"): text if name == "-whip_flags" else str(folder / text)
            for name, text in given.items()
            if name in ("-whip_flags", "-cert_file", "-key_file")
        }
        self._output = av.open(url, "w", format="whip", options=options)
        self._picture = self._output.add_stream("libx264", RATE)
        self._picture.width, self._picture.height = 640, 360
        self._picture.pix_fmt = given["-pix_fmt"]
        self._picture.options = {
            "profile": given["-profile:v"],
            "preset": given["-preset"],
            "tune": given["-tune"],
            "bf": given["-bf"],
            "g": given["-g"],
        }
        sound = self._output.add_stream(given["-c:a"], int(given["-ar"]))
        self._sound = cast("AudioStream", sound)
        self._sound.layout = "stereo"
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="encoder")

    @contextmanager
    def publishing(self) -> Iterator[None]:
        self._thread.start()
        try:
            yield
        finally:
            self._over.set()
            self._thread.join(30)
        if self.error is not None:
            raise self.error

    def _run(self) -> None:
        try:
            self._encode()
            self._output.close()
        except Exception as error:
            self.error = error

    def _encode(self) -> None:
        began, pictures, sounds = time.monotonic(), 0, 0
        while not self._over.is_set():
            picture = VideoFrame(640, 360, "yuv420p")
            for plane in picture.planes:
                plane.update(bytes([pictures % 256]) * plane.buffer_size)
            picture.pts = pictures
            self._output.mux(self._picture.encode(picture))
            pictures += 1
            while sounds * SAMPLES / 48_000 < pictures / RATE:
                sound = AudioFrame("flt", "stereo", SAMPLES)
                sound.planes[0].update(bytes(sound.planes[0].buffer_size))
                sound.sample_rate, sound.pts = 48_000, sounds * SAMPLES
                self._output.mux(self._sound.encode(sound))
                sounds += 1
            time.sleep(max(0.0, began + pictures / RATE - time.monotonic()))  # Real time.


@pytest.mark.parametrize("role", ["active", "passive"])
async def test_it_publishes(daemon: Daemon, tmp_path: Path, role: str) -> None:
    certificate, given = commands()
    await trio.run_process(["sh", "-euc", certificate], cwd=tmp_path, capture_stderr=True)
    if role == "active":
        given["-whip_flags"] = "dtls_active"
    else:
        given.pop("-whip_flags", None)
    url = given["url"].replace("http://127.0.0.1:8080", daemon.url)
    encoder = Encoder(url, tmp_path, given)
    async with connect(daemon.url, room="studio", name="ann") as ann:
        opening = encoder.publishing()
        opening.__enter__()
        try:
            with trio.fail_after(20):
                await ann.until(lambda: [each.name for each in ann.peers.values()] == ["FFmpeg"])
                (publisher,) = ann.peers
                async for picture in ann.video(publisher):
                    if (picture.width, picture.height) == (640, 360):
                        break
        finally:
            with trio.move_on_after(40, shield=True):
                await trio.to_thread.run_sync(opening.__exit__, None, None, None)
        with trio.fail_after(20):
            await ann.until(lambda: not ann.peers)
