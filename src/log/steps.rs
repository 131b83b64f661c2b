//! The steps of a build, read out of its log: where each begins, how it ended, and how long it took.
//!
//! BuildKit's log names them `#7 [build 2/4] RUN make` and ends them with `#7 DONE 1.2s`, `CACHED`, `ERROR` or `CANCELED`;
//! every line says whose it is. The classic builder and podman write `Step 2/4 : RUN make` and `STEP 2/4: RUN make`, and
//! times are those of their lines. What a program prints is in the log too: a step begins only where it can be the next
//! one, and whoever says that it is done and goes on is not done.

use std::collections::HashMap;

/// How BuildKit says that it drops output.
pub const CLIP_NOTICE: &str = "[output clipped, log limit";
/// More are not kept.
const MOST: usize = 2000;
/// Characters of a name that are kept: a script may stand in it.
const LONGEST: usize = 200;

#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// The line that names it, from 0.
    pub line: u64,
    /// The stage of the build that it is part of, `build` of `[build 2/4] RUN make`; may be empty.
    pub stage: String,
    /// `2/4 RUN make`.
    pub name: String,
    pub end: Option<End>,
    pub took: Option<Took>,
    /// In milliseconds since 1970.
    began: Option<i64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    Done,
    Cached,
    Failed,
    Cancelled,
}

/// How long it took, in seconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Took {
    /// As the builder says.
    Said(f64),
    /// From when its lines came: to about a second.
    About(i64),
}

/// The steps so far, and what is needed to go on.
#[derive(Debug, Clone, Default)]
pub struct Steps {
    list: Vec<Step>,
    kind: Option<Kind>,
    /// BuildKit dropped output: the log is not the whole log.
    pub clipped: bool,
    /// Lines that were taken.
    pub lines: u64,
}

#[derive(Debug, Clone)]
enum Kind {
    /// Where in the list a vertex is; and the number of the last one.
    BuildKit { vertexes: HashMap<u32, usize>, last: u32 },
    /// The number of the step that began last, and stages so far.
    Classic { last: u32, stages: u32 },
}

/// The steps of one stage, in the order in which they began.
#[derive(Debug, PartialEq, Eq)]
pub struct Branch<'a> {
    pub stage: &'a str,
    /// Where in [`Steps::list`].
    pub steps: Vec<usize>,
}

impl Steps {
    /// In the order in which they began.
    pub fn list(&self) -> &[Step] {
        &self.list
    }

    /// By the stage that they are part of: a builder works at several at once. Those of none stay where they are.
    pub fn tree(&self) -> Vec<Branch<'_>> {
        let mut tree: Vec<Branch<'_>> = Vec::new();
        let mut branches = HashMap::new();
        for (at, Step { stage, .. }) in self.list.iter().enumerate() {
            let there = if stage.is_empty() { tree.len().checked_sub(1) } else { branches.get(stage).copied() };
            if let Some(branch) = there.filter(|branch| tree[*branch].stage == stage) {
                tree[branch].steps.push(at);
            } else {
                branches.insert(stage, tree.len());
                tree.push(Branch { stage, steps: vec![at] });
            }
        }
        tree
    }

    /// The step that a line is part of, or comes after.
    pub fn at(&self, line: u64) -> Option<usize> {
        self.list.partition_point(|step| step.line <= line).checked_sub(1)
    }

    /// Takes the next line, sanitised, and about when it was said, in milliseconds since 1970. Gives whether it tells of
    /// anything new.
    pub fn take(&mut self, text: &str, said: impl Fn() -> Option<i64>) -> bool {
        let line = self.lines;
        self.lines += 1;
        if let Some((number, rest)) = vertex(text) {
            return self.take_vertex(line, number, rest);
        }
        if let Some(position) = classic_step(text) {
            return self.take_classic(line, &position, said());
        }
        let (Some(Kind::Classic { .. }), Some(step)) = (&self.kind, self.list.last_mut()) else { return false };
        if says_cached(text) && line - step.line <= 2 {
            step.end = Some(End::Cached);
        } else if text.starts_with("Successfully built ") {
            step.ends(said());
        } else {
            return false;
        }
        true
    }

    fn take_vertex(&mut self, line: u64, number: u32, rest: &str) -> bool {
        let kind = self.kind.get_or_insert_with(|| Kind::BuildKit { vertexes: HashMap::new(), last: 0 });
        let Kind::BuildKit { vertexes, last } = kind else { return false };
        if number > *last {
            *last = number;
            let room = self.list.len() < MOST;
            if room {
                vertexes.insert(number, self.list.len());
                let (stage, name) = staged(rest);
                self.list.push(Step::new(line, stage, &name, None));
            }
            return room;
        }
        let Some(step) = vertexes.get(&number).and_then(|at| self.list.get_mut(*at)) else { return false };
        let before = (step.end, step.took, self.clipped);
        let took = rest.strip_prefix("DONE ").and_then(|rest| rest.strip_suffix('s')).and_then(|s| s.parse().ok());
        // What a program prints may look so too: `DONE infs` parses.
        let took = took.filter(|took| (0.0..=f64::MAX).contains(took));
        (step.end, step.took) = match rest {
            "CACHED" => (Some(End::Cached), None),
            "CANCELED" => (Some(End::Cancelled), None),
            _ if rest.starts_with("ERROR: ") => (Some(End::Failed), None),
            _ if took.is_some() => (Some(End::Done), took.map(Took::Said)),
            // It goes on.
            _ => (None, None),
        };
        self.clipped |= rest.contains(CLIP_NOTICE);
        before != (step.end, step.took, self.clipped)
    }

    fn take_classic(&mut self, line: u64, position: &Position<'_>, said: Option<i64>) -> bool {
        let kind = self.kind.get_or_insert(Kind::Classic { last: 0, stages: 0 });
        let Kind::Classic { last, stages } = kind else { return false };
        // Podman counts in each stage.
        if position.number != *last + 1 && position.number != 1 {
            return false;
        }
        *last = position.number;
        if let Some(step) = self.list.last_mut() {
            step.ends(said);
        }
        let begins = position.name.get(..5).is_some_and(|word| word.eq_ignore_ascii_case("FROM "));
        let stage = match self.list.last() {
            Some(step) if !begins => step.stage.clone(),
            _ => {
                let mut words = position.name.split_whitespace().rev();
                let (name, word) = (words.next(), words.next());
                let name = name.filter(|_| word.is_some_and(|word| word.eq_ignore_ascii_case("AS")));
                // What BuildKit calls those without a name.
                let stage = name.map_or_else(|| format!("stage-{stages}"), str::to_owned);
                *stages += 1;
                stage
            }
        };
        if self.list.len() < MOST {
            let name = format!("{}/{} {}", position.number, position.total, position.name);
            self.list.push(Step::new(line, &stage, &name, said));
        }
        true
    }
}

