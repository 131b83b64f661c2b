//! ```text
//!  windlass  balrog · docker.io/mozilla/balrog    engine ● 20.10.24   registry ● bot   secret ·   read-only
//!  1 Releases   2 Tags   3 Secrets   4 Doctor   5 Activity
//! ```

use ratatui::{
    Frame,
    layout::{Alignment, Rect},
    style::Modifier,
    text::{Line, Span},
};

use super::{
    indicators,
    text::{fit, width},
};
use crate::{
    console::{
        action::Id,
        model::{Loaded, Model, Screen},
    },
    domain::sign::Tone,
};

pub fn render(model: &Model, frame: &mut Frame<'_>, area: Rect) {
    let look = model.look;
    let columns = usize::from(area.width).saturating_sub(" windlass  ".len() + 1);
    let what = match &model.project {
        Loaded::Not => "reading windlass.toml".to_owned(),
        Loaded::Failed(failure) => format!("every release of this machine{}{}", look.dot(), failure.what),
        Loaded::Yes(project) => {
            // That there are others is said before what may have no room.
            let of = match project.images.len() {
                1 => String::new(),
                count => format!("{}image {} of {count}", look.dot(), model.image % count.max(1) + 1),
            };
            let meant = model.image().map(|image| format!("{}{of}{}{}", image.name, look.dot(), image.repository));
            meant.unwrap_or_default()
        }
    };
    // The name of what is released stays in sight; its registry only where there is room for both.
    let indicators = indicators::spans(model, columns.saturating_sub(width(&what).min(columns * 3 / 10) + 2));
    let taken: usize = indicators.iter().map(|span| width(&span.content)).sum();
    let room = columns.saturating_sub(taken + 1);
    let tone = if matches!(model.project, Loaded::Failed(_)) { Tone::Notice } else { Tone::Plain };
    let line = Line::from(vec![
        look.span(Tone::Bold, " windlass"),
        look.span(Tone::Plain, "  "),
        look.span(tone, fit(&what, room, look.signs)),
    ]);
    frame.render_widget(line, area);
    frame.render_widget(Line::from(indicators).alignment(Alignment::Right), area);
}

const SCREENS: [(Screen, Id, &str); 6] = [
    (Screen::Projects, Id::Projects, "Projects"),
    (Screen::Releases, Id::Releases, "Releases"),
    (Screen::Tags, Id::Tags, "Tags"),
    (Screen::Secrets, Id::Secrets, "Secrets"),
    (Screen::Doctor, Id::Doctor, "Doctor"),
    (Screen::Activity, Id::Activity, "Activity"),
];

/// The screens there are, each with its key; the one that is shown stands out.
pub fn screens(model: &Model, frame: &mut Frame<'_>, area: Rect) {
    let close = stand_close(model);
    let spans = shown(model).flat_map(|screen| named(model, screen, close));
    frame.render_widget(Line::from(spans.collect::<Vec<_>>()), area);
}

/// The action whose screen is named in this column.
pub fn screen_at(model: &Model, column: u16) -> Option<Id> {
    let (close, mut end) = (stand_close(model), 0);
    shown(model).find_map(|screen| {
        end += named(model, screen, close).iter().map(Span::width).sum::<usize>();
        (usize::from(column) < end).then_some(screen.1)
    })
}

/// The projects are above the others, and take no room where one of them is open.
fn shown(model: &Model) -> impl Iterator<Item = (Screen, Id, &'static str)> {
    let screen = model.screen;
    SCREENS.into_iter().filter(move |(of, ..)| *of != Screen::Projects || screen == *of)
}

/// There is not room for all of them otherwise.
fn stand_close(model: &Model) -> bool {
    let columns: usize = shown(model).flat_map(|screen| named(model, screen, false)).map(|span| span.width()).sum();
    columns > usize::from(model.size.0)
}

/// Where they stand close, the one that is shown goes without its key: nobody needs it there.
fn named(model: &Model, (screen, id, title): (Screen, Id, &str), close: bool) -> [Span<'static>; 2] {
    let here = screen == model.screen;
    let key = if close && here { String::new() } else { format!(" {}", model.keymap.first(id)) };
    let gap = if close && !here { "" } else { " " };
    let title = model.look.span(if here { Tone::Bold } else { Tone::Plain }, format!(" {title}{gap}"));
    let title = if here { title.patch_style(Modifier::REVERSED) } else { title };
    [model.look.span(Tone::Dim, key), title]
}
