//! The command line. Help, and later completions and the man page, come from these types alone.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::domain::reference::Platform;

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
    Release(ReleaseArgs),
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
    /// End a release that runs, wherever it was started
    Cancel {
        #[command(flatten)]
        release: ReleaseArg,
    },
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
    /// The registry login, in its store
    #[command(subcommand)]
    Secret(SecretCommand),
}

#[derive(Debug, Args)]
pub struct ImageArg {
    /// The image of windlass.toml, by name, where there are several
    #[arg(long, value_name = "NAME")]
    pub image: Option<String>,
}

#[derive(Debug, Args)]
pub struct ReleaseArg {
    /// Id or its beginning, commit, or @ for the newest
    #[arg(value_name = "RELEASE")]
    pub release: String,
    #[command(flatten)]
    pub image: ImageArg,
}

#[derive(Debug, Args)]
pub struct RecordsArg {
    /// Also count the records (release.json) in and below this folder
    #[arg(long, value_name = "FOLDER")]
    pub records: Option<PathBuf>,
}

#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag that is said or not")]
pub struct ReleaseArgs {
    #[command(flatten)]
    pub image: ImageArg,
    /// Release this commit, branch or tag; the checkout is left alone
    #[arg(long = "ref", value_name = "REF")]
    pub git_ref: Option<String>,
    /// The branch it is released from, where git cannot tell
    #[arg(long, value_name = "BRANCH")]
    pub branch: Option<String>,
    /// Build for this platform
    #[arg(long, value_name = "OS/ARCH")]
    pub platform: Option<Platform>,
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
    /// Delete a secret for good
    Remove {
        #[command(flatten)]
        name: SecretNameArg,
        /// The name once more: this cannot be undone
        #[arg(long, value_name = "NAME")]
        confirm: Option<String>,
    },
}

#[derive(Debug, Args)]
pub struct SecretNameArg {
    /// Name of the secret; the configuration's without it
    pub name: Option<String>,
    #[command(flatten)]
    pub image: ImageArg,
}

#[derive(Debug, Args)]
pub struct SecretSetArgs {
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
}
