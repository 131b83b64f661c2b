//! What is looked for elsewhere: whether it is here, and whether somebody looks.

use crate::domain::failure::Failure;

/// Something that a worker looks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Loaded<T> {
    Not,
    Yes(T),
    Failed(Failure),
}

impl<T> Loaded<T> {
    /// What was found.
    pub fn here(&self) -> Option<&T> {
        match self {
            Self::Yes(found) => Some(found),
            Self::Not | Self::Failed(_) => None,
        }
    }
}

impl<T> From<Result<T, Failure>> for Loaded<T> {
    fn from(found: Result<T, Failure>) -> Self {
        found.map_or_else(Self::Failed, Self::Yes)
    }
}

/// At most one look at a time, and one more if somebody asks meanwhile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reload {
    Idle,
    Asked,
    AskedAndChanged,
}

impl Reload {
    /// A look is wanted. Whether it is to be begun now: one that is on its way is followed by another.
    pub fn ask(&mut self) -> bool {
        let now = *self == Self::Idle;
        *self = if now { Self::Asked } else { Self::AskedAndChanged };
        now
    }

    /// A look has ended. Whether another was wanted meanwhile, which is not asked for yet.
    pub fn ended(&mut self) -> bool {
        std::mem::replace(self, Self::Idle) == Self::AskedAndChanged
    }
}
