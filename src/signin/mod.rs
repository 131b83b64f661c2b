//! Signing in at a Taskcluster deployment: what the browser brought is proven, kept in the vault for that deployment
//! alone, found again by whoever speaks to it, and forgotten.

use std::{ffi::OsString, sync::Arc};

use jiff::Timestamp;

use crate::{
    config::{Paths, Settings, SignIns},
    domain::{
        asker::{Asker, Client},
        audit::{Act, AuditRow, Ended},
        failure::Failure,
        finding::CheckId,
        permission::MayWrite,
        root_url::RootUrl,
        scope::Scopes,
        sign_in::{Answer, Request},
        written::time,
    },
    journal::Journal,
    log::sanitise::plain,
    secrets::{SignIn, Vault},
    taskcluster::{Access, Credentials, Deployment, Inside, Kept, PlainHttp, Source, TaskclusterError},
};

/// What a change of sign-ins works with.
pub struct Surroundings<'a> {
    pub paths: &'a Paths,
    pub vault: &'a mut Vault,
    pub journal: &'a Journal,
    /// `user@host`.
    pub who: &'a str,
    pub permit: MayWrite,
}

/// A client that a deployment accepts.
pub struct Proven {
    root: RootUrl,
    answer: Answer,
    /// What it may do, roles expanded.
    pub scopes: Scopes,
    /// As the deployment says; as it was asked for, where the deployment does not tell.
    pub until: Timestamp,
}

impl Proven {
    pub fn client_id(&self) -> &str {
        &self.answer.client_id
    }
}

/// Text that nobody can guess: so many random bytes, in hexadecimal digits.
///
/// # Errors
/// When the system has no random bytes.
pub fn unguessable<const BYTES: usize>() -> Result<String, Failure> {
    let mut bytes = [0; BYTES];
    getrandom::fill(&mut bytes)
        .map_err(|e| Failure::failed("there are no random bytes", e.to_string(), "report this system"))?;
    Ok(bytes.iter().fold(String::new(), |digits, byte| format!("{digits}{byte:02x}")))
}

/// Sees whether there is a deployment that may be spoken to, before anybody is sent there.
///
/// # Errors
/// When there is none, or plain HTTP may not go there.
pub async fn look(root: &RootUrl, plain: PlainHttp) -> Result<(), Failure> {
    Ok(Deployment::new(root.clone(), None, plain)?.ping().await?)
}

/// Asks the deployment whether it accepts what the browser brought. Nothing is kept.
///
/// # Errors
/// When it does not, or does not answer.
pub async fn prove(request: &Request, answer: Answer, plain: PlainHttp) -> Result<Proven, Failure> {
    let Request { root, lifetime, .. } = request;
    let asked_for = lifetime.end(Timestamp::now());
    let credentials = credentials(root, &answer.client_id, &answer.access_token);
    let credentials = credentials.map_err(|why| TaskclusterError::Setup { why })?;
    let deployment = Deployment::new(root.clone(), Some(credentials), plain)?;
    let scopes = deployment.current_scopes().await?;
    let until = deployment.client(&answer.client_id).await.map_or(asked_for, |client| client.expires);
    Ok(Proven { root: root.clone(), answer, scopes, until })
}

fn credentials(root: &RootUrl, id: &str, token: &secrecy::SecretString) -> Result<Credentials, String> {
    Credentials::new(root.clone(), id.to_owned(), token.clone(), None, Source::SignIn)
}

/// Keeps a sign-in in the place of an older one at the same deployment, as one act in the audit trail.
///
/// # Errors
/// When vault, list or trail cannot be written.
pub async fn keep(at: Surroundings<'_>, proven: &Proven) -> Result<(), Failure> {
    let Surroundings { paths, vault, journal, who, permit } = at;
    let Proven { root, answer: Answer { client_id, access_token }, until, .. } = proven;
    let now = Timestamp::now();
    let row = AuditRow::begun(now, who, Act::SignIn, &root.to_string());
    let work = async {
        let (client_id, access_token) = (client_id.clone(), access_token.clone());
        let sign_in = SignIn { client_id, access_token, made: now, by: who.to_owned() };
        vault.keep_sign_in(root.clone(), sign_in, permit)?;
        SignIns::enter(paths, root, *until, permit)?;
        Ok(((), Ended::with(None, Some(vault.fingerprint(&proven.answer.access_token).to_string()))))
    };
    journal.audited(row, work).await
}

