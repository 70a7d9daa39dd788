"""A certificate of the daemon's own, to try it in a LAN: browsers warn, and then have a camera.

It stays the same from start to start, so that who has accepted it once is not asked again, until
it does not name all that the daemon is called, or has little time left.
"""

import datetime
import os
import socket
from collections.abc import Collection, Iterable
from contextlib import suppress
from ipaddress import ip_address
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from trio_sfu.config.model import Config
from trio_sfu.errors import ConfigError

_LASTS: Final = datetime.timedelta(days=365)
_RENEWED: Final = datetime.timedelta(days=30)
"""Before its end."""
_SKEW: Final = datetime.timedelta(days=1)
"""Other machines' clocks may be behind by this."""


def keep_certificate(config: Config) -> str:
    """Make sure that ``config`` has a certificate of its own; return its SHA-256 fingerprint.

    Raises ConfigError (config-tls) when it cannot be written.
    """
    file, key = Path(config.http.certificate), Path(config.http.key)
    names = _names(config)
    found = _found(file, key, names)
    if found is None:
        try:
            found = _write(file, key, names)
        except OSError as error:
            raise ConfigError(
                f"http.tls: {file.parent} cannot be written: {error.strerror}; set STATE_DIRECTORY"
                " to a folder that can be",
                code="config-tls",
            ) from None
    return found.fingerprint(hashes.SHA256()).hex(":").upper()


def _names(config: Config) -> list[str]:
    """Return all that the daemon is called, as far as it knows."""
    media = config.media
    called = [config.http.host, *media.announced, *media.addresses, socket.gethostname()]
    loopback = ["localhost", "127.0.0.1", "::1"]
    return list(dict.fromkeys([*loopback, *filter(None, map(_place, called))]))


def _place(name: str) -> str | None:
    """Return a name or an address as certificates have it; None for one that leads nowhere."""
    try:
        address = ip_address(name)
    except ValueError:
        return name if name and name.isascii() else None
    # A certificate has no scope (RFC 4007) of an address.
    return None if address.is_unspecified else str(address).partition("%")[0]


def _found(file: Path, key: Path, names: Collection[str]) -> x509.Certificate | None:
    """Return the certificate that is there, if it will do."""
    with suppress(OSError, TypeError, ValueError, x509.ExtensionNotFound):
        there = x509.load_pem_x509_certificate(file.read_bytes())
        secret = serialization.load_pem_private_key(key.read_bytes(), None)
        called = there.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        mine = {str(each) for each in called.get_values_for_type(x509.DNSName)}
        mine |= {str(each) for each in called.get_values_for_type(x509.IPAddress)}
        left = there.not_valid_after_utc - datetime.datetime.now(datetime.UTC)
        if secret.public_key() == there.public_key() and mine >= set(names) and left > _RENEWED:
            return there
    return None


def _write(file: Path, key: Path, names: Iterable[str]) -> x509.Certificate:
    made, secret = _made(names)
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    _replace(
        key,
        secret.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ),
    )
    _replace(file, made.public_bytes(serialization.Encoding.PEM))
    return made


def _replace(file: Path, content: bytes) -> None:
    """Write a file that only this user reads, as a whole or not at all."""
    fresh = file.with_name(f"{file.name}.new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        out.write(content)
    fresh.replace(file)


def _made(names: Iterable[str]) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "trio-sfu, self-signed")])
    now = datetime.datetime.now(datetime.UTC)
    usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _SKEW)
        .not_valid_after(now + _LASTS)
        .add_extension(
            x509.SubjectAlternativeName([_general(name) for name in names]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=False)
        .sign(key, hashes.SHA256())
    )
    return made, key


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)
