//! Archives as they are read: honest ones of every layout and packing, and such as somebody made to be misread.

use std::{fs::File, io::Write as _};

use serde_json::{Value, json};
use windlass::{
    archive::{Archive, ArchiveError, Image, Layout, Reading, Stored, Wanted},
    domain::digest::Digest,
};

use crate::support::archive::{Tar, config, layer, manifest, saved};

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const INDEX: &str = "application/vnd.oci.image.index.v1+json";

fn file(bytes: &[u8]) -> File {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    file
}

fn read_for(bytes: &[u8], platform: Option<&str>) -> Result<Image, ArchiveError> {
    let reading = Reading::default();
    let repository = "docker.io/team/app".parse().unwrap();
    let platform = platform.map(|platform| platform.parse().unwrap());
    let scratch = tempfile::tempdir().unwrap();
    let archive = Archive::open(file(bytes), scratch.path(), &reading)?;
    assert_eq!(archive.sha256, Digest::of(bytes));
    assert_eq!(std::fs::read_dir(scratch.path()).unwrap().count(), 0, "what is unpacked has no name");
    archive.image(Wanted { repository: &repository, platform: platform.as_ref() }, &reading)
}

fn read(bytes: &[u8]) -> Result<Image, ArchiveError> {
    read_for(bytes, None)
}

#[track_caller]
fn refused(bytes: &[u8], why: &str) -> String {
    let error = read(bytes).map(|image| image.id).expect_err(why);
    let told = error.to_string();
    assert!(told.contains(why), "`{told}` says nothing of `{why}`");
    assert!(!told.contains('\u{1b}'), "{told:?}");
    let failure = error.of("image.tar");
    assert!(matches!(failure.kind.exit_code(), 1 | 2) && !failure.next.is_empty(), "{failure:?}");
    told
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 1).unwrap()
}

/// An OCI image layout in the making.
#[derive(Default)]
struct Oci {
    tar: Tar,
    manifests: Vec<Value>,
}

impl Oci {
    fn blob(mut self, bytes: &[u8]) -> (Self, String) {
        let digest = Digest::of(bytes);
        self.tar = self.tar.file(&format!("blobs/sha256/{}", digest.hex()), bytes);
        (self, digest.to_string())
    }

