//! `[taskcluster]`: where builds run, and which of them count.

use super::section::{Reader, Section};
use crate::domain::{
    beginning::By,
    record::{RECORD_FILE, SHASUM_FILE},
    root_url::{NotARootUrl, RootUrl},
    task::is_pool,
    term::Term,
};

/// The `[taskcluster]` section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taskcluster {
    pub root_url: RootUrl,
    /// `owner/repository` where builds are listed.
    pub github: Option<String>,
    /// Places in the index whose tasks are of releases, too.
    pub index: Vec<String>,
    /// Globs of the names of tasks that make a release.
    pub tasks: Vec<String>,
    /// The artifact that holds the image id.
    pub artifact: String,
    /// How long the artifacts of a release inside a task are kept, if the task is.
    pub artifact_expires: Term,
    /// Where they are kept.
    pub storage: Storage,
    /// A regular expression of which the one group is the digest, where only the log has it.
    pub digest_in_log: Option<String>,
    /// `provisioner/worker-type`; a record counts only from these. Empty: from any.
    pub pools: Vec<String>,
    pub trigger: Trigger,
}

/// Where the queue has the bytes of an artifact kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Storage {
    /// A bucket: every deployment has one, and what is there can be written again by the same run.
    #[default]
    S3,
    /// The object service, which knows hashes, and which a deployment need not have set up.
    Object,
}

impl Taskcluster {
    /// The artifact that holds the whole record: beside the other.
    #[must_use]
    pub fn record_artifact(&self) -> String {
        let folder = self.artifact.rsplit_once('/').map_or(String::new(), |(folder, _)| format!("{folder}/"));
        format!("{folder}{RECORD_FILE}")
    }
}

/// What starts a release on Taskcluster.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Trigger {
    /// A push to the branch.
    #[default]
    GitPush,
    /// A git tag.
    GitTag,
    Hook {
        group: String,
        id: String,
    },
    /// The tasks of this `.taskcluster.yml`, created by us.
    Yml(String),
}

impl Trigger {
    #[must_use]
    pub fn by(&self) -> By {
        match self {
            Self::GitPush => By::Push,
            Self::GitTag => By::Tag,
            Self::Hook { .. } => By::Hook,
            Self::Yml(_) => By::Tasks,
        }
    }
}

/// Reads the section; `None` where something in it is wrong, which the reader then knows.
pub(super) fn read(reader: &mut Reader<'_>, section: Section<'_>) -> Option<Taskcluster> {
    let keys = [
        "root-url",
        "github",
        "index",
        "tasks",
        "artifact",
        "artifact-expires",
        "storage",
        "digest-in-log",
        "pools",
        "trigger",
    ];
    let section = section.only(reader, &keys);
    section.require(reader, &["root-url"]);
    Some(Taskcluster {
        github: github(reader, &section),
        index: index(reader, &section),
        tasks: tasks(reader, &section),
        artifact: section
            .string(reader, "artifact")
            .map_or_else(|| format!("public/{SHASUM_FILE}"), |artifact| artifact.value.to_owned()),
        artifact_expires: section.parsed(reader, "artifact-expires").unwrap_or_default(),
        storage: section
            .choice(reader, "storage", &[("s3", Storage::S3), ("object", Storage::Object)])
            .unwrap_or_default(),
        digest_in_log: digest_in_log(reader, &section),
        pools: pools(reader, &section),
        trigger: trigger(reader, &section).unwrap_or_default(),
        root_url: root_url(reader, &section)?,
    })
}

fn root_url(reader: &mut Reader<'_>, section: &Section<'_>) -> Option<RootUrl> {
    let text = section.string(reader, "root-url")?;
    text.value.parse().inspect_err(|why: &NotARootUrl| reader.problem(text.span, &why.to_string(), None)).ok()
}

fn github(reader: &mut Reader<'_>, section: &Section<'_>) -> Option<String> {
    let text = section.string(reader, "github")?;
    let word = |part: &str| {
        !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
    };
    if text.value.split_once('/').is_some_and(|(owner, name)| word(owner) && word(name)) {
        return Some(text.value.to_owned());
    }
    reader.problem(text.span, &format!("`{}` is not owner/repository", text.value), None);
    None
}

fn index(reader: &mut Reader<'_>, section: &Section<'_>) -> Vec<String> {
    let paths = section.strings(reader, "index").unwrap_or_default();
    for path in &paths {
        // Source: index, `namespace`.
        let fits = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_graphic() && b != b'/');
        if !path.value.split('.').all(fits) {
            reader.problem(path.span.clone(), &format!("`{}` is no place in the index: a.b.c", path.value), None);
        }
    }
    paths.into_iter().map(|path| path.value.to_owned()).collect()
}

fn tasks(reader: &mut Reader<'_>, section: &Section<'_>) -> Vec<String> {
    let Some(globs) = section.strings(reader, "tasks") else {
        return ["docker-image-*", "push-image-*"].map(ToOwned::to_owned).into();
    };
    for glob in &globs {
        if let Err(why) = globset::Glob::new(glob.value) {
            reader.problem(glob.span.clone(), &why.to_string(), None);
        }
    }
    globs.into_iter().map(|glob| glob.value.to_owned()).collect()
}

fn digest_in_log(reader: &mut Reader<'_>, section: &Section<'_>) -> Option<String> {
    let text = section.string(reader, "digest-in-log")?;
    let wrong = match regex::Regex::new(text.value) {
        Err(why) => why.to_string().lines().last().unwrap_or_default().to_owned(),
        Ok(pattern) if pattern.captures_len() != 2 => {
            "the pattern must have exactly one group: the digest, as in (sha256:[0-9a-f]{64})".to_owned()
        }
        Ok(_) => return Some(text.value.to_owned()),
    };
    reader.problem(text.span, &wrong, None);
    None
}

fn pools(reader: &mut Reader<'_>, section: &Section<'_>) -> Vec<String> {
    let pools = section.strings(reader, "pools").unwrap_or_default();
    for pool in &pools {
        if !is_pool(pool.value) {
            reader.problem(pool.span.clone(), &format!("`{}` is not provisioner/worker-type", pool.value), None);
        }
    }
    pools.into_iter().map(|pool| pool.value.to_owned()).collect()
}

fn trigger(reader: &mut Reader<'_>, section: &Section<'_>) -> Option<Trigger> {
    let kinds = ["git", "hook", "yml"];
    let trigger = section.section(reader, "trigger", "`trigger`")?.only(reader, &kinds);
    if kinds.iter().filter(|kind| trigger.has(kind)).count() != 1 {
        let suggestion = r#"write { git = "push" }, { git = "tag" }, { hook = "group/id" } or { yml = "file" }"#;
        reader.problem(trigger.span(), "`trigger` names one way to start a release", Some(suggestion));
        return None;
    }
    if let Some(git) = trigger.choice(reader, "git", &[("push", false), ("tag", true)]) {
        return Some(if git { Trigger::GitTag } else { Trigger::GitPush });
    }
    if let Some(hook) = trigger.string(reader, "hook") {
        // Hook ids may hold slashes, group ids may not.
        let Some((group, id)) = hook.value.split_once('/').filter(|(group, id)| !group.is_empty() && !id.is_empty())
        else {
            reader.problem(hook.span, &format!("`{}` is not group/id", hook.value), None);
            return None;
        };
        return Some(Trigger::Hook { group: group.to_owned(), id: id.to_owned() });
    }
    super::project_file::path(reader, &trigger, "yml").map(Trigger::Yml)
}
