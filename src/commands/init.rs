//! `windlass init`: the first `windlass.toml`, from what is found here and what its maintainer says.

use std::{
    fmt::{self, Display},
    io::IsTerminal as _,
    path::PathBuf,
    str::FromStr,
};

use serde_json::json;

use super::{
    args::{InitArgs, TasksArgs},
    ground::Ground,
    init_tasks,
    place::Place,
    terminal::Terminal,
};
use crate::{
    config::{ConfigError, Draft, DraftCluster, DraftImage, PROJECT_FILE},
    domain::{
        failure::Failure,
        policy::ref_glob,
        reference::{NotAReference, Repository},
    },
    init::{Found, Guess, look},
};

pub async fn run(ground: &Ground, args: &InitArgs) -> Result<u8, Failure> {
    let permit = ground.permit("init")?;
    let terminal = if args.yes || args.tasks.print { None } else { Some(terminal(ground)?) };
    let asker = terminal.as_ref().map_or(Asker::Nobody, Asker::Maintainer);
    let place = place(ground);
    // Of a project that is there. What is wrong with its file is said.
    if args.taskcluster && (place.is_err() || ground.project().is_ok()) {
        return Box::pin(init_tasks::run(ground, args, asker)).await;
    }
    let (file, here) = place?;
    let found = look(here.parent().unwrap_or(&here), &*ground.environment).await?;
    if let (Some(terminal), Some(seen)) = (&terminal, seen(&found)) {
        terminal.tell(&seen)?;
    }
    let draft = decide(args, &found, asker)?;
    asker.confirm(&format!("\n{}\nWrite this to {}? [Y/n] ", draft.text(), file.display()))?;
    draft.write(&file, permit)?;
    super::remember(ground);
    if args.taskcluster {
        ground.output.note(&format!("{} is written", file.display()));
        return Box::pin(init_tasks::run(ground, args, asker)).await;
    }
    if found.contexts.is_empty() {
        ground.output.note("there is no Dockerfile here yet, nor in a folder below: a release builds one");
    }
    ground.output.result(
        || {
            let images =
                draft.images.iter().map(|image| json!({"repository": image.repository, "context": image.context}));
            json!({
                "schema": "windlass.init/1", "file": here, "images": images.collect::<Vec<_>>(),
                "branches": draft.branches, "secret": draft.secret,
            })
        },
        |_| {
            format!(
                "{} is written; next:\n  \
                 windlass secret set --username USER --password-stdin   store the registry's login\n  \
                 windlass doctor                                        see whether all is well\n  \
                 windlass release --dry-run                             see what a release would do",
                file.display()
            )
        },
    )?;
    Ok(0)
}

/// The file, and what would be written where nobody is asked; or what cannot be told from what is here.
///
/// # Errors
/// When there is a file already.
pub async fn proposed(ground: &Ground) -> Result<(PathBuf, Result<Draft, Failure>), Failure> {
    let (_, file) = place(ground)?;
    let found = look(file.parent().unwrap_or(&file), &*ground.environment).await?;
    let nothing = InitArgs { yes: true, ..InitArgs::default() };
    let draft = decide(&nothing, &found, Asker::Nobody);
    Ok((file, draft))
}

/// The file that is to be written, as it was named and from the root on. It is known not to be there before anybody
/// answers questions for nothing.
fn place(ground: &Ground) -> Result<(PathBuf, PathBuf), Failure> {
    let file = match &ground.place {
        Place::Here => PROJECT_FILE.into(),
        Place::File(file) => file.clone(),
        Place::Known(_, folder) => folder.join(PROJECT_FILE),
    };
    if file.exists() {
        return Err(ConfigError::Exists { file }.into());
    }
    let here = std::path::absolute(&file).map_err(|why| ConfigError::Unwritable { file: file.clone(), why })?;
    Ok((file, here))
}

/// What the maintainer may want to know before the questions.
fn seen(found: &Found) -> Option<String> {
    let registries = found.registries.join(", ");
    (!registries.is_empty()).then(|| format!("docker is logged in to {registries}\n"))
}

fn decide(args: &InitArgs, found: &Found, asker: Asker<'_>) -> Result<Draft, Failure> {
    let guess = Guess::from(found);
    let images = images(args, &guess, asker)?;
    let first = &images[0].repository;
    let branches = match args.branches.as_slice() {
        [] => {
            let proposed = Some(Branches(guess.branches())).filter(|proposed| !proposed.0.is_empty());
            asker.ask("Branches that are released", "--branch BRANCH", proposed.as_ref(), |_| Ok(()))?
        }
        given => given.join(" ").parse().map_err(|why: NoBranches| refused(why.to_string(), "--branch BRANCH"))?,
    };
    let secret = match &args.secret {
        Some(name) => name.clone(),
        None => asker.ask(
            "Name of the secret that holds the login",
            "--secret NAME",
            guess.secret(first).as_ref(),
            |_| Ok(()),
        )?,
    };
    let recipe = Guess::recipe(first);
    let cluster = if args.taskcluster { Some(cluster(&args.tasks, &guess, asker)?) } else { None };
    Ok(Draft { images, branches: branches.0, secret, recipe, cluster })
}

