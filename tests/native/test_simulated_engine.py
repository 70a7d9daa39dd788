"""The engine without sockets or clock: a whole call on virtual time."""

from dataclasses import dataclass, field
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pylibsrtp import Policy, Session

from tests.native import binding
from trio_sfu._native import (
    Codec,
    Connected,
    ConsentExpired,
    ControlDatagram,
    EncodingStarted,
    EngineError,
    Event,
    Extension,
    Heard,
    PathChanged,
    Silent,
    SimulatedEngine,
    SlotSwitched,
)

MS = 1_000_000
S = 1000 * MS
OPUS: tuple[int, Codec, int, None] = (111, "opus", 48_000, None)
MID: tuple[int, Extension] = (4, "mid")


@dataclass
class Peer:
    """A browser's side of a transport: its address, SRTP keys and what it received."""

    engine: SimulatedEngine
    random: Random
    ufrag: str
    address: tuple[str, int]
    transport: int = 0
    received: list[bytes] = field(default_factory=list)

    def join(self) -> None:
        keys = [self.random.randbytes(28) for _ in range(2)]
        self.transport = self.engine.add_transport(self.ufrag, binding.PASSWORD)
        self.engine.set_negotiated(self.transport, extensions=[MID], codecs=[OPUS])
        self.engine.set_srtp_keys(self.transport, "AEAD_AES_128_GCM", *keys)
        profile = Policy.SRTP_PROFILE_AEAD_AES_128_GCM
        any_out, any_in = Policy.SSRC_ANY_OUTBOUND, Policy.SSRC_ANY_INBOUND
        self.sending = Session(Policy(key=keys[0], ssrc_type=any_out, srtp_profile=profile))
        self.receiving = Session(Policy(key=keys[1], ssrc_type=any_in, srtp_profile=profile))

    def check(self, now: int) -> None:
        request, _ = binding.request(self.random, ufrag=self.ufrag)
        self.engine.handle_datagram(now, self.address, request)

    def speak(self, now: int, sequence: int, payload: bytes) -> None:
        header = b"\x90\x6f" + sequence.to_bytes(2) + (960 * sequence).to_bytes(4)
        header += (0xABCD).to_bytes(4) + b"\xbe\xde\x00\x01" + b"\x40m\x00\x00"
        packet = self.sending.protect(header + payload)
        self.engine.handle_datagram(now, self.address, packet)


@dataclass
class Call:
    """A publisher, a viewer, and time."""

    seed: int = 0
    now: int = 0
    events: list[Event] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.engine = SimulatedEngine(seed=self.seed)
        self.random = Random(self.seed)
        self.publisher = Peer(self.engine, self.random, "pubA", ("10.0.0.1", 1000))
        self.viewer = Peer(self.engine, self.random, "vieA", ("2001:db8::2", 2000))
        for peer in (self.publisher, self.viewer):
            peer.join()
            peer.check(self.now)
        self.deliver()

    def deliver(self) -> None:
        peers = {peer.address: peer for peer in (self.publisher, self.viewer)}
        for destination, datagram in self.engine.transmit():
            peers[destination].received.append(datagram)
        self.events += self.engine.drain_events()

    def advance(self, until: int) -> None:
        while (due := self.engine.next_deadline()) is not None and due <= until:
            self.now = max(self.now, due)
            self.engine.handle_deadline(self.now)
            self.deliver()
        self.now = until

    def talk(self, packets: int) -> tuple[int, int]:
        """Map the publisher's microphone to the viewer's slot and say ``packets`` words."""
        track = self.engine.add_up_track(self.publisher.transport, "m", "audio")
        slot = self.engine.add_slot(self.viewer.transport, "9", "audio", ssrc=77, cname="c")
        self.engine.map_slot(slot, track)
        for sequence in range(packets):
            self.advance(self.now + 20 * MS)
            self.publisher.speak(self.now, sequence, b"word %d" % sequence)
            self.deliver()
        return track, slot


def media(peer: Peer) -> list[bytes]:
    """Return the RTP packets the peer received, decrypted."""
    packets = [data for data in peer.received if data[0] >> 6 == 2 and not 192 <= data[1] <= 223]
    return [peer.receiving.unprotect(packet) for packet in packets]


def test_checks_are_answered_and_connect() -> None:
    call = Call()
    assert call.events == [
        Connected(call.publisher.transport, "10.0.0.1", 1000),
        Connected(call.viewer.transport, "2001:db8::2", 2000),
    ]
    [datagram] = call.viewer.received
    assert binding.answer(datagram).mapped == ("2001:db8::2", 2000)


def test_what_one_says_the_other_hears() -> None:
    call = Call()
    track, slot = call.talk(10)
    packets = media(call.viewer)
    assert [packet[-6:] for packet in packets] == [b"word %d" % n for n in range(10)]
    assert {packet[8:12] for packet in packets} == {(77).to_bytes(4)}
    sequences = [int.from_bytes(packet[2:4]) for packet in packets]
    assert sequences == [(sequences[0] + n) & 0xFFFF for n in range(10)]
    assert EncodingStarted(track, "", 0xABCD, "opus") in call.events
    assert SlotSwitched(slot, track, "") in call.events


