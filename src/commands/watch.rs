//! Progress of a release on stderr: steps, the build's log, and one line that tells about the push. Of a release of
//! this process, or with `windlass show RELEASE --watch` of any.

use std::io::{self, Write as _};

use jiff::Timestamp;
use serde_json::json;

use super::{
    args::ReleaseArg,
    ground::Ground,
    json,
    output::{Output, Style, Tone, bytes, readable, seconds},
    seen::{Seen, There, seen},
    show,
    tail::Tail,
};
use crate::{
    domain::{
        event::{Event, Stamped, Step},
        failure::{Failure, FailureKind},
        release::{Release, ReleaseState, StepState, StepView},
        task::{TaskId, TaskState},
    },
    release::{
        Notice,
        attach::{Follower, News, Progress},
        cluster::{Cluster, Detailed, LOOK},
    },
};

/// Follows a release to its end. The exit code is the release's.
pub async fn run(ground: &Ground, wanted: &ReleaseArg) -> Result<u8, Failure> {
    let journal = ground.journal().await?;
    let release = match seen(ground, &journal, wanted).await? {
        Seen::Here(release) => *release,
        Seen::There(there) => return Box::pin(self::there(ground, *there)).await,
    };
    let (id, repository) = (release.plan.release.clone(), release.plan.repository.clone());
    let mut follower = Follower::open(&ground.paths, &journal, &id, &repository, 0).await?;
    tokio::select! {
        ended = to_its_end(ground, &mut follower, Tail::of(ground, &release)) => ended?,
        pressed = tokio::signal::ctrl_c() => {
            pressed.map_err(|e| Failure::failed("signals cannot be received", e.to_string(), "report this system"))?;
            ground.output.note(&format!(
                "no longer watched; release {id} goes on\n  watch it: windlass show {id} --watch\n  end it:   windlass cancel {id}"
            ));
            return Ok(FailureKind::Cancelled.exit_code());
        }
    }
    let release = ground.release_of(&journal, &id).await?;
    if !ground.output.json {
        ground.output.raw(readable(&show::text(ground.output.out, &release, &[])).as_bytes())?;
    }
    match release.failure {
        None => Ok(0),
        Some(failure) => Err(failure),
    }
}

/// The same for a release on Taskcluster: each change of its tasks, as one look after the other shows them.
async fn there(ground: &Ground, there: There) -> Result<u8, Failure> {
    let There { cluster, detailed, named } = there;
    let teller = TaskTeller::new(ground.output);
    let release = tasks_to_their_end(&cluster, &named.id, detailed, &[], teller).await?;
    told_to_its_end(ground, &release)?;
    release.failure.map_or(Ok(0), Err)
}

/// Follows tasks on Taskcluster to their end; all that make the release where none is named.
pub(super) async fn tasks_to_their_end(
    cluster: &Cluster,
    group: &TaskId,
    mut detailed: Detailed,
    of: &[TaskId],
    mut teller: TaskTeller,
) -> Result<Release, Failure> {
    loop {
        teller.tell(&detailed.release)?;
        if are_over(&detailed, of) {
            return Ok(detailed.release);
        }
        tokio::time::sleep(LOOK).await;
        detailed = cluster.detailed(group, Timestamp::now()).await?;
    }
}

fn are_over(detailed: &Detailed, of: &[TaskId]) -> bool {
    if of.is_empty() {
        return !matches!(detailed.release.state, ReleaseState::Pending | ReleaseState::Running);
    }
    let states = || detailed.tasks.iter().filter(|task| of.contains(task.id())).map(|task| &task.status.state);
    let goes_on = states().any(|state| !state.is_over() && *state != TaskState::Unscheduled);
    // What waits for a task that did not end well waits for ever.
    let bad = states().any(|state| matches!(state, TaskState::Failed | TaskState::Exception));
    !goes_on && (bad || states().all(TaskState::is_over))
}

pub(super) fn told_to_its_end(ground: &Ground, release: &Release) -> Result<(), Failure> {
    if !ground.output.json {
        ground.output.raw(readable(&show::text(ground.output.out, release, &[])).as_bytes())?;
    }
    Ok(())
}

/// Tells what has changed since the look before.
pub(super) struct TaskTeller {
    output: Output,
    told: Vec<(StepState, String)>,
}

impl TaskTeller {
    pub fn new(output: Output) -> Self {
        Self { output, told: Vec::new() }
    }

    pub fn tell(&mut self, release: &Release) -> Result<(), Failure> {
        let states: Vec<(StepState, String)> =
            release.steps.iter().map(|step| (step.state, step.note.clone())).collect();
        if states == self.told {
            return Ok(());
        }
        if self.output.json {
            self.output.result(|| json::one_release(release), |_| String::new())?;
        } else {
            let news = release.steps.iter().enumerate().filter(|(at, _)| self.told.get(*at) != states.get(*at));
            news.for_each(|(_, step)| self.output.note(&step_line(self.output.err, step)));
        }
        self.told = states;
        Ok(())
    }
}

