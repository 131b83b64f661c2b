//! The tasks of a release, as a `.taskcluster.yml`: who builds, who pushes, and what either may do.
//!
//! A build runs the project's code: each `RUN` of a Dockerfile can do what its task can. So there are two tasks for each
//! image. One builds, and has neither a secret nor a proxy that would sign for it; the other has both, and runs nothing
//! of the project. Source: the version 1 file of Taskcluster's GitHub service, and its JSON-e.

use std::{fmt::Write as _, path::Path};

use crate::{
    config::{Image, Project, quoted},
    domain::{failure::Failure, template::Field},
};

/// Of tasks that a push makes: nothing waits for them, and somebody waits for each.
const PRIORITY: &str = "low";
/// Where the task that builds leaves the image.
pub const ARCHIVE: &str = "public/image.tar";
/// Where a shell of the builder is to write it.
const ARCHIVE_FILE: &str = "/tmp/image.tar";

/// Everything that a `.taskcluster.yml` of a project rests on.
#[derive(Debug, Clone)]
pub struct Definition<'a> {
    pub project: &'a Project,
    /// Where the project is in its repository.
    pub folder: &'a Path,
    /// `owner/repository` at GitHub.
    pub github: &'a str,
    /// `provisioner/worker-type`
    pub pool: &'a str,
    /// An image that has windlass and git.
    pub windlass: &'a str,
    pub tasks: Tasks,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tasks {
    /// A task that builds, and one that pushes.
    Two(Builder),
    /// One that does both, on workers that have a Docker engine.
    One,
}

/// What builds an image in a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Builder {
    /// An image whose entry point is kaniko's executor: it needs no engine and no privileges.
    Kaniko { image: String },
    /// Any image, and what its shell is to do: it finds `REPOSITORY_URL`, `COMMIT`, `CONTEXT`, `DOCKERFILE` and `IMAGE`, and
    /// leaves a docker-save or OCI archive at `ARCHIVE`.
    Shell { image: String, command: String },
}

/// What a role is to have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    pub role: String,
    pub scopes: Vec<String>,
}

impl Definition<'_> {
    /// The branches that are named in the policy. What a pattern stands for cannot be said in a definition.
    ///
    /// # Errors
    /// When there are patterns alone.
    pub fn branches(&self) -> Result<Vec<&str>, Failure> {
        let named: Vec<&str> = self.project.policy.named_branches().collect();
        if named.is_empty() {
            return Err(Failure::usage(
                "nothing was written",
                "[policy] names branches by patterns alone, and a definition is for branches by name",
                "name the branch that releases: [policy] branches = [\"main\"]",
            ));
        }
        Ok(named)
    }

    /// What the roles of those branches need. That of the routes and the scheduler is the service's own.
    ///
    /// # Errors
    /// As [`Self::branches`].
    pub fn grants(&self) -> Result<Vec<Grant>, Failure> {
        let mut scopes =
            vec![format!("queue:create-task:{PRIORITY}:{}", self.pool), "queue:create-task:project:none".to_owned()];
        for image in &self.project.images {
            let scope = format!("secrets:get:{}", image.secret.name);
            if !scopes.contains(&scope) {
                scopes.push(scope);
            }
        }
        let role = |branch: &str| format!("repo:github.com/{}:branch:{branch}", self.github);
        Ok(self.branches()?.into_iter().map(|b| Grant { role: role(b), scopes: scopes.clone() }).collect())
    }

    /// The file's text.
    ///
    /// # Errors
    /// As [`Self::branches`], and when an argument of a build is not known to whoever renders the file.
    pub fn text(&self) -> Result<String, Failure> {
        let branches = self.branches()?;
        let refs: Vec<String> = branches.iter().map(|branch| quoted(&format!("refs/heads/{branch}"))).collect();
        // In single quotes, in which YAML doubles them and nothing else.
        let condition =
            format!("tasks_for == \"github-push\" && event.ref in [{}]", refs.join(", ")).replace('\'', "''");
        let builder = match &self.tasks {
            Tasks::Two(Builder::Kaniko { image } | Builder::Shell { image, .. }) => {
                format!("      # What builds: no engine, no privileges.\n      builder: {}\n", literal(image))
            }
            Tasks::One => String::new(),
        };
        let mut text = format!(
            "# The tasks of a release, made by `windlass init --taskcluster` and looked at by `windlass doctor yml`.\n\
             #\n\
             {comment}\
             # Pull requests and other branches make no task here.\n\
             version: 1\n\
             reporting: checks-v1\n\
             policy:\n  pullRequests: collaborators\n\
             tasks:\n  $if: '{condition}'\n  then:\n    $let:\n\
             \x20     pool: {pool}\n\
             \x20     # An image that has windlass and git.\n\
             \x20     windlass: {windlass}\n\
             {builder}\
             \x20     repository: ${{event.repository.clone_url}}\n\
             \x20     commit: ${{event.after}}\n\
             \x20     branch: ${{event.ref[11:]}}\n\
             \x20     owner: ${{event.sender.login}}@users.noreply.github.com\n\
             \x20     source: ${{event.repository.html_url}}\n\
             \x20   in:\n",
            comment = self.comment(&branches.join(", ")),
            pool = literal(self.pool),
            windlass = literal(self.windlass),
        );
        for image in &self.project.images {
            match &self.tasks {
                Tasks::Two(builder) => {
                    text.push_str(&self.building(builder, image)?);
                    text.push_str(&self.pushing(image, true));
                }
                Tasks::One => text.push_str(&self.pushing(image, false)),
            }
        }
        text.push_str("  else: []\n");
        Ok(text)
    }

    fn comment(&self, branches: &str) -> String {
        match self.tasks {
            Tasks::Two(_) => format!(
                "# A push to {branches} makes two tasks for each image. The first builds: it runs the project's code, each RUN of\n\
                 # the Dockerfile, and so has no secret and no proxy. The second pushes what the first left: it may read the\n\
                 # registry's login, and runs nothing of the project.\n"
            ),
            Tasks::One => format!(
                "# A push to {branches} makes one task for each image, which builds and pushes, on workers that have a Docker\n\
                 # engine. It may read the registry's login: so can each RUN step of the Dockerfile, and everything that such a\n\
                 # step downloads, where the network of the build leads to the task's proxy or to the engine's socket. It could\n\
                 # then push anything to the repository, until the login is rotated. Two tasks are the default for that reason.\n"
            ),
        }
    }
}

