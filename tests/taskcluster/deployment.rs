//! A deployment's client, for a double.

use std::sync::Arc;

use windlass::taskcluster::{Credentials, Deployment, Source};

use crate::support::taskcluster::{Double, credentials};

/// As nobody.
pub fn nobody(double: &Double) -> Deployment {
    at(&double.root, None)
}

/// As whoever has these.
pub fn somebody(double: &Double, credentials: &credentials::Credentials) -> Deployment {
    let credentials::Credentials { client_id, access_token, certificate } = credentials;
    let root = double.root.parse().unwrap();
    let certificate = certificate.as_deref().map(Into::into);
    let (id, token) = (client_id.clone(), access_token.as_str().into());
    at(&double.root, Some(Credentials::new(root, id, token, certificate, Source::Environment).unwrap()))
}

/// As a task, whose proxy is at this address.
pub fn by_proxy(root: &str, proxy: &str) -> Deployment {
    let _ = rustls::crypto::ring::default_provider().install_default();
    Deployment::by_proxy(root.parse().unwrap(), proxy.parse().unwrap(), Arc::new(|_: &str| false)).unwrap()
}

/// At any root URL on this machine.
pub fn at(root: &str, credentials: Option<Credentials>) -> Deployment {
    let _ = rustls::crypto::ring::default_provider().install_default();
    Deployment::new(root.parse().unwrap(), credentials, Arc::new(|_: &str| false)).unwrap()
}
