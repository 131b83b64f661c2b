//! A line of a log with its colour codes, as styled text: the part of it that is in sight.
//!
//! Source of the codes: ECMA-48, "SGR", and ITU-T T.416 for 38 and 48.

use std::ops::Range;

use ratatui::{
    style::{Color, Modifier, Style},
    text::{Line, Span},
};

use super::text::seen;
use crate::log::wrap::{Piece, Pieces};

/// The columns from `left` on, at most `width` of them, of a text that begins in `column`. What is at `marked`, in bytes
/// of the text and rising, is in reverse.
pub fn line(
    text: &str,
    mut column: usize,
    left: usize,
    width: usize,
    colour: bool,
    marked: &[Range<usize>],
) -> Line<'static> {
    let mut spans: Vec<Span<'static>> = Vec::new();
    let (mut style, mut look) = (Style::new(), Style::new());
    let mut run = String::new();
    let end = left.saturating_add(width);
    for (bytes, piece) in Pieces::of(text.as_bytes()) {
        let shown = match piece {
            Piece::Code(code) => {
                style = applied(style, &code[2..code.len() - 1], colour);
                continue;
            }
            Piece::Nothing => continue,
            Piece::Tab => "",
            Piece::Text(text, _) => text,
        };
        let nearest = marked[..marked.partition_point(|range| range.start <= bytes.start)].last();
        let next = if nearest.is_some_and(|range| range.contains(&bytes.start)) { reversed(style) } else { style };
        if next != look && !run.is_empty() {
            spans.push(Span::styled(seen(std::mem::take(&mut run)), look));
        }
        look = next;
        let after = column + piece.columns(column);
        if after > end && piece != Piece::Tab {
            break;
        }
        if column >= left && piece != Piece::Tab {
            run.push_str(shown);
        } else if after > left {
            // A tab, or a wide character that is cut in half.
            run.push_str(&" ".repeat(after.min(end).saturating_sub(column.max(left))));
        }
        column = after;
    }
    if !run.is_empty() {
        spans.push(Span::styled(seen(run), look));
    }
    Line::from(spans)
}

/// Text that is in reverse already is marked by being so no longer.
fn reversed(style: Style) -> Style {
    if style.add_modifier.contains(Modifier::REVERSED) {
        style.remove_modifier(Modifier::REVERSED)
    } else {
        style.add_modifier(Modifier::REVERSED)
    }
}

fn applied(mut style: Style, parameters: &str, colour: bool) -> Style {
    let mut groups = parameters.split(';');
    while let Some(group) = groups.next() {
        let mut parts = group.split(':');
        let number: u8 = parts.next().filter(|n| !n.is_empty()).map_or(Some(0), |n| n.parse().ok()).unwrap_or(u8::MAX);
        let on = |style: Style, modifier| style.add_modifier(modifier);
        let off = |style: Style, modifier| style.remove_modifier(modifier);
        style = match number {
            0 => Style::new(),
            1 => on(style, Modifier::BOLD),
            2 => on(style, Modifier::DIM),
            3 => on(style, Modifier::ITALIC),
            4 => on(style, Modifier::UNDERLINED),
            7 => on(style, Modifier::REVERSED),
            9 => on(style, Modifier::CROSSED_OUT),
            22 => off(style, Modifier::BOLD | Modifier::DIM),
            23 => off(style, Modifier::ITALIC),
            24 => off(style, Modifier::UNDERLINED),
            27 => off(style, Modifier::REVERSED),
            29 => off(style, Modifier::CROSSED_OUT),
            38 | 48 => {
                let mut inner = parts.clone();
                let painted = if inner.next().is_some() { wide(&mut parts, true) } else { wide(&mut groups, false) };
                match painted {
                    Some(painted) if colour && number == 38 => style.fg(painted),
                    Some(painted) if colour => style.bg(painted),
                    _ => style,
                }
            }
            _ if !colour => style,
            n @ 30..=37 => style.fg(Color::Indexed(n - 30)),
            39 => style.fg(Color::Reset),
            n @ 40..=47 => style.bg(Color::Indexed(n - 40)),
            49 => style.bg(Color::Reset),
            n @ 90..=97 => style.fg(Color::Indexed(n - 90 + 8)),
            n @ 100..=107 => style.bg(Color::Indexed(n - 100 + 8)),
            _ => style,
        };
    }
    style
}

