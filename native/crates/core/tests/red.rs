//! Redundant audio (RFC 2198): forwarded to those who take it, the newest frame to the others.

mod support;

use support::world::World;
use support::{OPUS, RED, Rtp, codec, extensions};
use trio_sfu_core::command::{Command, Kind};
use trio_sfu_core::event::Event;
use trio_sfu_wire::codec::Codec;

const FRAME: &[u8] = &[0x78, 4, 5];

/// A packet with the two frames before it, each of two bytes.
fn redundant(sequence: u16) -> Rtp {
    let header = |age: u16| [0x80 | OPUS, (age >> 6) as u8, (age << 2) as u8, 2];
    let payload = [&header(1920)[..], &header(960), &[OPUS], &[1, 1, 2, 2], FRAME].concat();
    audio(sequence, RED, payload)
}

fn audio(sequence: u16, payload_type: u8, payload: Vec<u8>) -> Rtp {
    let timestamp = u32::from(sequence) * 960;
    Rtp { ssrc: 1000, payload_type, sequence, timestamp, payload, ..Rtp::default() }
}

struct Call {
    world: World,
    publisher: usize,
    viewer: usize,
}

/// A microphone and somebody who listens with these payload types.
fn call(codecs: &[(u8, Codec)]) -> Call {
    let mut world = World::new();
    let (publisher, viewer) = (world.join(), world.join());
    let track = world.track(publisher, Kind::Audio, "1", &[]);
    let transport = world.transport(viewer);
    let codecs = codecs.iter().map(|&(number, each)| codec(number, each, None)).collect();
    world.command(Command::SetNegotiated { transport, extensions: extensions(), codecs });
    let slot = world.slot(viewer, Kind::Audio, 600, None);
    world.map(slot, track, "");
    Call { world, publisher, viewer }
}

impl Call {
    fn send(&mut self, packet: &Rtp) {
        self.world.send(self.publisher, packet);
        self.world.run(20);
    }

    fn heard(&self) -> Vec<&Rtp> {
        let heard = self.world.peers[self.viewer].of(600);
        for pair in heard.windows(2) {
            assert_eq!(pair[1].sequence, pair[0].sequence.wrapping_add(1));
            assert_eq!(pair[1].timestamp, pair[0].timestamp.wrapping_add(960));
        }
        heard
    }
}

#[test]
fn who_takes_redundancy_gets_all_of_it_in_their_own_numbers() {
    let mut call = call(&[(96, Codec::Opus), (97, Codec::Red)]);
    for sequence in 0..3 {
        call.send(&redundant(sequence));
    }
    let heard = call.heard();
    assert_eq!(heard.len(), 3);
    for packet in heard {
        assert_eq!(packet.payload_type, 97);
        let types = [0, 4, 8].map(|at| packet.payload[at]);
        assert_eq!(types, [0x80 | 96, 0x80 | 96, 96]);
        let (sent, got) = (redundant(0).payload, &packet.payload);
        let rest = |payload: &[u8]| [&payload[1..4], &payload[5..8], &payload[9..]].concat();
        assert_eq!(rest(&sent), rest(got));
    }
}

#[test]
fn who_takes_none_gets_the_newest_frame_alone() {
    let mut call = call(&[(96, Codec::Opus)]);
    for sequence in 0..3 {
        call.send(&redundant(sequence));
    }
    let heard = call.heard();
    assert_eq!(heard.len(), 3);
    for packet in heard {
        assert_eq!((packet.payload_type, &packet.payload[..]), (96, FRAME));
    }
}

#[test]
fn one_stream_may_have_both() {
    let mut call = call(&[(96, Codec::Opus), (97, Codec::Red)]);
    call.send(&audio(0, OPUS, FRAME.to_vec()));
    call.send(&redundant(1));
    call.send(&audio(2, OPUS, FRAME.to_vec()));
    let types: Vec<u8> = call.heard().iter().map(|packet| packet.payload_type).collect();
    assert_eq!(types, [96, 97, 96]);
    let events = call.world.take_events();
    let codecs: Vec<Codec> = events
        .iter()
        .filter_map(|event| match event {
            Event::EncodingStarted { codec, .. } => Some(*codec),
            _ => None,
        })
        .collect();
    assert_eq!(codecs, [Codec::Opus], "it is one encoding, of Opus");
}

#[test]
fn redundancy_without_opus_cannot_be_taken() {
    let mut call = call(&[(97, Codec::Red)]);
    call.send(&redundant(0));
    assert!(call.heard().is_empty());
}

#[test]
fn what_is_malformed_or_no_opus_goes_no_further() {
    let mut call = call(&[(96, Codec::Opus), (97, Codec::Red)]);
    call.send(&redundant(0));
    let mut foreign = redundant(1);
    for at in [0, 4, 8] {
        foreign.payload[at] = foreign.payload[at] & 0x80 | 9;
    }
    let mut torn = redundant(2);
    torn.payload.truncate(13);
    for packet in [&foreign, &torn, &audio(3, RED, vec![0xff; 40]), &audio(4, RED, vec![OPUS])] {
        call.send(packet);
    }
    assert_eq!(call.heard().len(), 1);
    assert_eq!(call.world.counter("drop_malformed_red"), 4);
}
