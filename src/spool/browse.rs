//! A log as the screen walks through it: line by line, and of each line only the bytes that are seen.

use std::ops::Range;

use memchr::memchr_iter;

use super::{
    error::SpoolError,
    hits::Hits,
    index::BYTES,
    read::{Reader, read_at},
};
use crate::log::viewport::Source;

/// The lines of a log, or those that are wanted.
pub struct Browse<'a> {
    log: &'a Reader,
    wanted: Option<&'a mut Hits>,
    near: Option<Near>,
}

/// The lines around the one that was asked for last.
struct Near {
    lines: Range<u64>,
    bytes: Range<u64>,
    /// Where each of them begins.
    begins: Vec<u64>,
    /// The bytes that they begin with: all but the end of the last one if that is long.
    text: Vec<u8>,
}

impl<'a> Browse<'a> {
    pub fn new(log: &'a Reader, wanted: Option<&'a mut Hits>) -> Self {
        Self { log, wanted, near: None }
    }

    fn near(&mut self, line: u64) -> Result<Option<&Near>, SpoolError> {
        if self.near.as_ref().is_none_or(|near| !near.lines.contains(&line)) {
            let Some((lines, bytes)) = self.log.index.group(line) else { return Ok(None) };
            // A line that begins later has an entry of its own.
            let mut text = vec![0; usize::try_from((bytes.end - bytes.start).min(BYTES)).unwrap_or_default()];
            let mut filled = 0;
            while filled < text.len() {
                filled += read_at(&self.log.path, &self.log.log, &mut text[filled..], bytes.start + filled as u64)?;
            }
            let begins = std::iter::once(0).chain(memchr_iter(b'\n', &text).map(|at| at + 1));
            let begins = begins.map(|at| bytes.start + at as u64).collect();
            self.near = Some(Near { lines, bytes, begins, text });
        }
        Ok(self.near.as_ref())
    }

    /// The bytes of a line in the log, without its LF; none after the log's end.
    fn span(&mut self, line: u64) -> Result<Range<u64>, SpoolError> {
        let Some(near) = self.near(line)? else { return Ok(0..0) };
        let at = usize::try_from(line - near.lines.start).unwrap_or(usize::MAX);
        let begin = near.begins.get(at).copied().unwrap_or(near.bytes.end);
        let next = if line + 1 == near.lines.end {
            near.bytes.end
        } else {
            near.begins.get(at + 1).copied().unwrap_or(near.bytes.end)
        };
        Ok(begin..next.saturating_sub(1).max(begin))
    }
}

impl Source for Browse<'_> {
    type Error = SpoolError;

    fn at_or_after(&mut self, line: u64) -> Result<Option<u64>, SpoolError> {
        match &mut self.wanted {
            Some(wanted) => wanted.at_or_after(self.log, line),
            None => Ok((line < self.log.lines()).then_some(line)),
        }
    }

    fn before(&mut self, line: u64) -> Result<Option<u64>, SpoolError> {
        match &mut self.wanted {
            Some(wanted) => wanted.before(self.log, line),
            None => Ok(line.min(self.log.lines()).checked_sub(1)),
        }
    }

    fn length(&mut self, line: u64) -> Result<u64, SpoolError> {
        let span = self.span(line)?;
        Ok(span.end - span.start)
    }

    fn read(&mut self, line: u64, bytes: Range<u64>) -> Result<Vec<u8>, SpoolError> {
        let span = self.span(line)?;
        let bytes = span.start + bytes.start..(span.start + bytes.end).min(span.end);
        if let Some(near) = &self.near {
            let here = |byte: u64| usize::try_from(byte.saturating_sub(near.bytes.start)).unwrap_or(usize::MAX);
            if let Some(text) = near.text.get(here(bytes.start)..here(bytes.end)) {
                return Ok(text.to_vec());
            }
        }
        let mut text = Vec::with_capacity(usize::try_from(bytes.end.saturating_sub(bytes.start)).unwrap_or_default());
        self.log.bytes_at(bytes, |part| text.extend_from_slice(part))?;
        Ok(text)
    }

    fn time(&self, line: u64) -> Option<i64> {
        self.log.time_of(line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        log::viewport::{Layout, Place, Spot, window},
        spool::Writer,
    };

    /// A log with these lines, on a disk of its own.
    fn log(lines: &[String]) -> (tempfile::TempDir, Reader) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.log");
        let mut writer = Writer::create(&path).unwrap();
        for (ms, line) in (0..).zip(lines) {
            writer.line_at(line, ms).unwrap();
        }
        writer.finish().unwrap();
        let reader = Reader::open(&path).unwrap();
        (folder, reader)
    }

    #[test]
    fn every_line_is_read_as_it_was_written_whatever_its_length() {
        let lengths = [0, 1, 100, 70_000, 0, 65_535, 65_536, 65_537, 3, 300_000, 2];
        let letters = (b'a'..=b'z').cycle().map(char::from);
        let lines: Vec<String> =
            letters.zip(lengths.iter().cycle()).map(|(c, n)| c.to_string().repeat(*n)).take(600).collect();
        let (_folder, reader) = log(&lines);
        let mut browse = Browse::new(&reader, None);
        for number in (0..600_u64).rev().chain(0..600) {
            let line = &lines[usize::try_from(number).unwrap()];
            let length = browse.length(number).unwrap();
            assert_eq!(length, line.len() as u64, "{number}");
            assert_eq!(browse.read(number, 0..length).unwrap(), line.as_bytes());
            assert_eq!(browse.read(number, length / 2..length).unwrap(), &line.as_bytes()[line.len() / 2..]);
        }
        assert_eq!(browse.length(600).unwrap(), 0);
        assert_eq!((browse.at_or_after(600).unwrap(), browse.before(u64::MAX).unwrap()), (None, Some(599)));
    }

    #[test]
    fn a_line_of_many_megabytes_is_shown_without_being_read() {
        let mut lines = vec!["x".repeat(20 << 20)];
        lines.push("after".to_owned());
        let (_folder, reader) = log(&lines);
        let mut browse = Browse::new(&reader, None);
        let layout = Layout { height: 20, width: 100, wrap: true, left: 0 };
        let end = window(&mut browse, Spot::End, false, layout, None).unwrap();
        assert_eq!(end.rows.last().unwrap().text, "after");
        let middle =
            Spot::At { place: Place { line: 0, offset: crate::log::viewport::Offset::Byte(10 << 20) }, rows: 0 };
        let shown = window(&mut browse, middle, true, Layout { wrap: false, ..layout }, None).unwrap();
        assert_eq!(shown.layout.left, (10 << 20) - 33);
        assert_eq!((shown.rows.len(), shown.rows[0].text.len()), (2, 300));
    }
}
