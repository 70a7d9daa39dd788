//! The estimator on paths that are made up, but behave as real ones do.
#![allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    missing_docs
)]

mod competition;
mod congestion;
mod fallback;
mod hostile;
mod limited;
mod losses;
mod memory;
mod start;
mod steady;
mod support;
mod sweep;
