//! Streams with temporal and spatial layers, and what each of their frames depends on.

use trio_sfu_wire::codec::Codec;

use super::{AV1, DEPENDENCY, MID, RID, Rtp, VP8, VP9};

/// A stream's layers, and how it tells of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mode {
    pub codec: Codec,
    pub spatial: u8,
    /// Upper spatial layers depend on lower ones in key pictures only.
    pub key: bool,
    /// With dependency descriptors.
    pub described: bool,
    /// VP9's flexible mode: references one by one.
    pub flexible: bool,
    /// The bytes of the frames are noise, as they are when they are encrypted end to end.
    pub encrypted: bool,
}

impl Mode {
    pub const fn new(codec: Codec, spatial: u8) -> Self {
        let described = matches!(codec, Codec::Av1);
        Self { codec, spatial, key: false, described, flexible: false, encrypted: false }
    }
}

/// A frame of one spatial layer.
#[derive(Clone, Debug)]
pub struct Frame {
    pub id: u32,
    pub references: Vec<u32>,
    pub picture: u32,
    pub spatial: u8,
    pub temporal: u8,
    pub key: bool,
    pub packets: Vec<Rtp>,
}

/// An encoder of three temporal layers: 0 2 1 2.
pub struct Scalable {
    pub mode: Mode,
    ssrc: u32,
    mid: String,
    rid: Option<String>,
    sequence: u16,
    timestamp: u32,
    picture_id: u16,
    tl0: u8,
    pub frame_number: u16,
    /// Pictures since the key picture.
    since_key: u32,
    pictures: u32,
    next_frame: u32,
    /// By spatial layer, the latest frame of each temporal one.
    latest: [[u32; 3]; 3],
    structure_offset: u8,
    noise: u32,
    pub size: usize,
}

/// What templates are for, in the order of their temporal layers.
const KINDS: [(u8, Kind); 7] = [
    (0, Kind::Key),
    (0, Kind::Base { even: true }),
    (0, Kind::Base { even: false }),
    (1, Kind::Middle { even: true }),
    (1, Kind::Middle { even: false }),
    (2, Kind::First),
    (2, Kind::Second),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Key,
    Base {
        even: bool,
    },
    /// The first of each eight pictures depends on the base, the other on this one as well.
    Middle {
        even: bool,
    },
    First,
    Second,
}

impl Kind {
    fn of(since_key: u32) -> Self {
        let even = (since_key / 4).is_multiple_of(2);
        match since_key % 4 {
            0 if since_key == 0 => Self::Key,
            0 => Self::Base { even },
            1 => Self::First,
            2 => Self::Middle { even },
            _ => Self::Second,
        }
    }

    fn temporal(self) -> u8 {
        KINDS.iter().find(|(_, kind)| *kind == self).unwrap().0
    }

    /// How many pictures back the frames of its spatial layer are that it depends on.
    fn back(self) -> &'static [u16] {
        match self {
            Self::Key => &[],
            Self::Base { .. } => &[4],
            Self::Middle { even: true } => &[2],
            Self::Middle { even: false } => &[2, 4],
            Self::First => &[1],
            Self::Second => &[1, 3],
        }
    }

    /// Whether who has this frame can go on with temporal layers up to `temporal`.
    fn switch(self, temporal: u8) -> bool {
        match self {
            Self::Key | Self::Base { even: true } => true,
            Self::Base { even: false } => temporal == 0,
            Self::Middle { even: true } => temporal == 1,
            Self::Middle { even: false } | Self::First | Self::Second => false,
        }
    }
}

impl Scalable {
    pub fn new(mode: Mode, ssrc: u32, mid: &str, rid: Option<&str>) -> Self {
        Self {
            mode,
            ssrc,
            mid: mid.to_owned(),
            rid: rid.map(str::to_owned),
            sequence: (ssrc % 60_000) as u16,
            timestamp: ssrc.wrapping_mul(977),
            picture_id: 0x7ff0,
            tl0: 250,
            frame_number: 0xfff0,
            since_key: 0,
            pictures: 0,
            next_frame: 0,
            latest: [[u32::MAX; 3]; 3],
            structure_offset: 40,
            noise: ssrc,
            size: 40,
        }
    }

