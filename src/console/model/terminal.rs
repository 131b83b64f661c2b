//! What is known of the terminal.

use crate::domain::sign::Signs;

/// How the terminal is written to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    pub signs: Signs,
    pub colour: bool,
    /// The terminal's background is known to be light.
    pub light: bool,
}

/// Whose clicks and the wheel are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mouse {
    Ours,
    /// It selects text with them.
    Terminals,
}
