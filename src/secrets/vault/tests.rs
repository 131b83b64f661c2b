use std::{
    fs::{OpenOptions, Permissions},
    os::unix::fs::PermissionsExt as _,
    path::Path,
    process::Command,
    thread,
};

use secrecy::ExposeSecret as _;
use tempfile::TempDir;

use super::*;
use crate::domain::{
    failure::{Failure, FailureKind},
    recipe::Recipe,
    root_url::RootUrl,
    rotation::{End, Next, Stage},
};

const VALUE: &str = "hunter2-\"swordfish\"";

fn place() -> (TempDir, VaultPaths) {
    let folder = tempfile::tempdir().unwrap();
    let paths = VaultPaths {
        vault: folder.path().join("data/windlass/vault.age"),
        identity: folder.path().join("config/windlass/identity.txt"),
    };
    (folder, paths)
}

fn open(paths: &VaultPaths) -> Result<Vault, VaultError> {
    Vault::open(paths.clone(), &nobody())
}

/// Nobody is asked: the identities here are plain.
fn nobody() -> Passphrase {
    Passphrase::asked(|question| panic!("{question}"))
}

fn name(text: &str) -> SecretName {
    text.parse().unwrap()
}

fn document(password: &str) -> SecretValue {
    let mut document: SecretValue = serde_json::from_str(r#"{"username":"bot","n":1.5,"list":[null,true]}"#).unwrap();
    document.put("/password", SecretValue::String(password.into())).unwrap();
    document
}

fn may_write() -> MayWrite {
    MayWrite::unless(false).unwrap()
}

fn set(vault: &mut Vault, secret: &str, password: &str) -> Result<(), VaultError> {
    vault.set(
        name(secret),
        document(password),
        BTreeSet::from(["docker.io/mozilla/balrog".parse().unwrap()]),
        "2026-11-21T09:30:00Z".parse().unwrap(),
        "bhearsum@buildhost".into(),
        may_write(),
    )
}

/// A vault on the disk with one secret, `one`.
fn stored() -> (TempDir, VaultPaths) {
    let (folder, paths) = place();
    set(&mut open(&paths).unwrap(), "one", VALUE).unwrap();
    (folder, paths)
}

fn password(vault: &Vault, secret: &str) -> String {
    match vault.get(&name(secret)).and_then(|entry| entry.document.at("/password")) {
        Some(SecretValue::String(value)) => value.expose_secret().to_owned(),
        other => panic!("no password of {secret}: {other:?}"),
    }
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn bytes_of_both(paths: &VaultPaths) -> [Option<Vec<u8>>; 2] {
    [fs::read(&paths.vault).ok(), fs::read(&paths.identity).ok()]
}

/// Opening, setting and removing all fail, and the files stay as they are.
fn refused(paths: &VaultPaths, vault: Option<Vault>) -> Failure {
    let before = bytes_of_both(paths);
    let error = open(paths).unwrap_err();
    if let Some(mut vault) = vault {
        assert_eq!(set(&mut vault, "two", VALUE).unwrap_err().to_string(), error.to_string());
        assert_eq!(vault.remove(&name("one"), may_write()).unwrap_err().to_string(), error.to_string());
        assert_eq!(password(&vault, "one"), VALUE, "what was read is still there");
    }
    assert_eq!(bytes_of_both(paths), before);
    assert_eq!(
        fs::read_dir(paths.vault.parent().unwrap()).unwrap().filter(|f| is_staged(f.as_ref().unwrap())).count(),
        0
    );
    error.into()
}

fn is_staged(file: &fs::DirEntry) -> bool {
    file.file_name().to_string_lossy().starts_with(".vault-")
}

#[test]
fn opening_makes_nothing() {
    let (folder, paths) = place();
    let mut vault = open(&paths).unwrap();
    assert!(!vault.exists());
    assert!(vault.names().is_empty());
    assert!(!vault.remove(&name("one"), may_write()).unwrap());
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn what_is_set_is_there_for_the_next_one() {
    let (_folder, paths) = stored();
    let vault = open(&paths).unwrap();
    assert!(vault.exists());
    assert_eq!(vault.names(), [name("one")]);
    let entry = vault.get(&name("one")).unwrap();
    assert_eq!(
        serde_json::to_string(&entry.document).unwrap(),
        r#"{"list":[null,true],"n":1.5,"password":"hunter2-\"swordfish\"","username":"bot"}"#
    );
    assert_eq!(entry.bindings, BTreeSet::from(["mozilla/balrog".parse().unwrap()]));
    assert_eq!(
        (entry.set.unwrap().to_string().as_str(), entry.by.as_deref().unwrap()),
        ("2026-11-21T09:30:00Z", "bhearsum@buildhost")
    );
}

#[test]
fn files_are_for_their_owner_alone() {
    let (_folder, paths) = stored();
    for file in [&paths.vault, &paths.identity, &paths.vault.with_extension("age.lock")] {
        assert_eq!(mode(file), 0o600, "{}", file.display());
        assert_eq!(mode(file.parent().unwrap()), 0o700);
    }
}

#[test]
fn changes_of_two_processes_are_both_kept() {
    let (_folder, paths) = place();
    let (mut first, mut second) = (open(&paths).unwrap(), open(&paths).unwrap());
    set(&mut first, "one", "first-of-all").unwrap();
    set(&mut second, "two", "second-of-all").unwrap();
    set(&mut first, "one", "first-again").unwrap();
    assert_eq!(first.names(), [name("one"), name("two")]);
    assert!(second.remove(&name("two"), may_write()).unwrap());
    assert!(!second.remove(&name("two"), may_write()).unwrap());
    let vault = open(&paths).unwrap();
    assert_eq!(vault.names(), [name("one")]);
    assert_eq!(password(&vault, "one"), "first-again");
}

#[test]
fn many_at_once_lose_nothing() {
    let (_folder, paths) = place();
    thread::scope(|scope| {
        for n in 0..8 {
            let paths = &paths;
            scope.spawn(move || set(&mut open(paths).unwrap(), &format!("secret-{n}"), VALUE).unwrap());
        }
    });
    assert_eq!(open(&paths).unwrap().names().len(), 8);
}

#[test]
fn a_writer_that_does_not_end_is_named() {
    let (_folder, paths) = stored();
    let before = bytes_of_both(&paths);
    let lock = OpenOptions::new().write(true).open(paths.vault.with_extension("age.lock")).unwrap();
    lock.lock().unwrap();
    let mut vault = Vault::open_waiting(paths.clone(), &nobody(), Duration::ZERO).unwrap();
    let failure = Failure::from(set(&mut vault, "two", VALUE).unwrap_err());
    assert!(failure.why.starts_with("another windlass is writing"), "{failure:?}");
    assert_eq!(bytes_of_both(&paths), before);
    drop(lock);
    set(&mut vault, "two", VALUE).unwrap();
}

#[test]
fn a_first_write_that_fails_leaves_no_identity() {
    let (_folder, paths) = place();
    let mut vault = open(&paths).unwrap();
    // Long enough for a name that `.vault-` and its random letters fit, and the vault's own does not.
    vault.paths.vault.set_file_name("v".repeat(300));
    let document = vault.document.clone();
    folder::make(&vault.paths.vault).unwrap();
    assert!(matches!(vault.create(&document, Timestamp::UNIX_EPOCH), Err(VaultError::Io { .. })));
    assert!(!paths.identity.exists());
    set(&mut open(&paths).unwrap(), "one", VALUE).unwrap();
}

#[test]
fn a_lost_identity_or_vault_is_not_made_anew() {
    for lost in
        [|paths: &VaultPaths| &paths.identity, |paths: &VaultPaths| &paths.vault] as [fn(&VaultPaths) -> &PathBuf; 2]
    {
        let (_folder, paths) = stored();
        let vault = open(&paths).unwrap();
        fs::remove_file(lost(&paths)).unwrap();
        let failure = refused(&paths, Some(vault));
        assert_eq!(failure.kind, FailureKind::Usage);
        assert!(failure.next.contains(&format!("restore {} from a backup", lost(&paths).display())), "{failure:?}");
    }
}

#[test]
fn files_that_vanish_together_are_not_replaced_by_an_empty_vault() {
    let (_folder, paths) = stored();
    let mut vault = open(&paths).unwrap();
    fs::remove_file(&paths.vault).unwrap();
    fs::remove_file(&paths.identity).unwrap();
    assert!(matches!(set(&mut vault, "two", VALUE), Err(VaultError::Gone { .. })));
    assert_eq!(bytes_of_both(&paths), [None, None]);
}

#[test]
fn another_identity_is_told_from_damage() {
    let (_folder, paths) = stored();
    let (_other_folder, other) = stored();
    let vault = open(&paths).unwrap();
    fs::copy(&other.identity, &paths.identity).unwrap();
    let failure = refused(&paths, Some(vault));
    assert!(failure.why.contains("was not encrypted to the identity"), "{failure:?}");
}

#[test]
fn damage_is_told_and_nothing_overwritten() {
    let (_folder, paths) = stored();
    let whole = fs::read(&paths.vault).unwrap();
    let mut flipped = whole.clone();
    *flipped.last_mut().unwrap() ^= 1;
    for (bytes, why) in [
        (&whole[..whole.len() - 1], "it ends too early, or bytes of it were changed"),
        (&flipped, "it ends too early, or bytes of it were changed"),
        (&whole[..40], "it ends within its header"),
        (b"", "it ends within its header"),
        (b"{\"username\":\"bot\"}\n", "it is no age file"),
    ] {
        let vault = open(&paths).unwrap();
        fs::write(&paths.vault, bytes).unwrap();
        let failure = refused(&paths, Some(vault));
        assert_eq!(failure.why, format!("{} is damaged: {why}", paths.vault.display()));
        assert_eq!(failure.kind, FailureKind::Failed);
        fs::write(&paths.vault, &whole).unwrap();
    }
}

/// Puts this plaintext where the vault was.
fn seal(paths: &VaultPaths, plaintext: &str) {
    let identity = Identity::load(&paths.identity, &nobody()).unwrap().unwrap();
    fs::write(&paths.vault, sealed::seal(plaintext.as_bytes(), &identity).unwrap()).unwrap();
}

#[test]
fn a_newer_vault_and_a_strange_one_are_left_alone() {
    let key = "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVoxMjM0NTY=";
    for (plaintext, why) in [
        (
            r#"{"schema":"windlass.vault/4","anything":1}"#.to_owned(),
            "was written by a newer windlass (windlass.vault/4)",
        ),
        (r#"{"schema":"other/1"}"#.to_owned(), "is damaged: its schema is `other/1`, not windlass.vault/1"),
        ("hunter2".to_owned(), "is damaged: it decrypts, but not to a document of windlass.vault/1 (line 1, column "),
        (
            format!(r#"{{"schema":"windlass.vault/1","fingerprint_key":"{key}","secrets":{{"one":"hunter2"}}}}"#),
            "is damaged: it decrypts, but not to a document of windlass.vault/1 (line 1, column ",
        ),
        (
            format!(r#"{{"schema":"windlass.vault/1","fingerprint_key":"{key}","secrets":{{}},"later":1}}"#),
            "is damaged: it decrypts, but not to a document of windlass.vault/1 (line 1, column ",
        ),
    ] {
        let (_folder, paths) = stored();
        let vault = open(&paths).unwrap();
        seal(&paths, &plaintext);
        let failure = refused(&paths, Some(vault));
        assert!(failure.why.starts_with(&format!("{} {why}", paths.vault.display())), "{failure:?}");
        assert!(!format!("{failure:?}").contains("hunter2"), "{failure:?}");
    }
}

#[test]
fn an_identity_that_others_can_read_is_refused() {
    for bits in [0o640, 0o604, 0o660] {
        let (_folder, paths) = stored();
        let vault = open(&paths).unwrap();
        fs::set_permissions(&paths.identity, Permissions::from_mode(bits)).unwrap();
        let failure = refused(&paths, Some(vault));
        assert_eq!(failure.kind, FailureKind::NotAllowed);
        assert!(failure.why.ends_with(&format!("(mode {bits:o})")), "{failure:?}");
        assert!(failure.next.starts_with(&format!("chmod 600 {}", paths.identity.display())), "{failure:?}");
    }
}

#[test]
fn an_identity_that_is_none_is_told_by_its_kind() {
    for (text, why) in [
        ("", "it holds no key"),
        ("# created: today\n", "it holds no key"),
        ("hunter2\n", "identity file contains non-identity data on line 1"),
        ("-----BEGIN OPENSSH PRIVATE KEY-----\n", "it begins as an SSH key, and is none"),
        ("ssh-ed25519 AAAA", "it is the public half of an SSH key"),
    ] {
        let (_folder, paths) = stored();
        let vault = open(&paths).unwrap();
        fs::write(&paths.identity, text).unwrap();
        let failure = refused(&paths, Some(vault));
        assert!(failure.why.ends_with(why), "{failure:?}");
    }
}

#[test]
fn fingerprints_last_as_long_as_the_vault() {
    let (_folder, paths) = stored();
    let fingerprint = |value: &str| open(&paths).unwrap().fingerprint(&value.into()).to_string();
    let first = fingerprint(VALUE);
    assert!(first.len() == 12 && first.bytes().all(|b| b.is_ascii_hexdigit()), "{first}");
    assert_eq!(fingerprint(VALUE), first);
    assert_ne!(fingerprint("another value"), first);
    let (_other_folder, other) = stored();
    assert_ne!(open(&other).unwrap().fingerprint(&VALUE.into()).to_string(), first);
}

#[test]
fn nothing_of_a_secret_is_shown_or_readable() {
    let (_folder, paths) = stored();
    let vault = open(&paths).unwrap();
    assert!(!format!("{vault:?} {:?}", vault.get(&name("one"))).contains("hunter2"));
    assert!(memchr::memmem::find(&fs::read(&paths.vault).unwrap(), b"hunter2").is_none());
}

/// The program of age's author, another implementation than ours.
fn age(program: &str, arguments: &[&str], files: &[&Path]) -> String {
    let output = Command::new(program)
        .args(arguments)
        .args(files)
        .output()
        .unwrap_or_else(|error| panic!("{program} is needed, of Debian's package `age`: {error}"));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn age_opens_the_vault_without_us() {
    let (_folder, paths) = stored();
    let identity = fs::read_to_string(&paths.identity).unwrap();
    let public = identity.lines().find_map(|line| line.strip_prefix("# public key: ")).unwrap();
    assert_eq!(age("age-keygen", &["-y"], &[&paths.identity]).trim(), public);

    let plaintext = age("age", &["-d", "-i"], &[&paths.identity, &paths.vault]);
    let document: serde_json::Value = serde_json::from_str(&plaintext).unwrap();
    assert_eq!(document["schema"], "windlass.vault/1");
    assert_eq!(
        document["secrets"]["one"],
        serde_json::json!({
            "document": {"username": "bot", "n": 1.5, "list": [null, true], "password": VALUE},
            "bindings": ["docker.io/mozilla/balrog"],
            "set": "2026-11-21T09:30:00Z",
            "by": "bhearsum@buildhost",
        })
    );
}

#[test]
fn we_open_and_keep_what_age_made() {
    let (folder, paths) = stored();
    let plaintext = folder.path().join("plaintext");
    fs::write(&plaintext, age("age", &["-d", "-i"], &[&paths.identity, &paths.vault])).unwrap();
    fs::remove_file(&paths.identity).unwrap();
    age("age-keygen", &["-o"], &[&paths.identity]);
    let public = age("age-keygen", &["-y"], &[&paths.identity]);
    age("age", &["-e", "-r", public.trim(), "-o"], &[&paths.vault, &plaintext]);

    let mut vault = open(&paths).unwrap();
    assert_eq!(password(&vault, "one"), VALUE);
    set(&mut vault, "two", VALUE).unwrap();
    assert!(age("age", &["-d", "-i"], &[&paths.identity, &paths.vault]).contains("\"two\""));
}

fn opened(vault: &Vault, new: &str) -> OpenRotation {
    OpenRotation {
        stage: Stage::Opened,
        recipe: Recipe::Pair { username: "/username".into(), password: "/password".into() },
        old: vault.get(&name("one")).unwrap().clone(),
        new: document(new),
        begun: "2026-11-22T09:30:00Z".parse().unwrap(),
        by: "ada@host".into(),
    }
}

#[test]
fn a_rotation_moves_with_its_secret_and_leaves_nothing() {
    let (_folder, paths) = stored();
    let mut vault = open(&paths).unwrap();
    let mut rotation = opened(&vault, "the-new-password");
    let one = name("one");
    vault.open_rotation(&StoreKind::Vault, &one, rotation.clone(), may_write()).unwrap();
    assert!(!format!("{vault:?} {:?}", vault.rotation(&StoreKind::Vault, &one)).contains("hunter2"));
    assert!(!format!("{vault:?} {:?}", vault.rotation(&StoreKind::Vault, &one)).contains("the-new-password"));
    assert_eq!(password(&open(&paths).unwrap(), "one"), VALUE, "nothing is stored yet");
    let stored = Next::To(Stage::Stored);
    vault.advance(&StoreKind::Vault, &one, &rotation, &stored, may_write()).unwrap();
    rotation.stage = Stage::Stored;
    let other = open(&paths).unwrap();
    assert_eq!(
        (password(&other, "one").as_str(), other.rotation(&StoreKind::Vault, &one)),
        ("the-new-password", Some(&rotation))
    );
    let entry = other.get(&one).unwrap();
    assert_eq!((&entry.bindings, entry.set), (&rotation.old.bindings, Some(rotation.begun)));
    assert_eq!(entry.by.as_deref(), Some("ada@host"));
    vault.advance(&StoreKind::Vault, &one, &rotation, &Next::End(End::Rotated), may_write()).unwrap();
    assert_eq!(vault.rotation(&StoreKind::Vault, &one), None);
    let plaintext = String::from_utf8(open(&paths).unwrap().document.to_plaintext().unwrap().to_vec()).unwrap();
    assert!(!plaintext.contains("hunter2") && plaintext.contains("windlass.vault/1"), "{plaintext}");
}

#[test]
fn what_another_process_did_is_not_undone() {
    let (_folder, paths) = stored();
    let one = name("one");
    let mut first = open(&paths).unwrap();
    let rotation = opened(&first, "the-new-password");
    // The secret changed since it was read.
    set(&mut open(&paths).unwrap(), "one", "set-meanwhile").unwrap();
    let overtaken = first.open_rotation(&StoreKind::Vault, &one, rotation, may_write());
    assert!(matches!(overtaken, Err(VaultError::Overtaken { .. })), "{overtaken:?}");

    let mut first = open(&paths).unwrap();
    let rotation = opened(&first, "the-new-password");
    first.open_rotation(&StoreKind::Vault, &one, rotation.clone(), may_write()).unwrap();
    let mut second = open(&paths).unwrap();
    let open_twice = second.open_rotation(&StoreKind::Vault, &one, rotation.clone(), may_write());
    assert!(matches!(open_twice, Err(VaultError::RotationOpen { .. })), "{open_twice:?}");
    assert!(matches!(set(&mut second, "one", VALUE), Err(VaultError::RotationOpen { .. })));
    assert!(matches!(second.remove(&one, may_write()), Err(VaultError::RotationOpen { .. })));
    set(&mut second, "two", VALUE).unwrap();
    second.advance(&StoreKind::Vault, &one, &rotation, &Next::To(Stage::Stored), may_write()).unwrap();
    let late = first.advance(&StoreKind::Vault, &one, &rotation, &Next::End(End::Rotated), may_write());
    assert!(matches!(late, Err(VaultError::Overtaken { .. })), "{late:?}");
    assert_eq!(open(&paths).unwrap().rotation(&StoreKind::Vault, &one).unwrap().stage, Stage::Stored);
}

#[test]
fn a_rotation_of_what_is_kept_elsewhere_leaves_the_vaults_own_alone() {
    let (_folder, paths) = stored();
    let mut vault = open(&paths).unwrap();
    let (one, elsewhere) = (name("one"), StoreKind::Taskcluster("https://tc.example".parse().unwrap()));
    let mut rotation = opened(&vault, "the-new-password");
    vault.open_rotation(&elsewhere, &one, rotation.clone(), may_write()).unwrap();
    vault.check_at_rest(&StoreKind::Vault, &one).unwrap();
    assert!(matches!(vault.check_at_rest(&elsewhere, &one), Err(VaultError::RotationOpen { .. })));
    let plaintext = || String::from_utf8(open(&paths).unwrap().document.to_plaintext().unwrap().to_vec()).unwrap();
    assert!(plaintext().contains("windlass.vault/3"), "a windlass that would lose it does not write it");
    vault.advance(&elsewhere, &one, &rotation, &Next::To(Stage::Stored), may_write()).unwrap();
    rotation.stage = Stage::Stored;
    assert_eq!(open(&paths).unwrap().rotation(&elsewhere, &one), Some(&rotation));
    assert_eq!(password(&vault, "one"), VALUE, "of the vault nothing is changed");
    vault.advance(&elsewhere, &one, &rotation, &Next::End(End::Rotated), may_write()).unwrap();
    let left = plaintext();
    assert!(!left.contains("the-new-password") && left.contains("windlass.vault/1"), "{left}");
}

#[test]
fn a_rotation_of_what_is_kept_elsewhere_makes_the_vault() {
    let (_folder, paths) = place();
    let (_others, stored) = stored();
    let rotation = opened(&open(&stored).unwrap(), "the-new-password");
    let elsewhere = StoreKind::Taskcluster("https://tc.example".parse().unwrap());
    let mut vault = open(&paths).unwrap();
    assert!(!vault.exists());
    vault.open_rotation(&elsewhere, &name("one"), rotation.clone(), may_write()).unwrap();
    let vault = open(&paths).unwrap();
    assert_eq!((vault.names(), vault.rotation(&elsewhere, &name("one"))), (Vec::new(), Some(&rotation)));
}

#[test]
fn a_sign_in_is_kept_beside_the_secrets_until_it_is_forgotten() {
    let (_folder, paths) = stored();
    let [root, other]: [RootUrl; 2] = ["https://tc.example", "https://tc.example.evil"].map(|r| r.parse().unwrap());
    let signed_in = |token: &str| SignIn {
        client_id: "github/1|ada/windlass-k3v9".into(),
        access_token: token.into(),
        made: "2026-11-22T09:30:00Z".parse().unwrap(),
        by: "ada@host".into(),
    };
    let token = |vault: &Vault| vault.sign_in(&root).map(|kept| kept.access_token.expose_secret().to_owned());
    let mut vault = open(&paths).unwrap();
    vault.keep_sign_in(root.clone(), signed_in("the-first-token"), may_write()).unwrap();
    vault.keep_sign_in(root.clone(), signed_in("the-second-token"), may_write()).unwrap();
    set(&mut vault, "two", VALUE).unwrap();
    let vault = open(&paths).unwrap();
    assert_eq!(token(&vault).as_deref(), Some("the-second-token"));
    assert!(vault.sign_in(&other).is_none() && vault.names() == [name("one"), name("two")]);
    assert!(!format!("{vault:?} {:?}", vault.sign_in(&root)).contains("the-second-token"));

    let plaintext = age("age", &["-d", "-i"], &[&paths.identity, &paths.vault]);
    let document: serde_json::Value = serde_json::from_str(&plaintext).unwrap();
    assert_eq!(document["schema"], "windlass.vault/3", "a windlass that would lose it does not write it");
    assert_eq!(
        document["sign_ins"]["https://tc.example"],
        serde_json::json!({
            "client_id": "github/1|ada/windlass-k3v9", "access_token": "the-second-token",
            "made": "2026-11-22T09:30:00Z", "by": "ada@host",
        })
    );
    assert!(!plaintext.contains("the-first-token"));

    let mut vault = open(&paths).unwrap();
    vault.forget_sign_in(&root, Timestamp::UNIX_EPOCH, may_write()).unwrap();
    assert!(token(&vault).is_none());
    let left = age("age", &["-d", "-i"], &[&paths.identity, &paths.vault]);
    assert!(!left.contains("the-second-token") && left.contains("windlass.vault/1"), "{left}");
}

#[test]
fn a_sign_in_makes_the_vault() {
    let (_folder, paths) = place();
    let root: RootUrl = "https://tc.example".parse().unwrap();
    let made = Timestamp::UNIX_EPOCH;
    let kept = SignIn { client_id: "me".into(), access_token: "token".into(), made, by: "ada@host".into() };
    open(&paths).unwrap().keep_sign_in(root.clone(), kept, may_write()).unwrap();
    let vault = open(&paths).unwrap();
    assert!(vault.exists() && vault.names().is_empty());
    assert_eq!(vault.sign_in(&root).unwrap().client_id, "me");
}
