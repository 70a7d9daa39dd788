"""The messages as a page of documentation."""

import re
from inspect import cleandoc

from msgspec import NODEFAULT, Struct
from msgspec import inspect as shape

from trio_sfu.signaling import codes, messages
from trio_sfu.signaling.typescript import described, named, reachable, top_level

_HEAD = """\
# The signaling protocol

<!-- Generated from trio_sfu/signaling/messages.py by `python -m trio_sfu.signaling.schema`.
     Change the Python module and generate it anew. -->

## What

One WebSocket (RFC 6455) at `/signal`, subprotocol `{subprotocol}`. Every message is one JSON
object in one text frame, its `type` in kebab case, at most {limit} bytes from client to server.
The same messages as a JSON Schema are in [protocol.schema.json](protocol.schema.json), as
TypeScript types in `client/src/protocol.ts`.

## Why

The client always offers and the server always answers, so there is no glare and nobody needs
a new offer because somebody else joins, leaves, mutes or shares a screen: what a line of the
SDP shows is said by `slots` and `slot-shows`.

- Unknown fields are ignored, so that either side can be newer than the other.
- An unknown type, a malformed, binary or oversized message, or one out of order is answered
  with a fatal `error`, and the server closes the socket. Nothing a client sends ends more
  than its own session.
- What is not required may be left out by the client. The server always sends every field.

## How

1. The client connects and sends `join` within {join_timeout} seconds, with a join token where the
   server asks for one ([secure.md](secure.md)). The server answers `joined`, with what the client
   may do. Lines for sources that it may not publish, and slots of who may not subscribe, are
   answered `inactive`.
2. The client sends `offer`, once, naming the use of each line. The server answers `answer`,
   all of its candidates in it. `candidate` messages are accepted and not needed: the server
   is ICE-lite (RFC 8445). A later offer may ask for more slots, or restart ICE with other
   credentials: the old path is used until the client has nominated a new one.
3. The client says with `publish` what its sending lines carry from now on; it repeats that
   after muting, unmuting, starting and stopping to share. A room has one screen at a time: who
   shares one takes the place of who did before. What the client said in a session before, or to a
   socket that was lost, it says again with `again`, so that it takes nobody's place by itself.
4. The server sends `slots` whenever the mapping of the client's slots changes, and
   `slot-shows` when the first packet of a new source or encoding has left it.
5. The client sends `leave`, or just closes the socket. A socket that is lost without a close
   frame leaves the peer in the room while its media goes on, for a grace period: the first
   message of a new socket may then be `resume`.

The server sends a WebSocket ping every {ping} seconds and closes a socket that does not answer
within {pong} seconds. Browsers answer by themselves.

### What is in an offer

What a browser's `RTCPeerConnection` offers by itself will do: one BUNDLE group (RFC 8843), RTP and
RTCP on one port, a certificate's fingerprint. The client makes its lines before the first offer;
their mids are known once the offer is the local description.

- For each source that it may ever publish: one `sendonly` line, in `sending`; of audio for
  `microphone` and `screen-audio`, of video for `camera` and `screen`. Nothing has to be sent on
  it: a track is put into it later without another offer, and said by `publish`.
- For each of the others that it can show: a pair, one `recvonly` line of audio and one of video,
  in `slots` with the same number.
- For each sound of a screen that it can play: a pair of its own, which has audio alone.

A camera may be one stream or simulcast (RFC 8853) with the RIDs `q`, `h` and `f`, from the smallest
to the fullest. The `iceServers` of `joined` are for the client's `RTCPeerConnection`, before it
makes its offer. The SDP of `answer` is its remote description as it is.

### What is shown

Each of the others, the first to come first, is put into a pair, and stays there until it leaves.
On the pair's video line is its stage: its screen while it shares one, else its camera. On the audio
line is its microphone. `slots` says which peer and which source each line is for, by mid; a line
that it maps to nobody is dark. What arrives on a line is the track of its receiver, which stays the
same whoever is shown: a client needs one media element a line, and changes the name beside it.
`slot-shows` says when a picture of the new one comes. With fewer pairs than others, those who speak
are shown.

A client may show who presents beside what they present: by a tile in `view` with the `source`
`camera`, besides that of the peer's stage. While the peer shares a screen and its camera is on,
another video line is then mapped to its camera, if no stage is on one; to have one in a full room
the client offers a pair more. When the share ends that line is dark again, and the camera is on
the stage.

A whole client of this page, in one file that uses nothing else, is
[second-client/index.html](second-client/index.html).
"""

JOIN_TIMEOUT_S = 10
PING_INTERVAL_S = 5
PONG_TIMEOUT_S = 10


def render() -> str:
    """Return the text of ``docs/protocol.md``."""
    parts = [
        _HEAD.format(
            subprotocol=messages.SUBPROTOCOL,
            limit=messages.MAX_MESSAGE_BYTES,
            join_timeout=JOIN_TIMEOUT_S,
            ping=PING_INTERVAL_S,
            pong=PONG_TIMEOUT_S,
        ).rstrip()
    ]
    for title, union in (
        ("Client to server", messages.ClientMessage),
        ("Server to client", messages.ServerMessage),
    ):
        names = top_level(union)
        structs = reachable(union)
        parts.append(f"## {title}")
        parts += [_section(struct) for struct in structs if named(struct.cls) in names]
        carried = [struct for struct in structs if named(struct.cls) not in names]
        parts += [_section(struct) for struct in carried]
    parts += ["## Error codes", _code_table()]
    return "\n\n".join(parts) + "\n"


def _section(struct: shape.StructType) -> str:
    title = f"`{struct.tag}`" if struct.tag is not None else named(struct.cls)
    parts = [f"### {title}", _markdown(cleandoc(struct.cls.__doc__ or ""))]
    if struct.fields:
        rows = ["| field | type | required |", "|---|---|---|"]
        rows += [_row(field) for field in struct.fields]
        parts.append("\n".join(rows))
    return "\n\n".join(parts)


def _row(field: shape.Field) -> str:
    type_ = described(field.type).replace("|", "\\|")
    if field.default is not NODEFAULT:
        required = f"no, `{_json(field.default)}`"
    elif field.default_factory is not NODEFAULT:
        required = "no, `[]`"
    else:
        required = "yes"
    limits = _limits(field.type)
    return f"| `{field.encode_name}` | `{type_}`{limits} | {required} |"


def _limits(type_: shape.Type) -> str:
    if isinstance(type_, shape.UnionType):
        return "".join(_limits(each) for each in type_.types)
    if isinstance(type_, shape.StrType) and type_.max_length is not None:
        pattern = f", matching `{type_.pattern}`" if type_.pattern else ""
        return f", {type_.min_length or 0} to {type_.max_length} characters{pattern}"
    if isinstance(type_, shape.IntType | shape.FloatType) and type_.le is not None:
        return f", {type_.ge} to {type_.le}"
    return ""


def _json(value: object) -> str:
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int | float):
        return f"{value:g}"
    if isinstance(value, Struct):
        return "{}"  # all of its own defaults
    return f'"{value}"'


def _markdown(doc: str) -> str:
    return re.sub(r"``(.*?)``", r"`\1`", doc)


def _code_table() -> str:
    rows = ["| code | meaning | then |", "|---|---|---|"]
    for code, outcome in codes.CODES.items():
        if outcome.close is None:
            then = "the session goes on"
        else:
            then = f"close {outcome.close}" + (", join anew" if outcome.rejoin else "")
        rows.append(f"| `{code}` | {outcome.meaning} | {then} |")
    return "\n".join(rows)
