"""One client of the run: a socket, its ICE check, its keys."""

import errno
import os
import socket
import time
from contextlib import suppress
from typing import Final

from pylibsrtp import Error as SrtpError
from pylibsrtp import Policy, Session

from trio_sfu._native import Profile
from trio_sfu.stun.check import connectivity_check
from trio_sfu.stun.transaction import Transaction
from trio_sfu.trial.errors import TrialError
from trio_sfu.trial.feedback import Feedback
from trio_sfu.trial.packets import FILL, asks_for_keyframe, wide_number

GCM: Final[Profile] = "AEAD_AES_128_GCM"
"""What the daemon prefers, and browsers take."""
CM: Final[Profile] = "AES128_CM_HMAC_SHA1_80"
"""What everybody has to have (RFC 5764)."""
ANSWER: Final = 0.5
"""Seconds after which a check is sent again."""
TRIES: Final = 4
_KEYING: Final = {
    GCM: (28, Policy.SRTP_PROFILE_AEAD_AES_128_GCM),
    CM: (30, Policy.SRTP_PROFILE_AES128_CM_SHA1_80),
}
"""Bytes of a key with its salt, and what libsrtp calls the profile."""
_BUFFER: Final = 1 << 20
_SAMPLE: Final = 61
"""Of how many packets one is decrypted. Prime, so that each place in a frame has its turn."""
_LARGEST: Final = 2_048


class Client:
    """Sends, and takes what comes. ``ssrc`` is its first one at the engine."""

    def __init__(self, server: tuple[str, int], ssrc: int, profile: Profile = GCM) -> None:
        self.ufrag, self.password = os.urandom(4).hex(), os.urandom(12).hex()
        self.profile = profile
        size, theirs = _KEYING[profile]
        self.inbound, self.outbound = os.urandom(size), os.urandom(size)
        """Keys as the engine has them: of what comes to it, and of what it sends."""
        self.received = self.checked = 0
        self.keyframe_asked = False
        self._wide = 0
        self._feedback = Feedback(ssrc)
        self._sending = Session(
            Policy(key=self.inbound, ssrc_type=Policy.SSRC_ANY_OUTBOUND, srtp_profile=theirs)
        )
        self._receiving = Session(
            Policy(key=self.outbound, ssrc_type=Policy.SSRC_ANY_INBOUND, srtp_profile=theirs)
        )
        self._buffer = bytearray(_LARGEST)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
            self.socket.bind((server[0], 0))
            self.socket.connect(server)
        except OSError:
            self.socket.close()
            raise

    def check(self) -> None:
        """Have the engine learn the address. Raises TrialError when it does not answer."""
        request = connectivity_check(
            os.urandom(12),
            f"{self.ufrag}:trial",
            self.password,
            tie_breaker=os.urandom(8),
            nominate=True,
        )
        transaction = Transaction(request, 0.0)
        self.socket.settimeout(ANSWER)
        for _ in range(TRIES):
            with suppress(TimeoutError):
                self.socket.send(request)
                message = transaction.take(self.socket.recv(_LARGEST))
                if message and not message.refused and message.authentic(self.password.encode()):
                    self.socket.settimeout(0)
                    return
        host, port = self.socket.getpeername()
        raise TrialError(
            f"no answer from {host} UDP port {port} within {ANSWER * TRIES:g} s: does a firewall "
            "of this machine drop what comes over loopback?",
            code="trial-no-answer",
        )

    def take_numbers(self, count: int) -> int:
        """Return the first of ``count`` transport-wide numbers for what it sends."""
        first = self._wide
        self._wide += count
        return first

    def send(self, packet: bytes) -> None:
        """Encrypt and send an RTP packet."""
        self._put(self._sending.protect(packet))

    def report(self) -> None:
        """Tell the engine what has arrived since the last time."""
        message = self._feedback.message()
        if message is not None:
            self._put(self._sending.protect_rtcp(message))

    def drain(self, most: int) -> None:
        """Take what has come, at most so many datagrams."""
        now = time.monotonic_ns()
        receive, buffer = self.socket.recv_into, self._buffer
        for _ in range(most):
            try:
                size = receive(buffer)
            except BlockingIOError:
                return
            except ConnectionRefusedError:
                raise TrialError(
                    "the packet engine's port is gone", code="trial-no-answer"
                ) from None
            if buffer[0] < 128:
                continue
            if 192 <= buffer[1] <= 223:  # RFC 5761, section 4
                self._take_control(bytes(buffer[:size]))
                continue
            self.received += 1
            wide = wide_number(buffer, size)
            if wide is not None:
                self._feedback.note(wide, now)
            if self.received % _SAMPLE == 1:
                self._check_payload(bytes(buffer[:size]))

    def close(self) -> None:
        """Close the socket."""
        self.socket.close()

    def _put(self, datagram: bytes) -> None:
        try:
            self.socket.send(datagram)
        except BlockingIOError:
            pass  # Lost, as on a network.
        except OSError as error:
            if error.errno != errno.ENOBUFS:
                raise

    def _take_control(self, datagram: bytes) -> None:
        with suppress(SrtpError):
            self.keyframe_asked |= asks_for_keyframe(self._receiving.unprotect_rtcp(datagram))

    def _check_payload(self, datagram: bytes) -> bytes:
        """Return the packet in it. Raises TrialError when it is not what was sent."""
        try:
            plain = self._receiving.unprotect(datagram)
        except SrtpError as error:
            raise TrialError(f"what came does not decrypt: {error}", code="trial-damaged") from None
        if plain[-16:] != bytes([FILL]) * 16:
            raise TrialError("what came is not what was sent", code="trial-damaged")
        self.checked += 1
        return plain
