//! Every screen in every state as somebody sees it, with its styles, kept in files that are read in a review. Not for what
//! keys do.
//!
//! ```text
//! |╭ Tags ──────────────────────╮      a row of the frame
//! :RRRRRRbbbbbbbbbbbbbbbbbbbbbbbb      its styles, a letter each, none for plain; those of the row above if not said
//! |│                            │
//! :b                            b
//! * 9 rows more                        which are as the last
//!
//! R bold reversed                      what the letters are
//! ```

mod layers;
mod lists;
mod releases;
mod secrets;
mod tags;
mod tests;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    iter::once,
};

use ratatui::{buffer::Cell, style::Color};

use super::tests::drawn;
use crate::console::{
    message::Message,
    model::Model,
    sample::{press, tell},
};

/// Its name, and the model that is in it, in a terminal of this size.
type State = (&'static str, fn((u16, u16)) -> Model);

/// The model once these keys were pressed.
fn after(mut model: Model, keys: &str) -> Model {
    press(&mut model, keys);
    model
}

/// The model once this was told.
fn told(mut model: Model, message: Message) -> Model {
    tell(&mut model, message);
    model
}

/// The frame of this model.
fn picture(model: &Model) -> String {
    let frame = drawn(model);
    let letters = letters(frame.content.iter().map(style).collect());
    let row = |cells: &[Cell]| {
        let text: String = cells.iter().map(Cell::symbol).collect();
        let styles: String = cells.iter().map(|cell| letters.get(&style(cell)).copied().unwrap_or(' ')).collect();
        (text.trim_end().to_owned(), styles.trim_end().to_owned())
    };
    let rows: Vec<(String, String)> = frame.content.chunks(usize::from(model.size.0)).map(row).collect();
    let mut picture = String::new();
    let mut above = "";
    for alike in rows.chunk_by(|one, next| one == next) {
        let (text, styles) = &alike[0];
        let _ = writeln!(picture, "|{text}");
        if styles != above {
            let _ = writeln!(picture, ":{styles}");
        }
        above = styles;
        match alike.len() - 1 {
            0 => {}
            1 => picture.push_str("* 1 row more\n"),
            more => {
                let _ = writeln!(picture, "* {more} rows more");
            }
        }
    }
    picture.push('\n');
    for (style, letter) in letters {
        let _ = writeln!(picture, "{letter} {style}");
    }
    picture
}

/// In words; none for a plain one.
fn style(cell: &Cell) -> String {
    let colours = [("", cell.fg), ("on ", cell.bg)].into_iter().filter(|(_, colour)| *colour != Color::Reset);
    let colours = colours.map(|(on, colour)| format!("{on}{colour:?}").to_lowercase());
    let modifiers = cell.modifier.iter_names().map(|(name, _)| name.to_lowercase());
    colours.chain(modifiers).collect::<Vec<_>>().join(" ")
}

/// A letter for each style but the plain one: the first of its words, a capital where there are several.
fn letters(styles: BTreeSet<String>) -> BTreeMap<String, char> {
    let mut letters: BTreeMap<String, char> = BTreeMap::new();
    for style in styles {
        let Some(first) = style.chars().next() else { continue };
        let first = if style.contains(' ') { first.to_ascii_uppercase() } else { first };
        let letter =
            once(first).chain('a'..='z').chain('A'..='Z').find(|one| letters.values().all(|taken| taken != one));
        letters.insert(style, letter.expect("a frame has fewer styles than there are letters"));
    }
    letters
}
