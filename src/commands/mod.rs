//! The headless commands, one file each: read arguments, call a use case, write the result.

mod action;
pub mod args;
mod artifacts;
mod audit;
pub mod begin;
mod begin_hook;
mod begin_yml;
mod cancel;
mod carry_out;
pub mod cluster_again;
pub mod cluster_ending;
mod completions;
pub mod doctor;
pub mod find;
mod given;
pub mod ground;
pub mod init;
mod init_tasks;
mod json;
mod log;
mod man;
mod new_vault;
pub mod output;
pub mod place;
pub mod point;
pub mod release;
mod releases;
pub mod rerun;
mod secret;
mod secret_bind;
mod secret_rotate;
mod secret_set;
mod seen;
mod show;
mod signin;
mod signin_status;
mod table;
pub mod tags;
mod tail;
mod terminal;
mod turns;
mod verify;
mod watch;

use std::{ffi::OsString, sync::Arc};

use args::{Command, Global};
use ground::Ground;
use output::Output;
use place::Place;

use crate::{
    config::{Paths, Settings},
    domain::{failure::Failure, permission::MayWrite},
    keeping::Learned,
    release::Environment,
    secrets::Passphrase,
};

/// What everything that people touch stands on.
///
/// `permit` makes the right to change something, or `None` in a read-only process: only `main` can say.
///
/// # Errors
/// When there is no place for our files, or the settings have mistakes.
pub fn ground(
    global: Global,
    environment: Arc<Environment>,
    permit: fn(read_only: bool) -> Option<MayWrite>,
    output: Output,
) -> Result<Ground, Failure> {
    let read = |name: &str| environment(name);
    let paths = Paths::from_env(&read)?;
    let settings = Settings::load(&paths)?;
    let set = |value: OsString| !value.is_empty() && value != "0";
    let read_only = global.read_only || settings.read_only || environment("WINDLASS_READ_ONLY").is_some_and(set);
    let permit = permit(read_only);
    let place = Place::given(global.config, global.project, &paths)?;
    let detached = global.detached;
    let passphrase = if detached {
        carry_out::handed_over()?
    } else {
        Passphrase::asked(|question| terminal::Terminal::open()?.ask_hidden(question))
    };
    Ok(Ground {
        environment,
        paths,
        settings,
        place,
        permit,
        passphrase,
        learned: Learned::default(),
        output,
        detached,
    })
}

/// Enters the project among the known ones. Where that fails it is said, and the command goes on.
fn remember(ground: &Ground) {
    if let Err(error) = ground.remember() {
        ground.output.note(&format!("this project is not entered among the known ones: {}", error.to_string().trim()));
    }
}

/// Runs a command. The answer is its exit code.
///
/// # Errors
/// What keeps the command from an answer; its kind gives the exit code.
pub async fn run(ground: &Ground, command: Command) -> Result<u8, Failure> {
    // Not by a process that another started for itself: that one did.
    if command.changes_something() && !ground.detached {
        remember(ground);
    }
    if command.uses_login() {
        secret_bind::offer(ground).await?;
    }
    match command {
        Command::Release(args) => Box::pin(release::run(ground, args)).await,
        Command::Rerun(args) => Box::pin(rerun::run(ground, args)).await,
        Command::Point(args) => Box::pin(point::run(ground, args)).await,
        Command::Releases { image, limit } => releases::run(ground, &image, limit).await,
        Command::Show { release, watch: false } => Box::pin(show::run(ground, &release)).await,
        Command::Show { release, watch: true } => Box::pin(watch::run(ground, &release)).await,
        Command::Cancel(args) => Box::pin(cancel::run(ground, &args)).await,
        Command::Log { release, follow, grep } => Box::pin(log::run(ground, &release, follow, grep.as_deref())).await,
        Command::Artifacts(args) => Box::pin(artifacts::run(ground, &args)).await,
        Command::Action(args) => Box::pin(action::run(ground, &args)).await,
        Command::Tags { image, history: Some(tag), .. } => tags::history(ground, &image, &tag).await,
        Command::Tags { image, fresh, history: None, records } => tags::run(ground, &image, fresh, &records).await,
        Command::Verify(args) => verify::run(ground, &args).await,
        Command::Find { digest, image } => find::run(ground, &digest, &image).await,
        Command::Secret(command) => Box::pin(secret::run(ground, command)).await,
        Command::Audit { limit } => audit::run(ground, limit).await,
        Command::Doctor { check, image } => Box::pin(doctor::run(ground, check, &image)).await,
        Command::Init(args) => init::run(ground, &args).await,
        Command::Signin(args) => Box::pin(signin::run(ground, &args)).await,
        Command::Completions { shell, .. } => completions::run(ground, shell),
        Command::Man { dir } => man::run(ground, dir.as_deref()),
    }
}
