//! The files of a record: `docker-image-shasum256.txt`, which consumers check images against, and
//! `release.json`, the whole of it. They appear together or not at all, and are never written over.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read as _, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

use crate::domain::{
    digest::{Digest, NotADigest},
    failure::Failure,
    record::{RECORD_FILE, RECORD_SCHEMA, Record, SHASUM_FILE},
};

/// More than any record has; a file that is larger is none.
const LARGEST: u64 = 4 * 1024 * 1024;

#[derive(Debug, thiserror::Error)]
pub enum ArtifactError {
    #[error("{} holds another record already", folder.display())]
    Different { folder: PathBuf },
    #[error("{} is no record: {source}", file.display())]
    NotARecord { file: PathBuf, source: serde_json::Error },
    #[error("{} is no record of schema {RECORD_SCHEMA} but of `{schema}`", file.display())]
    OtherSchema { file: PathBuf, schema: String },
    #[error("{} holds no image id: {source}", file.display())]
    NotADigest { file: PathBuf, source: NotADigest },
    #[error("{SHASUM_FILE} in {} says {shasum}, {RECORD_FILE} beside it says {record}", folder.display())]
    Disagree { folder: PathBuf, shasum: Digest, record: Digest },
    #[error("{} is larger than any record", file.display())]
    TooLarge { file: PathBuf },
    #[error("{}: {source}", path.display())]
    Io { path: PathBuf, source: io::Error },
}

impl From<ArtifactError> for Failure {
    fn from(error: ArtifactError) -> Self {
        let why = error.to_string();
        let (what, next) = match &error {
            ArtifactError::Different { folder } => (
                "the record was not written",
                format!(
                    "a record is never written over: look at {} and move it away if it is not to be kept",
                    folder.display()
                ),
            ),
            ArtifactError::OtherSchema { .. } => {
                ("the record cannot be read", "use the version of windlass that wrote it".to_owned())
            }
            ArtifactError::NotARecord { .. } | ArtifactError::NotADigest { .. } | ArtifactError::TooLarge { .. } => {
                ("the record cannot be read", "fetch the file again from where the release put it".to_owned())
            }
            ArtifactError::Disagree { .. } => (
                "the record cannot be trusted",
                "one of the files was changed after the release: compare release.json with the sha256 in windlass show"
                    .to_owned(),
            ),
            ArtifactError::Io { source, .. } if is_full(source) => {
                ("the record was not written", "free space on that disk, then release again".to_owned())
            }
            ArtifactError::Io { path, .. } => (
                "the record's files cannot be used",
                format!("look at the disk and at the permissions of {}", path.display()),
            ),
        };
        Self::failed(what, why, next)
    }
}

fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

/// Writes a record into this folder, which appears with all of it on the disk. Gives the sha256 of
/// `release.json`. The same record once more changes nothing.
///
/// # Errors
/// When the folder holds anything else.
pub fn write(folder: &Path, record: &Record) -> Result<Digest, ArtifactError> {
    let at = |path: &Path| {
        let path = path.to_path_buf();
        move |source| ArtifactError::Io { path, source }
    };
    let (json, shasum) = (to_json(record), format!("{}\n", record.image_id));
    let digest = Digest::of(&json);
    let parent = folder.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::DirBuilder::new().recursive(true).mode(0o700).create(parent).map_err(at(parent))?;
    // Removed with what is in it, unless it gets its name.
    let made = tempfile::Builder::new()
        .prefix(UNFINISHED)
        .permissions(fs::Permissions::from_mode(0o700))
        .tempdir_in(parent)
        .map_err(at(parent))?;
    for (name, bytes) in [(SHASUM_FILE, shasum.as_bytes()), (RECORD_FILE, &json)] {
        let path = made.path().join(name);
        let write = || {
            let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
            file.write_all(bytes)?;
            file.sync_all()
        };
        write().map_err(at(&path))?;
    }
    sync(made.path()).map_err(at(made.path()))?;
    // rename(2) replaces a folder only if it is empty, so nothing is ever written over.
    match fs::rename(made.path(), folder) {
        Ok(()) => {
            // It has its name: under the old one there is nothing left to remove.
            let _gone = made.keep();
        }
        Err(error) if is_taken(&error) => {
            if !holds(folder, &json, &shasum).map_err(at(folder))? {
                return Err(ArtifactError::Different { folder: folder.to_path_buf() });
            }
        }
        Err(error) => return Err(at(folder)(error)),
    }
    sync(parent).map_err(at(parent))?;
    Ok(digest)
}

