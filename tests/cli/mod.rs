//! The program from end to end, as its users run it: a real engine, real registries, a real git repository.

mod archives;
mod auditing;
mod broken_engine;
mod broken_registry;
mod building;
mod choosing;
mod contexts;
mod docker_logins;
mod doctor;
mod failing;
mod full_disk;
mod identities;
mod kill_matrix;
mod outliving;
mod podman;
mod pointing;
mod projects;
mod refusals;
mod releasing;
mod rerunning;
pub mod rotating;
pub mod rotation_faults;
mod secrecy;
mod signing_in;
mod starting;
mod troubles;
mod verdicts;
