//! The credentials that are there already: in the environment, of a sign-in, or in the configuration file of Taskcluster's
//! own command line. The first and the last may be half set; what is not used is told, and why.

use std::{
    ffi::OsString,
    fmt, fs, io,
    path::{Path, PathBuf},
};

use saphyr::{LoadableYamlNode as _, Yaml};
use secrecy::{SecretString, zeroize::Zeroizing};

use super::{
    credentials::{Credentials, Source},
    error::TaskclusterError,
    transport::{Deployment, PlainHttp},
};
use crate::domain::root_url::RootUrl;

/// Reads one variable of the environment.
type Environment<'a> = &'a dyn Fn(&str) -> Option<OsString>;

/// What is kept of a sign-in at a deployment: credentials, or why they are of no use; `None` without one.
pub type Kept = Option<Result<Credentials, String>>;

#[derive(Default)]
struct Found {
    credentials: Option<Credentials>,
    unfit: Vec<Unfit>,
}

/// A deployment as whoever has credentials for it here, or as nobody.
#[derive(Clone)]
pub struct Access {
    pub deployment: Deployment,
    /// What was passed over.
    pub unfit: Vec<Unfit>,
}

impl Access {
    /// `signed_in` is asked where the environment has nothing.
    ///
    /// # Errors
    /// As [`Deployment::new`], and when `signed_in` fails.
    pub fn to<E: From<TaskclusterError>>(
        root: RootUrl,
        environment: Environment<'_>,
        signed_in: impl FnOnce(&RootUrl) -> Result<Kept, E>,
        plain: PlainHttp,
    ) -> Result<Self, E> {
        let Found { credentials, unfit } = find(&root, environment, signed_in)?;
        Ok(Self { deployment: Deployment::new(root, credentials, plain)?, unfit })
    }
}

/// Credentials that are there and are not used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unfit {
    /// Where they are.
    pub place: String,
    pub why: String,
}

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.why)
    }
}

/// Parts of credentials, as they are written somewhere.
#[derive(Default)]
struct Parts {
    root: Option<String>,
    client_id: Option<String>,
    access_token: Option<SecretString>,
    certificate: Option<SecretString>,
}

/// The credentials for this deployment: those of the environment, else those of a sign-in, else those of the file.
fn find<E>(
    root: &RootUrl,
    environment: Environment<'_>,
    signed_in: impl FnOnce(&RootUrl) -> Result<Kept, E>,
) -> Result<Found, E> {
    let mut found = Found::default();
    let mut named = from_environment(environment);
    let file = file(environment);
    let mut filed = Parts::default();
    if let Some(path) = &file {
        match from_file(path) {
            Ok(parts) => filed = parts,
            Err(why) => found.unfit.push(Unfit { place: path.display().to_string(), why }),
        }
    }
    // The command line takes a root URL that only its file has for what the environment has, too.
    named.root = named.root.or_else(|| filed.root.clone());
    let path = file.unwrap_or_default().display().to_string();
    let variables = ["TASKCLUSTER_ROOT_URL", "TASKCLUSTER_CLIENT_ID", "TASKCLUSTER_ACCESS_TOKEN"];
    found.take(&Source::Environment, named.credentials(root, variables, Source::Environment));
    if found.credentials.is_none() {
        found.take(&Source::SignIn, signed_in(root)?.transpose());
    }
    if found.credentials.is_none() {
        let source = Source::CliFile(path);
        found.take(&source, filed.credentials(root, ["rootUrl", "clientId", "accessToken"], source.clone()));
    }
    Ok(found)
}

impl Found {
    fn take(&mut self, source: &Source, credentials: Result<Option<Credentials>, String>) {
        match credentials {
            Ok(credentials) => self.credentials = credentials,
            Err(why) => self.unfit.push(Unfit { place: source.to_string(), why }),
        }
    }
}

