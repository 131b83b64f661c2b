//! A new `windlass.toml`: what was decided, with a word about everything that can be. Parsing it gives exactly that.

use std::{io::Write as _, path::Path};

use super::ConfigError;
use crate::domain::{
    name::SecretName, permission::MayWrite, policy::is_glob, recipe::Recipe, reference::Repository, root_url::RootUrl,
};

/// What a new project decides. All else is the default.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// At least one; their names differ.
    pub images: Vec<DraftImage>,
    /// At least one name or pattern. The images of the first name are `latest`.
    pub branches: Vec<String>,
    pub secret: SecretName,
    pub recipe: Recipe,
    /// Where tasks release and the secret is kept; `None`: on this machine.
    pub cluster: Option<DraftCluster>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DraftCluster {
    pub root_url: RootUrl,
    /// `owner/repository` at GitHub.
    pub github: String,
    /// `provisioner/worker-type`
    pub pool: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DraftImage {
    pub repository: Repository,
    /// Relative to the project's folder; it holds a `Dockerfile`.
    pub context: String,
}

impl Draft {
    /// The file's text.
    #[must_use]
    pub fn text(&self) -> String {
        let images: String = self.images.iter().map(DraftImage::text).collect();
        let branches: Vec<String> = self.branches.iter().map(|branch| quoted(branch)).collect();
        format!(
            "# What windlass releases from this repository, and how. It holds no secret.\n\
             # Lines that begin with `# ` and a key show the default of that key.\n\
             {images}\
             \n[tags]\n\
             # Tags that each release moves, and tags that are written once. In them: {{branch}} {{alias}} {{commit}}\n\
             # {{short}} {{date}} {{version}}; {{alias}} is the name that `alias` gives a branch, else the branch's own.\n\
             # moving = [\"{{alias}}\"]\n\
             # frozen = [\"{{branch}}-{{date}}\"]\n\
             {alias}\n\
             \n[policy]\n\
             # Releases are made from these branches alone, or from commits with one of these git tags.\n\
             branches = [{branches}]\n\
             # git-tags = [\"v*\"]\n\
             # Refuse uncommitted changes, and commits that are not at the remote.\n\
             # clean = true\n\
             # pushed = true\n\
             \n[secret]\n\
             # The registry's login: windlass secret set --username USER --password-stdin\n\
             # It is in the vault of this machine; or at Taskcluster (\"taskcluster\", and root-url in [taskcluster]), which is\n\
             # where a release inside a task reads it.\n\
             {store}\n\
             name = {name}\n\
             # Where in the secret's document user name and password are; or {{ docker-config = \"/dockercfg\" }}.\n\
             recipe = {recipe}\n\
             {cluster}",
            store = self.cluster.as_ref().map_or("# store = \"vault\"", |_| "store = \"taskcluster\""),
            cluster = self.cluster.as_ref().map(DraftCluster::text).unwrap_or_default(),
            alias = self.alias(),
            branches = branches.join(", "),
            name = quoted(self.secret.as_str()),
            recipe = recipe(&self.recipe),
        )
    }

    fn alias(&self) -> String {
        match self.branches.iter().find(|branch| !is_glob(branch)) {
            Some(branch) => format!("alias = {{ {} = \"latest\" }}", quoted(branch)),
            None => "# alias = { master = \"latest\", main = \"latest\" }".to_owned(),
        }
    }

    /// Writes the file, as [`write_new`] does.
    ///
    /// # Errors
    /// When there is one already, or it cannot be written.
    pub fn write(&self, file: &Path, permit: MayWrite) -> Result<(), ConfigError> {
        write_new(file, &self.text(), permit)
    }
}

/// Writes the text of a new `windlass.toml`, whole or not at all. Never over another.
///
/// # Errors
/// When there is one already, or it cannot be written.
pub fn write_new(file: &Path, text: &str, _: MayWrite) -> Result<(), ConfigError> {
    let unwritable = |why| ConfigError::Unwritable { file: file.to_owned(), why };
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let write = || {
        // As every file of a checkout: git keeps no other modes, and others may build from it.
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o644);
        let mut new = tempfile::Builder::new().prefix(".windlass-").permissions(mode).tempfile_in(folder)?;
        new.write_all(text.as_bytes())?;
        new.as_file().sync_all()?;
        new.persist_noclobber(file).map_err(|error| error.error)?;
        Ok(())
    };
    write().map_err(|why: std::io::Error| match why.kind() {
        std::io::ErrorKind::AlreadyExists => ConfigError::Exists { file: file.to_owned() },
        _ => unwritable(why),
    })
}

impl DraftCluster {
    fn text(&self) -> String {
        format!(
            "\n[runner]\n\
             kind = \"taskcluster\"\n\
             \n[taskcluster]\n\
             root-url = {}\n\
             # Where builds are listed, and the names of the tasks that make a release.\n\
             github = {}\n\
             # tasks = [\"docker-image-*\", \"push-image-*\"]\n\
             # A record counts only from tasks of these pools.\n\
             pools = [{}]\n",
            quoted(&self.root_url.to_string()),
            quoted(&self.github),
            quoted(&self.pool),
        )
    }
}

