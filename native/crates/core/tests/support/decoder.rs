//! A viewer that knows what each frame depends on.

use std::collections::{BTreeMap, HashMap, HashSet};

use trio_sfu_wire::codec::Codec;
use trio_sfu_wire::codec::dependency_descriptor::Mandatory;
use trio_sfu_wire::rtp::sequence::Unwrapper;

use super::scalable::Frame;
use super::{DEPENDENCY, Rtp};

/// What a slot's packets were, in the order of their numbers.
pub struct Seen {
    pub packets: Vec<(u64, Rtp)>,
    /// Frames whose packets all came, by when the first of them was sent.
    pub whole: Vec<u32>,
}

/// The frame a packet is of, which packet it is, and of how many.
fn tag(codec: Codec, rtp: &Rtp, size: usize) -> (u32, u8, u8) {
    let _ = codec;
    let start = rtp.payload.len() - size - 6;
    let bytes = &rtp.payload[start..];
    (u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]), bytes[4], bytes[5])
}

/// Checks all that must hold however packets were lost and reordered; `lost` are those of the
/// publisher that never arrived, by frame; `unknown` are pictures whose layers were not known
/// when they came.
pub fn decode(
    frames: &HashMap<u32, Frame>,
    lost: &HashSet<u32>,
    missing: usize,
    unknown: impl Fn(u32) -> bool,
    packets: &[&Rtp],
    codec: Codec,
    size: usize,
) -> Seen {
    let mut unwrapper = Unwrapper::new();
    let mut by_number: BTreeMap<u64, Rtp> = BTreeMap::new();
    for packet in packets {
        let number = unwrapper.unwrap(packet.sequence);
        let before = by_number.insert(number, (*packet).clone());
        assert!(before.is_none(), "one number for two packets: {number}");
    }
    let (first, last) = match (by_number.keys().next(), by_number.keys().next_back()) {
        (Some(first), Some(last)) => (*first, *last),
        _ => return Seen { packets: Vec::new(), whole: Vec::new() },
    };
    let gaps = last - first + 1 - by_number.len() as u64;
    assert!(gaps <= missing as u64, "{gaps} numbers are missing for {missing} packets lost");
    let mut parts: HashMap<u32, HashSet<u8>> = HashMap::new();
    let mut order = Vec::new();
    let mut timestamp: Option<u32> = None;
    for rtp in by_number.values() {
        let step = timestamp.map_or(0, |before| rtp.timestamp.wrapping_sub(before).cast_signed());
        assert!(step >= 0 || rtp.payload.is_empty(), "time goes back");
        if rtp.payload.is_empty() {
            continue;
        }
        timestamp = Some(rtp.timestamp);
        let (id, index, _) = tag(codec, rtp, size);
        assert!(frames.contains_key(&id), "an unknown frame: {rtp:?}");
        if parts.entry(id).or_default().is_empty() {
            order.push(id);
        }
        assert!(parts.entry(id).or_default().insert(index), "a packet twice");
    }
    assert!(order.windows(2).all(|pair| pair[0] < pair[1]), "frames out of order: {order:?}");
    let whole: Vec<u32> =
        order.iter().copied().filter(|id| parts[id].len() == frames[id].packets.len()).collect();
    // What nobody can decode any more may be forwarded or not.
    let mut sound: HashSet<u32> = HashSet::new();
    for id in 0..frames.len() as u32 {
        let frame = &frames[&id];
        if !lost.contains(&id) && frame.references.iter().all(|other| sound.contains(other)) {
            sound.insert(id);
        }
    }
    let order: Vec<u32> = order.into_iter().filter(|id| sound.contains(id)).collect();
    let whole: Vec<u32> = whole.into_iter().filter(|id| sound.contains(id)).collect();
    for id in &order {
        // Before it is known what a frame is, more may be forwarded than afterwards.
        let excused = unknown(frames[id].picture);
        assert!(whole.contains(id) || excused, "half a frame: {:?}", Short(&frames[id]));
    }
    let had: HashSet<u32> = order.iter().copied().collect();
    for id in whole.iter().filter(|id| !unknown(frames[id].picture)) {
        for reference in &frames[id].references {
            assert!(had.contains(reference), "{reference} is missing for {:?}", Short(&frames[id]));
        }
    }
    Seen { packets: by_number.into_iter().collect(), whole }
}

struct Short<'a>(&'a Frame);

impl std::fmt::Debug for Short<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Frame { id, references, picture, spatial, temporal, key, .. } = self.0;
        write!(f, "frame {id} S{spatial}T{temporal} of picture {picture} key={key} {references:?}")
    }
}

/// Checks what holds when nothing was lost: the numbers of codec and descriptors go on, and
/// each picture's last packet is marked, no other.
pub fn check_continuity(frames: &HashMap<u32, Frame>, seen: &Seen, codec: Codec, size: usize) {
    let packets: Vec<&Rtp> =
        seen.packets.iter().map(|(_, rtp)| rtp).filter(|rtp| !rtp.payload.is_empty()).collect();
    for pair in packets.windows(2) {
        let [before, after] = pair else { continue };
        let (old, new) = (tag(codec, before, size).0, tag(codec, after, size).0);
        let other = frames[&old].picture != frames[&new].picture;
        assert_eq!(
            before.marker,
            other,
            "marker: {:?}, {:?}",
            Short(&frames[&old]),
            Short(&frames[&new])
        );
        if codec == Codec::Vp8 {
            let id = |rtp: &Rtp| u16::from_be_bytes([rtp.payload[2], rtp.payload[3]]) & 0x7fff;
            let step = id(after).wrapping_sub(id(before)) & 0x7fff;
            assert_eq!(step, u16::from(old != new), "picture ids go on");
            let base = u8::from(old != new && frames[&new].temporal == 0);
            assert_eq!(after.payload[4], before.payload[4].wrapping_add(base), "TL0PICIDX");
        }
        let number = |rtp: &Rtp| {
            rtp.extension(DEPENDENCY).map(|value| Mandatory::parse(value).unwrap().frame_number)
        };
        if let (Some(before), Some(after)) = (number(before), number(after)) {
            assert_eq!(u32::from(after.wrapping_sub(before)), new - old, "frame numbers");
        }
    }
}