impl Parts {
    fn credentials(self, wanted: &RootUrl, names: [&str; 3], source: Source) -> Result<Option<Credentials>, String> {
        let [root_name, id_name, token_name] = names;
        let (client_id, access_token) = match (self.client_id, self.access_token) {
            (None, None) => return Ok(None),
            (Some(_), None) => return Err(format!("{id_name} is set, and {token_name} is not")),
            (None, Some(_)) => return Err(format!("{token_name} is set, and {id_name} is not")),
            (Some(id), Some(token)) => (id, token),
        };
        let Some(root) = self.root else {
            return Err(format!("{root_name} is not set: nobody says for which deployment they are"));
        };
        let root: RootUrl = root.parse().map_err(|e| format!("{root_name}: {e}"))?;
        if root != *wanted {
            return Err(format!("they are for {}", root.host()));
        }
        Credentials::new(root, client_id, access_token, self.certificate, source).map(Some)
    }
}

fn from_environment(environment: Environment<'_>) -> Parts {
    let text = |name: &str| {
        environment(name).and_then(|value| value.into_string().ok()).filter(|value| !value.trim().is_empty())
    };
    Parts {
        root: text("TASKCLUSTER_ROOT_URL"),
        client_id: text("TASKCLUSTER_CLIENT_ID"),
        access_token: text("TASKCLUSTER_ACCESS_TOKEN").map(Into::into),
        certificate: text("TASKCLUSTER_CERTIFICATE").map(Into::into),
    }
}

