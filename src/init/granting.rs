//! The grants of a definition at the auth service: what the roles have, and what they are given where they lack it.

use std::fmt;

use jiff::Timestamp;

use super::definition::Grant;
use crate::{
    domain::{
        audit::{Act, AuditRow, Ended},
        failure::Failure,
        permission::MayWrite,
    },
    journal::Journal,
    taskcluster::{Deployment, Role},
};

/// What a role lacks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lack {
    pub role: String,
    /// At least one.
    pub scopes: Vec<String>,
    /// As it is; `None` where there is no such role.
    there: Option<Role>,
}

impl fmt::Display for Lack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verb = if self.there.is_some() { "give the role" } else { "make the role" };
        let with = if self.there.is_some() { "" } else { " with" };
        write!(f, "{verb} {}{with}", self.role)?;
        self.scopes.iter().try_for_each(|scope| write!(f, "\n    {scope}"))
    }
}

/// What is missing of these grants. A role that another one with a `*` stands for has what that one has.
///
/// # Errors
/// When the auth service does not say.
pub async fn lacking(deployment: &Deployment, grants: &[Grant]) -> Result<Vec<Lack>, Failure> {
    let mut lacking = Vec::new();
    for Grant { role, scopes } in grants {
        let has = deployment.expand(&[format!("assume:{role}")]).await?;
        let missing: Vec<String> =
            has.missing(scopes.iter().map(String::as_str)).into_iter().map(ToOwned::to_owned).collect();
        if !missing.is_empty() {
            lacking.push(Lack { role: role.clone(), scopes: missing, there: deployment.role(role).await? });
        }
    }
    Ok(lacking)
}

/// Gives a role what it lacks. What it has is kept: it is read just before.
///
/// # Errors
/// When the role was changed meanwhile, when the credentials may not, or the service does not answer.
pub async fn grant(
    deployment: &Deployment,
    lack: &Lack,
    journal: &Journal,
    who: &str,
    permit: MayWrite,
) -> Result<(), Failure> {
    let row = AuditRow::begun(Timestamp::now(), who, Act::Grant, &lack.role);
    let work = async {
        let now = deployment.role(&lack.role).await?;
        if now != lack.there {
            return Err(Failure::failed(
                format!("the role {} is not changed", lack.role),
                "somebody else changed it meanwhile",
                "see what it lacks now: windlass init --taskcluster --apply",
            ));
        }
        match now {
            None => {
                let description = "Releases of images: what their tasks need, granted by windlass.".to_owned();
                let role = Role { id: lack.role.clone(), scopes: lack.scopes.clone(), description };
                deployment.create_role(&role, permit).await?;
            }
            Some(mut role) => {
                role.scopes.extend(lack.scopes.iter().cloned());
                deployment.update_role(&role, &lack.scopes, permit).await?;
            }
        }
        Ok(((), Ended::with(None, None)))
    };
    journal.audited(row, work).await
}
