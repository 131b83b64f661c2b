//! `windlass completions`: what a shell needs to complete our command line, from the same types as the help.

use clap::CommandFactory as _;
use clap_complete::Shell;

use super::{args::Cli, ground::Ground};
use crate::domain::failure::Failure;

pub fn run(ground: &Ground, shell: Shell) -> Result<u8, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "windlass", &mut script);
    ground.output.raw(&script)?;
    Ok(0)
}
