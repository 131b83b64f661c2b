//! The program from end to end, as its users run it: a real engine, real registries, a real git repository.

mod building;
mod choosing;
mod kill_matrix;
mod pointing;
mod refusals;
mod releasing;
mod rerunning;
mod secrecy;
mod troubles;
mod verdicts;
