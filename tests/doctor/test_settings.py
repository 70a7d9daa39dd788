"""What the doctor says of settings that are right and yet keep people from calling."""

import datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from trio_sfu.config.model import Auth, Config, Http, Media, Turn
from trio_sfu.doctor.certificate import check_certificate
from trio_sfu.doctor.settings import (
    check_addresses,
    check_page,
    check_secure_context,
    check_settings,
)

NOW = datetime.datetime(2030, 6, 1, tzinfo=datetime.UTC)
OPEN = Http(host="192.0.2.1")


def certificate(file: Path, begin: int, end: int) -> Http:
    """Write a certificate that is good from and until so many days from ``NOW``."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "meet.example")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW + datetime.timedelta(days=begin))
        .not_valid_after(NOW + datetime.timedelta(days=end))
        .sign(key, hashes.SHA256())
    )
    file.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    # Whether it belongs to the key has been seen before this is asked.
    return Http(certificate=str(file), key=str(file))


def test_a_page_from_another_machine_needs_tls() -> None:
    assert check_secure_context(Config()).state == "ok"
    assert check_secure_context(Config(http=Http(certificate="x", key="x"))).state == "ok"
    found = check_secure_context(Config(http=OPEN, auth=Auth(open=True)))
    assert (found.state, "no camera, microphone or screen" in found.message) == ("warn", True)
    assert "http.certificate" in found.remedy


@pytest.mark.parametrize(
    ("begin", "end", "state", "says"),
    [
        (-10, 90, "ok", "is valid until 2030-08-30"),
        (-90, 5, "warn", "is valid until 2030-06-06"),
        (-90, -1, "fail", "has expired on 2030-05-31"),
        (3, 90, "fail", "is valid from 2030-06-04 only"),
    ],
)
def test_a_certificate(tmp_path: Path, begin: int, end: int, state: str, says: str) -> None:
    found = check_certificate(certificate(tmp_path / "c.pem", begin, end), NOW)
    assert (found.state, says in found.message) == (state, True)


def test_a_certificate_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "c.pem").write_text("no such thing")
    for name in ("c.pem", "none.pem"):
        found = check_certificate(Http(certificate=str(tmp_path / name), key=""))
        assert found.state == "fail"


def test_others_cannot_send_media_to_a_loopback_address() -> None:
    assert check_addresses(Config(), ["127.0.0.1", "::1"]).state == "ok"
    found = check_addresses(Config(http=OPEN), ["127.0.0.1", "::1"])
    assert found.state == "fail"
    assert "are told to send media to 127.0.0.1, ::1" in found.message
    assert "media.announced" in found.remedy


@pytest.mark.parametrize("told", ["10.0.0.5", "192.168.1.2", "172.31.0.1", "100.64.0.1", "fd00::1"])
def test_a_private_address_is_reached_by_its_own_network_only(told: str) -> None:
    found = check_addresses(Config(http=OPEN), [told])
    assert (found.state, "only this network reaches" in found.message) == ("warn", True)
    assert "media.stun_server" in found.remedy
    assert check_addresses(Config(http=OPEN), [told, "203.0.113.9"]).state == "ok"
    relayed = Config(http=OPEN, turn=Turn(urls=["turn:t"], secret="s"))  # noqa: S106
    assert check_addresses(relayed, [told]).state == "ok"
    assert check_addresses(Config(), [told]).state == "ok", "nobody else reaches the page"


def test_an_address_of_a_router_is_told() -> None:
    media = Media(addresses=["10.0.0.5"], announced=["203.0.113.9"])
    found = check_addresses(Config(http=OPEN, media=media), ["203.0.113.9"])
    assert (found.state, "the router has 203.0.113.9" in found.message) == ("ok", True)


def test_a_page_that_was_not_built(tmp_path: Path) -> None:
    assert check_page(tmp_path).state == "warn"
    (tmp_path / "index.html").write_text("")
    assert check_page(tmp_path).state == "ok"


def test_without_a_certificate_there_is_none_to_check() -> None:
    assert [each.check for each in check_settings(Config())] == [
        "secure context",
        "page",
    ]