/// The colour after 38 or 48: `5;N`, `2;R;G;B`, or with colons `2:SPACE:R:G:B`.
fn wide<'a>(parts: &mut impl Iterator<Item = &'a str>, colons: bool) -> Option<Color> {
    let mut number = || parts.next().map(|n| n.parse::<u8>().ok());
    match number()?? {
        5 => Some(Color::Indexed(number()??)),
        2 if colons => {
            let numbers: Vec<Option<u8>> = std::iter::from_fn(number).collect();
            // The colour space may be left out altogether.
            let [.., Some(r), Some(g), Some(b)] = numbers.as_slice() else { return None };
            Some(Color::Rgb(*r, *g, *b))
        }
        2 => Some(Color::Rgb(number()??, number()??, number()??)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str, left: usize, width: usize) -> String {
        line(text, 0, left, width, true, &[]).spans.iter().map(|span| span.content.as_ref()).collect()
    }

    #[test]
    fn the_part_in_sight() {
        assert_eq!(shown("0123456789", 0, 4), "0123");
        assert_eq!(shown("0123456789", 3, 4), "3456");
        assert_eq!(shown("0123456789", 30, 4), "");
        assert_eq!(shown("a\tb", 0, 20), "a       b");
        assert_eq!(shown("a\tb", 4, 20), "    b");
        assert_eq!(shown("a\tb", 0, 5), "a    ", "what has room of a tab");
        assert_eq!(shown("日本", 1, 20), " 本", "half of a wide character is a space");
        assert_eq!(shown("日本", 0, 3), "日");
        assert_eq!(shown("e\u{301}f", 0, 2), "e\u{301}f");
        assert_eq!(shown("e\u{301}f", 1, 2), "f", "a mark goes with its character");
        assert_eq!(shown("\u{301}\u{200b}a\x1b[1m\u{301}", 0, 9), "a", "what would be a cell of no width");
    }

    #[test]
    fn colours_are_kept_or_left_out() {
        let style = |codes: &str, colour| line(&format!("\x1b[{codes}mx"), 0, 0, 9, colour, &[]).spans[0].style;
        for (codes, expected) in [
            ("31", Style::new().fg(Color::Indexed(1))),
            ("1;92", Style::new().fg(Color::Indexed(10)).add_modifier(Modifier::BOLD)),
            ("38;5;200", Style::new().fg(Color::Indexed(200))),
            ("48;2;1;2;3", Style::new().bg(Color::Rgb(1, 2, 3))),
            ("38:2::1:2:3", Style::new().fg(Color::Rgb(1, 2, 3))),
            ("38:2:1:2:3;4", Style::new().fg(Color::Rgb(1, 2, 3)).add_modifier(Modifier::UNDERLINED)),
            ("31;", Style::new()),
        ] {
            assert_eq!(style(codes, true), expected, "{codes}");
        }
        assert_eq!(style("1;31;48;5;9", false), Style::new().add_modifier(Modifier::BOLD));
    }

    #[test]
    fn what_is_marked_is_in_reverse_and_keeps_its_colour() {
        let text = "an \x1b[31merror\x1b[7m here\x1b[0m";
        let marked = [6..10, 18..22];
        let red = Style::new().fg(Color::Indexed(1));
        let (on, off) = (red.add_modifier(Modifier::REVERSED), red.remove_modifier(Modifier::REVERSED));
        let spans = line(text, 0, 1, 99, true, &marked).spans;
        let spans: Vec<(&str, Style)> = spans.iter().map(|span| (&*span.content, span.style)).collect();
        assert_eq!(spans, [("n ", Style::new()), ("er", on), ("ror", red), (" ", on), ("here", off)]);
    }

    #[test]
    fn nothing_but_text_comes_out() {
        assert_eq!(shown("a\x1b[2Jb\x07c\x1b]0;t\u{9b}d", 0, 99), "a[2Jbc]0;td");
        assert_eq!(shown("\x1b[31", 0, 9), "[31");
    }
}
