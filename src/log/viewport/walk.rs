//! From row to row through a log.

use std::{collections::VecDeque, ops::Range};

use super::{Layout, Offset, Place, Source, Spot, Window, fill};
use crate::log::{
    pattern::Pattern,
    wrap::{AROUND, SEGMENT, at_column, column_after, cut, rows},
};

/// Rows that a place is moved by at most, in one step.
const FARTHEST: i64 = 10_000;
/// Bytes of a long line in which columns are counted at once.
const STRETCH: u64 = SEGMENT;

/// Rows of one line that are found together: those of a segment, or the only one where lines are not wrapped.
pub(super) struct Block {
    pub line: u64,
    segment: u64,
    pub rows: Vec<Range<u64>>,
    last: bool,
}

/// The rows around this spot: those on the screen, and a screen before and after. What is marked is looked for in them.
/// `reveal`: where lines are not wrapped, the place's column is brought into sight.
///
/// # Errors
/// Those of the source.
pub fn window<S: Source>(
    source: &mut S,
    spot: Spot,
    reveal: bool,
    mut layout: Layout,
    marks: Option<&Pattern>,
) -> Result<Window, S::Error> {
    layout.height = layout.height.max(1);
    layout.width = layout.width.max(1);
    let mut place = None;
    let anchor = match spot {
        Spot::End => end(source, layout)?,
        Spot::At { place: wanted, .. } => match source.at_or_after(wanted.line)? {
            Some(line) if line == wanted.line => {
                let byte = match wanted.offset {
                    Offset::Byte(byte) => byte,
                    Offset::Column(0) => 0,
                    Offset::Column(column) if layout.wrap => byte_at(source, line, column, (0, 0))?.0,
                    Offset::Column(_) => 0,
                };
                if layout.wrap {
                    place = Some(Place { line, offset: Offset::Byte(byte) });
                }
                if reveal && !layout.wrap {
                    layout.left = revealed(column_of(source, line, byte)?, layout);
                }
                Some(block_at(source, layout, line, byte)?)
            }
            Some(line) => Some((block(source, layout, line, 0)?, 0)),
            None => end(source, layout)?,
        },
    };
    let Some((anchor, at)) = anchor else {
        return Ok(Window { layout, columns: 0..usize::MAX, at_start: true, at_end: true, ..Window::default() });
    };
    let rows = match spot {
        Spot::End => -i64::try_from(layout.height - 1).unwrap_or(FARTHEST),
        Spot::At { rows, .. } => rows.clamp(-FARTHEST, FARTHEST),
    };
    let steps = usize::try_from(rows.unsigned_abs()).unwrap_or_default();
    let (before, after) =
        if rows < 0 { (layout.height + steps, 2 * layout.height) } else { (layout.height, 2 * layout.height + steps) };
    let mut found = Gathered { ahead: anchor.rows.len() - at, behind: at, blocks: VecDeque::from([anchor]) };
    let at_start = found.backward(source, layout, before + 1)?;
    let at_end = found.forward(source, layout, after + 1)?;
    let top = i64::try_from(found.behind).unwrap_or(i64::MAX).saturating_add(rows);
    let last = (found.behind + found.ahead).saturating_sub(layout.height);
    let top = usize::try_from(top.max(0)).unwrap_or_default().min(last);
    let wanted = top.saturating_sub(layout.height)..(top + 2 * layout.height).min(found.behind + found.ahead);
    let (at_start, at_end) = (at_start && wanted.start == 0, at_end && wanted.end == found.behind + found.ahead);
    let columns = layout.left.saturating_sub(layout.width)..layout.left.saturating_add(2 * layout.width);
    let mut window = Window { layout, columns, rows: Vec::new(), top: top - wanted.start, place, at_start, at_end };
    let mut first = 0;
    for block in &found.blocks {
        let here = wanted.start.max(first)..wanted.end.min(first + block.rows.len());
        if !here.is_empty() {
            let here = here.start - first..here.end - first;
            fill::rows(source, &mut window, block.line, &block.rows[here], marks)?;
        }
        first += block.rows.len();
    }
    Ok(window)
}

/// Rows around an anchor: so many before it, and so many from it on.
struct Gathered {
    blocks: VecDeque<Block>,
    behind: usize,
    ahead: usize,
}

impl Gathered {
    /// Gives whether the log's beginning is among them.
    fn backward<S: Source>(&mut self, source: &mut S, layout: Layout, wanted: usize) -> Result<bool, S::Error> {
        while self.behind < wanted {
            let Some(first) = self.blocks.front() else { break };
            let block = if first.segment > 0 {
                block(source, layout, first.line, first.segment - 1)?
            } else {
                match source.before(first.line)? {
                    Some(line) => last_block(source, layout, line)?,
                    None => return Ok(true),
                }
            };
            self.behind += block.rows.len();
            self.blocks.push_front(block);
        }
        Ok(false)
    }

