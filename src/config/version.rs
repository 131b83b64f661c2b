//! Where `{version}` comes from, and reading it out of a file of the project.

use std::{fs, path::Path};

use super::{MAX_BYTES, Project};
use crate::domain::failure::Failure;

/// Where `{version}` comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VersionSource {
    /// The git tag `v*` at the commit.
    GitTag,
    /// A string in a TOML or JSON file of the project, at a JSON pointer (RFC 6901).
    File { file: String, pointer: String },
}

impl Project {
    /// `{version}` as the file of [`VersionSource::File`] says it; `None` where it comes from elsewhere.
    /// `root` is the project's folder in what is built: the checkout, or a worktree of another commit.
    ///
    /// # Errors
    /// When the file does not hold it.
    pub fn file_version(&self, root: &Path) -> Result<Option<String>, Failure> {
        let Some(VersionSource::File { file, pointer }) = &self.version else { return Ok(None) };
        read(root, file, pointer).map(Some).map_err(|why| {
            Failure::usage(
                "the version cannot be read",
                format!("{file}: {why}"),
                "correct the file, or `version` in [tags] of windlass.toml",
            )
        })
    }
}

fn read(root: &Path, file: &str, pointer: &str) -> Result<String, String> {
    let real = |path: &Path| path.canonicalize().map_err(|why| why.to_string());
    let path = real(&root.join(file))?;
    // The commit may be anybody's: a link in it must not read a file of this machine into a tag.
    if !path.starts_with(real(root)?) {
        return Err("it is a link that leads out of the project".to_owned());
    }
    if fs::metadata(&path).map_err(|why| why.to_string())?.len() > MAX_BYTES {
        return Err(format!("it is larger than {} KiB", MAX_BYTES / 1024));
    }
    let text = fs::read_to_string(&path).map_err(|why| why.to_string())?;
    let json = Path::new(file).extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json"));
    let document: serde_json::Value = if json {
        serde_json::from_str(&text).map_err(|why| why.to_string())?
    } else {
        toml::from_str(&text).map_err(|why| why.message().to_owned())?
    };
    match document.pointer(pointer) {
        Some(serde_json::Value::String(version)) if !version.trim().is_empty() => Ok(version.trim().to_owned()),
        Some(_) => Err(format!("`{pointer}` is no text")),
        None => Err(format!("there is no `{pointer}`")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn toml_and_json_are_read_and_what_is_wrong_is_said() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("inside")).unwrap();
        let root = folder.path().join("inside");
        fs::write(root.join("pyproject.toml"), "[project]\nversion = \"1.2.3\"\nrequires = [\"a\"]\n").unwrap();
        fs::write(root.join("package.json"), r#"{"version": "4.5"}"#).unwrap();
        fs::write(root.join("broken.toml"), "= 1").unwrap();
        fs::write(folder.path().join("outside.toml"), "version = \"secret\"").unwrap();
        std::os::unix::fs::symlink("../outside.toml", root.join("link.toml")).unwrap();
        for (file, pointer, expected) in [
            ("pyproject.toml", "/project/version", Ok("1.2.3")),
            ("pyproject.toml", "/project/requires/0", Ok("a")),
            ("package.json", "/version", Ok("4.5")),
            ("package.json", "/name", Err("there is no `/name`")),
            ("pyproject.toml", "/project", Err("`/project` is no text")),
            ("link.toml", "/version", Err("it is a link that leads out of the project")),
            ("absent.toml", "/version", Err("No such file or directory (os error 2)")),
        ] {
            let found = read(&root, file, pointer);
            assert_eq!(found.as_deref().map_err(String::as_str), expected, "{file} {pointer}");
        }
        assert!(read(&root, "broken.toml", "/version").is_err());
    }
}
