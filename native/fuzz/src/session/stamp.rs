//! Who published a packet, written at the end of its payload, where nothing is rewritten.

/// What is XORed with the publisher's number, eight times over.
const PATTERN: [u8; 8] = [0xa5, 0x3c, 0x96, 0x0f, 0xe1, 0x5a, 0xc3, 0x78];

pub(super) fn write(publisher: usize, payload: &mut Vec<u8>) {
    payload.extend(PATTERN.map(|byte| byte ^ publisher as u8));
}

/// The publisher; `None`: there is no whole stamp, the payload was another one.
pub(super) fn read(payload: &[u8]) -> Option<usize> {
    let stamp: &[u8; 8] = payload.last_chunk()?;
    let publisher = stamp[0] ^ PATTERN[0];
    let whole = stamp.iter().zip(PATTERN).all(|(byte, pattern)| byte ^ pattern == publisher);
    whole.then_some(usize::from(publisher))
}
