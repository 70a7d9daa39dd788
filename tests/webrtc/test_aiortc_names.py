"""The private names of aiortc and aioice that ``webrtc`` overrides, reads or relies on.

Both are pinned. When a new version moves one of these, this says so before a call
fails in a way that is hard to read.
"""

import inspect

import aiortc.rtcdtlstransport as dtls
from aioice import ice
from aiortc import RTCPeerConnection
from aiortc.rtcicetransport import RTCIceGatherer, RTCIceTransport

from trio_sfu.webrtc.dtls import PROFILES
from trio_sfu.webrtc.engine_ice import EngineIce
from trio_sfu.webrtc.user_agent import CONNECTING


def test_the_dtls_transport_has_what_is_overridden_and_set() -> None:
    transport = dtls.RTCDtlsTransport
    assert inspect.signature(transport._setup_srtp).parameters.keys() == {"self"}
    source = inspect.getsource(transport)
    for name in ("self._ssl", "self._srtp_profiles", "self._role", "self._state"):
        assert name in source
    assert inspect.signature(transport._recv_next).parameters.keys() == {"self"}
    assert callable(transport._write_ssl)
    assert callable(transport._set_role)
    assert callable(transport._set_state)
    assert {state.name for state in dtls.State} >= {"CONNECTED", "CLOSED", "FAILED"}


def test_the_dtls_transport_asks_nothing_else_of_its_ice_transport() -> None:
    source = inspect.getsource(dtls.RTCDtlsTransport)
    asked = {
        line.split("self.transport.", 1)[1].split("(")[0].split(",")[0].split()[0]
        for line in source.splitlines()
        if "self.transport." in line
    }
    assert asked <= {"_recv", "_send", "role"} | {'role == "controlling":'}
    assert all(hasattr(EngineIce, name.split()[0].rstrip(":")) for name in asked)


def test_the_handshake_awaits_nothing_but_what_is_given_to_it() -> None:
    transport = dtls.RTCDtlsTransport
    for used in (transport._do_handshake, transport._write_ssl):
        source = inspect.getsource(used)
        awaited = {line.partition("await ")[2] for line in source.splitlines() if "await " in line}
        assert awaited <= {"self._write_ssl()", "self._recv_next()", "self.transport._send(data)"}
        assert "asyncio" not in source
    for plain in (transport._validate_peer_identity, transport._set_state, transport._set_role):
        assert not inspect.iscoroutinefunction(plain)


def test_start_does_what_is_done_here_and_begins_a_task() -> None:
    steps = [
        "self._ssl = SSL.Connection(",
        "self._ssl.set_accept_state()",
        "self._ssl.set_connect_state()",
        "self._set_state(State.CONNECTING)",
        "await self._do_handshake()",
        "self._validate_peer_identity(remoteParameters)",
        "self._setup_srtp()",
        "self._set_state(State.CONNECTED)",
        "self._task = asyncio.ensure_future(self.__run())",
    ]
    source = inspect.getsource(dtls.RTCDtlsTransport.start)
    found = [source.find(step) for step in steps]
    assert -1 not in found
    assert found == sorted(found)


def test_the_certificate_has_the_context_that_is_made_once() -> None:
    parameters = inspect.signature(dtls.RTCCertificate._create_ssl_context).parameters
    assert parameters.keys() == {"self", "srtp_profiles"}


def test_the_profiles_have_their_lengths() -> None:
    lengths = {name: (each.key_length, each.salt_length) for name, each in PROFILES.items()}
    assert lengths == {
        "AEAD_AES_128_GCM": (16, 12),
        "AEAD_AES_256_GCM": (32, 12),
        "AES128_CM_HMAC_SHA1_80": (16, 14),
    }


def test_the_ice_transport_of_a_client_has_what_is_replaced() -> None:
    assert "self._send = " in inspect.getsource(RTCIceTransport.__init__)
    assert "self._connection = " in inspect.getsource(RTCIceGatherer.__init__)
    assert "self._protocols: " in inspect.getsource(ice.Connection.__init__)
    assert callable(ice.StunProtocol.send_stun)
    parameters = inspect.signature(ice.Connection.get_component_candidates).parameters
    assert parameters.keys() == {"self", "component", "addresses", "timeout"}
    assert "self.get_component_candidates(" in inspect.getsource(ice.Connection.gather_candidates)
    assert hasattr(RTCPeerConnection, "getTransceivers")


def test_connecting_is_the_task_that_is_looked_for() -> None:
    connecting = RTCPeerConnection._RTCPeerConnection__connect  # type: ignore[attr-defined]
    assert connecting.__qualname__ == CONNECTING
    assert "asyncio.ensure_future(self.__connect())" in inspect.getsource(RTCPeerConnection)
