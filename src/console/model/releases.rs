//! The list of releases, and the one of it that is selected.

use super::{Doing, Loaded, Model, Screen};
use crate::{
    console::effect::Effect,
    domain::{
        name::ReleaseId,
        release::{Release, ReleaseState},
    },
};

/// Releases that came before those in the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Older {
    None,
    There,
    Asked,
}

/// Whether a release has yet to end.
pub fn runs(release: &Release) -> bool {
    matches!(release.state, ReleaseState::Pending | ReleaseState::Running)
}

impl Model {
    /// All releases that are known, newest first.
    pub fn list(&self) -> &[Release] {
        self.releases.here().map_or(&[], Vec::as_slice)
    }

    pub fn selected(&self) -> Option<&Release> {
        self.list().get(self.position()?)
    }

    /// The marked releases that are in the list, in its order.
    pub fn marked(&self) -> impl Iterator<Item = &Release> {
        self.list().iter().filter(|release| self.marked.contains(&release.plan.release))
    }

    /// Where the selected release is in the list.
    pub fn position(&self) -> Option<usize> {
        let selected = self.selected.as_ref()?;
        self.list().iter().position(|release| &release.plan.release == selected)
    }

    /// What the release does right now, as far as it said so.
    pub fn doing(&self, release: &ReleaseId) -> Option<&Doing> {
        self.followed.get(release)?.as_ref()
    }

    /// A clock on the screen goes on, since a release that runs is in the list; or something is said for a while only.
    pub fn ticks(&self) -> bool {
        !self.toasts.is_empty() || self.screen == Screen::Releases && self.list().iter().any(runs)
    }

    /// Looks at the journal, unless somebody is at it: then once more after that.
    pub fn look_at_releases(&mut self) -> Vec<Effect> {
        if matches!(self.project, Loaded::Not) {
            // Which releases are meant is not known before.
            return Vec::new();
        }
        if self.reload.ask() { vec![Effect::LoadReleases(self.repositories())] } else { Vec::new() }
    }

    /// The list is of other releases than before.
    pub fn list_again(&mut self) -> Vec<Effect> {
        self.releases = Loaded::Not;
        self.selected = None;
        self.older = Older::None;
        self.look_at_releases()
    }

    pub fn release_mut(&mut self, release: &ReleaseId) -> Option<&mut Release> {
        let Loaded::Yes(releases) = &mut self.releases else { return None };
        releases.iter_mut().find(|known| &known.plan.release == release)
    }
}
