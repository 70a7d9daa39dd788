//! Recent packets of an encoding, for forwarding and for retransmission.

use std::ops::RangeInclusive;
use std::time::Duration;

use trio_sfu_wire::codec::{Codec, Descriptor};

use crate::command::Kind;
use crate::time::Instant;

/// The largest payload that is kept: no path to a browser carries more.
pub(crate) const MAX_PAYLOAD: usize = 2048;
/// A dependency descriptor's length has one byte on the wire.
const MAX_DESCRIPTOR: usize = 255;
/// Packets younger than this are worth growing for.
const WANTED_AGE: Duration = Duration::from_secs(1);

/// How much is kept at most: a power of two of packets, and chunks of bytes.
#[derive(Clone, Copy, Debug)]
struct Limits {
    packets: usize,
    chunks: usize,
    chunk_bytes: usize,
}

const AUDIO: Limits = Limits { packets: 128, chunks: 4, chunk_bytes: 8 * 1024 };
const VIDEO: Limits = Limits { packets: 1024, chunks: 24, chunk_bytes: 64 * 1024 };

/// What is known of a cached packet besides its bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Packet {
    /// Its number, see [`crate::receive::sequence`].
    pub(crate) sequence: u64,
    pub(crate) timestamp: u32,
    pub(crate) codec: Codec,
    pub(crate) marker: bool,
    pub(crate) audio_level: Option<u8>,
    pub(crate) orientation: Option<u8>,
    pub(crate) descriptor: Descriptor,
    pub(crate) arrived: Instant,
}

#[derive(Clone, Copy, Debug)]
struct Place {
    chunk: usize,
    generation: u64,
    start: usize,
    extension: usize,
    payload: usize,
}

struct Chunk {
    generation: u64,
    bytes: Vec<u8>,
    newest: Instant,
}

/// A ring of packets over chunks of bytes. The oldest go first: always by count, and by
/// bytes once there are as many chunks as allowed or the oldest has served its time.
pub(crate) struct Cache {
    limits: Limits,
    packets: Vec<Option<(Packet, Place)>>,
    chunks: Vec<Chunk>,
    current: usize,
    generation: u64,
}

/// The bytes of a cached packet.
#[derive(Clone, Copy, Default)]
pub(crate) struct Bytes<'a> {
    /// The dependency descriptor; empty when there was none.
    pub(crate) dependency_descriptor: &'a [u8],
    pub(crate) payload: &'a [u8],
}

impl Cache {
    /// Takes no memory to speak of before the first packet.
    pub(crate) fn new(kind: Kind) -> Self {
        let limits = if kind == Kind::Audio { AUDIO } else { VIDEO };
        Self { limits, packets: Vec::new(), chunks: Vec::new(), current: 0, generation: 0 }
    }

    /// How many numbers back a packet may be and still be kept.
    pub(crate) fn reach(&self) -> u64 {
        self.limits.packets as u64
    }

    #[inline]
    fn slot(&self, sequence: u64) -> usize {
        // The ring's size is a power of two that fits usize.
        #[allow(clippy::cast_possible_truncation)]
        let low = sequence as usize;
        low & (self.limits.packets - 1)
    }

    /// Keeps a packet; too large ones are refused.
    pub(crate) fn insert(&mut self, packet: Packet, bytes: Bytes<'_>) -> bool {
        let extension = bytes.dependency_descriptor;
        if bytes.payload.len() > MAX_PAYLOAD || extension.len() > MAX_DESCRIPTOR {
            return false;
        }
        if self.packets.is_empty() {
            self.packets = vec![None; self.limits.packets];
        }
        let len = extension.len() + bytes.payload.len();
        let current = self.room(packet.arrived, len);
        let chunk = &mut self.chunks[current];
        let place = Place {
            chunk: current,
            generation: chunk.generation,
            start: chunk.bytes.len(),
            extension: extension.len(),
            payload: bytes.payload.len(),
        };
        chunk.bytes.extend_from_slice(extension);
        chunk.bytes.extend_from_slice(bytes.payload);
        chunk.newest = packet.arrived;
        let slot = self.slot(packet.sequence);
        self.packets[slot] = Some((packet, place));
        true
    }

