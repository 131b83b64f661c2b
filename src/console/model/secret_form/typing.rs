//! What is typed and pasted into the form.

use ratatui::crossterm::event::{Event, KeyCode, KeyEvent};
use tui_input::{Input, backend::crossterm::EventHandler as _};

use super::{Field, SecretForm};
use crate::{
    console::model::{
        masked::Masked,
        typing::{LONGEST, NOT_HERE, not_taken, paste_into, typed},
    },
    domain::holdings::KeyKept,
};

impl SecretForm {
    pub fn masked(&self, field: Field) -> Option<&Masked> {
        let key = self.key.as_ref();
        match field {
            Field::Password => Some(&self.password),
            Field::Passphrase => key.map(|key| &key.passphrase),
            Field::Again => key.map(|key| &key.again),
            Field::Username | Field::End | Field::Name | Field::Path | Field::Way => None,
        }
    }

    fn masked_mut(&mut self) -> Option<&mut Masked> {
        let key = self.key.as_mut();
        match self.at {
            Field::Password => Some(&mut self.password),
            Field::Passphrase => key.map(|key| &mut key.passphrase),
            Field::Again => key.map(|key| &mut key.again),
            Field::Username | Field::End | Field::Name | Field::Path | Field::Way => None,
        }
    }

    fn input_mut(&mut self) -> Option<&mut Input> {
        match self.at {
            Field::Username => Some(&mut self.username),
            Field::End => self.there.as_mut().map(|there| &mut there.end),
            Field::Name => self.there.as_mut().map(|there| &mut there.name),
            Field::Path => self.key.as_mut().map(|key| &mut key.path),
            Field::Password | Field::Way | Field::Passphrase | Field::Again => None,
        }
    }

    /// What nobody is to fill in now takes nothing.
    fn is_open(&self) -> bool {
        !self.busy && self.fields().contains(&self.at)
    }

    /// A key that is no action: text for the field. Gives whether there was room for it.
    pub fn type_in(&mut self, event: &KeyEvent) -> bool {
        if !self.is_open() {
            return true;
        }
        self.wrong = None;
        let character = typed(event);
        if let (Field::Way, Some(key)) = (self.at, &mut self.key) {
            let ways = KeyKept::ALL;
            let here = ways.iter().position(|way| *way == key.way).unwrap_or(0);
            let named = character.and_then(|c| ways.get((c.to_digit(10)? as usize).checked_sub(1)?));
            match (event.code, character, named) {
                (KeyCode::Right, ..) => key.way = ways[(here + 1) % ways.len()],
                (KeyCode::Left, ..) => key.way = ways[(here + ways.len() - 1) % ways.len()],
                (.., Some(way)) => key.way = *way,
                // Whoever types a phrase at once means one: nothing else may come of its letters.
                (_, Some(c), None) if key.way == KeyKept::Passphrase => {
                    self.at = Field::Passphrase;
                    return key.passphrase.push(c);
                }
                _ => {}
            }
        } else if let Some(masked) = self.masked_mut() {
            return masked.type_in(event);
        } else if let Some(input) = self.input_mut() {
            if character.is_some() && input.value().chars().count() >= LONGEST {
                return false;
            }
            input.handle_event(&Event::Key(*event));
        }
        true
    }

    /// Takes all of it, or nothing.
    ///
    /// # Errors
    /// The reason, where nothing is taken.
    pub fn paste(&mut self, text: &str) -> Result<(), String> {
        if !self.is_open() {
            return Err(NOT_HERE.to_owned());
        }
        self.wrong = None;
        if let Some(masked) = self.masked_mut() {
            return masked.paste(text).map_err(|why| not_taken(why, text));
        }
        let Some(input) = self.input_mut() else { return Err(NOT_HERE.to_owned()) };
        paste_into(input, text)
    }

    /// Empties the field.
    pub fn wipe(&mut self) {
        if !self.is_open() {
            return;
        }
        self.wrong = None;
        if let Some(masked) = self.masked_mut() {
            masked.clear();
        } else if let Some(input) = self.input_mut() {
            input.reset();
        }
    }
}
