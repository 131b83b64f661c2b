//! The part of the console that touches the world: terminal, signals, workers, and the loop that feeds the model.
//!
//! ```text
//! keys, signals, messages ──► wait for one, drain all ──► update ──► effects ──► jobs
//!                                                           └──► draw once, if something changed
//! ```
//! A key is drawn at once. What changes in the background is drawn at most thirty times a second, and nothing is
//! drawn, and nobody woken, while nothing happens.

mod jobs;
mod logs;
mod question;
mod screen;
mod signals;
mod terminal;
mod watch;

use std::{
    future::{pending, poll_fn},
    io,
    task::Poll,
    time::Duration,
};

use crossterm::event::{Event, EventStream};
use futures_util::StreamExt as _;
use jiff::Timestamp;
use tokio::{
    sync::mpsc::UnboundedReceiver,
    time::{Instant, sleep_until},
};

use self::{
    jobs::Jobs,
    screen::Screen,
    signals::{Signal, Signals},
    terminal::Held,
};
use super::{
    effect::Effect,
    message::Message,
    model::{Look, Model},
    update::{begin, update},
};
use crate::{
    commands::ground::Ground,
    domain::{failure::Failure, sign::Signs},
};

/// Of changes in the background, a second.
const FRAMES: u32 = 30;
/// A clock on the screen goes on.
const SECOND: Duration = Duration::from_secs(1);

/// Whether the screen shows the model.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Stale {
    No,
    /// Since something in the background: soon is enough.
    Soon,
    /// Since a key.
    Now,
}

/// Opens the console, and gives the exit code once it is left. What runs goes on.
///
/// # Errors
/// When the terminal cannot be used.
pub async fn run(ground: Ground, ascii: bool) -> Result<u8, Failure> {
    let mut signals = Signals::listen()?;
    let _held = Held::take()?;
    let mut console = Console::open(ground, ascii)?;
    console.draw()?;
    console.perform(begin())?;
    let mut keys = EventStream::new();
    loop {
        let (frame, tick) = (console.next_frame(), console.next_tick());
        tokio::select! {
            biased;
            signal = signals.next() => match signal {
                Signal::End { code } => return Ok(code),
                Signal::Continued => console.came_back()?,
            },
            event = keys.next() => match event {
                Some(Ok(event)) => console.event(event)?,
                // The terminal is gone.
                Some(Err(_)) | None => return Ok(signals::HUNG_UP),
            },
            Some(message) = console.inbox.recv() => console.take(message, Stale::Soon)?,
            written = console.screen.written() => written?,
            () = at(frame) => {}
            () = at(tick) => console.take(Message::Tick, Stale::Soon)?,
        }
        while let Poll::Ready(Some(Ok(event))) = at_hand(&mut keys).await {
            console.event(event)?;
        }
        while let Ok(message) = console.inbox.try_recv() {
            console.take(message, Stale::Soon)?;
        }
        if console.left {
            return Ok(0);
        }
        console.draw_if_due()?;
    }
}

/// What is there already. Looks with the waker of the loop: the stream keeps the one of its last look.
async fn at_hand(keys: &mut EventStream) -> Poll<Option<io::Result<Event>>> {
    poll_fn(|context| Poll::Ready(keys.poll_next_unpin(context))).await
}

async fn at(time: Option<Instant>) {
    match time {
        Some(time) => sleep_until(time).await,
        None => pending().await,
    }
}

struct Console {
    model: Model,
    screen: Screen,
    jobs: Jobs,
    inbox: UnboundedReceiver<Message>,
    stale: Stale,
    drawn: Instant,
    left: bool,
}

impl Console {
    fn open(ground: Ground, ascii: bool) -> Result<Self, Failure> {
        let size = crossterm::terminal::size().map_err(|error| terminal::failed(&error))?;
        let style = ground.output.out;
        let signs = if ascii { Signs::Ascii } else { style.signs() };
        let mut model = Model::new(size, Look { signs, colour: style.colour() }, Timestamp::now());
        model.read_only = ground.permit.is_none();
        model.flags = jobs::flags(&ground).iter().map(|word| word.to_string_lossy().into_owned()).collect();
        let (jobs, inbox) = Jobs::new(ground)?;
        let screen = Screen::open()?;
        Ok(Self { model, screen, jobs, inbox, stale: Stale::Now, drawn: Instant::now(), left: false })
    }

    fn event(&mut self, event: Event) -> Result<(), Failure> {
        match event {
            Event::Key(key) => self.take(Message::Key(key), Stale::Now),
            Event::Resize(columns, rows) => self.take(Message::Resized(columns, rows), Stale::Now),
            Event::Paste(text) => self.take(Message::Pasted(text.into()), Stale::Now),
            Event::Mouse(_) | Event::FocusGained | Event::FocusLost => Ok(()),
        }
    }

    fn take(&mut self, message: Message, stale: Stale) -> Result<(), Failure> {
        self.stale = self.stale.max(stale);
        let effects = update(&mut self.model, message, Timestamp::now());
        self.perform(effects)
    }

    fn perform(&mut self, effects: Vec<Effect>) -> Result<(), Failure> {
        for effect in effects {
            match effect {
                Effect::Quit => self.left = true,
                Effect::Suspend => {
                    terminal::suspend()?;
                    self.came_back()?;
                }
                other => self.jobs.start(other),
            }
        }
        Ok(())
    }

    /// After having been stopped: somebody else had the terminal.
    fn came_back(&mut self) -> Result<(), Failure> {
        terminal::enter()?;
        self.screen.forget()?;
        self.stale = Stale::Now;
        Ok(())
    }

    /// When the next frame is due, if it can be drawn then.
    fn next_frame(&self) -> Option<Instant> {
        (self.stale == Stale::Soon && self.screen.is_free()).then(|| self.drawn + SECOND / FRAMES)
    }

    fn next_tick(&self) -> Option<Instant> {
        self.model.ticks().then(|| Instant::now() + SECOND)
    }

    fn draw_if_due(&mut self) -> Result<(), Failure> {
        let due = match self.stale {
            Stale::No => false,
            Stale::Soon => self.drawn.elapsed() >= SECOND / FRAMES,
            Stale::Now => true,
        };
        // A terminal that is still busy with the last frame loses this one; keys are read meanwhile.
        if due && self.screen.is_free() { self.draw() } else { Ok(()) }
    }

    fn draw(&mut self) -> Result<(), Failure> {
        self.screen.draw(&self.model)?;
        self.stale = Stale::No;
        self.drawn = Instant::now();
        Ok(())
    }
}
