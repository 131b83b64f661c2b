//! Frames on their way to the terminal. A thread of its own writes them, so that a slow terminal never keeps keys
//! from being read: while it is busy, no frame is drawn. [`Pace`] says when the next one may go.

use std::{
    cell::RefCell,
    io::{self, Write},
    mem,
    rc::Rc,
    sync::mpsc::{SyncSender, sync_channel},
    thread,
};

use crossterm::{
    queue,
    terminal::{BeginSynchronizedUpdate, Clear, ClearType, EndSynchronizedUpdate},
};
use ratatui::{Terminal, TerminalOptions, Viewport, backend::CrosstermBackend, buffer::Buffer, layout::Rect};
use tokio::{
    sync::mpsc::{Receiver, channel},
    time::Instant,
};

use super::{
    pace::{Haste, Pace},
    terminal::{self, Frame},
};
use crate::{
    console::{model::Model, view::view},
    domain::failure::Failure,
};

pub struct Screen {
    paper: Paper,
    pace: Pace,
    frames: SyncSender<Frame>,
    written: Receiver<io::Result<()>>,
    busy: bool,
    /// What goes with the next frame.
    also: Vec<u8>,
}

/// What is drawn on, and what the terminal shows of it.
struct Paper {
    terminal: Terminal<CrosstermBackend<Ink>>,
    ink: Ink,
    shown: Option<Buffer>,
}

/// What the terminal is to get, until a frame of it is complete.
#[derive(Clone, Default)]
struct Ink(Rc<RefCell<Vec<u8>>>);

impl Write for Ink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Paper {
    /// Of columns and rows that are given, never asked for: whoever asks a terminal waits for keys that others read.
    fn blank((columns, rows): (u16, u16)) -> io::Result<Self> {
        let ink = Ink::default();
        let viewport = Viewport::Fixed(Rect::new(0, 0, columns, rows));
        let terminal = Terminal::with_options(CrosstermBackend::new(ink.clone()), TerminalOptions { viewport })?;
        Ok(Self { terminal, ink, shown: None })
    }

    /// The bytes that make the terminal show the model; none where it does already.
    fn draw(&mut self, model: &Model) -> io::Result<Vec<u8>> {
        let drawn = self.terminal.draw(|frame| view(model, frame))?;
        let bytes = mem::take(&mut *self.ink.0.borrow_mut());
        if self.shown.as_ref() == Some(drawn.buffer) {
            return Ok(Vec::new());
        }
        let mut frame = Vec::with_capacity(bytes.len() + 32);
        queue!(frame, BeginSynchronizedUpdate)?;
        if self.shown.is_none() {
            queue!(frame, Clear(ClearType::All))?;
        }
        frame.extend_from_slice(&bytes);
        queue!(frame, EndSynchronizedUpdate)?;
        self.shown = Some(drawn.buffer.clone());
        Ok(frame)
    }
}

impl Screen {
    pub fn open(size: (u16, u16), over_ssh: bool) -> Result<Self, Failure> {
        let (frames, work) = sync_channel::<Frame>(1);
        let (done, written) = channel(1);
        thread::Builder::new()
            .name("screen".to_owned())
            .spawn(move || {
                for frame in work {
                    // Nobody waits for it any more when sending fails; then there is no next frame either.
                    let _ = done.blocking_send(terminal::write(&frame));
                }
            })
            .map_err(|e| terminal::failed(&e))?;
        let paper = Paper::blank(size).map_err(|e| terminal::failed(&e))?;
        Ok(Self { paper, pace: Pace::new(over_ssh), frames, written, busy: false, also: Vec::new() })
    }

    /// When the next frame may be drawn, as far as it is known; `None` while the last one is being written.
    pub fn next(&mut self, haste: Haste, now: Instant) -> Option<Instant> {
        (!self.busy).then(|| self.pace.may_go(haste, now))
    }

    /// The terminal says that it has a frame.
    pub fn answered(&mut self) {
        terminal::answered();
        self.pace.answered();
    }

    /// Waits until the system has taken the frame; for ever when there is none on its way.
    pub async fn written(&mut self) -> Result<(), Failure> {
        match self.written.recv().await {
            Some(Ok(())) => {
                self.busy = false;
                Ok(())
            }
            Some(Err(error)) => Err(terminal::failed(&error)),
            None => Err(terminal::failed(&io::Error::other("the thread that writes to it has ended"))),
        }
    }

    /// Has the terminal told this too, with the next frame.
    pub fn also(&mut self, bytes: &[u8]) {
        self.also.extend_from_slice(bytes);
    }

    /// Hands on what is different from the last frame.
    pub fn draw(&mut self, model: &Model) -> Result<(), Failure> {
        let mut bytes = mem::take(&mut self.also);
        bytes.extend(self.paper.draw(model).map_err(|e| terminal::failed(&e))?);
        if bytes.is_empty() {
            return Ok(());
        }
        let now = Instant::now();
        let asks = self.pace.asks(now);
        self.pace.sent(bytes.len(), now);
        self.busy = true;
        let sent = self.frames.send(Frame { bytes, asks });
        sent.map_err(|e| terminal::failed(&io::Error::other(e.to_string())))
    }

    /// The terminal has this size, or somebody else wrote to it: the next frame is a whole one.
    pub fn renew(&mut self, size: (u16, u16)) -> Result<(), Failure> {
        self.paper = Paper::blank(size).map_err(|e| terminal::failed(&e))?;
        Ok(())
    }

    /// Somebody else had the terminal, and its answers.
    pub fn came_back(&mut self, size: (u16, u16)) -> Result<(), Failure> {
        self.pace.forget();
        self.renew(size)
    }
}
