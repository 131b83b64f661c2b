//! What a worker is to find out while a dialog waits, and the dialog that the answer becomes.

use jiff::Timestamp;

use super::{
    actions::{self, Act},
    artifacts, beginning,
    effect::Effect,
    layer::{Choice, Confirm, Layer, Line, Menu, Other},
    several::Several,
};
use crate::{
    domain::{
        action::Offer,
        again::{Again, Manner, Way, Which},
        artifact::Left,
        beginning::{Beginning, Takes},
        ending::Ending,
        event::Step,
        failure::Failure,
        name::ReleaseId,
        observation::Sighting,
        preview::Preview,
        reference::{Repository, Tag},
        release::Release,
        sign::{Signs, Tone},
        task::TaskId,
        wishes::Wishes,
        written::time,
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

/// What was found out.
#[derive(Debug)]
pub enum Answer {
    Preview(Box<Preview>),
    Beginning(Box<Beginning>),
    Takes(Box<Takes>),
    /// Each way, and why it cannot be gone; `None`: it can.
    Ways(Box<Release>, Vec<(Option<Step>, Option<String>)>),
    TaskWays(Vec<Way>),
    Again(Box<Again>),
    End(Box<Ending>),
    /// Of each, in their order.
    Several(Vec<Result<Answer, Failure>>),
    /// Newest first, each with the release that recorded it.
    Past(Vec<(Sighting, Option<ReleaseId>)>),
    /// A sentence for each thing that it is.
    Found(Vec<String>),
    Left(Vec<Left>),
    Actions(Vec<Offer>),
    /// What this action is given is still to be asked for.
    Input(Box<Offer>),
    /// What the hook of an action would be fired with; as JSON, too.
    Act {
        rows: Vec<(&'static str, String)>,
        payload: String,
    },
    /// The folder in which the console was opened.
    Folder(String),
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
            Self::Release { .. }
            | Self::Fire { .. }
            | Self::Ways(_)
            | Self::TaskWays(_)
            | Self::Rerun { .. }
            | Self::Again { .. }
            | Self::End { .. }
            | Self::Several(_)
            | Self::Point { .. }
            | Self::History { .. }
            | Self::Find { .. }
            | Self::Act(_)
            | Self::Download(_) => "finding out what would happen",
        }
    }

    /// What is said once it is begun.
    fn said(&self) -> String {
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
    fn moving(&self) -> Option<Self> {
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

impl Answer {
    /// The release that is there already of what was to be begun.
    pub fn there(&self) -> Option<ReleaseId> {
        match self {
            Self::Beginning(beginning) => beginning.there.clone(),
            _ => None,
        }
    }

    /// The dialog that shows it, and what follows from there.
    pub fn layer(self, request: &Request, signs: Signs, now: Timestamp) -> Layer {
        match self {
            Self::Preview(preview) if preview.changes_nothing() => {
                Layer::Told { title: request.title(), lines: told(&preview, signs) }
            }
            Self::Preview(preview) => Layer::Confirm(Box::new(confirm(request, &preview, signs))),
            Self::Beginning(beginning) => beginning::shown(*beginning),
            Self::Takes(takes) => Layer::Ask(Box::new(beginning::payload(request.title(), *takes))),
            Self::Ways(earlier, ways) => Layer::Menu(again(&earlier, ways)),
            Self::TaskWays(ways) => Layer::Menu(tasks_again(request, ways)),
            Self::Again(again) => match again.refused() {
                Some(refused) => Layer::Failure(refused),
                None => Layer::Confirm(Box::new(done(request, again.rows()))),
            },
            Self::End(ending) => match ending.refused() {
                Some(refused) => Layer::Failure(refused),
                None => Layer::Confirm(Box::new(done(request, ending.rows()))),
            },
            Self::Several(answers) => match request {
                Request::Several(several) => several.layer(answers, signs, now),
                _ => Layer::Told { title: request.title(), lines: Vec::new() },
            },
            Self::Past(past) => match request {
                Request::History { tag, moving, .. } if !past.is_empty() => Layer::Menu(history(tag, *moving, past)),
                _ => Layer::Told { title: request.title(), lines: vec![Line::plain("nobody has looked at it before")] },
            },
            Self::Found(sentences) => {
                let lines = sentences.into_iter().map(Line::plain).collect();
                Layer::Told { title: request.title(), lines }
            }
            Self::Left(left) => match request {
                Request::Artifacts { chosen, .. } if !left.is_empty() => {
                    Layer::Menu(artifacts::list(request.title(), left, chosen.as_ref(), signs, now))
                }
                _ => Layer::Told {
                    title: request.title(),
                    lines: vec![Line::plain("its tasks left nothing: none has run yet, or what they left has expired")],
                },
            },
            Self::Actions(offers) => match request {
                Request::Actions { release, chosen } if !offers.is_empty() => {
                    Layer::Menu(actions::list(request.title(), release, offers, chosen.as_ref()))
                }
                _ => Layer::Told { title: request.title(), lines: vec![Line::plain("its decision task offers none")] },
            },
            Self::Input(offer) => match request {
                Request::Act(act) => Layer::Ask(Box::new(actions::ask(act.clone(), *offer))),
                _ => Layer::Told { title: request.title(), lines: vec![Line::plain(offer.title)] },
            },
            Self::Act { rows, payload } => match request {
                Request::Act(act) => Layer::Confirm(Box::new(actions::confirm(act.clone(), rows, payload))),
                _ => Layer::Told { title: request.title(), lines: vec![Line::plain(payload)] },
            },
            Self::Folder(folder) => match request {
                Request::Download(left) => Layer::Ask(Box::new(artifacts::file(left, &folder, now))),
                _ => Layer::Told { title: request.title(), lines: vec![Line::plain(folder)] },
            },
        }
    }
}

fn told(preview: &Preview, signs: Signs) -> Vec<Line> {
    let tone = |label| if label == "image" { Tone::Bold } else { Tone::Plain };
    preview.rows(signs).into_iter().map(|(label, words)| Line::new(label, words, tone(label))).collect()
}

/// What a request will do, and whether it shall.
fn confirm(request: &Request, preview: &Preview, signs: Signs) -> Confirm {
    let plan = &preview.plan;
    let mut lines = told(preview, signs);
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
        other: other.map(|other| Other { words: "move it anyway".to_owned(), then: Effect::Prepare(other) }),
        then: vec![Effect::Start { words }],
        said: request.said(),
    }
}

/// What is done to tasks, and whether it shall.
fn done(request: &Request, rows: Vec<(&'static str, String)>) -> Confirm {
    let words = request.words();
    let then = match request {
        Request::End { release, repository } => {
            Effect::Cancel { release: release.clone(), repository: repository.clone() }
        }
        _ => Effect::Start { words: words.clone() },
    };
    Confirm {
        title: format!("{}?", request.title()),
        lines: Line::rows(rows),
        command: Some(words),
        typed: None,
        other: None,
        then: vec![then],
        said: request.said(),
    }
}

/// The ways to have tasks run again, or made anew.
fn tasks_again(request: &Request, ways: Vec<Way>) -> Menu {
    let at = ways.iter().position(|way| way.refused.is_none()).unwrap_or(0);
    let choice = |Way { which, manner, label, note, refused }: Way| {
        let again = |release: &ReleaseId| Request::Again { release: release.clone(), which, manner };
        let then = match request {
            Request::TaskWays(release) => vec![Effect::Prepare(again(release))],
            _ => Vec::new(),
        };
        Choice { label, note, refused, then }
    };
    Menu { title: request.title(), choices: ways.into_iter().map(choice).collect(), at, stays: false }
}

/// What a moving tag showed before can be chosen, to be pointed to once more.
fn history(tag: &Tag, moving: bool, past: Vec<(Sighting, Option<ReleaseId>)>) -> Menu {
    let choices = past.into_iter().enumerate().map(|(i, (sighting, release))| {
        let until = if i == 0 { "since".to_owned() } else { format!("until {}", time(sighting.last_seen)) };
        let shown = sighting.digest.as_ref().map_or("absent".to_owned(), |digest| digest.hex()[..12].to_owned());
        let label = format!("{}  {shown}", time(sighting.first_seen));
        let whose = release.as_ref().map_or("of no record".to_owned(), |release| format!("release {release}"));
        let said = if sighting.digest.is_some() { format!("{until}, {whose}") } else { until };
        let (note, refused) = match release.as_ref().filter(|_| moving && i > 0) {
            Some(_) => (format!("{said}; enter points {tag} there"), None),
            None => (String::new(), Some(said)),
        };
        let then = release.map(|release| Effect::Prepare(Request::Point { tag: tag.clone(), release }));
        Choice { label, note, refused, then: then.into_iter().collect() }
    });
    Menu { title: format!("What {tag} showed, from (UTC)"), choices: choices.collect(), at: 0, stays: false }
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
    Menu {
        title: format!("Re-run release {id}"),
        choices: choices.collect(),
        at: earlier.best_way(&possible),
        stays: false,
    }
}
