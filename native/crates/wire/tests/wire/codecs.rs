//! Codec descriptors: keyframes, frame borders, layers, numbers to rewrite.

use proptest::prelude::*;
use trio_sfu_wire::ParseError;
use trio_sfu_wire::codec::{Codec, Descriptor, dependency_descriptor, describe, red, vp8, vp9};

fn payload(codec: Codec, bytes: &[u8]) -> Descriptor {
    describe(codec, bytes, false, None)
}

#[test]
fn codecs_are_known_by_name() {
    for &codec in Codec::ALL {
        assert_eq!(Codec::parse(codec.as_str()), Some(codec));
    }
    assert_eq!(Codec::parse("VP8"), None);
}

#[test]
fn a_descriptor_is_small_enough_to_keep_with_every_packet() {
    assert!(size_of::<Descriptor>() <= 48, "{} bytes", size_of::<Descriptor>());
}

#[test]
fn every_opus_packet_can_be_decoded_by_itself() {
    let opus = payload(Codec::Opus, &[0x78, 1, 2]);
    assert!(opus.keyframe && opus.start_of_frame && opus.end_of_frame);
    assert!(!payload(Codec::Opus, &[]).keyframe);
}

/// Two earlier frames of two bytes and one, 20 and 40 ms old, before one of three bytes.
pub(crate) const RED: &[u8] =
    &[0xef, 0x1e, 0x00, 0x02, 0xef, 0x0f, 0x00, 0x01, 0x6f, 1, 2, 3, 0x78, 4, 5];

#[test]
fn redundant_audio_is_taken_apart() {
    let descriptor = payload(Codec::Red, RED);
    assert!(descriptor.keyframe && descriptor.start_of_frame && descriptor.end_of_frame);
    let blocks = red::Blocks::parse(RED).expect("blocks");
    assert_eq!(blocks, red::Blocks { payload_type: 111, redundant: 2, primary: 12 });
    assert_eq!(RED[usize::from(blocks.primary)..], [0x78, 4, 5]);
    let mut bytes = RED.to_vec();
    blocks.renumber(&mut bytes, 96);
    assert_eq!(bytes.iter().zip(RED).filter(|(new, old)| new != old).count(), 3);
    assert_eq!(red::Blocks::parse(&bytes), Ok(red::Blocks { payload_type: 96, ..blocks }));
    // The newest frame alone, as at the beginning and between two silences.
    let alone = red::Blocks::parse(&[0x6f, 0x78]).expect("blocks");
    assert_eq!((alone.redundant, alone.primary), (0, 1));
}

#[test]
fn redundant_audio_must_be_what_it_says() {
    for len in 0..=RED.len() - 3 {
        assert_eq!(red::Blocks::parse(&RED[..len]), Err(ParseError::TooShort), "{len} bytes");
    }
    let mut mixed = RED.to_vec();
    mixed[4] = 0x80;
    assert_eq!(red::Blocks::parse(&mixed), Err(ParseError::BadDescriptor));
    let endless = [0xef; 400];
    assert_eq!(red::Blocks::parse(&endless), Err(ParseError::BadDescriptor));
    assert!(!payload(Codec::Red, &mixed).keyframe);
}

/// X S, I L T K, picture id 0x1234 in two bytes, TL0PICIDX, TID 2 with Y and KEYIDX 5.
pub(crate) const VP8: &[u8] = &[0x90, 0xf0, 0x92, 0x34, 0x56, 0xa5, 0x10, 0x02, 0x00];

#[test]
fn vp8_with_everything() {
    let descriptor = describe(Codec::Vp8, VP8, true, None);
    assert!(descriptor.keyframe && descriptor.start_of_frame && descriptor.end_of_frame);
    assert!(descriptor.layer_sync && !descriptor.non_reference);
    assert_eq!(descriptor.temporal_id, Some(2));
    let picture_id = descriptor.picture_id().expect("a picture id");
    assert_eq!((picture_id.value, picture_id.wide), (0x1234, true));
    assert_eq!(descriptor.tl0_picture_index().map(|field| field.value), Some(0x56));
}

