//! `trio_sfu._native`: the packet engine as Python sees it.
//!
//! The interface is written by hand in `trio_sfu/_native.pyi` and checked against this
//! by stubtest. Calls are coarse and release the GIL; no packet of media passes here.

mod aliases;
mod backend;
mod commands;
mod convert;
mod engine;
mod error;
mod events;
mod handles;
mod seen;
mod simulated;
mod stats;

use pyo3::prelude::*;

#[pymodule]
fn _native(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("EngineError", error::engine_error(module.py())?)?;
    module.add_class::<commands::Commands>()?;
    module.add_class::<engine::Engine>()?;
    module.add_class::<simulated::SimulatedEngine>()?;
    events::register(module)?;
    aliases::register(module)
}
