//! A log that is read again from its beginning, as every connection to a worker and the kept log begin: what was given
//! before is skipped, and whether it was the same is known.

use bytes::Bytes;
use sha2::{Digest as _, Sha256};

use crate::domain::digest::Digest;

/// What was given so far.
#[derive(Default)]
pub(super) struct Given {
    pub bytes: u64,
    hash: Sha256,
}

/// A reading from the beginning.
pub(super) struct Replay {
    /// Bytes that were given and have not come again yet.
    left: u64,
    expected: Digest,
    hash: Sha256,
}

/// How the beginning of a reading compares with what was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Beginning {
    Unknown,
    Same,
    Other,
}

impl Given {
    pub fn again(&self) -> Replay {
        Replay { left: self.bytes, expected: Digest::finish(self.hash.clone()), hash: Sha256::new() }
    }

    pub fn add(&mut self, bytes: &[u8]) {
        self.bytes += bytes.len() as u64;
        self.hash.update(bytes);
    }
}

impl Replay {
    /// What of these bytes is new; and, once all that was given has come again, whether it was the same.
    pub fn take(&mut self, mut bytes: Bytes) -> (Bytes, Beginning) {
        if self.left == 0 {
            return (bytes, Beginning::Unknown);
        }
        let known = usize::try_from(self.left).map_or(bytes.len(), |left| left.min(bytes.len()));
        self.hash.update(bytes.split_to(known));
        self.left -= known as u64;
        if self.left > 0 {
            return (bytes, Beginning::Unknown);
        }
        let same = Digest::finish(std::mem::take(&mut self.hash)) == self.expected;
        (bytes, if same { Beginning::Same } else { Beginning::Other })
    }

    /// It ended before all that was given had come again.
    pub fn is_short(&self) -> bool {
        self.left > 0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn nothing_is_given_twice_and_nothing_is_left_out(log: Vec<u8>, cut: usize, piece in 1_usize..20) {
            let cut = cut % (log.len() + 1);
            let mut given = Given::default();
            given.add(&log[..cut]);
            let mut replay = given.again();
            let (mut fresh, mut beginning) = (Vec::new(), Beginning::Unknown);
            for bytes in log.chunks(piece) {
                let (new, told) = replay.take(Bytes::copy_from_slice(bytes));
                fresh.extend_from_slice(&new);
                beginning = if told == Beginning::Unknown { beginning } else { told };
            }
            prop_assert_eq!(&fresh, &log[cut..]);
            prop_assert_eq!(beginning, if cut == 0 { Beginning::Unknown } else { Beginning::Same });
            prop_assert!(!replay.is_short());
        }
    }

    #[test]
    fn another_log_is_told_once() {
        let mut given = Given::default();
        given.add(b"one\n");
        let mut replay = given.again();
        assert_eq!(replay.take(Bytes::from_static(b"two")), (Bytes::new(), Beginning::Unknown));
        assert!(replay.is_short());
        assert_eq!(replay.take(Bytes::from_static(b"\nand")), (Bytes::from_static(b"and"), Beginning::Other));
        assert_eq!(replay.take(Bytes::from_static(b" on")), (Bytes::from_static(b" on"), Beginning::Unknown));
    }
}
