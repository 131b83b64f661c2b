//! `windlass man`: the manual page, and one for each command, from the same types as the help.

use std::path::Path;

use clap::CommandFactory as _;

use super::{args::Cli, ground::Ground};
use crate::domain::failure::Failure;

pub fn run(ground: &Ground, folder: Option<&Path>) -> Result<u8, Failure> {
    let command = Cli::command();
    if let Some(folder) = folder {
        ground.permit("man --dir")?;
        write(command, folder)?;
        return Ok(0);
    }
    let mut page = Vec::new();
    clap_mangen::Man::new(command)
        .render(&mut page)
        .map_err(|e| Failure::failed("the manual page cannot be made", e.to_string(), "report this"))?;
    ground.output.raw(&page)?;
    Ok(0)
}

fn write(command: clap::Command, folder: &Path) -> Result<(), Failure> {
    let made = std::fs::create_dir_all(folder).and_then(|()| clap_mangen::generate_to(command, folder));
    made.map_err(|e| {
        let next = format!("check the permissions of {} and the space on its disk", folder.display());
        Failure::failed("the manual pages cannot be written", e.to_string(), next)
    })
}
