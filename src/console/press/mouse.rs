//! What a click and the wheel do: to whatever is where the pointer is, by the geometry that the view draws with. Pure.

use ratatui::{
    crossterm::event::{MouseButton, MouseEvent, MouseEventKind},
    layout::{Position, Rect},
};

use crate::console::{
    action::{Action, Id},
    effect::Effect,
    model::{Layer, Model, Pane, Screen},
    press::{act, moving::scroll},
    view::{
        dialog,
        dialog_box::Hit,
        footer,
        geometry::{Geometry, top_row},
        header, step_tree,
    },
};

/// Lines of a log that the wheel moves at once.
const LINES: i64 = 3;

pub fn mouse(model: &mut Model, event: MouseEvent) -> Vec<Effect> {
    let at = Position::new(event.column, event.row);
    match event.kind {
        MouseEventKind::ScrollDown => wheel(model, at, true),
        MouseEventKind::ScrollUp => wheel(model, at, false),
        MouseEventKind::Down(MouseButton::Left) => {
            // As a key does: what was said before was seen.
            model.toasts.fade(model.now, true);
            // Before the key is forgotten that some of them follow.
            let hint = hint(model, at);
            model.leaving &= hint.is_some_and(|action| action.id == Id::Quit);
            model.pending = None;
            match hint {
                Some(action) => act(model, action),
                None => click(model, at),
            }
        }
        _ => Vec::new(),
    }
}

/// What the footer names there. Where a box is over it, that has the keys.
fn hint(model: &Model, at: Position) -> Option<&'static Action> {
    let seen = !model.layers.last().is_some_and(Layer::is_over) && Geometry::of(model).footer.contains(at);
    seen.then(|| footer::hit(model, at.x)).flatten()
}

/// What is under the pointer moves, whatever has the keys.
fn wheel(model: &mut Model, at: Position, down: bool) -> Vec<Effect> {
    let by_key =
        |model: &mut Model, (down_key, up_key): (Id, Id)| act(model, Action::of(if down { down_key } else { up_key }));
    if model.layers.last().is_some_and(Layer::is_over) {
        return by_key(model, (Id::Down, Id::Up));
    }
    let geometry = Geometry::of(model);
    if geometry.log.contains(at) {
        model.log.scroll(if down { LINES } else { -LINES });
        return Vec::new();
    }
    if geometry.tree.contains(at) {
        model.log.choose_step(if down { 1 } else { -1 });
        return Vec::new();
    }
    if geometry.list.contains(at) {
        let pane = std::mem::replace(&mut model.focus, Pane::List);
        let effects = by_key(model, (Id::Down, Id::Up));
        model.focus = pane;
        return effects;
    }
    if model.screen == Screen::Releases { Vec::new() } else { by_key(model, (Id::Down, Id::Up)) }
}

fn click(model: &mut Model, at: Position) -> Vec<Effect> {
    if let Some(layer) = model.layers.last().filter(|layer| layer.is_over()) {
        let screen = Rect::new(0, 0, model.size.0, model.size.1);
        let hit = dialog::hit(model, layer, screen, at);
        return hit.map_or_else(Vec::new, |hit| answer(model, hit));
    }
    let geometry = Geometry::of(model);
    if geometry.screens.contains(at) {
        return header::screen_at(model, at.x).map_or_else(Vec::new, |id| act(model, Action::of(id)));
    }
    if geometry.list.contains(at) {
        model.focus = Pane::List;
        let rows = geometry.list_rows();
        let row = rows.contains(at).then(|| top_row(model.position(), rows.height) + usize::from(at.y - rows.y));
        if let Some(release) = row.and_then(|row| model.list().get(row)) {
            model.selected = Some(release.plan.release.clone());
        }
    } else if geometry.release.contains(at) && model.selected().is_some() {
        model.focus = Pane::Log;
        if let Some(step) = geometry.tree.contains(at).then(|| step_tree::hit(model, geometry.tree, at.y)).flatten() {
            model.log.go_to_step(step);
        }
    } else if geometry.split.rows.contains(at) {
        return click_row(model, geometry.split.rows, at);
    }
    Vec::new()
}

/// Goes to the row that is there, on a screen that is one list.
fn click_row(model: &mut Model, area: Rect, at: Position) -> Vec<Effect> {
    let (here, count) = match model.screen {
        Screen::Tags if model.tags.whole.is_none() => (model.tags.position(), model.tags.shown().len()),
        Screen::Secrets if model.secrets.history.is_none() => (model.secrets.position(), model.secrets.rows().len()),
        Screen::Doctor => (model.doctor.position(), model.doctor.checks.len()),
        Screen::Activity => {
            let rows = model.activity.rows(model.narrowed());
            (model.activity.position(&rows), rows.len())
        }
        Screen::Projects => (model.projects.position(), model.projects.list().len()),
        Screen::Releases | Screen::Tags | Screen::Secrets => return Vec::new(),
    };
    let row = top_row(Some(here), area.height) + usize::from(at.y - area.y);
    let steps = i64::try_from(row).unwrap_or(i64::MAX).saturating_sub_unsigned(here as u64);
    if row < count { scroll(model, steps) } else { Vec::new() }
}

/// A choice is made by a second click on it: the first shows which one it is.
fn answer(model: &mut Model, hit: Hit) -> Vec<Effect> {
    let id = match hit {
        Hit::Answer(id) => id,
        Hit::Choice(choice) => {
            let (here, id) = match model.layers.last_mut() {
                Some(Layer::Menu(menu)) => (&mut menu.at, Id::Confirm),
                Some(Layer::Help { at, .. }) => (at, Id::HelpRun),
                _ => return Vec::new(),
            };
            if std::mem::replace(here, choice) != choice {
                return Vec::new();
            }
            id
        }
    };
    act(model, Action::of(id))
}

#[cfg(test)]
mod tests;
