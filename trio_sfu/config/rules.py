"""What settings must be like together, or beyond their types."""

import os
import ssl
from ipaddress import ip_address
from pathlib import Path

from trio_sfu.config.access import access_policy
from trio_sfu.config.model import Config, Media, Video
from trio_sfu.config.token import operator_token
from trio_sfu.config.webhooks import targets, webhook_secret
from trio_sfu.errors import ConfigError
from trio_sfu.stun.place import stun_place


def check(config: Config) -> None:
    """Raise ConfigError when the daemon could not, or should not, run with ``config``."""
    _check_open(config)
    _check_tls(config)
    _check_media(config)
    _check_video(config.video)
    _check_turn(config)
    operator_token(config.admin)
    access_policy(config.auth)
    targets(config.webhooks)
    webhook_secret(config.webhooks)
    if config.liveness.stuck_after < 1:
        raise ConfigError(
            "liveness.stuck_after must be at least 1: an idle worker comes round twice a second"
        )


def is_loopback(host: str) -> bool:
    """Return whether only this machine can reach ``host``."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _check_open(config: Config) -> None:
    if config.auth.keys and config.auth.open:
        raise ConfigError(
            "auth.open = true lets everybody in, and auth.keys nobody without a token: set one"
        )
    if is_loopback(config.http.host) or config.auth.open or config.auth.keys:
        return
    raise ConfigError(
        f'http.host is "{config.http.host}", which other machines can reach, and no access'
        " control is configured. Listen on 127.0.0.1, name the keys of join tokens in"
        " auth.keys (docs/secure.md), or set auth.open = true if everybody who can reach the"
        " port may join",
        code="config-open",
    )


def _check_tls(config: Config) -> None:
    certificate, key = config.http.certificate, config.http.key
    if config.http.tls == "self-signed":
        return  # The files are made when they are needed.
    if bool(certificate) != bool(key):
        raise ConfigError("http.certificate and http.key must be set together", code="config-tls")
    for name, path in (("http.certificate", certificate), ("http.key", key)):
        if path and not Path(path).is_file():
            raise ConfigError(f'{name}: there is no file "{path}"', code="config-tls")
    # Who only asks the daemon something need not be able to read its key.
    if certificate and all(os.access(path, os.R_OK) for path in (certificate, key)):
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key, password="")
        except (OSError, ssl.SSLError) as error:
            raise ConfigError(
                f"http.certificate and http.key cannot be used: {error}", code="config-tls"
            ) from None


def _check_media(config: Config) -> None:
    if not config.media.addresses:
        raise ConfigError("media.addresses is empty; it must name at least one address")
    for name, addresses in (
        ("media.addresses", config.media.addresses),
        ("media.announced", config.media.announced),
    ):
        for address in addresses:
            _check_address(name, address)
    _check_stun(config.media)
    if not config.media.announced and not config.media.stun_server:
        for address in config.media.addresses:
            if ip_address(address).is_unspecified:
                raise ConfigError(
                    f'media.addresses: clients cannot send to "{address}"; name in'
                    " media.announced the addresses of this machine that they can reach, or in"
                    " media.stun_server who can tell"
                )
    if config.media.port and config.media.port + config.media.worker_count - 1 > 65_535:
        raise ConfigError("media.port + media.workers passes the last port, 65535")
    if config.media.tcp:
        _check_tcp(config)


def _check_tcp(config: Config) -> None:
    media, http = config.media, config.http
    if media.tcp_port and media.tcp_port + media.worker_count - 1 > 65_535:
        raise ConfigError("media.tcp_port + media.workers passes the last port, 65535")
    first = media.tcp_port or media.port
    if not first or http.port not in range(first, first + media.worker_count):
        return
    everywhere = {"0.0.0.0", "::"}  # noqa: S104  (not bound)
    if http.host in media.addresses or everywhere & {http.host, *media.addresses}:
        raise ConfigError(
            f"http.port and the TCP port for media are both {http.port}: set media.tcp_port to"
            " another, or media.tcp = false"
            + ("" if http.port == first else f", or media.workers to {http.port - first} at most")
        )


def _check_stun(media: Media) -> None:
    if media.stun_server and media.announced:
        raise ConfigError(
            "media.stun_server is asked for what media.announced says: set one of them"
        )
    if media.stun_server:
        try:
            stun_place(media.stun_server)
        except ValueError as error:
            raise ConfigError(f"media.stun_server: {error}") from None


def _check_video(video: Video) -> None:
    if not video.codecs:
        raise ConfigError("video.codecs is empty; it must name at least one codec")
    if len(set(video.codecs)) < len(video.codecs):
        raise ConfigError("video.codecs names a codec twice")
    if len(set(video.screens)) < len(video.screens):
        raise ConfigError("video.screens names a codec twice")
    for entry in video.rooms:
        pattern, colon, words = entry.partition(":")
        if not colon or not pattern.strip() or not words.split():
            raise ConfigError(f'video.rooms: "{entry}" is not "PATTERN: CODEC CODEC ..."')
        for word in words.split():
            if word != "svc" and word not in video.codecs:
                raise ConfigError(f'video.rooms: "{word}" in "{entry}" is not in video.codecs')


def _check_turn(config: Config) -> None:
    for url in config.turn.urls:
        if not url.startswith(("turn:", "turns:")):
            raise ConfigError(f'turn.urls: "{url}" does not begin with turn: or turns:')
    if config.turn.urls and not config.turn.secret:
        raise ConfigError("turn.urls needs turn.secret, which the servers know too")


def _check_address(name: str, address: str) -> None:
    try:
        ip_address(address)
    except ValueError:
        raise ConfigError(f'{name}: "{address}" is not an IP address') from None
