//! BuildKit's trace as a log that reads like `docker build --progress=plain`.
//!
//! The trace is a sequence of deltas about vertexes. A vertex gets its number when it first says something; its output
//! comes in pieces that end anywhere and is put together to lines here.

use std::collections::HashMap;

use bollard::moby::buildkit::v1::{StatusResponse, Vertex as Delta, VertexLog, VertexStatus};

use super::output::{BuildEvent, On, Tally};
use crate::log::steps::CLIP_NOTICE;

/// A line that grows longer is given out in pieces: a build may print megabytes without a line feed.
const LONGEST_LINE: usize = 64 * 1024;
/// A pull or export that lasts says so once in so many seconds.
const REPORT_SECONDS: f64 = 5.0;

#[derive(Default)]
pub(super) struct Trace {
    vertexes: HashMap<String, Vertex>,
    /// The number of the vertex that began last.
    last: u32,
    clipped: bool,
    failed: Option<String>,
}

#[derive(Default)]
struct Vertex {
    /// 0 before it began.
    number: u32,
    name: String,
    done: bool,
    cached: bool,
    /// Unfinished lines of its standard output and standard error.
    lines: [Vec<u8>; 2],
    statuses: HashMap<String, Status>,
}

#[derive(Default)]
struct Status {
    done: bool,
    reported: f64,
}

impl Trace {
    /// Takes one delta.
    pub(super) fn take(&mut self, delta: &StatusResponse, on: On<'_>) {
        for vertex in &delta.vertexes {
            self.begin(vertex, on);
        }
        for status in &delta.statuses {
            self.status(status, on);
        }
        for log in &delta.logs {
            self.log(log, on);
        }
        for warning in &delta.warnings {
            let number = self.number(&warning.vertex);
            line(number, &[b"WARNING: ".as_slice(), &one_line(&warning.short)].concat(), on);
        }
        for vertex in &delta.vertexes {
            self.end(vertex, on);
        }
    }

    /// Gives out what is left when nothing more will come.
    pub(super) fn finish(&mut self, on: On<'_>) {
        let mut open: Vec<&mut Vertex> = self.vertexes.values_mut().filter(|vertex| vertex.number > 0).collect();
        open.sort_by_key(|vertex| vertex.number);
        for vertex in open {
            vertex.flush(on);
            if !vertex.done {
                on(BuildEvent::StreamEnd { stream: vertex.number });
            }
        }
    }

    pub(super) fn clipped(&self) -> bool {
        self.clipped
    }

    /// The name of the first vertex that failed by itself.
    pub(super) fn failed(&self) -> Option<&str> {
        self.failed.as_deref()
    }

    pub(super) fn tally(&self) -> Tally {
        let steps = self.vertexes.values().filter(|vertex| vertex.done && position(&vertex.name).is_some());
        steps.fold(Tally::default(), |sum, vertex| Tally {
            steps: sum.steps + 1,
            cached: sum.cached + u32::from(vertex.cached),
        })
    }

    fn begin(&mut self, delta: &Delta, on: On<'_>) {
        let vertex = self.vertexes.entry(delta.digest.clone()).or_default();
        if !delta.name.is_empty() {
            vertex.name = one_line_text(&delta.name);
        }
        if delta.started.is_none() && !delta.cached {
            return;
        }
        if vertex.done && delta.completed.is_none() {
            // Vertexes that only compute something for others run several times.
            vertex.done = false;
        }
        if vertex.number == 0 {
            self.last += 1;
            vertex.number = self.last;
            line(vertex.number, vertex.name.as_bytes(), on);
            if !delta.cached {
                vertex.step(false, on);
            }
        }
    }

    fn end(&mut self, delta: &Delta, on: On<'_>) {
        let Some(vertex) = self.vertexes.get_mut(&delta.digest) else { return };
        if delta.completed.is_none() || vertex.done || vertex.number == 0 {
            return;
        }
        vertex.done = true;
        vertex.flush(on);
        let canceled = delta.error.contains("context canceled");
        if canceled {
            line(vertex.number, b"CANCELED", on);
        } else if !delta.error.is_empty() {
            line(vertex.number, format!("ERROR: {}", one_line_text(&delta.error)).as_bytes(), on);
            self.failed.get_or_insert_with(|| vertex.name.clone());
        } else if delta.cached {
            vertex.cached = true;
            line(vertex.number, b"CACHED", on);
            vertex.step(true, on);
        } else {
            let started = delta.started.as_ref().map(|t| seconds(t.seconds, t.nanos));
            let completed = delta.completed.as_ref().map(|t| seconds(t.seconds, t.nanos));
            let took = completed.zip(started).map_or(0.0, |(end, start)| (end - start).max(0.0));
            line(vertex.number, format!("DONE {took:.1}s").as_bytes(), on);
        }
        on(BuildEvent::StreamEnd { stream: vertex.number });
    }

