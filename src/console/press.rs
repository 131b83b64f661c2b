//! What a key does: where it counts, which action it means, what that changes. Pure.

use ratatui::crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};
use tui_input::{Input, backend::crossterm::EventHandler as _};

use super::{
    action::{Action, Id, Scope},
    effect::Effect,
    geometry::Geometry,
    keymap::{Key, action, reachable},
    model::{Depth, Layer, Loaded, LogState, Model, Pane, Screen, runs},
};
use crate::{domain::sign::Tone, log::pattern::Pattern};

/// Columns that one step to the right or left scrolls.
const SIDEWAYS: usize = 8;

/// Where keys count now, the nearest first.
pub fn scopes(model: &Model) -> &'static [Scope] {
    match model.layers.last() {
        Some(Layer::Secret { .. }) => &[Scope::Secret, Scope::Always],
        Some(Layer::Search { .. }) => &[Scope::Search, Scope::Always],
        Some(Layer::Help { .. }) => &[Scope::Help, Scope::Always],
        Some(_) => &[Scope::Dialog, Scope::Always],
        None => below(model),
    }
}

/// Where keys count while no dialog is open.
fn below(model: &Model) -> &'static [Scope] {
    match (model.screen, model.focus) {
        (Screen::Releases, Pane::List) => &[Scope::Releases, Scope::Rows, Scope::Everywhere, Scope::Always],
        (Screen::Releases, Pane::Log) if model.log.search.is_some() => {
            &[Scope::Matches, Scope::Log, Scope::Releases, Scope::Rows, Scope::Everywhere, Scope::Always]
        }
        (Screen::Releases, Pane::Log) => &[Scope::Log, Scope::Releases, Scope::Rows, Scope::Everywhere, Scope::Always],
        (Screen::Tags, _) => &[Scope::Tags, Scope::Rows, Scope::Everywhere, Scope::Always],
    }
}

/// The actions that the help lists: those of the screen below it that match what was typed.
pub fn found(model: &Model, typed: &str) -> Vec<&'static Action> {
    let wanted = typed.to_lowercase();
    let matches = |action: &&Action| {
        action.id != Id::Help && (action.title.to_lowercase().contains(&wanted) || action.keys_text() == typed)
    };
    reachable(below(model)).filter(matches).collect()
}

pub(super) fn press(model: &mut Model, event: &KeyEvent) -> Vec<Effect> {
    let Some(key) = Key::pressed(event) else { return Vec::new() };
    model.notice = None;
    let again = std::mem::take(&mut model.interrupted);
    match action(key, scopes(model)) {
        Some(Action { id: Id::Interrupt, .. }) => interrupt(model, again),
        Some(action) => run(model, action.id),
        None => {
            match model.layers.last_mut() {
                Some(Layer::Help { typed, at }) => {
                    typed.handle_event(&Event::Key(*event));
                    *at = 0;
                }
                Some(Layer::Search { typed, wrong }) => {
                    typed.handle_event(&Event::Key(*event));
                    *wrong = None;
                }
                Some(Layer::Secret { typed, .. }) => match event.code {
                    KeyCode::Char(c) if !event.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT) => {
                        typed.push(c);
                    }
                    KeyCode::Backspace => typed.pop(),
                    _ => {}
                },
                _ => {}
            }
            Vec::new()
        }
    }
}

/// Ctrl-C closes the console's own business; a second one leaves.
fn interrupt(model: &mut Model, again: bool) -> Vec<Effect> {
    if again {
        return vec![Effect::Quit];
    }
    model.interrupted = true;
    if model.layers.is_empty() {
        model.notice = Some((Tone::Notice, "once more leaves the console; what runs goes on".to_owned()));
    }
    close(model)
}

/// Closes the dialog on top. Whoever waits for an answer is told that there is none.
fn close(model: &mut Model) -> Vec<Effect> {
    match model.layers.pop() {
        Some(Layer::Secret { .. }) => vec![Effect::Answer(None)],
        _ => Vec::new(),
    }
}

