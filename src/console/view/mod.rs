//! The screen: reads the model, changes nothing. One file a region; [`geometry`] says where each is.

mod activity;
pub mod bar;
pub mod card;
mod coloured;
pub mod dialog;
pub mod dialog_box;
mod doctor;
pub mod evidence;
pub mod footer;
pub mod geometry;
pub mod header;
mod help;
mod indicators;
mod list;
mod log;
mod one_list;
mod over;
mod progress;
mod projects;
mod release;
mod search;
mod secret_form;
pub mod secrets;
pub mod step_tree;
pub mod tags;
pub(super) mod text;
mod theme;
mod toasts;
mod wizard;

use ratatui::{Frame, buffer::Buffer, layout::Rect};

use self::geometry::Geometry;
use super::model::{Layer, Model, Screen};
use crate::domain::sign::{Signs, Tone};

/// Draws all of it.
pub fn view(model: &Model, frame: &mut Frame<'_>) {
    let geometry = Geometry::of(model);
    header::render(model, frame, geometry.header);
    header::screens(model, frame, geometry.screens);
    match model.screen {
        Screen::Releases => {
            list::render(model, frame, geometry.list);
            release::render(model, frame, &geometry);
        }
        Screen::Tags => tags::render(model, frame, &geometry),
        Screen::Projects => projects::render(model, frame, &geometry),
        Screen::Secrets => secrets::render(model, frame, &geometry),
        Screen::Doctor => doctor::render(model, frame, &geometry),
        Screen::Activity => activity::render(model, frame, &geometry),
    }
    if !geometry.small.is_empty() {
        let words = text::fit("too small a terminal", usize::from(geometry.small.width), model.look.signs);
        frame.render_widget(model.look.span(Tone::Notice, words), geometry.small);
    }
    footer::render(model, frame, geometry.footer);
    match model.layers.last() {
        // Whoever reads what was done has it all in sight.
        None | Some(Layer::Narrow { .. }) if model.screen == Screen::Activity => {
            toasts::newest(model, frame, geometry.footer);
        }
        None | Some(Layer::Prompt { .. }) => toasts::render(model, frame, geometry.footer),
        // The line at the bottom is where it is typed.
        Some(Layer::Narrow { .. }) => {
            let above = Rect { y: geometry.footer.y.saturating_sub(1), ..geometry.footer };
            toasts::render(model, frame, above);
        }
        Some(layer) => {
            match layer {
                Layer::Help { typed, at, reach } => help::render(model, frame, typed, *at, *reach),
                layer => dialog::render(model, frame, layer),
            }
            toasts::newest(model, frame, geometry.footer);
        }
    }
    if model.look.signs == Signs::Ascii {
        only_ascii(frame.buffer_mut());
    }
}

/// Text from elsewhere has characters that such a terminal would take for others.
fn only_ascii(buffer: &mut Buffer) {
    for cell in &mut buffer.content {
        if !cell.symbol().is_ascii() {
            cell.set_symbol("?");
        }
    }
}

#[cfg(test)]
mod snapshots;
#[cfg(test)]
pub(super) mod tests;
