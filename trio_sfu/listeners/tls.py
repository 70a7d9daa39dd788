"""TLS for the TCP port."""

import ssl

from trio_sfu.config.model import Http
from trio_sfu.errors import ConfigError


def server_context(settings: Http) -> ssl.SSLContext | None:
    """Return the context for the configured certificate, or None for plain HTTP.

    Raises ConfigError when the files cannot be used.
    """
    if not settings.certificate:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    # Over h2 a browser would send the WebSocket as a stream of the HTTP connection.
    context.set_alpn_protocols(["http/1.1"])
    try:
        # With a password, even a wrong one: OpenSSL would ask for it at the terminal, and wait.
        context.load_cert_chain(settings.certificate, settings.key, password="")
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(
            f"http.certificate and http.key cannot be used: {error}", code="config-tls"
        ) from None
    return context
