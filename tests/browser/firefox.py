"""Headless Firefox over WebDriver BiDi (W3C), which needs no driver program.

Its fake camera is one colour that changes; to be recognised, a canvas takes its
place. Its fake microphone is a tone of any frequency.
"""

import base64
import json
import os
import re
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

from tests.browser.patterns import COLOURS
from tests.process.patience import eventually

ENTER = "\ue007"
"""The key's code in WebDriver (17.4.2)."""
CANVAS_CAMERA = Path(__file__).with_name("canvas_camera.js").read_text()


def preferences(tone: int, language: str) -> dict[str, object]:
    """Return the profile's preferences."""
    return {
        "media.navigator.streams.fake": True,
        "media.navigator.audio.fake_frequency": tone,
        "media.navigator.permission.disabled": True,
        "media.peerconnection.ice.obfuscate_host_addresses": False,
        "media.autoplay.default": 0,
        "app.normandy.enabled": False,
        "browser.shell.checkDefaultBrowser": False,
        "datareporting.policy.dataSubmissionEnabled": False,
        "network.captive-portal-service.enabled": False,
        "network.connectivity-service.enabled": False,
        "services.settings.server": "data:,",
        "intl.accept_languages": language,
    }


# Names come by aria-label, by a label, or are the text.
FIND = """(role, name) => {
    const tags = {
        button: "button", textbox: "input:not([type]), input[type=text], textarea", list: "ul, ol",
    };
    const named = (e) => e.ariaLabel ?? e.labels?.[0]?.innerText ?? e.innerText;
    return [...document.querySelectorAll(`${tags[role]}, [role=${role}]`)]
        .filter((e) => e.checkVisibility({ visibilityProperty: true }))
        .filter((e) => named(e).trim().split("\\n")[0] === name);
}"""