    fn random(&mut self) -> u8 {
        self.noise = self.noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (self.noise >> 24) as u8
    }

    /// One picture: a frame of each spatial layer.
    pub fn picture(&mut self, key: bool, packets: usize) -> Vec<Frame> {
        self.since_key = if key || self.pictures == 0 { 0 } else { self.since_key + 1 };
        let kind = Kind::of(self.since_key);
        self.timestamp = self.timestamp.wrapping_add(3000);
        self.picture_id = self.picture_id.wrapping_add(1) & 0x7fff;
        if kind.temporal() == 0 {
            self.tl0 = self.tl0.wrapping_add(1);
        }
        if kind == Kind::Key {
            self.structure_offset = (self.structure_offset + 23) % 64;
        }
        let frames: Vec<Frame> =
            (0..self.mode.spatial).map(|spatial| self.frame(kind, spatial, packets)).collect();
        self.pictures += 1;
        frames
    }

    fn frame(&mut self, kind: Kind, spatial: u8, packets: usize) -> Frame {
        let id = self.next_frame;
        self.next_frame += 1;
        self.frame_number = self.frame_number.wrapping_add(1);
        let step = u32::from(self.mode.spatial);
        let mut references: Vec<u32> =
            kind.back().iter().map(|back| id - u32::from(*back) * step).collect();
        let across = spatial > 0 && (kind == Kind::Key || !self.mode.key);
        if across {
            references.push(id - 1);
        }
        self.latest[usize::from(spatial)][usize::from(kind.temporal())] = id;
        let top = spatial + 1 == self.mode.spatial;
        let packets = (0..packets)
            .map(|index| {
                self.sequence = self.sequence.wrapping_add(1);
                let (first, last) = (index == 0, index + 1 == packets);
                let mut payload = self.header(kind, spatial, first, last, across);
                if self.mode.encrypted && self.mode.codec != Codec::Vp9 {
                    let last = payload.len() - 1;
                    payload[last] = self.random();
                }
                payload.extend(id.to_be_bytes());
                payload.extend([index as u8, packets as u8]);
                for _ in 0..self.size {
                    payload.push(self.random());
                }
                let payload_type = match self.mode.codec {
                    Codec::Vp8 => VP8,
                    Codec::Vp9 => VP9,
                    _ => AV1,
                };
                let mut rtp = Rtp {
                    ssrc: self.ssrc,
                    payload_type,
                    sequence: self.sequence,
                    timestamp: self.timestamp,
                    marker: last && top,
                    payload,
                    ..Rtp::default()
                };
                rtp = rtp.with(MID, self.mid.as_bytes());
                if let Some(rid) = &self.rid {
                    rtp = rtp.with(RID, rid.as_bytes());
                }
                if self.mode.described {
                    let value = self.descriptor(kind, spatial, first, last);
                    rtp = rtp.with(DEPENDENCY, &value);
                }
                rtp
            })
            .collect();
        let (picture, temporal, key) = (self.pictures, kind.temporal(), kind == Kind::Key);
        Frame { id, references, picture, spatial, temporal, key, packets }
    }

