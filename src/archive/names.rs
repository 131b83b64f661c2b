//! The names in a tar file, and which of its bytes each means. Only headers are read; contents are passed over.

use std::{
    collections::HashMap,
    fs::File,
    io::{self, BufReader, Seek as _, SeekFrom},
    os::unix::fs::FileExt as _,
    sync::Arc,
};

use tar::EntryType;

use super::error::ArchiveError;
use crate::log::sanitise::plain;

/// An image has a few hundred files in its archive.
const MOST_NAMES: usize = 100_000;
/// What says a long name, or more about the entry after it. A name is not longer.
const LONGEST_REMARK: u64 = 64 * 1024;
/// A link to a link to …; `docker save` writes one at most.
const MOST_LINKS: usize = 8;

/// Bytes of a file.
#[derive(Debug, Clone)]
pub struct Span {
    pub file: Arc<File>,
    pub start: u64,
    pub length: u64,
}

impl Span {
    /// Bytes from `at` on, at most so many; none at the end.
    pub fn read(&self, at: u64, most: usize) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.read_into(&mut bytes, at, most)?;
        Ok(bytes)
    }

    /// The same in place of what is in `bytes`, whose memory is used again.
    pub fn read_into(&self, bytes: &mut Vec<u8>, at: u64, most: usize) -> io::Result<()> {
        let left = usize::try_from(self.length.saturating_sub(at)).unwrap_or(usize::MAX);
        bytes.resize(most.min(left), 0);
        self.file.read_exact_at(bytes, self.start + at)
    }
}

#[derive(Debug)]
enum Entry {
    File {
        start: u64,
        length: u64,
    },
    /// To this name, as it is written from the top of the archive.
    Link(String),
    /// Something else that has a name: nothing can be read of it.
    Other,
}

/// What the names in a tar file mean.
#[derive(Debug)]
pub struct Names {
    file: Arc<File>,
    entries: HashMap<String, Entry>,
}

impl Names {
    /// Reads all headers.
    ///
    /// # Errors
    /// For what is no tar file, ends too early, has a name twice, or a name that leads out of it.
    pub fn read(file: File) -> Result<Self, ArchiveError> {
        let size = file.metadata()?.len();
        let file = Arc::new(file);
        check_remarks(&file)?;
        let mut archive = tar::Archive::new(at_start(&file)?);
        let mut entries = HashMap::new();
        for entry in archive.entries_with_seek().map_err(no_tar)? {
            let entry = entry.map_err(no_tar)?;
            let kind = entry.header().entry_type();
            let shown = plain(&String::from_utf8_lossy(&entry.path_bytes()));
            let name = std::str::from_utf8(&entry.path_bytes()).ok().and_then(|name| joined("", name));
            let name =
                name.ok_or_else(|| ArchiveError::broken(format!("`{shown}` is no name inside of an archive")))?;
            if kind.is_dir() {
                continue;
            }
            let (start, length) = (entry.raw_file_position(), entry.size());
            let found = match kind {
                EntryType::Regular | EntryType::Continuous => Entry::File { start, length },
                EntryType::Symlink | EntryType::Link => {
                    let to = entry.link_name_bytes().unwrap_or_default();
                    let to = std::str::from_utf8(&to).ok();
                    // A hard link is written from the top, a symbolic one from where it is.
                    let folder =
                        if kind == EntryType::Symlink { name.rsplit_once('/').map_or("", |(at, _)| at) } else { "" };
                    match to.and_then(|to| joined(folder, to)) {
                        Some(to) => Entry::Link(to),
                        None => {
                            return Err(ArchiveError::broken(format!(
                                "`{shown}` is a link that leads out of the archive"
                            )));
                        }
                    }
                }
                _ => Entry::Other,
            };
            if let Entry::File { start, length } = found
                && start.checked_add(length).is_none_or(|end| end > size)
            {
                return Err(ArchiveError::broken(format!("it ends amid `{shown}`")));
            }
            if entries.len() == MOST_NAMES {
                return Err(ArchiveError::broken(format!("it has more than {MOST_NAMES} files")));
            }
            if entries.insert(name, found).is_some() {
                return Err(ArchiveError::broken(format!("`{shown}` is in it twice")));
            }
        }
        Ok(Self { file, entries })
    }

