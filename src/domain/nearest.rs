//! The word that was probably meant: for "did you mean `x`?". Not for accepting misspelt words.

/// The candidate nearest to `word`, if any is near enough to be a slip of it.
///
/// A third of the letters may be wrong; case does not count, and `_` is as good as `-`, because those
/// are what people mix up in keys.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let plain = |text: &str| text.to_lowercase().replace('_', "-");
    let word = plain(word);
    let allowed = (word.chars().count() / 3).max(1);
    candidates
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(&word, &plain(candidate)), candidate))
        .filter(|(distance, candidate)| *distance <= allowed && *distance < candidate.chars().count())
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn slips_are_recognised_and_other_words_are_not() {
        for (word, expected) in [
            ("repositry", Some("repository")),
            ("git_tags", Some("git-tags")),
            ("BRANCHES", Some("branches")),
            ("claen", Some("clean")),
            ("x", None),
            ("unrelated", None),
            ("", None),
        ] {
            assert_eq!(nearest(word, ["repository", "git-tags", "branches", "clean"]), expected, "{word}");
        }
        assert_eq!(nearest("b", ["a"]), None, "a candidate that shares no letter is no slip");
    }
}
