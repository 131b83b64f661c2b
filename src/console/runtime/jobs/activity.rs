//! Reads the audit trail.

use super::Shared;
use crate::{
    console::model::activity::TRAIL,
    domain::{audit::AuditRow, failure::Failure},
};

impl Shared {
    pub(super) async fn trail(&self) -> Result<Vec<AuditRow>, Failure> {
        Ok(self.journal().await?.audit_rows(TRAIL).await?)
    }
}