#[test]
fn vp8_keyframes_are_told_by_the_first_packet_only() {
    let keyframe = |bytes: &[u8]| payload(Codec::Vp8, bytes).keyframe;
    assert!(keyframe(&[0x10, 0x00]));
    assert!(!keyframe(&[0x10, 0x01]), "interframe");
    assert!(!keyframe(&[0x00, 0x00]), "in the middle of a partition");
    assert!(!keyframe(&[0x11, 0x00]), "beginning of the second partition");
    assert!(!keyframe(&[0x10]), "no VP8 header");
    assert!(payload(Codec::Vp8, &[0x30, 0x01]).non_reference);
}

#[test]
fn vp8_is_rewritten_in_place() {
    let mut bytes = VP8.to_vec();
    let descriptor = vp8::PayloadDescriptor::parse(&bytes).expect("a descriptor");
    descriptor.rewrite(&mut bytes, 0x7fff, 1, Some(0xff));
    assert_eq!(bytes, [0x90, 0xf0, 0xff, 0xff, 0x01, 0xbf, 0x10, 0x02, 0x00]);
    descriptor.rewrite(&mut bytes, 0x0001, 2, None);
    assert_eq!(bytes, [0x90, 0xf0, 0x80, 0x01, 0x02, 0xbf, 0x10, 0x02, 0x00]);

    // Seven bits of picture id and nothing else.
    let mut bytes = vec![0x90, 0x80, 0x7f, 0x01];
    let descriptor = vp8::PayloadDescriptor::parse(&bytes).expect("a descriptor");
    assert_eq!(descriptor.picture_id.map(|id| (id.value, id.wide)), Some((127, false)));
    descriptor.rewrite(&mut bytes, 128, 9, Some(9));
    assert_eq!(bytes, [0x90, 0x80, 0x00, 0x01]);

    // Nothing to rewrite, and a payload shorter than the one that was parsed.
    let mut bytes = vec![0x10, 0x00];
    let plain = vp8::PayloadDescriptor::parse(&bytes).expect("a descriptor");
    plain.rewrite(&mut bytes, 1, 2, Some(3));
    assert_eq!(bytes, [0x10, 0x00]);
    descriptor.rewrite(&mut [], 1, 2, Some(3));
}

/// I L B, picture id 0x0102, TID 1 U SID 0, TL0PICIDX 7.
pub(crate) const VP9: &[u8] = &[0xa8, 0x81, 0x02, 0x30, 0x07, 0xaa];

#[test]
fn vp9_non_flexible_with_layers() {
    let descriptor = payload(Codec::Vp9, VP9);
    assert!(descriptor.keyframe && descriptor.start_of_frame && !descriptor.end_of_frame);
    assert!(descriptor.layer_sync);
    assert_eq!((descriptor.temporal_id, descriptor.spatial_id), (Some(1), Some(0)));
    assert_eq!(descriptor.picture_id().map(|id| (id.value, id.wide)), Some((0x0102, true)));
    assert_eq!(descriptor.tl0_picture_index().map(|field| field.value), Some(7));
    assert_eq!(vp9::PayloadDescriptor::parse(VP9).map(|descriptor| descriptor.len), Ok(5));
}

#[test]
fn vp9_keyframes() {
    let keyframe = |bytes: &[u8]| payload(Codec::Vp9, bytes).keyframe;
    assert!(keyframe(&[0x8c, 0x01, 0xaa]), "no layers");
    assert!(!keyframe(&[0xcc, 0x01, 0xaa]), "inter-predicted");
    assert!(!keyframe(&[0x84, 0x01, 0xaa]), "not its beginning");
    assert!(!keyframe(&[0xa8, 0x01, 0x02, 0x07, 0xaa]), "upper spatial layer");
    assert!(!keyframe(&[0xa8, 0x01, 0x03, 0x07, 0xaa]), "upper spatial layer, predicted");
}

#[test]
fn vp9_flexible_with_references() {
    let parse = vp9::PayloadDescriptor::parse;
    let descriptor = parse(&[0xf8, 0x05, 0x20, 0x03, 0x05, 0x06, 0xaa]).expect("a descriptor");
    assert!(descriptor.flexible && descriptor.tl0_picture_index.is_none());
    assert_eq!(descriptor.len, 6);
    assert_eq!(parse(&[0xf8, 5, 0x20, 1, 1, 1, 0xaa]).err(), Some(ParseError::BadDescriptor));
}

