//! Logins of the docker CLI: its file and its credential helpers.

use std::{collections::BTreeSet, fs, os::unix::fs::PermissionsExt as _};

use secrecy::ExposeSecret as _;
use windlass::engine::{EngineError, context::docker_logins};

async fn found(config: &str, hosts: &[&str]) -> Result<Vec<(String, String, String)>, EngineError> {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("config.json"), config).unwrap();
    let helper = folder.path().join("docker-credential-test");
    fs::write(&helper, HELPER).unwrap();
    fs::set_permissions(&helper, fs::Permissions::from_mode(0o755)).unwrap();
    let env = |name: &str| matches!(name, "DOCKER_CONFIG" | "PATH").then(|| folder.path().as_os_str().to_owned());
    let hosts: BTreeSet<String> = hosts.iter().map(|host| (*host).to_owned()).collect();
    let logins = docker_logins(&env, hosts).await?;
    let mut found: Vec<_> = logins
        .into_iter()
        .map(|(host, found)| (host, found.login.username, found.login.password.expose_secret().to_owned()))
        .collect();
    found.sort();
    Ok(found)
}

fn login(host: &str, user: &str, password: &str) -> (String, String, String) {
    (host.into(), user.into(), password.into())
}

#[tokio::test]
async fn the_file_holds_logins_by_registry() {
    // a:b and bot:a~b?c>d
    let config = r#"{"auths":{"https://index.docker.io/v1/":{"auth":"YTpi"},"ghcr.io":{"auth":"Ym90OmF+Yj9jPmQ="},"empty.io":{}}}"#;
    let logins = found(config, &["docker.io", "ghcr.io", "quay.io", "empty.io"]).await.unwrap();
    assert_eq!(logins, [login("docker.io", "a", "b"), login("ghcr.io", "bot", "a~b?c>d")]);
}

#[tokio::test]
async fn an_identity_token_is_used_in_place_of_the_password_beside_it() {
    // a:b, twice.
    let config = r#"{"auths":{"ghcr.io":{"auth":"YTpi","identitytoken":"a-token"},"quay.io":{"auth":"YTpi","identitytoken":""}}}"#;
    let logins = found(config, &["ghcr.io", "quay.io"]).await.unwrap();
    assert_eq!(logins, [login("ghcr.io", "<token>", "a-token"), login("quay.io", "a", "b")]);
}

/// A helper that knows `ghcr.io` and Docker Hub, and fails for `broken.io`.
const HELPER: &str = r#"#!/bin/sh
read key
case "$key" in
    ghcr.io) echo '{"ServerURL":"ghcr.io","Username":"helped","Secret":"from-helper"}' ;;
    https://index.docker.io/v1/) echo '{"ServerURL":"x","Username":"<token>","Secret":"identity"}' ;;
    broken.io) echo 'the keyring is locked'; exit 1 ;;
    *) echo 'credentials not found in native keychain'; exit 1 ;;
esac
"#;

#[tokio::test]
async fn a_helper_for_the_registry_beats_the_common_one_and_that_the_file() {
    let config = r#"{"credsStore":"test","credHelpers":{"quay.io":"none"},"auths":{"other.io":{"auth":"YTpi"}}}"#;
    let logins = found(config, &["ghcr.io", "docker.io", "other.io"]).await.unwrap();
    assert_eq!(logins, [login("docker.io", "<token>", "identity"), login("ghcr.io", "helped", "from-helper")]);
    let missing = found(config, &["quay.io"]).await.unwrap_err();
    assert!(missing.to_string().contains("docker-credential-none: config.json names it"), "{missing}");
    let broken = found(config, &["broken.io"]).await.unwrap_err();
    assert!(broken.to_string().contains("the keyring is locked"), "{broken}");
}

#[tokio::test]
async fn a_broken_file_is_said_without_its_content() {
    let error = found(r#"{"auths":{"ghcr.io":{"auth":"c2VjcmV0OnNlY3JldA=="}},}"#, &["ghcr.io"]).await.unwrap_err();
    assert!(error.to_string().contains("line 1, column"), "{error}");
    assert!(!format!("{error:?}").contains("c2VjcmV0"));
}
