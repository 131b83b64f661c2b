//! What the tests stand on: real services, started for one test and ended with it.

pub mod fake_registry;
pub mod registry;
