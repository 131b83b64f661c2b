//! A context of a gigabyte in constant memory. Measured in a process of its own: this test binary, run again.

use std::{os::unix::process::CommandExt as _, process::Command};

use windlass::{
    domain::{digest::Digest, plan::Builder},
    engine::{Endpoint, Engine},
};

use super::{Project, build_with, definition, fake};

const SIZE: u64 = 1 << 30;
/// Half of what the program may have in all, whatever the size of the context: what it is itself is not counted here, since
/// this binary has all tests in it, too.
const ALLOWED_KB: u64 = 16 * 1024;
const SOCKET: &str = "WINDLASS_TEST_SOCKET";
const ROOT: &str = "WINDLASS_TEST_CONTEXT";

#[test]
fn a_large_context_needs_little_memory() {
    let project = Project::never_built();
    std::fs::File::create(project.path().join("large")).unwrap().set_len(SIZE).unwrap();
    let id = Digest::of(b"image");
    let (sizes, taken) = std::sync::mpsc::channel();
    let (_folder, socket) = fake::engine(move |mut asked| {
        if asked.head.contains("/build?") {
            sizes.send(asked.read_body()).unwrap();
            asked.answer("200 OK", &format!("{{\"aux\":{{\"ID\":\"{id}\"}}}}\n"));
        } else {
            asked.answer("200 OK", &format!(r#"{{"Id":"{id}","Os":"linux","Architecture":"amd64"}}"#));
        }
    });
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "--nocapture", "engine::memory::sends_what_it_is_told_to"])
        .env(SOCKET, socket)
        .env(ROOT, project.path())
        .process_group(0)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    assert!(taken.recv().unwrap() > SIZE);
    let told = |what: &str| -> u64 {
        let found = said.lines().find_map(|line| line.strip_prefix(what)?.trim().strip_suffix(" kB")?.parse().ok());
        found.unwrap_or_else(|| panic!("the child tells {what} {said}"))
    };
    let (peak, itself) = (told("VmHWM:"), told("RssFile:"));
    assert!(peak - itself < ALLOWED_KB, "{peak} kB at the peak, {itself} of them the binary");
}

#[tokio::test]
#[ignore = "run by a_large_context_needs_little_memory, in a process of its own"]
async fn sends_what_it_is_told_to() {
    let socket = std::env::var_os(SOCKET).expect("set by the test above");
    let root = std::env::var_os(ROOT).expect("set by the test above");
    let engine = Engine::connect(Endpoint::Unix(socket.into())).await.unwrap();
    let (result, _) = build_with(&engine, root.as_ref(), &definition(Builder::Classic)).await;
    let outcome = result.unwrap();
    assert!(outcome.context_bytes > SIZE);
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    for what in ["VmHWM:", "RssFile:"] {
        println!("{}", status.lines().find(|line| line.starts_with(what)).unwrap());
    }
}
