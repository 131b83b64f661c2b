//! What was asked, for tests to look at.

use super::{Double, hawk::Signature};
use crate::support::http::Request;

#[derive(Debug, Clone)]
pub struct Asked {
    pub method: String,
    /// With its query.
    pub path: String,
    /// Who claimed to ask, whether it was true or not.
    pub client_id: Option<String>,
    /// Only if the caller narrowed its credentials.
    pub authorized_scopes: Option<Vec<String>>,
    pub body: Vec<u8>,
    /// `None` where no answer was sent.
    pub status: Option<u16>,
}

impl Asked {
    pub fn new(request: &Request, status: Option<u16>) -> Self {
        use base64::Engine as _;
        let signature = request.header("authorization").and_then(|header| Signature::parse(header).ok());
        let ext = signature.as_ref().and_then(|signature| signature.ext.as_ref());
        let ext = ext.and_then(|ext| base64::prelude::BASE64_STANDARD.decode(ext).ok());
        let ext: Option<serde_json::Value> = ext.and_then(|bytes| serde_json::from_slice(&bytes).ok());
        let authorized = ext.and_then(|ext| serde_json::from_value(ext.get("authorizedScopes")?.clone()).ok());
        Self {
            method: request.method.clone(),
            path: request.path.clone(),
            client_id: signature.map(|signature| signature.id),
            authorized_scopes: authorized,
            body: request.body.clone(),
            status,
        }
    }
}

impl Double {
    /// All requests to the services so far, in the order in which they were answered.
    pub fn requests(&self) -> Vec<Asked> {
        self.world().asked.clone()
    }
}
