//! Streams as encoders make them.

use super::{AUDIO_LEVEL, MID, OPUS, RID, Rtp, VP8};

/// A camera's VP8 encoding.
#[derive(Clone)]
pub struct Vp8 {
    pub ssrc: u32,
    pub mid: String,
    pub rid: Option<String>,
    pub sequence: u16,
    pub timestamp: u32,
    pub picture_id: u16,
    pub tl0: u8,
    pub wide: u16,
    /// Bytes of each packet's payload behind the descriptor.
    pub size: usize,
    /// Every other frame is one of an upper temporal layer.
    pub layered: bool,
    upper: bool,
}

impl Vp8 {
    pub fn new(ssrc: u32, mid: &str, rid: Option<&str>) -> Self {
        Self {
            ssrc,
            mid: mid.to_owned(),
            rid: rid.map(str::to_owned),
            sequence: (ssrc % 50_000) as u16,
            timestamp: ssrc.wrapping_mul(977),
            picture_id: (ssrc % 30_000) as u16,
            tl0: ssrc as u8,
            wide: 0,
            size: 100,
            layered: false,
            upper: false,
        }
    }

    /// One frame of so many packets; 30 frames a second.
    pub fn frame(&mut self, keyframe: bool, packets: usize) -> Vec<Rtp> {
        self.timestamp = self.timestamp.wrapping_add(3000);
        self.picture_id = self.picture_id.wrapping_add(1) & 0x7fff;
        self.upper = self.layered && !keyframe && !self.upper;
        self.tl0 = self.tl0.wrapping_add(u8::from(!self.upper));
        (0..packets)
            .map(|index| {
                self.sequence = self.sequence.wrapping_add(1);
                self.wide = self.wide.wrapping_add(1);
                let start = if index == 0 { 0x10 } else { 0 };
                let [high, low] = (0x8000 | self.picture_id).to_be_bytes();
                let flags = if self.layered { 0xe0 } else { 0xc0 };
                let mut payload = vec![0x80 | start, flags, high, low, self.tl0];
                if self.layered {
                    payload.push(if self.upper { 0x60 } else { 0 });
                }
                payload.push(u8::from(!keyframe));
                payload.extend(std::iter::repeat_n(index as u8, self.size));
                let mut rtp = Rtp {
                    ssrc: self.ssrc,
                    payload_type: VP8,
                    sequence: self.sequence,
                    timestamp: self.timestamp,
                    marker: index + 1 == packets,
                    payload,
                    ..Rtp::default()
                };
                rtp = rtp.with(MID, self.mid.as_bytes());
                if let Some(rid) = &self.rid {
                    rtp = rtp.with(RID, rid.as_bytes());
                }
                rtp
            })
            .collect()
    }
}

/// The picture id and TL0PICIDX of a VP8 packet made here.
pub fn picture(rtp: &Rtp) -> (u16, u8) {
    let id = u16::from_be_bytes([rtp.payload[2], rtp.payload[3]]) & 0x7fff;
    (id, rtp.payload[4])
}

pub fn is_keyframe_start(rtp: &Rtp) -> bool {
    let header = if rtp.payload[1] & 0x20 == 0 { 5 } else { 6 };
    rtp.payload[0] & 0x10 != 0 && rtp.payload[header] & 1 == 0
}

/// A microphone.
pub struct Opus {
    pub ssrc: u32,
    pub mid: String,
    pub sequence: u16,
    pub timestamp: u32,
}

impl Opus {
    pub fn new(ssrc: u32, mid: &str) -> Self {
        let (sequence, timestamp) = ((ssrc % 60_000) as u16, ssrc.wrapping_mul(31));
        Self { ssrc, mid: mid.to_owned(), sequence, timestamp }
    }

    /// 20 ms of sound.
    pub fn packet(&mut self) -> Rtp {
        self.at_level(5)
    }

    /// 20 ms of sound so many dB below full scale.
    pub fn at_level(&mut self, level: u8) -> Rtp {
        self.sequence = self.sequence.wrapping_add(1);
        self.timestamp = self.timestamp.wrapping_add(960);
        Rtp {
            ssrc: self.ssrc,
            payload_type: OPUS,
            sequence: self.sequence,
            timestamp: self.timestamp,
            payload: vec![0xfc, 1, 2, 3],
            ..Rtp::default()
        }
        .with(MID, self.mid.as_bytes())
        .with(AUDIO_LEVEL, &[0x80 | level])
    }
}
