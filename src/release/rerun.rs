//! An earlier release once more: as a new release of the same commit, or from one of its steps on with its plan.
//!
//! What is taken over is carried in the new release's own events, so that nobody has to look at the earlier one to know
//! what the new one is made of.

use std::path::Path;

use super::{
    Environment,
    local::{Beginning, Work},
    plan::{free_tags, new_id, source},
};
use crate::{
    config::Project,
    domain::{
        archive::{ArchiveSource, PlannedArchive},
        event::{Event, Step},
        failure::Failure,
        plan::{Plan, Trigger},
        release::{Release, ReleaseState, StepState},
        wishes::Wishes,
    },
    engine::{self, Engine},
    git::Checkout,
    journal::Journal,
    log::sanitise::plain,
};

/// Refuses a release that cannot be taken up again at all.
///
/// # Errors
/// When it still runs, or is no attempt to build something.
pub fn repeatable(earlier: &Release) -> Result<(), Failure> {
    let id = &earlier.plan.release;
    match (earlier.state, earlier.plan.trigger) {
        (ReleaseState::Pending | ReleaseState::Running, _) => Err(Failure::failed(
            format!("release {id} is still running"),
            "what it has yet to do would be done twice",
            format!("wait for it: windlass show {id}"),
        )),
        (_, Trigger::Point) => Err(Failure::usage(
            format!("release {id} only pointed a tag"),
            "it built nothing that could be built again",
            format!("point once more: {}", earlier.take_up_command()),
        )),
        _ => Ok(()),
    }
}

/// A new release of the same commit with the same definition, under new tags.
///
/// # Errors
/// When policy refuses the commit by now, or its files are nowhere any more.
pub async fn anew(
    earlier: &Release,
    project: &Project,
    checkout: &Checkout,
    journal: &Journal,
    move_tags: bool,
    who: &str,
    scratch: &Path,
) -> Result<Beginning, Failure> {
    files_are_kept(earlier)?;
    let old = &earlier.plan;
    let wishes =
        Wishes { git_ref: Some(old.source.commit.to_string()), branch: old.source.branch.clone(), ..Wishes::default() };
    let (source, version) = source(project, checkout, &wishes, scratch).await?;
    let (planned, tags, _) = free_tags(project, &old.repository, journal, &source, version, &old.tags).await?;
    let plan = Plan { source, tags, planned, ..repeated(old, move_tags, who)? };
    Ok(plan.into())
}

/// The same release from this step on.
///
/// # Errors
/// When what the step works with is gone; the failure names the step to begin with instead.
pub async fn from(
    earlier: &Release,
    first: Step,
    move_tags: bool,
    who: &str,
    environment: &Environment,
) -> Result<Beginning, Failure> {
    inputs(earlier, first, environment).await?;
    let plan = repeated(&earlier.plan, move_tags || earlier.plan.move_tags, who)?;
    Ok(Beginning { plan, carried: carried(earlier, first), work: Work::From(first, Box::new(earlier.clone())) })
}

fn repeated(old: &Plan, move_tags: bool, who: &str) -> Result<Plan, Failure> {
    Ok(Plan {
        release: new_id()?,
        trigger: Trigger::Rerun,
        parent: Some(old.release.clone()),
        move_tags,
        who: who.to_owned(),
        ..old.clone()
    })
}

fn files_are_kept(earlier: &Release) -> Result<(), Failure> {
    if earlier.plan.source.dirty {
        return Err(Failure::usage(
            format!("release {} cannot be built again", earlier.plan.release),
            "it was built with uncommitted changes, which no commit holds",
            "commit them and release that: windlass release",
        ));
    }
    Ok(())
}

/// Each way to take a release up again, the whole of it first, with why it cannot be gone; `None`: it can.
///
/// # Errors
/// As of [`repeatable`].
pub async fn ways(
    earlier: &Release,
    environment: &Environment,
) -> Result<Vec<(Option<Step>, Option<String>)>, Failure> {
    repeatable(earlier)?;
    let in_words = |failure: Failure| format!("{}: {}", failure.what, failure.why);
    let files = match &earlier.plan.archive {
        Some(archive) => archive_is_gone(archive),
        None => files_are_kept(earlier).err().map(|failure| failure.why),
    };
    let mut ways = vec![(None, files.clone())];
    for step in earlier.plan.steps() {
        let refused = match step {
            Step::Preflight | Step::Secret | Step::Build => files.clone(),
            Step::Archive | Step::Push | Step::Record | Step::Verify => {
                missing(earlier, step, environment).await.unwrap_or_else(|failure| Some(in_words(failure)))
            }
        };
        ways.push((Some(step), refused));
    }
    Ok(ways)
}

