//! What a worker is to find out while a dialog waits, and the dialog that the answer becomes.

use super::{
    effect::Effect,
    layer::{Choice, Confirm, Layer, Line, Menu, Other},
};
use crate::domain::{
    event::Step,
    name::ReleaseId,
    preview::Preview,
    reference::Tag,
    release::Release,
    sign::{Signs, Tone},
    wishes::Wishes,
};

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// What a release of this image would do.
    Release { image: String, wishes: Wishes },
    /// In which ways this release can be taken up again.
    Ways(ReleaseId),
    /// What taking it up would do: at this step, or the whole of it under new tags.
    Rerun { release: ReleaseId, first: Option<Step>, move_tags: bool },
    /// What pointing the tag to this release would do.
    Point { tag: Tag, release: ReleaseId },
}

/// What was found out.
#[derive(Debug)]
pub enum Answer {
    Preview(Box<Preview>),
    /// Each way, and why it cannot be gone; `None`: it can.
    Ways(Box<Release>, Vec<(Option<Step>, Option<String>)>),
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
            Self::Ways(release) => vec!["rerun".to_owned(), release.to_string()],
            Self::Rerun { release, first, move_tags } => {
                let mut words = vec!["rerun".to_owned(), release.to_string()];
                words.extend(first.iter().flat_map(|step| ["--from", step.name()]).map(str::to_owned));
                words.extend(move_tags.then(|| "--move".to_owned()));
                words.push(yes());
                words
            }
            Self::Point { tag, release } => vec!["point".to_owned(), tag.to_string(), release.to_string(), yes()],
        }
    }

    /// `Release balrog`, `Release balrog?`
    pub fn title(&self) -> String {
        match self {
            Self::Release { image, .. } => format!("Release {image}"),
            Self::Ways(release) => format!("Re-run release {release}"),
            Self::Rerun { release, first: None, .. } => format!("Re-run release {release}, with new tags"),
            Self::Rerun { release, first: Some(step), .. } => format!("Re-run release {release} from {}", step.name()),
            Self::Point { tag, release } => format!("Point {tag} to release {release}"),
        }
    }

    /// What is said once it is begun.
    fn said(&self) -> String {
        match self {
            Self::Release { image, .. } => format!("starting a release of {image}"),
            Self::Ways(release) | Self::Rerun { release, .. } => format!("taking up release {release} again"),
            Self::Point { tag, release } => format!("pointing {tag} to release {release}"),
        }
    }

    /// The same, with moving tags pointed back that would be left alone.
    fn moving(&self) -> Option<Self> {
        match self {
            Self::Release { image, wishes } => {
                Some(Self::Release { image: image.clone(), wishes: Wishes { move_tags: true, ..wishes.clone() } })
            }
            Self::Rerun { release, first, .. } => {
                Some(Self::Rerun { release: release.clone(), first: *first, move_tags: true })
            }
            Self::Ways(_) | Self::Point { .. } => None,
        }
    }
}

impl Answer {
    /// The dialog that shows it, and what follows from there.
    pub fn layer(self, request: &Request, signs: Signs) -> Layer {
        match self {
            Self::Preview(preview) => Layer::Confirm(Box::new(confirm(request, &preview, signs))),
            Self::Ways(earlier, ways) => Layer::Menu(again(&earlier, ways)),
        }
    }
}

/// What a request will do, and whether it shall.
fn confirm(request: &Request, preview: &Preview, signs: Signs) -> Confirm {
    let plan = &preview.plan;
    let tone = |label| if label == "image" { Tone::Bold } else { Tone::Plain };
    let mut lines: Vec<Line> =
        preview.rows(signs).into_iter().map(|(label, words)| Line::new(label, words, tone(label))).collect();
    // The plan of a whole release is made again when it starts.
    let date = plan.planned.strftime("%Y-%m-%d-%H-%M-%S").to_string();
    let remade = preview.first == Step::Preflight && !matches!(request, Request::Rerun { first: Some(_), .. });
    if remade && plan.tags.iter().any(|planned| planned.tag.as_str().contains(&date)) {
        lines.push(Line::plain(""));
        lines.push(Line::new("", "the time in the frozen tag will be that of the start", Tone::Dim));
    }
    let words = request.words();
    let other = request.moving().filter(|_| preview.leaves_a_tag());
    Confirm {
        title: format!("{}?", request.title()),
        lines,
        command: Some(words.clone()),
        typed: None,
        other: other.map(|other| Other { words: "move it all the same".to_owned(), then: Effect::Prepare(other) }),
        then: vec![Effect::Start { words }],
        said: request.said(),
    }
}

/// The ways to take a release up again; where it stood is chosen.
fn again(earlier: &Release, ways: Vec<(Option<Step>, Option<String>)>) -> Menu {
    let id = &earlier.plan.release;
    let possible: Vec<(Option<Step>, bool)> = ways.iter().map(|(first, refused)| (*first, refused.is_none())).collect();
    let choices = ways.into_iter().map(|(first, refused)| Choice {
        label: first.map_or("whole".to_owned(), |step| format!("from {}", step.name())),
        note: earlier.way(first),
        refused,
        then: vec![Effect::Prepare(Request::Rerun { release: id.clone(), first, move_tags: false })],
    });
    Menu { title: format!("Re-run release {id}"), choices: choices.collect(), at: earlier.best_way(&possible) }
}
