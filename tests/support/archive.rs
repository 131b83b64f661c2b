//! Image archives made by hand, as no honest program makes them, and honest ones to compare them with.

use serde_json::json;
use windlass::domain::digest::Digest;

/// A tar file in the making. Names are written as they are given, wherever they lead.
#[derive(Default)]
pub struct Tar(Vec<u8>);

impl Tar {
    pub fn file(self, name: &str, bytes: impl AsRef<[u8]>) -> Self {
        self.entry(name, tar::EntryType::Regular, "", bytes.as_ref())
    }

    pub fn symlink(self, name: &str, to: &str) -> Self {
        self.entry(name, tar::EntryType::Symlink, to, b"")
    }

    pub fn hard_link(self, name: &str, to: &str) -> Self {
        self.entry(name, tar::EntryType::Link, to, b"")
    }

    pub fn entry(mut self, name: &str, kind: tar::EntryType, to: &str, bytes: &[u8]) -> Self {
        let mut header = tar::Header::new_gnu();
        let old = header.as_old_mut();
        old.name[..name.len()].copy_from_slice(name.as_bytes());
        old.linkname[..to.len()].copy_from_slice(to.as_bytes());
        header.set_entry_type(kind);
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        header.set_cksum();
        self.0.extend_from_slice(header.as_bytes());
        self.0.extend_from_slice(bytes);
        self.0.resize(self.0.len().next_multiple_of(512), 0);
        self
    }

    pub fn bytes(mut self) -> Vec<u8> {
        self.0.extend_from_slice(&[0; 1024]);
        self.0
    }
}

/// A layer with one file of this text.
pub fn layer(text: &str) -> Vec<u8> {
    Tar::default().file("text", text).bytes()
}

/// The config of an image of these layers.
pub fn config(layers: &[&[u8]]) -> Vec<u8> {
    let diff_ids: Vec<Digest> = layers.iter().map(|layer| Digest::of(layer)).collect();
    let config = json!({
        "os": "linux", "architecture": "amd64", "created": "2026-11-21T09:30:00Z", "config": {},
        "rootfs": {"type": "layers", "diff_ids": diff_ids},
    });
    config.to_string().into_bytes()
}

/// `manifest.json` of an image.
pub fn manifest(config: &str, names: &[&str], layers: &[&str]) -> String {
    json!([{"Config": config, "RepoTags": names, "Layers": layers}]).to_string()
}

/// What `docker save` writes of an image of these layers.
pub fn saved(layers: &[&[u8]]) -> Vec<u8> {
    let config = config(layers);
    let names: Vec<String> = (0..layers.len()).map(|number| format!("{number}/layer.tar")).collect();
    let mut tar = Tar::default();
    for (name, layer) in names.iter().zip(layers) {
        tar = tar.file(name, layer);
    }
    let file = format!("{}.json", Digest::of(&config).hex());
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    tar.file(&file, &config).file("manifest.json", manifest(&file, &["team/app:1"], &names)).bytes()
}
