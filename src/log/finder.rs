//! Finds any of some dozen needles in one pass, with all their overlaps.
//!
//! A search of our own because it holds secrets: the automata of libraries keep copies of their patterns on
//! memory that is not wiped. The method is Wu and Manber's ("A fast algorithm for multi-pattern searching",
//! 1994): the last four bytes of a window say how far it can move without passing a needle, so that most
//! bytes of a log are never looked at.

use std::ops::Range;

use zeroize::Zeroizing;

/// Bytes of the shortest needle.
pub(super) const SHORTEST: usize = 8;
/// Wider windows move further, but every needle fills more of the table.
const WIDEST: usize = 32;
/// Bytes looked at in a window.
const BLOCK: usize = 4;
/// Entries of the table: small enough to stay in the first-level cache.
const TABLE_BITS: u32 = 13;

/// Something to find. Never shorter than [`SHORTEST`].
pub(super) struct Needle {
    pub bytes: Zeroizing<Vec<u8>>,
    pub edges: Edges,
}

/// What beside a match is found with it.
#[derive(Clone, Copy)]
pub(super) enum Edges {
    /// Nothing.
    Exact,
    /// A base64 digit before or after it that carries bits of the value and of its neighbour, and padding.
    Base64 { before: bool, after: bool },
}

pub(super) struct Finder {
    needles: Vec<Needle>,
    window: usize,
    /// For the hash of a block: how far a window that ends with it may move.
    shifts: Zeroizing<Vec<u8>>,
}

impl Finder {
    /// Needles that are too short to be told from other text are left out.
    pub fn new(needles: impl IntoIterator<Item = Needle>) -> Self {
        let needles: Vec<Needle> = needles.into_iter().filter(|needle| needle.bytes.len() >= SHORTEST).collect();
        let window = needles.iter().map(|needle| needle.bytes.len()).min().unwrap_or(SHORTEST).min(WIDEST);
        let farthest = window - BLOCK + 1;
        let byte = |shift: usize| u8::try_from(shift).expect("a window is at most 32 bytes");
        let mut shifts = Zeroizing::new(vec![byte(farthest); 1 << TABLE_BITS]);
        for needle in &needles {
            for (at, block) in needle.bytes[..window].windows(BLOCK).enumerate() {
                let entry = &mut shifts[slot(block)];
                *entry = (*entry).min(byte(farthest - 1 - at));
            }
        }
        Self { needles, window, shifts }
    }

    /// Bytes of the longest needle; 0 without needles.
    pub fn longest(&self) -> usize {
        self.needles.iter().map(|needle| needle.bytes.len()).max().unwrap_or(0)
    }

    /// Where needles are, in order of their beginnings; they may overlap.
    pub fn find(&self, text: &[u8]) -> Vec<Range<usize>> {
        let mut found = Vec::new();
        if self.needles.is_empty() {
            return found;
        }
        let mut end = self.window;
        while let Some(block) = text.get(end - BLOCK..end) {
            let shift = usize::from(self.shifts[slot(block)]);
            if shift == 0 {
                let start = end - self.window;
                for needle in self.needles.iter().filter(|needle| text[start..].starts_with(&needle.bytes)) {
                    found.push(with_edges(text, start..start + needle.bytes.len(), needle.edges));
                }
            }
            end += shift.max(1);
        }
        found
    }
}

fn slot(block: &[u8]) -> usize {
    let word = block.iter().fold(0_u32, |word, byte| word << 8 | u32::from(*byte));
    // Fibonacci hashing: the high bits of a product with 2^32 / φ.
    (word.wrapping_mul(0x9e37_79b1) >> (u32::BITS - TABLE_BITS)) as usize
}

fn with_edges(text: &[u8], found: Range<usize>, edges: Edges) -> Range<usize> {
    let Edges::Base64 { before, after } = edges else { return found };
    let digit =
        |byte: Option<&u8>| byte.is_some_and(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'-' | b'_'));
    let Range { mut start, mut end } = found;
    if before && start > 0 && digit(text.get(start - 1)) {
        start -= 1;
    }
    if after && digit(text.get(end)) {
        end += 1;
        end += text[end..].iter().take(2).take_while(|byte| **byte == b'=').count();
    }
    start..end
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn finder(needles: &[Vec<u8>]) -> Finder {
        Finder::new(needles.iter().map(|bytes| Needle { bytes: Zeroizing::new(bytes.clone()), edges: Edges::Exact }))
    }

    #[test]
    fn without_needles_nothing_is_found() {
        assert!(finder(&[]).find(b"anything at all").is_empty());
        assert!(finder(&[b"short".to_vec()]).find(b"short").is_empty());
    }

    #[test]
    fn edges_of_base64_go_along() {
        let needle = |before, after| {
            Finder::new([Needle {
                bytes: Zeroizing::new(b"QUJDREVGR0".to_vec()),
                edges: Edges::Base64 { before, after },
            }])
        };
        for (before, after, text, found) in [
            (false, true, "x QUJDREVGR0g= y", 2..14),
            (true, false, "xQUJDREVGR0g=", 0..11),
            (true, true, "QUJDREVGR0", 0..10),
        ] {
            assert_eq!(needle(before, after).find(text.as_bytes()), vec![found; 1], "{text}");
        }
    }

    proptest! {
        /// Few letters, so that needles repeat, overlap and begin alike.
        #[test]
        fn finds_what_a_naive_search_finds(
            needles in prop::collection::vec(prop::collection::vec(0_u8..2, 8..40), 0..6),
            texts in prop::collection::vec(prop_oneof![
                prop::collection::vec(0_u8..2, 0..80),
                prop::sample::select(vec![vec![0; 40], vec![1; 40], [0, 1].repeat(20)]),
            ], 0..4),
            planted in any::<prop::sample::Index>(),
        ) {
            let mut text = texts.concat();
            if !needles.is_empty() {
                text.extend(&needles[planted.index(needles.len())]);
            }
            let mut expected: Vec<Range<usize>> = needles
                .iter()
                .flat_map(|needle| {
                    text.windows(needle.len())
                        .enumerate()
                        .filter(move |(_, window)| window == needle)
                        .map(move |(at, _)| at..at + needle.len())
                })
                .collect();
            let mut found = finder(&needles).find(&text);
            for ranges in [&mut expected, &mut found] {
                ranges.sort_by_key(|range| (range.start, range.end));
            }
            prop_assert_eq!(found, expected);
        }
    }
}
