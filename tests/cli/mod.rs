//! The program from end to end, as its users run it: a real engine, real registries, a real git repository.

mod broken_engine;
mod broken_registry;
mod building;
mod choosing;
mod contexts;
mod failing;
mod full_disk;
mod podman;
mod refusals;
mod releasing;
mod secrecy;
mod verdicts;
