//! Both ends of an association with the same keys.
#![allow(clippy::unwrap_used)] // a test that unwraps nothing has failed

mod hostile;
mod replay;
mod rollover;
mod rtcp;
mod support;
