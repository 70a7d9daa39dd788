//! Binding requests: ICE connectivity checks (RFC 8445 section 7.2.2).

use super::message::{BINDING_REQUEST, Message, Writer, attribute};
use super::{IntegrityKey, TransactionId};
use crate::ParseError;
use crate::bytes::{u32_at, u64_at};

/// A connectivity check. Nothing in it is to be believed before [`verify`](Self::verify).
#[derive(Clone, Copy, Debug)]
pub struct BindingRequest<'a> {
    /// To be repeated in the response.
    pub transaction_id: TransactionId,
    /// `receiver's ufrag:sender's ufrag`.
    pub username: &'a str,
    /// The priority a peer-reflexive candidate would get.
    pub priority: Option<u32>,
    /// Whether the sender nominates this pair.
    pub use_candidate: bool,
    /// The tie-breaker of a sender in the controlling role.
    pub ice_controlling: Option<u64>,
    /// The tie-breaker of a sender in the controlled role.
    pub ice_controlled: Option<u64>,
    /// A comprehension-required attribute nobody here knows: answer with error 420.
    pub unknown_attribute: Option<u16>,
    message: Message<'a>,
}

impl<'a> BindingRequest<'a> {
    /// Parse a datagram; checks its FINGERPRINT when there is one.
    ///
    /// # Errors
    /// `BadType` when it is another STUN message, `MissingAttribute` without USERNAME or
    /// MESSAGE-INTEGRITY (RFC 8489 section 9.1.3 would answer 400; ICE-lite stays silent),
    /// `BadAttribute`, `BadFingerprint`, and the framing errors.
    pub fn parse(datagram: &'a [u8]) -> Result<Self, ParseError> {
        let message = Message::parse(datagram)?;
        if message.kind != BINDING_REQUEST {
            return Err(ParseError::BadType);
        }
        if !message.has_integrity() {
            return Err(ParseError::MissingAttribute);
        }
        let mut username = None;
        let mut request = Self {
            transaction_id: message.transaction_id,
            username: "",
            priority: None,
            use_candidate: false,
            ice_controlling: None,
            ice_controlled: None,
            unknown_attribute: None,
            message,
        };
        for (kind, value) in message.attributes() {
            match kind {
                attribute::USERNAME => {
                    let text = std::str::from_utf8(value).map_err(|_| ParseError::BadAttribute)?;
                    username.get_or_insert(text);
                }
                attribute::PRIORITY => request.priority = Some(u32_at(value, 0)?),
                attribute::USE_CANDIDATE => request.use_candidate = true,
                attribute::ICE_CONTROLLING => request.ice_controlling = Some(u64_at(value, 0)?),
                attribute::ICE_CONTROLLED => request.ice_controlled = Some(u64_at(value, 0)?),
                0x0000..=0x7fff => {
                    request.unknown_attribute.get_or_insert(kind);
                }
                _ => {}
            }
        }
        request.username = username.ok_or(ParseError::MissingAttribute)?;
        Ok(request)
    }

    /// The receiver's ufrag: what precedes the first colon.
    #[must_use]
    pub fn local_ufrag(&self) -> &'a str {
        self.username.split_once(':').map_or(self.username, |(local, _)| local)
    }

    /// The sender's ufrag: what follows the first colon.
    #[must_use]
    pub fn remote_ufrag(&self) -> &'a str {
        self.username.split_once(':').map_or("", |(_, remote)| remote)
    }

    /// Whether MESSAGE-INTEGRITY was made with `key` (the receiver's password).
    #[must_use]
    pub fn verify(&self, key: &IntegrityKey) -> bool {
        self.message.verify(key)
    }
}

/// What a client puts into a binding request.
#[derive(Clone, Copy, Debug)]
pub struct RequestFields<'a> {
    /// `receiver's ufrag:sender's ufrag`.
    pub username: &'a str,
    /// The PRIORITY attribute.
    pub priority: u32,
    /// Nominate this pair.
    pub use_candidate: bool,
    /// The tie-breaker of the controlling role, which a client of an ICE-lite server has.
    pub tie_breaker: u64,
    /// A fresh random transaction id.
    pub transaction_id: TransactionId,
}

/// Append a binding request, as a client sends it, authenticated with the server's password.
pub fn binding_request(fields: &RequestFields<'_>, key: &IntegrityKey, out: &mut Vec<u8>) {
    let mut writer = Writer::new(out, BINDING_REQUEST, &fields.transaction_id);
    writer.attribute(attribute::USERNAME, fields.username.as_bytes());
    writer.attribute(attribute::PRIORITY, &fields.priority.to_be_bytes());
    writer.attribute(attribute::ICE_CONTROLLING, &fields.tie_breaker.to_be_bytes());
    if fields.use_candidate {
        writer.attribute(attribute::USE_CANDIDATE, &[]);
    }
    writer.finish(Some(key));
}
