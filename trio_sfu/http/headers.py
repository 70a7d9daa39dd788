"""The security headers of every answer."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

# Scripts, styles, images and connections of our own origin only, nothing inline; media
# elements play MediaStreams, and blob: is what a recorded or processed one becomes.
_POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "font-src 'self'",
        "manifest-src 'self'",
        "media-src 'self' blob:",
        "worker-src 'self'",
        "connect-src 'self' {sockets}",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        # No text becomes markup or script; the page's policy lets it load workers of its own.
        "require-trusted-types-for 'script'",
        "trusted-types default",
    ]
)
_FIXED = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    # No other site's page gets an answer of ours into its process, in whatever element.
    "cross-origin-resource-policy": "same-origin",
    "origin-agent-cluster": "?1",
    # What frame-ancestors says, for who does not know that.
    "x-frame-options": "DENY",
    "x-permitted-cross-domain-policies": "none",
    # Names that browsers know: of others they complain on the console.
    "permissions-policy": "camera=(self), microphone=(self), display-capture=(self),"
    " geolocation=(), payment=(), usb=(), serial=(), hid=(),"
    " midi=(), accelerometer=(), gyroscope=(), magnetometer=()",
}
# Of this name alone, not of what is below it. A browser heeds it over TLS that it trusts only.
_TLS_ONLY = b"max-age=31536000"
_FIXED_RAW = [(name.encode(), value.encode()) for name, value in _FIXED.items()]


class SecurityHeaders:
    """ASGI middleware that adds them."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the request, its answer with the headers."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                policy = _POLICY.format(sockets=_sockets(scope)).encode("latin-1")
                message["headers"] = [
                    *message["headers"],
                    (b"content-security-policy", policy),
                    *_FIXED_RAW,
                ]
                if scope.get("scheme") == "https":
                    message["headers"].append((b"strict-transport-security", _TLS_ONLY))
            await send(message)

        await self._app(scope, receive, send_with_headers)


def _sockets(scope: Scope) -> str:
    # Not every browser takes ws: and wss: of the same host as 'self'.
    for name, value in scope["headers"]:
        host = value.decode("latin-1")
        if name == b"host" and host and all(c.isalnum() or c in ".-:[]" for c in host):
            return f"ws://{host} wss://{host}"
    return ""
