//! What an encoder sent, as it was recorded, and the same at another rate.

use std::error::Error;

use super::plan::next;

/// Bytes of a packet at most where a frame is split anew; Chromium's are as long.
pub(crate) const PACKET: usize = 1_160;

/// A packet of a trace: microseconds since its beginning, bytes, whether it ends a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Traced {
    pub(crate) at: u64,
    pub(crate) len: usize,
    pub(crate) last: bool,
}

/// A trace has a line a packet: microseconds, bytes, and 1 where a frame ends. The last one
/// says only when it all begins again.
pub(crate) fn read(text: &str) -> Result<Vec<Traced>, Box<dyn Error>> {
    let mut packets = Vec::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let mut words = line.split_whitespace();
        let (at, len, last) = (next(&mut words)?, next(&mut words)?, next::<u8>(&mut words)?);
        packets.push(Traced { at, len, last: last != 0 });
    }
    let sorted = packets.is_sorted_by_key(|packet| packet.at);
    if packets.len() < 2 || !sorted || packets[packets.len() - 1].at == 0 {
        return Err("a trace needs two packets, in order".into());
    }
    Ok(packets)
}

/// The same frames at the same times with so many thousandths of their bytes, each split into
/// as many packets as it then needs.
pub(crate) fn scaled(packets: &[Traced], thousandths: usize) -> Vec<Traced> {
    let mut all = Vec::new();
    let (frames, end) = packets.split_at(packets.len().saturating_sub(1));
    for frame in frames.split_inclusive(|packet| packet.last) {
        let len = frame.iter().map(|packet| packet.len).sum::<usize>() * thousandths / 1000;
        let lens = split(len);
        let (began, lasted) = (frame[0].at, frame[frame.len() - 1].at - frame[0].at);
        let count = lens.len();
        all.extend(lens.into_iter().enumerate().map(|(position, len)| Traced {
            at: began + lasted * position as u64 / count as u64,
            len,
            last: position + 1 == count,
        }));
    }
    all.extend_from_slice(end);
    all
}

/// The packets of a frame, equally long but for a byte.
pub(crate) fn split(len: usize) -> Vec<usize> {
    let count = len.div_ceil(PACKET).max(1);
    (0..count).map(|position| (len + position) / count).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_is_in_order() {
        let packets = read("# what\n0 1100 0\n10 300 1\n33000 0 0\n").unwrap();
        assert_eq!(packets[1], Traced { at: 10, len: 300, last: true });
        assert!(read("10 1 0\n0 1 0\n").is_err());
    }

    #[test]
    fn a_scaled_trace_has_the_same_frames_in_other_packets() {
        let packets = read("0 1000 0\n300 1000 1\n40000 900 1\n80000 0 0\n").unwrap();
        let (half, twice) = (scaled(&packets, 500), scaled(&packets, 2000));
        let lens = |all: &[Traced]| all.iter().map(|each| each.len).collect::<Vec<_>>();
        assert_eq!(lens(&half), [1000, 450, 0]);
        assert_eq!(lens(&twice), [1000, 1000, 1000, 1000, 900, 900, 0]);
        assert_eq!(twice[3], Traced { at: 225, len: 1000, last: true });
        assert_eq!(half[2], packets[3]);
    }
}
