"""Identifiers: what they are made of and how new ones are drawn."""

import secrets
from typing import NewType

RoomId = NewType("RoomId", str)
PeerId = NewType("PeerId", str)
SessionId = NewType("SessionId", str)
FailureId = NewType("FailureId", str)
ResumeToken = NewType("ResumeToken", str)


def new_peer_id() -> PeerId:
    """Return a peer id of 12 characters, unique for all practical purposes."""
    return PeerId(f"p-{secrets.token_hex(5)}")


def new_session_id() -> SessionId:
    """Return a session id, for log lines."""
    return SessionId(f"s-{secrets.token_hex(4)}")


def new_failure_id() -> FailureId:
    """Return the id of a failure's record, which people may have to read out."""
    return FailureId(f"f-{secrets.token_hex(4)}")


def new_resume_token() -> ResumeToken:
    """Return a secret of 192 bits that proves who held a session."""
    return ResumeToken(secrets.token_urlsafe(24))