fn run(model: &mut Model, id: Id) -> Vec<Effect> {
    let geometry = Geometry::of(model);
    let page = match model.screen {
        Screen::Releases => geometry.log.height,
        Screen::Tags => geometry.tag_rows.height,
    };
    let page = i64::from(page.saturating_sub(1).max(1));
    match id {
        Id::New => return new_release(model),
        Id::Cancel => cancel(model),
        Id::Open | Id::NextPane | Id::PreviousPane if model.selected().is_none() => {}
        Id::Open => model.focus = Pane::Log,
        Id::NextPane | Id::PreviousPane => {
            model.focus = if model.focus == Pane::List { Pane::Log } else { Pane::List };
        }
        Id::Back => model.focus = Pane::List,
        Id::Follow => model.log.toggle_follow(),
        Id::Zoom => model.zoom = !model.zoom,
        Id::Search => type_search(model),
        Id::SearchRun => search(model),
        Id::NextMatch => model.log.go(true, usize::from(geometry.log.height)),
        Id::PreviousMatch => model.log.go(false, usize::from(geometry.log.height)),
        Id::EndSearch => model.log.search = None,
        Id::Down => scroll(model, 1),
        Id::Up => scroll(model, -1),
        Id::PageDown => scroll(model, page),
        Id::PageUp => scroll(model, -page),
        Id::First => scroll(model, i64::MIN),
        Id::Last => scroll(model, i64::MAX),
        Id::Right => model.log.left += SIDEWAYS,
        Id::Left => model.log.left = model.log.left.saturating_sub(SIDEWAYS),
        Id::LineStart => model.log.left = 0,
        Id::Reload => {
            model.project = Loaded::Not;
            return vec![Effect::LoadProject];
        }
        Id::LookAgain => return look_again(model),
        Id::Identity => model.tags.identity = model.tags.identity.other(),
        Id::NextImage => {
            if let Loaded::Yes(project) = &model.project
                && project.images.len() > 1
            {
                model.tags.next_image(&project.images);
            }
        }
        Id::Releases => model.screen = Screen::Releases,
        // A release may have ended since the last look; whoever is looking already sees that.
        Id::Tags if model.screen == Screen::Releases => {
            model.screen = Screen::Tags;
            model.tags.ask(Depth::Known);
        }
        Id::Tags => {}
        Id::Help => model.layers.push(Layer::Help { typed: Input::default(), at: 0 }),
        Id::Confirm => return confirm(model),
        Id::Close | Id::NoAnswer | Id::SearchClose | Id::HelpClose => return close(model),
        Id::Answer => {
            if let Some(Layer::Secret { typed, .. }) = model.layers.pop() {
                return vec![Effect::Answer(Some(typed))];
            }
        }
        Id::Wipe => {
            if let Some(Layer::Secret { typed, .. }) = model.layers.last_mut() {
                typed.clear();
            }
        }
        Id::DialogDown | Id::HelpDown => choose(model, true),
        Id::DialogUp | Id::HelpUp => choose(model, false),
        Id::HelpRun => return run_chosen(model),
        Id::Quit | Id::Interrupt => return vec![Effect::Quit],
        Id::Suspend => return vec![Effect::Suspend],
    }
    Vec::new()
}

fn look_again(model: &mut Model) -> Vec<Effect> {
    if !model.tags.ask(Depth::Fresh) {
        model.notice = Some((Tone::Notice, "the registry is being asked already".to_owned()));
    }
    if matches!(model.project, Loaded::Failed(_)) {
        model.project = Loaded::Not;
        return vec![Effect::LoadProject];
    }
    Vec::new()
}

/// Lines of the log, releases of the list, or tags.
fn scroll(model: &mut Model, lines: i64) {
    let steps = isize::try_from(lines).unwrap_or(if lines < 0 { isize::MIN } else { isize::MAX });
    match (model.screen, model.focus) {
        (Screen::Tags, _) => model.tags.scroll(steps),
        (Screen::Releases, Pane::Log) => {
            let height = usize::from(Geometry::of(model).log.height);
            model.log.scroll(lines, height);
        }
        (Screen::Releases, Pane::List) => {
            let Some(last) = model.list().len().checked_sub(1) else { return };
            let at = model.position().unwrap_or(0).saturating_add_signed(steps).min(last);
            model.selected = Some(model.list()[at].plan.release.clone());
        }
    }
}

