//! Several releases that one command names. All are looked at and shown before one question is asked; each is dealt with in
//! its turn, and one that fails does not keep the others from theirs. The exit code is that of the worst.

use super::{
    args::{ReleaseArg, ReleasesArg},
    ground::Ground,
    release::confirm,
};
use crate::{
    domain::{
        failure::{Failure, FailureKind},
        permission::MayWrite,
    },
    journal::Journal,
};

/// How it was asked for.
#[derive(Clone, Copy)]
pub struct Way {
    /// `rerun`
    pub command: &'static str,
    pub dry_run: bool,
    pub yes: bool,
    pub detach: bool,
}

/// What is to be done to one release, which was looked at.
pub trait Turn: Sized {
    /// Words that mean the same later.
    fn named(&self) -> String;

    /// Why nothing of it is done; `None`: it can be.
    fn refused(&self) -> Option<Failure>;

    /// Whoever asked is asked before.
    fn asks(&self) -> bool;

    /// `--detach` takes a process of its own.
    fn outlives(&self) -> bool;

    /// What it does, as it is shown before it is agreed to.
    async fn shown(&self, ground: &Ground, journal: &Journal) -> Result<String, Failure>;

    /// The same as a result.
    async fn tell(&self, ground: &Ground, journal: &Journal) -> Result<(), Failure>;

    async fn carry_out(self, ground: &Ground, journal: &Journal, permit: MayWrite) -> Result<u8, Failure>;
}

/// A release that was looked at.
pub enum Looked<Here, There> {
    /// One of this machine.
    Here(Box<Here>),
    /// One on Taskcluster.
    There(Box<There>),
}

impl<Here: Turn, There: Turn> Turn for Looked<Here, There> {
    fn named(&self) -> String {
        match self {
            Self::Here(here) => here.named(),
            Self::There(there) => there.named(),
        }
    }

    fn refused(&self) -> Option<Failure> {
        match self {
            Self::Here(here) => here.refused(),
            Self::There(there) => there.refused(),
        }
    }

    fn asks(&self) -> bool {
        match self {
            Self::Here(here) => here.asks(),
            Self::There(there) => there.asks(),
        }
    }

    fn outlives(&self) -> bool {
        match self {
            Self::Here(here) => here.outlives(),
            Self::There(there) => there.outlives(),
        }
    }

    async fn shown(&self, ground: &Ground, journal: &Journal) -> Result<String, Failure> {
        match self {
            Self::Here(here) => here.shown(ground, journal).await,
            Self::There(there) => there.shown(ground, journal).await,
        }
    }

    async fn tell(&self, ground: &Ground, journal: &Journal) -> Result<(), Failure> {
        match self {
            Self::Here(here) => here.tell(ground, journal).await,
            Self::There(there) => there.tell(ground, journal).await,
        }
    }

    async fn carry_out(self, ground: &Ground, journal: &Journal, permit: MayWrite) -> Result<u8, Failure> {
        match self {
            Self::Here(here) => Box::pin(here.carry_out(ground, journal, permit)).await,
            Self::There(there) => Box::pin(there.carry_out(ground, journal, permit)).await,
        }
    }
}

/// Deals with each.
///
/// # Errors
/// When nothing of any of them is done.
pub async fn turns<T: Turn>(
    ground: &Ground,
    journal: &Journal,
    way: Way,
    wanted: &ReleasesArg,
    look: impl AsyncFn(&ReleaseArg) -> Result<T, Failure>,
) -> Result<u8, Failure> {
    let mut worst = Worst::default();
    let mut turns: Vec<T> = Vec::new();
    for wanted in wanted.each() {
        match Box::pin(look(&wanted)).await {
            Ok(turn) if turns.iter().any(|other| other.named() == turn.named()) => {
                return Err(twice(&wanted.release, &turn.named()));
            }
            Ok(turn) => turns.push(turn),
            Err(failure) => worst.told(ground, Err(failure)),
        }
    }
    if turns.is_empty() {
        return Ok(worst.0);
    }
    if way.dry_run {
        for turn in turns {
            Box::pin(turn.tell(ground, journal)).await?;
            worst.told(ground, turn.refused().map_or(Ok(0), Err));
        }
        return Ok(worst.0);
    }
    let permit = ground.permit(way.command)?;
    let (refused, turns): (Vec<T>, Vec<T>) = turns.into_iter().partition(|turn| turn.refused().is_some());
    refused.iter().filter_map(Turn::refused).for_each(|failure| worst.told(ground, Err(failure)));
    if way.detach && turns.len() > 1 && turns.iter().any(Turn::outlives) {
        return Err(Failure::usage(
            "nothing was done",
            "a process of its own (--detach) is for one release, and several are named",
            "name one, or leave out --detach",
        ));
    }
    if !way.yes && !ground.detached && turns.iter().any(Turn::asks) {
        let names: Vec<String> = turns.iter().map(Turn::named).collect();
        let next = format!("look at `windlass {} {} --dry-run`, then say --yes", way.command, names.join(" "));
        let shown = async || {
            let mut text = Vec::new();
            for turn in &turns {
                text.push(Box::pin(turn.shown(ground, journal)).await?);
            }
            Ok(text.join("\n"))
        };
        confirm(ground, shown, &next).await?;
    }
    let mut turns = turns.into_iter();
    if let Some(first) = turns.next() {
        worst.told(ground, Box::pin(first.carry_out(ground, journal, permit)).await);
    }
    for turn in turns {
        let name = turn.named();
        if worst.0 == FailureKind::Cancelled.exit_code() {
            ground.output.note(&format!("nothing is done to {name}"));
            continue;
        }
        // What it was shown to rest on may be another since the turn before.
        let again = ReleaseArg { release: name, image: wanted.image.clone() };
        let done = async {
            let turn = look(&again).await?;
            match turn.refused() {
                Some(refused) => Err(refused),
                None => turn.carry_out(ground, journal, permit).await,
            }
        };
        worst.told(ground, Box::pin(done).await);
    }
    Ok(worst.0)
}

fn twice(words: &str, name: &str) -> Failure {
    Failure::usage("nothing was done", format!("`{words}` is {name}, which is named before"), "name each once")
}

/// The exit code of the worst that has happened.
#[derive(Default)]
struct Worst(u8);

impl Worst {
    /// Tells a failure, and takes it into account.
    fn told(&mut self, ground: &Ground, ended: Result<u8, Failure>) {
        let code = ended.unwrap_or_else(|failure| {
            ground.output.failure(&failure);
            failure.kind.exit_code()
        });
        self.0 = std::cmp::max_by_key(self.0, code, |code| rank(*code));
    }
}

/// How bad an exit code is: that something failed says more than that something may not be, or did not answer.
fn rank(code: u8) -> usize {
    let kinds = [
        FailureKind::Unreachable,
        FailureKind::NotAllowed,
        FailureKind::Usage,
        FailureKind::Failed,
        FailureKind::Cancelled,
    ];
    kinds.iter().position(|kind| kind.exit_code() == code).map_or(0, |at| at + 1)
}
