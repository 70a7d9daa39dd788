"""Asking a daemon over TLS."""

import datetime
from pathlib import Path

import pytest
import trio
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from trio_sfu.testing import open_test_daemon
from trio_sfu.tree.remote import Remote, RemoteError


def certificate(file: Path) -> str:
    """Write a certificate for a public name, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "meet.example")])
    now = datetime.datetime.now(datetime.UTC)
    day = datetime.timedelta(days=1)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - day)
        .not_valid_after(now + day)
        .sign(key, hashes.SHA256())
    )
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain)
    file.write_bytes(made.public_bytes(pem) + private)
    return str(file)


async def test_the_daemon_has_to_show_the_configured_certificate(tmp_path: Path) -> None:
    own, other = certificate(tmp_path / "own.pem"), certificate(tmp_path / "other.pem")
    async with open_test_daemon(http__certificate=own, http__key=own) as daemon:
        assert daemon.url.startswith("https://127.0.0.1:")
        tree = await trio.to_thread.run_sync(Remote(daemon.url, own).tree)
        assert (tree.kind, tree.state) == ("daemon", "ready")
        for trusted in (other, ""):
            with pytest.raises(RemoteError, match="CERTIFICATE_VERIFY_FAILED"):
                await trio.to_thread.run_sync(Remote(daemon.url, trusted).tree)