    fn log(&mut self, log: &VertexLog, on: On<'_>) {
        if !self.clipped && memchr::memmem::find(&log.msg, CLIP_NOTICE.as_bytes()).is_some() {
            self.clipped = true;
            on(BuildEvent::Clipped);
        }
        self.number(&log.vertex);
        let Some(vertex) = self.vertexes.get_mut(&log.vertex) else { return };
        let number = vertex.number;
        let unfinished = &mut vertex.lines[usize::from(log.stream == 2)];
        for piece in log.msg.split_inclusive(|b| *b == b'\n') {
            match piece.strip_suffix(b"\n") {
                Some(end) if unfinished.is_empty() => line(number, end, on),
                Some(end) => {
                    unfinished.extend_from_slice(end);
                    line(number, unfinished, on);
                    unfinished.clear();
                }
                None => unfinished.extend_from_slice(piece),
            }
        }
        if unfinished.len() >= LONGEST_LINE {
            line(number, unfinished, on);
            unfinished.clear();
        }
    }

    fn status(&mut self, delta: &VertexStatus, on: On<'_>) {
        let number = self.number(&delta.vertex);
        let Some(vertex) = self.vertexes.get_mut(&delta.vertex) else { return };
        let started = delta.started.as_ref().map(|t| seconds(t.seconds, t.nanos));
        let completed = delta.completed.as_ref().map(|t| seconds(t.seconds, t.nanos));
        let now = delta.timestamp.as_ref().map(|t| seconds(t.seconds, t.nanos)).or(completed).unwrap_or(0.0);
        let status = vertex.statuses.entry(delta.id.clone()).or_default();
        if status.done {
            return;
        }
        let began = if status.reported > 0.0 { status.reported } else { started.unwrap_or(now) };
        status.done = completed.is_some();
        if !status.done && now - began < REPORT_SECONDS {
            return;
        }
        status.reported = now;
        let mut text = one_line_text(if delta.id.is_empty() { &delta.name } else { &delta.id });
        if delta.total > 0 {
            text = format!("{text} {} / {}", size(delta.current), size(delta.total));
        } else if delta.current > 0 {
            text = format!("{text} {}", size(delta.current));
        }
        if let (Some(completed), Some(started)) = (completed, started) {
            text = format!("{text} {:.1}s done", (completed - started).max(0.0));
        }
        line(number, text.as_bytes(), on);
    }

    /// The number of a vertex, which begins now if nothing was heard of it before.
    fn number(&mut self, digest: &str) -> u32 {
        if let Some(vertex) = self.vertexes.get(digest)
            && vertex.number > 0
        {
            return vertex.number;
        }
        self.last += 1;
        self.vertexes.entry(digest.to_owned()).or_default().number = self.last;
        self.last
    }
}

impl Vertex {
    fn flush(&mut self, on: On<'_>) {
        for unfinished in &mut self.lines {
            if !unfinished.is_empty() {
                line(self.number, unfinished, on);
                unfinished.clear();
            }
        }
    }

    fn step(&self, cached: bool, on: On<'_>) {
        if let Some((number, total)) = position(&self.name) {
            on(BuildEvent::Step { number, total: Some(total), name: &self.name, cached });
        }
    }
}

/// `2` and `4` of `[build 2/4] RUN …`.
fn position(name: &str) -> Option<(u32, u32)> {
    let (inside, _) = name.strip_prefix('[')?.split_once(']')?;
    let (number, total) = inside.rsplit(' ').next()?.split_once('/')?;
    Some((number.parse().ok()?, total.parse().ok()?))
}

fn line(number: u32, text: &[u8], on: On<'_>) {
    let mut bytes = format!("#{number} ").into_bytes();
    bytes.extend_from_slice(text);
    bytes.push(b'\n');
    on(BuildEvent::Text { stream: number, bytes: &bytes });
}

fn one_line(text: &[u8]) -> Vec<u8> {
    text.trim_ascii().iter().map(|b| if *b == b'\n' { b' ' } else { *b }).collect()
}

fn one_line_text(text: &str) -> String {
    text.trim().replace('\n', " ")
}

#[expect(clippy::cast_precision_loss, reason = "seconds since 1970 leave a double microseconds")]
fn seconds(seconds: i64, nanos: i32) -> f64 {
    seconds as f64 + f64::from(nanos) / 1e9
}

