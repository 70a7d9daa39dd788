"""The daemon's DTLS certificate: one per start, and its OpenSSL context, made once."""

from collections.abc import Sequence
from typing import Any

from aiortc.rtcdtlstransport import RTCCertificate
from OpenSSL import SSL


class _CachingCertificate(RTCCertificate):
    """aiortc builds an OpenSSL context per connection; this one builds it once."""

    _context: SSL.Context | None = None

    def _create_ssl_context(self, srtp_profiles: Sequence[Any]) -> SSL.Context:
        if self._context is None:
            self._context = super()._create_ssl_context(list(srtp_profiles))
            # A context that lives on would keep every association's session.
            self._context.set_session_cache_mode(SSL.SESS_CACHE_OFF)
            # After the handshake hardly anything comes by DTLS: 13 KiB a peer.
            self._context.set_mode(SSL.MODE_RELEASE_BUFFERS)
        return self._context


class Certificate:
    """A self-signed certificate with an ECDSA P-256 key."""

    def __init__(self, native: RTCCertificate) -> None:
        self.native = native
        self.fingerprint = next(
            each.value for each in native.getFingerprints() if each.algorithm == "sha-256"
        )
        """The SHA-256 fingerprint as RFC 8122 writes it: ``AB:CD:…``."""

    @classmethod
    def generate(cls) -> "Certificate":
        """Return a new certificate with a new key."""
        return cls(_CachingCertificate.generateCertificate())
