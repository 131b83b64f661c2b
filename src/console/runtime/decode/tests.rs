use proptest::prelude::*;

use super::*;

/// What comes of these bytes, as short words.
fn words(pieces: &[&[u8]]) -> String {
    let mut decoder = Decoder::default();
    let mut words = Vec::new();
    for piece in pieces {
        decoder.feed(piece);
        while let Some(input) = decoder.next() {
            words.push(word(&input));
        }
    }
    words.join(" ")
}

fn word(input: &Input) -> String {
    match input {
        Input::Key(event) => {
            let mut word = String::new();
            for (modifier, name) in
                [(KeyModifiers::SHIFT, "s-"), (KeyModifiers::ALT, "a-"), (KeyModifiers::CONTROL, "c-")]
            {
                if event.modifiers.contains(modifier) {
                    word.push_str(name);
                }
            }
            format!("{word}{}", event.code)
        }
        Input::Mouse(event) => format!("{:?}@{},{}", event.kind, event.column, event.row),
        Input::Paste(text) => format!("<{}>", text.as_str()),
        Input::Answer => "answer".to_owned(),
    }
}

#[test]
fn keys_are_what_terminals_say_they_are() {
    for (bytes, expected) in [
        (&b"q"[..], "q"),
        ("é漢😀".as_bytes(), "é 漢 😀"),
        (b"\r\t\x7f", "Enter Tab Backspace"),
        (b"\x03\x1a\x00\x1f", "c-c c-z c-Space c-7"),
        (b"\x1b[A\x1bOB\x1b[1;5C\x1b[D", "Up Down c-Right Left"),
        (b"\x1b[H\x1b[F\x1b[1~\x1b[4~\x1b[5~\x1b[6~\x1b[3~", "Home End Home End Page Up Page Down Del"),
        (b"\x1bOP\x1b[15~\x1b[24~\x1b[[B\x1b[1;2S", "F1 F5 F12 F2 s-F4"),
        (b"\x1b[Z", "Back Tab"),
        (b"\x1bx\x1b\x7f", "a-x a-Backspace"),
        (b"\x1b\x1b[A", "Esc Up"),
        (b"\x1b[27u\x1b[99;5u\x1b[13;1:3u\x1b[27;5;122~", "Esc c-c c-z"),
        (b"\x1b[0n", "answer"),
        (
            b"\x1b[<0;5;3M\x1b[<0;5;3m\x1b[<65;1;1M\x1b[<16;2;2M",
            "Down(Left)@4,2 Up(Left)@4,2 ScrollDown@0,0 Down(Left)@1,1",
        ),
    ] {
        assert_eq!(words(&[bytes]), expected, "{}", bytes.escape_ascii());
        let pieces: Vec<&[u8]> = bytes.chunks(1).collect();
        assert_eq!(words(&pieces), expected, "a byte at a time: {}", bytes.escape_ascii());
    }
}

#[test]
fn what_nobody_asked_for_leaves_nothing() {
    for bytes in [
        &b"\x1b]11;rgb:0000/0000/0000\x1b\\a"[..],
        b"\x1b]52;c;cXVpdA==\x07a",
        b"\x1bP1$r0m\x1b\\a",
        b"\x1b[?62;4ca",
        b"\x1b[?2026;2$ya",
        b"\x1b[12;40Ra",
        b"\x1b[Ia",
        b"\x1b[M !!a",
        b"\x1b[<0;0;0Ma",
        b"\x1b[<99999;1;1Ma",
        b"\xff\xc0a",
    ] {
        assert_eq!(words(&[bytes]), "a", "{}", bytes.escape_ascii());
    }
}

