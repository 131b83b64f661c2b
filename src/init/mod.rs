//! A project's first configuration, guessed from what is there: the git remote, its branch, the Dockerfiles, the
//! registries that docker is logged in to; the definition of its tasks,
//! and what these are to be granted. Nothing is asked and no file is written here.

pub mod definition;
pub mod granting;
mod guess;

use std::{fs, path::Path};

pub use guess::{Guess, Origin};

use crate::{
    config::PROJECT_FILE,
    domain::failure::Failure,
    engine,
    git::{Checkout, GitError},
    release::Environment,
};

/// What was found in a folder that is to become a project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Where the repository comes from; `None` without a remote that says so.
    pub origin: Option<Origin>,
    /// The branch on which work comes together; `None` outside of git.
    pub branch: Option<String>,
    /// Folders that hold a `Dockerfile`: `.` and those right below it, by name.
    pub contexts: Vec<String>,
    /// Registries that docker is logged in to, by name.
    pub registries: Vec<String>,
}

/// Looks around in this folder.
///
/// # Errors
/// When git or docker's settings cannot be read. That there is no repository is no error: it may yet be made.
pub async fn look(folder: &Path, environment: &Environment) -> Result<Found, Failure> {
    let bearings = match Checkout::open(folder).await {
        Ok(checkout) => Some(checkout.bearings().await?),
        Err(GitError::NotARepository { .. }) => None,
        Err(other) => return Err(other.into()),
    };
    let remote = bearings.as_ref().and_then(|bearings| bearings.remote.as_ref());
    Ok(Found {
        origin: remote.and_then(|remote| Origin::of(&remote.url)),
        branch: bearings.as_ref().and_then(|bearings| bearings.branch.clone()),
        contexts: contexts(folder).map_err(|why| {
            let next = format!("check its permissions, then write {PROJECT_FILE} there");
            Failure::usage(format!("{} cannot be read", folder.display()), why.to_string(), next)
        })?,
        registries: engine::context::docker_registries(&environment)?.into_iter().collect(),
    })
}

fn contexts(folder: &Path) -> std::io::Result<Vec<String>> {
    let mut contexts = Vec::new();
    if folder.join("Dockerfile").is_file() {
        contexts.push(".".to_owned());
    }
    let mut below: Vec<String> = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if let Ok(name) = entry.file_name().into_string()
            && !name.starts_with('.')
            && entry.path().join("Dockerfile").is_file()
        {
            below.push(name);
        }
    }
    below.sort();
    contexts.extend(below);
    Ok(contexts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dockerfiles_are_found_one_level_deep() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(contexts(folder.path()).unwrap(), [] as [&str; 0]);
        for path in ["web/Dockerfile", "agent/Dockerfile", "deep/er/Dockerfile", ".git/Dockerfile", "docs/README"] {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        assert_eq!(contexts(folder.path()).unwrap(), ["agent", "web"]);
        fs::write(folder.path().join("Dockerfile"), "").unwrap();
        assert_eq!(contexts(folder.path()).unwrap(), [".", "agent", "web"]);
        fs::create_dir(folder.path().join("odd")).unwrap();
        fs::create_dir(folder.path().join("odd/Dockerfile")).unwrap();
        assert_eq!(contexts(folder.path()).unwrap().len(), 3, "a folder is no Dockerfile");
    }
}
