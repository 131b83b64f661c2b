//! `windlass doctor`: what a release stands on, checked; with what was seen, what to do, and who can.

use std::{fmt::Write as _, sync::Arc};

use serde_json::{Value, json};

use super::{
    args::ImageArg,
    ground::Ground,
    output::{Style, Tone},
    release::who,
};
use crate::{
    config::Project,
    doctor::{self, Machine, Reach, Report},
    domain::{
        failure::Failure,
        finding::{CheckId, Outcome},
    },
};

pub async fn run(ground: &Ground, wanted: Option<CheckId>, image: &ImageArg) -> Result<u8, Failure> {
    let project = ground.project();
    if let (Ok(project), Some(name)) = (&project, &image.image) {
        project.image(Some(name))?;
    }
    let reports = doctor::examine(machine(ground, project, image.image.clone()), wanted, async |_| ()).await;
    ground.output.result(
        || json!({"schema": "windlass.doctor/1", "checks": reports.iter().map(row).collect::<Vec<_>>()}),
        |style| text(style, &reports),
    )?;
    Ok(doctor::exit_code(&reports))
}

/// What the checks look at from here: one image of the project, or all of them.
pub fn machine(ground: &Ground, project: Result<Project, Failure>, image: Option<String>) -> Machine {
    let who = who();
    let root = project.as_ref().ok().and_then(|project| project.taskcluster.as_ref()).map(|at| at.root_url.clone());
    Machine {
        taskcluster: root.map(|root| {
            let ground = ground.clone();
            Arc::new(move || ground.taskcluster(root.clone())) as Reach
        }),
        paths: ground.paths.clone(),
        environment: ground.environment.clone(),
        project,
        image,
        passphrase: ground.passphrase.clone(),
        learned: ground.learned.clone(),
        registry: ground.registry_options(),
        user: who.split('@').next().unwrap_or(&who).to_owned(),
        permit: ground.permit,
    }
}

fn row(report: &Report) -> Value {
    let finding = &report.finding;
    let remedy = finding.outcome.remedy();
    json!({
        "id": report.check,
        "title": report.check.title(),
        "image": report.image,
        "outcome": finding.outcome.word(),
        "evidence": finding.evidence,
        "fix": remedy.map(|remedy| &remedy.fix),
        "owner": remedy.map(|remedy| remedy.owner.name()),
    })
}

fn text(style: Style, reports: &[Report]) -> String {
    let first = reports.iter().find_map(|report| report.image.as_ref());
    let several = reports.iter().any(|report| report.image.is_some() && report.image.as_ref() != first);
    let mut text = String::new();
    for report in reports {
        let (sign, tone, word) = mark(style, &report.finding.outcome);
        let sign = style.paint(tone, &format!("{sign} {word:<11}"));
        let name = style.paint(Tone::Bold, &format!("{:<9}", report.check));
        let mut lines: Vec<String> = Vec::new();
        lines.extend(report.image.as_ref().filter(|_| several).map(|image| format!("of {image}")));
        lines.extend(report.finding.evidence.lines().map(ToOwned::to_owned));
        if let Some(remedy) = report.finding.outcome.remedy() {
            let arrow = style.glyph("→", "->");
            lines.extend(remedy.fix.lines().map(|fix| format!("{arrow} {fix}")));
            let who = style.paint(Tone::Dim, &format!(" ({})", remedy.owner.name()));
            lines.last_mut().expect("there is evidence").push_str(&who);
        }
        let _ = writeln!(text, "{sign} {name} {}", lines.join(&format!("\n{:24}", "")));
    }
    let _ = writeln!(text, "{}", style.paint(Tone::Dim, &counted(reports)));
    text
}

fn counted(reports: &[Report]) -> String {
    let words = [("pass", "pass"), ("warn", "warn"), ("fail", "fail"), ("cannot-tell", "cannot tell")];
    let counts = words
        .map(|(word, shown)| (reports.iter().filter(|report| report.finding.outcome.word() == word).count(), shown));
    let counts: Vec<String> =
        counts.into_iter().filter(|(count, _)| *count > 0).map(|(count, shown)| format!("{count} {shown}")).collect();
    counts.join(", ")
}

fn mark(style: Style, outcome: &Outcome) -> (&'static str, Tone, &'static str) {
    match outcome {
        Outcome::Pass => (style.glyph("✓", "+"), Tone::Good, "pass"),
        Outcome::Warn(_) => (style.glyph("•", "*"), Tone::Notice, "warn"),
        Outcome::Fail(_) => (style.glyph("✗", "x"), Tone::Bad, "fail"),
        Outcome::CannotTell(_) | Outcome::Blocked(_) => ("?", Tone::Notice, "cannot tell"),
    }
}