class FirefoxBrowser:
    """One Firefox with one page. Satisfies ``participant.BrowserPage``."""

    # Without a sound device its AudioContext never starts.
    tells_tones = False

    def __init__(self, process: "subprocess.Popen[str]", socket: ClientConnection) -> None:
        self._process = process
        self._socket = socket
        self._id = 0
        self._command("session.new", capabilities={})
        self._context = self._command("browsingContext.getTree")["contexts"][0]["context"]

    def _command(self, method: str, **params: object) -> Any:
        self._id += 1
        self._socket.send(json.dumps({"id": self._id, "method": method, "params": params}))
        while True:
            message = json.loads(self._socket.recv(timeout=30))
            if message.get("id") == self._id:
                assert message["type"] == "success", message
                return message["result"]

    def film(self, pattern: str, size: tuple[int, int]) -> None:
        """Point the camera at ``pattern``, in every page opened from now on."""
        colours = json.dumps([COLOURS[letter] for letter in pattern])
        script = CANVAS_CAMERA.replace("COLOURS", colours).replace("SIZE", json.dumps(size))
        self._command("script.addPreloadScript", functionDeclaration=script)

    def open(self, url: str) -> None:
        """Load a page."""
        self._command("browsingContext.navigate", context=self._context, url=url, wait="complete")

    def run(self, function: str, *arguments: object) -> Any:
        """Call a JavaScript function with JSON arguments; a promise is awaited."""
        call = f"({function})(...{json.dumps(arguments)})"
        answer = self._command(
            "script.callFunction",
            functionDeclaration=f"async () => JSON.stringify((await {call}) ?? null)",
            target={"context": self._context},
            awaitPromise=True,
            userActivation=True,
        )
        assert answer["type"] == "success", answer
        return json.loads(answer["result"]["value"])

    def find(self, role: str, name: str) -> list[str]:
        """Return what can be seen of this role and name.

        Not by the accessibility locator: in a call it may need half a minute.
        """
        found = self._call(FIND, *({"type": "string", "value": each} for each in (role, name)))
        return [each["sharedId"] for each in found["value"]]

    def click(self, button: str) -> None:
        """Click the button of this accessible name, as a user does."""
        found = self._command(
            "browsingContext.locateNodes",
            context=self._context,
            locator={"type": "accessibility", "value": {"role": "button", "name": button}},
        )["nodes"]
        assert len(found) == 1, f"{len(found)} buttons named {button}"
        self._point_at(found[0]["sharedId"])

    def press(self, role: str, name: str) -> None:
        """Click what has this role and name."""
        found = self.find(role, name)
        assert len(found) == 1, f"{len(found)} of {role} {name}"
        self._call("(e) => e.scrollIntoView({ block: 'nearest' })", {"sharedId": found[0]})
        self._point_at(found[0])

    def _call(self, function: str, *arguments: dict[str, str]) -> Any:
        answer = self._command(
            "script.callFunction",
            functionDeclaration=function,
            arguments=arguments,
            target={"context": self._context},
            awaitPromise=False,
        )
        assert answer["type"] == "success", answer
        return answer["result"]

    def _point_at(self, element: str) -> None:
        self._act(
            "pointer",
            {"type": "pointerMove", "x": 0, "y": 0, "origin": _origin(element)},
            {"type": "pointerDown", "button": 0},
            {"type": "pointerUp", "button": 0},
        )

    def type(self, text: str) -> None:
        """Press keys; ``ENTER`` is one."""
        ups_and_downs = [(key, how) for key in text for how in ("keyDown", "keyUp")]
        self._act("key", *({"type": how, "value": key} for key, how in ups_and_downs))

    def _act(self, device: str, *actions: dict[str, Any]) -> None:
        self._command(
            "input.performActions",
            context=self._context,
            actions=[{"type": device, "id": device, "actions": actions}],
        )

    def resize(self, width: int, height: int) -> None:
        """Make the window so large, in pixels."""
        size = {"width": width, "height": height}
        self._command("browsingContext.setViewport", context=self._context, viewport=size)

    def screenshot(self, path: Path) -> None:
        """Save what the window shows."""
        answer = self._command("browsingContext.captureScreenshot", context=self._context)
        path.write_bytes(base64.b64decode(answer["data"]))

    def close(self) -> None:
        """Close the tab; the last one ends the browser, so another is opened first."""
        self._command("browsingContext.create", type="tab")
        self._command("browsingContext.close", context=self._context)

    def quit(self) -> None:
        """End the browser."""
        self._process.terminate()


@contextmanager
def running_firefox(
    pattern: str, tone: int, size: tuple[int, int] = (640, 360), language: str = "en-US"
) -> Iterator[FirefoxBrowser]:
    """Start Firefox in this thread's network namespace. ``size``: its camera's, in pixels."""
    with tempfile.TemporaryDirectory(prefix="trio-sfu-firefox-") as folder:
        profile = Path(folder, "profile")
        profile.mkdir()
        lines = (
            f"user_pref({json.dumps(name)}, {json.dumps(value)});\n"
            for name, value in preferences(tone, language).items()
        )
        profile.joinpath("user.js").write_text("".join(lines))
        log = Path(folder, "log")
        with log.open("w") as output:
            process = subprocess.Popen(
                [
                    *("firefox-esr", "--headless", "--no-remote", "--profile", str(profile)),
                    *("--remote-debugging-port", "0"),
                ],
                stdout=output,
                stderr=output,
                text=True,
                env={**os.environ, "HOME": folder},
            )
        try:
            with connect(_address(log) + "/session", max_size=None, proxy=None) as socket:
                browser = FirefoxBrowser(process, socket)
                browser.film(pattern, size)
                yield browser
        finally:
            process.terminate()
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _origin(element: str) -> dict[str, Any]:
    return {"type": "element", "element": {"sharedId": element}}


def _address(log: Path) -> str:
    found = eventually(
        lambda: re.search(r"WebDriver BiDi listening on (ws://\S+)", log.read_text()),
        within=30,
        why="Firefox to start",
    )
    return found[1]
