"""A client up to its keys: a socket, ICE checks, DTLS. Then it only stays, until it is driven."""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import trio

from benchmarks.load.handshake import Handshake, HandshakeError, Role
from benchmarks.load.sdp import MID_URI, RID_URI, TRANSPORT_CC_URI, Local, Remote
from trio_sfu._native import Profile
from trio_sfu.stun.message import (
    Attribute,
    Kind,
    Message,
    StunError,
    decode,
    encode,
    new_transaction,
    xor_address,
)
from trio_sfu.webrtc.certificate import Certificate

CONNECTS_WITHIN: Final = 15.0
CHECK_EVERY, STAY_EVERY = 0.1, 2.5
"""Seconds between two checks before the first answer, and after it."""
_PRIORITY: Final = (110 << 24 | 0xFFFFFF).to_bytes(4, "big")
_TIE_BREAKER: Final = bytes([255] * 8)
"""Larger than anybody's: who wants to be in control as well gives in (RFC 8445, 7.3.1.1)."""


@dataclass(frozen=True, slots=True)
class Link:
    """What a load negotiates."""

    profile: Profile
    transport_cc: bool


class Peer:
    """One client. ``run`` is its task."""

    def __init__(
        self, certificate: Certificate, link: Link, socket: trio.socket.SocketType
    ) -> None:
        self._certificate, self.link, self.socket = certificate, link, socket
        self.local = Local(
            secrets.token_hex(4),
            secrets.token_hex(12),
            certificate.fingerprint,
            *socket.getsockname(),
        )
        self.remote: Remote | None = None
        self.keys = (b"", b"")
        self._transactions: set[bytes] = set()
        self._reached = False
        self._handshake: Handshake | None = None
        self._staying = trio.CancelScope()

    @classmethod
    async def open(cls, certificate: Certificate, link: Link, host: str) -> "Peer":
        """Return a client with a socket at ``host``."""
        socket = trio.socket.socket(trio.socket.AF_INET, trio.socket.SOCK_DGRAM)
        await socket.bind((host, 0))
        return cls(certificate, link, socket)

    async def run(
        self, remote: Remote, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
    ) -> None:
        """Connect, say ``started``, and stay until ``release``.

        Raises TimeoutError, HandshakeError.
        """
        self.remote = remote
        # RFC 8842: whom the other end wants to begin; that which leaves it open, we do.
        role: Role = "server" if remote.setup == "active" else "client"
        self._handshake = Handshake(
            self._certificate,
            self.link.profile,
            role,
            remote.fingerprint,
        )
        deadline = trio.current_time() + CONNECTS_WITHIN
        next_check = trio.current_time()
        told = False
        with self._staying:
            while True:
                if not told and trio.current_time() > deadline:
                    raise TimeoutError(f"not connected within {CONNECTS_WITHIN:g} s")
                if trio.current_time() >= next_check:
                    await self._check(remote)
                    next_check = trio.current_time() + (
                        STAY_EVERY if self._reached else CHECK_EVERY
                    )
                await self._listen(remote, self._handshake, next_check)
                if self._handshake.done and not told:
                    self.keys = self._handshake.keys()
                    told = True
                    task_status.started()

    async def _listen(self, remote: Remote, handshake: Handshake, until: float) -> None:
        """Take in a datagram, or do what is due."""
        due = handshake.timeout() if self._reached else None
        wait = until - trio.current_time() if due is None else min(until - trio.current_time(), due)
        with trio.move_on_after(max(wait, 0)) as scope:
            datagram, sender = await self.socket.recvfrom(2_048)
        if scope.cancelled_caught:
            if due is not None and not handshake.done:
                await self._send(remote, handshake.again())
        elif datagram and datagram[0] < 4:
            await self._stun(datagram, sender, remote, handshake)
        elif datagram and 20 <= datagram[0] <= 63:
            await self._send(remote, handshake.step(datagram))

    async def _stun(
        self, datagram: bytes, sender: tuple[str, int], remote: Remote, handshake: Handshake
    ) -> None:
        try:
            message = decode(datagram)
        except StunError:
            return
        if message.kind == Kind.BINDING and message.authentic(self.local.pwd.encode()):
            await self.socket.sendto(self._answer(message, sender), sender)
        elif message.transaction in self._transactions and not self._reached:
            self._reached = message.kind == Kind.BINDING_SUCCESS
            if self._reached:
                await self._send(remote, handshake.step())

    def _answer(self, request: Message, sender: tuple[str, int]) -> bytes:
        address = xor_address(*sender, request.transaction)
        return encode(
            Kind.BINDING_SUCCESS,
            request.transaction,
            [(Attribute.XOR_MAPPED_ADDRESS, address)],
            key=self.local.pwd.encode(),
        )

    async def _check(self, remote: Remote) -> None:
        transaction = new_transaction()
        self._transactions.add(transaction)
        request = encode(
            Kind.BINDING,
            transaction,
            [
                (Attribute.USERNAME, f"{remote.ufrag}:{self.local.ufrag}".encode()),
                (Attribute.PRIORITY, _PRIORITY),
                (Attribute.ICE_CONTROLLING, _TIE_BREAKER),
                (Attribute.USE_CANDIDATE, b""),
            ],
            key=remote.pwd.encode(),
        )
        await self._send(remote, [request])

    async def _send(self, remote: Remote, datagrams: Iterable[bytes]) -> None:
        for datagram in datagrams:
            await self.socket.sendto(datagram, (remote.host, remote.port))

    def release(self) -> None:
        """End the task: somebody else has the socket now."""
        self._staying.cancel()

    async def leave(self) -> None:
        """Say goodbye and close the socket."""
        if self.remote is not None and self._handshake is not None and self._handshake.done:
            await self._send(self.remote, self._handshake.goodbye())
        self.socket.close()

    def line(self, *, verified: bool = False) -> str:
        """Return the peer as a plan has it."""
        if self.remote is None:
            raise HandshakeError("not connected")
        remote = self.remote
        wide = remote.extension(TRANSPORT_CC_URI) if self.link.transport_cc else 0
        types = ",".join(map(str, remote.payload_types())) or "0"
        return (
            f"peer {self.socket.fileno()} {self.link.profile} {remote.host}:{remote.port}"
            f" {remote.ufrag} {remote.pwd} {self.local.ufrag} {self.local.pwd}"
            f" {self.keys[0].hex()} {self.keys[1].hex()} {wide} {types} {int(verified)}"
        )

    def extensions(self) -> tuple[int, int, int]:
        """Return the ids of mid, rid and transport-cc for what this peer sends."""
        if self.remote is None:
            raise HandshakeError("not connected")
        mid, rid, wide = map(self.remote.extension, (MID_URI, RID_URI, TRANSPORT_CC_URI))
        return mid, rid, wide
