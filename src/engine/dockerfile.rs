//! What has to be known of a Dockerfile before it is sent: where it is, which mounts it asks for, where it starts from.
//! Not a parser of instructions: the builder has that.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::{Path, PathBuf},
};

use bytes::Bytes;

use super::EngineError;
use crate::domain::reference::Repository;

/// No Dockerfile is longer; a larger file is something else.
const LONGEST: u64 = 4 << 20;

/// A Dockerfile as it was read, once: what was checked is what is sent.
#[derive(Debug)]
pub(super) struct Dockerfile {
    /// Inside the context, links resolved.
    pub path: String,
    pub bytes: Bytes,
}

impl Dockerfile {
    /// Reads the file that `name` means in the context `root` (absolute, links resolved).
    ///
    /// # Errors
    /// When there is none, with names near it; when it lies outside of the context.
    pub(super) fn find(root: &Path, name: &str) -> Result<Self, EngineError> {
        let bad = |why: String| EngineError::BadDockerfile { name: name.to_owned(), why };
        let path = match root.join(name).canonicalize() {
            Ok(path) => path,
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                let near = names_near(root, name);
                return Err(EngineError::NoDockerfile { name: name.to_owned(), folder: root.to_owned(), near });
            }
            Err(error) => return Err(bad(error.to_string())),
        };
        let inside = path.strip_prefix(root).map_err(|_| bad("it lies outside of the build context".into()))?;
        let inside = inside.to_str().ok_or_else(|| bad("its name is not UTF-8".into()))?.to_owned();
        let about = fs::metadata(&path).map_err(|error| bad(error.to_string()))?;
        if !about.is_file() {
            return Err(bad("it is no file".into()));
        }
        if about.len() > LONGEST {
            return Err(bad(format!("it has {} bytes; that is no Dockerfile", about.len())));
        }
        let bytes = fs::read(&path).map_err(|error| bad(error.to_string()))?;
        Ok(Self { path: inside, bytes: bytes.into() })
    }

    /// Refuses mounts that the build would silently go without: the session that serves them is not ours to fill.
    ///
    /// # Errors
    /// [`EngineError::NeedsMount`] for the first `RUN --mount` of type `secret` or `ssh`.
    pub(super) fn refuse_mounts(&self) -> Result<(), EngineError> {
        let text = String::from_utf8_lossy(&self.bytes);
        for instruction in instructions(&text) {
            if !instruction.name.eq_ignore_ascii_case("run") {
                continue;
            }
            for flag in flags(&instruction.rest) {
                let Some(mount) = flag.strip_prefix("--mount=") else { continue };
                let kind = mount.split(',').find_map(|field| {
                    let (key, value) = field.split_once('=')?;
                    key.trim().eq_ignore_ascii_case("type").then(|| value.trim().to_ascii_lowercase())
                });
                let what = match kind.as_deref() {
                    Some("secret") => "secret",
                    Some("ssh") => "key agent",
                    _ => continue,
                };
                return Err(EngineError::NeedsMount { line: instruction.line, what, mount: flag });
            }
        }
        Ok(())
    }
}

