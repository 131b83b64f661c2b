//! The first two steps: everything that can be known to fail is found before minutes are spent on building.

use std::{collections::BTreeSet, sync::Arc};

use crate::{
    domain::{
        document::SecretValue,
        event::Step,
        failure::{Failure, FailureKind},
        finding::CheckId,
        holdings::StoreKind,
        plan::{Plan, Source},
        recipe::Login,
        reference::Platform,
        release::Release,
    },
    engine::{self, Engine},
    keeping::{Cluster, Learned, Store},
    log::{redact::Redactor, sanitise::plain},
    registry::{self, Client, PushRight},
    secrets::{OpenRotation, Passphrase, Vault, VaultError, VaultPaths},
    signin,
};

use super::{Surroundings, archive, held, local::Run, plan::context_root};

/// What the login opens: the registry, and what must not be seen in a log.
pub struct Access {
    pub client: Client,
    pub login: Login,
    pub redactor: Arc<Redactor>,
}

/// The whole step. `earlier` is the release whose plan this one has.
pub async fn preflight(run: &mut Run<'_, '_>, earlier: Option<&Release>) -> Result<(Access, Option<Engine>), Failure> {
    run.start(Step::Preflight).await?;
    let at = run.at;
    let plan = run.plan().clone();
    let work = async {
        let access = access(run, &plan).await?;
        let engine = if let Some(archive) = &plan.archive {
            archive::is_there(run, archive).await?;
            None
        } else {
            let engine = connect(run).await?;
            can_be_built(run, &plan, &engine).await?;
            same_platform(run, &plan, engine.about().platform.as_ref(), "this engine builds").await?;
            Some(engine)
        };
        held::frozen_tags(&access.client, &plan, earlier).await?;
        Ok((access, engine))
    };
    let (access, engine) = at.or_cancelled(Step::Preflight, work).await?;
    let mut found = source_in_words(&plan.source);
    found.extend(engine.as_ref().map(|engine| engine.about().to_string()));
    found.extend(plan.archive.as_ref().map(|archive| plain(&archive.source.to_string())));
    run.succeed(Step::Preflight, found.join(", ")).await?;
    Ok((access, engine))
}

/// What a re-run needs that begins with a later step: its secret, and the engine where there is something to build or
/// to push.
pub async fn again(run: &Run<'_, '_>, first: Step) -> Result<(Access, Option<Engine>), Failure> {
    let at = run.at;
    let work = async {
        let access = access(run, run.plan()).await?;
        let needed = first <= Step::Push && run.plan().archive.is_none();
        let engine = if needed { Some(connect(run).await?) } else { None };
        Ok((access, engine))
    };
    at.or_cancelled(first, work).await
}

/// The step of a release that only points a tag: no engine is needed.
pub async fn of_point(run: &mut Run<'_, '_>) -> Result<Access, Failure> {
    run.start(Step::Preflight).await?;
    let access = access(run, run.plan()).await?;
    let found = source_in_words(&run.plan().source);
    run.succeed(Step::Preflight, found.join(", ")).await?;
    Ok(access)
}

fn source_in_words(source: &Source) -> Vec<String> {
    let mut words: Vec<String> = source.branch.clone().into_iter().collect();
    words.push(if source.dirty { "uncommitted changes" } else { "clean" }.to_owned());
    words.push(if source.reviewed { "reviewed" } else { "unreviewed" }.to_owned());
    words
}

