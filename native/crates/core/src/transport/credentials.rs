//! The ICE credentials a transport answers to (RFC 8445), and their change by a restart.

use trio_sfu_wire::stun::IntegrityKey;

/// A user name fragment, and the key of the password that goes with it.
pub(crate) struct Credential {
    pub(crate) ufrag: String,
    pub(crate) integrity: IntegrityKey,
}

impl Credential {
    pub(crate) fn new(ufrag: String, password: &str) -> Self {
        Self { ufrag, integrity: IntegrityKey::new(password) }
    }
}

/// The credentials in use and, during a restart, those that shall take their place: never
/// more than two. Until the new ones have shown that they work the old ones are answered,
/// so that media goes on where it went (RFC 8445 9).
pub(crate) struct Credentials {
    current: Credential,
    next: Option<Credential>,
}

impl Credentials {
    pub(crate) fn new(current: Credential) -> Self {
        Self { current, next: None }
    }

    /// Begins a restart. Returns the credentials of an earlier one that came to nothing.
    #[must_use]
    pub(crate) fn restart(&mut self, next: Credential) -> Option<Credential> {
        self.next.replace(next)
    }

    /// The peer nominated a pair under `ufrag`. Returns the credentials this ends.
    #[must_use]
    pub(crate) fn nominated(&mut self, ufrag: &str) -> Option<Credential> {
        let next = self.next.take_if(|next| next.ufrag == ufrag)?;
        Some(std::mem::replace(&mut self.current, next))
    }

    /// The key of the password that belongs to `ufrag`.
    pub(crate) fn integrity(&self, ufrag: &str) -> Option<&IntegrityKey> {
        let found = self.all().find(|credential| credential.ufrag == ufrag)?;
        Some(&found.integrity)
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &Credential> {
        std::iter::once(&self.current).chain(&self.next)
    }
}
