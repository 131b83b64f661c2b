//! The vault: it opens with its key, and nobody else can read either.

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};

use super::examination::Examination;
use crate::{
    domain::{
        failure::Failure,
        finding::{CheckId, Finding, Owner},
    },
    secrets::VaultError,
};

pub(super) fn check(examination: &Examination) -> Finding {
    let paths = &examination.machine.paths;
    let opened = match examination.vault() {
        None => return Finding::needs(CheckId::Vault),
        Some(Err(unopened)) => return unopened.clone(),
        Some(Ok(vault)) if vault.exists() => {
            let count = vault.names().len();
            let secrets = if count == 1 { "1 secret".to_owned() } else { format!("{count} secrets") };
            format!("{} holds {secrets} and opens with {}", paths.vault().display(), paths.identity().display())
        }
        Some(Ok(_)) => format!("there is no vault at {} yet: the first secret makes it", paths.vault().display()),
    };
    let places = [(&paths.state, 0o700), (&paths.data, 0o700), (&paths.config, 0o700), (&paths.vault(), 0o600)];
    let mut open: Vec<Finding> = Vec::new();
    for finding in places.into_iter().filter_map(|(path, mode)| open_to_others(path, mode)) {
        if !open.contains(&finding) {
            open.push(finding);
        }
    }
    open.insert(0, Finding::pass(opened));
    Finding::together(open)
}

/// A vault that does not open. Without its passphrase nothing is known to be wrong with it.
pub(super) fn unopened(error: VaultError) -> Finding {
    let unasked = matches!(error, VaultError::NoPassphrase { .. });
    let failure = Failure::from(error);
    if unasked {
        return Finding::blocked(format!("{}: {}", failure.what, failure.why), Owner::You, failure.next);
    }
    Finding::failed(&failure, Owner::You)
}

/// What is not there is open to nobody.
pub(super) fn open_to_others(path: &Path, mode: u32) -> Option<Finding> {
    let found = fs::metadata(path).ok()?.permissions().mode() & 0o777;
    (found & 0o077 != 0).then(|| {
        let evidence = format!("others can open {} (mode {found:03o})", path.display());
        Finding::warn(evidence, Owner::You, format!("chmod {mode:o} {}", path.display()))
    })
}
