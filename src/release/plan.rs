//! Making a plan: commit, tags, labels and build arguments are fixed here, once.

use std::{collections::BTreeMap, path::Path, time::Duration};

use jiff::Timestamp;

use crate::{
    config::{Image, Project, VersionSource},
    domain::{
        failure::Failure,
        name::ReleaseId,
        plan::{BuildDefinition, Plan, PlannedTag, Runner, Source, TagKind, Trigger},
        policy::{self, GitFacts, Wanted},
        reference::Repository,
        template::{Field, Values},
        wishes::Wishes,
    },
    git::Checkout,
    journal::Journal,
};

/// Decides what a release of `image` will do. Touches nothing but `scratch`, a folder for worktrees that
/// are gone when this returns.
///
/// # Errors
/// A policy that refuses the commit, a branch that cannot be told, a template without its value.
pub async fn make(
    project: &Project,
    image: &Image,
    checkout: &Checkout,
    journal: &Journal,
    wishes: &Wishes,
    who: &str,
    scratch: &Path,
) -> Result<Plan, Failure> {
    let (source, version) = source(project, checkout, wishes, scratch).await?;
    let (planned, tags, values) = free_tags(project, &image.repository, journal, &source, version, &[]).await?;
    let build = definition(image, &source, &values, wishes)?;
    Ok(Plan {
        release: new_id()?,
        image: image.name.clone(),
        repository: image.repository.clone(),
        runner: Runner::Local,
        task: None,
        trigger: Trigger::ByHand,
        parent: None,
        source,
        tags,
        build,
        archive: None,
        secret: image.secret.name.clone(),
        store: image.secret.store.clone(),
        recipe: image.secret.recipe.clone(),
        move_tags: wishes.move_tags,
        who: who.to_owned(),
        planned,
    })
}

/// What is released, if policy allows it, and its `{version}`.
pub(super) async fn source(
    project: &Project,
    checkout: &Checkout,
    wishes: &Wishes,
    scratch: &Path,
) -> Result<(Source, Option<String>), Failure> {
    // An archive was not made of this working tree: what has not been committed in it is no part of it.
    let git_ref = wishes.git_ref.clone().or_else(|| wishes.archive.is_some().then(|| "HEAD".to_owned()));
    let wanted = Wanted { git_ref, branch: wishes.branch.clone() };
    let facts = checkout.facts(&wanted, &project.policy).await?;
    let source = policy::judge(&project.policy, &facts, &wanted)?;
    let version = version(project, checkout, &facts, &wanted, scratch).await?;
    Ok((source, version))
}

/// Ten characters of the kernel's randomness.
pub(super) fn new_id() -> Result<ReleaseId, Failure> {
    let mut bytes = [0; 10];
    getrandom::fill(&mut bytes).map_err(|e| {
        Failure::failed("no release id could be made", e.to_string(), "check /dev/urandom of this machine")
    })?;
    Ok(ReleaseId::from_random(bytes))
}

/// `{version}`: of the commit that is released, which may not be the one that is checked out.
async fn version(
    project: &Project,
    checkout: &Checkout,
    facts: &GitFacts,
    wanted: &Wanted,
    scratch: &Path,
) -> Result<Option<String>, Failure> {
    if !matches!(project.version, Some(VersionSource::File { .. })) {
        return Ok(facts.version()?);
    }
    if wanted.git_ref.is_none() {
        return project.file_version(&project.root);
    }
    let worktree = checkout.worktree(&facts.commit, scratch).await?;
    project.file_version(&worktree.path().join(checkout.prefix()))
}

/// The tags, at a time whose frozen tags no earlier plan has used: a second already used waits for the next.
///
/// `inherited`: the tags of a release that is repeated. A name among them that has no date in it is not taken by that
/// release's plan; whether it ever was pushed is for the registry to say.
pub(super) async fn free_tags(
    project: &Project,
    repository: &Repository,
    journal: &Journal,
    source: &Source,
    version: Option<String>,
    inherited: &[PlannedTag],
) -> Result<(Timestamp, Vec<PlannedTag>, Values), Failure> {
    let dated = project.tags.need(Field::Date);
    loop {
        let planned = Timestamp::now();
        let values = Values {
            branch: source.branch.clone(),
            alias: None,
            commit: Some(source.commit.clone()),
            date: Some(planned),
            version: version.clone(),
        };
        let tags = project.tags.plan(&values)?;
        let mut used = None;
        for tag in tags.iter().filter(|t| t.kind == TagKind::Frozen && (dated || !inherited.contains(t))) {
            if let Some(release) = journal.tag_used(repository, &tag.tag).await? {
                used = Some((tag.tag.clone(), release));
                break;
            }
        }
        match used {
            None => return Ok((planned, tags, values)),
            Some(_) if dated => {
                let into_second = planned.subsec_nanosecond().unsigned_abs();
                tokio::time::sleep(Duration::from_nanos(u64::from(1_000_000_000 - into_second))).await;
            }
            Some((tag, release)) => {
                return Err(Failure::failed(
                    format!("the frozen tag {tag} is taken"),
                    format!("release {release} planned it, and a frozen tag is written once"),
                    format!(
                        "take that release up again (`windlass show {release}` says how), or put {{date}} into [tags] frozen"
                    ),
                ));
            }
        }
    }
}

fn definition(image: &Image, source: &Source, values: &Values, wishes: &Wishes) -> Result<BuildDefinition, Failure> {
    let mut args = BTreeMap::new();
    for (name, template) in &image.args {
        args.insert(name.clone(), template.render(values)?);
    }
    Ok(BuildDefinition {
        context: image.context.clone(),
        dockerfile: image.dockerfile.clone(),
        target: image.target.clone(),
        platform: wishes.platform.clone().or_else(|| image.platform.clone()),
        args,
        labels: labels(source, values),
        builder: image.builder,
    })
}

/// OCI image specification, "Annotations". `created` is the commit's time, so that building the same
/// commit twice can give the same image.
fn labels(source: &Source, values: &Values) -> BTreeMap<String, String> {
    let named = [
        ("revision", Some(source.commit.to_string())),
        ("source", source.remote.clone()),
        ("created", Some(source.committed.to_string())),
        ("version", values.version.clone()),
    ];
    named.into_iter().filter_map(|(key, value)| Some((format!("org.opencontainers.image.{key}"), value?))).collect()
}

/// Where the build's files are: the project's folder, in the checkout or in a worktree of it.
pub(super) fn context_root(root: &Path, context: &str) -> std::path::PathBuf {
    if context == "." { root.to_owned() } else { root.join(context) }
}
