//! Splices of VP9, H.264 and AV1, and between codecs.

mod support;

use support::media::Vp8;
use support::world::World;
use support::{AV1, DEPENDENCY, H264, MID, ORIENTATION, Rtp, VP8, VP9, codec, extensions};
use trio_sfu_core::command::{Command, Kind};
use trio_sfu_core::ids::{SlotId, UpTrackId};
use trio_sfu_wire::codec::Codec;

struct Stage {
    world: World,
    publisher: usize,
    viewer: usize,
    tracks: [UpTrackId; 2],
    slot: SlotId,
}

fn stage() -> Stage {
    let mut world = World::new();
    let (publisher, viewer) = (world.join(), world.join());
    let tracks = ["1", "2"].map(|mid| world.track(publisher, Kind::Video, mid, &[]));
    let slot = world.slot(viewer, Kind::Video, 600, Some(601));
    world.map(slot, tracks[0], "");
    Stage { world, publisher, viewer, tracks, slot }
}

impl Stage {
    fn send(&mut self, track: u8, payload_type: u8, sequence: u16, payload: &[u8]) {
        self.send_with(track, payload_type, sequence, payload, None);
    }

    /// Each sequence number is a frame of its own, 30 a second.
    fn send_with(
        &mut self,
        track: u8,
        payload_type: u8,
        sequence: u16,
        payload: &[u8],
        dependency: Option<&[u8]>,
    ) {
        let mut rtp = Rtp {
            ssrc: u32::from(track) * 1000,
            payload_type,
            sequence,
            timestamp: u32::from(sequence) * 3000,
            marker: true,
            payload: payload.to_vec(),
            ..Rtp::default()
        };
        rtp = rtp.with(MID, &[b'0' + track]).with(ORIENTATION, &[track]);
        if let Some(value) = dependency {
            rtp = rtp.with(DEPENDENCY, value);
        }
        self.world.send(self.publisher, &rtp);
        self.world.run(10);
    }

    fn show_second(&mut self) {
        self.world.map(self.slot, self.tracks[1], "");
    }

    fn seen(&self) -> Vec<&Rtp> {
        let seen = self.world.peers[self.viewer].of(600);
        for pair in seen.windows(2) {
            assert_eq!(pair[1].sequence, pair[0].sequence.wrapping_add(1));
        }
        seen
    }
}

/// VP9, non-flexible: I L B E set, P as asked; picture id 15 bits; layers; TL0PICIDX.
fn vp9(picture_id: u16, tl0: u8, keyframe: bool) -> Vec<u8> {
    let inter = if keyframe { 0 } else { 0x40 };
    let [high, low] = (0x8000 | picture_id).to_be_bytes();
    vec![0x80 | 0x20 | 0x08 | 0x04 | inter, high, low, 0, tl0, 1, 2, 3]
}

#[test]
fn vp9_picture_ids_go_on() {
    let mut stage = stage();
    stage.send(1, VP9, 10, &vp9(0x7ffe, 7, true));
    stage.send(1, VP9, 11, &vp9(0x7fff, 8, false));
    stage.show_second();
    stage.send(2, VP9, 900, &vp9(55, 200, false));
    stage.send(1, VP9, 12, &vp9(0, 9, false));
    stage.send(2, VP9, 901, &vp9(56, 201, true));
    stage.send(2, VP9, 902, &vp9(57, 202, false));
    let seen = stage.seen();
    assert_eq!(seen.len(), 5);
    let ids: Vec<(u16, u8)> = seen
        .iter()
        .map(|p| (u16::from_be_bytes([p.payload[1], p.payload[2]]) & 0x7fff, p.payload[4]))
        .collect();
    let (first, tl0) = ids[0];
    for (step, id) in (0u8..).zip(&ids) {
        assert_eq!(*id, ((first + u16::from(step)) & 0x7fff, tl0.wrapping_add(step)));
    }
    assert_eq!(seen[2].extension(ORIENTATION), Some(&[1][..]));
    assert_eq!(seen[3].extension(ORIENTATION), Some(&[2][..]));
}

#[test]
fn h264_begins_at_its_parameter_sets() {
    let (sps, pps, idr, delta) =
        ([0x67u8, 0x42, 0, 0x1f], [0x68u8, 1], [0x65u8, 0x88, 0], [0x61u8, 0x88, 0]);
    let mut stage = stage();
    stage.send(1, H264, 10, &delta);
    let frame = |stage: &mut Stage, first: u16, packets: &[&[u8]], lost: usize| {
        for (index, payload) in (0u16..).zip(packets) {
            let rtp = Rtp {
                ssrc: 1000,
                payload_type: H264,
                sequence: first + index,
                timestamp: u32::from(first) * 3000,
                payload: payload.to_vec(),
                ..Rtp::default()
            };
            if usize::from(index) != lost {
                stage.world.send(stage.publisher, &rtp.with(MID, b"1"));
            }
        }
        stage.world.run(1);
    };
    // The parameter sets are lost: this picture would not decode.
    frame(&mut stage, 11, &[&sps, &pps, &idr], 0);
    assert!(stage.seen().is_empty());
    frame(&mut stage, 14, &[&sps, &pps, &idr], 9);
    frame(&mut stage, 17, &[&delta], 9);
    let seen = stage.seen();
    assert_eq!(seen.len(), 4);
    assert_eq!(seen[0].payload, sps);
}

