//! Which engine the docker CLI would talk to: DOCKER_HOST, docker contexts, the usual sockets.
//!
//! Source: docker CLI, `cli/command/cli.go` (order of names) and the layout of `~/.docker/contexts`.

use std::{
    ffi::OsString,
    fmt, fs, io,
    path::{Path, PathBuf},
};

use serde::Deserialize;
use sha2::{Digest as _, Sha256};

pub use super::logins::{DockerLogin, Keeper, docker_logins, docker_registries};
use super::{Endpoint, EngineError, tls};

/// The environment, passed in so that nothing here depends on the process.
pub type Environment<'a> = &'a dyn Fn(&str) -> Option<OsString>;

const DEFAULT_SOCKET: &str = "/var/run/docker.sock";
const PODMAN_SOCKET: &str = "/run/podman/podman.sock";

/// What decides which engine is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Named {
    /// DOCKER_HOST says so.
    Host(String),
    /// The docker context of DOCKER_CONTEXT or `config.json`.
    Context(String),
    /// Nothing does: it is where engines usually listen.
    Usual,
}

impl fmt::Display for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Host(_) => f.write_str("DOCKER_HOST"),
            Self::Context(name) => write!(f, "the docker context {name}"),
            Self::Usual => f.write_str("the usual socket"),
        }
    }
}

/// DOCKER_HOST, else the context of DOCKER_CONTEXT or `config.json`, else nothing: as the docker CLI decides.
///
/// # Errors
/// When docker's settings cannot be read.
pub fn named(env: Environment<'_>) -> Result<Named, EngineError> {
    let text = |name: &str| env(name).filter(|value| !value.is_empty()).map(|v| v.to_string_lossy().into_owned());
    if let Some(host) = text("DOCKER_HOST") {
        return Ok(Named::Host(host));
    }
    let chosen = match text("DOCKER_CONTEXT") {
        Some(name) => Some(name),
        None => config_folder(env).as_deref().map(current_context).transpose()?.flatten(),
    };
    Ok(chosen.filter(|name| name != "default").map_or(Named::Usual, Named::Context))
}

/// The endpoint that the docker CLI would use: what is [`named`], else docker's socket; podman's, where docker's is
/// missing.
///
/// # Errors
/// When what was named is not usable. Whether anything listens there is found out by connecting.
pub fn resolve(env: Environment<'_>) -> Result<Endpoint, EngineError> {
    let text = |name: &str| env(name).filter(|value| !value.is_empty());
    let folder = config_folder(env);
    match named(env)? {
        Named::Host(host) => with_tls(Endpoint::parse(&host)?, text("DOCKER_TLS_VERIFY").is_some(), || {
            text("DOCKER_CERT_PATH").map(PathBuf::from).or(folder).unwrap_or_default()
        }),
        Named::Context(name) => match folder {
            Some(folder) => from_context(&folder, &name),
            None => Err(EngineError::BadContext { name, why: "HOME is not set, so there are no contexts".into() }),
        },
        Named::Usual => Ok(usual_socket(text("XDG_RUNTIME_DIR").map(PathBuf::from), Path::new("/"))),
    }
}

/// Where the docker CLI keeps its settings: DOCKER_CONFIG, else `~/.docker`.
pub(super) fn config_folder(env: Environment<'_>) -> Option<PathBuf> {
    let named = env("DOCKER_CONFIG").filter(|value| !value.is_empty()).map(PathBuf::from);
    named.or_else(|| Some(PathBuf::from(env("HOME").filter(|home| !home.is_empty())?).join(".docker")))
}

fn usual_socket(runtime: Option<PathBuf>, root: &Path) -> Endpoint {
    let under = |path: &str| root.join(path.trim_start_matches('/'));
    let docker = under(DEFAULT_SOCKET);
    let podman = runtime.map(|folder| folder.join("podman/podman.sock")).into_iter().chain([under(PODMAN_SOCKET)]);
    let found = if docker.exists() { None } else { podman.into_iter().find(|path| path.exists()) };
    Endpoint::Unix(found.unwrap_or(docker))
}

#[derive(Deserialize)]
struct CurrentContext {
    #[serde(rename = "currentContext")]
    name: Option<String>,
}

