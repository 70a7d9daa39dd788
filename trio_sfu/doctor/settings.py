"""What the settings mean for the people who are to call."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from trio_sfu.config.model import Config
from trio_sfu.config.rules import is_loopback
from trio_sfu.doctor.certificate import check_certificate
from trio_sfu.doctor.finding import Finding, fail, ok, warn
from trio_sfu.doctor.own import is_private, listed, own_addresses
from trio_sfu.http.page import PAGE
from trio_sfu.webrtc.candidates import host_candidates


def check_settings(config: Config, url: str | None = None) -> Iterator[Finding]:
    """Check what needs nothing but the settings and the files they name.

    ``url``: where people open the page, if that is said: then it is looked at there.
    """
    if url is None:
        yield check_secure_context(config)
    if config.http.tls == "self-signed":
        yield warn(
            "certificate",
            "the certificate is the daemon's own: every browser warns of it once",
            "for more than a test: http.certificate and http.key, or a proxy that speaks TLS",
        )
    elif config.http.certificate:
        yield check_certificate(config.http)
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


def check_addresses(config: Config, told: Sequence[str]) -> Finding:
    """Whether clients are ``told`` addresses that they can send media to."""
    check = "media addresses"
    others = not is_loopback(config.http.host)
    if others and all(is_loopback(each) for each in told):
        message = f"other machines reach the page, but are told to send media to {listed(told)}"
        remedy = "set media.addresses, or media.announced, to addresses they can reach"
        return fail(check, message, remedy)
    only_private = told and all(is_loopback(each) or is_private(each) for each in told)
    if others and only_private and not config.turn.urls:
        message = f"clients are told {listed(told)}, which only this network reaches"
        remedy = (
            "for people elsewhere set media.announced to the router's address, or"
            " media.stun_server, and have the router pass the UDP port on"
        )
        return warn(check, message, remedy)
    foreign = sorted(set(config.media.announced) - own_addresses())
    if foreign:
        return ok(check, f"clients are told {listed(told)}; the router has {listed(foreign)}")
    return ok(check, f"clients are told {listed(told)}")


def bound_addresses(config: Config) -> list[str]:
    """Return the addresses of the UDP port, those of all interfaces for a wildcard."""
    return [host for host, _ in host_candidates([(host, 0) for host in config.media.addresses])]


def check_page(folder: Path = PAGE) -> Finding:
    """Whether the page is there."""
    check = "page"
    if (folder / "index.html").is_file():
        return ok(check, "it has been built")
    return warn(check, "it has not been built: only other clients can call", "run `make setup`")
