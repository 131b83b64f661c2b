//! The folders of this machine that hold windlass's own files: the XDG base directories, or one folder.

use std::{
    ffi::OsString,
    fs::{self, DirBuilder, Permissions},
    io,
    os::unix::fs::{DirBuilderExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

use super::ConfigError;

/// `~/` as a shell has it. Shells leave it as it is in `--option=~/file`, and nobody else expands what is typed into the
/// console.
pub fn from_home(path: &Path, environment: &dyn Fn(&str) -> Option<OsString>) -> PathBuf {
    let home = environment("HOME").filter(|home| !home.is_empty());
    match (path.strip_prefix("~"), home) {
        (Ok(rest), Some(home)) => Path::new(&home).join(rest),
        _ => path.to_owned(),
    }
}

/// Where windlass keeps what it writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paths {
    /// What windlass found out and did: journal, logs, artifacts.
    pub state: PathBuf,
    /// What cannot be made again: the vault.
    pub data: PathBuf,
    /// What the user decided: settings, identity, known projects, and where they are signed in.
    pub config: PathBuf,
}

impl Paths {
    /// The folders that the environment asks for: `WINDLASS_HOME` for all, else the XDG base directories.
    /// As their specification says, a relative path in an `XDG_…` variable is ignored.
    ///
    /// # Errors
    /// When there is no home.
    pub fn from_env(environment: &dyn Fn(&str) -> Option<OsString>) -> Result<Self, ConfigError> {
        let path = |name: &str| environment(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        if let Some(home) = path("WINDLASS_HOME") {
            if home.is_relative() {
                return Err(ConfigError::RelativeHome { path: home });
            }
            return Ok(Self { state: home.clone(), data: home.clone(), config: home });
        }
        let home = path("HOME").filter(|home| home.is_absolute());
        let folder = |variable: &str, default: &str| {
            let base = path(variable).filter(|base| base.is_absolute());
            let base = base.or_else(|| Some(home.as_ref()?.join(default))).ok_or(ConfigError::NoHome)?;
            Ok(base.join("windlass"))
        };
        Ok(Self {
            state: folder("XDG_STATE_HOME", ".local/state")?,
            data: folder("XDG_DATA_HOME", ".local/share")?,
            config: folder("XDG_CONFIG_HOME", ".config")?,
        })
    }

    /// The database of releases.
    #[must_use]
    pub fn journal(&self) -> PathBuf {
        self.state.join("journal.db")
    }

    /// The folder of releases' logs.
    #[must_use]
    pub fn logs(&self) -> PathBuf {
        self.state.join("logs")
    }

    /// The folder of releases' records.
    #[must_use]
    pub fn artifacts(&self) -> PathBuf {
        self.state.join("artifacts")
    }

    /// The folder of locks and sockets of releases that run.
    #[must_use]
    pub fn run(&self) -> PathBuf {
        self.state.join("run")
    }

    #[must_use]
    pub fn vault(&self) -> PathBuf {
        self.data.join("vault.age")
    }

    /// The key that opens the vault.
    #[must_use]
    pub fn identity(&self) -> PathBuf {
        self.config.join("identity.txt")
    }

    #[must_use]
    pub fn settings(&self) -> PathBuf {
        self.config.join("settings.toml")
    }

    /// The list of projects that windlass was used in.
    #[must_use]
    pub fn projects(&self) -> PathBuf {
        self.config.join("projects.toml")
    }

    /// What secrets of Taskcluster may be used for.
    #[must_use]
    pub fn bindings(&self) -> PathBuf {
        self.config.join("bindings.toml")
    }

    /// The list of deployments that somebody is signed in at.
    #[must_use]
    pub fn sign_ins(&self) -> PathBuf {
        self.config.join("signins.toml")
    }

    /// Makes the folders, for their owner alone.
    ///
    /// # Errors
    /// When one cannot be made, or belongs to someone else.
    pub fn create(&self) -> Result<(), ConfigError> {
        for folder in [&self.state, &self.data, &self.config, &self.logs(), &self.artifacts(), &self.run()] {
            private(folder).map_err(|why| ConfigError::Folder { folder: folder.clone(), why })?;
        }
        Ok(())
    }
}

fn private(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    // It may have been there before, open to others.
    if fs::metadata(folder)?.permissions().mode() & 0o077 != 0 {
        fs::set_permissions(folder, Permissions::from_mode(0o700))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(variables: &[(&str, &str)]) -> Result<Paths, ConfigError> {
        Paths::from_env(&|name| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| value.into()))
    }

    #[test]
    fn xdg_folders_and_their_defaults() {
        let paths = from(&[("HOME", "/home/u"), ("XDG_STATE_HOME", "/s"), ("XDG_DATA_HOME", "relative")]).unwrap();
        assert_eq!(paths.journal(), Path::new("/s/windlass/journal.db"));
        assert_eq!(paths.vault(), Path::new("/home/u/.local/share/windlass/vault.age"));
        assert_eq!(paths.identity(), Path::new("/home/u/.config/windlass/identity.txt"));
        assert_eq!(from(&[("HOME", "/home/u")]).unwrap().state, Path::new("/home/u/.local/state/windlass"));
    }

    #[test]
    fn a_home_is_where_it_is_meant() {
        let at = |home: &str, path: &str| from_home(Path::new(path), &|name| (name == "HOME").then(|| home.into()));
        for (home, path, expected) in [
            ("/home/u", "~/image.tar", "/home/u/image.tar"),
            ("/home/u", "~", "/home/u"),
            ("/home/u", "~ada/image.tar", "~ada/image.tar"),
            ("/home/u", "a/~/b", "a/~/b"),
            ("", "~/image.tar", "~/image.tar"),
        ] {
            assert_eq!(at(home, path), Path::new(expected), "{home} {path}");
        }
    }

    #[test]
    fn one_folder_for_all() {
        let paths = from(&[("HOME", "/home/u"), ("XDG_STATE_HOME", "/s"), ("WINDLASS_HOME", "/w")]).unwrap();
        assert_eq!((paths.run(), paths.settings()), ("/w/run".into(), "/w/settings.toml".into()));
        assert!(matches!(from(&[("WINDLASS_HOME", "w")]), Err(ConfigError::RelativeHome { .. })));
    }

    #[test]
    fn without_a_home_there_is_no_place() {
        assert!(matches!(from(&[("HOME", "")]), Err(ConfigError::NoHome)));
        assert!(matches!(from(&[("XDG_STATE_HOME", "/s")]), Err(ConfigError::NoHome)));
    }

    #[test]
    fn folders_are_their_owners_alone_even_if_they_were_open() {
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path().join("deep/home");
        fs::create_dir_all(home.join("logs")).unwrap();
        fs::set_permissions(home.join("logs"), Permissions::from_mode(0o755)).unwrap();
        let paths = from(&[("WINDLASS_HOME", home.to_str().unwrap())]).unwrap();
        paths.create().unwrap();
        paths.create().unwrap();
        for made in [paths.state.clone(), paths.logs(), paths.artifacts(), paths.run()] {
            assert_eq!(fs::metadata(&made).unwrap().permissions().mode() & 0o777, 0o700, "{}", made.display());
        }
    }

    #[test]
    fn a_file_in_the_way_is_named() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("run"), "").unwrap();
        let paths = from(&[("WINDLASS_HOME", folder.path().to_str().unwrap())]).unwrap();
        assert!(matches!(paths.create(), Err(ConfigError::Folder { folder, .. }) if folder.ends_with("run")));
    }
}
