//! Carrying out a plan, in this process or in one that outlives it, and telling how it went.

use jiff::Timestamp;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::{ground::Ground, json, place, show, watch::Printer};
use crate::{
    config::Project,
    domain::{
        audit::{Act, AuditRow, Ended},
        failure::Failure,
        permission::MayWrite,
        plan::Plan,
        preview::Preview,
        release::Release,
    },
    git::Checkout,
    journal::Journal,
    release::{
        Notice, Surroundings, detach,
        local::{self, Beginning},
        own_task::OwnTask,
        preview::preview,
    },
    secrets::{Passphrase, Unanswered},
};

/// A release that is to be carried out.
pub struct Job {
    /// How the audit trail calls it.
    pub act: Act,
    pub beginning: Beginning,
    /// Of a commit, and not of the working tree.
    pub from_worktree: bool,
}

/// A release that is made up and not begun: the commands and the console ask about the same.
pub struct Prepared {
    pub project: Project,
    pub checkout: Checkout,
    pub job: Job,
}

impl Prepared {
    pub fn plan(&self) -> &Plan {
        &self.job.beginning.plan
    }

    /// What it will do.
    ///
    /// # Errors
    /// When the registry does not say what a tag shows.
    pub async fn preview(&self, ground: &Ground, journal: &Journal) -> Result<Preview, Failure> {
        let client = ground.reader_of(self.plan()).await?;
        preview(&self.job.beginning, &client, &self.checkout, journal).await
    }
}

/// Runs a release to its end. It is shown as it goes, unless this process was started to outlive who started it.
pub async fn run(ground: &Ground, journal: &Journal, prepared: Prepared, permit: MayWrite) -> Result<u8, Failure> {
    let Prepared { project, checkout, mut job } = prepared;
    let own_task = OwnTask::of(ground.environment.as_ref(), &ground.settings, &project, &job.beginning.plan)?;
    job.beginning.plan.task = own_task.as_ref().map(|task| task.run.clone());
    // A mistyped passphrase is no failed release.
    ground.unlock()?;
    let cancel = CancellationToken::new();
    cancel_on_signal(cancel.clone())?;
    let at = Surroundings {
        paths: &ground.paths,
        settings: &ground.settings,
        journal,
        environment: ground.environment.as_ref(),
        passphrase: &ground.passphrase,
        root: project.root,
        checkout: &checkout,
        from_worktree: job.from_worktree,
        own_task: own_task.as_ref(),
        cancel,
        permit,
    };
    let plan = &job.beginning.plan;
    let row = AuditRow::begun(Timestamp::now(), &plan.who, job.act, plan.release.as_str());
    let work = async {
        let release = Box::pin(carry_out(ground, job.beginning, &at)).await?;
        let ended = Ended::with(release.failure.as_ref(), None);
        Ok((release, ended))
    };
    let release = Box::pin(journal.audited(row, work)).await?;
    let told = ground.output.last(|| json::one_release(&release), |style| show::text(style, &release, &[]));
    match release.failure {
        None => told.map(|()| 0),
        Some(failure) => Err(failure),
    }
}

async fn carry_out(ground: &Ground, beginning: Beginning, at: &Surroundings<'_>) -> Result<Release, Failure> {
    if ground.detached {
        let id = beginning.plan.release.clone();
        let mut leaving = Some(detach::leave()?);
        // The first notice is the first event.
        let mut on_first = |_: Notice<'_>| leaving.take().into_iter().for_each(|leaving| leaving.ready(&id));
        Box::pin(local::run(beginning, at, &mut on_first)).await
    } else {
        let mut printer = Printer::new(ground.output);
        Box::pin(local::run(beginning, at, &mut |notice| printer.show(&notice))).await
    }
}

/// Starts the command that this process is once more, without `--detach`, and leaves it to itself.
pub async fn detached(ground: &Ground, permit: MayWrite) -> Result<u8, Failure> {
    // The words are this command's own, with paths that are relative to the folder it was given in.
    let here = place::current_folder()?;
    let words: Vec<_> = std::env::args_os().skip(1).filter(|word| word != "--detach").collect();
    let passphrase = ground.unlock()?;
    let id = detach::start(&here, &words, passphrase.as_ref(), permit).await?;
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

/// The passphrase that whoever started this process asked for. Nobody can be asked for another.
pub fn handed_over() -> Result<Passphrase, Failure> {
    let passphrase = detach::handed_over().map_err(|e| {
        Failure::failed(
            "the passphrase was not handed over",
            e.to_string(),
            "start it with `windlass release --detach`",
        )
    })?;
    Ok(passphrase.map_or_else(|| Passphrase::asked(|_| Err(Unanswered::NoTerminal)), Passphrase::given))
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
