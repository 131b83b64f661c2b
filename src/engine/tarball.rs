//! Headers of the tar in which a context travels: GNU format, since its names are plain bytes of any length.

use tar::{EntryType, Header};

/// Two empty blocks end an archive.
pub(super) const END: [u8; 1024] = [0; 1024];

#[derive(Debug, Clone, Copy)]
pub(super) enum Kind<'a> {
    /// With its length in bytes.
    File(u64),
    Folder,
    /// A symbolic link, with its target as it stands there.
    Link(&'a [u8]),
}

/// Appends the header of one entry. The owner is root, as the docker CLI sends it; `mtime` is in seconds since 1970.
pub(super) fn header(out: &mut Vec<u8>, path: &[u8], mode: u32, mtime: i64, kind: Kind<'_>) {
    let mut name = path.to_vec();
    let mut header = Header::new_gnu();
    let (entry, size) = match kind {
        Kind::File(size) => (EntryType::Regular, size),
        Kind::Folder => {
            name.push(b'/');
            (EntryType::Directory, 0)
        }
        Kind::Link(target) => {
            if !fits(&mut header.as_old_mut().linkname, target) {
                long(out, EntryType::GNULongLink, target);
            }
            (EntryType::Symlink, 0)
        }
    };
    if !fits(&mut header.as_old_mut().name, &name) {
        long(out, EntryType::GNULongName, &name);
    }
    header.set_entry_type(entry);
    header.set_size(size);
    header.set_mode(mode);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(u64::try_from(mtime).unwrap_or(0));
    header.set_cksum();
    out.extend_from_slice(header.as_bytes());
}

/// What fills the last block of a file of this length.
pub(super) fn padding(length: u64) -> &'static [u8] {
    let over = usize::try_from(length % 512).expect("a remainder of 512 fits");
    if over == 0 { &[] } else { &END[..512 - over] }
}

/// Puts as much of `text` into the field as fits, and says whether all of it did.
fn fits(field: &mut [u8; 100], text: &[u8]) -> bool {
    let length = text.len().min(field.len());
    field[..length].copy_from_slice(&text[..length]);
    length == text.len()
}

/// The entry before an entry that holds its long name or link target.
fn long(out: &mut Vec<u8>, entry: EntryType, text: &[u8]) {
    let mut header = Header::new_gnu();
    let _ = fits(&mut header.as_old_mut().name, b"././@LongLink");
    let size = text.len() as u64 + 1;
    header.set_entry_type(entry);
    header.set_size(size);
    header.set_mode(0);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    header.set_cksum();
    out.extend_from_slice(header.as_bytes());
    out.extend_from_slice(text);
    out.push(0);
    out.extend_from_slice(padding(size));
}
