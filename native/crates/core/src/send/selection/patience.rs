//! When a keyframe is asked for, because only one will bring the layers that are wanted.

use std::time::Duration;

use crate::time::Instant;

use super::{ANY, Rule, Selection, Subject, layers};

/// Temporal layers are usually reached within a second without one.
const TEMPORAL: Duration = Duration::from_secs(2);
/// Between the first two requests; the pause doubles up to the longest.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(16);

/// What is not as it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Lack {
    None,
    Temporal,
    Spatial,
}

impl Lack {
    pub(super) fn at_least(&mut self, other: Self) {
        *self = (*self).max(other);
    }
}

/// How long it has been so.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Patience {
    next: Option<Instant>,
    pause: Duration,
}

impl Patience {
    /// Whether it is time to ask.
    pub(super) fn asks(&mut self, now: Instant, lack: Lack) -> bool {
        let wait = match lack {
            Lack::None => return false,
            Lack::Temporal => TEMPORAL,
            Lack::Spatial => Duration::ZERO,
        };
        if now < *self.next.get_or_insert(now + wait) {
            return false;
        }
        self.pause = (self.pause * 2).clamp(FIRST_PAUSE, LONGEST_PAUSE);
        self.next = Some(now + self.pause);
        true
    }
}

impl Selection {
    /// Sees whether the packet's fate shows that the limit is not what is forwarded.
    pub(super) fn weigh(&mut self, subject: &Subject<'_>, forwarded: bool, lack: &mut Lack) {
        let (spatial, temporal) = layers(&subject.packet.descriptor);
        match (self.rule, &subject.frame, subject.structure) {
            (Rule::Target(target), Some(frame), Some(structure)) => {
                let want = self.wanted(structure, subject.active);
                let part = frame.indications.present(want);
                if want != target && forwarded != part {
                    let shown = structure.layers(target).map(|layers| layers.0);
                    let other = structure.layers(want).map(|layers| layers.0);
                    lack.at_least(if shown == other { Lack::Temporal } else { Lack::Spatial });
                }
            }
            (Rule::Layers { spatial: shown, .. }, ..) if forwarded => {
                let excess = spatial > self.limit.spatial() && shown != ANY;
                lack.at_least(if excess { Lack::Spatial } else { Lack::None });
            }
            (Rule::Layers { spatial: shown, temporal: fast }, ..)
                if spatial <= self.limit.spatial() && temporal <= self.limit.temporal() =>
            {
                if spatial > shown {
                    lack.at_least(Lack::Spatial);
                } else if temporal > fast {
                    lack.at_least(Lack::Temporal);
                } else {
                    let needed = subject.packet.descriptor.upper_reference;
                    self.thinned |= spatial < shown && shown != ANY && !needed;
                }
            }
            _ => {}
        }
    }
}