/// The registries, as references name them, that a build of this Dockerfile pulls from: of `FROM`, `COPY --from` and
/// the `syntax` line. Arguments that cannot be known here leave their image out.
#[must_use]
pub fn registries(dockerfile: &str, args: &BTreeMap<String, String>) -> BTreeSet<String> {
    let mut images: Vec<String> = directive(dockerfile, "syntax").into_iter().collect();
    let mut known: BTreeMap<String, String> = BTreeMap::new();
    let mut stages = BTreeSet::new();
    for Instruction { name, rest, .. } in instructions(dockerfile) {
        let words: Vec<&str> = rest.split_whitespace().collect();
        match name.to_ascii_lowercase().as_str() {
            "arg" => {
                for word in words {
                    let (key, default) = word.split_once('=').map_or((word, None), |(k, v)| (k, Some(v)));
                    let default = default.map(|value| value.trim_matches(['"', '\'']).to_owned());
                    if let Some(value) = args.get(key).cloned().or(default) {
                        known.insert(key.to_owned(), value);
                    }
                }
            }
            "from" => {
                let mut words = words.into_iter().skip_while(|word| word.starts_with("--"));
                if let Some(image) = words.next().and_then(|word| expand(word, &known))
                    && !stages.contains(&image.to_ascii_lowercase())
                {
                    images.push(image);
                }
                if let (Some(as_word), Some(stage)) = (words.next(), words.next())
                    && as_word.eq_ignore_ascii_case("as")
                {
                    stages.insert(stage.to_ascii_lowercase());
                }
            }
            "copy" => {
                let from = flags(&rest).into_iter().find_map(|flag| flag.strip_prefix("--from=").map(str::to_owned));
                images.extend(
                    from.filter(|image| {
                        image.parse::<usize>().is_err() && !stages.contains(&image.to_ascii_lowercase())
                    }),
                );
            }
            _ => {}
        }
    }
    images
        .iter()
        .filter(|image| *image != "scratch")
        .filter_map(|image| {
            let name = image.split('@').next().unwrap_or(image);
            let name = match name.rsplit_once(':') {
                Some((name, tag)) if !tag.contains('/') => name,
                _ => name,
            };
            name.parse::<Repository>().ok().map(|repository| repository.host().to_owned())
        })
        .collect()
}

/// `$NAME`, `${NAME}` and `${NAME:-default}` replaced. `None` where one is not known.
fn expand(word: &str, known: &BTreeMap<String, String>) -> Option<String> {
    let mut out = String::new();
    let mut rest = word;
    while let Some((before, after)) = rest.split_once('$') {
        out.push_str(before);
        let (name, default, left) = if let Some(braced) = after.strip_prefix('{') {
            let (inside, left) = braced.split_once('}')?;
            let (name, default) = inside.split_once(":-").map_or((inside, None), |(n, d)| (n, Some(d)));
            (name, default, left)
        } else {
            let end = after.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(after.len());
            (&after[..end], None, &after[end..])
        };
        out.push_str(known.get(name).map(String::as_str).filter(|value| !value.is_empty()).or(default)?);
        rest = left;
    }
    out.push_str(rest);
    Some(out)
}

struct Instruction {
    /// Of its first line, from 1.
    line: usize,
    name: String,
    /// Everything after the name, continued lines joined; without the bodies of here-documents.
    rest: String,
}

fn instructions(text: &str) -> Vec<Instruction> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let escape = directive(text, "escape").and_then(|value| value.chars().next()).unwrap_or('\\');
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    let mut at = 0;
    while at < lines.len() {
        let first = at;
        let mut whole = String::new();
        while at < lines.len() {
            let line = lines[at];
            at += 1;
            let bare = line.trim_start();
            // Comments and empty lines may stand between continued lines.
            if bare.starts_with('#') || (bare.is_empty() && !whole.is_empty()) {
                if whole.is_empty() {
                    break;
                }
                continue;
            }
            let part = if whole.is_empty() { bare } else { line };
            if let Some(continued) = part.trim_end_matches([' ', '\t']).strip_suffix(escape) {
                whole.push_str(continued);
            } else {
                whole.push_str(part);
                break;
            }
        }
        let whole = whole.trim();
        if whole.is_empty() {
            continue;
        }
        let (name, rest) = whole.split_once(char::is_whitespace).unwrap_or((whole, ""));
        if ["run", "copy", "add"].iter().any(|with_bodies| name.eq_ignore_ascii_case(with_bodies)) {
            at = after_bodies(&lines, at, rest);
        }
        found.push(Instruction { line: first + 1, name: name.to_owned(), rest: rest.trim().to_owned() });
    }
    found
}

