//! Logins that the docker CLI has: `config.json` and credential helpers. For images a build starts from, and for
//! whoever takes such a login over into the vault.

use std::{
    collections::{BTreeSet, HashMap},
    ffi::OsStr,
    fmt, fs, io,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use secrecy::{ExposeSecret as _, zeroize::Zeroizing};
use serde::Deserialize;
use tokio::{io::AsyncWriteExt as _, process::Command};

use super::{
    EngineError,
    context::{Environment, config_folder},
};
use crate::domain::{
    document::SecretValue,
    recipe::{Login, Recipe},
    reference::{DOCKER_HUB, Repository},
};

/// The name under which docker keeps a login for Docker Hub.
pub(super) const DOCKER_HUB_KEY: &str = "https://index.docker.io/v1/";

/// The user name under which helpers, and we, give an identity token in place of a password.
pub(super) const IDENTITY_TOKEN: &str = "<token>";

/// A helper may ask its user for a passphrase; nobody answers for ever.
const HELPER_LIMIT: Duration = Duration::from_mins(1);

/// A login that the docker CLI has.
#[derive(Debug)]
pub struct DockerLogin {
    pub login: Login,
    pub keeper: Keeper,
}

/// Where the docker CLI keeps a login.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Keeper {
    File(PathBuf),
    Helper(String),
}

impl DockerLogin {
    /// What is kept is no password but the token of a session, which is traded for access in OAuth2's way.
    #[must_use]
    pub fn is_identity_token(&self) -> bool {
        self.login.username == IDENTITY_TOKEN
    }
}

impl fmt::Display for Keeper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Helper(helper) => write!(f, "docker-credential-{helper}"),
        }
    }
}

#[derive(Deserialize, Default)]
struct Helpers {
    #[serde(rename = "credHelpers", default)]
    each: HashMap<String, String>,
    #[serde(rename = "credsStore", default)]
    store: Option<String>,
}

/// The docker CLI's logins for these registries, as references name them (`docker.io`, `ghcr.io`, `host:5000`).
/// A registry without a login is left out. A helper for the registry beats the common helper, which beats the file.
///
/// # Errors
/// When `config.json` is broken or a helper fails otherwise than by not knowing the registry.
pub fn docker_logins(
    env: Environment<'_>,
    hosts: BTreeSet<String>,
) -> impl Future<Output = Result<HashMap<String, DockerLogin>, EngineError>> + Send + use<> {
    // Read before the future is made: the environment need not outlive this call, nor be shared between threads.
    let folder = config_folder(env);
    let search = env("PATH").unwrap_or_default();
    async move {
        match folder {
            Some(folder) => from_file(&folder.join("config.json"), hosts, &search).await,
            None => Ok(HashMap::new()),
        }
    }
}

/// The registries that the docker CLI has logins for, as references name them.
///
/// # Errors
/// When `config.json` is broken.
pub fn docker_registries(env: Environment<'_>) -> Result<BTreeSet<String>, EngineError> {
    let Some(path) = config_folder(env).map(|folder| folder.join("config.json")) else { return Ok(BTreeSet::new()) };
    let Some(text) = read(&path)? else { return Ok(BTreeSet::new()) };
    let document: SecretValue = serde_json::from_slice(&text).map_err(|error| broken(&path, &error))?;
    let keys = ["/auths", "/credHelpers"].into_iter().flat_map(|pointer| match document.at(pointer) {
        Some(SecretValue::Object(entries)) => entries.keys().map(String::as_str).collect(),
        _ => Vec::new(),
    });
    let hosts = keys.map(|key| match key {
        DOCKER_HUB_KEY => DOCKER_HUB,
        other => other.trim_start_matches("https://").split('/').next().unwrap_or(other),
    });
    // `docker login` leaves further keys of Docker Hub behind, for its own tokens.
    Ok(hosts.filter(|host| !host.is_empty() && *host != "index.docker.io").map(ToOwned::to_owned).collect())
}

fn read(path: &Path) -> Result<Option<Zeroizing<Vec<u8>>>, EngineError> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(Zeroizing::new(bytes))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(EngineError::BadConfig { path: path.to_owned(), why: error.to_string() }),
    }
}

