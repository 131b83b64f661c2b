//! Stored layers against their digests.

use windlass::{
    domain::{
        digest::Digest,
        failure::Failure,
        observation::{Observation, ObservedImage},
    },
    registry::{Client, RegistryError},
};

use super::{client, hashed_now, images, nothing_known, right_login, tag};
use crate::support::{
    fake_registry::{Answer, FakeRegistry, Shelf},
    registry::Registry,
};

async fn only_image(client: &Client, name: &str) -> ObservedImage {
    hashed_now(client.observe(&tag(name), &nothing_known, true).await).images.remove(0)
}

#[tokio::test]
async fn whole_layers_pass_and_rotten_ones_do_not() {
    let registry = Registry::with_login();
    let mut shelf = Shelf::default();
    // More than a megabyte that packs badly: several times what the HTTP client takes in one piece.
    let text = (0..40_000_u32).map(|n| String::from(Digest::of(&n.to_le_bytes()))).collect::<Vec<_>>().concat();
    let image = shelf.image(&text);
    images::put(&shelf, &image, &registry, "team/app:latest");
    let client = client(&registry.repository("team/app"), Some(right_login()));
    let image = only_image(&client, "latest").await;

    let mut pieces = Vec::new();
    let checked = client.verify_layers(&image, |at| pieces.push((at.layer, at.layers, at.bytes, at.size))).await;
    assert_eq!(checked, Ok(()));
    let size = shelf.blobs[image.layers[0].as_str()].len() as u64;
    assert!(pieces.len() > 1 && pieces.is_sorted(), "{pieces:?}");
    assert_eq!(pieces.last(), Some(&(0, 1, size, Some(size))));

    let file = registry.blob_file(image.layers[0].as_str());
    let mut bytes = std::fs::read(&file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&file, &bytes).unwrap();
    let expected = RegistryError::Corrupt { expected: image.layers[0].clone(), actual: Digest::of(&bytes) };
    assert_eq!(client.verify_layers(&image, |_| ()).await, Err(expected));
    let seen = client.observe(&tag("latest"), &nothing_known, true).await;
    assert!(matches!(seen, Observation::Seen { .. }), "manifest and config alone cannot show it");
}

/// The outcome for an image of these layers (bytes, and the diff id that is claimed for them).
async fn outcome_of(layers: &[(Vec<u8>, Digest)]) -> Result<(), RegistryError> {
    let mut shelf = Shelf::default();
    let blobs: Vec<String> = layers.iter().map(|(bytes, _)| shelf.blob(bytes.clone())).collect();
    let diff_ids: Vec<&str> = layers.iter().map(|(_, id)| id.as_str()).collect();
    let config = shelf.config("x", &diff_ids);
    let described: Vec<_> = blobs.iter().map(|digest| ("application/vnd.oci.image.layer.v1.tar", &**digest)).collect();
    let image = shelf.image_of(&config, &described);
    shelf.tag("latest", &image);
    let registry = FakeRegistry::answering(move |request| shelf.answer(request));
    let client = client(&registry.repository("x"), None);
    let image = only_image(&client, "latest").await;
    Box::pin(client.verify_layers(&image, |_| ())).await
}

/// `more`: options of its command line, such as the size of the window.
fn zstd(text: &str, more: &[&str]) -> Vec<u8> {
    let file = tempfile::NamedTempFile::new().expect("a temporary file");
    std::fs::write(file.path(), text).expect("a temporary file");
    let open = std::fs::File::open(file.path()).expect("a temporary file");
    // From stdin: where it knows how little there is, the window is no larger.
    let output = std::process::Command::new("zstd").arg("--stdout").args(more).stdin(open).output().expect("zstd");
    assert!(output.stdout.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]));
    output.stdout
}

#[tokio::test]
async fn content_is_held_against_the_diff_id() {
    let plain = |text: &str| (text.as_bytes().to_vec(), Digest::of(text.as_bytes()));
    assert_eq!(outcome_of(&[plain("one"), plain("two")]).await, Ok(()));

    let lie = (b"one".to_vec(), Digest::of(b"claimed"));
    let expected = RegistryError::Corrupt { expected: Digest::of(b"claimed"), actual: Digest::of(b"one") };
    assert_eq!(outcome_of(&[plain("two"), lie.clone()]).await, Err(expected.clone()));

    assert_eq!(outcome_of(&[(zstd("three", &[]), Digest::of(b"three")), plain("two")]).await, Ok(()));
    let error = outcome_of(&[(zstd("three", &[]), Digest::of(b"claimed"))]).await;
    assert_eq!(error, Err(RegistryError::Corrupt { expected: Digest::of(b"claimed"), actual: Digest::of(b"three") }));
    let packed = (zstd("three", &["--long=30"]), Digest::of(b"three"));
    let error = outcome_of(&[packed.clone(), plain("two")]).await.unwrap_err();
    assert!(matches!(&error, RegistryError::Uncheckable { why, .. } if why.contains("zstd")), "{error:?}");
    assert!(Failure::from(error).what.contains("cannot be checked"));
    assert_eq!(outcome_of(&[packed, lie]).await, Err(expected), "what is wrong comes before what is unknown");

    let broken = ([0x1f, 0x8b, 8, 0, 0, 0, 0].to_vec(), Digest::of(b""));
    let error = outcome_of(&[broken]).await.unwrap_err();
    assert!(matches!(&error, RegistryError::Unreadable { why, .. } if why.contains("unpacked")), "{error:?}");
}

#[tokio::test]
async fn a_missing_layer_and_a_broken_connection_are_told_apart() {
    let mut shelf = Shelf::default();
    let image = shelf.image("one");
    shelf.tag("latest", &image);
    let registry = FakeRegistry::answering({
        let shelf = shelf.clone();
        move |request| shelf.answer(request)
    });
    let image = only_image(&client(&registry.repository("x"), None), "latest").await;
    let layer = image.layers[0].to_string();

    let cut = FakeRegistry::answering({
        let shelf = shelf.clone();
        move |request| shelf.answer(request).cut_short()
    });
    let error = client(&cut.repository("x"), None).verify_layers(&image, |_| ()).await.unwrap_err();
    assert!(matches!(error, RegistryError::Unreachable { .. }), "{error:?}");

    shelf.blobs.remove(&layer);
    let missing = FakeRegistry::answering(move |request| shelf.answer(request));
    let error = client(&missing.repository("x"), None).verify_layers(&image, |_| ()).await.unwrap_err();
    assert!(matches!(&error, RegistryError::NotFound { what, .. } if what.contains("layer sha256:")), "{error:?}");

    let refused = FakeRegistry::answering(|_| Answer::refusal(403, "DENIED", "no"));
    let error = client(&refused.repository("x"), None).verify_layers(&image, |_| ()).await.unwrap_err();
    assert!(matches!(error, RegistryError::Denied { .. }), "{error:?}");

    let short = ObservedImage { diff_ids: Vec::new(), ..image };
    let error = client(&registry.repository("x"), None).verify_layers(&short, |_| ()).await.unwrap_err();
    assert!(matches!(&error, RegistryError::Unreadable { why, .. } if why.contains("1 layers")), "{error:?}");
}