    /// What is before the frame's bytes, and the first of them.
    fn header(&self, kind: Kind, spatial: u8, first: bool, last: bool, across: bool) -> Vec<u8> {
        let [high, low] = (0x8000 | self.picture_id).to_be_bytes();
        let (temporal, key) = (kind.temporal(), kind == Kind::Key);
        match self.mode.codec {
            Codec::Vp8 => {
                let sync = matches!(kind, Kind::First | Kind::Middle { even: true });
                let layer = temporal << 6 | u8::from(sync) << 5;
                vec![0x80 | u8::from(first) << 4, 0xe0, high, low, self.tl0, layer, u8::from(!key)]
            }
            Codec::Vp9 => {
                let flags = 0x80
                    | u8::from(!key) << 6
                    | 0x20
                    | u8::from(self.mode.flexible) << 4
                    | u8::from(first) << 3
                    | u8::from(last) << 2
                    | u8::from(key && first && spatial == 0) << 1;
                let top = spatial + 1 == self.mode.spatial;
                let unneeded = top || self.mode.key && !key;
                // Behind the odd base frame the middle ones go on with those before it.
                let up =
                    matches!(kind, Kind::Key | Kind::Base { even: true } | Kind::Middle { .. });
                let layer = temporal << 5 | u8::from(up) << 4 | spatial << 1 | u8::from(across);
                let mut header = vec![flags | u8::from(unneeded), high, low, layer];
                if !self.mode.flexible {
                    header.push(self.tl0);
                } else if !key {
                    let back = kind.back();
                    for (index, back) in (1..).zip(back) {
                        let more = u8::from(index < kind.back().len());
                        header.push((*back as u8) << 1 | more);
                    }
                }
                if flags & 0x02 != 0 {
                    header.push((self.mode.spatial - 1) << 5 | 0x10);
                    for layer in 0..self.mode.spatial {
                        header.extend((320u16 << layer).to_be_bytes());
                        header.extend((180u16 << layer).to_be_bytes());
                    }
                }
                header
            }
            _ => vec![if first { 0x10 } else { 0x90 }, 0x30],
        }
    }

    fn descriptor(&self, kind: Kind, spatial: u8, first: bool, last: bool) -> Vec<u8> {
        let mut bits = Bits::default();
        let index = KINDS.iter().position(|(_, other)| *other == kind).unwrap() as u8;
        let template = (self.structure_offset + spatial * 7 + index) % 64;
        bits.put(u32::from(first), 1);
        bits.put(u32::from(last), 1);
        bits.put(u32::from(template), 6);
        bits.put(u32::from(self.frame_number), 16);
        if kind == Kind::Key && spatial == 0 && first {
            bits.put(0b10000, 5);
            self.structure(&mut bits);
        }
        bits.bytes
    }

    fn structure(&self, bits: &mut Bits) {
        let layers = self.mode.spatial;
        let templates: Vec<(u8, u8, Kind)> = (0..layers)
            .flat_map(|spatial| KINDS.map(|(temporal, kind)| (spatial, temporal, kind)))
            .collect();
        bits.put(u32::from(self.structure_offset), 6);
        bits.put(u32::from(layers) * 3 - 1, 5);
        for (index, template) in templates.iter().enumerate() {
            bits.put(
                match templates.get(index + 1) {
                    None => 3,
                    Some(next) if next.0 > template.0 => 2,
                    Some(next) => u32::from(next.1 > template.1),
                },
                2,
            );
        }
        for &(spatial, temporal, kind) in &templates {
            for shown in 0..layers {
                for fast in 0..3 {
                    let part = if self.mode.key && kind != Kind::Key {
                        spatial == shown
                    } else {
                        spatial <= shown
                    };
                    let switches = kind.switch(fast) && (spatial == shown || kind == Kind::Key);
                    let indication = match part && temporal <= fast {
                        false => 0,
                        true if switches => 2,
                        true if temporal == 2 && spatial == shown => 1,
                        true => 3,
                    };
                    bits.put(indication, 2);
                }
            }
        }
        for &(spatial, _, kind) in &templates {
            let across = spatial > 0 && (kind == Kind::Key || !self.mode.key);
            let back = kind.back().iter().map(|back| u32::from(*back) * u32::from(layers));
            for difference in back.chain(across.then_some(1)) {
                bits.put(1, 1);
                bits.put(difference - 1, 4);
            }
            bits.put(0, 1);
        }
        // No chains: ns(n + 1) of 0 takes one bit less than n + 1 does.
        let count = u32::from(layers) * 3 + 1;
        bits.put(0, 31 - count.leading_zeros() as usize);
        // Sizes.
        bits.put(1, 1);
        for layer in 0..layers {
            bits.put((320 << layer) - 1, 16);
            bits.put((180 << layer) - 1, 16);
        }
    }
}

#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    used: usize,
}

impl Bits {
    fn put(&mut self, value: u32, count: usize) {
        for bit in (0..count).rev() {
            if self.used.is_multiple_of(8) {
                self.bytes.push(0);
            }
            *self.bytes.last_mut().unwrap() |= ((value >> bit & 1) as u8) << (7 - self.used % 8);
            self.used += 1;
        }
    }
}