/// Where tasks are to release: the pushes to GitHub begin them.
fn cluster(args: &TasksArgs, guess: &Guess<'_>, asker: Asker<'_>) -> Result<DraftCluster, Failure> {
    let github = guess.github().ok_or_else(|| {
        Failure::usage(
            "nothing was written",
            "the remote of this checkout is not at github.com, whose pushes make the tasks",
            "push it there first: git remote -v",
        )
    })?;
    let root_url = match &args.root_url {
        Some(url) => url.clone(),
        None => asker.ask("Root URL of the Taskcluster deployment", "--root-url URL", None, |_| Ok(()))?,
    };
    let pool = match &args.pool {
        Some(pool) => pool.clone(),
        None => asker.ask("Pool of the tasks", "--pool PROVISIONER/WORKER-TYPE", None, |_| Ok(()))?,
    };
    Ok(DraftCluster { root_url, github: github.to_owned(), pool })
}

/// At least one image.
fn images(args: &InitArgs, guess: &Guess<'_>, asker: Asker<'_>) -> Result<Vec<DraftImage>, Failure> {
    let contexts = guess.contexts();
    let several = contexts.len() > 1;
    let answered = args.repository.is_some() && !several;
    let mut project = args.repository.clone().or_else(|| guess.repository());
    let mut images: Vec<DraftImage> = Vec::new();
    for (place, context) in contexts.iter().enumerate() {
        let proposed = project.as_ref().and_then(|project| guess.repository_of(context, project)).map(Target::To);
        let fits = |target: &Target| match target {
            Target::LeftOut if images.is_empty() && place + 1 == contexts.len() => {
                Err("a project has at least one image".to_owned())
            }
            Target::To(repository) if images.iter().any(|image| image.repository.last() == repository.last()) => {
                Err(format!("another image is called {} already", repository.last()))
            }
            Target::To(_) | Target::LeftOut => Ok(()),
        };
        let file = if context == "." { "Dockerfile".to_owned() } else { format!("{context}/Dockerfile") };
        let question = format!("Repository for {file}{}", if several { " (- for none)" } else { "" });
        let asker = if answered { Asker::Nobody } else { asker };
        if let Target::To(repository) = asker.ask(&question, "--repository REPOSITORY", proposed.as_ref(), fits)? {
            project.get_or_insert_with(|| repository.clone());
            images.push(DraftImage { repository, context: context.clone() });
        }
    }
    Ok(images)
}

/// Where the image of a Dockerfile goes.
#[derive(Clone)]
enum Target {
    To(Repository),
    LeftOut,
}

impl FromStr for Target {
    type Err = NotAReference;

    fn from_str(text: &str) -> Result<Self, NotAReference> {
        if text == "-" { Ok(Self::LeftOut) } else { text.parse().map(Self::To) }
    }
}

impl Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::To(repository) => repository.fmt(f),
            Self::LeftOut => f.write_str("-"),
        }
    }
}

/// At least one branch, or pattern of branches.
#[derive(Clone)]
struct Branches(Vec<String>);

#[derive(Debug, thiserror::Error)]
enum NoBranches {
    #[error("a branch is needed")]
    None,
    #[error(transparent)]
    NotAPattern(#[from] globset::Error),
}

impl FromStr for Branches {
    type Err = NoBranches;

    fn from_str(text: &str) -> Result<Self, NoBranches> {
        let names = text.split([',', ' ']).filter(|name| !name.is_empty());
        let names = names.map(|name| ref_glob(name).map(|_| name.to_owned())).collect::<Result<Vec<_>, _>>()?;
        if names.is_empty() { Err(NoBranches::None) } else { Ok(Self(names)) }
    }
}

impl Display for Branches {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join(", "))
    }
}

/// Who answers the questions.
#[derive(Clone, Copy)]
pub(super) enum Asker<'a> {
    Maintainer(&'a Terminal),
    /// What is found counts, and what is not found is missing.
    Nobody,
}

/// Where the questions are asked.
fn terminal(ground: &Ground) -> Result<Terminal, Failure> {
    if ground.output.json || !std::io::stdin().is_terminal() {
        return Err(refused("there is nobody to ask", "--yes to take what is found"));
    }
    Ok(Terminal::open()?)
}

impl Asker<'_> {
    /// # Errors
    /// When whoever is asked does not want it.
    pub(super) fn confirm(self, question: &str) -> Result<(), Failure> {
        match self {
            Self::Maintainer(terminal) if !matches!(terminal.ask(question)?.as_str(), "" | "y" | "Y" | "yes") => {
                Err(Failure::usage("nothing more was done", "it was not confirmed", "start again: windlass init"))
            }
            Self::Maintainer(_) | Self::Nobody => Ok(()),
        }
    }

    /// The answer; the default where there is none. Asked again until it fits.
    pub(super) fn ask<T: FromStr<Err: Display> + Display + Clone>(
        self,
        question: &str,
        flag: &str,
        default: Option<&T>,
        fits: impl Fn(&T) -> Result<(), String>,
    ) -> Result<T, Failure> {
        loop {
            let shown = default.map(|default| format!(" [{default}]")).unwrap_or_default();
            let answer = match self {
                Self::Maintainer(terminal) => terminal.ask(&format!("{question}{shown}: "))?,
                Self::Nobody => String::new(),
            };
            let meant = match (answer.as_str(), default) {
                ("", Some(default)) => Ok(default.clone()),
                ("", None) => Err("this cannot be told from what is here".to_owned()),
                (text, _) => text.parse().map_err(|why: T::Err| why.to_string()),
            };
            match (meant.and_then(|meant| fits(&meant).map(|()| meant)), self) {
                (Ok(meant), _) => return Ok(meant),
                (Err(why), Self::Maintainer(terminal)) => terminal.tell(&format!("  {why}\n"))?,
                (Err(why), Self::Nobody) => return Err(refused(format!("{question}: {why}"), flag)),
            }
        }
    }
}

fn refused(why: impl Into<String>, flag: &str) -> Failure {
    Failure::usage("nothing was written", why, format!("add {flag}"))
}
