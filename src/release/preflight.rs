//! The first two steps: everything that can be known to fail is found before minutes are spent on building.

use std::sync::Arc;

use crate::{
    domain::{
        event::Step,
        failure::Failure,
        plan::{Plan, TagKind},
        recipe::Login,
        reference::Platform,
    },
    engine::{self, Engine},
    log::redact::Redactor,
    registry::{self, Client, PushRight, Reference},
    secrets::{Vault, VaultPaths},
};

use super::{local::Run, plan::context_root};

/// What the later steps work with.
pub struct Ready {
    pub engine: Engine,
    pub client: Client,
    pub login: Login,
    pub redactor: Arc<Redactor>,
}

pub async fn preflight(run: &mut Run<'_, '_>) -> Result<Ready, Failure> {
    run.start(Step::Preflight).await?;
    let at = run.at;
    let plan = run.plan().clone();
    let ready = at.or_cancelled(Step::Preflight, prepare(run, &plan)).await?;
    let mut found = Vec::new();
    found.extend(plan.source.branch.clone());
    found.push(if plan.source.dirty { "uncommitted changes" } else { "clean" }.to_owned());
    found.push(if plan.source.reviewed { "reviewed" } else { "unreviewed" }.to_owned());
    found.push(ready.engine.about().to_string());
    run.succeed(Step::Preflight, found.join(", ")).await?;
    Ok(ready)
}

async fn prepare(run: &Run<'_, '_>, plan: &Plan) -> Result<Ready, Failure> {
    let at = run.at;
    let vault = Vault::open(VaultPaths { vault: at.paths.vault(), identity: at.paths.identity() })?;
    let entry = vault.get(&plan.secret).ok_or_else(|| {
        Failure::failed(
            format!("there is no secret {} in the vault", plan.secret),
            "it was never set on this machine, or was removed",
            "set it: windlass secret set --username USER --password-stdin",
        )
    })?;
    let login = entry.login_for(&plan.recipe, &plan.repository)?;
    let redactor = Arc::new(Redactor::new(plan.recipe.marked(&entry.document), [&login]));
    let engine = Engine::connect(engine::context::resolve(&at.environment)?).await?;
    can_be_built(run, plan, &engine).await?;
    same_platform(run, plan, engine.about().platform.as_ref()).await?;
    let client = Client::new(&plan.repository, Some(login.clone()), &registry_options(run))?;
    frozen_tags_are_free(&client, plan).await?;
    Ok(Ready { engine, client, login, redactor })
}

/// A missing Dockerfile, or one that would be refused anyway. Of a commit that is not checked out git tells the
/// first; the rest shows in its worktree, when it is built.
async fn can_be_built(run: &Run<'_, '_>, plan: &Plan, engine: &Engine) -> Result<(), Failure> {
    let at = run.at;
    if !at.from_worktree {
        return Ok(engine.check_build(&context_root(&at.root, &plan.build.context), &plan.build)?);
    }
    let file = context_root(at.checkout.prefix(), &plan.build.context).join(&plan.build.dockerfile);
    if at.checkout.lacks(&plan.source.commit, &file).await? {
        return Err(Failure::usage(
            "the Dockerfile is missing",
            format!("there is no `{}` in commit {}", file.display(), plan.source.commit.short()),
            "release a commit that has it, or correct `dockerfile` or `context` in windlass.toml",
        ));
    }
    Ok(())
}

pub(super) fn registry_options(run: &Run<'_, '_>) -> registry::Options {
    let settings = run.at.settings.clone();
    registry::Options::new(move |host| settings.allows_plain_http(host))
}

/// A frozen tag is written once. The login itself is judged by the next step: a refusal is no finding here,
/// and the tags are asked for again right before the push.
pub(super) async fn frozen_tags_are_free(client: &Client, plan: &Plan) -> Result<(), Failure> {
    for tag in plan.tags.iter().filter(|t| t.kind == TagKind::Frozen) {
        match client.head(&Reference::Tag(tag.tag.clone())).await {
            Ok(None) => {}
            Err(refused) if refused.is_denied() => return Ok(()),
            Ok(Some(digest)) => {
                return Err(Failure::failed(
                    format!("the frozen tag {} is taken", tag.tag),
                    format!("{} already has it, as {}", plan.repository, digest.short()),
                    "a frozen tag is written once: release again for a new date tag",
                ));
            }
            Err(other) => return Err(other.into()),
        }
    }
    Ok(())
}

/// A build for another platform than the last record is most likely an accident on a laptop.
async fn same_platform(run: &Run<'_, '_>, plan: &Plan, engine: Option<&Platform>) -> Result<(), Failure> {
    if plan.build.platform.is_some() {
        return Ok(());
    }
    let records = run.at.journal.records(&plan.repository).await?;
    let last = records.iter().find(|r| r.image == plan.image);
    let (Some(last), Some(ours)) = (last, engine) else { return Ok(()) };
    match &last.platform {
        Some(theirs) if !theirs.accepts(ours) => Err(Failure::not_allowed(
            format!("this engine builds for {ours}, the last release of {} was for {theirs}", plan.image),
            format!("release {} recorded {theirs}", last.release),
            format!("if that is meant: windlass release --platform {ours}"),
        )),
        _ => Ok(()),
    }
}

pub async fn secret(run: &mut Run<'_, '_>, ready: &Ready) -> Result<(), Failure> {
    run.start(Step::Secret).await?;
    let at = run.at;
    let probe = async { ready.client.probe_push(at.permit).await.map_err(Failure::from) };
    match at.or_cancelled(Step::Secret, probe).await? {
        PushRight::May => run.succeed(Step::Secret, format!("{}, may push", ready.login.username)).await,
        PushRight::MayNot { why } => Err(Failure::not_allowed(
            format!("{} may not push to {}", ready.login.username, run.plan().repository),
            why,
            "give it the right at the registry, or set another login: windlass secret set",
        )),
    }
}