impl Step {
    fn new(line: u64, stage: &str, name: &str, began: Option<i64>) -> Self {
        let kept = |text: &str| text.chars().take(LONGEST).collect();
        Self { line, stage: kept(stage), name: kept(name), end: None, took: None, began }
    }

    /// The classic builder's last step ended when something else was said.
    fn ends(&mut self, said: Option<i64>) {
        if self.end.is_none() {
            self.end = Some(End::Done);
            let took = said.zip(self.began).map(|(end, began)| end.saturating_sub(began).max(0));
            self.took = took.map(|ms| Took::About(ms.saturating_add(500) / 1000));
        }
    }
}

/// A step of the classic builder or of podman.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position<'a> {
    pub number: u32,
    pub total: u32,
    pub name: &'a str,
}

/// Whether a builder names the command here that it begins: errors that the command speaks of have not happened.
pub fn begins_step(line: &str) -> bool {
    let in_brackets = |name: &str| {
        name.starts_with('[') && staged(name).1.split(' ').next().is_some_and(|word| numbers(word).is_some())
    };
    classic_step(line).is_some() || vertex(line).is_some_and(|(_, name)| in_brackets(name))
}

/// `Step 2/8 : COPY a b`, podman's `STEP 2/8: COPY a b`, or in builds of several stages `[1/4] STEP 2/8: COPY a b`.
pub fn classic_step(line: &str) -> Option<Position<'_>> {
    let (position, name) = match line.as_bytes().first()? {
        b'S' if line.starts_with("Step ") => line["Step ".len()..].split_once(" : ")?,
        b'S' => line.strip_prefix("STEP ")?.split_once(": ")?,
        b'[' => line.split_once("] ")?.1.strip_prefix("STEP ")?.split_once(": ")?,
        _ => return None,
    };
    let (number, total) = numbers(position)?;
    Some(Position { number, total, name })
}

/// `2/8`.
fn numbers(position: &str) -> Option<(u32, u32)> {
    let (number, total) = position.split_once('/')?;
    Some((number.parse().ok()?, total.parse().ok()?))
}

/// Whether the step before needed no work.
pub fn says_cached(line: &str) -> bool {
    line.trim_end() == " ---> Using cache" || line.starts_with("--> Using cache")
}

/// `7` and `DONE 1.2s` of `#7 DONE 1.2s`.
fn vertex(line: &str) -> Option<(u32, &str)> {
    let (number, rest) = line.strip_prefix('#')?.split_once(' ')?;
    Some((number.parse().ok()?, rest))
}

