//! What a worker is to find out while a dialog waits, and the words of the command that does it. Data: what is found out
//! becomes another dialog in [`super::dialogs`].

mod act;
mod several;

pub use self::{
    act::Act,
    several::{Deed, Several},
};
use crate::{
    domain::{
        again::{Manner, Which},
        artifact::Left,
        event::Step,
        name::ReleaseId,
        reference::{Repository, Tag},
        task::TaskId,
        wishes::Wishes,
    },
    log::sanitise::plain,
};

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// What a release of this image would do.
    Release { image: String, wishes: Wishes },
    /// What the hook takes that begins releases.
    Payload,
    /// What firing it with this would do.
    Fire { payload: String },
    /// In which ways this release can be taken up again.
    Ways(ReleaseId),
    /// What taking it up would do: at this step, or the whole of it under new tags.
    Rerun { release: ReleaseId, first: Option<Step>, move_tags: bool },
    /// In which ways tasks of this release on Taskcluster can be run again.
    TaskWays(ReleaseId),
    /// What running them again, or making them anew, would do.
    Again { release: ReleaseId, which: Which, manner: Manner },
    /// What the end of this release on Taskcluster would be.
    End { release: ReleaseId, repository: Repository },
    /// What the same would do to the marked ones.
    Several(Several),
    /// What pointing the tag to this release would do.
    Point { tag: Tag, release: ReleaseId },
    /// What a tag showed, and when. It can be pointed to what it showed if releases move it.
    History { image: String, tag: Tag, moving: bool },
    /// What this digest is, or what begins so.
    Find { digest: String },
    /// What the tasks of a release on Taskcluster left; the chosen task is the one whose log is shown.
    Artifacts { release: ReleaseId, chosen: Option<TaskId> },
    /// What its decision task offers to be done; the chosen task is the one whose log is shown.
    Actions { release: ReleaseId, chosen: Option<TaskId> },
    /// What an action would do.
    Act(Act),
    /// Where this would go.
    Download(Box<Left>),
}

impl Request {
    /// The words after `windlass` that do it.
    pub fn words(&self) -> Vec<String> {
        let yes = || "--yes".to_owned();
        match self {
            Self::Release { image, wishes } => {
                let image = ["release", "--image", image].map(str::to_owned);
                image.into_iter().chain(wishes.words()).chain([yes()]).collect()
            }
            Self::Payload | Self::Fire { .. } => ["release", "--payload-stdin", "--yes"].map(str::to_owned).to_vec(),
            Self::Ways(release) | Self::TaskWays(release) => vec!["rerun".to_owned(), release.to_string()],
            Self::Again { release, which, manner } => {
                let named = |option: &str, task: &TaskId| [option.to_owned(), task.to_string()];
                let tasks: Vec<String> = match which {
                    Which::Whole => Vec::new(),
                    Which::From(task) => named("--from", task).to_vec(),
                    Which::Only(tasks) => tasks.iter().flat_map(|task| named("--task", task)).collect(),
                };
                let mut words = vec!["rerun".to_owned(), release.to_string()];
                words.extend(tasks);
                words.extend((*manner == Manner::Clone).then(|| "--clone".to_owned()));
                words.push(yes());
                words
            }
            Self::End { release, .. } => vec!["cancel".to_owned(), release.to_string(), yes()],
            Self::Several(several) => several.words(),
            Self::Rerun { release, first, move_tags } => {
                let mut words = vec!["rerun".to_owned(), release.to_string()];
                words.extend(first.iter().flat_map(|step| ["--from", step.name()]).map(str::to_owned));
                words.extend(move_tags.then(|| "--move".to_owned()));
                words.push(yes());
                words
            }
            Self::Point { tag, release } => vec!["point".to_owned(), tag.to_string(), release.to_string(), yes()],
            Self::History { image, tag, .. } => {
                ["tags", "--image", image, "--history", tag.as_str()].map(str::to_owned).to_vec()
            }
            Self::Find { digest } => vec!["find".to_owned(), digest.clone()],
            Self::Artifacts { release, .. } => vec!["artifacts".to_owned(), release.to_string()],
            Self::Actions { release, .. } => vec!["action".to_owned(), release.to_string()],
            Self::Act(act) => act.words(),
            Self::Download(left) => left.words(left.file_name().unwrap_or_default(), false),
        }
    }

