//! Images for the real registry: a [`Shelf`] is written as an OCI layout and copied there by skopeo, byte for byte;
//! others are the engine's, and pushed by it.

use std::{path::Path, process::Command};

use crate::support::{
    base,
    fake_registry::Shelf,
    registry::{PASSWORD, Registry, USER},
};

/// Runs a program and gives its output.
pub fn run(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|e| panic!("{command:?}: {e}"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

/// `skopeo copy` between what `from` and `to` name.
pub fn copy(from: &str, to: &str, more: &[&str]) {
    run(Command::new("skopeo")
        .args(["copy", "--quiet", "--src-tls-verify=false", "--dest-tls-verify=false"])
        .args(more)
        .args([from, to]));
}

/// Copies what lies under this digest on the shelf to a tag of a registry, with everything it refers to.
pub fn put(shelf: &Shelf, digest: &str, registry: &Registry, tagged: &str) {
    let layout = tempfile::tempdir().expect("a temporary folder");
    write_layout(shelf, digest, layout.path());
    let login = format!("{USER}:{PASSWORD}");
    copy(
        &format!("oci:{}:it", layout.path().display()),
        &format!("docker://{}", registry.repository(tagged)),
        &["--all", "--preserve-digests", "--dest-creds", &login],
    );
}

fn write_layout(shelf: &Shelf, digest: &str, folder: &Path) {
    let blobs = folder.join("blobs/sha256");
    std::fs::create_dir_all(&blobs).expect("a folder for blobs");
    let manifests = shelf.manifests.iter().map(|(digest, (_, bytes))| (digest, bytes));
    for (digest, bytes) in manifests.chain(&shelf.blobs) {
        std::fs::write(blobs.join(&digest["sha256:".len()..]), bytes).expect("a blob");
    }
    let (media_type, bytes) = &shelf.manifests[digest];
    let index = serde_json::json!({"schemaVersion": 2, "manifests": [{
        "mediaType": media_type, "digest": digest, "size": bytes.len(),
        "annotations": {"org.opencontainers.image.ref.name": "it"},
    }]});
    std::fs::write(folder.join("index.json"), index.to_string()).expect("index.json");
    std::fs::write(folder.join("oci-layout"), r#"{"imageLayoutVersion":"1.0.0"}"#).expect("oci-layout");
}

/// An image of the engine, under a name in a registry; removed on drop.
pub struct Imported {
    pub name: String,
    /// As `docker images --no-trunc` shows it.
    pub id: String,
}

impl Imported {
    /// With busybox and this value of the label `test`.
    pub fn new(name: &str, label: &str) -> Self {
        Self { name: name.to_owned(), id: base::import(name, "test", label) }
    }

    pub fn push(&self) {
        run(Command::new("/usr/bin/docker").args(["push", "--quiet", &self.name]));
    }
}

impl Drop for Imported {
    fn drop(&mut self) {
        // Only the name where others have the same image.
        let _ = Command::new("/usr/bin/docker").args(["image", "rm", &self.name]).output();
    }
}
