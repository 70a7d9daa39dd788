"""DTLS for the keys of SRTP (RFC 5764), with OpenSSL alone: no loop and no task of its own."""

from collections.abc import Iterator
from typing import Final, Literal, TypeAlias

from cryptography.hazmat.primitives.hashes import SHA256
from OpenSSL import SSL

from trio_sfu._native import Profile
from trio_sfu.webrtc.certificate import Certificate
from trio_sfu.webrtc.dtls import PROFILES

Role: TypeAlias = Literal["client", "server"]
_RECORD: Final = 13
"""Bytes of a record's header; the last two are the length of what follows (RFC 6347)."""
_MTU: Final = 1_200


class HandshakeError(Exception):
    """The handshake has failed."""


class Handshake:
    """One association: datagrams in, datagrams out, and then the keys."""

    def __init__(
        self, certificate: Certificate, profile: Profile, role: Role, fingerprint: str
    ) -> None:
        self._profile, self._role = PROFILES[profile], role
        self._fingerprint = fingerprint
        context = certificate.native._create_ssl_context([self._profile])
        self._connection = SSL.Connection(context, None)
        self._connection.set_ciphertext_mtu(_MTU)
        if role == "client":
            self._connection.set_connect_state()
        else:
            self._connection.set_accept_state()
        self.done = False

    def step(self, datagram: bytes = b"") -> Iterator[bytes]:
        """Take in a datagram, if there is one; yield those to be sent. Raises HandshakeError."""
        if datagram:
            self._connection.bio_write(datagram)
        try:
            if not self.done:
                self._connection.do_handshake()
                self._check()
                self.done = True
        except SSL.WantReadError:
            pass
        except SSL.Error as error:
            raise HandshakeError(f"the DTLS handshake failed: {error}") from error
        yield from self._flight()

    def timeout(self) -> float | None:
        """Return in how many seconds ``again`` is due, or None."""
        return None if self.done else self._connection.DTLSv1_get_timeout()

    def again(self) -> Iterator[bytes]:
        """Yield what has to be sent once more."""
        self._connection.DTLSv1_handle_timeout()
        yield from self._flight()

    def _flight(self) -> Iterator[bytes]:
        try:
            data = self._connection.bio_read(65_536)
        except SSL.WantReadError:
            return
        while len(data) >= _RECORD:
            end = _RECORD + int.from_bytes(data[_RECORD - 2 : _RECORD], "big")
            yield data[:end]
            data = data[end:]

    def _check(self) -> None:
        shown = self._connection.get_peer_certificate(as_cryptography=True)
        digest = shown.fingerprint(SHA256()).hex(":").upper() if shown else ""
        if digest != self._fingerprint:
            raise HandshakeError("the certificate is not the one that was announced")

    def keys(self) -> tuple[bytes, bytes]:
        """Return what this end encrypts with, and the other: key and salt of each."""
        if self._connection.get_selected_srtp_profile() != self._profile.openssl_profile:
            raise HandshakeError("no common SRTP profile")
        length = 2 * (self._profile.key_length + self._profile.salt_length)
        material = self._connection.export_keying_material(b"EXTRACTOR-dtls_srtp", length)
        client, server = (self._profile.get_key_and_salt(material, each) for each in (0, 1))
        return (client, server) if self._role == "client" else (server, client)

    def goodbye(self) -> Iterator[bytes]:
        """Yield what closes the association."""
        try:
            self._connection.shutdown()
        except SSL.Error:
            return
        yield from self._flight()
