"""A simulated client's ICE agent: its paths to the server, and restarts (RFC 8445).

The server is ICE-lite and has one address, so a path is a local address and a pair of
credentials. A restart opens another path beside the one that is used; the new one is used
as soon as it is answered, the old one until then.
"""

from collections import OrderedDict
from dataclasses import dataclass
from random import Random
from typing import Final

import trio

from trio_sfu.media.simulated import Address
from trio_sfu.stun.check import connectivity_check
from trio_sfu.stun.message import Kind, StunError, decode
from trio_sfu.testing.simulation.description import Answered, Credentials
from trio_sfu.testing.simulation.network import Network

CHECK: Final = 2.0
"""Seconds between consent checks (RFC 7675 asks for 5 at most)."""
HURRY: Final = 0.5
"""Seconds between checks of a path without answers."""
DISCONNECTED: Final = 5.0
"""Seconds without an answer after which a browser calls a path disconnected."""
PATIENCE: Final = 2.0
"""Seconds it may be so before ICE is restarted, as client/src/lib/ice-restart.ts has it."""
RESTART_TIMEOUT: Final = 8.0
"""Seconds within which a restart connects; from the same file."""
CONNECT_TIMEOUT: Final = 20.0
"""Seconds within which the first path connects."""
_TIE_BREAKER: Final = bytes(8)  # the server is ICE-lite: nobody contests the role
_OUTSTANDING: Final = 64  # checks that may be answered; older ones are forgotten


@dataclass(eq=False)
class Path:
    """A local address with the credentials of both sides."""

    local: Address
    ice_ufrag: str
    ice_pwd: str
    opened: float
    remote: Answered | None = None
    checked: float = float("-inf")
    answered: float | None = None


class IceAgent:
    """The paths of one transport."""

    def __init__(self, network: Network, random: Random, fingerprint: str, local: Address) -> None:
        self._network = network
        self._random = random
        self._fingerprint = fingerprint
        self._asked: OrderedDict[bytes, Path] = OrderedDict()
        self.path = self._open(local)
        """The one that is used."""
        self.next: Path | None = None
        """The one of a restart that is under way."""
        self.kept = False
        """Whether the one in use works beside it."""

    def _open(self, local: Address) -> Path:
        ufrag, pwd = self._random.randbytes(4).hex(), self._random.randbytes(12).hex()
        return Path(local, ufrag, pwd, trio.current_time())

    @property
    def credentials(self) -> Credentials:
        """What the next offer says: those of the newest path."""
        path = self.next or self.path
        return Credentials(path.ice_ufrag, path.ice_pwd, self._fingerprint)

    @property
    def locals(self) -> set[Address]:
        """The local addresses in use."""
        return {path.local for path in (self.path, self.next) if path is not None}

    @property
    def connected(self) -> bool:
        """Whether the path in use was answered, not long ago."""
        answered = self.path.answered
        return answered is not None and trio.current_time() - answered <= DISCONNECTED

    @property
    def wants_restart(self) -> bool:
        """Whether the path in use is lost and nothing was done about it."""
        answered = self.path.answered
        waited = trio.current_time() - (answered if answered is not None else 0.0)
        return answered is not None and self.next is None and waited > DISCONNECTED + PATIENCE

    @property
    def failed(self) -> bool:
        """Whether only joining anew can help."""
        now = trio.current_time()
        if self.next is not None:
            return now - self.next.opened > RESTART_TIMEOUT
        return self.path.answered is None and now - self.path.opened > CONNECT_TIMEOUT

    def restart(self, local: Address, *, keep: bool) -> None:
        """Open another path, with credentials of its own; ``keep``: the one in use still works."""
        self.next = self._open(local)
        self.kept = keep

    def unanswered(self, since: float) -> float:
        """Return for how long, from ``since`` at the earliest, the path in use was unanswered."""
        return trio.current_time() - max(since, self.path.answered or 0.0)

    def answer(self, answered: Answered) -> None:
        """Take the server's credentials for the newest path."""
        (self.next or self.path).remote = answered

    def tick(self) -> None:
        """Send the checks that are due."""
        now = trio.current_time()
        for path in (self.path, self.next):
            if path is not None and path.remote is not None:
                calm = path.answered is not None and path.answered >= path.checked
                if now - path.checked >= (CHECK if calm else HURRY):
                    self._check(path, path.remote)

    def _check(self, path: Path, remote: Answered) -> None:
        path.checked = trio.current_time()
        transaction = self._random.randbytes(12)
        self._asked[transaction] = path
        if len(self._asked) > _OUTSTANDING:
            self._asked.popitem(last=False)
        request = connectivity_check(
            transaction,
            f"{remote.ice_ufrag}:{path.ice_ufrag}",
            remote.ice_pwd,
            tie_breaker=_TIE_BREAKER,
            nominate=True,
        )
        self._network.send_up(path.local, request, remote.address)

    def receive(self, local: Address, datagram: bytes) -> Path | None:
        """Take what may be an answer; return the path it takes the place of, if it does."""
        try:
            message = decode(datagram)
        except StunError:
            return None
        answers = message.kind == Kind.BINDING_SUCCESS
        path = self._asked.pop(message.transaction, None) if answers else None
        if path is None or path.local != local:
            return None
        path.answered = trio.current_time()
        if path is not self.next:
            return None
        before, self.path, self.next = self.path, path, None
        return before