/// Where the command line keeps its configuration.
fn file(environment: Environment<'_>) -> Option<PathBuf> {
    let folder = |name: &str| environment(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let config = folder("XDG_CONFIG_HOME").or_else(|| folder("HOME").map(|home| home.join(".config")));
    config.map(|config| config.join("taskcluster.yml"))
}

fn from_file(path: &Path) -> Result<Parts, String> {
    let text = match fs::read(path) {
        Ok(bytes) => Zeroizing::new(bytes),
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Parts::default()),
        Err(e) => return Err(format!("it cannot be read: {e}")),
    };
    let text = std::str::from_utf8(&text).map_err(|_| "it is not text".to_owned())?;
    // The parser's own message may quote the text: only the place is told.
    let documents = Yaml::load_from_str(text).map_err(|e| {
        let at = e.marker();
        format!("it is no YAML at line {}, column {}", at.line(), at.col() + 1)
    })?;
    let Some(config) = documents.first().and_then(|document| document.as_mapping_get("config")) else {
        return Ok(Parts::default());
    };
    let value = |name: &str| {
        let value = config.as_mapping_get(name).filter(|value| !value.is_null())?;
        // Whoever wrote it by hand may have left out the quotes of an id or a token that is a number.
        value.as_str().map(ToOwned::to_owned).or_else(|| value.as_integer().map(|number| number.to_string()))
    };
    let set = |name| value(name).filter(|text| !text.is_empty());
    Ok(Parts {
        root: set("rootUrl"),
        client_id: set("clientId"),
        access_token: set("accessToken").map(Into::into),
        certificate: set("certificate").map(Into::into),
    })
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use secrecy::ExposeSecret as _;

    use super::*;

    /// What is found for `https://tc.example` with these variables and this file, in one line.
    fn told(variables: &[(&str, &str)], yaml: Option<&str>) -> String {
        told_signed_in(variables, None, yaml)
    }

    /// The same, with this of a sign-in.
    fn told_signed_in(variables: &[(&str, &str)], kept: Kept, yaml: Option<&str>) -> String {
        let home = tempfile::tempdir().unwrap();
        if let Some(yaml) = yaml {
            fs::write(home.path().join("taskcluster.yml"), yaml).unwrap();
        }
        let mut known: HashMap<String, OsString> =
            variables.iter().map(|(name, value)| ((*name).to_owned(), OsString::from(value))).collect();
        known.insert("XDG_CONFIG_HOME".into(), home.path().into());
        let signed_in = |root: &RootUrl| {
            assert_eq!(root.host(), "tc.example");
            Ok::<_, TaskclusterError>(kept)
        };
        let root = "https://tc.example".parse().unwrap();
        let found = find(&root, &|name| known.get(name).cloned(), signed_in).unwrap();
        let credentials = found.credentials.map_or("nobody".to_owned(), |made| {
            let temporary = if made.certificate.is_some() { ", temporary" } else { "" };
            format!("{} with {}{temporary}", made.client_id, made.access_token.expose_secret())
        });
        let unfit: Vec<String> = found.unfit.iter().map(ToString::to_string).collect();
        format!("{credentials}; {}", unfit.join("; ")).replace(&home.path().display().to_string(), "~")
    }

    const ROOT: (&str, &str) = ("TASKCLUSTER_ROOT_URL", "https://tc.example/");
    const ID: (&str, &str) = ("TASKCLUSTER_CLIENT_ID", "me");
    const TOKEN: (&str, &str) = ("TASKCLUSTER_ACCESS_TOKEN", "tok");
    const FILE: &str = "config:\n  rootUrl: https://tc.example\n  clientId: \"filed\"\n  accessToken: 12345\n";

    #[test]
    fn the_environment_comes_before_the_file() {
        assert_eq!(told(&[], None), "nobody; ");
        assert_eq!(told(&[ROOT, ID, TOKEN], Some(FILE)), "me with tok; ");
        assert_eq!(told(&[], Some(FILE)), "filed with 12345; ");
        let certificate = ("TASKCLUSTER_CERTIFICATE", r#"{"start":1,"expiry":2,"scopes":[]}"#);
        assert_eq!(told(&[ROOT, ID, TOKEN, certificate], None), "me with tok, temporary; ");
        let yaml = format!("{FILE}  certificate: '{}'\n", certificate.1);
        assert_eq!(told(&[], Some(&yaml)), "filed with 12345, temporary; ");
    }

    #[test]
    fn a_sign_in_comes_between_the_environment_and_the_file() {
        let signed_in = || {
            let root = "https://tc.example".parse().unwrap();
            Some(Credentials::new(root, "ada".into(), "kept".into(), None, Source::SignIn))
        };
        assert_eq!(told_signed_in(&[], signed_in(), None), "ada with kept; ");
        assert_eq!(told_signed_in(&[], signed_in(), Some(FILE)), "ada with kept; ");
        assert_eq!(told_signed_in(&[ROOT, ID, TOKEN], signed_in(), Some(FILE)), "me with tok; ");
        let over = || Some(Err("it lasted until yesterday".to_owned()));
        assert_eq!(
            told_signed_in(&[], over(), Some(FILE)),
            "filed with 12345; windlass signin: it lasted until yesterday"
        );
        assert_eq!(told_signed_in(&[], over(), None), "nobody; windlass signin: it lasted until yesterday");
    }

    #[test]
    fn what_keeps_a_sign_in_from_being_read_is_told() {
        let locked = |_: &RootUrl| Err(TaskclusterError::Setup { why: "the vault is locked".into() });
        let none = |_: &str| None;
        let refused =
            Access::to("https://tc.example".parse().unwrap(), &none, locked, std::sync::Arc::new(|_: &str| false));
        assert!(refused.is_err_and(|error| error.to_string().contains("the vault is locked")));
    }

    #[test]
    fn a_half_set_environment_is_told_and_passed_over() {
        assert_eq!(
            told(&[ROOT, ID], Some(FILE)),
            "filed with 12345; the environment: TASKCLUSTER_CLIENT_ID is set, and TASKCLUSTER_ACCESS_TOKEN is not"
        );
        assert_eq!(told(&[ROOT], Some(FILE)), "filed with 12345; ");
        assert_eq!(
            told(&[ID, TOKEN], None),
            "nobody; the environment: TASKCLUSTER_ROOT_URL is not set: nobody says for which deployment they are"
        );
        assert_eq!(told(&[ID, TOKEN], Some(FILE)), "me with tok; ", "the file says where");
        assert_eq!(told(&[("TASKCLUSTER_CLIENT_ID", "")], None), "nobody; ");
    }

    #[test]
    fn credentials_of_another_deployment_are_not_used() {
        let other = ("TASKCLUSTER_ROOT_URL", "https://other.example");
        assert_eq!(told(&[other, ID, TOKEN], None), "nobody; the environment: they are for other.example");
        let yaml = FILE.replace("tc.example", "tc.example.evil");
        assert_eq!(told(&[], Some(&yaml)), "nobody; ~/taskcluster.yml: they are for tc.example.evil");
    }

    #[test]
    fn a_file_that_is_none_is_not_quoted() {
        let broken = "config:\n  accessToken: \"SECRETSECRET\n";
        let told = told(&[], Some(broken));
        assert!(
            told.starts_with("nobody; ~/taskcluster.yml: it is no YAML at line ") && !told.contains("SECRET"),
            "{told}"
        );
    }
}
