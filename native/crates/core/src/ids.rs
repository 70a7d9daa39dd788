//! Handles of what the control plane created. Chosen by the caller, never reused.

macro_rules! handle {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub u64);
    };
}

handle!(
    /// One ICE + DTLS association.
    TransportId
);
handle!(
    /// The receiving side of a published track.
    UpTrackId
);
handle!(
    /// One sending m-line of a subscriber.
    SlotId
);
handle!(
    /// Another engine, with which tracks are relayed.
    EngineId
);
