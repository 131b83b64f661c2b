//! A log without its colour codes, for a file or the clipboard.

use std::ops::{ControlFlow, RangeInclusive};

use super::{error::SpoolError, grep::Text, read::Reader};
use crate::log::{
    bare::bare,
    pattern::Filter,
    wrap::{AROUND, cut},
};

impl Reader {
    /// Hands on the lines that a filter leaves, in pieces with their LF, until `on` has enough.
    pub fn plain(&self, filter: &Filter, on: impl FnMut(u64, &str) -> ControlFlow<()>) -> Result<(), SpoolError> {
        self.plain_between(&(0..=u64::MAX), filter, on)
    }

    /// [`Self::plain`], of these lines.
    pub fn plain_between(
        &self,
        lines: &RangeInclusive<u64>,
        filter: &Filter,
        mut on: impl FnMut(u64, &str) -> ControlFlow<()>,
    ) -> Result<(), SpoolError> {
        let mut unread = Ok(());
        let Some(first) = self.index.before(*lines.start()) else { return Ok(()) };
        let (begin, end) = ((first.byte, first.line), self.index.bytes());
        self.grep_between(begin, end, filter.pattern.regex(), filter.invert, &mut |number, line| {
            if number > *lines.end() {
                return ControlFlow::Break(());
            }
            if number < *lines.start() {
                return ControlFlow::Continue(());
            }
            match line {
                Text::Whole(line) => on(number, &bare(line))?,
                Text::Long(bytes) => {
                    // Colour codes must be whole to be left out.
                    let mut kept = Vec::new();
                    let mut flow = ControlFlow::Continue(());
                    unread = self.bytes_at(bytes, |part| {
                        kept.extend_from_slice(part);
                        let at = cut(&kept, kept.len().saturating_sub(usize::try_from(AROUND).unwrap_or_default()));
                        if flow.is_continue() {
                            flow = on(number, &bare(&String::from_utf8_lossy(&kept[..at])));
                        }
                        kept.drain(..at);
                    });
                    if unread.is_err() {
                        return ControlFlow::Break(());
                    }
                    flow?;
                    on(number, &bare(&String::from_utf8_lossy(&kept)))?;
                }
            }
            on(number, "\n")
        })?;
        unread
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{log::pattern::Pattern, spool::Writer};

    #[test]
    fn lines_come_out_whole_and_without_colours() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.log");
        let mut writer = Writer::create(&path).unwrap();
        let long = "\x1b[31mé0123456789\x1b[1;38;5;9m".repeat(100_000);
        for line in ["plain", "\x1b[32mgreen\x1b[0m", "", &long] {
            writer.line(line).unwrap();
        }
        writer.finish().unwrap();
        let reader = Reader::open(&path).unwrap();
        let plain = |typed: &str, invert| {
            let mut text = String::new();
            let filter = Filter { pattern: Pattern::new(typed).unwrap(), invert };
            let on = |_, part: &str| {
                text.push_str(part);
                ControlFlow::Continue(())
            };
            reader.plain(&filter, on).unwrap();
            text
        };
        let bare_long = "é0123456789".repeat(100_000);
        assert_eq!(plain("", false), format!("plain\ngreen\n\n{bare_long}\n"));
        assert_eq!(plain("green", false), "green\n");
        assert_eq!(plain("green|^$|é", true), "plain\n");
        let mut between = String::new();
        let on = |_, part: &str| {
            between.push_str(part);
            ControlFlow::Continue(())
        };
        reader.plain_between(&(1..=2), &Filter::none(), on).unwrap();
        assert_eq!(between, "green\n\n");
        let mut first = Vec::new();
        let some = |number, part: &str| {
            first.push((number, part.to_owned()));
            if number == 1 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        reader.plain(&Filter::none(), some).unwrap();
        assert_eq!(first, [(0, "plain".to_owned()), (0, "\n".to_owned()), (1, "green".to_owned())]);
    }
}