#[test]
fn a_key_after_what_has_no_end_is_the_key() {
    for (bytes, expected) in [
        (&b"\x1b[\x03"[..], "c-c"),
        (b"\x1b[1;5\x1b[A", "Up"),
        (b"\x1b[[\x03", "c-c"),
        (b"\x1bO\x1b[B", "Down"),
        (b"\x1bO\x03", "c-c"),
        (b"\x1b]no answer at all\x03", "c-c"),
        (b"\x1bP1;\n\x1b[A", "Up"),
        (b"\x1b[1;5\xc3\xa9", "é"),
        (b"\xe2\x82\x03", "c-c"),
        (b"\xe9q", "q"),
        (b"\xf0\x9f\x1b[A", "Up"),
    ] {
        assert_eq!(words(&[bytes]), expected, "{}", bytes.escape_ascii());
        let pieces: Vec<&[u8]> = bytes.chunks(1).collect();
        assert_eq!(words(&pieces), expected, "a byte at a time: {}", bytes.escape_ascii());
    }
}

#[test]
fn a_paste_is_one_thing_however_it_comes() {
    let text = "line\r\nqxn\x1b[0n\x1b[2".repeat(1000);
    let bytes = format!("a\x1b[200~{text}\x1b[201~b");
    for size in [1, 7, 4096, bytes.len()] {
        let pieces: Vec<&[u8]> = bytes.as_bytes().chunks(size).collect();
        assert_eq!(words(&pieces), format!("a <{text}> b"), "{size} bytes at a time");
    }
}

#[test]
fn a_paste_whose_end_is_lost_is_given_up_by_ctrl_c() {
    let mut decoder = Decoder::default();
    decoder.feed(b"\x1b[200~never ends \x1b[201");
    assert!(decoder.next().is_none());
    decoder.feed(b"q");
    assert!(decoder.next().is_none(), "it may still be pasted");
    decoder.feed(b"\x03");
    assert_eq!(decoder.next().as_ref().map(word).as_deref(), Some("c-c"));
    assert!(decoder.next().is_none() && decoder.bytes.is_empty(), "nothing of it is kept");
    let within = "a\x03b";
    assert_eq!(words(&[format!("\x1b[200~{within}\x1b[201~").as_bytes()]), format!("<{within}>"));
}

#[test]
fn a_paste_without_bounds_takes_memory_within_bounds() {
    let mut decoder = Decoder::default();
    decoder.feed(b"\x1b[200~");
    let piece = vec![b'a'; 1 << 20];
    for _ in 0..20 {
        decoder.feed(&piece);
        assert!(decoder.next().is_none());
        assert!(decoder.bytes.capacity() <= 2 * (LONGEST_PASTE + (2 << 20)), "{}", decoder.bytes.capacity());
    }
    decoder.feed(b"\x1b[20");
    assert!(decoder.next().is_none());
    decoder.feed(b"1~q");
    let Some(Input::Paste(text)) = decoder.next() else { panic!("no paste") };
    assert!(text.len() >= LONGEST_PASTE && text.bytes().all(|byte| byte == b'a' || byte == 0x1b || byte == b'['));
    assert_eq!(decoder.next().as_ref().map(word).as_deref(), Some("q"));
    assert!(decoder.bytes.is_empty(), "nothing of it is kept");
}

#[test]
fn a_lone_escape_is_the_key_once_nothing_follows() {
    let mut decoder = Decoder::default();
    decoder.feed(b"\x1b");
    assert!(decoder.next().is_none() && decoder.is_unsure());
    assert_eq!(decoder.settle().as_ref().map(word).as_deref(), Some("Esc"));
    assert!(!decoder.is_unsure() && decoder.settle().is_none());
    decoder.feed(b"\x1b[");
    assert!(decoder.next().is_none() && decoder.is_unsure());
    assert_eq!(decoder.settle().as_ref().map(word).as_deref(), Some("a-["));
}

proptest! {
    #[test]
    fn any_bytes_in_any_pieces_mean_the_same_and_end(bytes in prop::collection::vec(any::<u8>(), 0..200), size in 1_usize..9) {
        let whole = words(&[&bytes]);
        let pieces: Vec<&[u8]> = bytes.chunks(size).collect();
        prop_assert_eq!(words(&pieces), whole);
    }
}
