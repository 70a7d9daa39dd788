//! Which packets are lost on the way.

use crate::random::Random;

/// Losses that come alone, and a Gilbert–Elliott channel whose losses come in runs.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Loss {
    /// Probability of each packet, independent of the others.
    pub(crate) alone: f64,
    pub(crate) bursts: Option<Bursts>,
}

/// Two states with transitions at each packet (E. N. Gilbert, 1960; E. O. Elliott, 1963).
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Bursts {
    /// Probability that a packet turns the good state into the bad one.
    pub(crate) begin: f64,
    /// Probability that a packet turns the bad state into the good one.
    pub(crate) end: f64,
    /// Probability of loss in the bad state.
    pub(crate) loss: f64,
    pub(crate) bad: bool,
}

impl Loss {
    pub(crate) fn takes(&mut self, random: &mut Random) -> bool {
        let alone = random.chance(self.alone);
        let Some(bursts) = &mut self.bursts else { return alone };
        let turn = if bursts.bad { bursts.end } else { bursts.begin };
        bursts.bad ^= random.chance(turn);
        alone || (bursts.bad && random.chance(bursts.loss))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fates(loss: &mut Loss, seed: u64) -> Vec<bool> {
        let mut random = Random::new(seed);
        (0..100_000).map(|_| loss.takes(&mut random)).collect()
    }

    fn share(fates: &[bool]) -> f64 {
        fates.iter().filter(|&&lost| lost).count() as f64 / fates.len() as f64
    }

    #[test]
    fn losses_alone_are_as_many_as_wanted() {
        let lost = fates(&mut Loss { alone: 0.05, bursts: None }, 1);
        assert!((share(&lost) - 0.05).abs() < 0.003, "{}", share(&lost));
    }

    #[test]
    fn bursts_have_the_share_and_the_length_of_the_model() {
        let bursts = Bursts { begin: 0.01, end: 0.25, loss: 1.0, bad: false };
        let lost = fates(&mut Loss { alone: 0.0, bursts: Some(bursts) }, 2);
        let runs = lost.windows(2).filter(|pair| !pair[0] && pair[1]).count();
        let length = share(&lost) * lost.len() as f64 / runs as f64;
        assert!((share(&lost) - 0.01 / 0.26).abs() < 0.004, "{}", share(&lost));
        assert!((length - 4.0).abs() < 0.4, "{length}");
    }

    #[test]
    fn a_seed_gives_the_same_losses() {
        let mut loss = Loss { alone: 0.1, bursts: None };
        assert_eq!(fates(&mut loss.clone(), 3), fates(&mut loss, 3));
        assert_ne!(fates(&mut loss.clone(), 3), fates(&mut loss, 4));
    }
}
