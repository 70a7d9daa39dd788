//! STUN binding (RFC 8489) with the attributes of ICE (RFC 8445 section 16.1).

mod integrity;
mod message;
mod request;
mod response;

pub use integrity::IntegrityKey;
pub use request::{BindingRequest, RequestFields, binding_request};
pub use response::{BindingResponse, error_response, success_response, unknown_attribute_response};

/// A transaction id, chosen by the client (RFC 8489 section 5).
pub type TransactionId = [u8; 12];
