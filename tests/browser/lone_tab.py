"""A tab that nobody holds in view: it can be hidden and frozen, as one in the background.

Playwright has each of its own believe that it has the focus, and what is seen is never frozen."""

import json
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser

from tests.process.patience import eventually

_CLICK = """(name) => {
    const named = (button) => button.ariaLabel === name || button.innerText.trim() === name;
    const seen = [...document.querySelectorAll("button")].filter((each) => each.checkVisibility());
    const [button] = seen.filter(named);
    button.click();
}"""


class LoneTab:
    """Talks to a tab by the Chrome DevTools Protocol. Satisfies ``participant.BrowserPage``."""

    tells_tones = True

    def __init__(self, browser: Browser, url: str) -> None:
        self._browser = browser.new_browser_cdp_session()
        self._answers: dict[int, dict[str, Any]] = {}
        self._asked = 0
        self._browser.on("Target.receivedMessageFromTarget", self._note)
        context = self._browser.send("Target.createBrowserContext")
        self._context = context["browserContextId"]
        # As after a real prompt; else there is no candidate on loopback.
        granted = ["audioCapture", "videoCapture"]
        self._browser.send(
            "Browser.grantPermissions",
            {"origin": url, "permissions": granted, "browserContextId": self._context},
        )
        opened = {"url": "about:blank", "browserContextId": self._context}
        self._target = self._browser.send("Target.createTarget", opened)["targetId"]
        attached = {"targetId": self._target, "flatten": False}
        self._session = self._browser.send("Target.attachToTarget", attached)["sessionId"]
        self.command("Page.enable")

    def command(self, method: str, **parameters: object) -> Any:
        """Send a command to the tab; return its result."""
        self._asked += 1
        number = self._asked
        message = json.dumps({"id": number, "method": method, "params": parameters})
        sent = {"sessionId": self._session, "message": message}
        self._browser.send("Target.sendMessageToTarget", sent)

        def answer() -> dict[str, Any] | None:
            # Events come while something else is asked for.
            self._browser.send("Target.getTargetInfo", {"targetId": self._target})
            return self._answers.pop(number, None)

        said = eventually(answer, within=20, why=f"an answer to {method}", every=0.005)
        assert "error" not in said, (method, said)
        return said["result"]

    def prepare(self, script: str) -> None:
        """Run ``script`` before the scripts of each page that is opened from now on."""
        self.command("Page.addScriptToEvaluateOnNewDocument", source=script)

    def open(self, url: str) -> None:
        """Load a page."""
        self.command("Page.navigate", url=url)
        loaded = "() => location.href.startsWith('http') && document.readyState === 'complete'"
        eventually(lambda: self.run(loaded), within=20, why=f"{url} to be loaded")

    def run(self, function: str, *arguments: object) -> Any:
        """Call a JavaScript function with JSON arguments; a promise is awaited."""
        answer = self.command(
            "Runtime.evaluate",
            expression=f"({function})(...{json.dumps(arguments)})",
            awaitPromise=True,
            returnByValue=True,
            userGesture=True,
        )
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def click(self, button: str) -> None:
        """Click the button of this name."""
        self.run(_CLICK, button)

    def screenshot(self, path: Path) -> None:
        """Save what the window shows."""
        path.write_bytes(b64decode(self.command("Page.captureScreenshot")["data"]))

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Have nothing run in the tab (W3C Page Lifecycle), as if long hidden; then show it."""
        self.run("() => { window.ticks = 0; setInterval(() => { window.ticks += 1; }, 50); }")
        eventually(lambda: self.run("() => window.ticks > 2"), within=5, why="the clock to go")
        self.command("Page.setWebLifecycleState", state="frozen")
        ticks = self.run("() => window.ticks")
        yield
        assert self.run("() => window.ticks") == ticks, "it was to be frozen"
        self.command("Page.setWebLifecycleState", state="active")
        self._show()

    def _show(self) -> None:
        # What was frozen is hidden, and stays so when it runs again.
        window = self._browser.send("Browser.getWindowForTarget", {"targetId": self._target})
        for state in ("minimized", "normal"):
            bounds = {"windowId": window["windowId"], "bounds": {"windowState": state}}
            self._browser.send("Browser.setWindowBounds", bounds)
        visible = "() => document.visibilityState === 'visible'"
        eventually(lambda: self.run(visible), within=5, why="the tab to be seen", every=0.005)

    def close(self) -> None:
        """Close the tab and forget its profile."""
        self._browser.send("Target.disposeBrowserContext", {"browserContextId": self._context})

    def quit(self) -> None:
        """Close the tab; the browser belongs to somebody else."""
        self.close()

    def _note(self, event: dict[str, Any]) -> None:
        message = json.loads(event["message"])
        if "id" in message:
            self._answers[message["id"]] = message
