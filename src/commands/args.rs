//! The command line. Help, completions and the manual come from these types alone.

use std::{path::PathBuf, str::FromStr};

use clap::{
    Args, Parser, Subcommand, ValueEnum,
    builder::{PossibleValue, PossibleValuesParser, TypedValueParser},
};

use crate::domain::{
    archive::ArchiveSource,
    finding::CheckId,
    holdings::WantedEnd,
    name::{ProjectName, SecretName},
    reference::{Platform, Repository, Tag},
    root_url::RootUrl,
    sign_in::{self, Lifetime},
    task,
};

/// The release console for container images.
///
/// Builds an image from a commit, pushes its moving and frozen tags, records the sha256, and shows
/// registry and record side by side with a verdict. Without a command, on a terminal: the console.
#[derive(Debug, Parser)]
#[command(name = "windlass", version, max_term_width = 100)]
pub struct Cli {
    #[command(flatten)]
    pub global: Global,
    /// Draw the console with ASCII characters alone, as it is where the locale has no others
    #[arg(long)]
    pub ascii: bool,
    #[command(subcommand)]
    pub command: Option<Command>,
}

#[derive(Debug, Args)]
pub struct Global {
    /// Use this windlass.toml instead of the one found upwards from the current folder
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Use the project of this name, one that windlass was used in before, from wherever this is
    #[arg(long, global = true, value_name = "NAME", conflicts_with = "config")]
    pub project: Option<ProjectName>,
    /// One JSON document on stdout; errors as JSON on stderr
    #[arg(long, global = true)]
    pub json: bool,
    /// Refuse everything that changes something
    #[arg(long, global = true)]
    pub read_only: bool,
    /// Started by another windlass, which asked what was to be asked and waits for one line
    #[arg(long, global = true, hide = true)]
    pub detached: bool,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Build, push, record and verify an image
    ///
    /// Inside a task of Taskcluster (TASK_ID and RUN_ID are set) it is the task's script: the secret is read through the
    /// task's proxy (features.taskclusterProxy: true), and the record becomes an artifact of the task's run.
    Release(ReleaseArgs),
    /// Release the same commit once more, or take a release up at a step; on Taskcluster, run tasks again
    ///
    /// A release on Taskcluster: its tasks that did not end well are run again, or all of them where all did; those that
    /// depend on another once that has completed. The queue does so until their deadline. With --clone new tasks of the same
    /// definition are made, with new ids and times: they need every scope that the tasks have themselves.
    Rerun(RerunArgs),
    /// Roll a moving tag back to the image of a release, without building
    Point(PointArgs),
    /// List releases, the newest first
    Releases {
        #[command(flatten)]
        image: ImageArg,
        /// At most this many
        #[arg(long, default_value_t = 20, value_name = "N")]
        limit: usize,
    },
    /// Show one release: its steps, tags, record and verdicts
    Show {
        #[command(flatten)]
        release: ReleaseArg,
        /// Follow it to its end, log and all; the exit code is the release's
        #[arg(long)]
        watch: bool,
    },
    /// End a release that runs, wherever it was started; on Taskcluster, its tasks that are not over
    Cancel(CancelArgs),
    /// Print the build log of a release
    Log {
        #[command(flatten)]
        release: ReleaseArg,
        /// Go on until the release ends
        #[arg(long, short)]
        follow: bool,
        /// Only lines that match this regular expression
        #[arg(long, value_name = "RE")]
        grep: Option<String>,
    },
    /// What the tasks of a release on Taskcluster left, or one of it into a file
    Artifacts(ArtifactsArgs),
    /// What the decision task of a release on Taskcluster offers to be done, or one of it done
    ///
    /// These are the actions of its `public/actions.json`. Their hooks are fired only where your settings name the group of
    /// the hook (`hook-groups` under `[taskcluster]`), and where a push or a release began the tasks.
    Action(ActionArgs),
    /// Registry and record side by side, with a verdict for every tag
    Tags {
        #[command(flatten)]
        image: ImageArg,
        /// Fetch and hash everything now
        #[arg(long)]
        fresh: bool,
        /// What this tag pointed to, and when it changed
        #[arg(long, value_name = "TAG")]
        history: Option<String>,
        #[command(flatten)]
        records: RecordsArg,
    },
    /// Fetch, hash and judge; the exit code is the verdict
    Verify(VerifyArgs),
    /// Say what a digest is: image, manifest, index, layer; of which release
    Find {
        /// `sha256:` and 64 digits, or at least 7 of its digits
        digest: String,
        #[command(flatten)]
        image: ImageArg,
    },
    /// Check everything a release stands on, and say what to do
    ///
    /// Exit code: 1 if a check fails; else 4 if one could not be carried out; else 0.
    Doctor {
        /// Only this check
        #[arg(value_name = "CHECK", value_parser = checks())]
        check: Option<CheckId>,
        #[command(flatten)]
        image: ImageArg,
    },
    /// Write a windlass.toml from what is found here
    Init(InitArgs),
    /// The registry login, in its store
    #[command(subcommand)]
    Secret(SecretCommand),
    /// Get credentials for the project's Taskcluster deployment, in the browser, and keep them in the vault
    ///
    /// The page asks for no more scopes than this project's secrets need. What the environment has is used before a
    /// sign-in, and a sign-in before what Taskcluster's own command line has.
    Signin(SigninArgs),
    /// Who changed what, the newest first; as JSON, one line each
    Audit {
        /// At most this many
        #[arg(long, default_value_t = 50, value_name = "N")]
        limit: usize,
    },
    /// Print the completions of a shell
    Completions {
        #[arg(required_unless_present = "projects")]
        shell: Option<clap_complete::Shell>,
        /// Print the names that --project takes, as those completions ask for them
        #[arg(long, hide = true, conflicts_with = "shell")]
        projects: bool,
    },
    /// Print the manual page
    Man {
        /// Write the pages of all commands into this folder instead
        #[arg(long, value_name = "FOLDER")]
        dir: Option<PathBuf>,
    },
}

