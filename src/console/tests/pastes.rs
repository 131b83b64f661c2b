//! A megabyte, pasted wherever something is typed: nothing of it is taken, the reason is said, and what was typed stays.

use crate::{
    console::{
        message::Message,
        model::{Field, Layer, Model, SecretForm, SecretNews},
        sample::{
            console, id, press, row, running,
            secrets::{name, secrets, there, without_a_vault},
            seen, tags, tell,
        },
    },
    domain::holdings::KeyKept,
};

const SIZE: (u16, u16) = (100, 30);

/// A console in which something is typed, reached by these keys.
fn typing(keys: &str) -> Model {
    let mut model = match keys.chars().next() {
        Some('s') => without_a_vault(SIZE),
        Some('t' | 'd') => secrets(SIZE, vec![there()]),
        _ => {
            let mut model = console(SIZE, vec![running(1)]);
            let log = seen(&model, 0, &["x".to_owned()], 1);
            tell(&mut model, Message::Log(id(1), Ok(Some(log))));
            tell(&mut model, tags(vec![row("latest", Some("ours"), None)]));
            model
        }
    };
    press(&mut model, keys);
    model
}

/// What was typed so far.
fn typed(model: &mut Model) -> String {
    match model.layers.last_mut().unwrap() {
        Layer::Secret { typed, .. } => typed.expose().to_owned(),
        Layer::Form(form) => match (form.masked(form.at), form.at) {
            (Some(masked), _) => masked.expose().to_owned(),
            (None, Field::Path) => form.key.as_ref().unwrap().path.value().to_owned(),
            (None, _) => form.username.value().to_owned(),
        },
        layer => layer.input().unwrap().value().to_owned(),
    }
}

fn said(model: &Model) -> String {
    model.toasts.newest().map(|toast| toast.words.clone()).unwrap_or_default()
}

fn paste(model: &mut Model, text: &str) {
    tell(model, Message::Pasted(text.to_owned().into()));
}

fn form(model: &mut Model) -> &mut SecretForm {
    let Some(Layer::Form(form)) = model.layers.last_mut() else { panic!("no form is open") };
    form
}

/// Every field there is.
fn fields() -> Vec<(String, Model)> {
    let keys = [
        "?",
        ":",
        "/",
        "&",
        "<enter>s",
        "2/",
        "5/",
        "N",
        "d",
        "t",
        "s",
        "sbot<enter>",
        "sbot<enter>secret<enter><down>",
    ];
    let mut all: Vec<(String, Model)> = keys.map(|keys| (keys.to_owned(), typing(keys))).into();
    let mut again = typing("sbot<enter>secret<enter><down><down>");
    assert_eq!(form(&mut again).at, Field::Again);
    all.push(("the passphrase again".to_owned(), again));
    let mut path = typing("sbot<enter>secret<enter>2<down>");
    assert_eq!((form(&mut path).at, form(&mut path).key.as_ref().unwrap().way), (Field::Path, KeyKept::Ssh));
    all.push(("the path of a key".to_owned(), path));
    let mut locked = typing("n");
    tell(&mut locked, Message::Asked("Passphrase: ".to_owned()));
    all.push(("the vault's passphrase".to_owned(), locked));
    all
}

#[test]
fn a_megabyte_is_refused_wherever_something_is_typed_and_what_was_typed_stays() {
    for (what, mut model) in fields() {
        press(&mut model, "ab");
        let before = typed(&mut model);
        assert!(before.ends_with("ab"), "{what}: {before}");
        for flood in ["x", "日", "\0", "\u{301}", "a\n", "\x1b[201~"] {
            let flood = flood.repeat((1 << 20) / flood.len());
            paste(&mut model, &flood);
            let expected = format!("nothing pasted: no room for {} characters", flood.chars().count());
            assert_eq!(said(&model), expected, "{what}");
            assert_eq!(typed(&mut model), before, "{what}");
        }
        paste(&mut model, "cd\n");
        assert_eq!(typed(&mut model), format!("{before}cd"), "{what}");
    }
}

#[test]
fn where_nothing_is_typed_that_is_said() {
    let mut waiting = typing("sbot<enter>secret<enter><down>phrase<enter>phrase<enter>");
    assert!(form(&mut waiting).busy);
    let mut choosing = typing("sbot<enter>secret<enter>");
    assert_eq!(form(&mut choosing).at, Field::Way);
    let mut refused = typing("");
    tell(&mut refused, Message::Failed(crate::console::sample::secrets::refused()));
    let mut docker = typing("s");
    tell(&mut docker, Message::Secrets(SecretNews::Docker(name(), Ok(Some("a login".to_owned())))));
    assert!(form(&mut docker).toggle_docker());
    let others = ["", "2", "3", "x", "v", "n"].map(typing);
    for mut model in others.into_iter().chain([waiting, choosing, refused, docker]) {
        for flood in ["x".repeat(1 << 20), "x".to_owned()] {
            let layers = model.layers.len();
            paste(&mut model, &flood);
            assert_eq!((said(&model).as_str(), model.layers.len()), ("nothing is pasted here", layers));
        }
    }
}

#[test]
fn a_secret_is_one_line() {
    for keys in ["sbot<enter>", "sbot<enter>secret<enter><down>"] {
        let mut model = typing(keys);
        press(&mut model, "ab");
        paste(&mut model, "first\nsecond\n");
        assert_eq!(said(&model), "nothing pasted: line breaks or control characters in it");
        assert_eq!(typed(&mut model), "ab");
    }
}
