//! `windlass release` of a project whose releases run on Taskcluster: what begins one is shown, confirmed and done; then the
//! build is followed as any other.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    args::{Manner, ReleaseArgs},
    begin_hook, begin_yml,
    cluster_again::{left, rows},
    doctor::machine,
    ground::Ground,
    release::{confirm, who},
    watch::{TaskTeller, tasks_to_their_end, told_to_its_end},
};
use crate::{
    config::{Project, Trigger},
    doctor,
    domain::{
        beginning::{By, says_nothing},
        failure::Failure,
        finding::CheckId,
        name::ReleaseId,
        permission::MayWrite,
        preview::Change,
        task::TaskId,
        wishes::Wishes,
    },
    git::Checkout,
    journal::Journal,
    release::{
        cluster::Cluster,
        cluster_begin::{self, Prepared},
        detach,
        preview::shown,
    },
};

pub async fn run(ground: &Ground, project: Project, args: ReleaseArgs) -> Result<u8, Failure> {
    let trigger = trigger(&project, &args)?;
    // Nothing of the terminal that it was started from concerns it from here on: git asks nobody there.
    let leaving = if ground.detached { Some(detach::leave()?.told()) } else { None };
    match &trigger {
        Trigger::Hook { group, id } => return Box::pin(begin_hook::run(ground, (group, id), &args, leaving)).await,
        Trigger::Yml(file) => return Box::pin(begin_yml::run(ground, &project, file, &args, leaving)).await,
        Trigger::GitPush | Trigger::GitTag => {}
    }
    let agreed_to = if ground.detached { detach::agreed_to()? } else { None };
    let journal = ground.journal().await?;
    let cluster = ground.remote_to_change().await?;
    let checkout = Checkout::open(&project.root).await?;
    let wishes = Wishes { git_ref: args.git_ref.clone(), branch: args.branch.clone(), ..Wishes::default() };
    let image = args.image.image.as_deref();
    let prepared = prepare(ground, &journal, &cluster, (&project, image), &checkout, &trigger, &wishes).await?;
    let shown = (|| plan_json(&prepared), || prepared.rows());
    let asks = !prepared.push.is_there();
    let Some(permit) = agreed(ground, &args.manner, prepared.push.refused(), shown, asks).await? else { return Ok(0) };
    prepared.still(agreed_to.as_deref())?;
    let group = Box::pin(begin(ground, &journal, (&cluster, &checkout), &prepared, args.wait, permit)).await?;
    if let Some(leaving) = leaving {
        leaving.ready(&ReleaseId::from(&group));
        return Ok(0);
    }
    let of = prepared.push.commit.short().to_owned();
    let document = begun_json(&prepared, &group);
    Box::pin(followed(ground, &cluster, (&group, &of), document, args.manner.detach)).await
}

