#![forbid(unsafe_code)]
//! Being written.
