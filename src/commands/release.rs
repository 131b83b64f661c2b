//! `windlass release`: plan, ask, and have it carried out.

use std::io::{IsTerminal as _, Write as _};

use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::{
    args::ReleaseArgs,
    carry_out,
    ground::{self, Ground},
    output::{Cell, Style, Tone, columns},
};
use crate::{
    config::{Project, StoreKind},
    domain::{
        audit::Act,
        failure::Failure,
        plan::{Plan, Runner, TagKind},
        reference::Tag,
    },
    git::Checkout,
    registry::{Client, Reference},
    release::{Surroundings, plan},
};

pub async fn run(ground: &Ground, args: ReleaseArgs) -> Result<u8, Failure> {
    let project = ground.project()?;
    let image = ground::image(&project, &args.image)?;
    supported(&project, image.secret.store)?;
    let journal = ground.journal().await?;
    let checkout = Checkout::open(&project.root).await?;
    let wishes = plan::Wishes {
        git_ref: args.git_ref.clone(),
        branch: args.branch.clone(),
        platform: args.platform.clone(),
        move_tags: args.move_tags,
    };
    let plan = plan::make(&project, image, &checkout, &journal, &wishes, &who(), &ground.paths.run()).await?;
    if args.dry_run {
        let client = ground.reader(image)?;
        let now = shown_now(&client, &plan).await?;
        ground.output.result(
            || json!({"schema": "windlass.plan/1", "plan": plan, "tags_now": now.iter().map(|(t, d)| json!({"tag": t, "digest": d})).collect::<Vec<_>>()}),
            |style| preview(style, &plan, &now),
        )?;
        return Ok(0);
    }
    let permit = ground.permit("release")?;
    if !args.yes && !ground.detached {
        confirm(ground, image, &plan).await?;
    }
    if args.detach {
        return carry_out::detached(ground, permit).await;
    }
    ground.unlock()?;
    let at = Surroundings {
        paths: &ground.paths,
        settings: &ground.settings,
        journal: &journal,
        environment: ground.environment.as_ref(),
        passphrase: &ground.passphrase,
        root: project.root.clone(),
        checkout: &checkout,
        from_worktree: args.git_ref.is_some(),
        cancel: CancellationToken::new(),
        permit,
    };
    Box::pin(carry_out::run(ground, Act::Release, plan, &at)).await
}

fn supported(project: &Project, store: StoreKind) -> Result<(), Failure> {
    if project.runner != Runner::Local {
        return Err(Failure::usage(
            "this version releases on the local Docker engine alone",
            "[runner] kind is \"taskcluster\"",
            "set [runner] kind = \"local\"",
        ));
    }
    if store != StoreKind::Vault {
        return Err(Failure::usage(
            "this version reads secrets from the vault alone",
            "[secret] store is \"taskcluster\"",
            "set [secret] store = \"vault\"",
        ));
    }
    Ok(())
}

/// `user@host`, for records and the vault.
pub fn who() -> String {
    let user = std::env::var("USER").or_else(|_| std::env::var("LOGNAME"));
    let user = user.unwrap_or_else(|_| match rustix::process::getuid() {
        id if id.is_root() => "root".to_owned(),
        id => format!("uid-{}", id.as_raw()),
    });
    let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
    format!("{user}@{host}")
}

/// What each tag shows before anything happens.
async fn shown_now(client: &Client, plan: &Plan) -> Result<Vec<(Tag, Option<String>)>, Failure> {
    let mut now = Vec::new();
    for tag in &plan.tags {
        let digest = client.head(&Reference::Tag(tag.tag.clone())).await?;
        now.push((tag.tag.clone(), digest.map(|d| d.to_string())));
    }
    Ok(now)
}

fn preview(style: Style, plan: &Plan, now: &[(Tag, Option<String>)]) -> String {
    let source = &plan.source;
    let label = |text: &str| Cell::toned(text, Tone::Dim);
    let state = match (source.dirty, source.reviewed) {
        (true, _) => "with uncommitted changes",
        (false, true) => "clean, reviewed",
        (false, false) => "clean, unreviewed",
    };
    let mut rows = vec![
        vec![label("image"), Cell::toned(format!("{} to {}", plan.image, plan.repository), Tone::Bold)],
        vec![
            label("commit"),
            Cell::new(format!("{} of {}, {state}", source.commit.short(), source.branch.as_deref().unwrap_or("-"))),
        ],
        vec![label("build"), Cell::new(format!("{} in {}", plan.build.dockerfile, plan.build.context))],
        vec![label("secret"), Cell::new(plan.secret.as_str())],
    ];
    for tag in &plan.tags {
        let shown = now.iter().find(|(t, _)| t == &tag.tag).and_then(|(_, d)| d.as_deref());
        let (kind, change) = match (tag.kind, shown) {
            (TagKind::Frozen, None) => ("frozen", "new".to_owned()),
            (TagKind::Frozen, Some(digest)) => {
                ("frozen", format!("taken by {}: the release would stop", short(digest)))
            }
            (TagKind::Moving, None) => ("moving", "new".to_owned()),
            (TagKind::Moving, Some(digest)) => ("moving", format!("{} is replaced", short(digest))),
        };
        rows.push(vec![label(kind), Cell::new(format!("{}  {change}", tag.tag))]);
    }
    columns(style, &rows)
}

fn short(digest: &str) -> &str {
    &digest[..digest.len().min(19)]
}

/// Says what will happen and asks. Without somebody to ask, nothing happens.
async fn confirm(ground: &Ground, image: &crate::config::Image, plan: &Plan) -> Result<(), Failure> {
    let refused = |why: &str| {
        Err(Failure::usage(
            "nothing was released",
            why,
            "look at `windlass release --dry-run`, then `windlass release --yes`",
        ))
    };
    if ground.output.json || !std::io::stdin().is_terminal() {
        return refused("a confirmation is needed and there is nobody to ask");
    }
    let now = shown_now(&ground.reader(image)?, plan).await?;
    ground.output.note(&preview(ground.output.err, plan, &now));
    let mut err = std::io::stderr().lock();
    let asked = err.write_all(b"Release this? [y/N] ").and_then(|()| err.flush());
    let mut answer = String::new();
    if asked.is_err() || std::io::stdin().read_line(&mut answer).is_err() {
        return refused("the answer could not be read");
    }
    match answer.trim() {
        "y" | "Y" | "yes" => Ok(()),
        _ => refused("it was not confirmed"),
    }
}