#[expect(clippy::cast_precision_loss, reason = "a size for reading has three digits")]
fn size(bytes: i64) -> String {
    match bytes {
        ..1_000 => format!("{bytes}B"),
        1_000..1_000_000 => format!("{:.1}kB", bytes as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1}MB", bytes as f64 / 1e6),
        _ => format!("{:.2}GB", bytes as f64 / 1e9),
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;

    /// A vertex delta: `started` and `completed` in seconds.
    fn vertex(name: &str, started: Option<i64>, completed: Option<i64>) -> Delta {
        let mut delta = Delta { digest: name.to_owned(), name: name.to_owned(), ..Delta::default() };
        if let Some(at) = started {
            delta.started.get_or_insert_default().seconds = at;
        }
        if let Some(at) = completed {
            delta.completed.get_or_insert_default().seconds = at;
        }
        delta
    }

    fn log(vertex: &str, stream: i64, text: &str) -> VertexLog {
        VertexLog { vertex: vertex.to_owned(), stream, msg: text.as_bytes().to_vec(), ..VertexLog::default() }
    }

    fn of(vertexes: Vec<Delta>, logs: Vec<VertexLog>) -> StatusResponse {
        StatusResponse { vertexes, logs, ..StatusResponse::default() }
    }

    /// All of the text and, in brackets, the other events.
    fn told(deltas: Vec<StatusResponse>) -> (String, Trace) {
        let mut out = String::new();
        let mut trace = Trace::default();
        let mut on = |event: BuildEvent<'_>| match event {
            BuildEvent::Text { bytes, .. } => out.push_str(std::str::from_utf8(bytes).unwrap()),
            BuildEvent::Step { number, total, cached, .. } => {
                writeln!(out, "<step {number}/{total:?} {cached}>").unwrap();
            }
            BuildEvent::StreamEnd { stream } => writeln!(out, "<end {stream}>").unwrap(),
            other => writeln!(out, "<{other:?}>").unwrap(),
        };
        for delta in deltas {
            trace.take(&delta, &mut on);
        }
        trace.finish(&mut on);
        (out, trace)
    }

    #[test]
    fn reads_like_docker_build_in_plain_mode() {
        let mut cached = vertex("[base 1/2] COPY a b", Some(1), Some(1));
        cached.cached = true;
        let run = "[base 2/2] RUN make";
        let mut failed = vertex(run, Some(1), Some(4));
        failed.error = "executor failed running [/bin/sh -c make]: exit code: 7".into();
        let mut canceled = vertex("[other 1/1] RUN sleep", Some(1), Some(4));
        canceled.error = "context canceled".into();
        let (text, trace) = told(vec![
            of(vec![vertex(run, None, None), vertex("[internal] load", Some(0), None)], vec![]),
            of(vec![vertex("[internal] load", Some(0), Some(1))], vec![]),
            of(vec![cached, vertex(run, Some(1), None), vertex("[other 1/1] RUN sleep", Some(1), None)], vec![]),
            of(vec![], vec![log(run, 1, "hel"), log(run, 2, "oh\nno"), log(run, 1, "lo\n")]),
            of(vec![failed, canceled], vec![]),
        ]);
        assert_eq!(
            text,
            "#1 [internal] load\n#1 DONE 1.0s\n<end 1>\n\
             #2 [base 1/2] COPY a b\n#3 [base 2/2] RUN make\n<step 2/Some(2) false>\n\
             #4 [other 1/1] RUN sleep\n<step 1/Some(1) false>\n\
             #2 CACHED\n<step 1/Some(2) true>\n<end 2>\n\
             #3 oh\n#3 hello\n#3 no\n\
             #3 ERROR: executor failed running [/bin/sh -c make]: exit code: 7\n<end 3>\n#4 CANCELED\n<end 4>\n"
        );
        assert_eq!(trace.failed(), Some(run));
        assert_eq!(trace.tally(), Tally { steps: 3, cached: 1 });
    }

    #[test]
    fn a_clipped_log_is_said_once() {
        let notice = "[output clipped, log limit 200KiB/s reached]\n";
        let (text, trace) =
            told(vec![of(vec![vertex("v", Some(1), None)], vec![log("v", 2, notice), log("v", 2, notice)])]);
        assert!(trace.clipped());
        assert_eq!(text.matches("<Clipped>").count(), 1);
    }

    #[test]
    fn a_line_without_end_is_bounded() {
        let long = "x".repeat(LONGEST_LINE / 2);
        let logs = (0..5).map(|_| log("v", 1, &long)).collect();
        let (text, _) = told(vec![of(vec![vertex("v", Some(1), None)], logs)]);
        let longest = text.lines().map(str::len).max().unwrap();
        assert!(longest <= LONGEST_LINE + 3, "{longest}");
        assert_eq!(text.matches('x').count(), 5 * LONGEST_LINE / 2);
    }

    #[test]
    fn statuses_are_told_when_done_or_when_they_last() {
        let status = |at: i64, current: i64, done: bool| {
            let mut status = VertexStatus {
                id: "sha256:aa".into(),
                vertex: "v".into(),
                current,
                total: 2_000_000,
                ..Default::default()
            };
            status.started.get_or_insert_default().seconds = 100;
            status.timestamp.get_or_insert_default().seconds = at;
            if done {
                status.completed.get_or_insert_default().seconds = at;
            }
            StatusResponse { statuses: vec![status], ..StatusResponse::default() }
        };
        let (text, _) = told(vec![
            of(vec![vertex("v", Some(100), None)], vec![]),
            status(101, 1, false),
            status(106, 1_000_000, false),
            status(107, 1_500_000, false),
            status(108, 2_000_000, true),
            status(108, 2_000_000, true),
        ]);
        assert_eq!(text, "#1 v\n#1 sha256:aa 1.0MB / 2.0MB\n#1 sha256:aa 2.0MB / 2.0MB 8.0s done\n<end 1>\n");
    }
}