impl DraftImage {
    fn text(&self) -> String {
        let context = if self.context == "." {
            "# context = \".\"\n".to_owned()
        } else {
            format!("context = {}\n", quoted(&self.context))
        };
        format!(
            "\n[[image]]\n\
             # name = {}\n\
             repository = {}\n\
             # The folder that is built, and the Dockerfile in it.\n\
             {context}\
             # dockerfile = \"Dockerfile\"\n",
            quoted(self.repository.last()),
            quoted(&self.repository.to_string()),
        )
    }
}

fn recipe(recipe: &Recipe) -> String {
    match recipe {
        Recipe::Pair { username, password } => {
            format!("{{ username = {}, password = {} }}", quoted(username), quoted(password))
        }
        Recipe::DockerConfig { docker_config } => format!("{{ docker-config = {} }}", quoted(docker_config)),
    }
}

/// A TOML string; as a key too. JSON's are written alike, but for the one character that TOML escapes besides.
pub(crate) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string().replace('\x7f', "\\u007f")
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;
    use crate::{
        config::{SecretSource, load},
        domain::{
            holdings::StoreKind,
            plan::Runner,
            policy::{Policy, TagRules},
        },
    };

    fn draft() -> Draft {
        let image = |repository: &str, context: &str| DraftImage {
            repository: repository.parse().unwrap(),
            context: context.to_owned(),
        };
        Draft {
            images: vec![image("mozilla/balrog", "."), image("ghcr.io/mozilla/balrog-agent", "the\u{7f} \"agent")],
            branches: vec!["release/\"1\"".into(), "main".into()],
            secret: "repo:github.com/mozilla/balrog:dockerhub".parse().unwrap(),
            cluster: None,
            recipe: Recipe::Pair { username: "/dockerhub_username".into(), password: "/dockerhub_password".into() },
        }
    }

    #[test]
    fn what_is_written_is_what_was_meant() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("windlass.toml");
        let permit = MayWrite::unless(false).unwrap();
        let draft = draft();
        draft.write(&file, permit).unwrap();
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o644);
        let project = load(folder.path(), None).unwrap_or_else(|e| panic!("{e}\n{}", draft.text()));
        let images: Vec<_> = project
            .images
            .iter()
            .map(|i| (i.name.as_str(), i.repository.to_string(), i.context.as_str(), i.dockerfile.as_str()))
            .collect();
        assert_eq!(
            images,
            [
                ("balrog", "docker.io/mozilla/balrog".to_owned(), ".", "Dockerfile"),
                ("balrog-agent", "ghcr.io/mozilla/balrog-agent".to_owned(), "the\u{7f} \"agent", "Dockerfile"),
            ]
        );
        let alias = [(draft.branches[0].clone(), "latest".to_owned())].into();
        assert_eq!(project.tags, TagRules { alias, ..TagRules::default() });
        assert_eq!(project.policy, Policy { branches: draft.branches.clone(), ..Policy::default() });
        let secret = SecretSource { store: StoreKind::Vault, name: draft.secret.clone(), recipe: draft.recipe.clone() };
        assert!(project.images.iter().all(|image| image.secret == secret));
        assert_eq!((project.runner, project.version), (Runner::Local, None));

        assert!(matches!(draft.write(&file, permit), Err(ConfigError::Exists { .. })));
        assert!(matches!(draft.write(&folder.path().join("no/x"), permit), Err(ConfigError::Unwritable { .. })));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing else is left");
    }

    #[test]
    fn a_pattern_of_branches_has_no_alias() {
        let draft = Draft { branches: vec!["release/*".into(), "main".into()], ..draft() };
        assert!(draft.text().contains("alias = { \"main\" = \"latest\" }"), "{}", draft.text());
        let draft = Draft { branches: vec!["release/*".into()], ..draft };
        assert!(draft.text().contains("\n# alias = { master"), "{}", draft.text());
    }

    #[test]
    fn defaults_in_comments_are_the_defaults() {
        let text = draft().text();
        let shown = text.lines().filter_map(|line| line.strip_prefix("# ")).filter(|line| {
            line.split_once(" = ").is_some_and(|(key, _)| key.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'))
        });
        let shown: Vec<&str> = shown.collect();
        assert!(shown.len() >= 10, "{shown:?}");
        let folder = tempfile::tempdir().unwrap();
        let parsed = |text: &str| {
            let file = folder.path().join("windlass.toml");
            std::fs::write(&file, text).unwrap();
            load(folder.path(), None).unwrap_or_else(|e| panic!("{e}\n{text}"))
        };
        let uncommented: String = text
            .lines()
            .map(|line| match line.strip_prefix("# ").filter(|rest| shown.contains(rest)) {
                Some(rest) => format!("{rest}\n"),
                None => format!("{line}\n"),
            })
            .collect();
        assert_eq!(parsed(&uncommented), parsed(&text));
    }
}