    /// A chunk with room for `len` more bytes.
    fn room(&mut self, now: Instant, len: usize) -> usize {
        let capacity = self.limits.chunk_bytes;
        if self.chunks.get(self.current).is_some_and(|c| c.bytes.len() + len <= capacity) {
            return self.current;
        }
        self.generation += 1;
        let oldest = (0..self.chunks.len()).min_by_key(|&index| self.chunks[index].generation);
        let reuse = oldest.filter(|&index| {
            let served = now.since(self.chunks[index].newest) > WANTED_AGE;
            index != self.current && served || self.chunks.len() >= self.limits.chunks
        });
        self.current = match reuse {
            Some(index) => {
                let chunk = &mut self.chunks[index];
                chunk.bytes.clear();
                chunk.generation = self.generation;
                index
            }
            None => {
                let bytes = Vec::with_capacity(capacity);
                self.chunks.push(Chunk { generation: self.generation, bytes, newest: now });
                self.chunks.len() - 1
            }
        };
        self.current
    }

    #[inline]
    fn find(&self, sequence: u64) -> Option<&(Packet, Place)> {
        let entry = self.packets.get(self.slot(sequence))?.as_ref()?;
        let (packet, place) = entry;
        let kept =
            packet.sequence == sequence && self.chunks[place.chunk].generation == place.generation;
        kept.then_some(entry)
    }

    #[inline]
    pub(crate) fn contains(&self, sequence: u64) -> bool {
        self.find(sequence).is_some()
    }

    #[inline]
    pub(crate) fn packet(&self, sequence: u64) -> Option<&Packet> {
        self.find(sequence).map(|(packet, _)| packet)
    }

    #[inline]
    pub(crate) fn get(&self, sequence: u64) -> Option<(&Packet, Bytes<'_>)> {
        let (packet, place) = self.find(sequence)?;
        let bytes = self.chunks[place.chunk].bytes.get(place.start..)?;
        let (dependency_descriptor, rest) = bytes.split_at_checked(place.extension)?;
        let payload = rest.get(..place.payload)?;
        Some((packet, Bytes { dependency_descriptor, payload }))
    }

    /// Bytes of the payloads of some packets.
    pub(crate) fn bytes(&self, numbers: RangeInclusive<u64>) -> usize {
        numbers.filter_map(|number| self.find(number)).map(|(_, place)| place.payload).sum()
    }

    /// Whether every packet from the beginning of `sequence`'s frame to it is kept.
    pub(crate) fn whole_frame_to(&self, sequence: u64, first_ever: u64) -> bool {
        let Some(timestamp) = self.packet(sequence).map(|packet| packet.timestamp) else {
            return false;
        };
        (1..=self.reach())
            .map_while(|back| sequence.checked_sub(back))
            .take_while(|&before| before >= first_ever)
            .map(|before| self.packet(before).map(|packet| packet.timestamp))
            .find(|before| *before != Some(timestamp))
            .is_none_or(|before| before.is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::{Bytes, Cache, Packet, VIDEO};
    use crate::command::Kind;
    use crate::time::Instant;
    use trio_sfu_wire::codec::{Codec, Descriptor};

    fn packet(sequence: u64, at: Instant) -> Packet {
        Packet {
            sequence,
            timestamp: 0,
            codec: Codec::Vp8,
            marker: false,
            audio_level: None,
            orientation: None,
            descriptor: Descriptor::default(),
            arrived: at,
        }
    }

    fn insert(cache: &mut Cache, sequence: u64, at: Instant, payload: &[u8]) {
        let bytes = Bytes { dependency_descriptor: &[], payload };
        assert!(cache.insert(packet(sequence, at), bytes));
    }

    #[test]
    fn what_is_kept_is_what_was_given_and_old_packets_go() {
        let mut cache = Cache::new(Kind::Video);
        for sequence in 0..5000u64 {
            let payload = vec![sequence.to_le_bytes()[0]; 1200];
            insert(&mut cache, sequence, Instant(sequence), &payload);
            let (_, bytes) = cache.get(sequence).expect("just inserted");
            assert_eq!(bytes.payload, payload);
        }
        assert!(!cache.contains(5000 - 1025));
        assert!(cache.contains(5000 - 1000));
        assert!(cache.chunks.len() <= VIDEO.chunks);
    }

    #[test]
    fn memory_follows_the_rate() {
        let mut cache = Cache::new(Kind::Video);
        // 100 packets of 500 bytes a second: 50 kB/s, so two or three chunks do.
        for sequence in 0..10_000u64 {
            insert(&mut cache, sequence, Instant(sequence * 10_000_000), &[0; 500]);
        }
        assert!(cache.chunks.len() <= 3, "{}", cache.chunks.len());
    }
}
