"""The socket is lost, media is alive: nobody notices (DESIGN 5, "signaling socket lost")."""

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from tests.browser.participant import PersonFactory
from tests.process.daemon import OF_PEERS, Daemon
from tests.process.patience import eventually

ROOM = "coming-back"

# Packets of the others' pictures that never came. Freezes are not counted: a busy machine
# makes them too.
LOSSES = """async () => {
    const reports = [...(await window.trioSfu.pc.getStats()).values()];
    const video = reports.filter(({ type, kind }) => type === "inbound-rtp" && kind === "video");
    return video.reduce((sum, { packetsLost }) => sum + packetsLost, 0);
}"""


class Relay:
    """A TCP relay to the daemon; UDP goes by it."""

    def __init__(self, port: int, host: str = "127.0.0.1") -> None:
        self._port = port
        self._listener = socket.create_server((host, 0))
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        self.url = f"http://{host}:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                far = socket.create_connection(("127.0.0.1", self._port))
                self._pairs.append((near, far))
                for one, other in ((near, far), (far, near)):
                    threading.Thread(target=_copy, args=(one, other), daemon=True).start()

    @property
    def connections(self) -> int:
        """How many were made since the last cut."""
        return len(self._pairs)

    def cut(self) -> None:
        """Reset every connection, on both sides."""
        pairs, self._pairs = self._pairs, []
        for each in (end for pair in pairs for end in pair):
            with suppress(OSError):
                each.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                # Wakes the thread that reads it; close() alone would wait for that.
                each.shutdown(socket.SHUT_RD)
            each.close()

    def close(self) -> None:
        """End the relay."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()


def _copy(source: socket.socket, destination: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65_536):
            destination.sendall(data)
        destination.shutdown(socket.SHUT_WR)


@contextmanager
def relay(port: int, host: str = "127.0.0.1") -> Iterator[Relay]:
    made = Relay(port, host)
    try:
        yield made
    finally:
        made.close()


def test_a_socket_that_is_cut_costs_nobody_a_frame(daemon: Daemon, person: PersonFactory) -> None:
    alice, bob = person("alice"), person("bob")
    with relay(daemon.http_port) as way:
        alice.join(way.url, ROOM)
        bob.join(daemon.url, ROOM)
        for viewer, other in ((alice, bob), (bob, alice)):
            viewer.sees(other.name, other.pattern)
        census = daemon.settled_census()
        losses = [one.page.run(LOSSES) for one in (alice, bob)]
        offers = [one.offers() for one in (alice, bob)]
        own = alice.page.run("() => window.trioSfu.client.self")
        bob.page.run(
            """() => {
                window.departures = 0;
                window.trioSfu.client.on("peer-left", () => { window.departures += 1; });
            }"""
        )

        for _ in range(2):
            way.cut()
            # Only who is back hears of it.
            bob.page.click("Mute microphone")
            eventually(
                lambda: alice.page.run(
                    "() => window.trioSfu.client.peers[0].tracks.some(({ muted }) => muted)"
                ),
                within=10,
                why="news of Bob over Alice's new socket",
            )
            assert way.connections > 0
            bob.page.click("Unmute microphone")
            for viewer, other in ((alice, bob), (bob, alice)):
                viewer.sees(other.name, other.pattern)

        assert alice.page.run("() => window.trioSfu.client.self") == own
        assert bob.page.run("() => window.departures") == 0
        assert [one.offers() for one in (alice, bob)] == offers
        assert [one.page.run(LOSSES) for one in (alice, bob)] == losses
        daemon.returns_to(census, only=OF_PEERS)
        alice.page.close()
        bob.sees_no_more("alice")
