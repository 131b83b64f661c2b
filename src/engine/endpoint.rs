//! Where an engine listens. Which one is meant is decided in [`super::context`].

use std::{fmt, path::PathBuf, sync::Arc};

use rustls::ClientConfig;

use super::EngineError;

/// One engine's address.
#[derive(Clone)]
pub enum Endpoint {
    Unix(PathBuf),
    /// Without encryption, as DOCKER_HOST asked for.
    Tcp {
        host: String,
        port: u16,
    },
    Tls {
        host: String,
        port: u16,
        config: Arc<ClientConfig>,
    },
    /// The engine at the other end of `ssh`, by `docker system dial-stdio` there.
    Ssh(SshTarget),
}

/// Whom `ssh` is asked to reach.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SshTarget {
    pub user: Option<String>,
    pub host: String,
    pub port: Option<u16>,
    /// The engine's socket on that machine, where it is not the usual one.
    pub socket: Option<String>,
}

impl Endpoint {
    /// Reads a DOCKER_HOST without TLS; see [`super::context::resolve`] for the rest.
    ///
    /// # Errors
    /// When it names no engine that can be reached from here.
    pub fn parse(text: &str) -> Result<Self, EngineError> {
        let text = text.trim();
        let refuse = |why: &str| EngineError::BadHost { host: text.to_owned(), why: why.to_owned() };
        let (scheme, rest) = text.split_once("://").unwrap_or(("tcp", text));
        match scheme {
            "unix" if rest.starts_with('/') => Ok(Self::Unix(PathBuf::from(rest))),
            "unix" => Err(refuse("a socket is written with its whole path, as in unix:///var/run/docker.sock")),
            "tcp" | "http" | "https" => {
                let (address, path) = rest.split_once('/').unwrap_or((rest, ""));
                if !path.is_empty() {
                    return Err(refuse("an engine behind a path is not supported"));
                }
                let default = if scheme == "https" { 2376 } else { 2375 };
                let (host, port) = host_and_port(address).ok_or_else(|| refuse("HOST:PORT is expected"))?;
                Ok(Self::Tcp { host, port: port.unwrap_or(default) })
            }
            "ssh" => ssh_target(rest).map(Self::Ssh).map_err(refuse),
            other => Err(refuse(&format!("`{other}` is not one of unix, tcp, ssh"))),
        }
    }
}

fn host_and_port(address: &str) -> Option<(String, Option<u16>)> {
    if let Some(rest) = address.strip_prefix('[') {
        let (host, port) = rest.split_once(']')?;
        host.parse::<std::net::Ipv6Addr>().ok()?;
        let port = port.strip_prefix(':').map(str::parse).transpose().ok()?;
        return Some((host.to_owned(), port));
    }
    let (host, port) = match address.split_once(':') {
        Some((host, port)) => (host, Some(port.parse().ok()?)),
        None => (address, None),
    };
    let host = if host.is_empty() { "localhost" } else { host };
    host.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_')).then(|| (host.to_owned(), port))
}

fn ssh_target(rest: &str) -> Result<SshTarget, &'static str> {
    let (address, socket) = match rest.split_once('/') {
        Some((address, path)) if !path.is_empty() => (address, Some(format!("/{path}"))),
        Some((address, _)) => (address, None),
        None => (rest, None),
    };
    let (user, address) = match address.rsplit_once('@') {
        Some((user, address)) => (Some(user), address),
        None => (None, address),
    };
    if user.is_some_and(|u| u.contains(':')) {
        return Err("a password does not belong here; ssh has keys and an agent");
    }
    let (host, port) = host_and_port(address).ok_or("ssh://USER@HOST:PORT is expected")?;
    // ssh would take such a word as an option and could be made to run a command by it.
    let is_option = |word: &str| word.starts_with('-');
    if address.is_empty() || is_option(&host) || user.is_some_and(|u| u.is_empty() || is_option(u)) {
        return Err("ssh://USER@HOST:PORT is expected");
    }
    // The far shell reads the path: only what no shell interprets is let through.
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-".contains(c);
    if socket.as_deref().is_some_and(|path| !path.chars().all(plain)) {
        return Err("the path of the far socket has characters that a shell would read");
    }
    Ok(SshTarget { user: user.map(ToOwned::to_owned), host, port, socket })
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => write!(f, "unix://{}", path.display()),
            Self::Tcp { host, port } | Self::Tls { host, port, .. } if host.contains(':') => {
                write!(f, "tcp://[{host}]:{port}")
            }
            Self::Tcp { host, port } | Self::Tls { host, port, .. } => write!(f, "tcp://{host}:{port}"),
            Self::Ssh(target) => {
                f.write_str("ssh://")?;
                if let Some(user) = &target.user {
                    write!(f, "{user}@")?;
                }
                f.write_str(&target.host)?;
                if let Some(port) = target.port {
                    write!(f, ":{port}")?;
                }
                f.write_str(target.socket.as_deref().unwrap_or_default())
            }
        }
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_read_as_the_docker_cli_reads_them() {
        for (text, shown) in [
            ("unix:///run/user/1000/docker.sock", "unix:///run/user/1000/docker.sock"),
            ("tcp://10.0.0.1:2375", "tcp://10.0.0.1:2375"),
            ("tcp://build-host", "tcp://build-host:2375"),
            ("10.0.0.1:99", "tcp://10.0.0.1:99"),
            ("tcp://[::1]:2375/", "tcp://[::1]:2375"),
            ("ssh://me@far:2222", "ssh://me@far:2222"),
            ("ssh://far/run/user/1/docker.sock", "ssh://far/run/user/1/docker.sock"),
        ] {
            assert_eq!(Endpoint::parse(text).unwrap_or_else(|e| panic!("{e}")).to_string(), shown);
        }
    }

    #[test]
    fn what_names_no_engine_is_refused() {
        for text in [
            "unix://relative.sock",
            "npipe:////./pipe/docker_engine",
            "fd://",
            "tcp://host:port",
            "tcp://host:2375/prefix",
            "ssh://-oProxyCommand=touch/x",
            "ssh://-oProxyCommand=x@far",
            "ssh://me:secret@far",
            "ssh://",
            "ssh://far/a;reboot",
        ] {
            assert!(Endpoint::parse(text).is_err(), "{text}");
        }
    }
}
