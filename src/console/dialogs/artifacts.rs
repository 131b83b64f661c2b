//! The dialogs about what tasks left: the list of it, and the file that one is to be written to.

use jiff::Timestamp;
use tui_input::Input;

use crate::{
    console::{
        effect::Effect,
        model::{Ask, Choice, Line, Menu},
        request::Request,
    },
    domain::{
        artifact::{Left, ends, lasts},
        sign::{Signs, Tone},
        task::TaskId,
        written::bytes,
    },
    log::sanitise::plain,
};

/// A row for each: size, end and kind; what cannot be had says why. The first of the chosen task is selected.
pub fn list(title: String, left: Vec<Left>, chosen: Option<&TaskId>, signs: Signs, now: Timestamp) -> Menu {
    let at = left.iter().position(|left| Some(&left.task) == chosen).unwrap_or(0);
    let rows: Vec<_> =
        left.iter().map(|left| (left.size.map_or("-".to_owned(), bytes), end(left, signs, now))).collect();
    let sizes = rows.iter().map(|(size, _)| size.chars().count()).max().unwrap_or(0);
    let ends = rows.iter().map(|(_, end)| end.chars().count()).max().unwrap_or(0);
    let choices = left.into_iter().zip(rows).map(|(left, (size, end))| {
        let bad = signs.tone(Tone::Bad);
        let kind = plain(&left.storage);
        let refused = match (&left.unmade, lasts(left.expires, now)) {
            (Some(why), _) => Some(format!("{bad} {kind}: {why}")),
            (None, _) if left.is_error() => Some(format!("{bad} {kind}: its worker made none")),
            (None, (_, Tone::Bad)) => Some(format!("{end}: it is not handed out any more")),
            (None, _) => None,
        };
        Choice {
            label: plain(&left.name),
            note: format!("{size:<sizes$}  {end:<ends$}  {kind}, of {}", left.task_name),
            refused: refused.map(|why| format!("{why}, of {}", left.task_name)),
            then: vec![Effect::Prepare(Request::Download(Box::new(left)))],
        }
    });
    Menu { title, choices: choices.collect(), at, stays: true }
}

/// To the day, with a sign where it is near or past.
fn end(left: &Left, signs: Signs, now: Timestamp) -> String {
    let (word, tone) = lasts(left.expires, now);
    let sign = if tone == Tone::Dim { String::new() } else { format!("{} ", signs.tone(tone)) };
    format!("{sign}{word} {}", left.expires.strftime("%Y-%m-%d"))
}

/// Of the dialog that asks for a file.
pub fn title(left: &Left) -> String {
    format!("Download {}", plain(&left.name))
}