/// Shows what would be begun and stops there, or has it agreed to: by whoever is asked, where that is wanted.
pub(super) async fn agreed(
    ground: &Ground,
    manner: &Manner,
    refused: Option<Failure>,
    (plan, told): (impl FnOnce() -> Value, impl Fn() -> Vec<(&'static str, String)>),
    asks: bool,
) -> Result<Option<MayWrite>, Failure> {
    if manner.dry_run {
        ground.output.result(plan, |style| rows(style, told()))?;
        return refused.map_or(Ok(None), Err);
    }
    let permit = ground.permit("release")?;
    if let Some(refused) = refused {
        return Err(refused);
    }
    if asks && !manner.yes && !ground.detached {
        let next = "look at `windlass release --dry-run`, then `windlass release --yes`";
        confirm(ground, async || Ok(rows(ground.output.err, told())), next).await?;
    }
    Ok(Some(permit))
}

/// What the trigger is, where all that was said is something to it.
fn trigger(project: &Project, args: &ReleaseArgs) -> Result<Trigger, Failure> {
    let trigger = project.trigger();
    let by = trigger.by();
    let wishes = Wishes {
        git_ref: args.git_ref.clone(),
        branch: args.branch.clone(),
        platform: args.platform.clone(),
        archive: args.from_archive.clone(),
        move_tags: args.manner.move_tags,
        local: false,
    };
    let of_stdin = || (by != By::Hook && args.payload_stdin).then(|| says_nothing("--payload-stdin"));
    by.refuses(&wishes).or_else(of_stdin).map_or(Ok(trigger), Err)
}

/// What it would do, and what the tags show that it overwrites.
pub async fn prepare(
    ground: &Ground,
    journal: &Journal,
    cluster: &Cluster,
    (project, image): (&Project, Option<&str>),
    checkout: &Checkout,
    trigger: &Trigger,
    wishes: &Wishes,
) -> Result<Prepared, Failure> {
    let mut prepared = cluster_begin::prepare(cluster, project, checkout, trigger, wishes).await?;
    let named = image.map(|name| project.image(Some(name))).transpose()?;
    if ground.detached || prepared.tags.is_empty() {
        return Ok(prepared);
    }
    for image in project.images.iter().filter(|image| named.is_none_or(|named| named.name == image.name)) {
        let looked = async { shown(&image.repository, &prepared.tags, &ground.reader(image).await?, journal).await };
        match looked.await {
            Ok(changes) => prepared.changes.extend(changes.into_iter().map(|change| (image.name.clone(), change))),
            Err(failure) => {
                prepared.warnings.push(format!("what the tags of {} show is not known: {failure}", image.name));
            }
        }
    }
    Ok(prepared)
}

/// Pushes where there is something to be pushed, and gives the group of the build.
async fn begin(
    ground: &Ground,
    journal: &Journal,
    (cluster, checkout): (&Cluster, &Checkout),
    prepared: &Prepared,
    wait: u64,
    permit: MayWrite,
) -> Result<TaskId, Failure> {
    let (output, push) = (ground.output, &prepared.push);
    if push.is_there() {
        output.note(&format!("{}: nothing is begun by a push", push.stands()));
        return match prepared.built() {
            Some(group) => Ok(group.clone()),
            None => Err(nothing_begun(ground).await),
        };
    }
    let mut told = |line: &str| {
        if !output.json {
            output.note(&format!("  {line}"));
        }
    };
    if !output.json {
        output.note(&push.command());
    }
    cluster_begin::push(checkout, prepared, journal, &who(), &mut told, permit).await?;
    if !output.json {
        output.note(&format!("pushed; {} is waited for to make a build of it", prepared.host));
    }
    if let Some(group) = cluster_begin::begun(cluster, prepared, Duration::from_secs(wait)).await? {
        return Ok(group);
    }
    let why = format!("{} has none of {} after {wait} s", prepared.host, push.commit.short());
    Err(none_came(ground, "it was pushed, and no build came of it", &why).await)
}

/// What is to be pushed is there, and there is no build of it that could be followed.
pub async fn nothing_begun(ground: &Ground) -> Failure {
    none_came(ground, "nothing was begun", "it is pushed already, and has no build").await
}

/// Why there is no build, as far as the check of GitHub's events sees it.
async fn none_came(ground: &Ground, what: &str, why: &str) -> Failure {
    let machine = machine(ground, ground.project(), None);
    let reports = doctor::examine(machine, Some(CheckId::Github), async |_| ()).await;
    let mut why = why.to_owned();
    let mut next = "wait for it: windlass releases".to_owned();
    for report in reports {
        why = format!("{why}\n{}", report.finding.evidence);
        if let Some(remedy) = report.finding.outcome.remedy() {
            next.clone_from(&remedy.fix);
        }
    }
    Failure::failed(what, why, next).explained_by(CheckId::Github)
}

/// Follows what was begun to its end; `document` says with `--json` what that is.
pub(super) async fn followed(
    ground: &Ground,
    cluster: &Cluster,
    (group, of): (&TaskId, &str),
    document: Value,
    detach: bool,
) -> Result<u8, Failure> {
    let output = ground.output;
    if !output.json {
        output.note(&format!(
            "build {group} of {of}\n  watch it: windlass show {group} --watch\n  end it:   windlass cancel {group}"
        ));
    }
    if detach || output.json {
        output.result(|| document, |_| group.to_string())?;
    }
    if detach {
        return Ok(0);
    }
    let followed = async {
        let detailed = cluster.detailed(group, Timestamp::now()).await?;
        tasks_to_their_end(cluster, group, detailed, &[], TaskTeller::new(output)).await
    };
    let release = tokio::select! {
        release = followed => release?,
        left = left(ground) => return left,
    };
    told_to_its_end(ground, &release)?;
    release.failure.map_or(Ok(0), Err)
}

/// `windlass.trigger-plan/1`.
fn plan_json(prepared: &Prepared) -> Value {
    let push = &prepared.push;
    let tag = |(image, change): &(String, Change)| {
        let digest = change.now.as_ref().map(|now| &now.digest);
        json!({"image": image, "tag": change.tag, "kind": change.kind, "digest": digest})
    };
    json!({
        "schema": "windlass.trigger-plan/1",
        "deployment": prepared.host,
        "repository": prepared.repository,
        "command": push.words(),
        "commit": push.commit,
        "ref": push.what.full(),
        "remote": push.remote.url,
        "pushed": push.is_there(),
        "release": prepared.built(),
        "tags": prepared.changes.iter().map(tag).collect::<Vec<_>>(),
        "warnings": prepared.warnings,
        "refused": push.refused(),
    })
}

/// `windlass.trigger/1`.
fn begun_json(prepared: &Prepared, group: &TaskId) -> Value {
    json!({
        "schema": "windlass.trigger/1",
        "release": group,
        "commit": prepared.push.commit,
        "ref": prepared.push.what.full(),
        "begun": !prepared.push.is_there(),
    })
}