/// Reads a record, and checks that its two files name the same image.
pub fn read(folder: &Path) -> Result<Record, ArtifactError> {
    let file = folder.join(RECORD_FILE);
    let json = read_file(&file)?;
    let not_a_record = |source| ArtifactError::NotARecord { file: file.clone(), source };
    // The schema first: a record of another one may well lack what ours has.
    let value: serde_json::Value = serde_json::from_slice(&json).map_err(not_a_record)?;
    if let Some(schema) = value["schema"].as_str().filter(|schema| *schema != RECORD_SCHEMA) {
        return Err(ArtifactError::OtherSchema { file, schema: schema.chars().take(100).collect() });
    }
    let record: Record = serde_json::from_value(value).map_err(not_a_record)?;
    let file = folder.join(SHASUM_FILE);
    let text = read_file(&file)?;
    let text = String::from_utf8_lossy(&text);
    // The first such artifacts, written with `curl --data`, had no line feed at their end.
    let shasum: Digest = text
        .strip_suffix('\n')
        .unwrap_or(&text)
        .parse()
        .map_err(|source| ArtifactError::NotADigest { file, source })?;
    if shasum != record.image_id {
        return Err(ArtifactError::Disagree { folder: folder.to_path_buf(), shasum, record: record.image_id });
    }
    Ok(record)
}

/// Before the random part of the name under which a record's folder is written.
const UNFINISHED: &str = ".record-";

/// The records in this folder and the folders below it. What a process that was killed left unfinished is none.
///
/// # Errors
/// When one of them cannot be read or trusted: a record that counts must not be left out in silence.
pub fn read_all(folder: &Path) -> Result<Vec<Record>, ArtifactError> {
    let at = |source| ArtifactError::Io { path: folder.to_path_buf(), source };
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(at)? {
        let entry = entry.map_err(at)?;
        // Links are not followed: a folder that leads to itself would never end.
        if entry.file_name().as_encoded_bytes().starts_with(UNFINISHED.as_bytes()) {
            continue;
        }
        if entry.file_type().map_err(at)?.is_dir() {
            found.extend(read_all(&entry.path())?);
        } else if entry.file_name() == RECORD_FILE {
            found.push(read(folder)?);
        }
    }
    Ok(found)
}

/// A record as its file has it: the fields in the order of the schema, indented by two, a line feed at the end.
///
/// # Panics
/// Never: a record is strings, lists and flags.
pub fn to_json(record: &Record) -> Vec<u8> {
    let mut json = serde_json::to_vec_pretty(record).expect("a record is strings, lists and flags, which JSON has");
    json.push(b'\n');
    json
}

fn read_file(path: &Path) -> Result<Vec<u8>, ArtifactError> {
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(LARGEST + 1).read_to_end(&mut bytes))
        .map_err(|source| ArtifactError::Io { path: path.to_path_buf(), source })?;
    if bytes.len() as u64 > LARGEST {
        return Err(ArtifactError::TooLarge { file: path.to_path_buf() });
    }
    Ok(bytes)
}

fn is_taken(error: &io::Error) -> bool {
    use io::ErrorKind::{AlreadyExists, DirectoryNotEmpty, NotADirectory};
    matches!(error.kind(), AlreadyExists | DirectoryNotEmpty | NotADirectory)
}

