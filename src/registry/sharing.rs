//! Work of one run that many ask for and that is done once: what a digest names never changes.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::OnceCell;

use super::error::RegistryError;
use crate::domain::digest::Digest;

type Outcome<T> = Result<Arc<T>, RegistryError>;

/// Outcomes by digest; failures are shared too.
pub(super) struct Shared<T> {
    cells: Mutex<HashMap<Digest, Arc<OnceCell<Outcome<T>>>>>,
}

impl<T> Shared<T> {
    pub(super) fn new() -> Self {
        Self { cells: Mutex::new(HashMap::new()) }
    }

    /// The outcome for this digest: of `work` for whoever comes first, and for all others the same.
    pub(super) async fn get(
        &self,
        digest: &Digest,
        work: impl Future<Output = Result<T, RegistryError>>,
    ) -> Outcome<T> {
        let cell = {
            let mut cells = self.cells.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(cells.entry(digest.clone()).or_default())
        };
        cell.get_or_init(|| async { work.await.map(Arc::new) }).await.clone()
    }
}