/// What all tasks have.
fn head(label: &str, what: &str, deadline: &str) -> String {
    format!(
        "      - taskId: {{$eval: '{slug}'}}\n\
         \x20       taskQueueId: {{$eval: pool}}\n\
         \x20       priority: {PRIORITY}\n\
         \x20       created: {{$fromNow: \"\"}}\n\
         \x20       deadline: {{$fromNow: \"{deadline}\"}}\n\
         \x20       expires: {{$fromNow: \"1 year\"}}\n\
         \x20       metadata:\n\
         \x20         name: {label}\n\
         \x20         description: {what}\n\
         \x20         owner: {{$eval: owner}}\n\
         \x20         source: {{$eval: source}}\n",
        slug = slug(label),
        label = literal(label),
        what = literal(what),
    )
}

/// The id of the task of this label, as an expression within single quotes, which YAML doubles.
fn slug(label: &str) -> String {
    format!("as_slugid({})", quoted(label)).replace('\'', "''")
}

impl Definition<'_> {
    /// The folder that is built, in the repository.
    fn context(&self, image: &Image) -> String {
        let folder = self.folder.join(if image.context == "." { "" } else { &image.context });
        match folder.to_string_lossy().trim_end_matches('/') {
            "" => ".".to_owned(),
            folder => folder.to_owned(),
        }
    }

    fn building(&self, builder: &Builder, image: &Image) -> Result<String, Failure> {
        let what = format!("Builds {}. It runs the project's code, and has no secret.", image.name);
        let mut text = head(&build_label(image), &what, "3 hours");
        text.push_str("        payload:\n          image: {$eval: builder}\n          maxRunTime: 7200\n");
        match builder {
            Builder::Kaniko { .. } => {
                text.push_str("          command:\n");
                for argument in self.kaniko(image)? {
                    let _ = writeln!(text, "            - {}", quoted(&argument));
                }
            }
            Builder::Shell { command, .. } => {
                let _ = write!(
                    text,
                    "          env:\n\
                 \x20           REPOSITORY_URL: {{$eval: repository}}\n\
                 \x20           COMMIT: {{$eval: commit}}\n\
                 \x20           IMAGE: {}\n\
                 \x20           CONTEXT: {}\n\
                 \x20           DOCKERFILE: {}\n\
                 \x20           ARCHIVE: {ARCHIVE_FILE}\n\
                 \x20         command: [/bin/sh, -ec, {}]\n",
                    literal(&image.name),
                    literal(&self.context(image)),
                    literal(&image.dockerfile),
                    literal(command),
                );
            }
        }
        let _ = write!(
            text,
            "          artifacts:\n\
         \x20           {ARCHIVE}:\n\
         \x20             type: file\n\
         \x20             path: {ARCHIVE_FILE}\n\
         \x20             expires: {{$fromNow: \"1 year\"}}\n"
        );
        Ok(text)
    }

    /// What kaniko is told; texts in which the service puts the event's parts.
    fn kaniko(&self, image: &Image) -> Result<Vec<String>, Failure> {
        let mut arguments = vec![
            format!("--context=git://github.com/{}.git#${{event.ref}}#${{commit}}", self.github),
            format!("--dockerfile={}", escaped(&image.dockerfile)),
            format!("--destination={}:build", escaped(&image.repository.to_string())),
            "--no-push".to_owned(),
            format!("--tar-path={ARCHIVE_FILE}"),
        ];
        let context = self.context(image);
        if context != "." {
            arguments.push(format!("--context-sub-path={}", escaped(&context)));
        }
        if let Some(target) = &image.target {
            arguments.push(format!("--target={}", escaped(target)));
        }
        if let Some(platform) = &image.platform {
            arguments.push(format!("--custom-platform={}", escaped(platform.as_str())));
        }
        for (name, value) in &image.args {
            let field = |field| match field {
                Field::Branch => Some("${branch}".to_owned()),
                Field::Commit => Some("${commit}".to_owned()),
                Field::Short => Some("${commit[:7]}".to_owned()),
                Field::Alias | Field::Date | Field::Version => None,
            };
            let value = value.render_with(escaped, field).map_err(|missing| {
                Failure::usage(
                    "nothing was written",
                    format!("the argument {name} of the image {}: {missing} where the task is made", image.name),
                    "build it in your own way: --build-image IMAGE --build-command COMMAND",
                )
            })?;
            arguments.push(format!("--build-arg={}={value}", escaped(name)));
        }
        Ok(arguments)
    }

    fn pushing(&self, image: &Image, from_archive: bool) -> String {
        let (name, label) = (&image.name, push_label(image));
        let (what, archive) = if from_archive {
            (format!("Pushes {name} as {} left it.", build_label(image)), " --from-archive \"$ARCHIVE\"")
        } else {
            (format!("Builds and pushes {name}. What it builds could read the registry's login."), "")
        };
        let mut text = head(&label, &what, "3 hours");
        if from_archive {
            let _ = writeln!(text, "        dependencies: [{{$eval: '{}'}}]", slug(&build_label(image)));
        }
        let folder = match self.folder.to_string_lossy() {
            here if here.is_empty() => String::new(),
            folder => format!("cd '{}' && ", folder.replace('\'', "'\\''")),
        };
        let command = format!(
            "git clone --quiet --no-checkout \"$REPOSITORY_URL\" source && cd source && \
         git checkout --quiet --detach \"$COMMIT\" && {folder}\
         exec windlass release --yes --image \"$IMAGE\" --branch \"$BRANCH\"{archive}"
        );
        let _ = write!(
            text,
            "        scopes: [{}]\n\
         \x20       payload:\n\
         \x20         image: {{$eval: windlass}}\n\
         \x20         maxRunTime: 7200\n\
         \x20         features: {{taskclusterProxy: true}}\n\
         \x20         env:\n\
         \x20           REPOSITORY_URL: {{$eval: repository}}\n\
         \x20           COMMIT: {{$eval: commit}}\n\
         \x20           BRANCH: {{$eval: branch}}\n\
         \x20           IMAGE: {}\n",
            literal(&format!("secrets:get:{}", image.secret.name)),
            literal(name),
        );
        if from_archive {
            let _ = writeln!(text, "            ARCHIVE: {{$eval: '{} + \":{ARCHIVE}\"'}}", slug(&build_label(image)));
        }
        let _ = writeln!(text, "          command: [/bin/sh, -ec, {}]", literal(&command));
        text
    }
}

fn build_label(image: &Image) -> String {
    format!("docker-image-{}", image.name)
}

fn push_label(image: &Image) -> String {
    format!("push-image-{}", image.name)
}

/// A text in which nothing is to be put: what JSON-e would read as an expression is escaped, and YAML reads it as it is.
fn literal(text: &str) -> String {
    quoted(&escaped(text))
}

fn escaped(text: &str) -> String {
    text.replace("${", "$${")
}
