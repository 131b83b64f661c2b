//! What is typed in part: every character in its order, wherever in the text; the better it fits, the higher it scores.

/// For a character that begins a word, and for one right after the one before, which says more.
const WORD: i32 = 8;
const ROW: i32 = 10;
/// Taken for each character between two.
const FAR: i32 = 1;

/// How well this text has the typed characters, case and spaces aside; `None` where one is missing. A best match is
/// looked for, not the first.
pub fn score(typed: &str, text: &str) -> Option<i32> {
    let text: Vec<char> = text.chars().flat_map(char::to_lowercase).collect();
    // Whatever is longer than the text is not in it, however long it is.
    let typed = typed.chars().filter(|c| !c.is_whitespace()).flat_map(char::to_lowercase).take(text.len() + 1);
    let begins = |at: usize| at == 0 || !text[at - 1].is_alphanumeric();
    // For each place of the text, the best score of what was typed so far with its last character there.
    let mut ends: Option<Vec<Option<i32>>> = None;
    for wanted in typed {
        let mut before: Option<i32> = None;
        let mut next = Vec::with_capacity(text.len());
        for (at, found) in text.iter().enumerate() {
            let row = at.checked_sub(1).and_then(|last| ends.as_ref()?.get(last).copied().flatten());
            let best = if ends.is_none() { Some(0) } else { before.max(row.map(|score| score + ROW)) };
            let place = if begins(at) { WORD } else { 0 };
            next.push(best.filter(|_| *found == wanted).map(|score| score + 1 + place));
            before = before.map(|score| score - FAR).max(row);
        }
        ends = Some(next);
    }
    match ends {
        None => Some(0),
        Some(ends) => ends.into_iter().flatten().max(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn best<'a>(typed: &str, texts: &[&'a str]) -> Vec<&'a str> {
        let mut found: Vec<(i32, &str)> = texts.iter().filter_map(|text| Some((score(typed, text)?, *text))).collect();
        found.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
        found.into_iter().map(|(_, text)| text).collect()
    }

    #[test]
    fn every_character_is_there_in_its_order() {
        assert_eq!(score("", "anything"), Some(0));
        assert_eq!(score("", ""), Some(0));
        assert_eq!(score("x", ""), None);
        assert!(score("rlg", "Read the Log").is_some());
        assert!(score("RL", "read the log").is_some());
        assert!(score("gl", "read the log").is_none());
        assert!(score("ee", "release").is_some() && score("eee", "read the log").is_none());
        assert!(score(&"e".repeat(1_000_000), "release").is_none());
    }

    #[test]
    fn beginnings_of_words_and_characters_in_a_row_come_first() {
        let texts = ["search the log", "cancel the release", "release an image", "go to the next pane"];
        assert_eq!(best("rel", &texts)[..2], ["cancel the release", "release an image"]);
        assert_eq!(best("can", &texts)[0], "cancel the release");
        assert_eq!(best("ri", &texts)[0], "release an image");
        assert_eq!(best("next pane", &texts), ["go to the next pane"]);
        assert_eq!(best("tnp", &texts), ["go to the next pane"]);
    }
}
