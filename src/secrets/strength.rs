//! What is refused as a secret, and what is forgiven in a pasted one.

use secrecy::{ExposeSecret as _, SecretString};

use crate::{
    domain::{
        document::SecretValue,
        failure::Failure,
        recipe::{NoLogin, Recipe},
    },
    log::{redact::SHORTEST_SECRET, sanitise::plain},
};

/// A document that is not stored as a secret. Names places, never values.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WeakSecret {
    #[error("the password at {at} has {length} characters")]
    TooShort { at: String, length: usize },
    #[error("the password at {at} has a line break in it")]
    LineBreak { at: String },
    #[error("the password at {at} has a control character in it")]
    ControlCharacter { at: String },
    #[error(transparent)]
    NoLogin(#[from] NoLogin),
}

/// Refuses passwords that could not be redacted in logs, or that cannot be what was meant.
///
/// # Errors
/// For the first password that is refused, or when there is none.
pub fn check_strength(recipe: &Recipe, document: &SecretValue) -> Result<(), WeakSecret> {
    for (at, password) in recipe.passwords(document)? {
        let password = password.expose_secret();
        let length = password.chars().count();
        if password.contains(['\n', '\r']) {
            return Err(WeakSecret::LineBreak { at });
        }
        if password.contains(char::is_control) {
            return Err(WeakSecret::ControlCharacter { at });
        }
        if length < SHORTEST_SECRET {
            return Err(WeakSecret::TooShort { at, length });
        }
    }
    Ok(())
}

/// Without the line break that a pasted or piped secret often ends with, a common cause of 401. True when there
/// was one: the caller says so.
#[must_use]
pub fn trim_newline(secret: SecretString) -> (SecretString, bool) {
    let trimmed = secret.expose_secret().trim_end_matches(['\n', '\r']);
    if trimmed.len() == secret.expose_secret().len() {
        return (secret, false);
    }
    (SecretString::from(trimmed), true)
}

impl From<WeakSecret> for Failure {
    fn from(error: WeakSecret) -> Self {
        let what = "the secret is not stored";
        // It may name the keys of a document that others wrote.
        let why = plain(&error.to_string());
        match error {
            WeakSecret::TooShort { .. } => Self::usage(
                what,
                format!("{why}; fewer than {SHORTEST_SECRET} cannot be told from other text, and logs would show it"),
                "use an access token of the registry, or a longer password",
            ),
            WeakSecret::LineBreak { .. } => {
                Self::usage(what, why, "give the password alone, on one line; a line break at its end is taken off")
            }
            WeakSecret::ControlCharacter { .. } => {
                Self::usage(what, why, "paste or type the password again; a key such as Escape may have got into it")
            }
            WeakSecret::NoLogin(_) => {
                Self::usage(what, why, "give a document that fits the recipe under [secret] in windlass.toml")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{failure::FailureKind, recipe::Login};

    fn check(password: &str) -> Result<(), WeakSecret> {
        let repository = "mozilla/balrog".parse().unwrap();
        let login = Login { username: "bot".into(), password: password.into() };
        let answers = [
            Recipe::Pair { username: "/u".into(), password: "/p".into() },
            Recipe::DockerConfig { docker_config: "/dockercfg".into() },
        ]
        .map(|recipe| {
            let mut document: SecretValue = serde_json::from_str("{}").unwrap();
            recipe.store(&mut document, &login, &repository).unwrap();
            check_strength(&recipe, &document)
        });
        let same = std::mem::discriminant;
        assert_eq!(answers[0].as_ref().err().map(same), answers[1].as_ref().err().map(same), "both recipes agree");
        let [answer, _] = answers;
        answer
    }

    #[test]
    fn passwords_that_would_show_in_logs_are_refused() {
        assert_eq!(check("12345678"), Ok(()));
        assert_eq!(check("pass word"), Ok(()));
        assert_eq!(check("ßßßßßßßß"), Ok(()));
        let at = || "/p".to_owned();
        assert_eq!(check("1234567"), Err(WeakSecret::TooShort { at: at(), length: 7 }));
        assert_eq!(check("ßßßßßßß"), Err(WeakSecret::TooShort { at: at(), length: 7 }));
        assert_eq!(check("12345\n67890"), Err(WeakSecret::LineBreak { at: at() }));
        assert_eq!(check("\x1b[A12345678"), Err(WeakSecret::ControlCharacter { at: at() }));
    }

    #[test]
    fn a_document_without_a_login_is_refused() {
        let document = serde_json::from_str(r#"{"user":"bot"}"#).unwrap();
        let recipe = Recipe::Pair { username: "/user".into(), password: "/p".into() };
        let error = check_strength(&recipe, &document).unwrap_err();
        assert!(matches!(error, WeakSecret::NoLogin(NoLogin::NoSuchKey { .. })));
        assert_eq!(Failure::from(error).kind, FailureKind::Usage);
    }

    #[test]
    fn refusals_do_not_show_the_password() {
        for password in ["hunter2", "hunter2\nhunter2", "hunter2\0hunter2"] {
            let failure = Failure::from(check(password).unwrap_err());
            assert!(!format!("{failure:?}").contains("hunter2"), "{failure:?}");
        }
    }

    #[test]
    fn line_breaks_at_the_end_are_taken_off() {
        for (pasted, expected, trimmed) in [
            ("secret\n", "secret", true),
            ("secret\r\n", "secret", true),
            ("secret\n\n", "secret", true),
            ("secret ", "secret ", false),
            ("\nsecret", "\nsecret", false),
        ] {
            let (secret, was) = trim_newline(pasted.into());
            assert_eq!((secret.expose_secret(), was), (expected, trimmed), "{pasted:?}");
        }
    }
}