async fn to_its_end(ground: &Ground, follower: &mut Follower, mut tail: Tail) -> Result<(), Failure> {
    let mut printer = Printer::new(ground.output);
    loop {
        match follower.next().await? {
            News::Ended | News::Interrupted => return Ok(()),
            News::Event(stamped) if ground.output.json => {
                let mut document = json!(stamped);
                document["schema"] = "windlass.event/1".into();
                ground.output.result(|| document, |_| String::new())?;
            }
            News::Event(stamped) => printer.event(&stamped),
            News::Progress(progress) => printer.progress(&progress),
            News::Log { .. } if ground.output.json => {}
            News::Log { .. } => {
                while let Some(lines) = tail.more()? {
                    for line in &lines {
                        printer.log(line);
                    }
                    // A long log is caught up with in pieces, between which Ctrl-C is heard.
                    tokio::task::yield_now().await;
                }
            }
        }
    }
}

/// Prints what a release shows while it runs.
pub struct Printer {
    output: Output,
    release: Option<Release>,
    /// The live line is on the screen and must be wiped before the next text.
    dirty: bool,
}

impl Printer {
    pub fn new(output: Output) -> Self {
        Self { output, release: None, dirty: false }
    }

    pub fn show(&mut self, notice: &Notice<'_>) {
        match notice {
            Notice::Event(stamped) => self.event(stamped),
            Notice::Log(line) => self.log(line),
            Notice::Progress(progress) => self.progress(progress),
        }
    }

    /// A line of the build's log.
    pub fn log(&mut self, line: &str) {
        self.line(&format!("  {} {line}", self.output.err.paint(Tone::Dim, self.bar())));
    }

    fn bar(&self) -> &'static str {
        self.output.err.glyph("│", "|")
    }

    pub fn event(&mut self, stamped: &Stamped) {
        match (&stamped.event, &mut self.release) {
            (Event::Planned { plan }, _) => {
                self.line(&format!(
                    "release {} of {} from {} {}",
                    plan.release,
                    plan.repository,
                    plan.source.branch.as_deref().unwrap_or("-"),
                    plan.source.commit.short()
                ));
                self.release = Some(Release::new((**plan).clone(), stamped.at, stamped.seq));
                return;
            }
            (_, Some(release)) => {
                // The journal numbers events without gaps; a wrong one is told by the release itself.
                let _ = release.apply(stamped);
            }
            (_, None) => return,
        }
        match &stamped.event {
            Event::StepSucceeded { step, .. } | Event::StepReused { step, .. } | Event::StepSkipped { step, .. } => {
                self.step(*step);
            }
            Event::StepFailed { step, .. } => self.step(*step),
            Event::TagLeft { tag, why } => self.line(&format!("  {tag} is left alone: {why}")),
            _ => {}
        }
    }

    fn step(&mut self, step: Step) {
        let view = self.release.as_ref().and_then(|r| r.steps.iter().find(|s| s.step == step));
        if let Some(line) = view.map(|view| step_line(self.output.err, view)) {
            self.line(&line);
        }
    }

    pub fn progress(&mut self, progress: &Progress) {
        match progress {
            Progress::Context { files, bytes: sent } => self.live(&format!("context: {files} files, {}", bytes(*sent))),
            Progress::Archive { bytes: read } => self.live(&format!("archive: {} read", bytes(*read))),
            Progress::Layers { tag, layers, sent, total } => {
                let percent = (sent * 100).checked_div(*total).unwrap_or(0);
                self.live(&format!("push {tag}: {layers} layers, {} of {}, {percent} %", bytes(*sent), bytes(*total)));
            }
            Progress::Retrying { tag, layer, seconds } => {
                self.line(&format!("  {tag}: layer {layer} is tried again in {seconds} s"));
            }
            Progress::Remark { tag, text } => self.live(&format!("push {tag}: {text}")),
        }
    }

    /// One line that the next one replaces. Only where the terminal can.
    fn live(&mut self, text: &str) {
        if self.output.live {
            let mut err = io::stderr().lock();
            // Nobody can be told when stderr itself is gone.
            let _ = write!(err, "\r\x1b[2K{}", readable(text)).and_then(|()| err.flush());
            self.dirty = true;
        }
    }

    fn line(&mut self, text: &str) {
        if std::mem::take(&mut self.dirty) {
            let _ = write!(io::stderr().lock(), "\r\x1b[2K");
        }
        self.output.note(text);
    }
}

/// One line about a step.
fn step_line(style: Style, view: &StepView) -> String {
    let (sign, tone) = style.step_sign(view.state);
    let took = view.seconds().map(seconds).unwrap_or_default();
    let note = match (&view.failure, view.state) {
        (Some(failure), StepState::Failed | StepState::Cancelled) => &failure.what,
        _ => &view.note,
    };
    format!("{} {:<9} {took:>8}  {note}", style.paint(tone, sign), view.step.name())
}
