//! Packet status chunks: sixteen bits for a run of equal symbols or for 7 or 14 symbols.

use super::Symbol;

/// The longest run a run-length chunk can hold.
const MAX_RUN: u32 = 8191;

/// A chunk as it is read.
#[derive(Clone, Copy, Debug)]
pub(super) enum Chunk {
    Run {
        symbol: Symbol,
        len: u16,
    },
    /// 14 symbols of one bit, the first in bit 13.
    OneBit(u16),
    /// 7 symbols of two bits, the first in bits 13 and 12.
    TwoBit(u16),
}

impl Chunk {
    pub(super) fn parse(word: u16) -> Self {
        match word >> 14 {
            0 | 1 => Self::Run { symbol: Symbol::from_bits(word >> 13), len: word & 0x1fff },
            2 => Self::OneBit(word),
            _ => Self::TwoBit(word),
        }
    }

    /// How many symbols it stands for.
    pub(super) fn len(self) -> u16 {
        match self {
            Self::Run { len, .. } => len,
            Self::OneBit(_) => 14,
            Self::TwoBit(_) => 7,
        }
    }

    /// Its symbol number `index`, which is less than `len()`.
    pub(super) fn symbol(self, index: u16) -> Symbol {
        match self {
            Self::Run { symbol, .. } => symbol,
            Self::OneBit(bits) => Symbol::from_bits(bits >> (13 - index.min(13)) & 1),
            Self::TwoBit(bits) => Symbol::from_bits(bits >> (2 * (6 - index.min(6)))),
        }
    }

    /// Bytes of the deltas of its first `symbols` symbols.
    pub(super) fn deltas_len(self, symbols: u16) -> usize {
        match self {
            Self::Run { symbol, .. } => usize::from(symbols) * symbol.delta_len(),
            _ => (0..symbols).map(|index| self.symbol(index).delta_len()).sum(),
        }
    }
}

/// Symbols to be written, as runs.
#[derive(Clone, Debug, Default)]
pub(super) struct Runs {
    runs: Vec<(Symbol, u32)>,
}

impl Runs {
    pub(super) fn clear(&mut self) {
        self.runs.clear();
    }

    pub(super) fn push(&mut self, symbol: Symbol, count: u32) {
        match self.runs.last_mut() {
            Some((last, len)) if *last == symbol => *len += count,
            _ if count == 0 => {}
            _ => self.runs.push((symbol, count)),
        }
    }

    /// Append the chunks; the runs are used up.
    pub(super) fn write(&mut self, out: &mut Vec<u8>) {
        let mut first = 0;
        while let Some(&(symbol, len)) = self.runs.get(first) {
            let last = first + 1 == self.runs.len();
            let word = if len >= 14 || last {
                let len = len.min(MAX_RUN);
                self.consume(&mut first, len);
                (symbol as u16) << 13 | len as u16
            } else {
                self.vector(&mut first)
            };
            out.extend_from_slice(&word.to_be_bytes());
        }
        self.clear();
    }

    /// A chunk of the next symbols, which are not all the same.
    fn vector(&mut self, first: &mut usize) -> u16 {
        let mut symbols = [Symbol::Lost; 14];
        let mut count = 0;
        for &(symbol, len) in &self.runs[*first..] {
            let end = (count + len as usize).min(14);
            symbols[count..end].fill(symbol);
            count = end;
            if count == 14 {
                break;
            }
        }
        let large = symbols[..count].iter().position(|&symbol| symbol == Symbol::Large);
        // Seven symbols or more before the first large one: one bit each does not fit, but
        // a run does when they are equal. Otherwise two bits each for the next seven.
        if large.is_none() {
            self.consume(first, count as u32);
            return symbols.iter().fold(0b10, |word, &symbol| word << 1 | symbol as u16);
        }
        let (symbol, len) = self.runs[*first];
        if len >= 7 {
            self.consume(first, len);
            return (symbol as u16) << 13 | len as u16;
        }
        self.consume(first, count.min(7) as u32);
        symbols[..7].iter().fold(0b11, |word, &symbol| word << 2 | symbol as u16)
    }

    fn consume(&mut self, first: &mut usize, mut count: u32) {
        while let Some((_, len)) = self.runs.get_mut(*first) {
            let taken = count.min(*len);
            *len -= taken;
            count -= taken;
            if *len > 0 {
                return;
            }
            *first += 1;
        }
    }
}