    /// Gives whether the log's end is among them.
    fn forward<S: Source>(&mut self, source: &mut S, layout: Layout, wanted: usize) -> Result<bool, S::Error> {
        while self.ahead < wanted {
            let Some(last) = self.blocks.back() else { break };
            let block = if last.last {
                match source.at_or_after(last.line + 1)? {
                    Some(line) => block(source, layout, line, 0)?,
                    None => return Ok(true),
                }
            } else {
                block(source, layout, last.line, last.segment + 1)?
            };
            self.ahead += block.rows.len();
            self.blocks.push_back(block);
        }
        Ok(false)
    }
}

/// The last row of all.
fn end<S: Source>(source: &mut S, layout: Layout) -> Result<Option<(Block, usize)>, S::Error> {
    let Some(line) = source.before(u64::MAX)? else { return Ok(None) };
    let block = last_block(source, layout, line)?;
    let at = block.rows.len() - 1;
    Ok(Some((block, at)))
}

fn block<S: Source>(source: &mut S, layout: Layout, line: u64, segment: u64) -> Result<Block, S::Error> {
    let length = source.length(line)?;
    if !layout.wrap {
        return Ok(Block { line, segment: 0, rows: std::iter::once(0..length).collect(), last: true });
    }
    let (start, end) = (border(source, line, segment, length)?, border(source, line, segment + 1, length)?);
    let text = source.read(line, start..end)?;
    let row = |row: Range<usize>| start + row.start as u64..start + row.end as u64;
    Ok(Block { line, segment, rows: rows(&text, layout.width).into_iter().map(row).collect(), last: end == length })
}

fn last_block<S: Source>(source: &mut S, layout: Layout, line: u64) -> Result<Block, S::Error> {
    let length = source.length(line)?;
    Ok(block_at(source, layout, line, length)?.0)
}

/// The block and the row in it that has this byte of a line; its last one after the line's end.
fn block_at<S: Source>(source: &mut S, layout: Layout, line: u64, byte: u64) -> Result<(Block, usize), S::Error> {
    let length = source.length(line)?;
    let byte = byte.min(length);
    let mut segment = if layout.wrap { byte / SEGMENT } else { 0 };
    // A segment may begin a little later than its number says, or have nothing of the line left.
    if segment > 0 {
        let start = border(source, line, segment, length)?;
        if start > byte || start == length {
            segment -= 1;
        }
    }
    let block = block(source, layout, line, segment)?;
    let at = block.rows.partition_point(|row| row.start <= byte).saturating_sub(1);
    Ok((block, at))
}

/// Where a segment of a line begins.
fn border<S: Source>(source: &mut S, line: u64, segment: u64, length: u64) -> Result<u64, S::Error> {
    let at = segment * SEGMENT;
    if at == 0 || at >= length {
        return Ok(at.min(length));
    }
    let start = at - AROUND;
    let around = source.read(line, start..(at + AROUND).min(length))?;
    Ok(start + cut(&around, usize::try_from(AROUND).unwrap_or_default()) as u64)
}

/// The end of the stretch that begins here: a good place to go on from.
fn stretch<S: Source>(source: &mut S, line: u64, start: u64, length: u64) -> Result<Vec<u8>, S::Error> {
    let mut text = source.read(line, start..(start + STRETCH + AROUND).min(length))?;
    if start + STRETCH + AROUND < length {
        text.truncate(cut(&text, usize::try_from(STRETCH).unwrap_or_default()));
    }
    Ok(text)
}

/// The column of a byte of a line.
fn column_of<S: Source>(source: &mut S, line: u64, byte: u64) -> Result<usize, S::Error> {
    let length = source.length(line)?.min(byte);
    let (mut at, mut column) = (0, 0);
    while at < length {
        let text = stretch(source, line, at, length)?;
        column = column_after(&text, column);
        at += text.len() as u64;
    }
    Ok(column)
}

/// The character in a column of a line, at or after `from`, which is a byte and its column: where it begins, and in
/// which column. The line's end, where it is not so long.
pub(super) fn byte_at<S: Source>(
    source: &mut S,
    line: u64,
    wanted: usize,
    from: (u64, usize),
) -> Result<(u64, usize), S::Error> {
    let length = source.length(line)?;
    let (mut at, mut column) = from;
    while at < length {
        let text = stretch(source, line, at, length)?;
        let (found, its) = at_column(&text, column, wanted);
        if found < text.len() {
            return Ok((at + found as u64, its));
        }
        (at, column) = (at + text.len() as u64, its);
    }
    Ok((length, column))
}

/// What is scrolled out to the left so that a column is seen, with what is around it.
fn revealed(column: usize, layout: Layout) -> usize {
    let seen = layout.left..layout.left.saturating_add(layout.width);
    if seen.contains(&column) { layout.left } else { column.saturating_sub(layout.width / 3) }
}
