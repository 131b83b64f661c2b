//! What a maintainer says of a release on top of the configuration: the options of `windlass release`, typed or as data.

use std::str::FromStr;

use super::{
    archive::ArchiveSource,
    reference::{NotAReference, Platform},
};

#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Wishes {
    /// Release this commit, branch or tag instead of what is checked out.
    pub git_ref: Option<String>,
    /// The branch it is released from, where git cannot tell.
    pub branch: Option<String>,
    pub platform: Option<Platform>,
    /// Build nothing: release the image of this archive.
    pub archive: Option<ArchiveSource>,
    /// Point moving tags back although they show a release that is no ancestor.
    pub move_tags: bool,
    /// On this machine, wherever releases of the project run.
    pub local: bool,
}

/// A text that is no such options.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAWish {
    #[error("`{0}` is no option: there are --ref, --branch, --platform, --from-archive, --on and --move")]
    Unknown(String),
    #[error("a value is missing after {0}")]
    Missing(String),
    #[error("{0} is said twice")]
    Twice(String),
    #[error("`--on {0}` is nowhere: there is --on local, which is this machine")]
    Nowhere(String),
    #[error("a {0} is open to the end")]
    Unclosed(char),
    #[error(transparent)]
    Platform(#[from] NotAReference),
}

impl Wishes {
    /// The options of the command that wishes the same.
    #[must_use]
    pub fn words(&self) -> Vec<String> {
        let platform = self.platform.as_ref().map(ToString::to_string);
        let archive = self.archive.as_ref().map(ToString::to_string);
        let valued = [
            ("--ref", &self.git_ref),
            ("--branch", &self.branch),
            ("--platform", &platform),
            ("--from-archive", &archive),
        ];
        let valued = valued.into_iter().filter_map(|(name, value)| Some([name.to_owned(), value.clone()?]));
        let local = self.local.then(|| ["--on".to_owned(), "local".to_owned()]);
        let valued = valued.chain(local).flatten();
        valued.chain(self.move_tags.then(|| "--move".to_owned())).collect()
    }
}

/// Words as a shell takes them: what is between quotes is one. One that is no option is what is to be released: `v1.2` is
/// `--ref v1.2`.
impl FromStr for Wishes {
    type Err = NotAWish;

    fn from_str(text: &str) -> Result<Self, NotAWish> {
        let mut wishes = Self::default();
        let (mut platform, mut archive, mut on) = (None, None, None);
        let words = words(text)?;
        let mut words = words.iter().map(String::as_str);
        while let Some(word) = words.next() {
            let (name, value) = match word.split_once('=') {
                Some((name, value)) if name.starts_with('-') => (name, Some(value)),
                _ => (word, None),
            };
            let place = match name {
                "--move" => {
                    wishes.move_tags = true;
                    continue;
                }
                "--ref" => &mut wishes.git_ref,
                "--branch" => &mut wishes.branch,
                "--platform" => &mut platform,
                "--from-archive" => &mut archive,
                "--on" => &mut on,
                unknown if unknown.starts_with('-') => return Err(NotAWish::Unknown(unknown.to_owned())),
                _ => &mut wishes.git_ref,
            };
            let bare = !name.starts_with('-');
            let value = if bare { Some(word) } else { value.or_else(|| words.next()) };
            // A value that begins with a dash would be taken for an option of git.
            let value = value.filter(|value| !value.is_empty() && !value.starts_with('-'));
            let named = if bare { "--ref" } else { name };
            let value = value.ok_or_else(|| NotAWish::Missing(named.to_owned()))?;
            if place.replace(value.to_owned()).is_some() {
                return Err(NotAWish::Twice(named.to_owned()));
            }
        }
        wishes.platform = platform.map(|platform| platform.parse()).transpose()?;
        wishes.archive = archive.map(ArchiveSource::from);
        wishes.local = match on {
            None => false,
            Some(here) if here == "local" => true,
            Some(elsewhere) => return Err(NotAWish::Nowhere(elsewhere)),
        };
        Ok(wishes)
    }
}

fn words(text: &str) -> Result<Vec<String>, NotAWish> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    for c in text.chars() {
        match quote {
            Some(open) if c == open => quote = None,
            None if matches!(c, '\'' | '"') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            None if c.is_whitespace() => words.extend(word.take()),
            Some(_) | None => word.get_or_insert_default().push(c),
        }
    }
    if let Some(open) = quote {
        return Err(NotAWish::Unclosed(open));
    }
    words.extend(word);
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_is_what_the_command_is_told() {
        for (typed, words) in [
            ("", ""),
            ("v1.2", "--ref v1.2"),
            (" --ref v1.2  --branch master", "--ref v1.2 --branch master"),
            ("--from-archive image.tar --move", "--from-archive image.tar --move"),
            ("--move --platform linux/arm64 --ref=a88b0c2", "--ref a88b0c2 --platform linux/arm64 --move"),
            ("--on local --move v1", "--ref v1 --on local --move"),
        ] {
            let wishes: Wishes = typed.parse().unwrap();
            assert_eq!(wishes.words().join(" "), words);
            assert_eq!(words.parse::<Wishes>().unwrap(), wishes);
        }
    }

    #[test]
    fn what_is_between_quotes_is_one_word() {
        let archive = |typed: &str| typed.parse::<Wishes>().unwrap().archive.unwrap().to_string();
        assert_eq!(archive("--from-archive 'my image.tar' v1"), "my image.tar");
        assert_eq!(archive("--from-archive=~/\"it's here\".tar"), "~/it's here.tar");
        assert_eq!(archive("--from-archive\t\u{a0}a'b'\"c\""), "abc");
    }

    #[test]
    fn what_is_no_option_is_refused_with_the_reason() {
        for (typed, why) in [
            ("--from-archive 'my image.tar", "a ' is open to the end"),
            ("--from-archive ''", "a value is missing after --from-archive"),
            ("''", "a value is missing after --ref"),
            ("--fast", "`--fast` is no option: there are --ref, --branch, --platform, --from-archive, --on and --move"),
            ("--on moon", "`--on moon` is nowhere: there is --on local, which is this machine"),
            ("--on", "a value is missing after --on"),
            ("--ref", "a value is missing after --ref"),
            ("--ref --move", "a value is missing after --ref"),
            ("--branch=", "a value is missing after --branch"),
            ("v1 v2", "--ref is said twice"),
            ("--branch a --branch b", "--branch is said twice"),
            ("--platform linux", "`linux` is not a platform: "),
        ] {
            let error = typed.parse::<Wishes>().unwrap_err().to_string();
            assert!(error.starts_with(why), "{typed}: {error}");
        }
    }
}
