//! The classic builder's text, and podman's: passed on as it comes, read for steps on the way.

use super::output::{BuildEvent, CLASSIC, On, PULLS, Tally};
use crate::log::steps::{Position, classic_step, says_cached};

#[derive(Default)]
pub(super) struct Classic {
    /// The text so far does not end in a line feed.
    inside_line: bool,
    step: Option<Step>,
    tally: Tally,
}

struct Step {
    number: u32,
    total: u32,
    name: String,
}

impl Classic {
    /// Takes one piece of text.
    pub(super) fn text(&mut self, text: &str, on: On<'_>) {
        // Steps and their notes are messages of their own; a RUN's output that looks like one seldom begins a message.
        if !self.inside_line {
            let first = text.lines().next().unwrap_or_default();
            if let Some(step) = self.next_step(first) {
                self.tally.steps += 1;
                on(BuildEvent::Step { number: step.number, total: Some(step.total), name: &step.name, cached: false });
                self.step = Some(step);
            } else if let (Some(step), true) = (&self.step, says_cached(first)) {
                self.tally.cached += 1;
                on(BuildEvent::Step { number: step.number, total: Some(step.total), name: &step.name, cached: true });
            }
        }
        if !text.is_empty() {
            self.inside_line = !text.ends_with('\n');
            on(BuildEvent::Text { stream: CLASSIC, bytes: text.as_bytes() });
        }
    }

    /// Takes one message about an image that is being pulled; those that only count bytes are left out.
    pub(super) fn pull(id: Option<&str>, status: &str, on: On<'_>) {
        const SAID: [&str; 6] =
            ["Pulling from", "Already exists", "Pull complete", "Digest:", "Status:", "Retrying in"];
        if SAID.iter().any(|start| status.starts_with(start)) {
            let line = id.map_or_else(|| format!("{status}\n"), |id| format!("{id}: {status}\n"));
            on(BuildEvent::Text { stream: PULLS, bytes: line.as_bytes() });
        }
    }

    pub(super) fn finish(on: On<'_>) {
        on(BuildEvent::StreamEnd { stream: CLASSIC });
        on(BuildEvent::StreamEnd { stream: PULLS });
    }

    /// The name of the step that began last.
    pub(super) fn current(&self) -> Option<&str> {
        self.step.as_ref().map(|step| step.name.as_str())
    }

    pub(super) fn tally(&self) -> Tally {
        self.tally
    }

    /// A step that can follow the last one: the next number, or 1 again (podman counts in each stage).
    fn next_step(&self, line: &str) -> Option<Step> {
        let Position { number, total, name } = classic_step(line)?;
        let last = self.step.as_ref().map_or(0, |last| last.number);
        (number == last + 1 || number == 1).then(|| Step { number, total, name: name.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps(pieces: &[&str]) -> (Vec<String>, String, Tally) {
        let (mut steps, mut text) = (Vec::new(), String::new());
        let mut classic = Classic::default();
        for piece in pieces {
            classic.text(piece, &mut |event| match event {
                BuildEvent::Step { number, total, name, cached } => {
                    steps.push(format!("{number}/{} {name} {cached}", total.unwrap()));
                }
                BuildEvent::Text { bytes, .. } => text.push_str(std::str::from_utf8(bytes).unwrap()),
                other => panic!("{other:?}"),
            });
        }
        (steps, text, classic.tally())
    }

    #[test]
    fn docker_and_podman_steps() {
        let (docker, text, tally) = steps(&[
            "Step 1/2 : FROM scratch",
            "\n",
            " ---> \n",
            "Step 2/2 : RUN x",
            "\n",
            " ---> Using cache\n",
            " ---> 380d80d9c076\n",
        ]);
        assert_eq!(docker, ["1/2 FROM scratch false", "2/2 RUN x false", "2/2 RUN x true"]);
        assert_eq!(tally, Tally { steps: 2, cached: 1 });
        assert!(text.ends_with("380d80d9c076\n"));
        let (podman, ..) = steps(&["[1/2] STEP 1/1: FROM a\n", "--> 325c13aad21\n", "[2/2] STEP 1/2: FROM b\n"]);
        assert_eq!(podman, ["1/1 FROM a false", "1/2 FROM b false"]);
    }

    #[test]
    fn output_that_looks_like_a_step_is_none() {
        let (found, ..) = steps(&["Step 1/9 : RUN x", "\n", "progress ", "Step 2/9 : forged\n", "Step 7/9 : forged\n"]);
        assert_eq!(found, ["1/9 RUN x false"]);
    }

    #[test]
    fn pulls_are_told_sparsely() {
        let mut text = String::new();
        for (id, status) in
            [(Some("latest"), "Pulling from a/b"), (Some("aa"), "Downloading"), (Some("aa"), "Pull complete")]
        {
            Classic::pull(id, status, &mut |event| {
                if let BuildEvent::Text { stream: PULLS, bytes } = event {
                    text.push_str(std::str::from_utf8(bytes).unwrap());
                }
            });
        }
        assert_eq!(text, "latest: Pulling from a/b\naa: Pull complete\n");
    }
}
