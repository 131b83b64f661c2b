//! The program from end to end, as its users run it: a real engine, real registries, a real git repository.

mod auditing;
mod building;
mod choosing;
mod docker_logins;
mod doctor;
mod identities;
mod kill_matrix;
mod outliving;
mod pointing;
mod refusals;
mod releasing;
mod rerunning;
mod rotating;
mod rotation_faults;
mod secrecy;
mod starting;
mod troubles;
mod verdicts;
