//! The lines of a log, as the runtime would answer with them.

use std::collections::VecDeque;

use super::tell;
use crate::{
    console::{
        effect::Effect,
        message::Message,
        model::{Goal, Match, Model, Scanned, Seen, Sight, StepsRead},
        view::geometry::Geometry,
    },
    log::{
        pattern::{Filter, Wanted},
        steps::Steps,
        viewport::{self, Layout, Window, memory::Log, window},
    },
};

/// Rows of a log of so many lines that is not wrapped: these lines, the first of which is `first`, in answer to what is
/// asked for now.
pub fn seen(model: &Model, first: u64, lines: &[String], total: u64) -> Seen {
    let text = Geometry::of(model).log_text;
    let layout = Layout {
        height: text.height.max(1).into(),
        width: text.width.max(1).into(),
        wrap: false,
        left: model.log.left,
    };
    let marks = model.log.search.as_ref().map(|search| search.pattern().clone());
    let found = |text: &str| marks.as_ref().map_or_else(Vec::new, |pattern| pattern.found_in(text.as_bytes()));
    let row = |(line, text): (u64, &String)| viewport::Row {
        line,
        text: text.clone(),
        marks: found(text),
        ..viewport::Row::default()
    };
    let window = Window {
        layout,
        columns: 0..usize::MAX,
        rows: (first..).zip(lines).map(row).collect(),
        at_start: first == 0,
        at_end: first + lines.len() as u64 == total,
        ..Window::default()
    };
    Seen { window, total, found: 0, sight: Sight { layout, marks, ..Sight::default() } }
}

/// Carries out what the console asks of a log that has these lines, until it asks for no more. Gives the other effects.
pub fn read(model: &mut Model, effects: Vec<Effect>, lines: &[String]) -> Vec<Effect> {
    let mut waiting = VecDeque::from(effects);
    let mut others = Vec::new();
    while let Some(effect) = waiting.pop_front() {
        match answer(&effect, lines) {
            Some(message) => waiting.extend(tell(model, message)),
            None => others.push(effect),
        }
    }
    others
}

/// What a worker says who has a log with these lines.
pub fn answer(effect: &Effect, lines: &[String]) -> Option<Message> {
    let passes = |filter: &Filter, line: &str| filter.pattern.found_in(line.as_bytes()).is_empty() == filter.invert;
    let found = |wanted: &Wanted| -> Vec<u64> {
        let all = (0..).zip(lines);
        all.filter(|(_, line)| {
            passes(&wanted.filter, line) && wanted.within.as_ref().is_none_or(|within| passes(within, line))
        })
        .map(|(number, _)| number)
        .collect()
    };
    Some(match effect {
        Effect::ReadLog { release, sight } => {
            let mut log = Log::of(lines.iter().map(String::as_str));
            let mut left = 0;
            if let Some(filter) = &sight.filter {
                let kept = found(&Wanted { filter: filter.clone(), within: None });
                left = kept.len() as u64;
                log.shown = Box::new(move |line| kept.contains(&line));
            }
            let window = window(&mut log, sight.spot, sight.reveal, sight.layout, sight.marks.as_ref()).unwrap();
            let seen = Seen { window, total: lines.len() as u64, found: left, sight: (**sight).clone() };
            Message::Log(release.clone(), Ok(Some(seen)))
        }
        Effect::ReadSteps { release } => {
            let mut steps = Steps::default();
            for line in lines {
                steps.take(line, || None);
            }
            Message::Steps(release.clone(), Ok(Box::new(StepsRead { steps: steps.into(), more: false })))
        }
        Effect::SearchLog { release, wanted } => {
            let lines_found = found(wanted);
            let scanned = Scanned {
                searched: lines.len() as u64,
                more: false,
                count: lines_found.len() as u64,
                last: lines_found.last().copied(),
            };
            Message::Searched(release.clone(), wanted.clone(), Ok(scanned))
        }
        Effect::FindInLog { release, wanted, which } => {
            let lines_found = found(wanted);
            let number = match which {
                Goal::Number(number) => usize::try_from(*number).unwrap(),
                Goal::From(from) => lines_found.partition_point(|line| line < from),
                Goal::Before(end) => {
                    let before = lines_found.partition_point(|line| line < end).checked_sub(1);
                    before.unwrap_or(lines_found.len().saturating_sub(1))
                }
            };
            let found = lines_found.get(number).map(|line| {
                let text = lines[usize::try_from(*line).unwrap()].as_bytes();
                let byte = wanted.filter.pattern.found_in(text).first().map_or(0, |found| found.start as u64);
                Match { number: number as u64, line: *line, byte }
            });
            Message::Found(release.clone(), wanted.clone(), *which, Ok(found))
        }
        _ => return None,
    })
}
