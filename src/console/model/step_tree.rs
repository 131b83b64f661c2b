//! The steps of the build whose log is on the screen: read out of the log part by part, and on as it grows; and the tree
//! of them above it, when that is wanted.

use std::sync::Arc;

use crate::{
    domain::failure::Failure,
    log::steps::{Branch, Step, Steps},
};

/// The steps in the part of a log that was read.
#[derive(Debug, Clone)]
pub struct StepsRead {
    /// The same ones as before, where the part told of nothing new.
    pub steps: Arc<Steps>,
    /// The log goes on after it.
    pub more: bool,
}

/// A row of the tree is a step, or the stage that those below it are part of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Row {
    /// By its first step.
    Stage(usize),
    Step {
        at: usize,
        below: bool,
    },
}

#[derive(Debug, Default)]
pub struct StepTree {
    pub steps: Arc<Steps>,
    /// The whole tree of these steps.
    rows: Vec<Row>,
    /// The one that is chosen in the tree of them, if that is there.
    pub chosen: Option<usize>,
    asked: bool,
    /// The log was read to its end when it was known to have so many lines.
    ended: Option<u64>,
    pub failure: Option<Failure>,
}

impl StepTree {
    /// Whether a log of this length is to be read on. Then that was asked for.
    pub fn wants(&mut self, total: u64) -> bool {
        let due = !self.asked && self.failure.is_none() && self.ended.is_none_or(|before| total > before) && total > 0;
        if due {
            self.asked = true;
            self.ended = Some(total);
        }
        due
    }

    /// The answer.
    pub fn take(&mut self, answer: Result<Box<StepsRead>, Failure>) {
        self.asked = false;
        match answer {
            Ok(read) => {
                if read.more {
                    self.ended = None;
                }
                if !Arc::ptr_eq(&self.steps, &read.steps) {
                    self.rows = rows(&read.steps);
                    self.steps = read.steps;
                }
            }
            Err(failure) => self.failure = Some(failure),
        }
    }

    pub fn list(&self) -> &[Step] {
        self.steps.list()
    }

    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// Shows the tree with this step chosen, or takes it away.
    pub fn toggle(&mut self, at: usize) {
        self.chosen = if self.chosen.is_some() { None } else { Some(at.min(self.list().len().saturating_sub(1))) };
    }

    /// Chooses the one so many rows of the tree further. Gives it.
    pub fn choose(&mut self, by: isize) -> Option<&Step> {
        let step = |row: &Row| if let Row::Step { at, .. } = row { Some(*at) } else { None };
        let order: Vec<usize> = self.rows.iter().filter_map(step).collect();
        let last = order.len().checked_sub(1)?;
        let chosen = self.chosen.as_mut()?;
        let at = order.iter().position(|step| step == chosen)?;
        *chosen = order[at.saturating_add_signed(by).min(last)];
        self.steps.list().get(*chosen)
    }
}

/// Stages are named where there are several.
fn rows(steps: &Steps) -> Vec<Row> {
    let tree = steps.tree();
    let several = tree.len() > 1;
    let rows = |Branch { stage, steps }| {
        let below = several && !stage.is_empty();
        let stage = steps.first().filter(|_| below).map(|first| Row::Stage(*first));
        stage.into_iter().chain(steps.into_iter().map(move |at| Row::Step { at, below }))
    };
    tree.into_iter().flat_map(rows).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(lines: usize, more: bool) -> StepsRead {
        let mut steps = Steps::default();
        for n in 1..=lines {
            let stage = if n % 2 == 0 { "even" } else { "odd" };
            steps.take(&format!("#{n} [{stage} 1/1] a step"), || None);
        }
        StepsRead { steps: Arc::new(steps), more }
    }

    #[test]
    fn stages_are_named_where_there_are_several() {
        let told = |log: &str| {
            let mut steps = Steps::default();
            for line in log.lines() {
                steps.take(line, || None);
            }
            let mut tree = StepTree::default();
            tree.take(Ok(Box::new(StepsRead { steps: Arc::new(steps), more: false })));
            let row = |row: &Row| match *row {
                Row::Stage(first) => tree.list()[first].stage.clone(),
                Row::Step { at, .. } => tree.list()[at].name.clone(),
            };
            tree.rows().iter().map(row).collect::<Vec<_>>()
        };
        assert_eq!(told("#1 [b 1/2] x\n#2 [b 2/2] y\n"), ["1/2 x", "2/2 y"]);
        assert_eq!(
            told("#1 [b 1/2] x\n#2 [c 1/1] z\n#3 [b 2/2] y\n#4 exporting\n"),
            ["b", "1/2 x", "2/2 y", "c", "1/1 z", "exporting"]
        );
    }

    #[test]
    fn a_log_is_read_for_its_steps_part_by_part_and_on_as_it_grows() {
        let mut steps = StepTree::default();
        assert!(!steps.wants(0) && steps.wants(10) && !steps.wants(10), "one part at a time");
        steps.take(Ok(Box::new(read(4, true))));
        assert!(steps.wants(10));
        steps.take(Ok(Box::new(read(10, false))));
        assert!(!steps.wants(10) && steps.wants(11));
        steps.take(Ok(Box::new(read(10, false))));
        assert!(!steps.wants(11), "nobody asks in a circle");
        steps.wants(12);
        steps.take(Err(Failure::failed("the log cannot be read", "it shrank", "look")));
        assert!(!steps.wants(20));
    }

    #[test]
    fn one_is_chosen_among_those_that_there_are() {
        let mut steps = StepTree::default();
        steps.toggle(3);
        assert_eq!((steps.chosen, steps.choose(1)), (Some(0), None));
        steps.take(Ok(Box::new(read(4, false))));
        let mut chosen = |by| steps.choose(by).map(|step| step.line);
        assert_eq!([chosen(1), chosen(1), chosen(5), chosen(-1)], [Some(2), Some(1), Some(3), Some(1)], "by stages");
        steps.toggle(0);
        assert_eq!(steps.choose(1), None);
    }
}
