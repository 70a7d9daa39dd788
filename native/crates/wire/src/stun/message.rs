//! The frame every STUN message has: header, attributes, integrity, fingerprint.

use super::TransactionId;
use super::integrity::{IntegrityKey, MAC_LEN};
use crate::ParseError;
use crate::bytes::{array_at, u16_at, u32_at};

pub(super) const HEADER_LEN: usize = 20;
pub(super) const MAGIC: u32 = 0x2112_a442;
const FINGERPRINT_XOR: u32 = 0x5354_554e;

pub(super) const BINDING_REQUEST: u16 = 0x0001;
pub(super) const BINDING_SUCCESS: u16 = 0x0101;
pub(super) const BINDING_ERROR: u16 = 0x0111;

pub(super) mod attribute {
    //! Attribute types (RFC 8489 section 18.3, RFC 8445 section 20.1).
    pub(crate) const USERNAME: u16 = 0x0006;
    pub(crate) const MESSAGE_INTEGRITY: u16 = 0x0008;
    pub(crate) const ERROR_CODE: u16 = 0x0009;
    pub(crate) const UNKNOWN_ATTRIBUTES: u16 = 0x000a;
    pub(crate) const XOR_MAPPED_ADDRESS: u16 = 0x0020;
    pub(crate) const PRIORITY: u16 = 0x0024;
    pub(crate) const USE_CANDIDATE: u16 = 0x0025;
    pub(crate) const FINGERPRINT: u16 = 0x8028;
    pub(crate) const ICE_CONTROLLED: u16 = 0x8029;
    pub(crate) const ICE_CONTROLLING: u16 = 0x802a;
}

/// A message whose header and framing are right and whose FINGERPRINT, if any, matches.
#[derive(Clone, Copy, Debug)]
pub(super) struct Message<'a> {
    bytes: &'a [u8],
    pub(super) kind: u16,
    pub(super) transaction_id: TransactionId,
    integrity: Option<(usize, [u8; MAC_LEN])>,
    /// Offset behind the last attribute that counts: those after MESSAGE-INTEGRITY are
    /// not authenticated and are ignored (RFC 8489 section 14.5).
    end: usize,
}

impl<'a> Message<'a> {
    pub(super) fn parse(bytes: &'a [u8]) -> Result<Self, ParseError> {
        let kind = u16_at(bytes, 0)?;
        if kind & 0xc000 != 0 {
            return Err(ParseError::BadType);
        }
        if u32_at(bytes, 4)? != MAGIC {
            return Err(ParseError::BadMagic);
        }
        let transaction_id = array_at(bytes, 8)?;
        let len = usize::from(u16_at(bytes, 2)?);
        if len % 4 != 0 || HEADER_LEN + len != bytes.len() {
            return Err(ParseError::BadLength);
        }
        let mut message = Self { bytes, kind, transaction_id, integrity: None, end: bytes.len() };
        message.check_framing()?;
        Ok(message)
    }

    fn check_framing(&mut self) -> Result<(), ParseError> {
        let mut position = HEADER_LEN;
        while position < self.bytes.len() {
            let (kind, value, next) = attribute_at(self.bytes, position)?;
            match kind {
                attribute::MESSAGE_INTEGRITY if self.integrity.is_none() => {
                    let mac = value.try_into().map_err(|_| ParseError::BadAttribute)?;
                    self.integrity = Some((position, mac));
                    self.end = position;
                }
                attribute::FINGERPRINT => {
                    let crc = crc32fast::hash(&self.bytes[..position]) ^ FINGERPRINT_XOR;
                    if value != crc.to_be_bytes() || next != self.bytes.len() {
                        return Err(ParseError::BadFingerprint);
                    }
                }
                _ => {}
            }
            position = next;
        }
        Ok(())
    }

    /// The attributes before MESSAGE-INTEGRITY (all, when there is none).
    pub(super) fn attributes(&self) -> Attributes<'a> {
        Attributes { bytes: &self.bytes[..self.end], position: HEADER_LEN }
    }

    pub(super) fn has_integrity(&self) -> bool {
        self.integrity.is_some()
    }

    pub(super) fn verify(&self, key: &IntegrityKey) -> bool {
        self.integrity.is_some_and(|(position, mac)| key.verify(self.bytes, position, &mac))
    }
}

/// The attribute at `position`: type, value, where the next one begins.
fn attribute_at(bytes: &[u8], position: usize) -> Result<(u16, &[u8], usize), ParseError> {
    let kind = u16_at(bytes, position)?;
    let len = usize::from(u16_at(bytes, position + 2)?);
    let start = position + 4;
    let next = start + len.next_multiple_of(4);
    if next > bytes.len() {
        return Err(ParseError::BadLength);
    }
    Ok((kind, &bytes[start..start + len], next))
}

#[derive(Clone, Debug)]
pub(super) struct Attributes<'a> {
    bytes: &'a [u8],
    position: usize,
}

impl<'a> Iterator for Attributes<'a> {
    type Item = (u16, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let (kind, value, next) = attribute_at(self.bytes, self.position).ok()?;
        self.position = next;
        Some((kind, value))
    }
}

/// Appends one message to a buffer.
#[derive(Debug)]
pub(super) struct Writer<'a> {
    out: &'a mut Vec<u8>,
    start: usize,
}

impl<'a> Writer<'a> {
    pub(super) fn new(out: &'a mut Vec<u8>, kind: u16, transaction_id: &TransactionId) -> Self {
        let start = out.len();
        out.extend_from_slice(&kind.to_be_bytes());
        out.extend_from_slice(&[0; 2]);
        out.extend_from_slice(&MAGIC.to_be_bytes());
        out.extend_from_slice(transaction_id);
        Self { out, start }
    }

    /// Append an attribute; a value is cut at 763 bytes, the most RFC 8489 has use for.
    pub(super) fn attribute(&mut self, kind: u16, value: &[u8]) {
        let value = &value[..value.len().min(763)];
        self.out.extend_from_slice(&kind.to_be_bytes());
        self.out.extend_from_slice(&(value.len() as u16).to_be_bytes());
        self.out.extend_from_slice(value);
        self.out.extend_from_slice(&[0; 3][..value.len().next_multiple_of(4) - value.len()]);
        self.set_len(0);
    }

    /// Append MESSAGE-INTEGRITY (with a key) and FINGERPRINT.
    pub(super) fn finish(mut self, key: Option<&IntegrityKey>) {
        if let Some(key) = key {
            let message = &self.out[self.start..];
            let mac = key.sign(message, message.len());
            self.attribute(attribute::MESSAGE_INTEGRITY, mac.as_ref());
        }
        self.set_len(8);
        let crc = crc32fast::hash(&self.out[self.start..]) ^ FINGERPRINT_XOR;
        self.attribute(attribute::FINGERPRINT, &crc.to_be_bytes());
    }

    /// Set the header's length to what is there and `more` bytes.
    fn set_len(&mut self, more: usize) {
        let len = self.out.len() - self.start - HEADER_LEN + more;
        self.out[self.start + 2..self.start + 4].copy_from_slice(&(len as u16).to_be_bytes());
    }
}
