//! What a packet says of itself, in the last bytes of its payload.

use crate::packets::{DESCRIPTOR_LEN, FILL};

/// Bytes of a stamp.
pub(crate) const LEN: usize = 24;
const MAGIC: [u8; 4] = *b"tsfu";

/// Which packet it is, and when it was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    /// The track, by its number in its group.
    pub(crate) track: u16,
    /// The packet's number in its track.
    pub(crate) index: u64,
    /// When it was sent, in nanoseconds of `CLOCK_REALTIME`.
    pub(crate) sent: u64,
}

impl Stamp {
    /// Write it into the last bytes of a payload.
    pub(crate) fn write(&self, payload: &mut [u8]) {
        let Some(start) = payload.len().checked_sub(LEN) else { return };
        let stamp = &mut payload[start..];
        stamp[..4].copy_from_slice(&MAGIC);
        stamp[4..6].copy_from_slice(&self.track.to_be_bytes());
        stamp[8..16].copy_from_slice(&self.index.to_be_bytes());
        stamp[16..24].copy_from_slice(&self.sent.to_be_bytes());
    }

    /// Read it from a payload that is as it was sent; none if it is not.
    pub(crate) fn read(payload: &[u8]) -> Option<Self> {
        let start = payload.len().checked_sub(LEN)?;
        let stamp = &payload[start..];
        let middle = payload.get(DESCRIPTOR_LEN.min(start)..start)?;
        if stamp[..4] != MAGIC || middle.iter().any(|byte| *byte != FILL) {
            return None;
        }
        Some(Self {
            track: u16::from_be_bytes(stamp[4..6].try_into().ok()?),
            index: u64::from_be_bytes(stamp[8..16].try_into().ok()?),
            sent: u64::from_be_bytes(stamp[16..24].try_into().ok()?),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payload_tells_what_it_was_stamped_with_until_it_is_damaged() {
        let stamp = Stamp { track: 3, index: 77, sent: 1_234_567_890 };
        let mut payload = vec![FILL; 200];
        stamp.write(&mut payload);
        assert_eq!(Stamp::read(&payload), Some(stamp));
        payload[100] ^= 1;
        assert_eq!(Stamp::read(&payload), None);
        assert_eq!(Stamp::read(&payload[..20]), None);
    }
}