/// Asks for the file that it is written to.
pub fn file(left: &Left, folder: &str, now: Timestamp) -> Ask {
    let size = left.size.map_or_else(|| "of a size that nobody said".to_owned(), bytes);
    let (ends, tone) = ends(left.expires, now);
    let wanted = Box::new(left.clone());
    Ask {
        title: title(left),
        lines: vec![
            Line::new(
                "what",
                format!("{}, {size}, {ends}", plain(&left.storage)),
                if tone == Tone::Dim { Tone::Plain } else { tone },
            ),
            Line::new("of", format!("{}, run {}", left.task_name, left.run), Tone::Plain),
            Line::new("where", format!("a file; ~/ is your home, else from {folder} on"), Tone::Plain),
        ],
        typed: Input::new(left.file_name().unwrap_or_default().to_owned()),
        wrong: None,
        take: Box::new(move |_, typed| match typed.trim() {
            "" => Err("which file?".to_owned()),
            path => Ok(vec![Effect::Download { left: wanted.clone(), path: path.to_owned(), over: false }]),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        console::{
            dialogs::Answer,
            message::{Download, Message},
            model::Model,
            sample::{cluster, console, left, press, remote, running, running_task, tell},
            view::tests::{SIZES, sees},
        },
        domain::{
            artifact::{Got, Written},
            digest::Digest,
            failure::Failure,
        },
    };

    fn listed(size: (u16, u16)) -> Model {
        let mut model = cluster(size, vec![remote(&[running_task("push")])]);
        let effects = press(&mut model, "A");
        let [Effect::Prepare(request)] = &effects[..] else { panic!("{effects:?}") };
        tell(&mut model, Message::Prepared(request.clone(), Ok(Answer::Left(left()))));
        model
    }

    fn wanted(model: &mut Model) -> Effect {
        let effects = press(model, "<enter>");
        let [Effect::Prepare(request @ Request::Download(_))] = &effects[..] else { panic!("{effects:?}") };
        tell(model, Message::Prepared(request.clone(), Ok(Answer::Folder("/home/ada".to_owned()))));
        let mut effects = press(model, "<enter>");
        assert_eq!(effects.len(), 1, "{effects:?}");
        effects.remove(0)
    }

    #[test]
    fn one_after_the_other_is_downloaded_from_the_list() {
        for size in SIZES {
            let mut model = listed(size);
            sees(&model, &["public/docker-image-shasum256.txt", "public/coverage.xml"]);
            let effect = wanted(&mut model);
            let Effect::Download { left, path, over } = effect else { panic!("{effect:?}") };
            assert_eq!((path.as_str(), over), ("docker-image-shasum256.txt", false));
            let download = Download { left, path: "/home/a.txt".to_owned() };
            let written = Written { bytes: 71, sha256: Digest::of(b"a"), checked: false };
            tell(&mut model, Message::Downloaded(download, Ok(Got::Written(written))));
            sees(&model, &["downloaded, no hash to check it by: /home/a.txt", "public/image.tar.zst"]);
            press(&mut model, "j");
            assert!(matches!(wanted(&mut model), Effect::Download { .. }));
        }
    }

    #[test]
    fn a_file_that_is_there_is_replaced_only_by_who_says_so() {
        let mut model = listed((100, 30));
        let Effect::Download { left, .. } = wanted(&mut model) else { panic!("no download") };
        let exists = |left| Message::Downloaded(Download { left, path: "/home/a".to_owned() }, Ok(Got::Exists));
        tell(&mut model, exists(left.clone()));
        sees(&model, &["Replace this file?", "what is in it now is lost", "--output /home/a --force"]);
        assert_eq!(press(&mut model, "<esc>"), []);
        tell(&mut model, exists(left.clone()));
        let again = Effect::Download { left: left.clone(), path: "/home/a".to_owned(), over: true };
        assert_eq!(press(&mut model, "y"), [again]);
        // What was typed is there again, below the question and where it could not be written.
        let path = "/home/ada/docker-image-shasum256.txt".to_owned();
        let full = Failure::failed("it was not written", "no space is left", "make room");
        for told in [Ok(Got::Exists), Err(full)] {
            let Effect::Download { left, .. } = wanted(&mut model) else { panic!("no download") };
            tell(&mut model, Message::Downloaded(Download { left, path: path.clone() }, told));
            press(&mut model, "<esc>");
            sees(&model, &["Download public/docker-image-shasum256.txt", "docker-image-shasum256.txt▏"]);
            press(&mut model, "<esc>");
        }
    }

    #[test]
    fn what_cannot_be_had_is_not_asked_for() {
        for (keys, why) in [("jj", "expired"), ("jjj", "could not find /app/coverage.xml")] {
            let mut model = listed((100, 30));
            press(&mut model, keys);
            assert_eq!(press(&mut model, "<enter>"), [], "{why}");
            sees(&model, &[why]);
        }
    }

    #[test]
    fn it_is_of_releases_on_taskcluster_alone() {
        let mut model = console((100, 30), vec![running(1)]);
        assert_eq!(press(&mut model, "A"), []);
        sees(&model, &["only a release on Taskcluster leaves artifacts"]);
    }
}
