//! Up and down in whatever has rows: what is over the screen, else the screen.

use crate::console::{
    effect::Effect,
    model::{Model, Older, Pane, Screen, remote},
    press::layers,
    view::{evidence, geometry::Geometry, secrets},
};

pub fn down(model: &mut Model) -> Vec<Effect> {
    scroll(model, 1)
}

pub fn up(model: &mut Model) -> Vec<Effect> {
    scroll(model, -1)
}

pub fn page_down(model: &mut Model) -> Vec<Effect> {
    let page = page(model);
    scroll(model, page)
}

pub fn page_up(model: &mut Model) -> Vec<Effect> {
    let page = page(model);
    scroll(model, -page)
}

pub fn half_down(model: &mut Model) -> Vec<Effect> {
    let half = half(model);
    scroll(model, half)
}

pub fn half_up(model: &mut Model) -> Vec<Effect> {
    let half = half(model);
    scroll(model, -half)
}

pub fn first(model: &mut Model) -> Vec<Effect> {
    scroll(model, i64::MIN)
}

pub fn last(model: &mut Model) -> Vec<Effect> {
    scroll(model, i64::MAX)
}

/// All rows that are seen but one.
pub(super) fn page(model: &Model) -> i64 {
    if let Some(rows) = layers::rows(model) {
        return i64::try_from(rows.saturating_sub(1).max(1)).unwrap_or(1);
    }
    let geometry = Geometry::of(model);
    let rows = match (model.screen, model.focus) {
        (Screen::Releases, Pane::Log) => geometry.log.height,
        (Screen::Releases, Pane::List) => geometry.list.height.saturating_sub(2),
        (Screen::Tags, _) if model.tags.whole.is_some() => geometry.split.area.height.saturating_sub(2),
        _ => geometry.split.rows.height,
    };
    i64::from(rows.saturating_sub(1).max(1))
}

pub(super) fn half(model: &Model) -> i64 {
    (page(model) + 1) / 2
}

/// Lines of the log, or rows of whatever list is shown.
pub fn scroll(model: &mut Model, lines: i64) -> Vec<Effect> {
    let steps = isize::try_from(lines).unwrap_or(if lines < 0 { isize::MIN } else { isize::MAX });
    if layers::scroll(model, steps) {
        return Vec::new();
    }
    match (model.screen, model.focus) {
        (Screen::Tags, _) => match model.tags.whole {
            Some(first) => {
                let last = evidence::last(model);
                model.tags.whole = Some(first.saturating_add_signed(steps).min(last));
            }
            None => model.tags.scroll(steps),
        },
        (Screen::Secrets, _) => match model.secrets.history {
            Some(first) => {
                let last = secrets::last(model);
                model.secrets.history = Some(first.saturating_add_signed(steps).min(last));
            }
            None => model.secrets.scroll(steps),
        },
        (Screen::Doctor, _) => model.doctor.scroll(steps),
        (Screen::Activity, _) => {
            let words = model.narrowed().to_owned();
            model.activity.scroll(&words, steps);
        }
        (Screen::Projects, _) => model.projects.scroll(steps),
        (Screen::Releases, Pane::Log) => match lines {
            i64::MIN => model.log.to_start(),
            i64::MAX => model.log.to_end(),
            rows => model.log.scroll(rows),
        },
        (Screen::Releases, Pane::List) => {
            if let Some(last) = model.list().len().checked_sub(1) {
                let at = model.position().unwrap_or(0).saturating_add_signed(steps).min(last);
                model.selected = Some(model.list()[at].plan.release.clone());
                if at == last && model.older == Older::There {
                    model.older = Older::Asked;
                    let ours = model.list().iter().rev().find(|release| !remote::is_remote(release));
                    let before = ours.map(|release| release.plan.release.clone());
                    let repositories = model.repositories();
                    return before.map(|before| Effect::LoadOlder { repositories, before }).into_iter().collect();
                }
            }
        }
    }
    Vec::new()
}
