//! `windlass signin`: credentials for a Taskcluster deployment, got in the browser and kept in the vault. The token is in no
//! line that is printed.

use std::{io::IsTerminal as _, sync::Arc, time::Duration};

use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};

use super::{
    args::SigninArgs,
    given,
    ground::Ground,
    json, new_vault,
    output::{Cell, Style, Tone, columns, time},
    release::{confirm, who},
    signin_status,
    terminal::Terminal,
};
use crate::{
    browser::{self, Callback},
    domain::{
        failure::Failure,
        holdings::StoreKind,
        page::Page,
        permission::MayWrite,
        root_url::RootUrl,
        sign_in::{self, Answer, NoAnswer, Request},
    },
    keeping::key,
    secrets::NewIdentity,
    signin::{self, Proven, Surroundings},
    taskcluster::PlainHttp,
};

/// For somebody to sign in, look at the scopes, and save.
const PATIENCE: Duration = Duration::from_mins(10);

/// How the browser's answer gets here.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    /// We open the page, and the browser comes back to us.
    Opened,
    /// The same, but somebody else opens the page.
    Shown,
    /// The browser is on another machine: somebody brings the address at which it ended.
    Pasted,
    Piped,
}

pub async fn run(ground: &Ground, args: &SigninArgs) -> Result<u8, Failure> {
    let root = root(ground, args)?;
    if args.instead.status {
        return signin_status::run(ground, root).await;
    }
    let permit = ground.permit("signin")?;
    if args.instead.forget {
        return forget(ground, &root, permit).await;
    }
    let settings = ground.settings.clone();
    let plain: PlainHttp = Arc::new(move |host: &str| settings.allows_plain_http(host));
    let request = request(ground, args, root)?;
    let way = way(ground, args)?;
    signin::look(&request.root, plain.clone()).await?;
    // Before there is a token that could be lost.
    let mut vault = ground.vault()?;
    let wanted = new_vault::wanted(ground, args.identity.as_ref(), &vault)?;
    if !args.yes && way != Way::Piped {
        let next = "add --yes where nobody can be asked: windlass signin --yes";
        confirm(ground, async || Ok(preview(ground, &request)), next).await?;
    }
    let new = !vault.exists();
    if new {
        vault.keep_key(match wanted {
            Some(wanted) => wanted,
            None if way != Way::Piped && std::io::stdin().is_terminal() => new_vault::ask(ground)?,
            None => NewIdentity::plain(),
        });
    }
    let brought = match way {
        Way::Opened | Way::Shown => None,
        Way::Pasted => Some(pasted(ground, &request)?),
        Way::Piped => Some(Answer::of_pasted(given::read_stdin()?.expose_secret()).map_err(not_taken)?),
    };
    // From before it is said: a quick Ctrl-C counts too.
    let mut interrupt = signal(SignalKind::interrupt())
        .map_err(|e| Failure::failed("signals cannot be received", e.to_string(), "report this system"))?;
    let proven = tokio::select! {
        proven = async {
            let answer = match brought {
                Some(answer) => answer,
                None => of_the_browser(ground, &request, way).await?,
            };
            signin::prove(&request, answer, plain).await
        } => proven?,
        _ = interrupt.recv() => {
            return Err(Failure::cancelled("nobody was signed in", "run it again: windlass signin"));
        }
    };
    let (journal, who) = (ground.journal().await?, who());
    let at = Surroundings { paths: &ground.paths, vault: &mut vault, journal: &journal, who: &who, permit };
    signin::keep(at, &proven).await?;
    let identity = ground.identity()?;
    if let (true, Some(kind)) = (new, &identity) {
        ground.output.note(&key::told(&ground.paths, kind));
    }
    let missing = proven.scopes.missing(request.scopes.iter().map(String::as_str));
    ground.output.result(
        || {
            json!({
                "schema": "windlass.signin/1", "root_url": request.root, "client_id": proven.client_id(),
                "expires": proven.until, "asked": request.scopes, "missing": missing,
                "identity": json::identity(&ground.paths.identity(), identity.as_ref()),
            })
        },
        |style| text(style, &request, &proven, &missing),
    )?;
    Ok(0)
}

/// The deployment that is meant.
fn root(ground: &Ground, args: &SigninArgs) -> Result<RootUrl, Failure> {
    if let Some(root) = &args.root_url {
        return Ok(root.clone());
    }
    let project = ground.project()?;
    project.taskcluster.map(|taskcluster| taskcluster.root_url).ok_or_else(|| {
        Failure::usage(
            "there is no Taskcluster deployment to sign in at",
            format!("{} names none", project.file.display()),
            "name it, or add [taskcluster] root-url to the file: windlass signin --root-url URL",
        )
    })
}

/// What the project's secrets at this deployment need, and what somebody wants beside.
fn request(ground: &Ground, args: &SigninArgs, root: RootUrl) -> Result<Request, Failure> {
    let project = ground.project().ok();
    let project = project.filter(|project| project.taskcluster.as_ref().is_some_and(|there| there.root_url == root));
    let images = project.iter().flat_map(|project| &project.images);
    let kept_there = images.map(|image| &image.secret).filter(|secret| secret.store != StoreKind::Vault);
    let mut scopes = sign_in::needed(kept_there.map(|secret| &secret.name));
    for scope in &args.scopes {
        if !scopes.contains(scope) {
            scopes.push(scope.clone());
        }
    }
    let name = format!("windlass-{}", signin::unguessable::<4>()?);
    Ok(Request { root, name, scopes, lifetime: args.expires })
}

