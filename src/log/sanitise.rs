//! Local stand-in so that the registry adapter compiles; the real module has the same signature.

/// One line without control characters, capped.
#[must_use]
pub fn plain(text: &str) -> String {
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(500).collect();
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}
