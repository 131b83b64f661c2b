//! The project that is shown, and which of its images is meant.

use super::Model;
use crate::{
    console::action::Id,
    domain::{beginning::By, failure::Failure, finding::CheckId, reference::Repository},
};

/// The images that this folder's project releases; at least one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Project {
    pub images: Vec<Image>,
    /// Host and port of the Taskcluster deployment that it names.
    pub cluster: Option<String>,
    /// What begins its releases on Taskcluster; `None`: they run on this machine.
    pub begun: Option<By>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    pub name: String,
    pub repository: Repository,
}

impl Model {
    pub fn images(&self) -> &[Image] {
        self.project.here().map_or(&[], |project| &project.images)
    }

    /// Host and port of the Taskcluster deployment that the project names.
    pub fn cluster(&self) -> Option<&str> {
        self.project.here()?.cluster.as_deref()
    }

    /// What begins releases of the project on Taskcluster, where they run there.
    pub fn begun(&self) -> Option<By> {
        self.project.here()?.begun
    }

    /// The image that is meant, once it is known which there are.
    pub fn image(&self) -> Option<&Image> {
        self.images().get(self.image).or_else(|| self.images().first())
    }

    /// What comes before everything else where nobody has set the secret of the image that is meant.
    pub fn first_its_secret(&self) -> Option<String> {
        let lacks = !self.read_only && self.standing.lacks_secret(&self.image()?.name);
        let [secrets, set] = [Id::Secrets, Id::SecretSet].map(|id| self.keymap.first(id));
        lacks.then(|| format!("no secret yet: press {secrets}, then {set}"))
    }

    /// What to do after this failure: of a login that was never set, in the words of the console.
    pub fn next_after(&self, failure: &Failure) -> String {
        let of_login = matches!(failure.check, Some(CheckId::Login | CheckId::Secret));
        self.first_its_secret().filter(|_| of_login).unwrap_or_else(|| failure.next.clone())
    }

    /// Those whose releases are in the list; all, where there is none.
    pub fn repositories(&self) -> Vec<Repository> {
        match self.image().filter(|_| self.only_image) {
            Some(image) => vec![image.repository.clone()],
            None => self.images().iter().map(|image| image.repository.clone()).collect(),
        }
    }
}