async fn access(run: &Run<'_, '_>, plan: &Plan) -> Result<Access, Failure> {
    let at = run.at;
    if let Some(task) = at.own_task {
        task.check_goes_on().await?;
    }
    let (entry, vault) = match &plan.store {
        StoreKind::Vault => {
            let store = Store::from(open_vault(at, Vault::open).await?);
            (store.entry(&plan.secret, &BTreeSet::new()).await?, Some(store.vault))
        }
        StoreKind::Taskcluster(root) => {
            let vault = || {
                let paths = VaultPaths { vault: at.paths.vault(), identity: at.paths.identity() };
                Ok(Vault::open(paths, at.passphrase)?)
            };
            let access = signin::access(root.clone(), &at.environment, at.settings, at.paths, vault)?;
            let cluster = Cluster::new(access, at.paths, &Learned::default());
            let entry = cluster.entry(&plan.secret, &BTreeSet::from([plan.repository.clone()])).await;
            let entry = match (entry, at.own_task) {
                (Err(denied), Some(task)) if denied.kind == FailureKind::NotAllowed => {
                    return Err(task.no_secret(plan, denied).await);
                }
                (entry, _) => entry?,
            };
            // It may know of a rotation; a release need not have one, and nobody is asked to open it here.
            (entry, open_vault(at, Vault::open_unasked).await.ok().flatten())
        }
    };
    let login = entry.login_for(&plan.recipe, &plan.repository)?;
    // Both documents of a secret that is being rotated: either is worth as much as the other.
    let rotation = vault.as_ref().and_then(|vault| vault.rotation(&plan.store, &plan.secret));
    let documents = std::iter::once(&entry.document).chain(rotation.into_iter().flat_map(OpenRotation::documents));
    let documents: Vec<&SecretValue> = documents.collect();
    let logins = documents.iter().filter_map(|document| plan.recipe.login(document, &plan.repository).ok());
    let logins: Vec<Login> = logins.collect();
    let values = documents.iter().flat_map(|document| plan.recipe.marked(document));
    let redactor = Arc::new(Redactor::new(values, &logins));
    let client = Client::new(&plan.repository, Some(login.clone()), &registry_options(run))?;
    Ok(Access { client, login, redactor })
}

async fn connect(run: &Run<'_, '_>) -> Result<Engine, Failure> {
    Ok(Engine::connect(engine::context::resolve(&run.at.environment)?).await?)
}

/// On a thread of its own: it may wait for another process that writes the vault, or for a passphrase.
async fn open_vault<T: Send + 'static>(
    at: &Surroundings<'_>,
    open: fn(VaultPaths, &Passphrase) -> Result<T, VaultError>,
) -> Result<T, Failure> {
    let paths = VaultPaths { vault: at.paths.vault(), identity: at.paths.identity() };
    let passphrase = at.passphrase.clone();
    let opened = tokio::task::spawn_blocking(move || open(paths, &passphrase)).await;
    let opened = opened.map_err(|e| Failure::failed("the vault was not opened", e.to_string(), "report this"))?;
    Ok(opened?)
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

/// A build for another platform than the last record is most likely an accident on a laptop.
///
/// `what` has the platform, as in "this engine builds".
pub(super) async fn same_platform(
    run: &Run<'_, '_>,
    plan: &Plan,
    ours: Option<&Platform>,
    what: &str,
) -> Result<(), Failure> {
    if plan.build.platform.is_some() {
        return Ok(());
    }
    let records = run.at.journal.records(&plan.repository).await?;
    let last = records.iter().find(|r| r.image == plan.image);
    let (Some(last), Some(ours)) = (last, ours) else { return Ok(()) };
    match &last.platform {
        Some(theirs) if !theirs.accepts(ours) => Err(Failure::not_allowed(
            format!("{what} for {ours}, the last release of {} was for {theirs}", plan.image),
            format!("release {} recorded {theirs}", last.release),
            format!("if that is meant: windlass release --platform {ours}"),
        )),
        _ => Ok(()),
    }
}

pub async fn secret(run: &mut Run<'_, '_>, access: &Access) -> Result<(), Failure> {
    run.start(Step::Secret).await?;
    let at = run.at;
    let probe = async { access.client.probe_push(at.permit).await.map_err(Failure::from) };
    match at.or_cancelled(Step::Secret, probe).await? {
        PushRight::May => run.succeed(Step::Secret, format!("{}, may push", plain(&access.login.username))).await,
        PushRight::MayNot { why } => Err(Failure::not_allowed(
            format!("{} may not push to {}", plain(&access.login.username), run.plan().repository),
            why,
            "give it the right at the registry, or set another login: windlass secret set",
        )
        .explained_by(CheckId::Push)),
    }
}
