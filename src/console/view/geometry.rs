//! Where everything is. Used by the view to draw and by the update to know how many lines a page has. The other
//! screens have all between header and footer; their files in `view/` draw how.
//!
//! ```text
//! wide                                   narrow or zoomed, list       narrow or zoomed, log
//! ┌ header ─────────────────────────┐    ┌ header ──────────┐         ┌ header ──────────┐
//! │╭ list ─────╮╭ release: steps ──╮│    │╭ list ──────────╮│         │╭ release: strip ╮│
//! ││           ││                  ││    ││                ││         │├ log ───────────┤│
//! ││           │├ card, if failed ─┤│    │╰────────────────╯│         ││                ││
//! ││           │├ log ─────────────┤│    │╭ release: steps ╮│         ││                ││
//! │╰───────────╯╰──────────────────╯│    │╰────────────────╯│         │╰────────────────╯│
//! └ footer ─────────────────────────┘    └ footer ──────────┘         └ footer ──────────┘
//! ```
//! Below a narrow list, one that failed has a strip of its steps and its card.

use ratatui::layout::Rect;

use crate::{
    console::{
        model::{Model, Pane, Screen, SecretsPane},
        view::{card, secrets, tags},
    },
    domain::event::Step,
};

/// Narrower than this, list and release take turns.
const WIDE: u16 = 88;
/// Rows that a log needs beside all steps; with less, the steps shrink to one line.
const ROOM_FOR_LOG: u16 = 6;
#[expect(clippy::cast_possible_truncation, reason = "there are six of any release")]
const STEPS: u16 = Step::BUILDING.len() as u16;

/// `09:31:04` and a space.
const TIME: u16 = 9;

/// An area of no size is not drawn.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Geometry {
    pub header: Rect,
    /// The row that names the screens.
    pub screens: Rect,
    /// With its border.
    pub list: Rect,
    /// The box of the release, with its border.
    pub release: Rect,
    /// One row for each step, or one row for all of them.
    pub steps: Rect,
    /// The row of the line between steps and card, above the card.
    pub card_rule: Rect,
    pub card: Rect,
    /// The row of the line above the tree of the build's steps, and that tree, while it is wanted.
    pub tree_rule: Rect,
    pub tree: Rect,
    pub log_rule: Rect,
    pub log: Rect,
    /// Its text, beside the time that a line was said where that is shown.
    pub log_text: Rect,
    /// The last row of the log, while something is looked for in it.
    pub search: Rect,
    /// Of a screen that is one list: every other one.
    pub split: Split,
    /// Where there is room for nothing of a screen, the row that says so.
    pub small: Rect,
    pub footer: Rect,
}

/// A box with rows, and below them all about the selected one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Split {
    /// With its border.
    pub area: Rect,
    pub rows: Rect,
    pub rule: Rect,
    pub detail: Rect,
}

impl Split {
    /// With so many rows about the selected one; with all of them, no other row is seen.
    fn of(area: Rect, detail: u16) -> Self {
        let inner = inside(area);
        let detail =
            if detail == u16::MAX { inner.height.saturating_sub(1) } else { detail.min(inner.height * 6 / 10) };
        let rows = inner.height.saturating_sub(detail + 1);
        let rule = Rect { y: inner.y + rows, height: inner.height.min(1), ..inner };
        let detail = Rect { y: rule.bottom(), height: detail, ..inner };
        Self { area, rows: Rect { height: rows, ..inner }, rule, detail }
    }

    /// Few rows for the list: what is told of the selected one is what people come for.
    fn of_secrets(area: Rect, pane: &SecretsPane) -> Self {
        let inner = inside(area);
        if pane.history.is_some() || pane.rows().is_empty() {
            return Self { area, rows: inner, ..Self::default() };
        }
        let rows = secrets::list_rows(pane.rows().len(), inner.height).min(inner.height);
        let rule = Rect { y: inner.y + rows, height: (inner.height - rows).min(1), ..inner };
        let detail = Rect { y: rule.bottom(), height: inner.bottom().saturating_sub(rule.bottom()), ..inner };
        Self { area, rows: Rect { height: rows, ..inner }, rule, detail }
    }
}

