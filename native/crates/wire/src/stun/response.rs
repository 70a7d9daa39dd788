//! Binding responses: written by the server, parsed by clients.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::message::{BINDING_ERROR, BINDING_SUCCESS, MAGIC, Message, Writer, attribute};
use super::{IntegrityKey, TransactionId};
use crate::ParseError;
use crate::bytes::{array_at, u8_at, u16_at};

/// Append a success response; `mapped` is the address the request came from.
pub fn success_response(
    transaction_id: &TransactionId,
    mapped: SocketAddr,
    key: &IntegrityKey,
    out: &mut Vec<u8>,
) {
    let mut writer = Writer::new(out, BINDING_SUCCESS, transaction_id);
    let (value, len) = xor_mapped_address(transaction_id, mapped);
    writer.attribute(attribute::XOR_MAPPED_ADDRESS, &value[..len]);
    writer.finish(Some(key));
}

/// Append an error response; without a key it carries no MESSAGE-INTEGRITY.
///
/// `code` is 300..=699 (RFC 8489 section 14.8).
pub fn error_response(
    transaction_id: &TransactionId,
    code: u16,
    reason: &str,
    key: Option<&IntegrityKey>,
    out: &mut Vec<u8>,
) {
    let mut writer = Writer::new(out, BINDING_ERROR, transaction_id);
    error_code(&mut writer, code, reason);
    writer.finish(key);
}

/// Append error 420, naming an attribute that was not understood (RFC 8489 section 6.3.1).
pub fn unknown_attribute_response(
    transaction_id: &TransactionId,
    unknown: u16,
    key: &IntegrityKey,
    out: &mut Vec<u8>,
) {
    let mut writer = Writer::new(out, BINDING_ERROR, transaction_id);
    error_code(&mut writer, 420, "Unknown Attribute");
    writer.attribute(attribute::UNKNOWN_ATTRIBUTES, &unknown.to_be_bytes());
    writer.finish(Some(key));
}

fn error_code(writer: &mut Writer<'_>, code: u16, reason: &str) {
    let class = (code / 100).min(7) as u8;
    let mut value = vec![0, 0, class, (code % 100) as u8];
    value.extend_from_slice(reason.as_bytes());
    writer.attribute(attribute::ERROR_CODE, &value);
}

/// The attribute's value and its length (RFC 8489 section 14.2).
fn xor_mapped_address(transaction_id: &TransactionId, address: SocketAddr) -> ([u8; 20], usize) {
    let mut value = [0; 20];
    let port = address.port() ^ (MAGIC >> 16) as u16;
    value[2..4].copy_from_slice(&port.to_be_bytes());
    let pad = xor_pad(transaction_id);
    match address.ip() {
        IpAddr::V4(ip) => {
            value[1] = 1;
            value[4..8].copy_from_slice(&ip.octets());
        }
        IpAddr::V6(ip) => {
            value[1] = 2;
            value[4..20].copy_from_slice(&ip.octets());
        }
    }
    let len = if value[1] == 1 { 8 } else { 20 };
    for (byte, pad) in value[4..len].iter_mut().zip(pad) {
        *byte ^= pad;
    }
    (value, len)
}

fn parse_xor_mapped_address(
    transaction_id: &TransactionId,
    value: &[u8],
) -> Result<SocketAddr, ParseError> {
    let port = u16_at(value, 2)? ^ (MAGIC >> 16) as u16;
    let pad = xor_pad(transaction_id);
    let ip = match u8_at(value, 1)? {
        1 => {
            let octets: [u8; 4] = array_at(value, 4)?;
            IpAddr::V4(Ipv4Addr::from(std::array::from_fn(|i| octets[i] ^ pad[i])))
        }
        2 => {
            let octets: [u8; 16] = array_at(value, 4)?;
            IpAddr::V6(Ipv6Addr::from(std::array::from_fn::<u8, 16, _>(|i| octets[i] ^ pad[i])))
        }
        _ => return Err(ParseError::BadAttribute),
    };
    Ok(SocketAddr::new(ip, port))
}

/// What addresses are XORed with: the magic cookie and the transaction id.
fn xor_pad(transaction_id: &TransactionId) -> [u8; 16] {
    let mut pad = [0; 16];
    pad[..4].copy_from_slice(&MAGIC.to_be_bytes());
    pad[4..].copy_from_slice(transaction_id);
    pad
}

/// A response to a binding request, as a client reads it.
#[derive(Clone, Copy, Debug)]
pub struct BindingResponse<'a> {
    /// Whose request it answers.
    pub transaction_id: TransactionId,
    /// The client's address as the server saw it, or the error code.
    pub outcome: Result<SocketAddr, u16>,
    message: Message<'a>,
}

impl<'a> BindingResponse<'a> {
    /// Parse a datagram; checks its FINGERPRINT when there is one.
    ///
    /// # Errors
    /// `BadType` when it is another STUN message, `MissingAttribute` without
    /// XOR-MAPPED-ADDRESS or ERROR-CODE, and those of malformed messages.
    pub fn parse(datagram: &'a [u8]) -> Result<Self, ParseError> {
        let message = Message::parse(datagram)?;
        let find = |wanted| {
            message
                .attributes()
                .find_map(|(kind, value)| (kind == wanted).then_some(value))
                .ok_or(ParseError::MissingAttribute)
        };
        let outcome = match message.kind {
            BINDING_SUCCESS => Ok(parse_xor_mapped_address(
                &message.transaction_id,
                find(attribute::XOR_MAPPED_ADDRESS)?,
            )?),
            BINDING_ERROR => {
                let value = find(attribute::ERROR_CODE)?;
                let class = u16::from(u8_at(value, 2)? & 7);
                Err(class * 100 + u16::from(u8_at(value, 3)?))
            }
            _ => return Err(ParseError::BadType),
        };
        Ok(Self { transaction_id: message.transaction_id, outcome, message })
    }

    /// Whether MESSAGE-INTEGRITY was made with `key` (the server's password).
    #[must_use]
    pub fn verify(&self, key: &IntegrityKey) -> bool {
        self.message.verify(key)
    }
}
