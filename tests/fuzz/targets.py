"""What is fuzzed in Python: a name, and a function that takes bytes and may not raise."""

from collections.abc import Callable, Mapping

from tests.fuzz.configuration import configuration
from tests.fuzz.dtls import dtls
from tests.fuzz.http_head import http_head
from tests.fuzz.negotiation import negotiation
from tests.fuzz.sdp_fragment import sdp_fragment
from tests.fuzz.signaling import signaling
from tests.fuzz.stun import stun
from tests.fuzz.token import token
from tests.fuzz.websocket import websocket

TARGETS: Mapping[str, Callable[[bytes], None]] = {
    "configuration": configuration,
    "dtls": dtls,
    "http_head": http_head,
    "negotiation": negotiation,
    "sdp_fragment": sdp_fragment,
    "signaling": signaling,
    "stun": stun,
    "token": token,
    "websocket": websocket,
}
