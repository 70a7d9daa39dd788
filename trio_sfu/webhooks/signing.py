"""Signatures of webhooks, by the Standard Webhooks specification, 1.0 (HMAC-SHA256)."""

import base64
import hmac
from collections.abc import Mapping
from hashlib import sha256


def signed_headers(secret: bytes, message: str, body: bytes, now: float) -> Mapping[str, str]:
    """Return the headers that prove who sent ``body`` and when.

    ``message`` is its id, ``now`` the Unix time of this attempt: each has a signature of its own.
    """
    timestamp = str(int(now))
    signed = f"{message}.{timestamp}.".encode() + body
    signature = base64.b64encode(hmac.digest(secret, signed, sha256)).decode()
    return {
        "webhook-id": message,
        "webhook-timestamp": timestamp,
        "webhook-signature": f"v1,{signature}",
    }
