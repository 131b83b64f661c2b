//! The digest that a task left behind: in a small file, as `docker images --no-trunc` shows it, or in its log. What is
//! not exactly one digest is no record.

use regex::Regex;

use super::digest::Digest;

/// So many different digests are told of.
const MOST: usize = 8;

/// What a file or a log says about the digest of an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shasum {
    One(Digest),
    /// A grep for a tag may find others that begin like it. The first few, in the order in which they stand there.
    Several(Vec<Digest>),
    Nothing,
    /// It says something else.
    Unreadable,
}

impl Shasum {
    /// Reads `docker-image-shasum256.txt`: a digest a line, with `sha256:` or, from an old Docker, without.
    #[must_use]
    pub fn read(file: &[u8]) -> Self {
        let Ok(text) = std::str::from_utf8(file) else { return Self::Unreadable };
        Self::of(text.lines().map(str::trim).filter(|line| !line.is_empty()))
    }

    /// What a pattern finds in the lines of a log: in its first group, or, where it has none, all of it.
    #[must_use]
    pub fn in_log<L: AsRef<str>>(pattern: &Regex, lines: impl IntoIterator<Item = L>) -> Self {
        let mut found = Vec::new();
        for line in lines {
            for captures in pattern.captures_iter(line.as_ref()) {
                let told = captures.get(1).or_else(|| captures.get(0)).map_or("", |found| found.as_str());
                if found.len() <= MOST && !found.iter().any(|known| known == told) {
                    found.push(told.to_owned());
                }
            }
        }
        Self::of(found.iter().map(String::as_str))
    }

    fn of<'a>(texts: impl Iterator<Item = &'a str>) -> Self {
        let mut digests: Vec<Digest> = Vec::new();
        for text in texts {
            let hex = text.strip_prefix("sha256:").unwrap_or(text).to_ascii_lowercase();
            let Ok(digest) = format!("sha256:{hex}").parse() else { return Self::Unreadable };
            if digests.len() < MOST && !digests.contains(&digest) {
                digests.push(digest);
            }
        }
        match digests.as_slice() {
            [] => Self::Nothing,
            [one] => Self::One(one.clone()),
            _ => Self::Several(digests),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    const B: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    fn digest(hex: &str) -> Digest {
        format!("sha256:{hex}").parse().unwrap()
    }

    #[test]
    fn the_file_of_a_task_is_read_as_it_comes() {
        let (one, several) = (Shasum::One(digest(A)), Shasum::Several(vec![digest(A), digest(B)]));
        for (file, read) in [
            (format!("sha256:{A}"), one.clone()),
            (format!("sha256:{A}\n"), one.clone()),
            (format!("sha256:{A}\r\n"), one.clone()),
            (A.to_owned(), one.clone()),
            (format!("{}\n", A.to_uppercase()), one.clone()),
            (format!("sha256:{A}\nsha256:{A}\n"), one),
            (format!("sha256:{A}\r\nsha256:{B}"), several),
            (String::new(), Shasum::Nothing),
            ("\r\n \n".to_owned(), Shasum::Nothing),
            (format!("sha256:{}", &A[1..]), Shasum::Unreadable),
            (format!("sha512:{A}"), Shasum::Unreadable),
            (format!("sha256:{A}\nError: no such image"), Shasum::Unreadable),
            ("<Error><Code>NoSuchKey</Code></Error>".to_owned(), Shasum::Unreadable),
        ] {
            assert_eq!(Shasum::read(file.as_bytes()), read, "{file:?}");
        }
        assert_eq!(Shasum::read(&[0xff, 0xfe]), Shasum::Unreadable);
    }

    #[test]
    fn a_log_must_say_one_digest() {
        let pattern = Regex::new(r#""Digest": "(sha256:[0-9a-f]{64})""#).unwrap();
        let line = |hex| format!(r#"    "Digest": "sha256:{hex}","#);
        let read = |lines: &[String]| Shasum::in_log(&pattern, lines);
        assert_eq!(read(&[line(A), "other".into(), line(A)]), Shasum::One(digest(A)));
        assert_eq!(read(&[line(A), line(B)]), Shasum::Several(vec![digest(A), digest(B)]));
        assert_eq!(read(&[format!("{} {}", line(B), line(A))]), Shasum::Several(vec![digest(B), digest(A)]));
        assert_eq!(read(&["sha256:".into()]), Shasum::Nothing);
        let bare = Regex::new("[0-9a-f]{64}").unwrap();
        assert_eq!(Shasum::in_log(&bare, [A]), Shasum::One(digest(A)));
        let loose = Regex::new("digest: (.*)").unwrap();
        assert_eq!(Shasum::in_log(&loose, ["digest: unknown"]), Shasum::Unreadable);
    }
}
