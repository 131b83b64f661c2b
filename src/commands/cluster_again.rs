//! `windlass rerun` of a release on Taskcluster: its tasks run again, or new ones of the same definition.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    args::RerunArgs,
    carry_out,
    ground::Ground,
    json,
    output::{Cell, Style, Tone, columns},
    release::who,
    seen::There,
    turns::Turn,
    watch::{TaskTeller, tasks_to_their_end, told_to_its_end},
};
use crate::{
    domain::{
        again::{self, Again, Facts, Manner, Which},
        failure::{Failure, FailureKind},
        name::ReleaseId,
        permission::MayWrite,
        plan::Plan,
        task::TaskId,
    },
    journal::Journal,
    log::sanitise::plain,
    release::{
        cluster::Cluster,
        cluster_again::{self, Begun, By, News, Prepared, facts, look_at_inputs, look_at_tags},
        detach,
    },
};

/// A release on Taskcluster whose tasks are to be run again.
pub struct Looked {
    cluster: Cluster,
    named: String,
    prepared: Prepared,
    detach: bool,
}

/// Looks at what it would do.
pub async fn look(ground: &Ground, journal: &Journal, there: There, args: &RerunArgs) -> Result<Looked, Failure> {
    let (alone, named) = (there.task().cloned(), there.named.to_string());
    let There { cluster, detailed, .. } = there;
    let plan = detailed.release.plan.clone();
    if args.manner.move_tags {
        return Err(Failure::usage(
            "--move says nothing to a task",
            "what a task on Taskcluster does to tags its own script decides",
            "leave it out; afterwards a tag is pointed by windlass point",
        ));
    }
    let mut facts = facts(&cluster, &detailed).await?;
    let which = which(&facts, args, alone)?;
    look_at_inputs(&cluster, &mut facts, &which).await;
    let manner = if args.clone { Manner::Clone } else { Manner::Rerun };
    let prepared = prepare(ground, journal, &cluster, &facts, &plan, (&which, manner)).await?;
    Ok(Looked { cluster, named, prepared, detach: args.manner.detach })
}

impl Turn for Looked {
    fn named(&self) -> String {
        self.named.clone()
    }

    fn refused(&self) -> Option<Failure> {
        self.prepared.again.refused()
    }

    fn asks(&self) -> bool {
        true
    }

    fn outlives(&self) -> bool {
        // Somebody has to be there to ask for what comes after.
        self.prepared.again.waves.len() > 1
    }

    async fn shown(&self, ground: &Ground, _: &Journal) -> Result<String, Failure> {
        Ok(text(ground.output.err, &self.prepared.again))
    }

    async fn tell(&self, ground: &Ground, _: &Journal) -> Result<(), Failure> {
        let again = &self.prepared.again;
        ground.output.result(|| plan_json(again), |style| text(style, again))
    }

    async fn carry_out(self, ground: &Ground, journal: &Journal, permit: MayWrite) -> Result<u8, Failure> {
        if self.detach && self.outlives() {
            return carry_out::detached(ground, permit).await;
        }
        Box::pin(carried_out(ground, journal, &self.cluster, &self.prepared, permit, self.detach)).await
    }
}

/// Which tasks are meant.
fn which(facts: &Facts, args: &RerunArgs, alone: Option<TaskId>) -> Result<Which, Failure> {
    if let Some(from) = &args.from {
        return Ok(Which::From(facts.named(from)?));
    }
    if !args.tasks.is_empty() {
        return Ok(Which::Only(args.tasks.iter().map(|name| facts.named(name)).collect::<Result<_, _>>()?));
    }
    Ok(alone.map_or(Which::Whole, |task| Which::Only(vec![task])))
}

/// What it would do, and what the tags show that it overwrites.
pub async fn prepare(
    ground: &Ground,
    journal: &Journal,
    cluster: &Cluster,
    facts: &Facts,
    plan: &Plan,
    (which, manner): (&Which, Manner),
) -> Result<Prepared, Failure> {
    let mut prepared = cluster_again::prepare(cluster, facts, which, manner).await?;
    if !ground.detached && !plan.tags.is_empty() {
        let client = ground.reader_of(plan).await;
        look_at_tags(&mut prepared.again, plan, client, journal).await;
    }
    Ok(prepared)
}

