"""RTP header extensions (RFC 8285): their URIs and the engine's names for them."""

from typing import Final

from trio_sfu._native import Extension

EXTENSIONS: Final[dict[str, Extension]] = {
    "urn:ietf:params:rtp-hdrext:sdes:mid": "mid",
    "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id": "rid",
    "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id": "repaired-rid",
    "urn:ietf:params:rtp-hdrext:ssrc-audio-level": "audio-level",
    "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01": "transport-cc",
    "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time": "abs-send-time",
    "urn:3gpp:video-orientation": "video-orientation",
    "https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension": (
        "dependency-descriptor"
    ),
}

# Which of them each kind of line is answered with. Without video-orientation a publisher
# turns its pictures itself, which every receiver understands. The dependency descriptor is
# for the server above all: it goes on to those who have it, and the others need none. A slot
# is announced by its SSRCs, so its packets carry no RIDs.
SENDING: Final[frozenset[Extension]] = frozenset(EXTENSIONS.values()) - {"video-orientation"}
RECEIVING: Final[frozenset[Extension]] = frozenset(EXTENSIONS.values()) - {"rid", "repaired-rid"}
