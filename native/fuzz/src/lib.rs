//! What the fuzz targets share: how bytes become calls.

pub mod input;
pub mod session;
