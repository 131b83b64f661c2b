//! Stopping the program at a named point, so that a test can kill it there or hold it while another one runs.

/// Stops this process (SIGSTOP) where `WINDLASS_STOP_AT` has this name. Builds for use do nothing here.
#[cfg(debug_assertions)]
pub fn point(name: &str) {
    if std::env::var_os("WINDLASS_STOP_AT").is_some_and(|at| at == name) {
        // A process that may not stop itself goes on, and its test says that it never stopped.
        let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::STOP);
    }
}

#[cfg(not(debug_assertions))]
pub fn point(_: &str) {}