/// `build` and `2/4 RUN make` of `[build 2/4] RUN make`, `internal` and `load .dockerignore`, nothing and `2/4 RUN make`.
fn staged(name: &str) -> (&str, String) {
    let Some((stage, rest)) = name.strip_prefix('[').and_then(|name| name.split_once("] ")) else {
        return ("", name.to_owned());
    };
    match stage.rsplit_once(' ') {
        Some((stage, position)) if numbers(position).is_some() => (stage, format!("{position} {rest}")),
        None if numbers(stage).is_some() => ("", format!("{stage} {rest}")),
        _ => (stage, rest.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps(log: &str) -> Steps {
        let mut steps = Steps::default();
        for (line, ms) in log.lines().zip((0..).step_by(1000)) {
            steps.take(line, || Some(ms));
        }
        steps
    }

    /// `line stage|name end time`.
    fn told(log: &str) -> Vec<String> {
        let end = |step: &Step| step.end.map_or("runs".to_owned(), |end| format!("{end:?}"));
        let took = |step: &Step| match step.took {
            Some(Took::Said(seconds)) => format!(" {seconds:.1}"),
            Some(Took::About(seconds)) => format!(" ~{seconds}"),
            None => String::new(),
        };
        let told = |s: &Step| format!("{} {}|{} {}{}", s.line, s.stage, s.name, end(s), took(s));
        steps(log).list().iter().map(told).collect()
    }

    #[test]
    fn a_time_is_a_number_that_is_one() {
        for said in ["infs", "NaNs", "-7s", "-infs", "1e999s", "s"] {
            assert_eq!(told(&format!("#1 [a 1/1] x\n#1 DONE {said}\n")), ["0 a|1/1 x runs"], "{said}");
        }
        let mut ages = Steps::default();
        for (line, ms) in [("Step 1/2 : FROM a", i64::MIN), ("Step 2/2 : RUN b", i64::MAX)] {
            ages.take(line, || Some(ms));
        }
        assert_eq!(ages.list()[0].took, Some(Took::About(i64::MAX / 1000)));
    }

    #[test]
    fn buildkit_says_whose_every_line_is() {
        let log = "#1 [internal] load build definition\n#1 DONE 0.1s\n#2 [1/3] FROM a\n#3 [b c 2/3] RUN make\n\
                   #2 CACHED\n#3 hello\n#3 DONE 1.5s\n#4 [3/3] RUN false\n#5 exporting\n\
                   #4 ERROR: exit code: 1\n#5 CANCELED\n";
        assert_eq!(
            told(log),
            [
                "0 internal|load build definition Done 0.1",
                "2 |1/3 FROM a Cached",
                "3 b c|2/3 RUN make Done 1.5",
                "7 |3/3 RUN false Failed",
                "8 |exporting Cancelled"
            ]
        );
        let steps = steps(log);
        assert_eq!([steps.at(0), steps.at(4), steps.at(99)], [Some(0), Some(2), Some(4)]);
        let tree: Vec<_> = steps.tree().into_iter().map(|branch| (branch.stage, branch.steps)).collect();
        assert_eq!(tree, [("internal", vec![0]), ("", vec![1]), ("b c", vec![2]), ("", vec![3, 4])]);
    }

    #[test]
    fn what_a_program_prints_is_no_step() {
        let buildkit =
            "#1 [1/1] RUN x\n#1 DONE 9.0s\n#1 #2 [1/1] RUN evil\n#1 Step 1/9 : FROM evil\nStep 1/1 : FROM b\n";
        assert_eq!(told(buildkit), ["0 |1/1 RUN x runs"]);
        let classic = "Step 1/2 : FROM a\n#1 [x] evil\nStep 7/9 : FROM b\nStep 2/2 : RUN y\n ---> Using cached\n";
        assert_eq!(told(classic), ["0 stage-0|1/2 FROM a Done ~3", "3 stage-0|2/2 RUN y runs"]);
    }

    #[test]
    fn the_classic_builder_and_podman_have_the_times_of_their_lines() {
        let docker = "Step 1/3 : FROM a AS b\n ---> 12\nStep 2/3 : RUN x\n ---> Using cache\n ---> 34\n\
                      Step 3/3 : FROM c\nSuccessfully built 56\n";
        assert_eq!(
            told(docker),
            ["0 b|1/3 FROM a AS b Done ~2", "2 b|2/3 RUN x Cached", "5 stage-1|3/3 FROM c Done ~1"]
        );
        let podman = "[1/2] STEP 1/1: FROM a\n--> 325c13aad21\n[2/2] STEP 1/2: FROM b\n[2/2] STEP 2/2: RUN c\n";
        assert_eq!(
            told(podman),
            ["0 stage-0|1/1 FROM a Done ~2", "2 stage-1|1/2 FROM b Done ~1", "3 stage-1|2/2 RUN c runs"]
        );
    }

    #[test]
    fn a_command_that_begins_is_told_from_what_it_says() {
        for line in ["#4 [2/2] RUN echo error: x", "#12 [builder 3/10] RUN x", "Step 4/6 : RUN echo error: x"] {
            assert!(begins_step(line), "{line}");
        }
        for line in ["#4 0.2 error: [2/2] x", "error: it is broken", "#4 ERROR: [a] b", "[2/2] RUN x", ""] {
            assert!(!begins_step(line), "{line}");
        }
    }

    #[test]
    fn a_script_as_a_name_is_cut() {
        assert_eq!(steps(&format!("#1 [1/1] RUN {}", "é".repeat(5000))).list()[0].name.chars().count(), LONGEST);
    }

    #[test]
    fn clipped_output_is_noticed() {
        assert!(steps("#1 a\n#1 [output clipped, log limit 200KiB/s reached]\n").clipped);
        assert!(!steps("#1 a\n#1 b\n").clipped);
    }
}
