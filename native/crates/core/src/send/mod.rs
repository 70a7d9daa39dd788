//! What subscribers get: slots, their rewriting, their queues, their feedback.

pub(crate) mod bandwidth;
pub(crate) mod continuity;
mod feedback;
mod flush;
mod forward;
mod mapping;
pub(crate) mod queue;
mod reports;
pub(crate) mod scratch;
pub(crate) mod selection;
pub(crate) mod sent;
pub(crate) mod slot;
pub(crate) mod span;
mod write;
