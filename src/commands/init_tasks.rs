//! `windlass init --taskcluster`: the definition of a release's tasks, and what their roles are granted.

use std::{collections::BTreeSet, fmt::Write as _, path::Path};

use serde_json::json;

use super::{
    args::{GivenArgs, ImageArg, InitArgs, SecretNameArg, SecretSetArgs, TasksArgs},
    ground::Ground,
    init::Asker,
    secret_set,
};
use crate::{
    config::{Image, Project, SecretSource, Taskcluster, write_new},
    domain::{failure::Failure, holdings::StoreKind},
    git::Checkout,
    init::{
        definition::{Builder, Definition, Grant, Tasks},
        granting::{self, Lack},
    },
    keeping::Seen,
};

/// Source: the kaniko project. Its executor is the entry point of the image.
const KANIKO: &str = "gcr.io/kaniko-project/executor:latest";
const FILE: &str = ".taskcluster.yml";

/// Writes the definition of the project that is there by now.
pub async fn run(ground: &Ground, args: &InitArgs, asker: Asker<'_>) -> Result<u8, Failure> {
    let permit = ground.permit("init")?;
    let project = ground.project()?;
    let (at, github) = place(&project)?;
    let checkout = Checkout::open(&project.root).await?;
    let file = checkout.top().join(FILE);
    if file.exists() && !args.tasks.print {
        return Err(Failure::usage(
            "nothing was written",
            format!("{} is there already, and is not written over", file.display()),
            "see what would be in it, and take over what it lacks: windlass init --taskcluster --print",
        ));
    }
    let wanted = Wanted::from(&args.tasks, at, asker)?;
    let definition = Definition {
        project: &project,
        folder: checkout.prefix(),
        github,
        pool: &wanted.pool,
        windlass: &wanted.windlass,
        tasks: wanted.tasks,
    };
    let text = definition.text()?;
    let grants = definition.grants()?;
    if args.tasks.print {
        ground.output.result(|| json!({"schema": "windlass.init-tasks/1", "definition": text}), |_| text.clone())?;
        return Ok(0);
    }
    asker.confirm(&format!("\n{text}\nWrite this to {}? [Y/n] ", file.display()))?;
    write_new(&file, &text, permit)?;
    let lacking = if args.tasks.apply { Some(apply(ground, at, &grants, asker).await?) } else { None };
    let secrets = secrets(&project);
    if args.tasks.apply {
        set_secrets(ground, &secrets, asker).await?;
    }
    ground.output.result(
        || {
            json!({
                "schema": "windlass.init-tasks/1", "file": file,
                "secrets": secrets.iter().map(|image| &image.secret.name).collect::<Vec<_>>(),
                "grants": grants.iter().map(|grant| json!({"role": grant.role, "scopes": grant.scopes})).collect::<Vec<_>>(),
                "granted": lacking.as_ref().map(|lacking| lacking.iter().map(|lack| &lack.role).collect::<Vec<_>>()),
            })
        },
        |_| told(&file, at, &grants, lacking.as_deref(), &secrets),
    )?;
    Ok(0)
}

/// Where the project's tasks are to be. A task has no vault.
fn place(project: &Project) -> Result<(&Taskcluster, &str), Failure> {
    let lacks = |why: &str, next: &str| Err(Failure::usage("nothing was written", why, next));
    let Some(at) = &project.taskcluster else {
        return lacks("windlass.toml names no deployment", "add to it: [taskcluster] root-url = \"https://…\"");
    };
    let Some(github) = &at.github else {
        return lacks(
            "windlass.toml names no repository at GitHub, whose pushes make the tasks",
            "add to [taskcluster]: github = \"owner/repository\"",
        );
    };
    if project.images.iter().any(|image| image.secret.store.is_vault()) {
        return lacks(
            "the login is in the vault of this machine, which no task can read",
            "keep it at the deployment: [secret] store = \"taskcluster\"",
        );
    }
    Ok((at, github))
}

struct Wanted {
    pool: String,
    windlass: String,
    tasks: Tasks,
}