impl Command {
    /// Something of the project, or outside, is different once it has succeeded.
    pub fn changes_something(&self) -> bool {
        match self {
            Self::Release(ReleaseArgs { manner, .. }) | Self::Rerun(RerunArgs { manner, .. }) => !manner.dry_run,
            Self::Secret(SecretCommand::Rotate(args)) => !args.open.status,
            Self::Secret(SecretCommand::Set(_) | SecretCommand::Bind(_) | SecretCommand::Remove { .. })
            | Self::Point(_)
            | Self::Init(_) => true,
            Self::Cancel(args) => !args.dry_run,
            Self::Action(args) => args.name.is_some() && !args.dry_run,
            Self::Signin(args) => !args.instead.status,
            Self::Secret(SecretCommand::List | SecretCommand::Show(_) | SecretCommand::Check(_))
            | Self::Releases { .. }
            | Self::Show { .. }
            | Self::Log { .. }
            | Self::Artifacts(_)
            | Self::Tags { .. }
            | Self::Verify(_)
            | Self::Find { .. }
            | Self::Doctor { .. }
            | Self::Audit { .. }
            | Self::Completions { .. }
            | Self::Man { .. } => false,
        }
    }

    /// A registry is asked with the login of the project's secret.
    pub fn uses_login(&self) -> bool {
        matches!(
            self,
            Self::Release(_)
                | Self::Rerun(_)
                | Self::Point(_)
                | Self::Tags { .. }
                | Self::Verify(_)
                | Self::Find { .. }
                | Self::Secret(SecretCommand::Check(_) | SecretCommand::Rotate(_))
        )
    }
}

