//! `windlass show`: one release, its steps and what became of its tags.

use std::fmt::Write as _;

use super::{
    args::ReleaseArg,
    ground::Ground,
    json,
    output::{Cell, Style, Tone, columns, seconds, time},
    seen::{Seen, seen},
};
use crate::{
    domain::{
        event::Step,
        failure::Failure,
        plan::Plan,
        release::{Release, StepState},
    },
    spool,
};

/// How much of the log is shown under a build that failed.
const LAST_LINES: usize = 10;

pub async fn run(ground: &Ground, wanted: &ReleaseArg) -> Result<u8, Failure> {
    let journal = ground.journal().await?;
    let release = match seen(ground, &journal, wanted).await? {
        Seen::Here(release) => *release,
        Seen::There(there) => there.detailed.release,
    };
    let tail = last_lines(ground, &release)?;
    ground
        .output
        .result(|| json::one_release(&release), |style| with_failure(text(style, &release, &tail), &release))?;
    Ok(0)
}

/// The end of the log, when the build is what failed.
pub fn last_lines(ground: &Ground, release: &Release) -> Result<Vec<String>, Failure> {
    let failed = release.steps.iter().any(|s| s.step == Step::Build && s.state == StepState::Failed);
    let file = super::log::file(ground, release);
    if !failed || !file.exists() {
        return Ok(Vec::new());
    }
    Ok(spool::Reader::open(&file)?.tail(LAST_LINES)?)
}

pub fn text(style: Style, release: &Release, tail: &[String]) -> String {
    let plan = &release.plan;
    let (sign, tone) = style.state(release.state);
    let mut text = format!(
        "{} {}  {} {} of {}, {}\n",
        style.paint(tone, sign),
        style.paint(Tone::Bold, plan.release.as_str()),
        plan.source.branch.as_deref().unwrap_or("-"),
        style.paint(Tone::Bold, plan.source.commit.short()),
        plan.repository,
        plan.parent.as_ref().map_or(plan.trigger.to_string(), |parent| format!("{} of {parent}", plan.trigger)),
    );
    let _ = writeln!(
        text,
        "  {}",
        style.paint(Tone::Dim, &format!("started {} UTC by {}{}", time(release.started), plan.who, inside(plan)))
    );
    let rows: Vec<Vec<Cell>> = release
        .steps
        .iter()
        .map(|step| {
            let (sign, tone) = style.step_sign(step.state);
            vec![
                Cell::toned(format!("  {sign}"), tone),
                Cell::new(step.step.name()),
                Cell::toned(step.seconds().map(seconds).unwrap_or_default(), Tone::Dim),
                Cell::new(step.failure.as_ref().map_or(step.note.as_str(), |f| f.what.as_str())),
            ]
        })
        .collect();
    text.push_str(&columns(style, &rows));
    for line in tail {
        let _ = writeln!(text, "    {} {line}", style.paint(Tone::Dim, style.glyph("│", "|")));
    }
    let rows: Vec<Vec<Cell>> = release.pushes.iter().map(|push| pushed(style, release, push)).collect();
    text.push_str(&columns(style, &rows));
    text
}

/// The task that it ran in, where it did.
fn inside(plan: &Plan) -> String {
    plan.task.as_ref().map_or_else(String::new, |run| format!(" in {run}"))
}

/// What a release that failed says about itself, under the rest.
fn with_failure(mut text: String, release: &Release) -> String {
    if let Some(failure) = &release.failure {
        let why = failure.why.trim_end().replace('\n', "\n        ");
        let _ = writeln!(text, "  why:  {why}\n  next: {}", failure.advice());
    }
    text
}

fn pushed(style: Style, release: &Release, push: &crate::domain::release::Push) -> Vec<Cell> {
    let verdict = release.verdicts.iter().find(|(tag, ..)| tag == &push.tag);
    let (word, tone) = match verdict {
        Some((_, verdict, _)) => style.verdict(*verdict),
        None => ("not verified".to_owned(), Tone::Dim),
    };
    vec![
        Cell::new(format!("    {}", push.tag)),
        Cell::toned(format!("{:?}", push.kind).to_lowercase(), Tone::Dim),
        Cell::new(push.digest.as_ref().map_or("push not known to have ended", |d| d.short())),
        Cell::toned(word, tone),
    ]
}