impl Wanted {
    fn from(args: &TasksArgs, at: &Taskcluster, asker: Asker<'_>) -> Result<Self, Failure> {
        let pool = match args.pool.clone().or_else(|| at.pools.first().cloned()) {
            Some(pool) => pool,
            None => {
                asker.ask("Pool of the tasks (provisioner/worker-type)", "--pool POOL", None, |_: &String| Ok(()))?
            }
        };
        let windlass = match &args.windlass_image {
            Some(image) => image.clone(),
            None => asker.ask("Image with windlass and git", "--windlass-image IMAGE", None, |_: &String| Ok(()))?,
        };
        let image = args.build_image.clone();
        let tasks = match &args.build_command {
            _ if args.single_task => Tasks::One,
            Some(command) => Tasks::Two(Builder::Shell { image: image.unwrap_or_default(), command: command.clone() }),
            None => Tasks::Two(Builder::Kaniko { image: image.unwrap_or_else(|| KANIKO.to_owned()) }),
        };
        Ok(Self { pool, windlass, tasks })
    }
}

/// Gives the roles what they lack. The answer is what that was.
async fn apply(ground: &Ground, at: &Taskcluster, grants: &[Grant], asker: Asker<'_>) -> Result<Vec<Lack>, Failure> {
    let permit = ground.permit("init --apply")?;
    let deployment = ground.taskcluster(at.root_url.clone())?.deployment;
    let lacking = granting::lacking(&deployment, grants).await?;
    if lacking.is_empty() {
        return Ok(lacking);
    }
    let acts: Vec<String> = lacking.iter().map(|lack| format!("  {lack}")).collect();
    asker.confirm(&format!("At {}:\n{}\nDo this? [Y/n] ", at.root_url.host(), acts.join("\n")))?;
    let (journal, who) = (ground.journal().await?, super::release::who());
    for lack in &lacking {
        granting::grant(&deployment, lack, &journal, &who, permit).await?;
    }
    Ok(lacking)
}

/// Asks for the logins that are not there yet, where somebody is there to type them.
async fn set_secrets(ground: &Ground, secrets: &[&Image], asker: Asker<'_>) -> Result<(), Failure> {
    let Asker::Maintainer(terminal) = asker else { return Ok(()) };
    for image in secrets {
        let SecretSource { store, name, .. } = &image.secret;
        let StoreKind::Taskcluster(root) = store else { continue };
        let bound = BTreeSet::from([image.repository.clone()]);
        if !matches!(ground.cluster(root)?.look(name, &bound).await?, Seen::Nothing) {
            continue;
        }
        terminal.tell(&format!("There is no secret {name} yet.\n"))?;
        let given = GivenArgs {
            name: SecretNameArg { name: None, image: ImageArg { image: Some(image.name.clone()) } },
            username: None,
            password_stdin: false,
            document_stdin: false,
            from_docker: false,
        };
        secret_set::run(ground, &SecretSetArgs { given, replace: false, expires: None, identity: None }).await?;
    }
    Ok(())
}

/// An image of each secret that the tasks read.
fn secrets(project: &Project) -> Vec<&Image> {
    let mut names = BTreeSet::new();
    project.images.iter().filter(|image| names.insert(&image.secret.name)).collect()
}

fn told(file: &Path, at: &Taskcluster, grants: &[Grant], granted: Option<&[Lack]>, secrets: &[&Image]) -> String {
    let mut text = format!("{} is written\n", file.display());
    match granted {
        None => {
            let _ = writeln!(text, "\nat {} these roles need:", at.root_url.host());
            for Grant { role, scopes } in grants {
                let _ = writeln!(text, "  {role}");
                for scope in scopes {
                    let _ = writeln!(text, "    {scope}");
                }
            }
            text.push_str("where your credentials may grant them: windlass init --taskcluster --apply\n");
        }
        Some([]) => text.push_str("the roles have all that its tasks need\n"),
        Some(granted) => granted.iter().for_each(|lack| {
            let _ = writeln!(text, "the role {} was given {}", lack.role, lack.scopes.join(", "));
        }),
    }
    let names: Vec<&str> = secrets.iter().map(|image| image.secret.name.as_str()).collect();
    let _ = write!(
        text,
        "\nnext:\n  \
         windlass secret set     store the registry's login as {}, if it is not there yet\n  \
         windlass doctor         see whether role, definition, pool and login fit together\n  \
         git push                the first release, once the file is committed",
        names.join(", ")
    );
    text
}
