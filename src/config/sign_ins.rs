//! The Taskcluster deployments that `windlass signin` has credentials for, and until when: `signins.toml`. The vault has
//! the credentials; whoever only asks whether there are some need not open it.

use std::{collections::BTreeMap, path::PathBuf};

use jiff::Timestamp;

use super::{
    ConfigError, Paths,
    draft::quoted,
    own::{self, Own},
    section::{Reader, Section, text},
};
use crate::domain::{permission::MayWrite, root_url::RootUrl};

const HEADING: &str = "\
# The Taskcluster deployments that `windlass signin` has credentials for in the vault, and until when. windlass writes it.
";

/// Deployments, each with the end of its sign-in.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SignIns(BTreeMap<RootUrl, Timestamp>);

impl SignIns {
    /// What the file says; nothing before there is one.
    ///
    /// # Errors
    /// When the file cannot be read or has mistakes.
    pub fn load(paths: &Paths) -> Result<Self, ConfigError> {
        own::load(paths)
    }

    /// When the sign-in at this deployment ends; `None` where there is none.
    #[must_use]
    pub fn until(&self, root: &RootUrl) -> Option<Timestamp> {
        self.0.get(root).copied()
    }

    /// Enters a sign-in, in the place of an older one.
    ///
    /// # Errors
    /// When the file has mistakes, which are never written over, or cannot be written.
    pub fn enter(paths: &Paths, root: &RootUrl, until: Timestamp, permit: MayWrite) -> Result<(), ConfigError> {
        own::change(paths, permit, |known: &mut Self| {
            known.0.insert(root.clone(), until);
        })
    }

    /// Takes a sign-in out.
    ///
    /// # Errors
    /// As [`Self::enter`].
    pub fn forget(paths: &Paths, root: &RootUrl, permit: MayWrite) -> Result<(), ConfigError> {
        own::change(paths, permit, |known: &mut Self| {
            known.0.remove(root);
        })
    }
}

impl Own for SignIns {
    fn file(paths: &Paths) -> PathBuf {
        paths.sign_ins()
    }

    fn parse(shown: &str, content: &str) -> Result<Self, ConfigError> {
        let mut reader = Reader::new(shown, content);
        let Some(document) = reader.document() else { return reader.finish(None) };
        let mut known = Self::default();
        for (key, value) in Section::of("the sign-ins", document.get_ref(), 0..0).entries() {
            let root = reader.parsed::<RootUrl>(&key);
            let until = text(&mut reader, key.value, value).and_then(|until| reader.parsed::<Timestamp>(&until));
            known.0.extend(root.zip(until));
        }
        reader.finish(Some(known))
    }

    fn text(&self) -> String {
        let line = |(root, until): (&RootUrl, &Timestamp)| {
            format!("{} = {}\n", quoted(&root.to_string()), quoted(&until.to_string()))
        };
        std::iter::once(HEADING.to_owned()).chain(self.0.iter().map(line)).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt as _};

    use super::{
        super::own::home::{paths, permit},
        *,
    };

    #[test]
    fn a_sign_in_is_of_its_deployment_alone() {
        let folder = tempfile::tempdir().unwrap();
        let paths = paths(&folder);
        let [one, other] = ["https://tc.example", "http://127.0.0.1:8080"].map(|root| root.parse::<RootUrl>().unwrap());
        let [early, late] = ["2026-11-22T09:30:00Z", "2026-11-23T09:30:00Z"].map(|at| at.parse().unwrap());
        assert_eq!(SignIns::load(&paths).unwrap().until(&one), None);
        SignIns::enter(&paths, &one, early, permit()).unwrap();
        SignIns::enter(&paths, &other, early, permit()).unwrap();
        SignIns::enter(&paths, &one, late, permit()).unwrap();
        let known = SignIns::load(&paths).unwrap();
        assert_eq!((known.until(&one), known.until(&other)), (Some(late), Some(early)));
        assert_eq!(fs::metadata(paths.sign_ins()).unwrap().permissions().mode() & 0o777, 0o600);
        SignIns::forget(&paths, &one, permit()).unwrap();
        let known = SignIns::load(&paths).unwrap();
        assert_eq!((known.until(&one), known.until(&other)), (None, Some(early)));
    }

    #[test]
    fn a_file_with_mistakes_is_told_and_never_written_over() {
        let folder = tempfile::tempdir().unwrap();
        let paths = paths(&folder);
        paths.create().unwrap();
        let content = "\"tc.example\" = \"2026-11-22T09:30:00Z\"\n\"https://tc.example\" = \"tomorrow\"\n";
        fs::write(paths.sign_ins(), content).unwrap();
        let ConfigError::Invalid { problems, .. } = SignIns::load(&paths).unwrap_err() else { panic!("it is valid") };
        assert_eq!(problems.iter().map(|problem| problem.line).collect::<Vec<_>>(), [1, 2]);
        SignIns::enter(&paths, &"https://tc.example".parse().unwrap(), Timestamp::UNIX_EPOCH, permit()).unwrap_err();
        assert_eq!(fs::read_to_string(paths.sign_ins()).unwrap(), content);
    }
}
