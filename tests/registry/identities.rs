//! One image under several manifests: pushed by docker, repacked by skopeo, converted, put back.

use windlass::{
    domain::digest::Digest,
    registry::{Answer, RegistryError},
};

use super::{by_tag, client, digest, hashed_now, images, may_write, nothing_known, right_login, tag};
use crate::support::{
    fake_registry::{self, FakeRegistry, MANIFEST, Shelf},
    registry::Registry,
};

#[tokio::test]
async fn two_pushers_one_image() {
    let registry = Registry::open();
    let name = registry.repository("team/app");
    let imported = images::Imported::new(&format!("{name}:docker"), &registry.host);
    imported.push();
    let (source, target) = (format!("docker-daemon:{}", imported.name), |tag: &str| format!("docker://{name}:{tag}"));
    images::copy(&source, &target("repacked"), &["--dest-compress-level", "1"]);
    images::copy(&target("docker"), &target("oci"), &["--format", "oci"]);

    let client = client(&name, None);
    let tags = ["docker", "repacked", "oci"].map(tag);
    let seen = client.observe_all(&tags, &nothing_known, true).await;
    let [docker, repacked, oci] = seen.try_into().map(|seen: [_; 3]| seen.map(|(_, o)| hashed_now(o))).unwrap();
    let image = |content: &windlass::domain::observation::Content| content.images[0].clone();

    assert_eq!(image(&docker).config, digest(&imported.id), "the engine's image id is the config's digest");
    assert_eq!(image(&repacked).config, digest(&imported.id), "whoever pushes it");
    assert_ne!(repacked.digest, docker.digest);
    assert_ne!(image(&repacked).layers, image(&docker).layers);
    assert_ne!(image(&oci).config, digest(&imported.id), "a conversion is another config");
    assert_eq!(image(&oci).diff_ids, image(&docker).diff_ids, "of the same files");
    assert_eq!(image(&docker).labels["test"], registry.host);

    for content in [&docker, &repacked, &oci] {
        assert_eq!(client.verify_layers(&image(content), |_| ()).await, Ok(()));
    }
    // The same question to the registry without our Accept has another answer, which looks like a moved tag.
    let plain = reqwest::Client::new().head(format!("http://{}/v2/team/app/manifests/docker", registry.host));
    let plain = plain.send().await.unwrap();
    assert_ne!(plain.headers()["docker-content-digest"], docker.digest.as_str());
    assert_eq!(client.head(&by_tag("docker")).await, Ok(Some(docker.digest)));
}

#[tokio::test]
async fn a_manifest_is_put_back_under_a_tag_byte_for_byte() {
    let registry = Registry::with_login();
    let mut shelf = Shelf::default();
    let (old, new) = (shelf.image("old"), shelf.image("new"));
    images::put(&shelf, &old, &registry, "team/app:v1");
    images::put(&shelf, &new, &registry, "team/app:latest");
    let client = client(&registry.repository("team/app"), Some(right_login()));
    let manifest = client.manifest(&by_tag("v1")).await.unwrap().unwrap();
    let put = client.put_manifest(&tag("latest"), &manifest.media_type, manifest.bytes.clone(), may_write()).await;
    assert_eq!(put, Ok(digest(&old)));
    assert_eq!(client.manifest(&by_tag("latest")).await, Ok(Some(manifest)));

    let elsewhere = shelf.image("never pushed");
    let bytes = shelf.manifests[&elsewhere].1.clone();
    let error = client.put_manifest(&tag("latest"), MANIFEST, bytes, may_write()).await.unwrap_err();
    let refused = |answer: &Answer| answer.status == 400 && answer.code.as_deref() == Some("MANIFEST_BLOB_UNKNOWN");
    assert!(matches!(&error, RegistryError::Unexpected { answer, .. } if refused(answer)), "{error:?}");
    assert_eq!(client.head(&by_tag("latest")).await, Ok(Some(digest(&old))));
}

#[tokio::test]
async fn a_registry_that_took_other_bytes_than_we_put_is_found_out() {
    let registry = FakeRegistry::answering(|_| {
        fake_registry::Answer::status(201).header("Docker-Content-Digest", Digest::of(b"something else").as_str())
    });
    let put = client(&registry.repository("x"), None).put_manifest(&tag("latest"), MANIFEST, "{}", may_write()).await;
    let expected = RegistryError::Corrupt { expected: Digest::of(b"{}"), actual: Digest::of(b"something else") };
    assert_eq!(put, Err(expected));
}