/// Forgets the sign-in at a deployment, as one act in the audit trail, and gives its client. That one goes on to its end at
/// the deployment.
///
/// # Errors
/// When there is none, and when vault, list or trail cannot be written.
pub async fn forget(at: Surroundings<'_>, root: &RootUrl) -> Result<Option<String>, Failure> {
    let Surroundings { paths, vault, journal, who, permit } = at;
    let kept = vault.sign_in(root).cloned();
    if kept.is_none() && SignIns::load(paths)?.until(root).is_none() {
        return Err(Failure::failed(
            format!("there is no sign-in at {} to forget", root.host()),
            "the vault has none",
            "see who is asked as there: windlass signin --status",
        )
        .explained_by(CheckId::Client));
    }
    let now = Timestamp::now();
    let row = AuditRow::begun(now, who, Act::SignOut, &root.to_string());
    let work = async {
        let fingerprint = kept.as_ref().map(|kept| vault.fingerprint(&kept.access_token).to_string());
        if kept.is_some() {
            vault.forget_sign_in(root, now, permit)?;
        }
        SignIns::forget(paths, root, permit)?;
        Ok((kept.map(|kept| kept.client_id), Ended::with(None, fingerprint)))
    };
    journal.audited(row, work).await
}

/// A deployment as whoever has credentials for it here: those of the environment, of a sign-in, or of the file of
/// Taskcluster's own command line. Inside a task with a proxy, the task's own deployment is spoken to in the task's name:
/// no credentials of ours go there.
///
/// # Errors
/// When it may not be spoken to, and as [`kept`].
pub fn access(
    root: RootUrl,
    environment: &dyn Fn(&str) -> Option<OsString>,
    settings: &Settings,
    paths: &Paths,
    vault: impl FnOnce() -> Result<Vault, Failure>,
) -> Result<Access, Failure> {
    let settings = settings.clone();
    let plain = Arc::new(move |host: &str| settings.allows_plain_http(host));
    if let Some(Inside { root: own, proxy: Some(proxy), .. }) = Inside::of(environment)?
        && own == root
    {
        return Ok(Access { deployment: Deployment::by_proxy(root, proxy, plain)?, unfit: Vec::new() });
    }
    Access::to(root, environment, |root| kept(paths, root, Timestamp::now(), vault), plain)
}

/// Who a deployment is asked as by whoever has this access. `locked`: the vault was left closed for it.
///
/// # Errors
/// When the list of sign-ins has mistakes.
pub fn asker(access: &Access, paths: &Paths, locked: bool, now: Timestamp) -> Result<Asker, Failure> {
    let until = SignIns::load(paths)?.until(access.deployment.root());
    let credentials = access.deployment.credentials();
    let source = credentials.map(|credentials| &credentials.source);
    let client = credentials.map(|credentials| Client {
        id: plain(&credentials.client_id),
        from: plain(&credentials.source.to_string()),
        until: credentials.expiry().or(until.filter(|_| credentials.source == Source::SignIn)),
    });
    // What the environment has comes before a sign-in.
    let hidden = locked && source != Some(&Source::Environment);
    Ok(Asker {
        locked: until.filter(|at| hidden && *at > now),
        ended: until.filter(|at| client.is_none() && *at <= now),
        passed_over: access.unfit.iter().map(|unfit| plain(&unfit.to_string())).collect(),
        client,
    })
}

