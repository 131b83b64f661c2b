//! What the secrets of Taskcluster may be used for, as the user decided: `bindings.toml`. A project cannot decide it:
//! whoever changes its repository would have the login sent there. The vault has the bindings of its own secrets in it.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
};

use jiff::Timestamp;

use super::{
    ConfigError, Paths,
    draft::quoted,
    own::{self, Own},
    section::{Reader, Section, section},
};
use crate::domain::{name::SecretName, permission::MayWrite, reference::Repository, root_url::RootUrl};

const HEADING: &str = "\
# The repositories that the login in a secret of Taskcluster may be sent to, by deployment and name. windlass adds them
# where a secret is set, and by `windlass secret bind`; what is taken out here is refused. Comments are not kept.
";

/// What one secret may be used for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Binding {
    pub repositories: BTreeSet<Repository>,
    /// Its end, when it was seen last: the service does not tell a secret that has expired from one that never was.
    pub expires: Option<Timestamp>,
}

/// Secrets of deployments with what they may be used for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Bindings(BTreeMap<(RootUrl, SecretName), Binding>);

impl Bindings {
    /// What the file says; nothing before there is one.
    ///
    /// # Errors
    /// When the file cannot be read or has mistakes.
    pub fn load(paths: &Paths) -> Result<Self, ConfigError> {
        own::load(paths)
    }

    /// What this secret of that deployment may be used for.
    #[must_use]
    pub fn of(&self, root: &RootUrl, name: &SecretName) -> Binding {
        self.0.get(&(root.clone(), name.clone())).cloned().unwrap_or_default()
    }

    /// Lets a secret be used for these repositories, too. Its end is noted where it is known.
    ///
    /// # Errors
    /// When the file has mistakes, which are never written over, or cannot be written.
    pub fn add(
        paths: &Paths,
        root: &RootUrl,
        name: &SecretName,
        more: &Binding,
        permit: MayWrite,
    ) -> Result<(), ConfigError> {
        let known = Self::load(paths)?.of(root, name);
        let expires = more.expires.or(known.expires);
        if more.repositories.is_subset(&known.repositories) && expires == known.expires {
            return Ok(());
        }
        own::change(paths, permit, |bindings: &mut Self| {
            let binding = bindings.0.entry((root.clone(), name.clone())).or_default();
            binding.repositories.extend(more.repositories.iter().cloned());
            binding.expires = expires;
        })
    }

    /// Takes a secret out that is there no more.
    ///
    /// # Errors
    /// As [`Self::add`].
    pub fn forget(paths: &Paths, root: &RootUrl, name: &SecretName, permit: MayWrite) -> Result<(), ConfigError> {
        let key = (root.clone(), name.clone());
        if !Self::load(paths)?.0.contains_key(&key) {
            return Ok(());
        }
        own::change(paths, permit, |bindings: &mut Self| drop(bindings.0.remove(&key)))
    }
}

impl Own for Bindings {
    fn file(paths: &Paths) -> PathBuf {
        paths.bindings()
    }

    fn parse(shown: &str, text: &str) -> Result<Self, ConfigError> {
        let mut reader = Reader::new(shown, text);
        let Some(document) = reader.document() else { return reader.finish(None) };
        let mut bindings = Self::default();
        for (key, value) in Section::of("the bindings", document.get_ref(), 0..0).entries() {
            let root = reader.parsed::<RootUrl>(&key);
            let Some(secrets) = section(&mut reader, key.value, "a deployment", value) else { continue };
            for (key, value) in secrets.entries() {
                let name = reader.parsed::<SecretName>(&key);
                let binding = section(&mut reader, key.value, "a binding", value);
                let binding = binding.map(|section| binding_of(&mut reader, section));
                if let (Some(root), Some(name), Some(binding)) = (&root, name, binding) {
                    bindings.0.insert((root.clone(), name), binding);
                }
            }
        }
        reader.finish(Some(bindings))
    }

    fn text(&self) -> String {
        let section = |((root, name), Binding { repositories, expires }): (&(RootUrl, SecretName), &Binding)| {
            let repositories: Vec<String> = repositories.iter().map(|r| quoted(&r.to_string())).collect();
            let end = expires.map_or(String::new(), |at| format!("expires = {}\n", quoted(&at.to_string())));
            format!(
                "\n[{}.{}]\nrepositories = [{}]\n{end}",
                quoted(&root.to_string()),
                quoted(name.as_str()),
                repositories.join(", ")
            )
        };
        std::iter::once(HEADING.to_owned()).chain(self.0.iter().map(section)).collect()
    }
}

fn binding_of(reader: &mut Reader<'_>, section: Section<'_>) -> Binding {
    let section = section.only(reader, &["repositories", "expires"]);
    let repositories = section.strings(reader, "repositories").unwrap_or_default();
    let repositories = repositories.iter().filter_map(|text| reader.parsed(text)).collect();
    Binding { repositories, expires: section.parsed(reader, "expires") }
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt as _};

    use super::{
        super::own::home::{paths, permit},
        *,
    };

    #[test]
    fn what_was_decided_is_found_again_and_is_the_users_alone() {
        let folder = tempfile::tempdir().unwrap();
        let paths = paths(&folder);
        let root: RootUrl = "https://tc.example".parse().unwrap();
        let name: SecretName = "repo:github.com/mozilla/balrog:docker\"hub".parse().unwrap();
        let repository = |text: &str| BTreeSet::from([text.parse().unwrap()]);
        let expires = Some("2027-01-02T03:04:05Z".parse().unwrap());
        assert_eq!(Bindings::load(&paths).unwrap().of(&root, &name), Binding::default());
        let first = Binding { repositories: repository("mozilla/balrog"), expires };
        Bindings::add(&paths, &root, &name, &first, permit()).unwrap();
        Bindings::add(&paths, &root, &name, &Binding { repositories: repository("a/b"), expires: None }, permit())
            .unwrap();
        let found = Bindings::load(&paths).unwrap();
        let both = [repository("mozilla/balrog"), repository("a/b")].into_iter().flatten().collect();
        assert_eq!(found.of(&root, &name), Binding { repositories: both, expires });
        assert_eq!(found.of(&"https://tc.example.evil".parse().unwrap(), &name), Binding::default());
        assert_eq!(fs::metadata(paths.bindings()).unwrap().permissions().mode() & 0o777, 0o600);
        Bindings::forget(&paths, &root, &name, permit()).unwrap();
        assert_eq!(Bindings::load(&paths).unwrap(), Bindings::default());
    }

    #[test]
    fn a_file_with_mistakes_is_told_and_never_written_over() {
        let folder = tempfile::tempdir().unwrap();
        let paths = paths(&folder);
        paths.create().unwrap();
        let text = "[\"tc.example\".x]\nrepositories = [\"a/b\"]\n[\"https://tc.example\".y]\nrepos = [\"A B\"]\n";
        fs::write(paths.bindings(), text).unwrap();
        let ConfigError::Invalid { problems, .. } = Bindings::load(&paths).unwrap_err() else { panic!("it is valid") };
        assert_eq!(problems.iter().map(|problem| problem.line).collect::<Vec<_>>(), [1, 4]);
        let root = "https://tc.example".parse().unwrap();
        let more = Binding { repositories: BTreeSet::from(["a/b".parse().unwrap()]), expires: None };
        Bindings::add(&paths, &root, &"y".parse().unwrap(), &more, permit()).unwrap_err();
        assert_eq!(fs::read_to_string(paths.bindings()).unwrap(), text);
    }
}