impl Geometry {
    pub fn of(model: &Model) -> Self {
        let (columns, rows) = model.size;
        let row = |y: u16| Rect::new(0, y, columns, 1).intersection(Rect::new(0, 0, columns, rows));
        let body = Rect::new(0, 2, columns, rows.saturating_sub(3));
        let mut all = Self { header: row(0), screens: row(1), footer: row(rows.saturating_sub(1)), ..Self::default() };
        if body.height < 3 || columns < 20 {
            all.small = Rect { height: body.height.min(1), ..body };
            return all;
        }
        let split = match model.screen {
            Screen::Releases => None,
            // The same rows whichever tag is selected, so that the table stays where it is.
            Screen::Tags => Some(Split::of(body, tags::evidence_rows(inside(body).width))),
            Screen::Secrets => Some(Split::of_secrets(body, &model.secrets)),
            Screen::Doctor if model.doctor.zoom => Some(Split::of(body, u16::MAX)),
            Screen::Doctor => Some(Split::of(body, (body.height / 3).max(5))),
            Screen::Activity => Some(Split::of(body, (body.height / 4).max(4))),
            Screen::Projects => Some(Split::of(body, 3)),
        };
        if let Some(split) = split {
            return Self { split, ..all };
        }
        let one_at_a_time = columns < WIDE || model.zoom;
        match (one_at_a_time, model.focus) {
            (false, _) => {
                let list = (columns * 2 / 5).clamp(42, 60);
                all.list = Rect { width: list, ..body };
                all.place(Rect { x: list, width: columns - list, ..body }, model, false);
            }
            (true, Pane::Log) => all.place(body, model, model.zoom),
            (true, Pane::List) if model.zoom || body.height < STEPS + 2 + 4 => all.list = body,
            (true, Pane::List) => {
                let list = body.height - STEPS - 2;
                all.list = Rect { height: list, ..body };
                all.release = Rect { y: body.y + list, height: STEPS + 2, ..body };
                all.steps = inside(all.release);
                if model.selected().is_some_and(|release| release.failure.is_some()) {
                    let inner = all.steps;
                    all.steps = Rect { height: 1, ..inner };
                    all.card_rule = Rect { y: inner.y + 1, height: 1, ..inner };
                    all.card = Rect { y: inner.y + 2, height: inner.height.saturating_sub(2), ..inner };
                }
            }
        }
        all
    }

    /// Where the releases are.
    pub fn list_rows(&self) -> Rect {
        inside(self.list)
    }

    /// The box of the release with all that is in it. `bare`: the log has as much of it as can be.
    fn place(&mut self, area: Rect, model: &Model, bare: bool) {
        self.release = area;
        let inner = inside(area);
        let selected = model.selected();
        // With the line above it.
        let card = match selected {
            Some(release) if !bare => match card::rows(model, release, inner.width, inner.height / 2).len() {
                0 => 0,
                rows => u16::try_from(rows).unwrap_or(u16::MAX).saturating_add(1),
            },
            _ => 0,
        };
        let all_steps = !bare && inner.height >= STEPS + card + 1 + ROOM_FOR_LOG;
        let mut y = inner.y;
        let mut take = |height: u16| {
            let height = height.min(inner.bottom().saturating_sub(y));
            let area = Rect { y, height, ..inner };
            y += height;
            area
        };
        self.steps = take(if all_steps { STEPS } else { 1 });
        if card > 0 {
            self.card_rule = take(1);
            self.card = take(card - 1);
        }
        let left = inner.height.saturating_sub(self.steps.height + card);
        if model.log.tree.chosen.is_some() && left > 4 {
            self.tree_rule = take(1);
            let rows = model.log.tree.rows().len();
            self.tree = take(u16::try_from(rows).unwrap_or(u16::MAX).min((left - 2) / 2));
        }
        self.log_rule = take(1);
        self.log = take(u16::MAX);
        if model.searches() && self.log.height > 1 {
            self.log.height -= 1;
            self.search = Rect { y: self.log.bottom(), height: 1, ..self.log };
        }
        let before = 1 + if model.log.times { TIME.min(self.log.width / 2) } else { 0 };
        let width = self.log.width.saturating_sub(before + 1);
        self.log_text = Rect { x: self.log.x + before, width, ..self.log };
    }
}

/// The box in which an action is found: as high as there is room for, so that it does not jump while somebody types.
pub fn palette((columns, rows): (u16, u16)) -> Rect {
    let width = columns.saturating_sub(4).min(84);
    let height = rows.saturating_sub(2).min(30);
    Rect::new((columns - width) / 2, (rows - height) / 2, width, height)
}

/// Rows of it that list actions. Below them are why the chosen one cannot be done, its command, and the keys.
pub fn palette_rows(size: (u16, u16)) -> u16 {
    palette(size).height.saturating_sub(2 + 3)
}

/// Within the border of a box.
pub fn inside(area: Rect) -> Rect {
    Rect::new(area.x + 1, area.y + 1, area.width.saturating_sub(2), area.height.saturating_sub(2))
}

/// The first row that is seen of a list in which this one is selected: as far up as that allows.
pub fn top_row(selected: Option<usize>, height: u16) -> usize {
    selected.unwrap_or(0).saturating_sub(usize::from(height.saturating_sub(1)))
}