fn way(ground: &Ground, args: &SigninArgs) -> Result<Way, Failure> {
    let there = |name: &str| (ground.environment)(name).is_some_and(|value| !value.is_empty());
    let way = match browser::opener(&*ground.environment) {
        _ if args.stdin => Way::Piped,
        _ if args.paste => Way::Pasted,
        Some(_) => Way::Opened,
        None if there("SSH_CONNECTION") => {
            ground
                .output
                .note("this is a login over SSH, without a desktop: the browser is elsewhere, as with --paste");
            Way::Pasted
        }
        None => Way::Shown,
    };
    if ground.output.json && matches!(way, Way::Shown | Way::Pasted) {
        return Err(Failure::usage(
            "nobody would see which page to open",
            "there is no desktop here that opens it, and --json prints nothing but the result",
            "leave --json out, or give what a browser elsewhere brought: windlass signin --stdin",
        ));
    }
    Ok(way)
}

fn preview(ground: &Ground, request: &Request) -> String {
    let row = |label: &str, value: String| vec![Cell::toned(label, Tone::Dim), Cell::new(value)];
    let mut rows = vec![vec![Cell::toned("sign in at", Tone::Dim), Cell::toned(request.root.host(), Tone::Bold)]];
    rows.push(row("as", format!("a new client of yours, …/{}", request.name)));
    rows.push(row("until", format!("{} UTC ({})", time(request.lifetime.end(Timestamp::now())), request.lifetime)));
    let labels = std::iter::once("with").chain(std::iter::repeat(""));
    rows.extend(labels.zip(&request.scopes).map(|(label, scope)| row(label, scope.clone())));
    rows.push(row("kept in", ground.paths.vault().display().to_string()));
    columns(ground.output.err, &rows)
}

/// What the browser of this machine brings.
async fn of_the_browser(ground: &Ground, request: &Request, way: Way) -> Result<Answer, Failure> {
    let callback = Callback::listen(signin::unguessable::<16>()?).await?;
    show(ground, &request.page(&callback.address()), way).await;
    Ok(callback.answer(PATIENCE).await?)
}

/// Lets somebody see the page.
async fn show(ground: &Ground, page: &Page, way: Way) {
    let output = ground.output;
    let by_hand = |why: &str| output.note(&format!("{why}, open this page in a browser of this machine:\n  {page}"));
    match way {
        Way::Opened => match browser::open(&*ground.environment, page).await {
            Ok(()) => by_hand("the browser shows the page to sign in at; if it does not"),
            Err(why) => by_hand(&format!("the page was not opened ({why})")),
        },
        _ => by_hand("to sign in"),
    }
    let minutes = PATIENCE.as_secs() / 60;
    output.note(&format!("waiting for the browser to come back, {minutes} minutes at most; Ctrl-C ends it"));
}

/// What somebody brings from a browser on another machine; not shown while it is typed.
fn pasted(ground: &Ground, request: &Request) -> Result<Answer, Failure> {
    let terminal = Terminal::open()?;
    let page = request.page(&sign_in::callback(sign_in::NOWHERE, &signin::unguessable::<16>()?));
    ground.output.note(&format!(
        "open this page in a browser, wherever it is:\n  {page}\nIt ends at an address that begins with \
         http://localhost:{}/ and cannot be shown. Copy the whole of it from the browser's address bar.",
        sign_in::NOWHERE
    ));
    let first = terminal.ask_hidden("That address, or the client id (not shown): ")?;
    let whole = if sign_in::is_client_id(first.expose_secret().trim()) {
        let token = terminal.ask_hidden("The access token (not shown): ")?;
        SecretString::from(format!("{} {}", first.expose_secret(), token.expose_secret()))
    } else {
        first
    };
    Answer::of_pasted(whole.expose_secret()).map_err(not_taken)
}

fn not_taken(why: NoAnswer) -> Failure {
    Failure::usage(
        "what was given is not taken",
        why.to_string(),
        "give the whole address at which the browser ended, or a client id and its access token",
    )
}

fn text(style: Style, request: &Request, proven: &Proven, missing: &[&str]) -> String {
    let mut text =
        format!("signed in at {} as {}, until {} UTC\n", request.root.host(), proven.client_id(), time(proven.until));
    if !missing.is_empty() {
        let lacking = format!("not granted: {}\n", missing.join(", "));
        text.push_str(&style.paint(Tone::Notice, &lacking));
    }
    text
}

async fn forget(ground: &Ground, root: &RootUrl, permit: MayWrite) -> Result<u8, Failure> {
    let mut vault = ground.vault()?;
    let (journal, who) = (ground.journal().await?, who());
    let at = Surroundings { paths: &ground.paths, vault: &mut vault, journal: &journal, who: &who, permit };
    let client = signin::forget(at, root).await?;
    ground.output.result(
        || json!({"schema": "windlass.signin-forget/1", "root_url": root, "client_id": client}),
        |_| match &client {
            Some(client) => format!(
                "the sign-in at {} is forgotten; the client {client} lasts there until its end, or until it is deleted:\n  {}",
                root.host(),
                root.below("/auth/clients")
            ),
            None => format!("the sign-in at {} is forgotten", root.host()),
        },
    )?;
    Ok(0)
}
