"""Every code an ``error`` message can carry, with what becomes of the session.

A code is stable: clients and dashboards may rely on it. ``docs/protocol.md`` lists
this table, and a test keeps the codes raised anywhere in it.
"""

from dataclasses import dataclass
from typing import Final

from trio_sfu.signaling.messages import Error

# WebSocket close codes (RFC 6455, section 7.4.1).
NORMAL: Final = 1000
PROTOCOL_ERROR: Final = 1002
UNSUPPORTED_DATA: Final = 1003
ABNORMAL_CLOSURE: Final = 1006
POLICY_VIOLATION: Final = 1008
MESSAGE_TOO_BIG: Final = 1009
INTERNAL_ERROR: Final = 1011
SERVICE_RESTART: Final = 1012
TRY_AGAIN_LATER: Final = 1013


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a code means and what follows it.

    ``close`` is the WebSocket close code (RFC 6455, section 7.4.1) the server closes
    with, or None when the session goes on. ``rejoin`` says that joining anew may help,
    ``retry_after`` after how many seconds at the earliest, if nobody knows better.
    """

    meaning: str
    close: int | None = None
    rejoin: bool = False
    retry_after: float | None = None


CODES: Final[dict[str, Outcome]] = {
    # The protocol was broken.
    "message-malformed": Outcome("Not a JSON object of the protocol.", POLICY_VIOLATION),
    "message-unknown": Outcome("The message's type is not in the protocol.", POLICY_VIOLATION),
    "message-binary": Outcome("A binary frame; messages are text.", UNSUPPORTED_DATA),
    "message-too-large": Outcome("Longer than a message may be.", MESSAGE_TOO_BIG),
    "not-joined": Outcome("The first message was not `join`.", POLICY_VIOLATION),
    "already-joined": Outcome("A second `join` in one session.", POLICY_VIOLATION),
    "rate-limited": Outcome("Too many messages for too long.", POLICY_VIOLATION),
    "join-timeout": Outcome("No `join` in time.", POLICY_VIOLATION),
    "slow-consumer": Outcome(
        "The client did not read what it was sent.", POLICY_VIOLATION, rejoin=True
    ),
    "heartbeat-timeout": Outcome("A ping was not answered.", POLICY_VIOLATION, rejoin=True),
    "protocol-error": Outcome("The protocol was broken otherwise.", POLICY_VIOLATION),
    # The join was refused.
    "room-full": Outcome("The room has as many peers as it may have.", TRY_AGAIN_LATER),
    "too-many-rooms": Outcome(
        "The server has as many rooms as it may have.", TRY_AGAIN_LATER, retry_after=10.0
    ),
    "too-many-peers": Outcome(
        "The server has as many peers as it may have.", TRY_AGAIN_LATER, retry_after=10.0
    ),
    "room-unavailable": Outcome(
        "The room failed too often and stays closed for a minute.",
        TRY_AGAIN_LATER,
        retry_after=30.0,
    ),
    "server-busy": Outcome(
        "The server is overloaded and lets nobody new in.", TRY_AGAIN_LATER, retry_after=10.0
    ),
    "server-draining": Outcome(
        "The server is about to stop and opens no new rooms.", TRY_AGAIN_LATER, retry_after=5.0
    ),
    "too-many-joins": Outcome("Too many joins at once.", TRY_AGAIN_LATER, retry_after=1.0),
    "too-many-joins-from-address": Outcome(
        "Too many joins from the client's address.", TRY_AGAIN_LATER, retry_after=1.0
    ),
    "too-many-joins-of-identity": Outcome(
        "Too many joins with tokens of one identity.", TRY_AGAIN_LATER, retry_after=1.0
    ),
    "room-locked": Outcome("A moderator has locked the room: nobody new gets in.", TRY_AGAIN_LATER),
    "join-barred": Outcome(
        "Removed from this room; a token made later is needed.", POLICY_VIOLATION
    ),
    # The join token lets nobody in.
    "token-required": Outcome("A join token is needed.", POLICY_VIOLATION),
    "token-too-large": Outcome("The token is longer than a token may be.", POLICY_VIOLATION),
    "token-malformed": Outcome("The token is not a JWT.", POLICY_VIOLATION),
    "token-algorithm-refused": Outcome(
        "The token's algorithm is none that is accepted, or not its key's.", POLICY_VIOLATION
    ),
    "token-key-unknown": Outcome("The token's `kid` names no key.", POLICY_VIOLATION),
    "token-signature-invalid": Outcome("The token's signature is wrong.", POLICY_VIOLATION),
    "token-claims-invalid": Outcome(
        "A claim of the token is missing, mistyped or too long.", POLICY_VIOLATION
    ),
    "token-audience-wrong": Outcome("The token is for another service.", POLICY_VIOLATION),
    "token-room-wrong": Outcome("The token is for another room.", POLICY_VIOLATION),
    "token-expiry-missing": Outcome("The token has no expiry.", POLICY_VIOLATION),
    "token-lifetime-too-long": Outcome(
        "The token is good for longer than a token may be.", POLICY_VIOLATION
    ),
    "token-not-yet-valid": Outcome("The token is not valid yet.", POLICY_VIOLATION),
    "token-expired": Outcome("The token has expired.", POLICY_VIOLATION),
    "token-used": Outcome("The token lets in once, and has.", POLICY_VIOLATION),
    "too-many-used-tokens": Outcome(
        "No further single-use token can be remembered.", TRY_AGAIN_LATER, retry_after=10.0
    ),
    # The session ended without the client's fault.
    "replaced": Outcome("The same client joined anew.", NORMAL),
    "removed": Outcome("An operator removed this peer from the room.", NORMAL),
    "removed-by-moderator": Outcome("A moderator removed this peer from the room.", NORMAL),
    "moved": Outcome("An operator moved this peer to another room.", NORMAL, rejoin=True),
    "room-closed": Outcome("An operator closed the room.", NORMAL),
    "trial-over": Outcome("The test of a connection took too long.", NORMAL),
    "server-stopping": Outcome("The server stops or restarts.", SERVICE_RESTART, rejoin=True),
    "peer-failed": Outcome("An error in the server ended this peer.", INTERNAL_ERROR, rejoin=True),
    "room-failed": Outcome("An error in the server ended this room.", INTERNAL_ERROR, rejoin=True),
    "connection-failed": Outcome(
        "An error in the server ended this socket.", INTERNAL_ERROR, rejoin=True
    ),
    "dtls-timeout": Outcome("The DTLS handshake took too long.", POLICY_VIOLATION, rejoin=True),
    "dtls-failed": Outcome("The DTLS handshake failed.", POLICY_VIOLATION, rejoin=True),
    "dtls-closed": Outcome(
        "The client closed the DTLS association.", POLICY_VIOLATION, rejoin=True
    ),
    "consent-expired": Outcome(
        "No ICE consent check for 15 s (RFC 7675).", POLICY_VIOLATION, rejoin=True
    ),
    "too-many-transports": Outcome(
        "The packet engine has as many transports as it may have.",
        TRY_AGAIN_LATER,
        retry_after=10.0,
    ),
    "ice-timeout": Outcome("No ICE check arrived in time.", POLICY_VIOLATION, rejoin=True),
    "engine-unstable": Outcome("The packet engine failed too often.", INTERNAL_ERROR, rejoin=True),
    "worker-lost": Outcome("A worker of the packet engine failed.", INTERNAL_ERROR, rejoin=True),
    "events-lost": Outcome("Too much happened at once.", INTERNAL_ERROR, rejoin=True),
    "media-failed": Outcome("The media transport failed.", POLICY_VIOLATION, rejoin=True),
    "resume-unknown": Outcome(
        "There is no session to resume; join anew.", POLICY_VIOLATION, rejoin=True
    ),
    # One request was refused; the session goes on.
    "offer-invalid": Outcome("The offer is not SDP, or not an acceptable one."),
    "offer-too-large": Outcome("The offer is longer than an offer may be."),
    "too-many-offers": Outcome("The session has made as many offers as it may make."),
    "offer-mismatch": Outcome("The offer and the lists beside it do not name the same lines."),
    "no-common-codec": Outcome("A line offers no codec the server forwards."),
    "no-fingerprint": Outcome("The offer has no certificate fingerprint."),
    "unsupported-fingerprint": Outcome("The fingerprint's hash is not supported."),
    "no-bundle": Outcome("The offer's lines are not all in one BUNDLE group."),
    "too-many-lines": Outcome("The offer has more lines than are accepted."),
    "too-many-slots": Outcome("The offer asks for more slots than a client may have."),
    "too-many-tracks": Outcome("The offer has more tracks than a peer may publish."),
    "unknown-mid": Outcome("`sending` or `slots` names a mid the offer has not."),
    "bad-direction": Outcome("A line's direction does not fit its list."),
    "mid-changed": Outcome("A line was given another mid, kind or use than before."),
    "not-negotiated": Outcome("`publish` names a source no offer has had a line for."),
    "publish-denied": Outcome("The token does not give the right to publish the source."),
    "moderate-denied": Outcome("The token does not give the right to moderate."),
    "data-denied": Outcome("The token does not give the right to write to the others."),
    "chat-empty": Outcome("There is nothing in the message but blanks."),
    "chat-too-fast": Outcome("Too many chat messages at once, by this client or by all."),
    "gesture-too-fast": Outcome("Too many reactions and raised hands at once."),
    "unknown-peer": Outcome("There is no such peer in the room."),
    "refused": Outcome("The request was refused otherwise."),
}

INTERNAL: Final = Outcome("An error nobody expected.", INTERNAL_ERROR, rejoin=True)


def outcome(code: str) -> Outcome:
    """Return what ``code`` means; a code that is not in the table is an internal error."""
    return CODES.get(code, INTERNAL)


def fatal(
    code: str,
    message: str | None = None,
    *,
    failure: str | None = None,
    retry_after: float | None = None,
) -> Error:
    """Return the ``error`` message that ends a session with ``code``."""
    found = outcome(code)
    return Error(
        code=code,
        message=message or found.meaning,
        fatal=True,
        rejoin=found.rejoin,
        failure=failure,
        retry_after=found.retry_after if retry_after is None else retry_after,
    )


def refusal(code: str, message: str, request: int | None = None) -> Error:
    """Return the ``error`` message that refuses one request; the session goes on."""
    return Error(code=code, message=message, id=request)
