//! The projects that this machine knows, and which of them is chosen.

use crate::{
    console::model::{Loaded, Reload},
    domain::{failure::Failure, name::ProjectName, release::Release},
};

#[derive(Debug)]
pub struct ProjectsPane {
    /// In the order of their names.
    pub known: Loaded<Vec<KnownProject>>,
    pub reload: Reload,
    /// There is no project where the console was opened.
    pub nowhere: bool,
    selected: Option<ProjectName>,
}

#[derive(Debug, Clone)]
pub struct KnownProject {
    pub name: ProjectName,
    pub folder: String,
    /// The console shows this one.
    pub open: bool,
    pub past: Past,
}

/// What there is to say of a known project.
#[derive(Debug, Clone)]
pub enum Past {
    /// Its last release, whichever of its images that was of.
    Last(Box<Release>),
    NoRelease,
    /// There is no `windlass.toml` in its folder any more.
    Gone,
    /// It cannot be read.
    Wrong(Failure),
}

impl Default for ProjectsPane {
    fn default() -> Self {
        Self { known: Loaded::Not, reload: Reload::Idle, nowhere: false, selected: None }
    }
}

impl ProjectsPane {
    pub fn list(&self) -> &[KnownProject] {
        self.known.here().map_or(&[], Vec::as_slice)
    }

    /// Which of the list is chosen: the one that was, else the one that is open, else the first.
    pub fn position(&self) -> usize {
        let at = |wanted: &dyn Fn(&KnownProject) -> bool| self.list().iter().position(wanted);
        let chosen = self.selected.as_ref().and_then(|name| at(&|project| project.name == *name));
        chosen.or_else(|| at(&|project| project.open)).unwrap_or(0)
    }

    pub fn selected(&self) -> Option<&KnownProject> {
        self.list().get(self.position())
    }

    pub fn scroll(&mut self, steps: isize) {
        let last = self.list().len().saturating_sub(1);
        self.select(self.position().saturating_add_signed(steps).min(last));
    }

    /// The project in this row; where there is none, the one that was.
    pub fn select(&mut self, row: usize) {
        if let Some(project) = self.list().get(row) {
            self.selected = Some(project.name.clone());
        }
    }

    /// The list is wanted. Whether it is to be asked for now: a look that is on its way is followed by another.
    pub fn ask(&mut self) -> bool {
        self.reload.ask()
    }

    /// Takes the answer. Whether the list is to be asked for once more.
    pub fn take(&mut self, known: Result<Vec<KnownProject>, Failure>) -> bool {
        self.known = known.into();
        self.reload.ended() && self.reload.ask()
    }
}