#[test]
fn vp9_scalability_structure_of_chromium() {
    // V: three spatial layers with sizes, a picture group of two.
    let mut bytes = vec![0x8a, 0x01, 0x58];
    bytes.extend_from_slice(&[1, 64, 0, 180, 2, 128, 1, 104, 5, 0, 2, 208]);
    bytes.extend_from_slice(&[2, 0x00, 0x54, 0x01, 0xaa]);
    let descriptor = vp9::PayloadDescriptor::parse(&bytes).expect("a descriptor");
    assert!(descriptor.scalability_structure);
    assert_eq!(usize::from(descriptor.len), bytes.len() - 1);
    for len in 0..usize::from(descriptor.len) {
        assert!(vp9::PayloadDescriptor::parse(&bytes[..len]).is_err(), "{len} bytes");
    }
}

#[test]
fn vp9_is_rewritten_in_place() {
    let mut bytes = VP9.to_vec();
    let descriptor = vp9::PayloadDescriptor::parse(&bytes).expect("a descriptor");
    descriptor.rewrite(&mut bytes, 0x7ffe, 0xfe);
    assert_eq!(bytes, [0xa8, 0xff, 0xfe, 0x30, 0xfe, 0xaa]);
}

#[test]
fn h264_keyframes_and_borders() {
    let tell = |bytes: &[u8]| {
        let descriptor = payload(Codec::H264, bytes);
        (descriptor.keyframe, descriptor.start_of_frame)
    };
    assert_eq!(tell(&[0x67, 0x42]), (true, true), "SPS");
    assert_eq!(tell(&[0x68, 0xce]), (false, true), "PPS");
    assert_eq!(tell(&[0x65, 0x88]), (true, true), "IDR, first slice");
    assert_eq!(tell(&[0x65, 0x40]), (false, false), "IDR, a later slice");
    assert_eq!(tell(&[0x41, 0x9a]), (false, true), "P slice");
    // STAP-A of SPS and PPS, as libwebrtc sends before an IDR.
    assert_eq!(tell(&[0x78, 0, 2, 0x67, 0x42, 0, 2, 0x68, 0xce]), (true, true));
    assert_eq!(tell(&[0x78, 0, 2, 0x41, 0x9a]), (false, true));
    assert_eq!(tell(&[0x78, 0, 9, 0x67, 0x42]), (false, false), "STAP-A cut short");
    // FU-A of an IDR: first, middle, last fragment.
    assert_eq!(tell(&[0x7c, 0x85, 0x88]), (true, true));
    assert_eq!(tell(&[0x7c, 0x05, 0x88]), (false, false));
    assert_eq!(tell(&[0x7c, 0x45, 0x88]), (false, false));
    assert_eq!(tell(&[0x7c, 0x81, 0x9a]), (false, true), "FU-A of a P slice");
    assert_eq!(tell(&[0x7c]), (false, false));
    assert_eq!(tell(&[]), (false, false));
}

#[test]
fn h264_frames_nobody_refers_to() {
    let non_reference = |bytes: &[u8]| payload(Codec::H264, bytes).non_reference;
    assert!(non_reference(&[0x01, 0x9a]));
    assert!(!non_reference(&[0x41, 0x9a]));
    assert!(non_reference(&[0x1c, 0x01, 0x9a]), "in a later fragment too");
    assert!(!non_reference(&[0x06, 0x05]), "SEI belongs to the frame that follows");
    assert!(!non_reference(&[0x18, 0, 2, 0x01, 0x9a, 0, 2, 0x41, 0x9a]));
    assert!(describe(Codec::H264, &[0x41, 0x9a], true, None).end_of_frame);
}

#[test]
fn av1_by_its_aggregation_header() {
    let tell = |bytes: &[u8]| {
        let descriptor = payload(Codec::Av1, bytes);
        (descriptor.keyframe, descriptor.start_of_frame)
    };
    assert_eq!(tell(&[0x18, 0x0a]), (true, true), "N");
    assert_eq!(tell(&[0x10, 0x08]), (true, true), "W=1, sequence header without N");
    assert_eq!(tell(&[0x20, 0x0b, 0x0a]), (true, true), "W=2, the same after its length");
    assert_eq!(tell(&[0x00, 0x80, 0x01, 0x08]), (true, true), "W=0, a length of two bytes");
    assert_eq!(tell(&[0x10, 0x30]), (false, true), "a frame OBU");
    assert_eq!(tell(&[0x90, 0x08]), (false, false), "Z: a continued one");
    assert_eq!(tell(&[0x20]), (false, true));
    assert_eq!(tell(&[]), (false, false));
}

