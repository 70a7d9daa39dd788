//! What is remembered per synchronization source.

use crate::error::Error;

/// Sources kept per direction and protocol. A peer with 64 tracks of three encodings
/// each, every other packet an RTX source's, stays below it. An authentic packet of one
/// more is refused, not an old source forgotten: its packets could be replayed then.
pub(crate) const MAX_SOURCES: usize = 512;

/// A bounded map by SSRC; looking up costs at most nine comparisons.
#[derive(Debug)]
pub(crate) struct Sources<State> {
    /// Sorted; the same positions as in `states`.
    ssrcs: Vec<u32>,
    states: Vec<State>,
}

impl<State> Sources<State> {
    pub(crate) fn new() -> Self {
        Self { ssrcs: Vec::new(), states: Vec::new() }
    }

    pub(crate) fn len(&self) -> usize {
        self.ssrcs.len()
    }

    pub(crate) fn ssrcs(&self) -> impl Iterator<Item = u32> {
        self.ssrcs.iter().copied()
    }

    /// The source's state, or where [`Sources::insert`] would put it.
    pub(crate) fn find(&mut self, ssrc: u32) -> Result<&mut State, Vacancy> {
        match self.ssrcs.binary_search(&ssrc) {
            Ok(position) => Ok(&mut self.states[position]),
            Err(position) => Err(Vacancy { position, ssrc }),
        }
    }

    /// Fails when there is no room for another source.
    pub(crate) fn insert(&mut self, vacancy: Vacancy, state: State) -> Result<(), Error> {
        if self.ssrcs.len() >= MAX_SOURCES {
            return Err(Error::TooManySources);
        }
        self.ssrcs.insert(vacancy.position, vacancy.ssrc);
        self.states.insert(vacancy.position, state);
        Ok(())
    }
}

/// A place for a source that is not there yet.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Vacancy {
    position: usize,
    ssrc: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_source_too_many_is_refused_and_the_others_stay() {
        let mut sources = Sources::new();
        for ssrc in (0..MAX_SOURCES as u32).rev() {
            let vacancy = sources.find(ssrc).unwrap_err();
            sources.insert(vacancy, ssrc).unwrap();
        }
        let vacancy = sources.find(u32::MAX).unwrap_err();
        assert_eq!(sources.insert(vacancy, 0), Err(Error::TooManySources));
        assert_eq!(sources.len(), MAX_SOURCES);
        for ssrc in 0..MAX_SOURCES as u32 {
            assert_eq!(sources.find(ssrc).copied().ok(), Some(ssrc));
        }
    }
}
