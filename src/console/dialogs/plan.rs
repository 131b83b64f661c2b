//! What a request will do, and whether it shall.

use crate::{
    console::{
        effect::Effect,
        model::{Confirm, Line, layer::Other},
        request::Request,
    },
    domain::{
        event::Step,
        preview::Preview,
        sign::{Signs, Tone},
    },
};

pub fn told(preview: &Preview, signs: Signs) -> Vec<Line> {
    let tone = |label| if label == "image" { Tone::Bold } else { Tone::Plain };
    preview.rows(signs).into_iter().map(|(label, words)| Line::new(label, words, tone(label))).collect()
}

/// What is built, pushed and pointed.
pub fn confirm(request: &Request, preview: &Preview, signs: Signs) -> Confirm {
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

/// What is done to tasks.
pub fn done(request: &Request, rows: Vec<(&'static str, String)>) -> Confirm {
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
