//! Frames that were left out, by number, so that what depends on them is left out as well.

/// The latest 128 numbers; no codec reaches farther back.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Dropped {
    newest: u16,
    /// The lowest bit is `newest`'s.
    bits: u128,
}

impl Dropped {
    /// Notes a number of so many bits.
    pub(super) fn insert(&mut self, number: u16, mask: u16) {
        let ahead = number.wrapping_sub(self.newest) & mask;
        if ahead <= mask / 2 {
            self.bits = self.bits.checked_shl(u32::from(ahead)).unwrap_or(0) | 1;
            self.newest = number;
        } else {
            let behind = self.newest.wrapping_sub(number) & mask;
            self.bits |= 1u128.checked_shl(u32::from(behind)).unwrap_or(0);
        }
    }

    /// Forgets a number, of 16 bits.
    pub(super) fn remove(&mut self, number: u16) {
        let behind = self.newest.wrapping_sub(number);
        self.bits &= !1u128.checked_shl(u32::from(behind)).unwrap_or(0);
    }

    /// Whether this number, of 16 bits, was noted.
    pub(super) fn has(&self, number: u16) -> bool {
        self.has_of(number, u16::MAX)
    }

    /// The same for numbers of fewer bits.
    pub(super) fn has_of(&self, number: u16, mask: u16) -> bool {
        let behind = self.newest.wrapping_sub(number) & mask;
        self.bits.checked_shr(u32::from(behind)).is_some_and(|bits| bits & 1 == 1)
    }
}

#[cfg(test)]
mod tests {
    use super::Dropped;

    #[test]
    fn one_number_can_be_forgotten() {
        let mut dropped = Dropped::default();
        for number in [65_534, 65_535, 2] {
            dropped.insert(number, 0xffff);
        }
        dropped.remove(65_535);
        dropped.remove(3);
        dropped.remove(500);
        assert!(dropped.has(65_534) && !dropped.has(65_535) && dropped.has(2));
    }

    #[test]
    fn numbers_wrap_and_old_ones_are_forgotten() {
        for mask in [0x7f, 0x7fff, 0xffff] {
            let mut dropped = Dropped::default();
            for number in [mask - 2, 1, mask, 4] {
                dropped.insert(number, mask);
            }
            let noted: Vec<u16> = (0..16)
                .map(|step| (mask - 7).wrapping_add(step) & mask)
                .filter(|&number| dropped.has_of(number, mask))
                .collect();
            assert_eq!(noted, [mask - 2, mask, 1, 4]);
        }
        let mut dropped = Dropped::default();
        dropped.insert(5, 0xffff);
        dropped.insert(500, 0xffff);
        assert!(!dropped.has(5));
    }
}
