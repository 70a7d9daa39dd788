//! Source descriptions and goodbyes (RFC 3550 sections 6.5 and 6.6).

use super::{append, packet_type};
use crate::bytes::u32_at;
use crate::rtp::Ssrc;

/// The CNAME item; item 0 ends a chunk.
const CNAME: u8 = 1;

/// SSRCs, one after the other.
#[derive(Clone, Debug)]
pub struct Ssrcs<'a> {
    bytes: std::slice::ChunksExact<'a, u8>,
    left: u8,
}

impl<'a> Ssrcs<'a> {
    pub(super) fn new(bytes: &'a [u8], count: u8) -> Self {
        Self { bytes: bytes.chunks_exact(4), left: count }
    }
}

impl Iterator for Ssrcs<'_> {
    type Item = Ssrc;

    fn next(&mut self) -> Option<Ssrc> {
        self.left = self.left.checked_sub(1)?;
        u32_at(self.bytes.next()?, 0).ok().map(Ssrc)
    }
}

/// The chunks of a source description: each source with its CNAME, if it is there.
#[derive(Clone, Debug)]
pub struct Chunks<'a> {
    rest: &'a [u8],
    left: u8,
}

impl<'a> Chunks<'a> {
    pub(super) fn new(bytes: &'a [u8], count: u8) -> Self {
        Self { rest: bytes, left: count }
    }

    /// The chunk at the beginning, and how long it is.
    fn chunk(&self) -> Option<(Ssrc, Option<&'a [u8]>, usize)> {
        let ssrc = Ssrc(u32_at(self.rest, 0).ok()?);
        let mut cname = None;
        let mut position = 4;
        loop {
            match *self.rest.get(position)? {
                // The list ends with one to four zero bytes, up to the next word.
                0 => return Some((ssrc, cname, (position + 1).next_multiple_of(4))),
                item => {
                    let len = usize::from(*self.rest.get(position + 1)?);
                    let value = self.rest.get(position + 2..position + 2 + len)?;
                    if item == CNAME {
                        cname.get_or_insert(value);
                    }
                    position += 2 + len;
                }
            }
        }
    }
}

impl<'a> Iterator for Chunks<'a> {
    type Item = (Ssrc, Option<&'a [u8]>);

    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        let (ssrc, cname, len) = self.chunk()?;
        self.rest = self.rest.get(len..).unwrap_or(&[]);
        Some((ssrc, cname))
    }
}

/// Append a source description with one CNAME, cut at 255 bytes.
pub fn source_description(out: &mut Vec<u8>, ssrc: Ssrc, cname: &str) {
    let cname = &cname.as_bytes()[..cname.len().min(255)];
    append(out, packet_type::SOURCE_DESCRIPTION, 1, |out| {
        out.extend_from_slice(&ssrc.0.to_be_bytes());
        out.extend_from_slice(&[CNAME, cname.len() as u8]);
        out.extend_from_slice(cname);
        let items = 2 + cname.len();
        out.extend_from_slice(&[0; 4][..(items + 1).next_multiple_of(4) - items]);
    });
}

/// Append a goodbye of at most 31 sources; the rest is not written.
pub fn goodbye(out: &mut Vec<u8>, ssrcs: &[Ssrc]) {
    let ssrcs = &ssrcs[..ssrcs.len().min(31)];
    append(out, packet_type::GOODBYE, ssrcs.len() as u8, |out| {
        for ssrc in ssrcs {
            out.extend_from_slice(&ssrc.0.to_be_bytes());
        }
    });
}
