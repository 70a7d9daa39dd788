//! Who an encoding comes from.

use crate::ids::{EngineId, TransportId};
use crate::transport::TransportKey;

/// A peer, of this engine or of another one that relays its track.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Publisher {
    Here(TransportKey),
    There { engine: EngineId, transport: TransportId },
}

impl Publisher {
    /// Its transport, if that is here.
    #[inline]
    pub(crate) fn here(self) -> Option<TransportKey> {
        match self {
            Self::Here(key) => Some(key),
            Self::There { .. } => None,
        }
    }

    /// The engine that relays its tracks.
    pub(crate) fn there(self) -> Option<EngineId> {
        match self {
            Self::Here(_) => None,
            Self::There { engine, .. } => Some(engine),
        }
    }
}
