//! A vault under each kind of identity, opened with and without the passphrase, by us and by `age`.

use std::{
    collections::BTreeSet,
    fs::{self, Permissions},
    os::unix::fs::{PermissionsExt as _, symlink},
    path::PathBuf,
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use secrecy::{ExposeSecret as _, SecretString};
use tempfile::TempDir;

use super::{
    super::{IdentityKind, NewIdentity, Unanswered, Vault, VaultPaths},
    *,
};
use crate::domain::{
    document::SecretValue,
    failure::{Failure, FailureKind},
    permission::MayWrite,
};

const PASSPHRASE: &str = "correct horse battery";
const VALUE: &str = "hunter2-swordfish";

struct Place {
    folder: TempDir,
    paths: VaultPaths,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let paths = VaultPaths {
            vault: folder.path().join("data/vault.age"),
            identity: folder.path().join("config/identity.txt"),
        };
        Self { folder, paths }
    }

    /// An SSH key that `ssh-keygen` made.
    fn ssh_key(&self, arguments: &[&str], passphrase: &str) -> PathBuf {
        let key = self.folder.path().join("id_test");
        let made = Command::new("ssh-keygen")
            .args(["-q", "-N", passphrase, "-C", "test", "-f"])
            .arg(&key)
            .args(arguments)
            .output()
            .unwrap_or_else(|error| panic!("ssh-keygen is needed, of Debian's package `openssh-client`: {error}"));
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        key
    }

    /// A vault with one secret, made under this identity.
    fn set(&self, new: NewIdentity, passphrase: &Passphrase) -> Result<(), VaultError> {
        let mut vault = Vault::open(self.paths.clone(), passphrase)?;
        vault.keep_key(new);
        set(&mut vault)
    }

    fn open(&self, passphrase: &Passphrase) -> Result<Vault, VaultError> {
        Vault::open(self.paths.clone(), passphrase)
    }

    fn kind(&self) -> IdentityKind {
        IdentityKind::of(&self.paths.identity).unwrap().unwrap()
    }

    /// `age -d -i` with this key.
    fn age(&self, key: &Path) -> String {
        let output = Command::new("age").args(["-d", "-i"]).args([key, &self.paths.vault]).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }
}

fn set(vault: &mut Vault) -> Result<(), VaultError> {
    let document: SecretValue = serde_json::from_value(serde_json::json!({"password": VALUE})).unwrap();
    let bound = BTreeSet::from(["mozilla/balrog".parse().unwrap()]);
    let may_write = MayWrite::unless(false).unwrap();
    vault.set("one".parse().unwrap(), document, bound, jiff::Timestamp::UNIX_EPOCH, "a@b".into(), may_write)
}

fn given(text: &str) -> Passphrase {
    Passphrase::given(text.into())
}

/// Nobody is asked.
fn nobody() -> Passphrase {
    Passphrase::asked(|question| panic!("{question}"))
}

/// Gives these answers, one after the other, and counts them.
fn answers(texts: &'static [&'static str]) -> (Passphrase, Arc<AtomicUsize>) {
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    let passphrase = Passphrase::asked(move |_| Ok(SecretString::from(texts[counted.fetch_add(1, Ordering::Relaxed)])));
    (passphrase, count)
}

fn holds_the_secret(vault: &Vault) {
    let entry = vault.get(&"one".parse().unwrap()).unwrap();
    assert!(matches!(entry.document.at("/password"), Some(SecretValue::String(s)) if s.expose_secret() == VALUE));
}

#[track_caller]
fn failure(result: Result<Vault, VaultError>) -> Failure {
    let failure = Failure::from(result.map(|_| ()).unwrap_err());
    assert!(!format!("{failure:?}").contains("horse"), "{failure:?}");
    failure
}

#[test]
fn under_a_passphrase_one_question_is_enough_for_a_command() {
    let place = Place::new();
    place.set(NewIdentity::under(PASSPHRASE.into()).unwrap(), &nobody()).unwrap();
    let (passphrase, asked) = answers(&["wrong", "", PASSPHRASE]);
    assert!(passphrase.used().is_none());
    let mut vault = place.open(&passphrase).unwrap();
    holds_the_secret(&vault);
    assert_eq!(asked.load(Ordering::Relaxed), 3, "two were wrong");
    set(&mut vault).unwrap();
    holds_the_secret(&place.open(&passphrase.clone()).unwrap());
    assert_eq!(asked.load(Ordering::Relaxed), 3);
    assert_eq!(passphrase.used().unwrap().expose_secret(), PASSPHRASE);

    assert_eq!(place.kind(), IdentityKind::Passphrase);
    let identity = fs::read_to_string(&place.paths.identity).unwrap();
    assert!(identity.starts_with("-----BEGIN AGE ENCRYPTED FILE-----\n") && !identity.contains("SECRET-KEY"));
    assert_eq!(fs::metadata(&place.paths.identity).unwrap().permissions().mode() & 0o777, 0o600);
    let shown = format!("{passphrase:?} {:?}", NewIdentity::under(PASSPHRASE.into()));
    assert!(!shown.contains("horse"), "{shown}");
}

