//! The part of the console that touches the world: terminal, signals, workers, and the loop that feeds the model.
//!
//! ```text
//! signals, keys, messages ──► wait for one, drain what is there ──► update ──► effects ──► jobs
//!                                                                     └──► draw once, if something changed
//! ```
//! A key is drawn at once. What changes in the background is drawn when the terminal has the frame before, at most
//! thirty times a second, and five times over SSH (`pace.rs`). Nothing is drawn, and nobody woken, while nothing happens.
//! Workers wait while their messages are not taken, so that a flood neither piles up nor keeps a key waiting.

mod clipboard;
mod custom_keys;
mod decode;
mod follow;
mod guest;
#[cfg(test)]
mod hostile;
mod jobs;
mod keyboard;
mod logs;
mod pace;
mod question;
mod screen;
mod signals;
mod taskbar;
mod terminal;
mod watch;

use std::{future::pending, time::Duration};

use jiff::Timestamp;
use tokio::{
    sync::mpsc::{Receiver, Sender, channel},
    time::{Instant, sleep_until},
};

use self::{
    decode::Input,
    guest::Left,
    jobs::{Handing, Jobs},
    keyboard::Keyboard,
    pace::Haste,
    screen::Screen,
    signals::{Signal, Signals},
    taskbar::Taskbar,
    terminal::Held,
};
use super::{
    action::keymap::Keymap,
    effect::{Effect, Guest},
    message::Message,
    model::{Look, Mode, Model, Mouse},
    update::{begin, update},
    view::bar::Bar,
};
use crate::{
    commands::ground::Ground,
    domain::{failure::Failure, name::ProjectName, sign::Signs},
    fault,
};

/// Messages that wait to be taken, and that are taken before the next look at the keys.
const MESSAGES: usize = 64;
/// A clock on the screen goes on.
const SECOND: Duration = Duration::from_secs(1);

/// The way of the workers to the model. Whoever uses it waits while it is full.
type Outbox = Sender<Message>;

/// Opens the console, and gives the exit code once it is left. What runs goes on.
///
/// # Errors
/// When the terminal cannot be used.
pub async fn run(ground: Ground, ascii: bool) -> Result<u8, Failure> {
    let keymap = custom_keys::keymap(&ground)?;
    let mut signals = Signals::listen()?;
    let _held = Held::take()?;
    let mut keyboard = Keyboard::open()?;
    let mut console = Console::open(ground, ascii, keymap)?;
    console.draw()?;
    let first = begin(&mut console.model);
    console.perform(first)?;
    let left = until_left(&mut console, &mut signals, &mut keyboard).await;
    // What was said yes to is begun, also by whoever leaves at once.
    drop(console.handing.write().await);
    left
}

async fn until_left(console: &mut Console, signals: &mut Signals, keyboard: &mut Keyboard) -> Result<u8, Failure> {
    loop {
        let frame = console.next_frame();
        tokio::select! {
            biased;
            signal = signals.next() => match signal {
                Signal::Stop => {
                    terminal::stop()?;
                    console.came_back()?;
                }
                Signal::Continued => console.came_back()?,
                Signal::Resized => console.resized()?,
                Signal::HangUp | Signal::Interrupt | Signal::Quit | Signal::Terminate => return Ok(signal.code()),
            },
            // Before the keys: these may never stop, and what they do is drawn meanwhile.
            written = console.screen.written() => written?,
            input = keyboard.next() => match input {
                Some(input) => console.input(input)?,
                // The terminal is gone.
                None => return Ok(Signal::HangUp.code()),
            },
            () = at(frame) => {}
            () = at(console.tick) => console.take(Message::Tick, Haste::Soon)?,
            Some(message) = console.inbox.recv() => console.hear(message)?,
        }
        while let Some(input) = keyboard.at_hand() {
            console.input(input)?;
        }
        for _ in 0..MESSAGES {
            let Ok(message) = console.inbox.try_recv() else { break };
            console.hear(message)?;
        }
        if let Some(guest) = console.guest.take()
            && let Some(code) = console.lend(guest, signals).await?
        {
            return Ok(code);
        }
        if console.left {
            return Ok(0);
        }
        console.wind_clock();
        console.draw_if_due()?;
    }
}

async fn at(time: Option<Instant>) {
    match time {
        Some(time) => sleep_until(time).await,
        None => pending().await,
    }
}

/// As commands that are shown have them.
fn flags(ground: &Ground) -> Vec<String> {
    jobs::flags(ground).iter().map(|word| word.to_string_lossy().into_owned()).collect()
}

struct Console {
    model: Model,
    screen: Screen,
    /// Before the workers, who may wait for room in it.
    inbox: Receiver<Message>,
    jobs: Jobs,
    handing: Handing,
    /// Why the screen does not show the model, if it does not.
    stale: Option<Haste>,
    /// When the next second has passed, where a clock is on the screen.
    tick: Option<Instant>,
    /// A program that is to have the terminal.
    guest: Option<Guest>,
    taskbar: Taskbar,
    in_tmux: bool,
    left: bool,
}

