//! What exists in an engine right now.

/// Counts of live objects; all zero once everything was removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Census {
    /// ICE + DTLS associations.
    pub transports: u64,
    /// Remote addresses that authenticated.
    pub addresses: u64,
    /// Published tracks.
    pub up_tracks: u64,
    /// Their encodings, announced or seen.
    pub encodings: u64,
    /// Sending m-lines.
    pub slots: u64,
    /// Up-tracks of other engines that are watched from here.
    pub relays: u64,
}

impl Census {
    /// Every count with its name.
    pub fn entries(&self) -> impl Iterator<Item = (&'static str, u64)> + use<> {
        [
            ("transports", self.transports),
            ("addresses", self.addresses),
            ("up_tracks", self.up_tracks),
            ("encodings", self.encodings),
            ("slots", self.slots),
            ("relays", self.relays),
        ]
        .into_iter()
    }
}