fn current_context(folder: &Path) -> Result<Option<String>, EngineError> {
    let path = folder.join("config.json");
    let bad = |why: String| EngineError::BadConfig { path: path.clone(), why };
    match fs::read(&path) {
        Ok(bytes) => {
            let config: CurrentContext = serde_json::from_slice(&bytes).map_err(|error| bad(error.to_string()))?;
            Ok(config.name.filter(|name| !name.is_empty()))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(bad(error.to_string())),
    }
}

#[derive(Deserialize)]
struct Meta {
    #[serde(rename = "Endpoints")]
    endpoints: Endpoints,
}

#[derive(Deserialize)]
struct Endpoints {
    docker: Option<MetaEndpoint>,
}

#[derive(Deserialize)]
struct MetaEndpoint {
    #[serde(rename = "Host", default)]
    host: String,
    #[serde(rename = "SkipTLSVerify", default)]
    skip_tls_verify: bool,
}

fn from_context(folder: &Path, name: &str) -> Result<Endpoint, EngineError> {
    let bad = |why: String| EngineError::BadContext { name: name.to_owned(), why };
    let id = crate::domain::digest::Digest::finish(Sha256::new_with_prefix(name)).hex().to_owned();
    let path = folder.join("contexts/meta").join(&id).join("meta.json");
    let bytes = fs::read(&path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => bad("there is no such context".into()),
        _ => bad(format!("{}: {error}", path.display())),
    })?;
    let meta: Meta = serde_json::from_slice(&bytes).map_err(|error| bad(format!("{}: {error}", path.display())))?;
    let endpoint = meta.endpoints.docker.ok_or_else(|| bad("it has no docker endpoint".into()))?;
    if endpoint.skip_tls_verify {
        return Err(bad("it asks not to verify TLS, and registry logins are sent over that connection".into()));
    }
    let keys = folder.join("contexts/tls").join(&id).join("docker");
    let parsed = if endpoint.host.is_empty() {
        Endpoint::Unix(PathBuf::from(DEFAULT_SOCKET))
    } else {
        Endpoint::parse(&endpoint.host)?
    };
    let has_keys = keys.join("ca.pem").exists();
    with_tls(parsed, has_keys, || keys)
}

/// TLS for TCP where it is asked for; the other transports bring their own protection.
fn with_tls(endpoint: Endpoint, wanted: bool, folder: impl FnOnce() -> PathBuf) -> Result<Endpoint, EngineError> {
    match endpoint {
        Endpoint::Tcp { host, port } if wanted => {
            Ok(Endpoint::Tls { host, port, config: tls::from_folder(&folder())? })
        }
        other => Ok(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A home with a `~/.docker` of these files.
    fn home(files: &[(&str, &str)]) -> tempfile::TempDir {
        let home = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = home.path().join(".docker").join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        home
    }

    fn resolved(home: &Path, set: &[(&str, &str)]) -> Result<Endpoint, EngineError> {
        resolve(&|name| {
            let found = set.iter().find(|(n, _)| *n == name).map(|(_, value)| OsString::from(value));
            found.or_else(|| (name == "HOME").then(|| home.as_os_str().to_owned()))
        })
    }

    fn meta_of(name: &str) -> String {
        let id = crate::domain::digest::Digest::of(name.as_bytes());
        format!("contexts/meta/{}/meta.json", id.hex())
    }

    #[test]
    fn the_host_beats_the_context_and_the_context_beats_the_default() {
        let far =
            r#"{"Name":"far","Metadata":{},"Endpoints":{"docker":{"Host":"ssh://me@far","SkipTLSVerify":false}}}"#;
        let near = r#"{"Name":"near","Endpoints":{"docker":{"Host":"unix:///near.sock"}}}"#;
        let home = home(&[
            ("config.json", r#"{"currentContext":"far","auths":{}}"#),
            (&meta_of("far"), far),
            (&meta_of("near"), near),
        ]);
        for (set, expected) in [
            (&[][..], "ssh://me@far"),
            (&[("DOCKER_CONTEXT", "near")][..], "unix:///near.sock"),
            (&[("DOCKER_CONTEXT", "near"), ("DOCKER_HOST", "tcp://h:1")][..], "tcp://h:1"),
            (&[("DOCKER_HOST", ""), ("DOCKER_CONTEXT", "default")][..], "unix:///var/run/docker.sock"),
        ] {
            assert_eq!(resolved(home.path(), set).unwrap().to_string(), expected, "{set:?}");
        }
        let error = resolved(home.path(), &[("DOCKER_CONTEXT", "gone")]).unwrap_err();
        assert_eq!(error.to_string(), "the docker context `gone` is not usable: there is no such context");
    }

    #[test]
    fn settings_that_cannot_be_read_are_said() {
        let home = home(&[("config.json", "{")]);
        assert!(matches!(resolved(home.path(), &[]), Err(EngineError::BadConfig { .. })));
    }

    #[test]
    fn unverified_tls_is_refused() {
        let meta = r#"{"Endpoints":{"docker":{"Host":"tcp://h:2376","SkipTLSVerify":true}}}"#;
        let home = home(&[(&meta_of("loose"), meta)]);
        assert!(matches!(resolved(home.path(), &[("DOCKER_CONTEXT", "loose")]), Err(EngineError::BadContext { .. })));
    }

    #[test]
    fn podman_is_found_only_where_docker_is_missing() {
        let root = tempfile::tempdir().unwrap();
        let socket = |path: &str| {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        };
        let found = || usual_socket(Some(root.path().join("runtime")), root.path()).to_string();
        let ends = |end: &str| assert!(found().ends_with(end), "{} does not end with {end}", found());
        ends("var/run/docker.sock");
        socket("run/podman/podman.sock");
        ends("/run/podman/podman.sock");
        socket("runtime/podman/podman.sock");
        ends("runtime/podman/podman.sock");
        socket("var/run/docker.sock");
        ends("var/run/docker.sock");
    }

    #[test]
    fn tls_without_certificates_names_the_missing_file() {
        let home = home(&[]);
        let error = resolved(home.path(), &[("DOCKER_HOST", "tcp://h:2376"), ("DOCKER_TLS_VERIFY", "1")]).unwrap_err();
        assert!(error.to_string().contains(".docker/ca.pem"), "{error}");
    }
}