    pub fn has(&self, name: &str) -> bool {
        self.entries.contains_key(name)
    }

    /// The bytes of a file.
    ///
    /// # Errors
    /// When there is no file of this name.
    pub fn file(&self, name: &str) -> Result<Span, ArchiveError> {
        let missing = |why: &str| ArchiveError::broken(format!("`{name}` {why}"));
        let mut at = joined("", name).ok_or_else(|| missing("is no name inside of an archive"))?;
        for _ in 0..=MOST_LINKS {
            match self.entries.get(&at) {
                Some(Entry::File { start, length }) => {
                    return Ok(Span { file: Arc::clone(&self.file), start: *start, length: *length });
                }
                Some(Entry::Link(to)) => at.clone_from(to),
                Some(Entry::Other) => return Err(missing("is no file")),
                None => return Err(missing("is missing in it")),
            }
        }
        Err(missing("is a link without end"))
    }

    /// All of a small file.
    ///
    /// # Errors
    /// As [`Self::file`], and when it is larger than `cap`.
    pub fn small(&self, name: &str, cap: u64) -> Result<Vec<u8>, ArchiveError> {
        let span = self.file(name)?;
        if span.length > cap {
            return Err(ArchiveError::broken(format!("`{name}` is larger than {} MiB", cap / (1024 * 1024))));
        }
        Ok(span.read(0, usize::MAX)?)
    }
}

/// Long names are read into memory: one that is a gigabyte long is refused before anybody does.
fn check_remarks(file: &File) -> Result<(), ArchiveError> {
    let mut archive = tar::Archive::new(at_start(file)?);
    let mut count = 0;
    for entry in archive.entries_with_seek().map_err(no_tar)?.raw(true) {
        let entry = entry.map_err(no_tar)?;
        let kind = entry.header().entry_type();
        let is_remark = kind.is_gnu_longname()
            || kind.is_gnu_longlink()
            || kind.is_pax_local_extensions()
            || kind.is_pax_global_extensions();
        if is_remark && entry.size() > LONGEST_REMARK {
            return Err(ArchiveError::broken(format!("it has a name of {} bytes", entry.size())));
        }
        count += 1;
        if count > 4 * MOST_NAMES {
            return Err(ArchiveError::broken(format!("it has more than {MOST_NAMES} files")));
        }
    }
    Ok(())
}

fn at_start(mut file: &File) -> io::Result<BufReader<&File>> {
    file.seek(SeekFrom::Start(0))?;
    // Headers are far apart: little is read for nothing.
    Ok(BufReader::with_capacity(1024, file))
}

fn no_tar(error: io::Error) -> ArchiveError {
    if error.raw_os_error().is_some() {
        return ArchiveError::Io { source: error };
    }
    // The crate quotes what it read: of a key that was named by mistake, the key.
    ArchiveError::NotAnArchive { why: "it is no tar file: where a header should be is something else".to_owned() }
}

/// `name`, seen from `folder`, without `.` and `..`; `None` where it leads out of the archive or is none.
fn joined(folder: &str, name: &str) -> Option<String> {
    if name.starts_with('/') {
        return None;
    }
    let mut parts: Vec<&str> = Vec::new();
    for part in folder.split('/').chain(name.split('/')) {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            part => parts.push(part),
        }
    }
    (!parts.is_empty() || name.trim_end_matches('/') == ".").then(|| parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_inside() {
        for (folder, name, expected) in [
            ("", "blobs/sha256/ab", Some("blobs/sha256/ab")),
            ("", "./manifest.json", Some("manifest.json")),
            ("", "./", Some("")),
            ("a/b", "../c/layer.tar", Some("a/c/layer.tar")),
            ("", "a/../b", Some("b")),
            ("", "a/../../b", None),
            ("a", "../../b", None),
            ("", "/etc/passwd", None),
            ("", "..", None),
            ("", "", None),
        ] {
            assert_eq!(joined(folder, name).as_deref(), expected, "{folder} {name}");
        }
    }
}
