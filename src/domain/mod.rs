//! What windlass talks about. Pure: no input or output, no clock, no environment.

pub mod audit;
pub mod digest;
pub mod document;
pub mod event;
pub mod failure;
pub mod finding;
pub mod name;
pub mod nearest;
pub mod observation;
pub mod permission;
pub mod plan;
pub mod policy;
pub mod preview;
pub mod progress;
pub mod recipe;
pub mod record;
pub mod reference;
pub mod release;
pub mod rotation;
pub mod sign;
pub mod table;
pub mod tag_rules;
mod take_up;
pub mod template;
pub mod verdict;
pub mod written;
