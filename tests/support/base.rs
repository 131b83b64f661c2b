//! An image that a test's own builds start from.
//!
//! Up to Docker 24 the classic builder looks for the first step after `FROM scratch` among all images without a parent
//! that the engine has, and fails with "unable to find image" if one goes while it looks: whichever test removes one,
//! a build of another may fail. After `FROM` of an image it looks among that image's children, where nobody else is.

use std::{
    io::Write as _,
    process::{Command, Stdio},
};

/// Gives the engine an image under this name, with a static busybox. Gives its id. The label, which all images have
/// that are built from it, finds them; the variable keeps BuildKit from taking a RUN from the cache of another test.
pub fn import(name: &str, label: &str, value: &str) -> String {
    let mut layer = tar::Builder::new(Vec::new());
    layer.append_path_with_name("/bin/busybox", "bin/busybox").expect("busybox-static is installed");
    let layer = layer.into_inner().expect("memory");
    let changes = [format!("LABEL {label}={value}"), format!("ENV BASE_OF={value}")];
    let mut docker = Command::new("/usr/bin/docker");
    docker.arg("import").args(changes.iter().flat_map(|change| ["--change", change])).args(["-", name]);
    let mut child = docker.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the docker CLI is installed");
    child.stdin.take().expect("stdin is piped").write_all(&layer).expect("docker reads it");
    let output = child.wait_with_output().expect("docker");
    assert!(output.status.success(), "{docker:?}: {}", output.status);
    String::from_utf8(output.stdout).expect("text").trim().to_owned()
}