/// The names of the checks, for help and completions too.
fn checks() -> impl TypedValueParser<Value = CheckId> {
    let values = CheckId::ALL.map(|check| PossibleValue::new(check.name()).help(check.title()));
    PossibleValuesParser::new(values).try_map(|name| name.parse::<CheckId>())
}

#[derive(Debug, Clone, Args)]
pub struct ImageArg {
    /// The image of windlass.toml, by name, where there are several
    #[arg(long, value_name = "NAME")]
    pub image: Option<String>,
}

#[derive(Debug, Args)]
pub struct ReleaseArg {
    /// Id or its beginning, commit, or @ for the newest; of Taskcluster a task, a group, or its page
    #[arg(value_name = "RELEASE")]
    pub release: String,
    #[command(flatten)]
    pub image: ImageArg,
}

#[derive(Debug, Args)]
pub struct ReleasesArg {
    /// Ids or their beginnings, commits, or @ for the newest; of Taskcluster tasks, groups, or their pages. Each is dealt with in
    /// its turn
    #[arg(value_name = "RELEASE", required = true)]
    pub releases: Vec<String>,
    #[command(flatten)]
    pub image: ImageArg,
}

impl ReleasesArg {
    pub fn each(&self) -> impl Iterator<Item = ReleaseArg> {
        self.releases.iter().map(|release| ReleaseArg { release: release.clone(), image: self.image.clone() })
    }
}

#[derive(Debug, Args)]
pub struct ArtifactsArgs {
    #[command(flatten)]
    pub release: ReleaseArg,
    /// Write the artifact of this name to a file
    #[arg(long, value_name = "NAME")]
    pub get: Option<String>,
    /// The file; the last part of the artifact's name in the current folder without it
    #[arg(long, short, value_name = "FILE", requires = "get")]
    pub output: Option<PathBuf>,
    /// Replace a file that is there
    #[arg(long, requires = "get")]
    pub force: bool,
}

#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag that is said or not")]
pub struct ActionArgs {
    #[command(flatten)]
    pub release: ReleaseArg,
    /// Do the action of this name; without it all are listed
    #[arg(value_name = "NAME")]
    pub name: Option<String>,
    /// To this task, by name or id; where it is for several
    #[arg(long, value_name = "TASK", requires = "name")]
    pub task: Option<String>,
    /// What it is given, as JSON on stdin; what its schema says is usual without
    #[arg(long, requires = "name")]
    pub input_stdin: bool,
    /// Show what its hook would be fired with, and do nothing
    #[arg(long, requires = "name")]
    pub dry_run: bool,
    /// Do not ask
    #[arg(long, short, requires = "name")]
    pub yes: bool,
    /// Do not follow what it does
    #[arg(long, requires = "name", conflicts_with = "dry_run")]
    pub detach: bool,
}

