//! What the tests stand on: real services, started for one test and ended with it.

pub mod archive;
pub mod base;
pub mod disk;
pub mod fake_engine;
pub mod fake_registry;
pub mod http;
pub mod plan;
pub mod processes;
pub mod project;
pub mod registry;
pub mod running;
pub mod said;
pub mod screen;
pub mod stop;
pub mod taskcluster;
pub mod terminal;
