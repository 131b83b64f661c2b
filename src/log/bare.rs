//! Sanitised text without its colour codes: as it is searched, saved and copied.

use std::borrow::Cow;

use memchr::memchr;

use super::escape::colour_code;

/// The text, of one line or many, without colour codes.
#[must_use]
pub fn bare(text: &str) -> Cow<'_, str> {
    let mut rest = text;
    let mut out = String::new();
    while let Some(escape) = memchr(b'\x1b', rest.as_bytes()) {
        // What is no colour code does not come from the spool; it is as little wanted here.
        let length = colour_code(&rest.as_bytes()[escape..]).unwrap_or(1);
        if out.is_empty() {
            out.reserve(text.len());
        }
        out.push_str(&rest[..escape]);
        rest = &rest[escape + length..];
    }
    if rest.len() == text.len() {
        return Cow::Borrowed(text);
    }
    out.push_str(rest);
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn colours_go_and_nothing_else() {
        for (text, expected) in [
            ("", ""),
            ("plain\ttext\n", "plain\ttext\n"),
            ("\x1b[31mred\x1b[0m\nand \x1b[1;38;5;9mé\x1b[m", "red\nand é"),
            ("\x1b[31m\x1b[0m", ""),
            ("a\x1b[2Jb\x1b", "a[2Jb"),
        ] {
            assert_eq!(bare(text), expected, "{text:?}");
        }
        assert!(matches!(bare("plain"), Cow::Borrowed(_)));
    }

    proptest! {
        #[test]
        fn no_escape_is_left(text in "(\x1b|\\[|[0-9;:m]|é|x){0,40}") {
            prop_assert!(!bare(&text).contains('\x1b'));
        }
    }
}
