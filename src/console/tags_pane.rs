//! The tags of one image: what is known of them, whether the registry is asked, and which one is selected.

use super::model::Loaded;
use crate::domain::{
    failure::Failure,
    reference::Tag,
    table::{Identity, Row, Table},
};

#[derive(Debug)]
pub struct TagsPane {
    pub table: Loaded<Table>,
    pub inquiry: Inquiry,
    selected: Option<Tag>,
    pub identity: Identity,
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
        Self { table: Loaded::Not, inquiry: Inquiry::None, selected: None, identity: Identity::ImageId }
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
        self.table = match answer {
            Ok(table) => Loaded::Yes(table),
            Err(failure) => Loaded::Failed(failure),
        };
    }

    /// Some of the tags were looked at again.
    pub fn renew(&mut self, rows: Vec<Row>) {
        let Loaded::Yes(table) = &mut self.table else { return };
        for new in rows {
            if let Some(row) = table.rows.iter_mut().find(|row| row.tag == new.tag) {
                *row = new;
            }
        }
    }

    pub fn rows(&self) -> &[Row] {
        match &self.table {
            Loaded::Yes(table) => &table.rows,
            Loaded::Not | Loaded::Failed(_) => &[],
        }
    }

    /// Where the selected tag is; the first one when it is gone.
    pub fn position(&self) -> usize {
        let selected = self.selected.as_ref();
        self.rows().iter().position(|row| Some(&row.tag) == selected).unwrap_or(0)
    }

    pub fn selected(&self) -> Option<&Row> {
        self.rows().get(self.position())
    }

    /// The tag in this row, if there is one.
    pub fn select(&mut self, row: usize) {
        if let Some(row) = self.rows().get(row) {
            self.selected = Some(row.tag.clone());
        }
    }

    /// Up or down by rows.
    pub fn scroll(&mut self, rows: isize) {
        let Some(last) = self.rows().len().checked_sub(1) else { return };
        let at = self.position().saturating_add_signed(rows).min(last);
        self.selected = Some(self.rows()[at].tag.clone());
    }
}