impl Console {
    fn open(ground: Ground, ascii: bool, keymap: Keymap) -> Result<Self, Failure> {
        let size = terminal::size();
        let style = ground.output.out;
        let signs = if ascii { Signs::Ascii } else { style.signs() };
        let told = (ground.environment)("COLORFGBG");
        let light = told.is_some_and(|colours| terminal::is_light(&colours.to_string_lossy()));
        let mut model = Model::new(size, Look { signs, colour: style.colour(), light }, Timestamp::now());
        model.keymap = keymap;
        model.read_only = ground.permit.is_none();
        model.flags = flags(&ground);
        let over_ssh = terminal::is_over_ssh(&*ground.environment);
        model.mouse = if over_ssh { Mouse::Terminals } else { Mouse::Ours };
        let in_tmux = (ground.environment)("TMUX").is_some();
        let taskbar = Taskbar::new(&*ground.environment);
        let (outbox, inbox) = channel(MESSAGES);
        let handing = Handing::default();
        let jobs = Jobs::new(ground, outbox, Handing::clone(&handing))?;
        let mut screen = Screen::open(size, over_ssh)?;
        screen.also(terminal::capture(model.mouse));
        Ok(Self {
            model,
            screen,
            inbox,
            jobs,
            handing,
            stale: None,
            tick: None,
            guest: None,
            taskbar,
            in_tmux,
            left: false,
        })
    }

    fn input(&mut self, input: Input) -> Result<(), Failure> {
        match input {
            Input::Key(key) => {
                fault::console("key");
                self.take(Message::Key(key), Haste::Now)
            }
            Input::Paste(text) => self.take(Message::Pasted(text), Haste::Now),
            Input::Mouse(event) => self.take(Message::Mouse(event), Haste::Now),
            Input::Answer => {
                self.screen.answered();
                Ok(())
            }
        }
    }

    /// Rows of a log that nobody follows are what a key asked for.
    fn hear(&mut self, message: Message) -> Result<(), Failure> {
        let paused = matches!(self.model.log.mode, Mode::Paused { .. });
        let haste = if paused && matches!(message, Message::Log(..)) { Haste::Now } else { Haste::Soon };
        self.take(message, haste)
    }

    fn take(&mut self, message: Message, haste: Haste) -> Result<(), Failure> {
        self.stale = self.stale.max(Some(haste));
        let effects = update(&mut self.model, message, Timestamp::now());
        self.perform(effects)
    }

    fn perform(&mut self, effects: Vec<Effect>) -> Result<(), Failure> {
        for effect in effects {
            match effect {
                Effect::Quit => self.left = true,
                Effect::CopyByTerminal(text) => self.screen.also(&clipboard::question(&text, self.in_tmux)),
                Effect::Lend(guest) => self.guest = Some(guest),
                Effect::Capture(ours) => self.screen.also(terminal::capture(ours)),
                Effect::OpenProject(name) => self.open_project(name)?,
                Effect::Suspend => terminal::suspend()?,
                other => self.jobs.start(other),
            }
        }
        Ok(())
    }

    /// Gives the terminal to a program and takes it back, or gives the exit code of a console that ended meanwhile.
    async fn lend(&mut self, guest: Guest, signals: &mut Signals) -> Result<Option<u8>, Failure> {
        let ended = match self.jobs.visit(&guest) {
            Err(failure) => Err(failure),
            Ok(visit) => {
                terminal::give_back();
                let left = visit.until_it_ends(signals).await;
                if let Ok(Left::Console(code)) = left {
                    return Ok(Some(code));
                }
                self.came_back()?;
                left.map(drop)
            }
        };
        self.take(Message::Returned(guest, ended), Haste::Now)?;
        Ok(None)
    }

    /// The jobs of the former project are let go, with whatever they would still have told. What was begun goes on: the
    /// journal has it.
    fn open_project(&mut self, name: ProjectName) -> Result<(), Failure> {
        let opened = match self.jobs.ground_of(name) {
            Ok(ground) => {
                let flags = flags(&ground);
                let outbox;
                (outbox, self.inbox) = channel(MESSAGES);
                self.jobs = Jobs::new(ground, outbox, Handing::clone(&self.handing))?;
                Ok(flags)
            }
            Err(failure) => Err(failure),
        };
        self.take(Message::Opened(opened), Haste::Now)
    }

    /// After having been stopped: somebody else had the terminal.
    fn came_back(&mut self) -> Result<(), Failure> {
        terminal::enter()?;
        self.screen.came_back(terminal::size())?;
        self.screen.also(terminal::capture(self.model.mouse));
        self.taskbar.forget();
        self.resized()
    }

    fn resized(&mut self) -> Result<(), Failure> {
        let (columns, rows) = terminal::size();
        self.screen.renew((columns, rows))?;
        self.take(Message::Resized(columns, rows), Haste::Now)
    }

    /// When the next frame is due, if it can be drawn then.
    fn next_frame(&mut self) -> Option<Instant> {
        self.stale.and_then(|haste| self.screen.next(haste, Instant::now()))
    }

    /// The next second is a whole one after the last, whatever else happens meanwhile.
    fn wind_clock(&mut self) {
        let now = Instant::now();
        self.tick = match self.tick {
            _ if !self.model.ticks() => None,
            Some(due) if due > now => Some(due),
            Some(due) => Some((due + SECOND).max(now)),
            None => Some(now + SECOND),
        };
    }

    /// A terminal that is still busy with the last frame loses this one; keys are read meanwhile.
    fn draw_if_due(&mut self) -> Result<(), Failure> {
        let due = self.next_frame().is_some_and(|due| due <= Instant::now());
        if due { self.draw() } else { Ok(()) }
    }

    fn draw(&mut self) -> Result<(), Failure> {
        if let Some(bytes) = self.taskbar.show(Bar::of(&self.model)) {
            self.screen.also(&bytes);
        }
        self.screen.draw(&self.model)?;
        self.stale = None;
        Ok(())
    }
}
