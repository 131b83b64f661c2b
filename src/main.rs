//! The `windlass` program: hardens its process, parses, chooses console or command, and maps an error to its exit code.

use std::{
    io::{self, IsTerminal as _},
    process::ExitCode,
    sync::Arc,
};

use clap::{CommandFactory as _, Parser as _};
use windlass::{
    commands::{self, args::Cli, output::Output},
    console,
    domain::{
        failure::{Failure, FailureKind},
        permission::MayWrite,
    },
    release::Environment,
};

fn main() -> ExitCode {
    let environment = |name: &str| std::env::var_os(name);
    let cli = Cli::parse();
    let output = Output::new(cli.global.json || cli.global.detached, &environment);
    if cli.command.is_none()
        && let Some(why) = no_console(output)
    {
        output.note(&Cli::command().render_help().to_string());
        let next = "start it at a terminal, or give a command";
        output.failure(&Failure::usage("the console cannot be opened", why, next));
        return ExitCode::from(FailureKind::Usage.exit_code());
    }
    match prepare(cli.global.detached).and_then(|runtime| runtime.block_on(run(cli, Arc::new(environment), output))) {
        Ok(code) => ExitCode::from(code),
        Err(failure) => {
            output.failure(&failure);
            ExitCode::from(failure.kind.exit_code())
        }
    }
}

/// Why it cannot be shown; `None` where somebody is at a terminal that can place characters, and wants no document.
fn no_console(output: Output) -> Option<&'static str> {
    let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    match () {
        () if output.json => Some("--json asks for a document, and it gives none"),
        () if !io::stdin().is_terminal() => Some("stdin is no terminal"),
        () if !io::stdout().is_terminal() => Some("stdout is no terminal"),
        () if dumb => Some("TERM is dumb: such a terminal cannot place characters"),
        () => None,
    }
}

async fn run(cli: Cli, environment: Arc<Environment>, output: Output) -> Result<u8, Failure> {
    let ground = commands::ground(cli.global, environment, MayWrite::unless, output)?;
    match cli.command {
        Some(command) => Box::pin(commands::run(&ground, command)).await,
        None => console::runtime::run(ground, cli.ascii).await,
    }
}

/// What must be so before the first secret is in memory: no core dump, no reader of our memory, private files.
fn prepare(detached: bool) -> Result<tokio::runtime::Runtime, Failure> {
    use rustix::process::{Resource, Rlimit};
    let failed = |what: &str, why: String| Failure::failed(what, why, "report this system");
    #[cfg(target_os = "linux")]
    rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable)
        .map_err(|e| failed("this process cannot be kept from being dumped", e.to_string()))?;
    rustix::process::setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) })
        .map_err(|e| failed("core dumps cannot be turned off", e.to_string()))?;
    rustix::process::umask(rustix::fs::Mode::RWXG | rustix::fs::Mode::RWXO);
    if rustls::crypto::ring::default_provider().install_default().is_err() {
        return Err(failed("TLS cannot be set up", "another provider is installed already".to_owned()));
    }
    let mut runtime = if detached {
        // A release on its own passes on what a builder says: a second thread would be woken for every piece of it.
        tokio::runtime::Builder::new_current_thread()
    } else {
        let mut runtime = tokio::runtime::Builder::new_multi_thread();
        runtime.worker_threads(2);
        runtime
    };
    runtime.enable_all().build().map_err(|e| failed("the runtime cannot be started", e.to_string()))
}