/// A parser directive: `# name=value` before everything else.
fn directive(text: &str, name: &str) -> Option<String> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    text.lines()
        .map_while(|line| line.trim().strip_prefix('#')?.split_once('='))
        .find(|(key, _)| key.trim().eq_ignore_ascii_case(name))
        .map(|(_, value)| value.trim().to_owned())
}

/// The line after the bodies of all here-documents that `rest` opens. One that is never closed is none: then nothing
/// is skipped, so that nothing can hide behind it.
fn after_bodies(lines: &[&str], start: usize, rest: &str) -> usize {
    let mut at = start;
    let mut words = rest;
    while let Some((_, after)) = words.split_once("<<") {
        words = after;
        let (indented, after) = after.strip_prefix('-').map_or((false, after), |after| (true, after));
        let end = after.find(|c: char| c.is_whitespace() || "<>|&;()".contains(c)).unwrap_or(after.len());
        let word = after[..end].trim_matches(['"', '\'']);
        if word.is_empty() {
            continue;
        }
        let closes = |line: &&str| if indented { line.trim_start_matches('\t') == word } else { *line == word };
        match lines[at..].iter().position(closes) {
            Some(found) => at += found + 1,
            None => return start,
        }
    }
    at
}

/// The `--flags` that follow an instruction's name, quotes taken out as the builder does.
fn flags(rest: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = rest.trim_start();
    while rest.starts_with("--") {
        let mut flag = String::new();
        let mut quote = None;
        let mut end = rest.len();
        let mut chars = rest.char_indices();
        while let Some((at, c)) = chars.next() {
            match (c, quote) {
                (c, None) if c.is_whitespace() => {
                    end = at;
                    break;
                }
                ('"' | '\'', None) => quote = Some(c),
                (c, Some(open)) if c == open => quote = None,
                ('\\', _) => flag.extend(chars.next().map(|(_, escaped)| escaped)),
                (c, _) => flag.push(c),
            }
        }
        found.push(flag);
        rest = rest[end..].trim_start();
    }
    found
}

