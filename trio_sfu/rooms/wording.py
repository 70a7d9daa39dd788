"""Messages as a timeline has them: what matters of each, and nothing personal. Pure.

No names, no reasons that people wrote, no SDP. What a client says of others is repeated only
where it looks like a peer's id.
"""

import re
from collections.abc import Iterable
from typing import Final

from trio_sfu.signaling import messages
from trio_sfu.signaling.carried import SlotLayer

_PEER: Final = re.compile(r"p-[0-9a-f]{10}", re.ASCII)
Message = messages.ClientMessage | messages.ServerMessage


def kind_of(message: Message) -> str:
    """Return the message's type: ``peer-left``."""
    tag = type(message).__struct_config__.tag
    return str(tag)


def detail_of(message: Message) -> str:
    """Return what is worth keeping of it; empty: its type says all."""
    match message:
        case messages.Offer():
            sources = " ".join(line.source for line in message.sending)
            return f"{len(message.slots)} slots, sends {sources or 'nothing'}"
        case messages.Publish():
            state = "live" if message.live else "over"
            muted, again = " muted" if message.muted else "", " again" if message.again else ""
            return f"{message.source} {state}{muted}{again}"
        case messages.Prefer():
            return f"{_peer(message.peer)} {message.quality}"
        case messages.View():
            return f"{len(message.tiles)} tiles{', hidden' if message.hidden else ''}"
        case messages.Experience():
            return f"frozen {message.frozen:.1f} s, concealed {message.concealed:.1f} s"
        case messages.MutePeer():
            return f"{_peer(message.peer)} {message.source}"
        case messages.RemovePeer():
            return _peer(message.peer)
        case messages.Error():
            return f"{message.code}{' (fatal)' if message.fatal else ''}"
        case _:
            return _of_server(message)


def _of_server(message: Message) -> str:
    match message:
        case messages.Joined() | messages.Resumed():
            return f"{len(message.peers)} others"
        case messages.PeerJoined() | messages.PeerUpdated():
            tracks = " ".join(
                f"{track.source}{'-muted' if track.muted else ''}" for track in message.peer.tracks
            )
            return f"{message.peer.id} {tracks}".rstrip()
        case messages.PeerLeft():
            return f"{message.peer} {message.reason}"
        case messages.VideoLimited():
            return message.most
        case messages.Draining():
            return "no more" if message.seconds is None else f"in {message.seconds:g} s"
        case messages.Moderated():
            return f"{message.code} by {message.by or 'an operator'}"
        case messages.ScreenTakenOver():
            return f"{message.by} in place of {message.former}"
        case messages.RightsChanged(rights=rights):
            may = " ".join(rights.publish) or "nothing"
            return f"publish {may}{', moderate' if rights.moderate else ''}"
        case _:
            return _of_commons(message)


def _of_commons(message: Message) -> str:
    match message:
        case messages.SendChat():
            return f"{len(message.text)} characters"
        case messages.RaiseHand():
            return "up" if message.raised else "down"
        case messages.React():
            return message.reaction
        case messages.LowerHand():
            return _peer(message.peer)
        case messages.LockRoom():
            return _lock(message.locked)
        case _:
            return _told_of_commons(message)


def _told_of_commons(message: Message) -> str:
    match message:
        case messages.Chat():
            return f"{message.message.number} of {message.message.peer}"
        case messages.ChatHistory():
            return f"{len(message.messages)} messages"
        case messages.Hands():
            return " ".join(message.peers) or "none"
        case messages.Reactions():
            return f"{len(message.reactions)}"
        case messages.RoomLocked():
            return _lock(message.locked)
        case _:
            return _of_media(message)


def _lock(locked: bool) -> str:  # noqa: FBT001  (said of two messages)
    return "locked" if locked else "unlocked"


def _of_media(message: Message) -> str:
    match message:
        case messages.Slots():
            shown = (f"{each.mid}={each.peer}/{each.source}" for each in message.slots if each.peer)
            return ", ".join(shown) or "all dark"
        case messages.SlotShows():
            return f"{message.mid}={message.peer}/{message.source} {message.rid}".rstrip()
        case messages.SlotQuality():
            return _quality(message.slots)
        case messages.SendEncodings():
            return f"{message.source} {' '.join(message.rids) or 'none'}"
        case messages.SendCodec():
            return f"{message.source} {message.codec}{' svc' if message.svc else ''}"
        case messages.RestartEncoder():
            return f"{message.source} {message.reason}"
        case _:
            return ""


def _quality(slots: Iterable[SlotLayer]) -> str:
    told = []
    for each in slots:
        height = f" {each.height}p" if each.height else ""
        state = f"{each.rid or 'single'}{height}" if each.paused is None else each.paused
        told.append(f"{each.mid} {state}" if each.rid is not None or each.paused else each.mid)
    return ", ".join(told)


def _peer(text: str) -> str:
    return text if _PEER.fullmatch(text) else "nobody"
