//! What is typed or pasted into a line: all of it or nothing, and why not.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use tui_input::Input;

use super::masked::NotTaken;
use crate::log::sanitise::plain;

/// Characters that a line of text takes.
pub const LONGEST: usize = 1000;
/// What is said where there is nothing to paste into.
pub const NOT_HERE: &str = "nothing is pasted here";

/// The character that is typed by this; none where Ctrl or Alt is held down beside it.
pub fn typed(event: &KeyEvent) -> Option<char> {
    match event.code {
        KeyCode::Char(c) if !event.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT) => Some(c),
        _ => None,
    }
}

/// Puts it where the cursor is: all of it or, for the reason that is given, nothing.
///
/// # Errors
/// When there is no room for all of it.
pub fn paste_into(input: &mut Input, text: &str) -> Result<(), String> {
    let (at, room) = (input.cursor(), LONGEST.saturating_sub(input.value().chars().count()));
    if text.chars().nth(room).is_some() {
        return Err(not_taken(NotTaken::NoRoom, text));
    }
    let pasted = plain(text);
    let (before, after): (String, String) =
        (input.value().chars().take(at).collect(), input.value().chars().skip(at).collect());
    *input = Input::new(format!("{before}{pasted}{after}")).with_cursor(at + pasted.chars().count());
    Ok(())
}

/// Why nothing of a paste was taken, in words.
pub fn not_taken(why: NotTaken, text: &str) -> String {
    match why {
        NotTaken::NoRoom => match text.chars().count() {
            1 => "nothing pasted: no room for 1 character".to_owned(),
            count => format!("nothing pasted: no room for {count} characters"),
        },
        NotTaken::Controls => "nothing pasted: line breaks or control characters in it".to_owned(),
    }
}
