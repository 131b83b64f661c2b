//! Engines that are not on this machine: by TLS with certificates on both sides, and by ssh.

use std::{ffi::OsString, fs, os::unix::fs::PermissionsExt as _, path::Path, process::Command, sync::Arc};

use rustls::{
    RootCertStore, ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
    server::WebPkiClientVerifier,
};
use tokio::net::{TcpListener, UnixStream};
use windlass::{
    domain::plan::Builder,
    engine::{Endpoint, Engine, EngineError, context},
};

use super::{Project, built, definition};

fn openssl(folder: &Path, line: &str) {
    let output = Command::new("openssl").args(line.split(' ')).current_dir(folder).output().unwrap();
    assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
}

/// An authority, and by it a server's and a client's certificate, under docker's file names.
fn certificates() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    fs::write(at.join("server.ext"), "subjectAltName=IP:127.0.0.1\nextendedKeyUsage=serverAuth\n").unwrap();
    fs::write(at.join("client.ext"), "extendedKeyUsage=clientAuth\n").unwrap();
    let key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";
    openssl(at, &format!("req -x509 {key} -subj /CN=ca -keyout ca-key.pem -out ca.pem -days 2"));
    for (name, prefix) in [("server", "server-"), ("client", "")] {
        openssl(at, &format!("req {key} -subj /CN={name} -keyout {prefix}key.pem -out {name}.csr"));
        openssl(
            at,
            &format!(
                "x509 -req -in {name}.csr -CA ca.pem -CAkey ca-key.pem -CAcreateserial -days 2 -extfile {name}.ext -out {prefix}cert.pem"
            ),
        );
    }
    folder
}

/// Passes on to the real engine what comes by TLS from who has a certificate.
async fn tls_proxy(folder: &Path) -> u16 {
    let pem = |name: &str| folder.join(name);
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(pem("ca.pem")).unwrap()).unwrap();
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone()).build().unwrap();
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(verifier)
        .with_single_cert(
            vec![CertificateDer::from_pem_file(pem("server-cert.pem")).unwrap()],
            PrivateKeyDer::from_pem_file(pem("server-key.pem")).unwrap(),
        )
        .unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                // Whoever is refused here says so in the test.
                let Ok(mut client) = acceptor.accept(client).await else { return };
                let mut engine = UnixStream::connect("/var/run/docker.sock").await.unwrap();
                let _ = tokio::io::copy_bidirectional(&mut client, &mut engine).await;
            });
        }
    });
    port
}

fn by_tls(port: u16, certificates: &Path) -> Endpoint {
    context::resolve(&|name| match name {
        "DOCKER_HOST" => Some(format!("tcp://127.0.0.1:{port}").into()),
        "DOCKER_TLS_VERIFY" => Some("1".into()),
        "DOCKER_CERT_PATH" => Some(OsString::from(certificates)),
        _ => None,
    })
    .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn builds_over_tls_with_certificates_on_both_sides() {
    let certificates = certificates();
    let port = tls_proxy(certificates.path()).await;
    let endpoint = by_tls(port, certificates.path());
    let engine = Engine::connect(endpoint).await.unwrap();
    assert_eq!(engine.about().endpoint, format!("tcp://127.0.0.1:{port}"));
    let project = Project::with_shell("RUN echo over TLS\n");
    for builder in super::BOTH {
        let (_, told, _image) = built(&engine, project.path(), &definition(builder)).await;
        assert!(told.text().contains("over TLS\n"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_engine_of_another_authority_is_not_trusted() {
    let (theirs, ours) = (certificates(), certificates());
    let port = tls_proxy(theirs.path()).await;
    let error = Engine::connect(by_tls(port, ours.path())).await.unwrap_err();
    assert!(matches!(error, EngineError::Tls { .. }), "{error:?}");
}

/// Plays ssh: checks how it is called, then does what the far side would do.
const SSH: &str = r#"#!/bin/sh
case "$*" in
    *"-o BatchMode=yes "*" -l me -p 2222 -- far docker system dial-stdio") exec /usr/bin/docker system dial-stdio ;;
    *) echo "me@far: Permission denied (publickey)." >&2; exit 255 ;;
esac
"#;

/// `ssh` is looked for on the PATH of the process, which is therefore one of its own.
#[test]
fn engines_are_reached_by_ssh() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("ssh"), SSH).unwrap();
    fs::set_permissions(folder.path().join("ssh"), fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:{}", folder.path().display(), std::env::var("PATH").unwrap());
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "--nocapture", "engine::remote::builds_over_ssh"])
        .env("PATH", path)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains("1 passed"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "run by engines_are_reached_by_ssh, with an ssh that plays the far side"]
async fn builds_over_ssh() {
    let engine = Engine::connect(Endpoint::parse("ssh://me@far:2222").unwrap()).await.unwrap();
    let project = Project::with_shell("RUN echo over ssh\n");
    let (_, told, _image) = built(&engine, project.path(), &definition(Builder::BuildKit)).await;
    assert!(told.text().contains("over ssh\n"));
    let error = Engine::connect(Endpoint::parse("ssh://other@far").unwrap()).await.unwrap_err();
    assert!(error.to_string().contains("Permission denied (publickey)"), "{error:?}");
}