/// serde's errors may quote what they stumble over, so only the place is told.
fn broken(path: &Path, error: &serde_json::Error) -> EngineError {
    let why = format!("line {}, column {}", error.line(), error.column());
    EngineError::BadConfig { path: path.to_owned(), why }
}

async fn from_file(
    path: &Path,
    hosts: BTreeSet<String>,
    search: &OsStr,
) -> Result<HashMap<String, DockerLogin>, EngineError> {
    let Some(text) = read(path)? else { return Ok(HashMap::new()) };
    let helpers: Helpers = serde_json::from_slice(&text).map_err(|error| broken(path, &error))?;
    let mut document: SecretValue = serde_json::from_slice(&text).map_err(|error| broken(path, &error))?;
    prefer_tokens(&mut document);
    let mut logins = HashMap::new();
    for host in hosts {
        let key = if host == DOCKER_HUB { DOCKER_HUB_KEY } else { &host };
        let helper = helpers.each.get(key).or_else(|| helpers.each.get(&host)).or(helpers.store.as_ref());
        let (found, keeper) = match helper {
            Some(name) => (ask(name, key, search).await?, Keeper::Helper(name.clone())),
            None => (from_auths(&document, &host), Keeper::File(path.to_owned())),
        };
        if let Some(login) = found {
            logins.insert(host, DockerLogin { login, keeper });
        }
    }
    Ok(logins)
}

/// Where docker was given an identity token it keeps it beside the login, and uses it alone.
fn prefer_tokens(document: &mut SecretValue) {
    let SecretValue::Object(config) = document else { return };
    let Some(SecretValue::Object(auths)) = config.get_mut("auths") else { return };
    for entry in auths.values_mut() {
        let Some(SecretValue::String(token)) = entry.at("/identitytoken") else { continue };
        if token.expose_secret().is_empty() {
            continue;
        }
        let username = SecretValue::String(IDENTITY_TOKEN.into());
        let password = SecretValue::String(token.clone());
        *entry = SecretValue::Object([("username".to_owned(), username), ("password".to_owned(), password)].into());
    }
}

fn from_auths(document: &SecretValue, host: &str) -> Option<Login> {
    let any: Repository = format!("{host}/any").parse().ok()?;
    Recipe::DockerConfig { docker_config: String::new() }.login(document, &any).ok()
}

/// Speaks the protocol of docker-credential-helpers: the registry on stdin, JSON or a sentence on stdout.
async fn ask(name: &str, key: &str, search: &OsStr) -> Result<Option<Login>, EngineError> {
    let helper = format!("docker-credential-{name}");
    let failed = |why: String| EngineError::Helper { helper: helper.clone(), why };
    if name.is_empty() || !name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.')) {
        return Err(failed("its name is not one".into()));
    }
    let program = std::env::split_paths(search)
        .map(|folder| folder.join(&helper))
        .find(|path| path.is_file())
        .ok_or_else(|| failed("config.json names it, and it is not on the PATH".into()))?;
    let mut child = Command::new(&program)
        .arg("get")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| failed(format!("it cannot be started: {error}")))?;
    if let Some(mut stdin) = child.stdin.take() {
        // A helper that does not read its input still answers.
        let _ = stdin.write_all(key.as_bytes()).await;
    }
    let output = tokio::time::timeout(HELPER_LIMIT, child.wait_with_output())
        .await
        .map_err(|_| failed(format!("no answer within {HELPER_LIMIT:?}")))?
        .map_err(|error| failed(error.to_string()))?;
    let stdout = Zeroizing::new(output.stdout);
    if output.status.success() {
        let answer: Option<SecretValue> = serde_json::from_slice(&stdout).ok();
        let text = |pointer| match answer.as_ref()?.at(pointer) {
            Some(SecretValue::String(text)) => Some(text),
            _ => None,
        };
        return match (text("/Username"), text("/Secret")) {
            (Some(user), Some(secret)) => {
                Ok(Some(Login { username: user.expose_secret().to_owned(), password: secret.clone() }))
            }
            _ => Err(failed("its answer is not the JSON of a login".into())),
        };
    }
    let said = String::from_utf8_lossy(&stdout);
    if said.contains("credentials not found") {
        return Ok(None);
    }
    Err(failed(crate::log::sanitise::plain(&said).trim().chars().take(200).collect()))
}