fn type_search(model: &mut Model) {
    if matches!(model.log.state, LogState::Open(_)) {
        model.focus = Pane::Log;
        model.layers.push(Layer::Search { typed: Input::default(), wrong: None });
    } else {
        model.notice = Some((Tone::Notice, "nothing to search: there is no log here".to_owned()));
    }
}

/// Looks for what was typed; nothing typed keeps the search that was there.
fn search(model: &mut Model) {
    let Some(Layer::Search { typed, wrong }) = model.layers.last_mut() else { return };
    if typed.value().is_empty() {
        model.layers.pop();
        return;
    }
    match Pattern::new(typed.value()) {
        Ok(pattern) => {
            model.layers.pop();
            model.log.search(pattern);
        }
        Err(error) => {
            // Its last line says why; those before draw an arrow below the pattern.
            let error = error.to_string();
            let why = error.lines().last().unwrap_or_default();
            *wrong = Some(why.strip_prefix("error: ").unwrap_or(why).to_owned());
        }
    }
}

fn new_release(model: &mut Model) -> Vec<Effect> {
    match &model.project {
        Loaded::Not => model.notice = Some((Tone::Notice, "the project is still being read".to_owned())),
        Loaded::Failed(failure) => model.layers.push(Layer::Failure(failure.clone())),
        Loaded::Yes(project) => match project.images.as_slice() {
            [only] => {
                let image = only.name.clone();
                return plan(model, image);
            }
            _ => model.layers.push(Layer::Choose { at: 0 }),
        },
    }
    Vec::new()
}

fn plan(model: &mut Model, image: String) -> Vec<Effect> {
    model.layers.push(Layer::Planning { image: image.clone() });
    vec![Effect::Plan { image }]
}

fn cancel(model: &mut Model) {
    let layer = match model.selected() {
        Some(release) if runs(release) => {
            let plan = &release.plan;
            Layer::Cancel { release: plan.release.clone(), repository: plan.repository.clone() }
        }
        Some(release) => {
            let notice = format!("nothing to cancel: release {} has ended", release.plan.release);
            model.notice = Some((Tone::Notice, notice));
            return;
        }
        None => {
            model.notice = Some((Tone::Notice, "nothing to cancel: there is no release".to_owned()));
            return;
        }
    };
    model.layers.push(layer);
}

/// Yes to the dialog on top.
fn confirm(model: &mut Model) -> Vec<Effect> {
    match model.layers.pop() {
        Some(Layer::Plan(preview)) => {
            model.notice = Some((Tone::Notice, format!("starting a release of {}", preview.plan.image)));
            let words = Action::of(Id::New).command_words(&preview.plan.image, "").unwrap_or_default();
            vec![Effect::Start { words }]
        }
        Some(Layer::Cancel { release, repository }) => {
            model.notice = Some((Tone::Notice, format!("release {release} is being told to cancel")));
            vec![Effect::Cancel { release, repository }]
        }
        Some(Layer::Choose { at }) => match model.images().get(at).map(|image| image.name.clone()) {
            Some(image) => plan(model, image),
            None => Vec::new(),
        },
        Some(planning @ Layer::Planning { .. }) => {
            model.layers.push(planning);
            Vec::new()
        }
        Some(Layer::Failure(_) | Layer::Secret { .. } | Layer::Search { .. } | Layer::Help { .. }) | None => Vec::new(),
    }
}

fn choose(model: &mut Model, down: bool) {
    let step = |at: usize, count: usize| {
        if down { (at + 1).min(count.saturating_sub(1)) } else { at.saturating_sub(1) }
    };
    let count = match model.layers.last() {
        Some(Layer::Choose { .. }) => model.images().len(),
        Some(Layer::Help { typed, .. }) => found(model, typed.value()).len(),
        _ => return,
    };
    if let Some(Layer::Choose { at } | Layer::Help { at, .. }) = model.layers.last_mut() {
        *at = step(*at, count);
    }
}

fn run_chosen(model: &mut Model) -> Vec<Effect> {
    let Some(Layer::Help { typed, at }) = model.layers.last() else { return Vec::new() };
    let Some(chosen) = found(model, typed.value()).get(*at).map(|action| action.id) else { return Vec::new() };
    model.layers.pop();
    run(model, chosen)
}
