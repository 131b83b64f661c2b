//! Looking at the processes of this machine, and waiting for what they do.

use std::time::{Duration, Instant};

/// Far more than anything takes that a test waits for.
const PATIENCE: Duration = Duration::from_mins(1);

/// The processes whose arguments hold `text`.
pub fn with_arguments(text: &str) -> Vec<u32> {
    let processes = std::fs::read_dir("/proc").expect("/proc");
    let found = processes.filter_map(Result::ok).filter(|process| {
        let arguments = std::fs::read(process.path().join("cmdline")).unwrap_or_default();
        arguments.windows(text.len()).any(|window| window == text.as_bytes())
    });
    found.filter_map(|process| process.file_name().to_str()?.parse().ok()).collect()
}

/// Whether a process whose arguments hold `text` runs on this machine.
pub fn runs(text: &str) -> bool {
    !with_arguments(text).is_empty()
}

#[track_caller]
pub fn until(what: &str, done: impl Fn() -> bool) {
    let start = Instant::now();
    while !done() {
        assert!(start.elapsed() < PATIENCE, "never: {what}");
        std::thread::yield_now();
    }
}