#[derive(Debug, Args)]
pub struct RecordsArg {
    /// Also count the records (release.json) in and below this folder
    #[arg(long, value_name = "FOLDER")]
    pub records: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct ReleaseArgs {
    #[command(flatten)]
    pub image: ImageArg,
    /// Release this commit, branch or tag; the checkout is left alone
    #[arg(long = "ref", value_name = "REF")]
    pub git_ref: Option<String>,
    /// The branch it is released from, where git cannot tell
    #[arg(long, value_name = "BRANCH")]
    pub branch: Option<String>,
    /// Build for this platform; of an archive with several, take the image for it
    #[arg(long, value_name = "OS/ARCH")]
    pub platform: Option<Platform>,
    /// Build nothing: push the image of this archive, as docker save or an OCI layout has it, packed with gzip or zstd or
    /// not. No engine is needed. TASK[.RUN]:NAME is an artifact on Taskcluster
    #[arg(long, value_name = "FILE")]
    pub from_archive: Option<ArchiveSource>,
    /// Where it runs, whatever `[runner] kind` says
    #[arg(long, value_name = "RUNNER")]
    pub on: Option<On>,
    /// On Taskcluster, where a hook begins it: what it is fired with, as JSON on stdin; {} without
    #[arg(long)]
    pub payload_stdin: bool,
    /// On Taskcluster: how long its build is waited for, once it is begun
    #[arg(long, value_name = "SECONDS", default_value_t = 120)]
    pub wait: u64,
    #[command(flatten)]
    pub manner: Manner,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum On {
    /// The Docker engine of this machine
    Local,
    /// The deployment that windlass.toml names, as its `trigger` says
    Taskcluster,
}

/// How a release is gone about, a new one or one that is taken up again.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag that is said or not")]
pub struct Manner {
    /// Point moving tags back although they show a release that is no ancestor
    #[arg(long = "move")]
    pub move_tags: bool,
    /// Show what would happen, and do nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Do not ask
    #[arg(long, short)]
    pub yes: bool,
    /// Run on without this terminal, and print the release's id
    #[arg(long, conflicts_with = "dry_run")]
    pub detach: bool,
}

#[derive(Debug, Default, Args)]
pub struct InitArgs {
    /// Where the image is pushed; what is found below folders gets their names behind it
    #[arg(long, value_name = "REPOSITORY")]
    pub repository: Option<Repository>,
    /// A branch that is released; the first one's image is `latest`
    #[arg(long = "branch", value_name = "BRANCH")]
    pub branches: Vec<String>,
    /// Name of the secret that holds the registry's login
    #[arg(long, value_name = "NAME")]
    pub secret: Option<SecretName>,
    /// Do not ask: take what is found
    #[arg(long, short)]
    pub yes: bool,
    /// Write .taskcluster.yml too: the tasks that a push to a branch that is released makes
    ///
    /// Two tasks for each image: one builds and has no secret, one pushes and runs no code of the project. Where there is
    /// a windlass.toml already, its `[taskcluster]` says where.
    #[arg(long)]
    pub taskcluster: bool,
    #[command(flatten)]
    pub tasks: TasksArgs,
}

/// Of the tasks that `init --taskcluster` writes.
#[derive(Debug, Default, Args)]
pub struct TasksArgs {
    /// The Taskcluster deployment
    #[arg(long, value_name = "URL", requires = "taskcluster")]
    pub root_url: Option<RootUrl>,
    /// Where the tasks run: provisioner/worker-type
    #[arg(long, value_name = "POOL", requires = "taskcluster", value_parser = pool)]
    pub pool: Option<String>,
    /// An image with windlass and git in it, for the tasks that push
    #[arg(long, value_name = "IMAGE", requires = "taskcluster")]
    pub windlass_image: Option<String>,
    /// The image that builds: kaniko's executor, or any with --build-command
    #[arg(long, value_name = "IMAGE", requires = "taskcluster", conflicts_with = "single_task")]
    pub build_image: Option<String>,
    /// What a shell of that image does instead; it finds REPOSITORY_URL, COMMIT, CONTEXT, DOCKERFILE and IMAGE, and leaves
    /// an archive at ARCHIVE
    #[arg(long, value_name = "COMMAND", requires = "build_image")]
    pub build_command: Option<String>,
    /// Build and push in one task, on workers with a Docker engine; what it builds could then read the login
    #[arg(long, requires = "taskcluster")]
    pub single_task: bool,
    /// Print the definition, and write nothing
    #[arg(long, requires = "taskcluster", conflicts_with = "apply")]
    pub print: bool,
    /// Give the roles what they lack, where your credentials may; and set the secret, where there is none yet
    #[arg(long, requires = "taskcluster")]
    pub apply: bool,
}

fn pool(text: &str) -> Result<String, &'static str> {
    task::is_pool(text).then(|| text.to_owned()).ok_or("a pool is provisioner/worker-type")
}

#[derive(Debug, Args)]
pub struct RerunArgs {
    #[command(flatten)]
    pub releases: ReleasesArg,
    /// Keep its plan and what it did before this step: preflight, secret, build, push, record, verify. On Taskcluster: this
    /// task, by name or id, and those that depend on it
    #[arg(long, value_name = "STEP", conflicts_with = "tasks")]
    pub from: Option<String>,
    /// Of a release on Taskcluster this task alone, by name or id; may be said several times
    #[arg(long = "task", value_name = "TASK")]
    pub tasks: Vec<String>,
    /// On Taskcluster: make new tasks of the same definition
    #[arg(long)]
    pub clone: bool,
    #[command(flatten)]
    pub manner: Manner,
}

#[derive(Debug, Args)]
pub struct CancelArgs {
    #[command(flatten)]
    pub releases: ReleasesArg,
    /// Of a release on Taskcluster this task alone, by name or id
    #[arg(long, value_name = "TASK")]
    pub task: Option<String>,
    /// On Taskcluster: end everything in its group, and seal that for good, so that nothing can be added to it
    #[arg(long, conflicts_with = "task")]
    pub seal: bool,
    /// The id of the group that is sealed: this cannot be undone
    #[arg(long, value_name = "GROUP", requires = "seal")]
    pub confirm: Option<String>,
    /// On Taskcluster: show what would be ended, and do nothing
    #[arg(long)]
    pub dry_run: bool,
    /// On Taskcluster: do not ask
    #[arg(long, short)]
    pub yes: bool,
}

#[derive(Debug, Args)]
pub struct PointArgs {
    /// The moving tag
    #[arg(value_name = "TAG")]
    pub tag: Tag,
    #[command(flatten)]
    pub release: ReleaseArg,
    /// Do not ask
    #[arg(long, short)]
    pub yes: bool,
}

#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// A tag of the image, or REPOSITORY:TAG; without it every tag
    #[arg(value_name = "REF")]
    pub reference: Option<String>,
    #[command(flatten)]
    pub image: ImageArg,
    /// Also fetch every layer and hash it, compressed and uncompressed
    #[arg(long)]
    pub deep: bool,
    /// Notices count as bad
    #[arg(long)]
    pub strict: bool,
    #[command(flatten)]
    pub records: RecordsArg,
}

