//! How the passphrase of a protected identity is come by: asked for once in a command, or handed over by the process
//! that asked. Not for passwords of registries.

use std::{
    fmt, io,
    sync::{Arc, Mutex, PoisonError},
};

use secrecy::SecretString;
use zeroize::Zeroizing;

use super::{
    error::VaultError,
    identity_file::{IdentityFile, Key, NotUnlocked},
};
use crate::domain::failure::Failure;

/// How often a mistyped passphrase may be typed again.
const TRIES: usize = 3;

/// Puts a question to somebody and gives the answer, which is not shown while it is typed.
pub type Ask = dyn Fn(&str) -> Result<SecretString, Unanswered> + Send + Sync;

/// Why a question has no answer.
#[derive(Debug, thiserror::Error)]
pub enum Unanswered {
    #[error("there is no terminal to ask at")]
    NoTerminal,
    #[error("the question was cancelled")]
    Cancelled,
    #[error("the terminal cannot be used: {0}")]
    Terminal(#[from] io::Error),
}

impl From<Unanswered> for Failure {
    fn from(error: Unanswered) -> Self {
        let why = error.to_string();
        match error {
            Unanswered::NoTerminal => Self::usage(
                "a question could not be asked",
                why,
                "run it in a terminal, or answer by the command's options",
            ),
            Unanswered::Cancelled => Self::cancelled("nothing was changed", "run it again"),
            Unanswered::Terminal(_) => Self::failed(
                "a question could not be asked",
                why,
                "run it in another terminal, or answer by the command's options",
            ),
        }
    }
}

/// The way to a passphrase. Clones share what was found out, so that a command asks once, and pays once for the
/// slow function that the passphrase goes through.
#[derive(Clone)]
pub struct Passphrase {
    source: Source,
    unlocked: Arc<Mutex<Option<Unlocked>>>,
}

#[derive(Clone)]
enum Source {
    Asked(Arc<Ask>),
    Given(SecretString),
}

/// What this passphrase made of these bytes.
struct Unlocked {
    locked: Zeroizing<Vec<u8>>,
    passphrase: SecretString,
    key: Key,
}

impl Passphrase {
    /// Asked for where it is needed, and only there.
    pub fn asked(ask: impl Fn(&str) -> Result<SecretString, Unanswered> + Send + Sync + 'static) -> Self {
        Self::from_source(Source::Asked(Arc::new(ask)))
    }

    /// Known already: from the process that started this one, or typed in a dialog.
    pub fn given(passphrase: SecretString) -> Self {
        Self::from_source(Source::Given(passphrase))
    }

    /// Somebody would be asked for it now.
    pub(super) fn asks(&self) -> bool {
        matches!(self.source, Source::Asked(_)) && self.used().is_none()
    }

    /// Known now; what it opens is known to clones of this one, too.
    pub(super) fn knowing(&self, passphrase: SecretString) -> Self {
        Self { source: Source::Given(passphrase), unlocked: Arc::clone(&self.unlocked) }
    }

    fn from_source(source: Source) -> Self {
        Self { source, unlocked: Arc::default() }
    }

    /// The passphrase that opened the identity, for another process that is to open it too. `None` when none was
    /// needed so far.
    pub fn used(&self) -> Option<SecretString> {
        let unlocked = self.unlocked.lock().unwrap_or_else(PoisonError::into_inner);
        unlocked.as_ref().map(|unlocked| unlocked.passphrase.clone())
    }

    pub(super) fn unlock(&self, file: &IdentityFile) -> Result<Key, VaultError> {
        // Held while somebody is asked: whoever else needs the passphrase waits for the same answer.
        let mut unlocked = self.unlocked.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = unlocked.as_ref().filter(|known| known.locked == *file.bytes()) {
            return Ok(known.key.clone());
        }
        let tries = match &self.source {
            Source::Asked(_) => TRIES,
            Source::Given(_) => 1,
        };
        for attempt in 1..=tries {
            let passphrase = self.answer(file, attempt)?;
            match file.unlock(&passphrase) {
                Ok(key) => {
                    *unlocked = Some(Unlocked { locked: file.bytes().clone(), passphrase, key: key.clone() });
                    return Ok(key);
                }
                Err(NotUnlocked::Wrong) => {}
                Err(NotUnlocked::Bad(why)) => {
                    return Err(VaultError::BadIdentity { identity: file.path().to_owned(), why });
                }
            }
        }
        Err(VaultError::WrongPassphrase { identity: file.path().to_owned(), tries })
    }

    fn answer(&self, file: &IdentityFile, attempt: usize) -> Result<SecretString, VaultError> {
        let ask = match &self.source {
            Source::Given(passphrase) => return Ok(passphrase.clone()),
            Source::Asked(ask) => ask,
        };
        let again = if attempt > 1 { "That is not it. " } else { "" };
        ask(&format!("{again}Passphrase of {}: ", file.path().display()))
            .map_err(|why| VaultError::NoPassphrase { identity: file.path().to_owned(), why })
    }
}

impl fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.source {
            Source::Asked(_) => "Passphrase::asked(…)",
            Source::Given(_) => "Passphrase::given(…)",
        })
    }
}