    /// An image of these layers, each with its packed bytes, as they lie there. Gives its descriptor.
    fn image(self, layers: &[(&[u8], Vec<u8>)]) -> (Self, Value) {
        let contents: Vec<&[u8]> = layers.iter().map(|(content, _)| *content).collect();
        let config = config(&contents);
        let (mut oci, config_digest) = self.blob(&config);
        let mut described = Vec::new();
        for (_, packed) in layers {
            let (next, digest) = oci.blob(packed);
            oci = next;
            described.push(json!({
                "mediaType": "application/vnd.oci.image.layer.v1.tar+gzip", "digest": digest, "size": packed.len(),
            }));
        }
        let manifest = json!({
            "schemaVersion": 2, "mediaType": MANIFEST, "layers": described,
            "config": {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": config_digest, "size": config.len()},
        });
        oci.described(MANIFEST, &manifest)
    }

    fn described(self, media_type: &str, document: &Value) -> (Self, Value) {
        let bytes = document.to_string();
        let (oci, digest) = self.blob(bytes.as_bytes());
        (oci, json!({"mediaType": media_type, "digest": digest, "size": bytes.len()}))
    }

    fn with(mut self, descriptor: Value) -> Self {
        self.manifests.push(descriptor);
        self
    }

    fn bytes(self) -> Vec<u8> {
        let index = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": self.manifests}).to_string();
        self.tar.file("index.json", index).file("oci-layout", r#"{"imageLayoutVersion":"1.0.0"}"#).bytes()
    }
}

fn and(mut descriptor: Value, key: &str, value: Value) -> Value {
    descriptor[key] = value;
    descriptor
}

fn stored_as_they_are(image: &Image) -> Vec<Stored> {
    let of = |layer: &windlass::archive::Layer| Stored {
        digest: layer.packed.clone().unwrap_or_else(|| Digest::of(b"packed on the way")),
        size: layer.size(),
    };
    image.layers.iter().map(of).collect()
}

#[test]
fn what_docker_saves_is_read_whatever_it_is_packed_with() {
    let (one, two) = (layer("one"), layer("two"));
    let tar = saved(&[&one, &two]);
    for bytes in [tar.clone(), gzip(&tar), zstd(&tar), [gzip(&tar[..700]), gzip(&tar[700..])].concat()] {
        let image = read(&bytes).unwrap();
        assert_eq!(image.layout, Layout::Docker);
        assert_eq!(image.id, Digest::of(&config(&[&one, &two])));
        assert_eq!(image.diff_ids(), [Digest::of(&one), Digest::of(&two)]);
        assert_eq!(image.platform.as_ref().map(ToString::to_string).as_deref(), Some("linux/amd64"));
        let (media_type, manifest) = image.manifest(&stored_as_they_are(&image));
        assert_eq!(media_type, "application/vnd.docker.distribution.manifest.v2+json");
        let manifest: Value = serde_json::from_slice(&manifest).unwrap();
        assert_eq!(manifest["layers"][1]["mediaType"], "application/vnd.docker.image.rootfs.diff.tar.gzip");
        assert_eq!(manifest["config"]["digest"], image.id.to_string());
    }
}

#[test]
fn links_and_the_folders_of_newer_engines_lead_to_the_same_layers() {
    let (one, two) = (layer("one"), layer("two"));
    let config = config(&[&one, &two, &one]);
    let hex = Digest::of(&config).hex().to_owned();
    let named = manifest(&format!("blobs/sha256/{hex}"), &[], &["a/layer.tar", "./b/layer.tar", "c/layer.tar"]);
    let bytes = Tar::default()
        .file("./a/layer.tar", &one)
        .hard_link("b/layer.tar", "blobs/two")
        .symlink("c/layer.tar", "../a/layer.tar")
        .file("blobs/two", &two)
        .file(&format!("blobs/sha256/{hex}"), &config)
        .file("manifest.json", &named)
        .bytes();
    assert_eq!(read(&bytes).unwrap().diff_ids(), [Digest::of(&one), Digest::of(&two), Digest::of(&one)]);
}

#[test]
fn an_oci_layout_keeps_its_manifest_where_its_layers_are_packed() {
    let (one, two) = (layer("one"), layer("two"));
    for pack in [gzip, zstd] {
        let (oci, image) = Oci::default().image(&[(&one, pack(&one)), (&two, pack(&two))]);
        let digest = image["digest"].clone();
        // Through an index for several platforms, beside what attests it.
        let attests = json!({"mediaType": MANIFEST, "digest": Digest::of(b"proof"), "size": 1,
            "platform": {"os": "unknown", "architecture": "unknown"}});
        let nested = json!({"schemaVersion": 2, "mediaType": INDEX,
            "manifests": [and(image, "platform", json!({"os": "linux", "architecture": "amd64"})), attests]});
        let (oci, nested) = oci.described(INDEX, &nested);
        let image = read(&oci.with(nested).bytes()).unwrap();
        assert_eq!((image.layout, image.diff_ids()), (Layout::Oci, vec![Digest::of(&one), Digest::of(&two)]));
        let (media_type, manifest) = image.manifest(&stored_as_they_are(&image));
        assert_eq!((media_type.as_str(), Digest::of(&manifest).to_string().into()), (MANIFEST, digest));
    }
    let (oci, image) = Oci::default().image(&[(&one, one.clone())]);
    let image = read(&oci.with(image).bytes()).unwrap();
    let (_, manifest) = image.manifest(&stored_as_they_are(&image));
    let manifest: Value = serde_json::from_slice(&manifest).unwrap();
    assert_eq!(manifest["layers"][0]["mediaType"], "application/vnd.oci.image.layer.v1.tar+gzip", "packed on the way");
}

#[test]
fn of_several_images_the_one_that_is_meant_is_taken() {
    let (one, two) = (layer("one"), layer("two"));
    let (oci, first) = Oci::default().image(&[(&one, gzip(&one))]);
    let (_, second) = oci.image(&[(&two, gzip(&two))]);
    let name = |name: &str| json!({"io.containerd.image.name": name});
    let both = |first: Value, second: Value| {
        let (oci, _) = Oci::default().image(&[(&one, gzip(&one))]);
        let (oci, _) = oci.image(&[(&two, gzip(&two))]);
        oci.with(first).with(second).bytes()
    };
    let named = both(
        and(first.clone(), "annotations", name("docker.io/team/other:1")),
        and(second.clone(), "annotations", name("docker.io/team/app:1")),
    );
    assert_eq!(read(&named).unwrap().diff_ids(), [Digest::of(&two)]);
    refused(&both(first.clone(), second.clone()), "none of them is called docker.io/team/app: none of them has a name");

    let arch = |architecture| json!({"os": "linux", "architecture": architecture});
    let arches = both(and(first, "platform", arch("amd64")), and(second, "platform", arch("arm64")));
    refused(&arches, "it holds images for linux/amd64, linux/arm64");
    assert_eq!(read_for(&arches, Some("linux/amd64")).unwrap().diff_ids(), [Digest::of(&one)]);
    let error = read_for(&arches, Some("linux/s390x")).unwrap_err();
    assert_eq!(error.to_string(), "it holds no image for linux/s390x");
    let error = read_for(&saved(&[&one]), Some("linux/arm64")).unwrap_err();
    assert_eq!(error.to_string(), "its image is for linux/amd64, and one for linux/arm64 is meant");
}

#[test]
fn layers_and_configs_that_are_not_what_they_are_called_are_refused() {
    let (one, two) = (layer("one"), layer("two"));
    let config = config(&[&one]);
    let hex = Digest::of(&config).hex().to_owned();
    let name = format!("{hex}.json");
    let with = |layer: &[u8], config: &[u8]| {
        let named = manifest(&name, &["team/app:1"], &["layer.tar"]);
        Tar::default().file("layer.tar", layer).file(&name, config).file("manifest.json", named).bytes()
    };
    assert!(read(&with(&one, &config)).is_ok());
    refused(&with(&two, &config), "the content of the layer `layer.tar` should be");
    refused(&with(&gzip(&two), &config), "the content of the layer `layer.tar` should be");
    assert!(read(&with(&gzip(&one), &config)).is_ok(), "packed layers are fine");
    let packed = gzip(&one);
    refused(&with(&packed[..packed.len() - 4], &config), "cannot be unpacked");
    refused(&with(&one, &super::support::archive::config(&[&one, &two])), "the image's config should be");
    let plain = |config: &[u8]| {
        let named = manifest("config.json", &[], &["layer.tar"]);
        Tar::default().file("layer.tar", &one).file("config.json", config).file("manifest.json", named).bytes()
    };
    refused(&plain(&super::support::archive::config(&[&one, &two])), "has 1 layers, and its config tells of 2");
    refused(&plain(b"no json"), "config cannot be read");
    refused(&plain(b"{\"rootfs\":{\"diff_ids\":[\"md5:1\"]}}"), "config cannot be read");

    // In an OCI layout each step is named by its digest.
    let (mut oci, image) = Oci::default().image(&[(&one, gzip(&one))]);
    let lie = and(image.clone(), "digest", json!(Digest::of(b"another")));
    oci.tar = oci.tar.file(&format!("blobs/sha256/{}", Digest::of(b"another").hex()), b"something else");
    refused(&oci.with(lie).bytes(), "the manifest sha256:");
    let (oci, _) = Oci::default().image(&[(&one, gzip(&one))]);
    refused(&oci.with(and(image, "digest", json!(Digest::of(b"nowhere")))).bytes(), "is missing in it");
}

#[test]
fn what_is_made_to_be_misread_is_refused() {
    let one = layer("one");
    let config = config(&[&one]);
    let good = || {
        let named = manifest("config.json", &["team/app:1"], &["layer.tar"]);
        Tar::default().file("config.json", &config).file("manifest.json", named)
    };
    assert!(read(&good().file("layer.tar", &one).bytes()).is_ok());
    refused(&good().bytes(), "`layer.tar` is missing in it");
    refused(&good().file("layer.tar", &one).file("./layer.tar", layer("two")).bytes(), "is in it twice");
    refused(&good().file("../layer.tar", &one).bytes(), "is no name inside of an archive");
    refused(&good().file("/etc/\u{1b}[2Jpasswd", &one).bytes(), "is no name inside of an archive");
    refused(&good().symlink("layer.tar", "/etc/passwd").bytes(), "leads out of the archive");
    refused(&good().symlink("layer.tar", "../../etc/passwd").bytes(), "leads out of the archive");
    refused(&good().hard_link("layer.tar", "/etc/passwd").bytes(), "leads out of the archive");
    refused(&good().symlink("layer.tar", "b").symlink("b", "layer.tar").bytes(), "is a link without end");
    refused(&good().entry("layer.tar", tar::EntryType::Fifo, "", b"").bytes(), "is no file");
    let outside = manifest("config.json", &[], &["../../etc/passwd"]);
    let bytes = Tar::default().file("config.json", &config).file("manifest.json", outside).bytes();
    refused(&bytes, "is no name inside of an archive");
    let huge = vec![b' '; 5 * 1024 * 1024];
    refused(&Tar::default().file("manifest.json", &huge).bytes(), "`manifest.json` is larger than 4 MiB");
    refused(&Tar::default().file("manifest.json", "[]").bytes(), "names no image");
    refused(&Tar::default().file("manifest.json", "{").bytes(), "its manifest.json cannot be read");
    refused(&Tar::default().file("else.txt", "x").bytes(), "it has no manifest.json");
    refused(b"a shopping list", "it is no tar file");
    refused(&vec![7; 100_000], "it is no tar file");
    let key = "-----BEGIN OPENSSH PRIVATE KEY-----\n".repeat(100);
    let why = refused(key.as_bytes(), "it is no tar file");
    assert!(!why.contains("OPENSSH"), "what was named by mistake is quoted nowhere: {why}");
    refused(b"", "it has no manifest.json");
    let long = Tar::default().entry("././@LongLink", tar::EntryType::GNULongName, "", &vec![b'a'; 100_000]);
    refused(&long.file("x", "").bytes(), "it has a name of 100000 bytes");
}

#[test]
fn what_ends_too_early_is_refused() {
    let tar = saved(&[&layer("one"), &layer("two")]);
    refused(&tar[..900], "it ends amid");
    refused(&tar[..tar.len() / 2], "it");
    for packed in [gzip(&tar), zstd(&tar)] {
        refused(&packed[..packed.len() - 3], "it cannot be unpacked");
        refused(&packed[..packed.len() / 2], "it cannot be unpacked");
    }
}

#[test]
fn reading_ends_where_nobody_waits_for_it() {
    let reading = Reading::default();
    reading.ended.store(true, std::sync::atomic::Ordering::Relaxed);
    let error = Archive::open(file(&saved(&[&layer("one")])), &std::env::temp_dir(), &reading).unwrap_err();
    assert!(matches!(error, ArchiveError::Io { .. }), "{error}");
}
