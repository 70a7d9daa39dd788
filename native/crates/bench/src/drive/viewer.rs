//! A viewer that wants another encoding now and then: what it wishes, and when it gets it.

use trio_sfu_wire::codec::vp8::PayloadDescriptor;

/// What a packet says of the changes of a viewer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    /// The encoding goes on, or nobody knows any better.
    Same,
    /// It begins another encoding than the packet before.
    Other,
}

/// How the changes of encodings went, of all viewers of a group together.
#[derive(Clone, Debug, Default)]
pub(crate) struct Changes {
    /// Wishes.
    pub(crate) wishes: u64,
    /// Those that were not met before the next one.
    pub(crate) unmet: u64,
    /// Encodings that did not begin with a keyframe.
    pub(crate) unclean: u64,
    /// Nanoseconds from a wish to the first packet of the encoding.
    pub(crate) took: Vec<u64>,
}

/// The encodings of one viewer, by their tracks.
pub(crate) struct Viewer {
    tracks: Vec<u16>,
    every: u64,
    turn: usize,
    /// When the next wish is due, in nanoseconds.
    due: u64,
    wish: Option<Wish>,
    current: Option<u16>,
}

struct Wish {
    track: u16,
    /// When it was made, in nanoseconds of `CLOCK_REALTIME`.
    at: u64,
    /// A packet of another encoding has come since.
    elsewhere: bool,
}

impl Viewer {
    /// The `turn`-th of them; `every` is in nanoseconds.
    pub(crate) fn new(tracks: Vec<u16>, every: u64, turn: usize) -> Self {
        Self { tracks, every, turn, due: u64::MAX, wish: None, current: None }
    }

    /// Wish something soon: the viewers one after the other, this one after such a share.
    pub(crate) fn begin(&mut self, now: u64, share: f64) {
        self.due = now + (self.every as f64 * share) as u64;
        self.wish = None;
    }

    /// The track that is wanted from now on, when it is time for another.
    pub(crate) fn wish(&mut self, now: u64, wall: u64, changes: &mut Changes) -> Option<u16> {
        if now < self.due || self.tracks.is_empty() {
            return None;
        }
        self.due += self.every;
        self.turn += 1;
        let track = self.tracks[self.turn % self.tracks.len()];
        changes.wishes += 1;
        changes.unmet += u64::from(self.wish.is_some());
        self.wish = Some(Wish { track, at: wall, elsewhere: false });
        Some(track)
    }

    /// Take back the wish: nobody is told of it.
    pub(crate) fn forget(&mut self) {
        self.wish = None;
    }

    /// Whether a wish is open, so that each packet has to be looked at.
    pub(crate) fn waits(&self) -> bool {
        self.wish.is_some()
    }

    /// Take in a decrypted packet.
    pub(crate) fn shown(
        &mut self,
        track: u16,
        payload: &[u8],
        arrived: u64,
        changes: &mut Changes,
    ) -> Seen {
        let other = self.current.replace(track).is_some_and(|before| before != track);
        if let Some(wish) = &mut self.wish {
            if wish.track != track {
                wish.elsewhere = true;
            } else {
                let whole = begins_keyframe(payload);
                if whole || wish.elsewhere {
                    changes.took.push(arrived.saturating_sub(wish.at));
                    changes.unclean += u64::from(!whole);
                }
                // Otherwise it was there already.
                self.wish = None;
            }
        }
        if other { Seen::Other } else { Seen::Same }
    }
}

/// Whether a decoder of VP8 can begin with it (RFC 7741, sections 4.2 and 4.3).
fn begins_keyframe(payload: &[u8]) -> bool {
    let Ok(descriptor) = PayloadDescriptor::parse(payload) else { return false };
    let header = payload.get(usize::from(descriptor.len));
    descriptor.start_of_frame() && header.is_some_and(|first| first & 1 == 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packets::descriptor;

    const SIZE: (u16, u16) = (320, 180);

    fn viewer() -> (Viewer, Changes) {
        let mut viewer = Viewer::new(vec![0, 1, 2], 1_000, 0);
        viewer.begin(0, 0.5);
        (viewer, Changes::default())
    }

    #[test]
    fn a_wish_is_met_by_the_first_packet_of_its_encoding() {
        let (mut viewer, mut changes) = viewer();
        let delta = descriptor(1, true, false, SIZE);
        assert_eq!(viewer.wish(499, 0, &mut changes), None);
        assert_eq!(viewer.wish(500, 70, &mut changes), Some(1));
        assert_eq!(viewer.shown(0, &delta, 80, &mut changes), Seen::Same);
        assert!(viewer.waits());
        let key = descriptor(2, true, true, SIZE);
        assert_eq!(viewer.shown(1, &key, 100, &mut changes), Seen::Other);
        assert!(!viewer.waits());
        assert_eq!((changes.took, changes.unclean, changes.unmet), (vec![30], 0, 0));
    }

    #[test]
    fn an_encoding_that_begins_in_the_middle_is_noted_and_one_that_was_there_is_no_change() {
        let (mut viewer, mut changes) = viewer();
        let delta = descriptor(1, true, false, SIZE);
        assert_eq!(viewer.wish(500, 0, &mut changes), Some(1));
        viewer.shown(1, &delta, 10, &mut changes);
        assert!(!viewer.waits() && changes.took.is_empty());
        assert_eq!(viewer.wish(1_500, 0, &mut changes), Some(2));
        viewer.shown(1, &delta, 10, &mut changes);
        viewer.shown(2, &delta, 20, &mut changes);
        assert_eq!((changes.took.len(), changes.unclean), (1, 1));
    }

    #[test]
    fn a_wish_that_the_next_one_comes_before_is_unmet() {
        let (mut viewer, mut changes) = viewer();
        assert_eq!(viewer.wish(500, 0, &mut changes), Some(1));
        assert_eq!(viewer.wish(1_500, 0, &mut changes), Some(2));
        assert_eq!((changes.wishes, changes.unmet), (2, 1));
    }
}