#[test]
fn av1_by_its_dependency_descriptor() {
    let tell = |value: &[u8]| {
        let descriptor = describe(Codec::Av1, &[0x10, 0x30], false, Some(value));
        (descriptor.keyframe, descriptor.start_of_frame, descriptor.end_of_frame)
    };
    assert_eq!(tell(&[0x80, 0, 1, 0x80, 0]), (true, true, false));
    assert_eq!(tell(&[0xc1, 0, 2]), (false, true, true));
    assert_eq!(tell(&[0xc1, 0, 2, 0x40]), (false, true, true), "decode targets only");
    assert_eq!(tell(&[0x41, 0, 2, 0x80]), (false, false, true));
    // Too short to be one: the payload decides.
    assert_eq!(tell(&[0xc1, 0]), (false, true, false));
}

#[test]
fn frame_numbers_are_rewritten_in_place() {
    let mut value = [0xc5, 0x01, 0x02, 0x80, 0x33];
    let parse = dependency_descriptor::Mandatory::parse;
    let mandatory = parse(&value).expect("a descriptor");
    assert_eq!((mandatory.template_id, mandatory.frame_number), (5, 0x0102));
    dependency_descriptor::rewrite(&mut value, 0xfffe);
    assert_eq!(value, [0xc5, 0xff, 0xfe, 0x80, 0x33]);
    dependency_descriptor::rewrite(&mut value[..2], 0);
    assert_eq!(value[1], 0xff);
}

proptest! {
    #[test]
    fn vp8_rewritten_numbers_are_read(
        flags in 0u8..16, wide: bool, picture_id: u16, tl0: u8, key: u8,
        rest in prop::collection::vec(any::<u8>(), 6..12),
    ) {
        let mut bytes = vec![0x90, flags << 4];
        bytes.extend_from_slice(&rest);
        bytes[2] = bytes[2] & 0x7f | u8::from(wide) << 7;
        let before = vp8::PayloadDescriptor::parse(&bytes).expect("long enough");
        before.rewrite(&mut bytes, picture_id, tl0, Some(key));
        let after = vp8::PayloadDescriptor::parse(&bytes).expect("as before");
        let mask = if wide { 0x7fff } else { 0x7f };
        prop_assert_eq!(after.picture_id.map(|id| id.value), before.picture_id.map(|_| picture_id & mask));
        prop_assert_eq!(after.tl0_picture_index.map(|field| field.value), before.tl0_picture_index.map(|_| tl0));
        prop_assert_eq!(after.key_index.map(|field| field.value), before.key_index.map(|_| key & 0x1f));
        prop_assert_eq!((after.temporal_id, after.layer_sync, after.len), (before.temporal_id, before.layer_sync, before.len));
    }

    #[test]
    fn vp9_rewritten_numbers_are_read(
        first: u8, picture_id: u16, tl0: u8, rest in prop::collection::vec(any::<u8>(), 8..60),
    ) {
        let mut bytes = vec![first];
        bytes.extend_from_slice(&rest);
        if let Ok(before) = vp9::PayloadDescriptor::parse(&bytes) {
            before.rewrite(&mut bytes, picture_id, tl0);
            let after = vp9::PayloadDescriptor::parse(&bytes).expect("as before");
            let mask = if before.picture_id.is_some_and(|id| id.wide) { 0x7fff } else { 0x7f };
            prop_assert_eq!(after.picture_id.map(|id| id.value), before.picture_id.map(|_| picture_id & mask));
            prop_assert_eq!(after.tl0_picture_index.map(|field| field.value), before.tl0_picture_index.map(|_| tl0));
            prop_assert_eq!((after.temporal_id, after.spatial_id, after.len), (before.temporal_id, before.spatial_id, before.len));
        }
    }
}
