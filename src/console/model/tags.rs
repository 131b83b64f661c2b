//! The tags of one image: what is known of them, whether the registry is asked, which of them are shown, and which one is
//! selected. What is needed for each frame is found out when the tags change, not when they are drawn.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::{
    console::model::Loaded,
    domain::{
        failure::Failure,
        reference::Tag,
        sign::Signs,
        table::{Identity, Row, Table},
        verdict::Class,
    },
};

#[derive(Debug)]
pub struct TagsPane {
    pub table: Loaded<Table>,
    pub inquiry: Inquiry,
    pub identity: Identity,
    /// Only those of this class.
    pub class: Option<Class>,
    /// Only those that have this in their names.
    pub name: String,
    /// The first line that is seen of all that is known of the selected one, where that has the screen.
    pub whole: Option<usize>,
    /// When tags were looked at again, each by itself, since all of them were.
    renewed: BTreeMap<Tag, Timestamp>,
    /// Which rows of the table are shown.
    shown: Vec<usize>,
    /// Which of those is selected.
    at: usize,
    pub widths: Widths,
    /// How many there are of each class that there are any of, the worst first.
    pub counts: Vec<(Class, usize)>,
}

/// Columns that the longest of the rows need.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Widths {
    pub tag: usize,
    pub verdict: usize,
}

/// The registry is asked once at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Inquiry {
    None,
    Wanted(Depth),
    Sent,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// Bytes that were hashed earlier are not fetched again.
    Known,
    /// Everything is fetched and hashed now.
    Fresh,
}

impl Default for TagsPane {
    fn default() -> Self {
        Self {
            table: Loaded::Not,
            inquiry: Inquiry::None,
            identity: Identity::ImageId,
            class: None,
            name: String::new(),
            whole: None,
            renewed: BTreeMap::new(),
            shown: Vec::new(),
            at: 0,
            widths: Widths::default(),
            counts: Vec::new(),
        }
    }
}

impl TagsPane {
    /// Another image is meant: nothing of this one's tags counts any more.
    pub fn of_another_image(&mut self) {
        let inquiry = match self.inquiry {
            Inquiry::None if self.table == Loaded::Not => Inquiry::None,
            _ => Inquiry::Wanted(Depth::Known),
        };
        *self = Self { inquiry, identity: self.identity, ..Self::default() };
    }

    /// Whether the registry will be asked; it is not while it is.
    pub fn ask(&mut self, depth: Depth) -> bool {
        if self.inquiry == Inquiry::Sent {
            return false;
        }
        self.inquiry = Inquiry::Wanted(depth);
        true
    }

    /// What is to be asked now.
    pub fn wants(&mut self) -> Option<Depth> {
        let Inquiry::Wanted(depth) = self.inquiry else { return None };
        self.inquiry = Inquiry::Sent;
        Some(depth)
    }

    /// The answer to what [`Self::wants`] asked for.
    pub fn take(&mut self, answer: Result<Table, Failure>) {
        self.inquiry = Inquiry::None;
        let selected = self.selected().map(|row| row.tag.clone());
        self.renewed.clear();
        self.table = answer.into();
        self.arrange();
        let found = selected.and_then(|tag| self.shown().position(|row| row.tag == tag));
        self.at = found.unwrap_or(0);
    }

    /// Some of the tags were looked at again.
    pub fn renew(&mut self, new: Table) {
        let Loaded::Yes(table) = &mut self.table else { return };
        for row in new.rows {
            if let Some(old) = table.rows.iter_mut().find(|old| old.tag == row.tag) {
                self.renewed.insert(row.tag.clone(), new.as_of);
                *old = row;
            }
        }
        self.arrange();
    }

    /// When the selected tag was looked at last; where none is selected, all of them.
    pub fn as_of(&self) -> Option<Timestamp> {
        let Loaded::Yes(table) = &self.table else { return None };
        let renewed = self.selected().and_then(|row| self.renewed.get(&row.tag));
        Some(renewed.copied().unwrap_or(table.as_of))
    }

    /// Shows those of the next class that there are any of; after the last, all.
    pub fn next_class(&mut self) {
        let here = self.counts.iter().position(|(class, _)| Some(*class) == self.class);
        self.class = self.counts.get(here.map_or(0, |at| at + 1)).map(|(class, _)| *class);
        self.arrange();
    }

    /// Shows those that have this in their names, in small letters or capitals.
    pub fn name(&mut self, name: &str) {
        name.trim().clone_into(&mut self.name);
        self.arrange();
    }

    /// Something is left out.
    pub fn filters(&self) -> bool {
        self.class.is_some() || !self.name.is_empty()
    }

    /// Nothing is left out any more.
    pub fn show_all(&mut self) {
        (self.class, self.name) = (None, String::new());
        self.arrange();
    }

    fn arrange(&mut self) {
        let selected = self.shown.get(self.at).copied();
        let name = self.name.to_lowercase();
        let wanted = |row: &Row| {
            self.class.is_none_or(|class| row.judgement.verdict.class() == class)
                && (name.is_empty() || row.tag.as_str().to_lowercase().contains(&name))
        };
        let shown: Vec<usize> =
            self.rows().iter().enumerate().filter(|(_, row)| wanted(row)).map(|(number, _)| number).collect();
        // The signs of one terminal are as wide as those of the other, and names of tags are ASCII.
        let verdict = |row: &Row| Signs::Ascii.verdict(row.judgement.verdict).0.len();
        self.widths = Widths {
            tag: self.rows().iter().map(|row| row.tag.as_str().len()).max().unwrap_or(0),
            verdict: self.rows().iter().map(verdict).max().unwrap_or(0),
        };
        let count = |class| self.rows().iter().filter(|row| row.judgement.verdict.class() == class).count();
        let counts = [Class::Bad, Class::Notice, Class::Unknown, Class::Good].map(|class| (class, count(class)));
        self.counts = counts.into_iter().filter(|(_, count)| *count > 0).collect();
        self.at = selected.and_then(|selected| shown.binary_search(&selected).ok()).unwrap_or(0);
        self.shown = shown;
    }

    /// All rows that are known.
    pub fn rows(&self) -> &[Row] {
        self.table.here().map_or(&[], |table| &table.rows)
    }

    /// The rows that no filter leaves out.
    pub fn shown(&self) -> impl ExactSizeIterator<Item = &Row> {
        self.shown.iter().map(|number| &self.rows()[*number])
    }

    /// Where the selected tag is among those that are shown.
    pub fn position(&self) -> usize {
        self.at
    }

    pub fn selected(&self) -> Option<&Row> {
        self.rows().get(*self.shown.get(self.at)?)
    }

    /// Up or down by rows.
    pub fn scroll(&mut self, rows: isize) {
        let Some(last) = self.shown.len().checked_sub(1) else { return };
        self.at = self.at.saturating_add_signed(rows).min(last);
    }
}