async fn carried_out(
    ground: &Ground,
    journal: &Journal,
    cluster: &Cluster,
    prepared: &Prepared,
    permit: MayWrite,
    detach: bool,
) -> Result<u8, Failure> {
    let output = ground.output;
    let who = who();
    let mut leaving = if ground.detached { Some(detach::leave()?) } else { None };
    let mut teller = TaskTeller::new(output);
    let mut unwritten = Ok(());
    let mut told = |news: News<'_>| match news {
        News::Begun(begun) => output.note(&told(begun)),
        News::Underway(group) => {
            let group = ReleaseId::from(group);
            leaving.take().into_iter().for_each(|leaving| leaving.ready(&group));
        }
        News::Looked(detailed) if unwritten.is_ok() => unwritten = teller.tell(&detailed.release),
        News::Looked(_) => {}
    };
    let by = By { journal, who: &who, permit };
    let asked = cluster_again::carry_out(cluster, prepared, by, &mut told);
    let begun = tokio::select! {
        begun = asked => begun?,
        left = left(ground) => return left,
    };
    unwritten?;
    if ground.detached {
        return Ok(0);
    }
    let group = prepared.group();
    output.note(&format!("  watch it: windlass show {group} --watch\n  end it:   windlass cancel {group}"));
    if detach || output.json {
        output.result(|| begun_json(prepared, &begun), |_| String::new())?;
    }
    if detach {
        return Ok(0);
    }
    let ids = prepared.ids();
    let followed = async {
        let detailed = cluster.detailed(group, Timestamp::now()).await?;
        tasks_to_their_end(cluster, group, detailed, &ids, teller).await
    };
    let release = tokio::select! {
        release = followed => release?,
        left = left(ground) => return left,
    };
    told_to_its_end(ground, &release)?;
    let mut ours = release.steps.iter().filter(|step| step.step.task().is_some_and(|task| ids.contains(task)));
    ours.find_map(|step| step.failure.clone()).map_or(Ok(0), Err)
}

/// Whoever follows it goes; what was asked for goes on.
pub(super) async fn left(ground: &Ground) -> Result<u8, Failure> {
    let pressed = tokio::signal::ctrl_c().await;
    pressed.map_err(|e| Failure::failed("signals cannot be received", e.to_string(), "report this system"))?;
    ground.output.note("no longer followed: what was asked for goes on, and nothing more is");
    Ok(FailureKind::Cancelled.exit_code())
}

fn told(begun: &Begun) -> String {
    let Begun { id, name, of, run, remark } = begun;
    let what = match (of, run) {
        (Some(of), _) => format!("{name}: {id} is made, a clone of {of}"),
        (None, Some(run)) => format!("{name}: run {run} of {id}"),
        (None, None) => format!("{name}: {id} is asked for"),
    };
    remark.map_or(what.clone(), |remark| format!("{what} ({remark})"))
}

fn text(style: Style, again: &Again) -> String {
    rows(style, again.rows())
}

/// Labels and what stands beside them.
pub(super) fn rows(style: Style, rows: Vec<(&'static str, String)>) -> String {
    let row = |(label, words): (&'static str, String)| {
        let tone = if label == "mind" { Tone::Notice } else { Tone::Plain };
        vec![Cell::toned(label, Tone::Dim), Cell::toned(plain(&words), tone)]
    };
    columns(style, &rows.into_iter().map(row).collect::<Vec<_>>())
}

fn word(manner: Manner) -> &'static str {
    match manner {
        Manner::Rerun => "rerun",
        Manner::Clone => "clone",
    }
}

/// `windlass.rerun-plan/1`.
fn plan_json(again: &Again) -> Value {
    let turn = |turn: &again::Turn| json!({"task": turn.id, "name": turn.name, "stands": turn.stands, "runs": turn.runs, "deadline": turn.deadline});
    let waves: Vec<Vec<Value>> = again.waves.iter().map(|wave| wave.iter().map(turn).collect()).collect();
    let follows: Vec<Value> = again.follows.iter().map(|(id, name)| json!({"task": id, "name": name})).collect();
    let tags: Vec<Value> = again
        .tags
        .iter()
        .map(|change| json!({"tag": change.tag, "kind": change.kind, "digest": change.now.as_ref().map(|now| &now.digest)}))
        .collect();
    json!({
        "schema": "windlass.rerun-plan/1",
        "release": again.group,
        "deployment": again.host,
        "manner": word(again.manner),
        "waves": waves,
        "follows": follows,
        "new_group": again.place.new_group,
        "scopes": json::scopes(&again.scopes),
        "tags": tags,
        "warnings": again.warnings,
        "refused": again.refused(),
    })
}

/// `windlass.rerun/1`.
fn begun_json(prepared: &Prepared, begun: &[Begun]) -> Value {
    let one = |Begun { id, name, of, run, remark }: &Begun| json!({"task": id, "name": name, "clone_of": of, "run": run, "remark": remark});
    let tasks: Vec<Value> = begun.iter().map(one).collect();
    json!({
        "schema": "windlass.rerun/1",
        "release": prepared.group(),
        "manner": word(prepared.again.manner),
        "tasks": tasks,
    })
}
