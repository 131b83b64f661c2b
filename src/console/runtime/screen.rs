//! Frames on their way to the terminal. A thread of its own writes them, so that a slow terminal never keeps keys
//! from being read: while it is busy, no frame is drawn.

use std::{
    cell::RefCell,
    io::{self, Write},
    mem,
    rc::Rc,
    sync::mpsc::{Sender, channel},
    thread,
};

use crossterm::{
    queue,
    terminal::{BeginSynchronizedUpdate, EndSynchronizedUpdate},
};
use ratatui::{Terminal, backend::CrosstermBackend};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::terminal;
use crate::{
    console::{model::Model, view::view},
    domain::failure::Failure,
};

pub struct Screen {
    terminal: Terminal<CrosstermBackend<Ink>>,
    ink: Ink,
    frames: Sender<Vec<u8>>,
    written: UnboundedReceiver<io::Result<()>>,
    busy: bool,
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

impl Screen {
    pub fn open() -> Result<Self, Failure> {
        let ink = Ink::default();
        let terminal = Terminal::new(CrosstermBackend::new(ink.clone())).map_err(|e| terminal::failed(&e))?;
        let (frames, work) = channel::<Vec<u8>>();
        let (done, written) = unbounded_channel();
        thread::Builder::new()
            .name("screen".to_owned())
            .spawn(move || {
                for frame in work {
                    // Nobody waits for it any more when sending fails; then there is no next frame either.
                    let _ = done.send(terminal::write(&frame));
                }
            })
            .map_err(|e| terminal::failed(&e))?;
        Ok(Self { terminal, ink, frames, written, busy: false })
    }

    /// The terminal has taken the last frame.
    pub fn is_free(&self) -> bool {
        !self.busy
    }

    /// Waits until the terminal has taken the frame; for ever when there is none on its way.
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

    /// Hands on what is different from the last frame.
    pub fn draw(&mut self, model: &Model) -> Result<(), Failure> {
        self.terminal.draw(|frame| view(model, frame)).map_err(|e| terminal::failed(&e))?;
        let mut frame = Vec::new();
        queue!(frame, BeginSynchronizedUpdate).map_err(|e| terminal::failed(&e))?;
        frame.append(&mut mem::take(&mut *self.ink.0.borrow_mut()));
        queue!(frame, EndSynchronizedUpdate).map_err(|e| terminal::failed(&e))?;
        self.busy = true;
        self.frames.send(frame).map_err(|e| terminal::failed(&io::Error::other(e.to_string())))
    }

    /// Somebody else wrote to the terminal: the next frame is a whole one.
    pub fn forget(&mut self) -> Result<(), Failure> {
        // Not `clear`, which asks the terminal where its cursor is and would wait for keys that others read.
        let all = self.terminal.size().map_err(|e| terminal::failed(&e))?;
        self.terminal.resize(all.into()).map_err(|e| terminal::failed(&e))
    }
}