/// What the step works with and is not there.
async fn missing(earlier: &Release, first: Step, environment: &Environment) -> Result<Option<String>, Failure> {
    Ok(match first {
        Step::Archive => earlier.plan.archive.as_ref().and_then(archive_is_gone),
        Step::Push => lost_image(earlier, environment).await?,
        Step::Record if earlier.built.is_none() || earlier.pushes.is_empty() => Some("it pushed nothing".to_owned()),
        Step::Verify if earlier.record.is_none() => Some("it left no record".to_owned()),
        _ => None,
    })
}

/// What the step works with must be there.
async fn inputs(earlier: &Release, first: Step, environment: &Environment) -> Result<(), Failure> {
    if !earlier.plan.steps().contains(&first) {
        let (why, instead) = match &earlier.plan.archive {
            Some(_) => ("its image is of an archive: nothing is built", Step::Archive),
            None => ("it builds its image: there is no archive", Step::Build),
        };
        return Err(Failure::usage(
            format!("release {} has no {} step", earlier.plan.release, first.name()),
            why,
            format!("begin there: windlass rerun {} --from {}", earlier.plan.release, instead.name()),
        ));
    }
    if let Some(archive) = earlier.plan.archive.as_ref().filter(|_| first <= Step::Push)
        && let Some(why) = archive_is_gone(archive)
    {
        return Err(Failure::usage(
            format!("release {} cannot be taken up", earlier.plan.release),
            why,
            "put the archive back where it was, or release another: windlass release --from-archive FILE",
        ));
    }
    if first <= Step::Build {
        return files_are_kept(earlier);
    }
    let Some(why) = missing(earlier, first, environment).await? else { return Ok(()) };
    let possible = if first == Step::Verify && !earlier.pushes.is_empty() {
        Step::Record
    } else if first > Step::Push && lost_image(earlier, environment).await?.is_none() {
        Step::Push
    } else if earlier.plan.archive.is_some() {
        Step::Archive
    } else {
        files_are_kept(earlier)?;
        Step::Build
    };
    let id = &earlier.plan.release;
    Err(Failure::usage(
        format!("release {id} cannot be taken up at the {} step", first.name()),
        why,
        format!("begin earlier: windlass rerun {id} --from {}", possible.name()),
    ))
}

/// Why there is no image to push.
async fn lost_image(earlier: &Release, environment: &Environment) -> Result<Option<String>, Failure> {
    let Some(built) = &earlier.built else { return Ok(Some("it built no image".to_owned())) };
    if let Some(archive) = &earlier.plan.archive {
        return Ok(archive_is_gone(archive));
    }
    let engine = Engine::connect(engine::context::resolve(environment)?).await?;
    let found = engine.inspect(built.image_id.as_str()).await?;
    Ok(found.is_none().then(|| format!("the engine does not have its image {} any more", built.image_id.short())))
}

/// Why the archive cannot be read once more. Of a task's only the queue knows, and says so when it is asked.
fn archive_is_gone(archive: &PlannedArchive) -> Option<String> {
    let ArchiveSource::File(path) = &archive.source else { return None };
    (!Path::new(path).is_file()).then(|| format!("there is no {} any more", plain(path)))
}

/// What the steps before `first` found out and did, as events.
fn carried(earlier: &Release, first: Step) -> Vec<Event> {
    let id = &earlier.plan.release;
    let mut events = Vec::new();
    for (step, view) in earlier.steps.iter().filter_map(|view| Some((view.step.own()?, view))) {
        if step >= first {
            break;
        }
        match step {
            Step::Build | Step::Archive => {
                events.extend(earlier.built.clone().map(Event::Built));
                // They are in the registry, also where the push came to no end.
                events.extend(earlier.layers.iter().cloned().map(Event::LayerPushed));
            }
            Step::Push => {
                events.extend(earlier.pushes.iter().map(|push| match (&push.digest, push.size) {
                    (Some(digest), Some(size)) => {
                        Event::Pushed { tag: push.tag.clone(), kind: push.kind, digest: digest.clone(), size }
                    }
                    _ => Event::PushIntended { tag: push.tag.clone(), kind: push.kind },
                }));
                let left = earlier.left.iter().cloned();
                events.extend(left.map(|(tag, why)| Event::TagLeft { tag, why }));
            }
            Step::Record => events.extend(earlier.record.clone().map(|recorded| Event::Recorded {
                path: recorded.path,
                sha256: recorded.sha256,
                record: Box::new(recorded.record),
            })),
            Step::Preflight | Step::Secret | Step::Verify => {}
        }
        let whole = matches!(view.state, StepState::Succeeded | StepState::Reused) && !view.note.is_empty();
        let note = if whole { format!("of {id}: {}", view.note) } else { format!("of {id}") };
        events.push(Event::StepReused { step, note });
    }
    events
}