    /// `Release balrog`, `Release balrog?`
    pub fn title(&self) -> String {
        match self {
            Self::Release { image, .. } => format!("Release {image}"),
            Self::Payload | Self::Fire { .. } => "Begin a release by its hook".to_owned(),
            Self::Ways(release) | Self::TaskWays(release) => format!("Re-run release {release}"),
            Self::Again { release, manner: Manner::Rerun, .. } => format!("Re-run tasks of release {release}"),
            Self::Again { release, manner: Manner::Clone, .. } => format!("Make tasks of release {release} anew"),
            Self::End { release, .. } => format!("Cancel release {release}"),
            Self::Several(several) => several.title(),
            Self::Rerun { release, first: None, .. } => format!("Re-run release {release}, with new tags"),
            Self::Rerun { release, first: Some(step), .. } => format!("Re-run release {release} from {}", step.name()),
            Self::Point { tag, release } => format!("Point {tag} to release {release}"),
            Self::History { tag, .. } => format!("What {tag} showed"),
            Self::Find { digest } => format!("What {digest} is"),
            Self::Artifacts { release, .. } => format!("Artifacts of release {release}"),
            Self::Actions { release, .. } => format!("Actions of release {release}"),
            Self::Act(act) => act.title(),
            Self::Download(left) => format!("Download {}", plain(&left.name)),
        }
    }

    /// What is said while it is found out.
    pub fn waiting(&self) -> &'static str {
        match self {
            Self::Artifacts { .. } => "asking what its tasks left",
            Self::Payload => "asking what it takes",
            Self::Actions { .. } => "asking what its decision task offers",
            Self::History { .. } | Self::Find { .. } => "looking it up",
            Self::Release { .. }
            | Self::Fire { .. }
            | Self::Ways(_)
            | Self::TaskWays(_)
            | Self::Rerun { .. }
            | Self::Again { .. }
            | Self::End { .. }
            | Self::Several(_)
            | Self::Point { .. }
            | Self::Act(_)
            | Self::Download(_) => "finding out what would happen",
        }
    }

    /// What is said once it is begun.
    pub fn said(&self) -> String {
        match self {
            Self::Release { image, .. } => format!("starting a release of {image}"),
            Self::Ways(release)
            | Self::TaskWays(release)
            | Self::Rerun { release, .. }
            | Self::Again { release, .. } => {
                format!("taking up release {release} again")
            }
            Self::End { release, .. } => format!("release {release} is being cancelled"),
            Self::Several(several) => several.said(),
            Self::Point { tag, release } => format!("pointing {tag} to release {release}"),
            Self::Payload
            | Self::Fire { .. }
            | Self::History { .. }
            | Self::Find { .. }
            | Self::Artifacts { .. }
            | Self::Actions { .. }
            | Self::Act(_)
            | Self::Download(_) => self.title(),
        }
    }

    /// The same, with moving tags pointed back that would be left alone.
    pub fn moving(&self) -> Option<Self> {
        match self {
            Self::Release { image, wishes } => {
                Some(Self::Release { image: image.clone(), wishes: Wishes { move_tags: true, ..wishes.clone() } })
            }
            Self::Rerun { release, first, .. } => {
                Some(Self::Rerun { release: release.clone(), first: *first, move_tags: true })
            }
            Self::Payload
            | Self::Fire { .. }
            | Self::Ways(_)
            | Self::TaskWays(_)
            | Self::Again { .. }
            | Self::End { .. }
            | Self::Several(_)
            | Self::Point { .. }
            | Self::History { .. }
            | Self::Find { .. }
            | Self::Artifacts { .. }
            | Self::Actions { .. }
            | Self::Act(_)
            | Self::Download(_) => None,
        }
    }
}