#[test]
fn a_wrong_passphrase_opens_nothing_and_touches_nothing() {
    let place = Place::new();
    place.set(NewIdentity::under(PASSPHRASE.into()).unwrap(), &nobody()).unwrap();
    let before = [&place.paths.vault, &place.paths.identity].map(|file| fs::read(file).unwrap());
    let handed_over = failure(place.open(&given("correct horse")));
    assert_eq!(handed_over.kind, FailureKind::NotAllowed);
    assert!(handed_over.why.starts_with("the passphrase does not open "), "{handed_over:?}");
    let (passphrase, asked) = answers(&["correct horse"; 3]);
    let typed = failure(place.open(&passphrase));
    assert!(typed.why.starts_with("none of 3 passphrases opens "), "{typed:?}");
    assert_eq!(asked.load(Ordering::Relaxed), 3);
    let no_terminal = failure(place.open(&Passphrase::asked(|_| Err(Unanswered::NoTerminal))));
    assert_eq!(no_terminal.kind, FailureKind::Usage);
    assert!(no_terminal.next.starts_with("run it in a terminal"), "{no_terminal:?}");
    let cancelled = failure(place.open(&Passphrase::asked(|_| Err(Unanswered::Cancelled))));
    assert_eq!(cancelled.kind, FailureKind::Cancelled);
    assert_eq!(before, [&place.paths.vault, &place.paths.identity].map(|file| fs::read(file).unwrap()));
}

#[test]
fn a_short_passphrase_is_refused() {
    assert!(matches!(NewIdentity::under("1234567".into()), Err(VaultError::WeakPassphrase)));
    NewIdentity::under("ßßßßßßßß".into()).unwrap();
}

#[test]
fn an_encrypted_identity_that_is_damaged_or_not_under_a_passphrase() {
    let place = Place::new();
    place.set(NewIdentity::plain(), &nobody()).unwrap();
    let public = Command::new("age-keygen").arg("-y").arg(&place.paths.identity).output().unwrap().stdout;
    let public = String::from_utf8(public).unwrap();
    let mut age = Command::new("age");
    let locked = age.args(["-r", public.trim()]).arg(&place.paths.identity).output().unwrap().stdout;
    for (bytes, why) in [
        (locked.as_slice(), "it is encrypted to another key, and not under a passphrase"),
        (b"age-encryption.org/v1\n-> scrypt", "it is damaged"),
        (b"-----BEGIN AGE ENCRYPTED FILE-----\nnonsense", "it is damaged"),
    ] {
        fs::write(&place.paths.identity, bytes).unwrap();
        let failure = failure(place.open(&given(PASSPHRASE)));
        assert_eq!(failure.kind, FailureKind::Usage);
        assert!(failure.why.ends_with(why), "{failure:?}");
    }
}

#[test]
fn an_ssh_key_stays_where_it_is() {
    for kind in [&["-t", "ed25519"][..], &["-t", "rsa", "-b", "2048"], &["-t", "rsa", "-b", "2048", "-m", "PEM"]] {
        let place = Place::new();
        let key = place.ssh_key(kind, "");
        place.set(NewIdentity::ssh(&key, &nobody()).unwrap(), &nobody()).unwrap();
        let mut vault = place.open(&nobody()).unwrap();
        holds_the_secret(&vault);
        set(&mut vault).unwrap();
        assert_eq!(fs::read_link(&place.paths.identity).unwrap(), key);
        assert_eq!(place.kind(), IdentityKind::Ssh { key: key.clone(), passphrase: false });
        assert!(place.age(&key).contains(VALUE));
        assert!(place.age(&place.paths.identity).contains(VALUE));
    }
}