/// Up to five files that may have been meant: in the folder where it was looked for, the context, and its folders.
fn names_near(root: &Path, name: &str) -> Vec<String> {
    let wanted = Path::new(name).file_name().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
    let mut folders = vec![root.join(name).parent().unwrap_or(root).to_owned(), root.to_owned()];
    folders.extend(entries(root).into_iter().filter(|path| path.is_dir()));
    let mut seen = BTreeSet::new();
    let mut scored: Vec<(bool, String)> = Vec::new();
    for path in folders.iter().flat_map(|folder| entries(folder)).filter(|path| path.is_file()) {
        let (Ok(shown), Some(file)) = (path.strip_prefix(root), path.file_name()) else { continue };
        let file = file.to_string_lossy().to_ascii_lowercase();
        if file.ends_with(".dockerignore") || !seen.insert(path.clone()) {
            continue;
        }
        let alike = strsim::jaro_winkler(&file, &wanted) > 0.85;
        if alike || file.contains("dockerfile") || file.contains("containerfile") {
            scored.push((!alike, shown.display().to_string()));
        }
    }
    scored.sort();
    scored.into_iter().take(5).map(|(_, shown)| shown).collect()
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    // Only suggestions: a folder that cannot be listed has none.
    fs::read_dir(folder).map(|list| list.flatten().map(|entry| entry.path()).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> Option<(usize, &'static str)> {
        let file = Dockerfile { path: "Dockerfile".into(), bytes: Bytes::copy_from_slice(text.as_bytes()) };
        match file.refuse_mounts() {
            Ok(()) => None,
            Err(EngineError::NeedsMount { line, what, .. }) => Some((line, what)),
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn mounts_that_cannot_be_served_are_found() {
        let secret = |line| Some((line, "secret"));
        for (text, found) in [
            ("FROM a\nRUN --mount=type=secret,id=t cat /run/secrets/t", secret(2)),
            ("FROM a\nrun --mount=id=t,TYPE=Secret true", secret(2)),
            ("FROM a\nRUN --mount=type=ssh git clone x", Some((2, "key agent"))),
            (
                "FROM a\nRUN --network=none \\\n # why\n\n  --mount=type=cache,target=/c \\\n  --mount=type=secret,id=x true",
                secret(2),
            ),
            ("FROM a\nRUN \"--mount=type=secret\" true", None),
            ("FROM a\nRUN --mount=\"type=secret,id=x\" true", secret(2)),
            ("# escape=`\nFROM a\nRUN `\n --mount=type=secret true", secret(3)),
            ("\u{feff}FROM a\r\nRUN --mount=type=secret true\r\n", secret(2)),
            ("FROM a\nRUN --mount=type=secret,id=x <<EOF\ntrue\nEOF", secret(2)),
            ("FROM a\nRUN true\n\nRUN sh <<EOF\nRUN --mount=type=secret true\nEOF\nRUN true", None),
            (
                "FROM a\nRUN <<-'A' cat <<B\n\tx\n\tA\nRUN --mount=type=secret y\nB\nRUN --mount=type=ssh true",
                Some((7, "key agent")),
            ),
            ("FROM a\nRUN echo '<<never'\nRUN --mount=type=secret true", secret(3)),
            ("FROM a\nRUN --mount=type=cache,target=/type=secret true", None),
            ("FROM a\n# RUN --mount=type=secret true\nRUN echo --mount=type=secret", None),
            ("FROM a\nENV X=1 \\\nRUN --mount=type=secret true", None),
        ] {
            assert_eq!(refused(text), found, "{text}");
        }
    }

    #[test]
    fn registries_of_a_build() {
        let text = "# syntax=docker/dockerfile:1\nARG BASE=ghcr.io/a/b:1\nARG NONE\nFROM --platform=linux/amd64 ${BASE} AS one\n\
                    FROM $NONE\nFROM one AS two\nFROM ${OTHER:-quay.io/x}@sha256:00\nFROM scratch\n\
                    COPY --from=two /a /b\nCOPY --from=0 /a /b\nCOPY --from=localhost:5000/c /a /b";
        let found = |args: &[(&str, &str)]| {
            let args = args.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
            registries(text, &args).into_iter().collect::<Vec<_>>()
        };
        assert_eq!(found(&[]), ["docker.io", "ghcr.io", "localhost:5000", "quay.io"]);
        assert_eq!(
            found(&[("BASE", "reg.example.com/z")]),
            ["docker.io", "localhost:5000", "quay.io", "reg.example.com"]
        );
    }

    #[test]
    fn a_missing_dockerfile_names_what_is_near() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        fs::create_dir(root.join("docker")).unwrap();
        for name in ["dockerfile", "docker/Dockerfile.prod", "Dockerfile.dockerignore", "main.rs"] {
            fs::write(root.join(name), "").unwrap();
        }
        let Err(EngineError::NoDockerfile { near, .. }) = Dockerfile::find(&root, "Dockerfile") else { panic!() };
        assert_eq!(near, ["docker/Dockerfile.prod", "dockerfile"]);
    }

    #[test]
    fn links_stay_inside_the_context() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("context");
        fs::create_dir(&root).unwrap();
        let root = root.canonicalize().unwrap();
        fs::write(folder.path().join("outside"), "FROM a").unwrap();
        fs::write(root.join("real"), "FROM b").unwrap();
        std::os::unix::fs::symlink("real", root.join("Dockerfile")).unwrap();
        std::os::unix::fs::symlink("../outside", root.join("out")).unwrap();
        let found = Dockerfile::find(&root, "Dockerfile").unwrap();
        assert_eq!((found.path.as_str(), &found.bytes[..]), ("real", &b"FROM b"[..]));
        for name in ["out", "../outside", "."] {
            assert!(matches!(Dockerfile::find(&root, name), Err(EngineError::BadDockerfile { .. })), "{name}");
        }
    }
}
