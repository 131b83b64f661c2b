//! What the console leaves to others: the clipboard, the browser, the pager and the editor.

use crate::{
    console::{
        effect::{Effect, Guest},
        model::Model,
    },
    domain::page::Page,
};

fn commit(model: &Model) -> Option<Page> {
    Page::of_commit(&model.selected()?.plan.source)
}

pub fn browse_commit(model: &mut Model) -> Vec<Effect> {
    commit(model).map(Effect::Browse).into_iter().collect()
}

pub fn no_commit_page(model: &Model) -> Option<String> {
    commit(model).is_none().then(|| "no page is known for this commit's remote".to_owned())
}

/// Gives the log to the pager.
pub fn page(model: &mut Model) -> Vec<Effect> {
    let log = model.log.release.clone();
    log.map(|release| Effect::Lend(Guest::Pager(release))).into_iter().collect()
}

pub fn edit(_: &mut Model) -> Vec<Effect> {
    vec![Effect::Lend(Guest::Editor)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::{
        message::Message,
        model::Loaded,
        sample::{console, id, press, row, running, seen, tags, tell},
    };

    fn said(model: &Model) -> String {
        model.toasts.iter().last().map(|toast| toast.words.clone()).unwrap_or_default()
    }

    #[test]
    fn the_log_goes_to_the_pager_once_there_is_one() {
        let mut model = console((100, 30), vec![running(1)]);
        assert_eq!(press(&mut model, "o"), []);
        let one = seen(&model, 0, &["a".to_owned()], 1);
        tell(&mut model, Message::Log(id(1), Ok(Some(one))));
        assert_eq!(press(&mut model, "o"), [Effect::Lend(Guest::Pager(id(1)))]);
        assert_eq!(tell(&mut model, Message::Returned(Guest::Pager(id(1)), Ok(()))), []);
    }

    #[test]
    fn after_the_editor_the_project_is_read_again() {
        let mut model = console((100, 30), vec![running(1)]);
        assert_eq!(press(&mut model, "<ctrl-e>"), [Effect::Lend(Guest::Editor)]);
        assert_eq!(tell(&mut model, Message::Returned(Guest::Editor, Ok(()))), [Effect::LoadProject]);
        assert_eq!(model.project, Loaded::Not);
    }

    #[test]
    fn a_page_is_opened_where_one_is_known() {
        let mut release = running(1);
        release.plan.source.remote = Some("git@github.com:mozilla/balrog.git".to_owned());
        let mut model = console((100, 30), vec![release, running(2)]);
        let effects = press(&mut model, "b");
        assert!(matches!(&effects[..], [Effect::Browse(page)] if page.as_str().contains("github.com/mozilla")));
        press(&mut model, "j");
        assert_eq!(press(&mut model, "b"), []);
        assert_eq!(said(&model), "no page is known for this commit's remote");
    }

    #[test]
    fn how_something_was_copied_is_said() {
        let mut model = console((100, 30), vec![running(1)]);
        press(&mut model, "2");
        tell(&mut model, tags(vec![row("a", Some("image"), None), row("b", None, None)]));
        let effects = press(&mut model, "y");
        let [Effect::Copy(text)] = &effects[..] else { panic!("{effects:?}") };
        assert!(text.starts_with("docker.io/mozilla/balrog@sha256:"), "{text}");
        assert_eq!(tell(&mut model, Message::Copied(text.clone(), Ok(Some("wl-copy")))), []);
        assert_eq!(said(&model), format!("copied (by wl-copy): {text}"));
        let effects = tell(&mut model, Message::Copied(text.clone(), Ok(None)));
        assert_eq!(effects, [Effect::CopyByTerminal(text.clone())]);
        press(&mut model, "jy");
        assert_eq!(said(&model), "the tag shows nothing that has a digest");
    }
}
