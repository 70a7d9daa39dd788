//! What subscribers get: slots, their rewriting, their queues, their feedback.

pub(crate) mod bandwidth;
pub(crate) mod continuity;
mod debt;
mod feedback;
mod flush;
mod forward;
mod mapping;
pub(crate) mod outcomes;
pub(crate) mod pacer;
mod padding;
pub(crate) mod probing;
mod reports;
pub(crate) mod scratch;
pub(crate) mod selection;
pub(crate) mod sent;
pub(crate) mod slot;
pub(crate) mod span;
mod splice;
mod timestamps;
mod write;
