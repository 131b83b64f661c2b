//! Carrying out a plan, in this process or in one that outlives it, and telling how it went.

use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::{ground::Ground, json, show, watch::Printer};
use crate::{
    domain::{failure::Failure, permission::MayWrite, plan::Plan},
    release::{Notice, Surroundings, detach, local},
};

/// Runs a release to its end. It is shown as it goes, unless this process was started to outlive who started it.
pub async fn run(ground: &Ground, plan: Plan, at: &Surroundings<'_>) -> Result<u8, Failure> {
    cancel_on_signal(at.cancel.clone())?;
    let release = if ground.detached {
        let id = plan.release.clone();
        let mut leaving = Some(detach::leave()?);
        // The first notice is the first event.
        let mut on_first = |_: Notice<'_>| leaving.take().into_iter().for_each(|leaving| leaving.ready(&id));
        local::run(plan, at, &mut on_first).await?
    } else {
        let mut printer = Printer::new(ground.output);
        local::run(plan, at, &mut |notice| printer.show(&notice)).await?
    };
    let told = ground.output.last(|| json::one_release(&release), |style| show::text(style, &release, &[]));
    match release.failure {
        None => told.map(|()| 0),
        Some(failure) => Err(failure),
    }
}

/// Starts the command that this process is once more, without `--detach`, and leaves it to itself.
pub async fn detached(ground: &Ground, permit: MayWrite) -> Result<u8, Failure> {
    let here = std::env::current_dir().map_err(|e| {
        Failure::usage("the current folder cannot be read", e.to_string(), "change to the project's folder")
    })?;
    let words: Vec<_> = std::env::args_os().skip(1).filter(|word| word != "--detach").collect();
    let id = detach::start(&here, &words, None, permit).await?;
    ground.output.result(
        || json!({"schema": "windlass.detached/1", "release": id}),
        |_| {
            format!(
                "release {id} runs on its own\n  watch it: windlass show {id} --watch\n  end it:   windlass cancel {id}"
            )
        },
    )?;
    Ok(0)
}

/// INT and TERM cancel; HUP is ignored, so that a release outlives its terminal.
fn cancel_on_signal(cancel: CancellationToken) -> Result<(), Failure> {
    use tokio::signal::unix::{SignalKind, signal};
    let listen = |kind| {
        signal(kind).map_err(|e| Failure::failed("signals cannot be received", e.to_string(), "report this system"))
    };
    let mut interrupt = listen(SignalKind::interrupt())?;
    let mut terminate = listen(SignalKind::terminate())?;
    let mut hangup = listen(SignalKind::hangup())?;
    tokio::spawn(async move {
        loop {
            tokio::select! {
                _ = interrupt.recv() => break,
                _ = terminate.recv() => break,
                _ = hangup.recv() => {}
            }
        }
        cancel.cancel();
    });
    Ok(())
}
