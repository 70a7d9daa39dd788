//! Datagrams on a stream: each has its length before it, in two bytes (RFC 4571 section 2,
//! as RFC 6544 section 10 uses it for ICE).

use crate::error::ParseError;

/// Bytes of a length.
const PREFIX: usize = 2;
/// The longest datagram taken from a stream. What browsers send fits an Ethernet frame; a
/// longer one is no peer's, and there is no way back into step with its sender.
pub const MAX_FRAME: usize = 2048;

/// Appends `datagram` and its length to `stream`; false when no length says so much.
#[must_use]
pub fn write_frame(stream: &mut Vec<u8>, datagram: &[u8]) -> bool {
    let Ok(length) = u16::try_from(datagram.len()) else { return false };
    stream.extend_from_slice(&length.to_be_bytes());
    stream.extend_from_slice(datagram);
    true
}

/// Takes a stream apart, however it was cut into reads. Keeps less than one frame.
#[derive(Debug, Default)]
pub struct Deframer {
    partial: Vec<u8>,
}

impl Deframer {
    /// Hands each datagram that is whole by now to `each`, in order; it may change it. Those of
    /// length 0 mean nothing and are left out.
    ///
    /// # Errors
    /// `BadLength` for a datagram longer than [`MAX_FRAME`], after those before it: the stream
    /// is of no use any more.
    pub fn push(
        &mut self,
        mut input: &mut [u8],
        mut each: impl FnMut(&mut [u8]),
    ) -> Result<(), ParseError> {
        while !self.partial.is_empty() {
            let wanted = match length(&self.partial)? {
                Some(length) => PREFIX + length,
                None => PREFIX,
            };
            let taken = (wanted - self.partial.len()).min(input.len());
            let (head, rest) = input.split_at_mut(taken);
            self.partial.extend_from_slice(head);
            input = rest;
            if self.partial.len() < wanted {
                return Ok(());
            }
            let Some(length) = length(&self.partial)? else { continue };
            if self.partial.len() == PREFIX + length {
                if length > 0 {
                    each(&mut self.partial[PREFIX..]);
                }
                self.partial.clear();
            }
        }
        while let Some(length) = length(input)? {
            if input.len() < PREFIX + length {
                break;
            }
            let (frame, rest) = input.split_at_mut(PREFIX + length);
            if length > 0 {
                each(&mut frame[PREFIX..]);
            }
            input = rest;
        }
        self.partial.extend_from_slice(input);
        Ok(())
    }
}

/// The length that `stream` begins with, when it is there.
fn length(stream: &[u8]) -> Result<Option<usize>, ParseError> {
    let [high, low, ..] = *stream else { return Ok(None) };
    let length = usize::from(u16::from_be_bytes([high, low]));
    if length > MAX_FRAME { Err(ParseError::BadLength) } else { Ok(Some(length)) }
}
