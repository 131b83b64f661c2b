//! What a release will do, as it is shown before anybody says yes.

use super::{
    digest::Digest,
    event::Step,
    name::ReleaseId,
    plan::{Plan, TagKind},
    reference::Tag,
    sign::Signs,
};

/// A plan, and what becomes of its tags.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preview {
    pub plan: Plan,
    /// The first step that is done; what is before it stands.
    pub first: Step,
    /// In the order of the plan.
    pub changes: Vec<Change>,
}

/// What becomes of a tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    pub tag: Tag,
    pub kind: TagKind,
    /// `None`: the registry has no such tag.
    pub now: Option<Shown>,
    pub next: Next,
}

/// What a tag shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    pub digest: Digest,
    /// Recorded it last; `None`: it is of no record.
    pub release: Option<ReleaseId>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// The image that is pushed.
    Image,
    /// What the registry has already.
    Known(Shown),
    /// The tag shows that already, and the newest record that names it says so: there is nothing to do.
    Done,
    /// Nothing is pushed.
    Same,
    /// It is not moved, unless that is said; and why.
    LeftAlone(String),
}

impl Change {
    /// What becomes of it where a task's script decides: the task pushes, not we.
    #[must_use]
    pub fn told(&self) -> String {
        let Self { tag, kind, now, .. } = self;
        match (now, kind) {
            (None, _) => format!("{tag}  is not there yet"),
            (Some(now), TagKind::Moving) => format!("{tag}  {} is replaced", now.words()),
            (Some(now), TagKind::Frozen) => {
                format!("{tag}  is there, {}: its script overwrites it, or stops there", now.words())
            }
        }
    }
}

impl Shown {
    #[must_use]
    pub fn words(&self) -> String {
        let whose = self.release.as_ref().map_or("of no record".to_owned(), |release| format!("release {release}"));
        format!("{} ({whose})", self.digest.short())
    }
}

impl Preview {
    /// Labels and what stands beside them, the image first.
    #[must_use]
    pub fn rows(&self, signs: Signs) -> Vec<(&'static str, String)> {
        let plan = &self.plan;
        let source = &plan.source;
        let state = match (source.dirty, source.reviewed) {
            (true, _) => "with uncommitted changes",
            (false, true) => "clean, reviewed",
            (false, false) => "clean, unreviewed",
        };
        let branch = source.branch.as_deref().unwrap_or("-");
        let mut rows = vec![
            ("image", format!("{} to {}", plan.image, plan.repository)),
            ("commit", format!("{} of {branch}, {state}", source.commit.short())),
        ];
        if let Some(archive) = &plan.archive {
            let platform = plan.build.platform.as_ref().map(|platform| format!(", for {platform}")).unwrap_or_default();
            let doubt = archive.doubt.as_ref().map(|why| format!("; mind: {why}")).unwrap_or_default();
            rows.push(("archive", format!("{}{platform}{doubt}", archive.source)));
        } else if self.first <= Step::Build {
            let platform = plan.build.platform.as_ref().map(|platform| format!(" for {platform}")).unwrap_or_default();
            rows.push(("build", format!("{} in {}{platform}", plan.build.dockerfile, plan.build.context)));
        }
        rows.push(("secret", plan.secret.to_string()));
        rows.extend(self.changes.iter().map(|change| self.row(change, signs)));
        rows
    }

    /// A moving tag will be left alone, and would be moved if that were said.
    #[must_use]
    pub fn leaves_a_tag(&self) -> bool {
        self.changes.iter().any(|change| matches!(change.next, Next::LeftAlone(_)))
    }

    /// All is as it would be after.
    #[must_use]
    pub fn changes_nothing(&self) -> bool {
        !self.changes.is_empty() && self.changes.iter().all(|change| change.next == Next::Done)
    }

