//! The right to change something outside: a token that every mutating adapter function takes.

/// Proof that this process was not started read-only. Only `main` makes one, once it has read the
/// flag, the environment and the user's settings; nothing that mutates can be called without it.
#[derive(Debug, Clone, Copy)]
pub struct MayWrite(());

impl MayWrite {
    /// The token, unless this process is `read_only`.
    #[must_use]
    pub fn unless(read_only: bool) -> Option<Self> {
        (!read_only).then_some(Self(()))
    }
}
