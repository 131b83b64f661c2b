//! ```text
//! ╭ Projects ─────────────────────────────────────────────────────╮
//! │▌✓ balrog        21 Nov  master a88b0c2  match                 │   of its last release: begin, branch, commit, outcome
//! │ · docs                  no release yet                        │
//! │ ? old                   its folder is gone                    │
//! ├───────────────────────────────────────────────────────────────┤
//! │ /home/me/balrog                                               │   of the chosen one
//! │ open in this console                                          │
//! ╰───────────────────────────────────────────────────────────────╯
//! ```

use ratatui::{Frame, text::Line, widgets::Paragraph};

use super::{
    list::{begun, branch, outcome},
    one_list,
    text::{fit, padded, width, wrap},
};
use crate::{
    console::{
        action::Id,
        model::{KnownProject, Loaded, Model, Past},
        view::geometry::Geometry,
    },
    domain::sign::Tone,
};

/// Columns of the longest name that is shown whole.
const NAME: usize = 28;

pub fn render(model: &Model, frame: &mut Frame<'_>, geometry: &Geometry) {
    if geometry.split.area.is_empty() {
        return;
    }
    let look = model.look;
    frame.render_widget(look.boxed("Projects", true), geometry.split.area);
    let area = geometry.split.rows;
    let columns = usize::from(area.width);
    let list = model.projects.list();
    if list.is_empty() {
        frame.render_widget(Paragraph::new(nothing(model, columns)), area);
        return;
    }
    let names = list.iter().map(|project| width(project.name.as_str())).max().unwrap_or(0).min(NAME);
    one_list::rows(look, frame, area, model.projects.position(), list.iter(), |project, here| {
        line(model, project, here, columns, names)
    });
    if let (Some(chosen), false) = (model.projects.selected(), geometry.split.detail.is_empty()) {
        one_list::rule(look, frame, geometry.split.rule, chosen.name.as_str());
        frame.render_widget(Paragraph::new(about(model, chosen, columns)), geometry.split.detail);
    }
}

fn line(model: &Model, project: &KnownProject, here: bool, columns: usize, names: usize) -> Line<'static> {
    let look = model.look;
    let (sign, tone) = match &project.past {
        Past::Last(release) => look.signs.release(release.state),
        Past::NoRelease => (look.signs.glyph("·", "."), Tone::Dim),
        Past::Gone => ("?", Tone::Notice),
        Past::Wrong(_) => (look.signs.glyph("✗", "x"), Tone::Bad),
    };
    let mark = if here { look.signs.glyph("▌", ">") } else { " " };
    let name = padded(project.name.as_str(), names, look.signs);
    let (when, words, words_tone) = match &project.past {
        Past::Last(release) => {
            let (outcome, tone) = outcome(model, release);
            let commit = release.plan.source.commit.short();
            (begun(release.started, model.now), format!("{} {commit}  {outcome}", branch(release)), tone)
        }
        Past::NoRelease => (String::new(), "no release yet".to_owned(), Tone::Dim),
        Past::Gone => (String::new(), "its folder is gone".to_owned(), Tone::Notice),
        Past::Wrong(failure) => (String::new(), failure.what.clone(), Tone::Bad),
    };
    let room = columns.saturating_sub(3 + names + 2 + 6 + 2);
    Line::from(vec![
        look.span(Tone::Bold, mark),
        look.span(tone, format!("{sign} ")),
        look.span(if project.open { Tone::Bold } else { Tone::Plain }, format!("{name}  ")),
        look.span(Tone::Dim, format!("{when:<6}  ")),
        look.span(words_tone, padded(&words, room, look.signs)),
    ])
}

/// Where the chosen one is, and what can be done with it.
fn about(model: &Model, project: &KnownProject, columns: usize) -> Vec<Line<'static>> {
    let look = model.look;
    let key = |id| model.keymap.text(id);
    let columns = columns.saturating_sub(2);
    let (tone, words) = match &project.past {
        Past::Gone => {
            let forget = key(Id::ForgetProject);
            (Tone::Notice, format!("use windlass once where it is now, or press {forget} to forget it"))
        }
        Past::Wrong(failure) => (Tone::Bad, failure.why.lines().next().unwrap_or_default().to_owned()),
        Past::Last(_) | Past::NoRelease if project.open => (Tone::Dim, "open in this console".to_owned()),
        Past::Last(_) | Past::NoRelease => (Tone::Dim, format!("{} opens it", key(Id::OpenProject))),
    };
    let folder = look.span(Tone::Plain, format!(" {}", fit(&project.folder, columns, look.signs)));
    let words = wrap(&words, columns).into_iter().map(|line| Line::from(look.span(tone, format!(" {line}"))));
    std::iter::once(Line::from(folder)).chain(words).collect()
}

/// What is there to say without a project, and what to do.
fn nothing(model: &Model, columns: usize) -> Vec<Line<'static>> {
    let key = |id| model.keymap.text(id);
    let said: Vec<(Tone, String)> = match &model.projects.known {
        Loaded::Not => vec![(Tone::Dim, "reading the list of known projects".to_owned())],
        Loaded::Failed(failure) => vec![
            (Tone::Bad, failure.what.clone()),
            (Tone::Plain, failure.why.clone()),
            (Tone::Bold, failure.next.clone()),
            (Tone::Dim, format!("then press {}", key(Id::LookForProjects))),
        ],
        Loaded::Yes(_) => {
            let mut said = vec![
                (Tone::Plain, "no project is known on this machine yet".to_owned()),
                (Tone::Plain, "open the console in the folder of one: it is known from then on".to_owned()),
            ];
            if model.projects.nowhere && !model.read_only {
                let words = format!(
                    "or press {} to make this folder one: what would be written is shown",
                    key(Id::InitProject)
                );
                said.push((Tone::Bold, words));
            }
            said
        }
    };
    one_list::said(model.look, said, columns)
}
