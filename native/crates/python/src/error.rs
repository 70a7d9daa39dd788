//! `EngineError`, and which code stands for what.

use std::fmt;

use pyo3::exceptions::PyException;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyType;
use trio_sfu_core::command::CommandError;
use trio_sfu_driver::CallError;

/// Why a call failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// The engine refused it.
    Refused(CommandError),
    /// It never reached an engine.
    Unanswered(CallError),
}

impl Failure {
    /// The stable code.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Refused(error) => error.code(),
            Self::Unanswered(CallError::Busy) => "too-many",
            Self::Unanswered(CallError::Lost | CallError::Silent) => "worker-lost",
            Self::Unanswered(CallError::Closed) => "closed",
            Self::Unanswered(CallError::NoSuchWorker) => "wrong-worker",
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(error) => formatter.write_str(error.code()),
            Self::Unanswered(error) => write!(formatter, "{}: {error}", self.code()),
        }
    }
}

impl From<CommandError> for Failure {
    fn from(error: CommandError) -> Self {
        Self::Refused(error)
    }
}

impl From<CallError> for Failure {
    fn from(error: CallError) -> Self {
        Self::Unanswered(error)
    }
}

/// The class. Made by hand: the stable ABI of 3.11 cannot subclass Exception natively.
pub(crate) fn engine_error(py: Python<'_>) -> PyResult<&Bound<'_, PyType>> {
    static CLASS: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    let class = CLASS.get_or_try_init(py, || {
        let name = c"trio_sfu._native.EngineError";
        let doc = c"A command could not be carried out; code is one of the stable codes.";
        let class =
            PyErr::new_type(py, name, Some(doc), Some(&py.get_type::<PyException>()), None)?;
        // Not in new_type's dict: PyO3 0.30.1 frees that before it is used.
        class.bind(py).setattr("code", "")?;
        Ok::<_, PyErr>(class)
    })?;
    Ok(class.bind(py))
}

impl From<Failure> for PyErr {
    fn from(failure: Failure) -> Self {
        Python::attach(|py| {
            let made = engine_error(py).and_then(|class| {
                let error = class.call1((failure.to_string(),))?;
                error.setattr("code", failure.code())?;
                Ok(error)
            });
            made.map_or_else(|error| error, PyErr::from_value)
        })
    }
}
