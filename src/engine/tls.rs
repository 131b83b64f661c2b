//! TLS to a remote engine: docker's `ca.pem`, `cert.pem` and `key.pem`.

use std::{path::Path, sync::Arc};

use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
};

use super::EngineError;

/// The configuration for the certificates in `folder`. Without `cert.pem` and `key.pem` we stay anonymous.
///
/// # Errors
/// When a file is missing or is no PEM of its kind. `ca.pem` is required: engines have private authorities.
pub(super) fn from_folder(folder: &Path) -> Result<Arc<ClientConfig>, EngineError> {
    let ca = folder.join("ca.pem");
    let mut roots = RootCertStore::empty();
    for certificate in certificates(&ca)? {
        roots.add(certificate).map_err(|error| bad(&ca, error))?;
    }
    let builder = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| bad(folder, error))?
        .with_root_certificates(roots);
    let (cert, key) = (folder.join("cert.pem"), folder.join("key.pem"));
    let config = if cert.exists() || key.exists() {
        let private = PrivateKeyDer::from_pem_file(&key).map_err(|error| bad(&key, error))?;
        builder.with_client_auth_cert(certificates(&cert)?, private).map_err(|error| bad(&cert, error))?
    } else {
        builder.with_no_client_auth()
    };
    Ok(Arc::new(config))
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, EngineError> {
    let read = || CertificateDer::pem_file_iter(path)?.collect::<Result<Vec<_>, _>>();
    match read() {
        Ok(found) if found.is_empty() => Err(bad(path, "it holds no certificate")),
        Ok(found) => Ok(found),
        Err(error) => Err(bad(path, error)),
    }
}

fn bad(path: &Path, why: impl std::fmt::Display) -> EngineError {
    EngineError::BadCertificate { path: path.to_owned(), why: why.to_string() }
}
