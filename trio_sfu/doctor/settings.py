"""What the settings mean for the people who are to call."""

import datetime
import ipaddress
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

import ifaddr
from cryptography import x509

from trio_sfu.config.model import Config
from trio_sfu.config.rules import is_loopback
from trio_sfu.doctor.finding import Finding, fail, ok, warn
from trio_sfu.http.page import PAGE

_SOON: Final = datetime.timedelta(days=14)


def check_settings(config: Config) -> Iterator[Finding]:
    """Check what needs nothing but the settings, the files they name and the interfaces."""
    yield check_secure_context(config)
    if config.http.certificate:
        yield check_certificate(Path(config.http.certificate))
    yield check_addresses(config, _own_addresses())
    yield check_page()


def check_secure_context(config: Config) -> Finding:
    """Whether browsers will give pages camera and microphone (W3C secure contexts)."""
    check = "secure context"
    if config.http.certificate:
        return ok(check, "the port speaks TLS: browsers give camera and microphone")
    if is_loopback(config.http.host):
        return ok(check, "browsers on this machine give camera and microphone")
    message = "plain HTTP: browsers on other machines give no camera, microphone or screen"
    remedy = "set http.certificate and http.key, or put a proxy that speaks TLS before the port"
    return warn(check, message, remedy)


def check_certificate(file: Path, now: datetime.datetime | None = None) -> Finding:
    """Whether the certificate is good for now."""
    check = "certificate"
    now = now or datetime.datetime.now(datetime.UTC)
    remedy = "renew it: a running daemon takes it over by itself"
    try:
        first = x509.load_pem_x509_certificates(file.read_bytes())[0]
    except (OSError, ValueError) as error:
        return fail(check, f"{file} cannot be read: {error}", "it must be PEM, and readable")
    until = first.not_valid_after_utc
    if now > until:
        return fail(check, f"{file} has expired on {until:%Y-%m-%d}", remedy)
    if now < first.not_valid_before_utc:
        begin = first.not_valid_before_utc
        return fail(check, f"{file} is valid from {begin:%Y-%m-%d} only", "look at the clock")
    message = f"{file} is valid until {until:%Y-%m-%d}"
    return warn(check, message, remedy) if until - now < _SOON else ok(check, message)


def check_addresses(config: Config, own: Iterable[str]) -> Finding:
    """Whether clients are told addresses that they can send media to."""
    check = "media addresses"
    told = config.media.announced or config.media.addresses
    if not is_loopback(config.http.host) and all(is_loopback(each) for each in told):
        message = f"other machines reach the page, but are told to send media to {_listed(told)}"
        remedy = "set media.addresses, or media.announced, to addresses they can reach"
        return fail(check, message, remedy)
    foreign = sorted(set(config.media.announced) - set(own))
    if foreign:
        message = f"{_listed(foreign)} is announced and is no address of this machine"
        last = config.media.port + config.media.workers - 1
        ports = (
            f"{config.media.port}"
            if config.media.workers == 1
            else (f"{config.media.port} to {last}")
        )
        remedy = f"have the router pass UDP {ports} on; it can only be seen from outside"
        return warn(check, message, remedy)
    return ok(check, f"clients are told {_listed(told)}")


def check_page(folder: Path = PAGE) -> Finding:
    """Whether the page is there."""
    check = "page"
    if (folder / "index.html").is_file():
        return ok(check, "it has been built")
    return warn(check, "it has not been built: only other clients can call", "run `make setup`")


def _own_addresses() -> set[str]:
    return {
        str(ipaddress.ip_address(ip.ip if isinstance(ip.ip, str) else ip.ip[0]))
        for adapter in ifaddr.get_adapters()
        for ip in adapter.ips
    }


def _listed(addresses: Iterable[str]) -> str:
    return ", ".join(addresses)