def test_a_restart_of_ice_moves_a_call_that_goes_on() -> None:
    call = Call()
    call.talk(3)
    viewer, password = call.viewer, "anotherPassword0123456"
    call.engine.restart_ice(viewer.transport, "vieB", password)
    call.publisher.speak(call.now, 3, b"word 3")
    call.deliver()
    viewer.address = ("2001:db8::3", 3000)
    request, _ = binding.request(call.random, ufrag="vieB", password=password, nominate=True)
    call.engine.handle_datagram(call.now, viewer.address, request)
    call.publisher.speak(call.now, 4, b"word 4")
    call.deliver()
    assert [packet[-1:] for packet in media(viewer)] == [b"0", b"1", b"2", b"3", b"4"]
    assert PathChanged(viewer.transport, *viewer.address) in call.events
    before = call.engine.counters()["drop_unknown_ufrag"]
    viewer.check(call.now)
    assert call.engine.counters()["drop_unknown_ufrag"] == before + 1
    with pytest.raises(EngineError, match="bad-credentials"):
        call.engine.restart_ice(call.publisher.transport, "vieB", password)
    with pytest.raises(EngineError, match="unknown-transport"):
        call.engine.restart_ice(256_000, "vieC", password)


def test_equal_seeds_give_equal_bytes() -> None:
    runs = []
    for _ in range(2):
        call = Call(seed=7)
        call.talk(50)
        call.advance(call.now + 5 * S)
        runs.append((call.publisher.received, call.viewer.received, call.events))
    assert runs[0] == runs[1]


def test_stats_tell_what_happened() -> None:
    call = Call()
    track, slot = call.talk(10)
    [encoding] = call.engine.up_track_stats(track)
    assert (encoding["rid"], encoding["ssrc"], encoding["packets"]) == ("", 0xABCD, 10)
    assert call.engine.slot_stats(slot)["packets"] == 10
    assert call.engine.transport_stats(call.publisher.transport)["idle_ns"] == 0
    assert call.engine.counters()["rtp_forwarded"] == 10
    for stats in (call.engine.up_track_stats, call.engine.slot_stats, call.engine.transport_stats):
        with pytest.raises(EngineError, match="unknown-"):
            stats(256_000)


def test_silence_and_consent_run_on_virtual_time() -> None:
    call = Call()
    call.events.clear()
    call.publisher.check(call.now)
    call.deliver()
    call.advance(3 * S + 100 * MS)
    transports = {call.publisher.transport, call.viewer.transport}
    assert {event.transport for event in call.events if isinstance(event, Silent)} == transports
    call.publisher.check(call.now)
    call.deliver()
    assert call.events[-1] == Heard(call.publisher.transport)
    call.advance(16 * S)
    assert ConsentExpired(call.viewer.transport) in call.events
    assert ConsentExpired(call.publisher.transport) not in call.events


def test_control_datagrams_pass_both_ways() -> None:
    call = Call()
    call.engine.handle_datagram(call.now, call.viewer.address, b"\x16hello")
    call.engine.send_control(call.viewer.transport, b"\x16answer")
    call.deliver()
    assert call.events[-1] == ControlDatagram(call.viewer.transport, b"\x16hello")
    assert call.viewer.received[-1] == b"\x16answer"


def test_nothing_stays_when_everything_is_removed() -> None:
    call = Call()
    call.talk(3)
    assert call.engine.census() == {
        "transports": 2,
        "addresses": 2,
        "up_tracks": 1,
        "encodings": 1,
        "slots": 1,
        "relays": 0,
        "streams": 0,
    }
    call.engine.remove_transport(call.publisher.transport)
    call.engine.remove_transport(call.viewer.transport)
    assert set(call.engine.census().values()) == {0}


def test_draining_is_bounded_and_loses_nothing() -> None:
    call = Call()
    for number in range(5):
        call.engine.handle_datagram(call.now, call.viewer.address, bytes([0x16, number]))
    drained = [call.engine.drain_events(2) for _ in range(4)]
    assert [len(events) for events in drained] == [2, 2, 1, 0]
    assert [event for events in drained for event in events] == [
        ControlDatagram(call.viewer.transport, bytes([0x16, number])) for number in range(5)
    ]


def test_time_never_goes_back() -> None:
    call = Call()
    call.advance(10 * S)
    call.engine.handle_deadline(1)
    call.engine.handle_datagram(1, call.viewer.address, b"\x16late")
    call.deliver()
    assert call.events[-1] == ControlDatagram(call.viewer.transport, b"\x16late")


@given(st.lists(st.binary(max_size=200), max_size=20))
def test_no_datagram_breaks_it(datagrams: list[bytes]) -> None:
    call = Call()
    for datagram in datagrams:
        call.engine.handle_datagram(call.now, call.viewer.address, datagram)
        call.deliver()
    call.viewer.received.clear()
    call.viewer.check(call.now)
    call.deliver()
    assert binding.answer(call.viewer.received[-1]).mapped == call.viewer.address


@pytest.mark.parametrize("source", [("nowhere", 1), ("10.0.0.1", 70_000)])
def test_a_source_that_is_no_address_is_an_error(source: tuple[str, int]) -> None:
    with pytest.raises((ValueError, OverflowError)):
        SimulatedEngine().handle_datagram(0, source, b"")