/// Whether a folder holds just these files. Others beside them, such as a signature, are none of ours.
fn holds(folder: &Path, json: &[u8], shasum: &str) -> io::Result<bool> {
    for (name, expected) in [(RECORD_FILE, json), (SHASUM_FILE, shasum.as_bytes())] {
        match fs::read(folder.join(name)) {
            Ok(bytes) if bytes == expected => {}
            Ok(_) => return Ok(false),
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                return Ok(false);
            }
            Err(error) => return Err(error),
        }
    }
    Ok(true)
}

/// Brings the names in a folder to the disk.
fn sync(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;
    use crate::domain::name::ReleaseId;

    fn record(image: &[u8]) -> Record {
        serde_json::from_value(serde_json::json!({
            "schema": RECORD_SCHEMA, "release": ReleaseId::from_random([1; 10]), "image": "balrog",
            "repository": "docker.io/mozilla/balrog", "image_id": Digest::of(image), "id_kind": "config",
            "config_digest": null, "manifest_digest": Digest::of(b"manifest"), "index_digest": null,
            "diff_ids": [Digest::of(b"layer")], "platform": "linux/amd64",
            "tags": [{ "tag": "master-2026", "kind": "frozen" }, { "tag": "latest", "kind": "moving" }],
            "commit": "a".repeat(40), "ref": "refs/heads/master", "remote": null, "review": "reviewed",
            "dirty": false, "dockerfile_digest": null, "context_digest": null, "log_digest": null,
            "log_clipped": false, "runner": "local", "engine": "Docker 20.10.24 (API 1.41)", "who": "bot@host",
            "when": "2026-11-21T09:30:00Z",
        }))
        .unwrap()
    }

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> =
            fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_record_is_written_and_read() {
        let temporary = tempfile::tempdir().unwrap();
        let folder = temporary.path().join("artifacts/bbbbbbbbbb");
        let digest = write(&folder, &record(b"image")).unwrap();
        let json = fs::read_to_string(folder.join(RECORD_FILE)).unwrap();
        assert_eq!(digest, Digest::of(json.as_bytes()));
        assert!(
            json.starts_with("{\n  \"schema\": \"windlass.record/1\",\n  \"release\": \"bbbbbbbbbb\",\n"),
            "{json}"
        );
        assert!(json.ends_with("}\n"), "{json}");
        let shasum = fs::read_to_string(folder.join(SHASUM_FILE)).unwrap();
        assert_eq!(shasum, format!("{}\n", Digest::of(b"image")));
        assert_eq!(read(&folder).unwrap(), record(b"image"));

        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o7777;
        assert_eq!((mode(folder.parent().unwrap()), mode(&folder)), (0o700, 0o700));
        assert_eq!((mode(&folder.join(RECORD_FILE)), mode(&folder.join(SHASUM_FILE))), (0o600, 0o600));
        assert_eq!(names(folder.parent().unwrap()), ["bbbbbbbbbb"], "nothing else is left");
    }

    #[test]
    fn the_same_record_once_more_changes_nothing_and_another_is_refused() {
        let temporary = tempfile::tempdir().unwrap();
        let folder = temporary.path().join("id");
        let digest = write(&folder, &record(b"image")).unwrap();
        fs::write(folder.join("release.json.sig"), "of somebody else").unwrap();
        assert_eq!(write(&folder, &record(b"image")).unwrap(), digest);
        let error = write(&folder, &record(b"other")).unwrap_err();
        assert!(matches!(error, ArtifactError::Different { .. }), "{error}");
        assert_eq!(read(&folder).unwrap(), record(b"image"));
        assert_eq!(names(&folder), [SHASUM_FILE, RECORD_FILE, "release.json.sig"]);

        fs::remove_file(folder.join(SHASUM_FILE)).unwrap();
        assert!(matches!(write(&folder, &record(b"image")), Err(ArtifactError::Different { .. })));
        assert_eq!(names(temporary.path()), ["id"]);
    }

    #[test]
    fn a_folder_that_was_made_before_is_filled_and_a_file_is_left_alone() {
        let temporary = tempfile::tempdir().unwrap();
        let folder = temporary.path().join("empty");
        fs::create_dir(&folder).unwrap();
        write(&folder, &record(b"image")).unwrap();
        assert_eq!(read(&folder).unwrap(), record(b"image"));

        let file = temporary.path().join("file");
        fs::write(&file, "kept").unwrap();
        assert!(matches!(write(&file, &record(b"image")), Err(ArtifactError::Different { .. })));
        assert_eq!(fs::read_to_string(&file).unwrap(), "kept");
    }

    #[test]
    fn what_was_left_unfinished_is_no_record() {
        let temporary = tempfile::tempdir().unwrap();
        write(&temporary.path().join("id"), &record(b"image")).unwrap();
        let unfinished = temporary.path().join(format!("{UNFINISHED}Xy"));
        fs::create_dir(&unfinished).unwrap();
        fs::write(unfinished.join(RECORD_FILE), "{\"schema\":").unwrap();
        assert_eq!(read_all(temporary.path()).unwrap(), [record(b"image")]);
    }

    #[test]
    fn of_two_that_write_together_one_wins() {
        let temporary = tempfile::tempdir().unwrap();
        let folder = temporary.path().join("id");
        let outcomes: Vec<_> = thread::scope(|scope| {
            let writers: Vec<_> = (0..8_u8)
                .map(|number| {
                    let folder = &folder;
                    scope.spawn(move || (number % 2, write(folder, &record(&[number % 2]))))
                })
                .collect();
            writers.into_iter().map(|writer| writer.join().unwrap()).collect()
        });
        let kept = read(&folder).unwrap();
        for (image, outcome) in outcomes {
            if record(&[image]) == kept {
                assert_eq!(outcome.unwrap(), Digest::of(&to_json(&kept)));
            } else {
                assert!(matches!(outcome, Err(ArtifactError::Different { .. })));
            }
        }
        assert_eq!(names(temporary.path()), ["id"]);
    }

    #[test]
    fn a_shasum_without_a_line_feed_is_read_too() {
        let temporary = tempfile::tempdir().unwrap();
        let folder = temporary.path().join("id");
        write(&folder, &record(b"image")).unwrap();
        fs::write(folder.join(SHASUM_FILE), Digest::of(b"image").as_str()).unwrap();
        assert_eq!(read(&folder).unwrap(), record(b"image"));
    }

    #[test]
    fn what_is_no_record_is_said_to_be_none() {
        let temporary = tempfile::tempdir().unwrap();
        let folder = temporary.path().join("id");
        assert!(matches!(read(&folder), Err(ArtifactError::Io { .. })));
        write(&folder, &record(b"image")).unwrap();
        let (json, shasum) = (folder.join(RECORD_FILE), folder.join(SHASUM_FILE));

        fs::write(&shasum, format!("{}\n", Digest::of(b"other"))).unwrap();
        let error = read(&folder).unwrap_err();
        assert!(matches!(error, ArtifactError::Disagree { .. }), "{error}");
        assert!(Failure::from(error).what.contains("cannot be trusted"));
        fs::write(&shasum, format!("{}\n\n", Digest::of(b"image"))).unwrap();
        assert!(matches!(read(&folder), Err(ArtifactError::NotADigest { .. })));

        fs::write(&json, "{}").unwrap();
        assert!(matches!(read(&folder), Err(ArtifactError::NotARecord { .. })));
        fs::write(&json, r#"{"schema":"windlass.record/2"}"#).unwrap();
        assert!(
            matches!(read(&folder), Err(ArtifactError::OtherSchema { schema, .. }) if schema == "windlass.record/2")
        );
        fs::write(&json, vec![b' '; usize::try_from(LARGEST).unwrap() + 1]).unwrap();
        assert!(matches!(read(&folder), Err(ArtifactError::TooLarge { .. })));
    }
}