#[test]
fn an_ssh_key_under_a_passphrase_is_unlocked_with_it() {
    let place = Place::new();
    let key = place.ssh_key(&["-t", "ed25519"], PASSPHRASE);
    let wrong = NewIdentity::ssh(&key, &given("correct horse")).unwrap_err();
    assert!(matches!(wrong, VaultError::WrongPassphrase { .. }));
    let (passphrase, asked) = answers(&[PASSPHRASE]);
    place.set(NewIdentity::ssh(&key, &passphrase).unwrap(), &passphrase).unwrap();
    assert_eq!(asked.load(Ordering::Relaxed), 1);
    holds_the_secret(&place.open(&given(PASSPHRASE)).unwrap());
    assert_eq!(place.kind(), IdentityKind::Ssh { key, passphrase: true });
    assert!(place.kind().needs_passphrase());
    assert_eq!(failure(place.open(&given(""))).kind, FailureKind::NotAllowed);
}

#[test]
fn an_ssh_key_that_is_gone_is_named_and_not_replaced() {
    let place = Place::new();
    let key = place.ssh_key(&["-t", "ed25519"], "");
    place.set(NewIdentity::ssh(&key, &nobody()).unwrap(), &nobody()).unwrap();
    let elsewhere = key.with_file_name("moved");
    fs::rename(&key, &elsewhere).unwrap();
    let failure = failure(place.open(&nobody()));
    assert!(failure.why.contains(&format!("the SSH key {}", key.display())), "{failure:?}");
    assert!(failure.next.contains(&format!("ln -sf NEW-PATH {}", place.paths.identity.display())), "{failure:?}");
    fs::remove_file(&place.paths.identity).unwrap();
    symlink("../moved", &place.paths.identity).unwrap();
    holds_the_secret(&place.open(&nobody()).unwrap());
    fs::remove_file(&place.paths.vault).unwrap();
    fs::remove_file(&elsewhere).unwrap();
    assert!(matches!(place.open(&nobody()), Err(VaultError::KeyGone { .. })), "a link is there: no vault is made");
}

#[test]
fn an_ssh_key_that_cannot_serve_is_refused_with_its_reason() {
    let unfit = |arguments: &[&str], passphrase: &str| {
        let place = Place::new();
        let key = place.ssh_key(arguments, passphrase);
        Failure::from(NewIdentity::ssh(&key, &nobody()).unwrap_err())
    };
    let ecdsa = unfit(&["-t", "ecdsa"], "");
    assert!(ecdsa.why.ends_with("it is an SSH key of the kind ecdsa-sha2-nistp256"), "{ecdsa:?}");
    let hidden = unfit(&["-t", "ecdsa"], PASSPHRASE);
    assert!(hidden.why.ends_with("it is an SSH key of the kind ecdsa-sha2-nistp256"), "{hidden:?}");
    let weak = unfit(&["-t", "rsa", "-b", "1024"], "");
    assert!(weak.why.ends_with("it is an RSA key of fewer than 2048 bits"), "{weak:?}");
    let old = unfit(&["-t", "rsa", "-b", "2048", "-m", "PEM"], PASSPHRASE);
    assert!(old.why.contains("ssh-keygen -p -f"), "{old:?}");

    let place = Place::new();
    let key = place.ssh_key(&["-t", "ed25519"], "");
    let fit = |path: &Path| NewIdentity::ssh(path, &nobody()).map_err(Failure::from);
    fs::set_permissions(&key, Permissions::from_mode(0o640)).unwrap();
    assert_eq!(fit(&key).unwrap_err().kind, FailureKind::NotAllowed);
    fs::set_permissions(&key, Permissions::from_mode(0o600)).unwrap();
    let public = key.with_extension("pub");
    fs::set_permissions(&public, Permissions::from_mode(0o600)).unwrap();
    for (path, why) in [
        (public.as_path(), "it is the public half of an SSH key"),
        (Path::new("/nonexistent/id_rsa"), "there is no such file"),
        (Path::new("/dev/null"), "others can read"),
    ] {
        assert!(fit(path).unwrap_err().why.contains(why), "{}", path.display());
    }
    fs::write(&public, "AGE-SECRET-KEY-1").unwrap();
    assert!(fit(&public).unwrap_err().why.ends_with("it is no SSH private key"));
}

#[test]
fn a_first_write_that_fails_leaves_the_ssh_key_alone() {
    let place = Place::new();
    let key = place.ssh_key(&["-t", "ed25519"], "");
    let new = NewIdentity::ssh(&key, &nobody()).unwrap();
    let bytes = fs::read(&key).unwrap();
    let mut vault = place.open(&nobody()).unwrap();
    vault.keep_key(new);
    fs::set_permissions(&key, Permissions::from_mode(0o644)).unwrap();
    assert!(matches!(set(&mut vault), Err(VaultError::Exposed { .. })));
    assert!(fs::symlink_metadata(&place.paths.identity).is_err(), "the link is gone again");
    assert_eq!(fs::read(&key).unwrap(), bytes);
}