/// A dependency descriptor's mandatory fields; 0x80 more when a structure follows.
fn dependency(frame_number: u16, structure: bool) -> Vec<u8> {
    let [high, low] = frame_number.to_be_bytes();
    let mut value = vec![0xc0, high, low];
    if structure {
        value.extend([0x80, 0, 0, 0]);
    }
    value
}

#[test]
fn av1_frame_numbers_go_on_in_the_dependency_descriptor() {
    let mut stage = stage();
    stage.send_with(1, AV1, 10, &[0x18, 0x0a, 1], Some(&dependency(0xffff, true)));
    stage.send_with(1, AV1, 11, &[0x10, 0x30, 1], Some(&dependency(0, false)));
    stage.show_second();
    stage.send_with(2, AV1, 900, &[0x10, 0x30, 1], Some(&dependency(70, false)));
    stage.send_with(2, AV1, 901, &[0x18, 0x0a, 1], Some(&dependency(71, true)));
    stage.send_with(2, AV1, 902, &[0x10, 0x30, 1], Some(&dependency(72, false)));
    let seen = stage.seen();
    let numbers: Vec<u16> = seen
        .iter()
        .map(|packet| packet.extension(DEPENDENCY).expect("forwarded"))
        .map(|value| u16::from_be_bytes([value[1], value[2]]))
        .collect();
    assert_eq!(numbers.len(), 4);
    assert!(numbers.windows(2).all(|pair| pair[1] == pair[0].wrapping_add(1)), "{numbers:?}");
    assert_eq!(
        seen[2].extension(DEPENDENCY).map(|value| value[3..].to_vec()),
        Some(vec![0x80, 0, 0, 0])
    );
}

#[test]
fn av1_without_dependency_descriptor_begins_with_a_new_sequence() {
    let mut stage = stage();
    stage.send(1, AV1, 10, &[0x10, 0x30, 1]);
    stage.send(1, AV1, 11, &[0x18, 0x0a, 1]);
    stage.send(1, AV1, 12, &[0x10, 0x30, 1]);
    assert_eq!(stage.seen().len(), 2);
}

#[test]
fn a_slot_may_go_from_one_codec_to_another() {
    let mut stage = stage();
    stage.send(1, VP9, 10, &vp9(5, 1, true));
    stage.show_second();
    let mut camera = Vp8::new(2000, "2", None);
    for packet in camera.frame(true, 2) {
        stage.world.send(stage.publisher, &packet);
    }
    stage.world.run(1);
    let types: Vec<u8> = stage.seen().iter().map(|packet| packet.payload_type).collect();
    assert_eq!(types, [VP9, VP8, VP8]);
}

#[test]
fn the_subscribers_own_numbers_are_used() {
    let mut stage = stage();
    let transport = stage.world.transport(stage.viewer);
    let extensions = extensions().into_iter().map(|(id, kind)| (id + 20, kind)).collect();
    let codecs = vec![codec(45, Codec::Vp8, None)];
    stage.world.command(Command::SetNegotiated { transport, extensions, codecs });
    let mut camera = Vp8::new(1000, "1", None);
    for packet in camera.frame(true, 2) {
        stage.world.send(stage.publisher, &packet);
    }
    stage.world.run(1);
    let seen = stage.seen();
    assert_eq!(seen[0].payload_type, 45);
    assert_eq!(seen[0].extension(MID + 20), Some(&b"s"[..]));
    assert_eq!(seen[0].extension(MID), None);
}

#[test]
fn what_the_subscriber_cannot_decode_is_not_sent() {
    let mut stage = stage();
    let transport = stage.world.transport(stage.viewer);
    let codecs = vec![codec(45, Codec::H264, None)];
    let extensions = extensions();
    stage.world.command(Command::SetNegotiated { transport, extensions, codecs });
    let mut camera = Vp8::new(1000, "1", None);
    for packet in camera.frame(true, 2) {
        stage.world.send(stage.publisher, &packet);
    }
    stage.world.run(1);
    assert!(stage.world.peers[stage.viewer].rtp.is_empty());
    assert_eq!(stage.world.counter("drop_codec_not_negotiated"), 1);
}