    fn row(&self, change: &Change, signs: Signs) -> (&'static str, String) {
        let what = match (&change.now, &change.next, change.kind) {
            (Some(now), Next::Known(next), _) => {
                format!("{} {} {}", now.words(), signs.glyph("→", "->"), next.words())
            }
            (None, Next::Known(next), _) => format!("new {} {}", signs.glyph("→", "->"), next.words()),
            (Some(now), Next::Done, _) => format!("shows {} already: nothing changes", now.words()),
            (Some(now), Next::Same, _) => format!("{} stays", now.words()),
            (None, Next::Same | Next::Done, _) => "is not there, and stays so".to_owned(),
            (now, Next::LeftAlone(why), _) => {
                let now = now.as_ref().map_or_else(String::new, |now| format!("{} ", now.digest.short()));
                format!("{now}is left alone: {why}")
            }
            (None, Next::Image, _) => "new".to_owned(),
            (Some(now), Next::Image, TagKind::Frozen) => format!("taken by {}: {}", now.digest.short(), self.taken()),
            (Some(now), Next::Image, TagKind::Moving) => format!("{} is replaced", now.words()),
        };
        (change.kind.word(), format!("{}  {what}", change.tag))
    }

    /// What happens at a frozen tag that is there already.
    fn taken(&self) -> String {
        match &self.plan.parent {
            None => "the release would stop".to_owned(),
            Some(parent) => format!("the release would stop, unless that is the image of {parent}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan() -> Plan {
        serde_json::from_value(serde_json::json!({
            "release": "bbbbbbbbbb", "image": "app", "repository": "docker.io/team/app", "runner": "local",
            "trigger": "by hand", "parent": null,
            "source": {
                "commit": "a".repeat(40), "git_ref": null, "branch": "main", "remote": null,
                "reviewed": true, "dirty": false, "committed": jiff::Timestamp::UNIX_EPOCH,
            },
            "tags": [], "secret": "dockerhub", "recipe": { "username": "/u", "password": "/p" },
            "build": {
                "context": ".", "dockerfile": "Dockerfile", "target": null, "platform": "linux/amd64",
                "args": {}, "labels": {}, "builder": "auto",
            },
            "move": false, "who": "bot@host", "planned": jiff::Timestamp::UNIX_EPOCH,
        }))
        .unwrap()
    }

    fn shown(image: &str, release: Option<&str>) -> Shown {
        Shown { digest: Digest::of(image.as_bytes()), release: release.map(|release| release.parse().unwrap()) }
    }

    #[test]
    fn each_tag_says_what_becomes_of_it() {
        let old = Digest::of(b"old").short().to_owned();
        let new = Digest::of(b"new").short().to_owned();
        for (kind, now, next, words) in [
            (TagKind::Frozen, None, Next::Image, "new".to_owned()),
            (TagKind::Frozen, Some("aaaaaaaaaa"), Next::Image, format!("taken by {old}: the release would stop")),
            (TagKind::Moving, Some("aaaaaaaaaa"), Next::Image, format!("{old} (release aaaaaaaaaa) is replaced")),
            (
                TagKind::Moving,
                Some("aaaaaaaaaa"),
                Next::Known(shown("new", Some("cccccccccc"))),
                format!("{old} (release aaaaaaaaaa) → {new} (release cccccccccc)"),
            ),
            (TagKind::Moving, None, Next::Known(shown("new", None)), format!("new → {new} (of no record)")),
            (
                TagKind::Moving,
                Some("aaaaaaaaaa"),
                Next::Done,
                format!("shows {old} (release aaaaaaaaaa) already: nothing changes"),
            ),
            (TagKind::Moving, Some("aaaaaaaaaa"), Next::Same, format!("{old} (release aaaaaaaaaa) stays")),
            (
                TagKind::Moving,
                Some("aaaaaaaaaa"),
                Next::LeftAlone("it is newer".to_owned()),
                format!("{old} is left alone: it is newer"),
            ),
        ] {
            let (left, done) = (matches!(next, Next::LeftAlone(_)), next == Next::Done);
            let change =
                Change { tag: "latest".parse().unwrap(), kind, now: now.map(|by| shown("old", Some(by))), next };
            let preview = Preview { plan: plan(), first: Step::Preflight, changes: vec![change] };
            let rows = preview.rows(Signs::Unicode);
            assert_eq!(rows.last().unwrap().1, format!("latest  {words}"));
            assert_eq!((preview.leaves_a_tag(), preview.changes_nothing()), (left, done));
        }
    }

    #[test]
    fn what_is_not_built_is_not_spoken_of() {
        let rows = |first| Preview { plan: plan(), first, changes: Vec::new() }.rows(Signs::Ascii);
        let labels: Vec<&str> = rows(Step::Preflight).into_iter().map(|(label, _)| label).collect();
        assert_eq!(labels, ["image", "commit", "build", "secret"]);
        assert!(rows(Step::Push).iter().all(|(label, _)| *label != "build"));
    }
}
