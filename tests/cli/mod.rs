//! The program from end to end, as its users run it: a real engine, real registries, a real git repository.

mod building;
mod choosing;
mod docker_logins;
mod doctor;
mod identities;
mod refusals;
mod releasing;
mod secrecy;
mod starting;
mod verdicts;
