"""Certificates for tests: each with a key of its own, in files."""

import datetime
import ssl
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_DAY = datetime.timedelta(days=1)


def make_certificate(
    name: str, *, begin: datetime.timedelta, end: datetime.timedelta
) -> tuple[bytes, bytes]:
    """Return a certificate for ``name`` that is good between two times from now, and its key.

    Both are PEM. It may be trusted as its own authority.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + begin)
        .not_valid_after(now + end)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return certificate.public_bytes(serialization.Encoding.PEM), secret


def write_certificate(folder: Path, name: str) -> tuple[Path, Path]:
    """Write ``tls.pem`` and ``tls.key`` for ``name``, in place of what is there, at once each."""
    made = make_certificate(name, begin=-_DAY, end=_DAY)
    files = folder / "tls.pem", folder / "tls.key"
    for file, content in zip(files, made, strict=True):
        fresh = file.with_suffix(".new")
        fresh.write_bytes(content)
        fresh.replace(file)
    return files


def shown_name(address: tuple[str, int]) -> str:
    """Return the name on the certificate that a new connection to ``address`` is shown."""
    certificate = x509.load_pem_x509_certificate(ssl.get_server_certificate(address).encode())
    [name] = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(name.value)