#[derive(Debug, Subcommand)]
pub enum SecretCommand {
    /// Store a login, bound to the repository it is for
    Set(SecretSetArgs),
    /// Names, bindings and ages; never values
    List,
    /// Keys and fingerprints of one secret; never values
    Show(SecretNameArg),
    /// Prove that the login is accepted and may push
    Check(SecretNameArg),
    /// Let a secret be used for the repositories of this project, such as one that was set elsewhere
    Bind(SecretNameArg),
    /// Replace the password by a new one that is proven first, or take up a rotation that was left open
    Rotate(SecretRotateArgs),
    /// Delete a secret for good
    Remove {
        #[command(flatten)]
        name: SecretNameArg,
        /// The name once more: this cannot be undone
        #[arg(long, value_name = "NAME")]
        confirm: Option<String>,
    },
}

#[derive(Debug, Clone, Args)]
pub struct SecretNameArg {
    /// Name of the secret; the configuration's without it
    pub name: Option<String>,
    #[command(flatten)]
    pub image: ImageArg,
}

#[derive(Debug, Args)]
pub struct SecretRotateArgs {
    /// The new login; the user name is the old one's where none is given
    #[command(flatten)]
    pub new: GivenArgs,
    /// How the key is kept of the vault that holds both documents meanwhile, where there is none yet: plain, passphrase,
    /// or ssh:PATH
    #[arg(long, value_name = "KIND")]
    pub identity: Option<IdentityArg>,
    #[command(flatten)]
    pub open: OpenRotationArgs,
}

