//! Text that somebody made to act on a terminal, to hide in it, or to break what shows it. For tests, wherever text from
//! elsewhere is kept or shown.

use proptest::prelude::*;

/// What it is made of: whole sequences, and beginnings and ends of them that only together are one.
pub const PIECES: &[&str] = &[
    // Colours, and what looks like one.
    "\x1b[0m",
    "\x1b[31m",
    "\x1b[1;38;2;1;2;3m",
    "\x1b[38:2::1:2:3m",
    "\x1b[999m",
    "\x1b[>4;2m",
    // The cursor is moved, the screen cleared, another one shown, the terminal reset.
    "\x1b[2J",
    "\x1b[10;10H",
    "\x1b[1A",
    "\x1b[K",
    "\x1b[?1049l",
    "\x1b[?25l",
    "\x1b7",
    "\x1bc",
    "\x1b(0",
    // The terminal is asked what it is, where the cursor is, and for its clipboard.
    "\x1b[c",
    "\x1b[6n",
    "\x1bP$q\"p\x1b\\",
    "\x1bP+q544e\x1b\\",
    "\x1b]52;c;?\x07",
    // Title, link, clipboard, picture, notice.
    "\x1b]0;title\x07",
    "\x1b]8;;https://example.com\x1b\\",
    "\x1b]52;c;ZXZpbA==\x07",
    "\x1b]1337;File=:QUJD\x07",
    "\x1b_Gi=1,a=q;AAAA\x1b\\",
    "\x1b]9;4;1;50\x1b\\",
    // Parts of any of them.
    "\x1b",
    "\x1b[",
    "\x1b]",
    "\x1bP",
    "\x1b\\",
    "[31",
    "m",
    ";",
    "\x18",
    // The same in one character.
    "\u{9b}31m",
    "\u{9b}2J",
    "\u{9d}0;title\u{9c}",
    "\u{90}",
    "\u{9c}",
    "\u{9f}",
    "\u{85}",
    // Controls.
    "\0",
    "\x07",
    "\x08",
    "\x0b",
    "\x0c",
    "\x7f",
    "\t",
    "\r",
    "\r10 %\r100 %",
    "\r\x1b[K",
    // Another direction.
    "\u{202e}",
    "\u{202a}",
    "\u{2066}",
    "\u{2069}",
    "\u{200e}",
    "\u{200f}",
    "\u{61c}",
    // Lines that are none.
    "\u{2028}",
    "\u{2029}",
    // No width, or none that all agree on.
    "\u{200b}",
    "\u{200c}",
    "\u{200d}",
    "\u{2060}",
    "\u{feff}",
    "\u{ad}",
    "\u{e0041}",
    "\u{301}",
    "\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}",
    "e\u{301}",
    "\u{fe0f}",
    "1\u{fe0f}\u{20e3}",
    "❤\u{fe0f}",
    "👩\u{200d}👩\u{200d}👧",
    "👩\u{1f3fd}",
    "🇩🇪",
    "日本",
    "ｶ\u{ff9e}",
    "\u{1100}\u{1161}",
    "لا",
    "हिन्दी",
    "\u{605}",
    "\u{fffd}",
    "é",
    " ",
];

/// A line of it, with harmless text and bytes that are no text between. It may have line feeds.
pub fn line() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        6 => "[ -~]{1,30}".prop_map(String::into_bytes),
        2 => prop::collection::vec(any::<u8>(), 0..6),
        4 => prop::sample::select(PIECES).prop_map(|text| text.as_bytes().to_vec()),
    ];
    prop::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}
