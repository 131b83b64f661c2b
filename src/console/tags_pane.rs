//! The tags of one image: what is known of them, whether the registry is asked, and which one is selected.

use super::model::{Image, Loaded};
use crate::domain::{
    failure::Failure,
    reference::Tag,
    table::{Identity, Row, Table},
};

#[derive(Debug)]
pub struct TagsPane {
    /// Which of the project's images.
    at: usize,
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
        Self { at: 0, table: Loaded::Not, inquiry: Inquiry::None, selected: None, identity: Identity::ImageId }
    }
}

impl TagsPane {
    /// The image whose tags these are.
    pub fn image<'a>(&self, images: &'a [Image]) -> Option<&'a Image> {
        images.get(self.at).or_else(|| images.first())
    }

    /// The tags of the image after this one.
    pub fn next_image(&mut self, images: &[Image]) {
        let at = (self.at + 1) % images.len().max(1);
        *self = Self { at, inquiry: Inquiry::Wanted(Depth::Known), identity: self.identity, ..Self::default() };
    }

    /// Whether the registry will be asked; it is not while it is.
    pub fn ask(&mut self, depth: Depth) -> bool {
        if self.inquiry == Inquiry::Sent {
            return false;
        }
        self.inquiry = Inquiry::Wanted(depth);
        true
    }

    /// What is to be asked now, once it is known of which image.
    pub fn wants(&mut self, images: &[Image]) -> Option<(String, Depth)> {
        let Inquiry::Wanted(depth) = self.inquiry else { return None };
        let image = self.image(images)?.name.clone();
        self.inquiry = Inquiry::Sent;
        Some((image, depth))
    }

    /// The answer to what [`Self::wants`] asked for.
    pub fn take(&mut self, answer: Result<Table, Failure>) {
        self.inquiry = Inquiry::None;
        self.table = match answer {
            Ok(table) => Loaded::Yes(table),
            Err(failure) => Loaded::Failed(failure),
        };
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