#[derive(Debug, Args)]
#[group(multiple = false, conflicts_with_all = ["username", "password_stdin", "document_stdin", "from_docker"])]
pub struct OpenRotationArgs {
    /// Say where an open rotation stands
    #[arg(long)]
    pub status: bool,
    /// Go on with an open rotation where it stopped
    #[arg(long)]
    pub resume: bool,
    /// Go back to the old password, and see whether it still works
    #[arg(long)]
    pub rollback: bool,
}

#[derive(Debug, Args)]
pub struct SecretSetArgs {
    #[command(flatten)]
    pub given: GivenArgs,
    /// Replace the whole document: it then holds the login alone, and its other keys are lost
    #[arg(long, conflicts_with = "document_stdin")]
    pub replace: bool,
    /// When Taskcluster gives the secret no more: a time such as 2027-06-30T00:00:00Z, or never; else as it was
    #[arg(long, value_name = "TIME")]
    pub expires: Option<WantedEnd>,
    /// How the key of a new vault is kept: plain, passphrase, or ssh:PATH of an SSH private key
    #[arg(long, value_name = "KIND")]
    pub identity: Option<IdentityArg>,
}

/// Which secret, and where its login comes from.
#[derive(Debug, Args)]
pub struct GivenArgs {
    #[command(flatten)]
    pub name: SecretNameArg,
    /// User name at the registry
    #[arg(long, value_name = "USER", conflicts_with = "document_stdin")]
    pub username: Option<String>,
    /// Read the password from stdin, as docker login does
    #[arg(long, conflicts_with = "document_stdin")]
    pub password_stdin: bool,
    /// Read the whole JSON document from stdin
    #[arg(long)]
    pub document_stdin: bool,
    /// Take over the login that Docker has for this registry (docker login, credential helpers)
    #[arg(long, conflicts_with_all = ["username", "password_stdin", "document_stdin"])]
    pub from_docker: bool,
}

#[derive(Debug, Args)]
pub struct SigninArgs {
    /// The deployment; without it the project's
    #[arg(long, value_name = "URL")]
    pub root_url: Option<RootUrl>,
    /// Ask for this scope too
    #[arg(long = "scope", value_name = "SCOPE", value_parser = sign_in::scope)]
    pub scopes: Vec<String>,
    /// How long it is to last: 30m, 8h, 1d, 2w
    #[arg(long, value_name = "TIME", default_value = "1d")]
    pub expires: Lifetime,
    /// The browser is on another machine: bring the address at which it ends
    #[arg(long)]
    pub paste: bool,
    /// Read that address, or a client id and its access token, from stdin
    #[arg(long, conflicts_with = "paste")]
    pub stdin: bool,
    /// How the key of a new vault is kept: plain, passphrase, or ssh:PATH of an SSH private key
    #[arg(long, value_name = "KIND")]
    pub identity: Option<IdentityArg>,
    /// Do not ask
    #[arg(long, short)]
    pub yes: bool,
    #[command(flatten)]
    pub instead: InsteadOfSigninArgs,
}

#[derive(Debug, Args)]
#[group(multiple = false, conflicts_with_all = ["scopes", "paste", "stdin", "identity"])]
pub struct InsteadOfSigninArgs {
    /// Say who is asked as, until when, and with which scopes; exit code 1 where it is nobody
    #[arg(long)]
    pub status: bool,
    /// Forget the credentials of a sign-in
    #[arg(long)]
    pub forget: bool,
}

/// How the key of a new vault is kept.
#[derive(Debug, Clone)]
pub enum IdentityArg {
    Plain,
    Passphrase,
    Ssh(PathBuf),
}

impl FromStr for IdentityArg {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match (text, text.strip_prefix("ssh:")) {
            ("plain", _) => Ok(Self::Plain),
            ("passphrase", _) => Ok(Self::Passphrase),
            (_, Some(path)) if !path.is_empty() => Ok(Self::Ssh(path.into())),
            _ => Err("plain, passphrase or ssh:PATH is expected"),
        }
    }
}