/// The credentials of the sign-in at a deployment, should there be one. The vault is opened where there is one that has not
/// ended, and only there: it may ask somebody for its passphrase.
///
/// # Errors
/// When the list has mistakes, and when the vault stays closed.
pub fn kept(
    paths: &Paths,
    root: &RootUrl,
    now: Timestamp,
    vault: impl FnOnce() -> Result<Vault, Failure>,
) -> Result<Kept, Failure> {
    let Some(until) = SignIns::load(paths)?.until(root) else { return Ok(None) };
    if until <= now {
        return Ok(Some(Err(format!("it lasted until {} UTC; sign in again", time(until)))));
    }
    let vault = vault()?;
    let Some(kept) = vault.sign_in(root) else {
        return Ok(Some(Err("it is not in the vault any more; sign in again".to_owned())));
    };
    Ok(Some(credentials(root, &kept.client_id, &kept.access_token)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secrets::{Passphrase, VaultPaths};

    const ROOT: &str = "https://tc.example";

    struct Home {
        _folder: tempfile::TempDir,
        paths: Paths,
    }

    impl Home {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let home = folder.path().join("home");
            Self { _folder: folder, paths: Paths { state: home.clone(), data: home.clone(), config: home } }
        }

        fn vault(&self) -> Vault {
            let paths = VaultPaths { vault: self.paths.vault(), identity: self.paths.identity() };
            Vault::open(paths, &Passphrase::asked(|question| panic!("{question}"))).unwrap()
        }

        async fn keep(&self, until: &str) {
            let root: RootUrl = ROOT.parse().unwrap();
            let answer = Answer::of_pasted("github/1|ada/windlass QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo").unwrap();
            let proven = Proven { root, answer, scopes: Scopes::default(), until: until.parse().unwrap() };
            self.paths.create().unwrap();
            let (mut vault, journal) = (self.vault(), Journal::open(&self.paths.journal()).await.unwrap());
            let permit = MayWrite::unless(false).unwrap();
            let at = Surroundings { paths: &self.paths, vault: &mut vault, journal: &journal, who: "ada@host", permit };
            keep(at, &proven).await.unwrap();
        }

        fn told(&self, root: &str, now: &str) -> String {
            let vault = || Ok(self.vault());
            match kept(&self.paths, &root.parse().unwrap(), now.parse().unwrap(), vault).unwrap() {
                None => "nobody".to_owned(),
                Some(Ok(found)) => format!("{} at {}, {}", found.client_id, found.root, found.source),
                Some(Err(why)) => why,
            }
        }
    }

    #[tokio::test]
    async fn a_sign_in_is_found_until_it_ends_and_for_its_deployment_alone() {
        let home = Home::new();
        home.keep("2026-11-22T09:30:00Z").await;
        let now = "2026-11-22T09:29:59Z";
        assert_eq!(home.told(ROOT, now), "github/1|ada/windlass at https://tc.example, windlass signin");
        assert_eq!(home.told("https://tc.example.evil", now), "nobody");
        assert_eq!(home.told(ROOT, "2026-11-22T09:30:00Z"), "it lasted until 2026-11-22 09:30:00 UTC; sign in again");
        std::fs::remove_file(home.paths.vault()).unwrap();
        std::fs::remove_file(home.paths.identity()).unwrap();
        assert_eq!(home.told(ROOT, now), "it is not in the vault any more; sign in again");
    }

    #[tokio::test]
    async fn the_vault_stays_closed_where_it_has_nothing_to_give() {
        let home = Home::new();
        home.keep("2026-11-22T09:30:00Z").await;
        let closed = || panic!("it was opened");
        let root: RootUrl = ROOT.parse().unwrap();
        assert!(matches!(kept(&home.paths, &root, "2026-11-23T09:30:00Z".parse().unwrap(), closed), Ok(Some(Err(_)))));
        let other = "https://other.example".parse().unwrap();
        assert!(matches!(kept(&home.paths, &other, Timestamp::UNIX_EPOCH, closed), Ok(None)));
    }
}
