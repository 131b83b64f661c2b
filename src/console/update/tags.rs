//! What the registry shows under the tags of an image.

use crate::{
    console::{
        message::Verified,
        model::{Model, Screen},
    },
    domain::{failure::Failure, reference::Tag, sign::Tone, table::Table},
};

/// The reader may have gone on to another image.
pub(super) fn shown(model: &mut Model, image: &str, table: Result<Table, Failure>) {
    match &table {
        Ok(_) => model.standing.answered(image),
        Err(failure) => {
            model.standing.failed(image, failure);
            if model.screen != Screen::Tags {
                model.say(Tone::Bad, failure.to_string());
            }
        }
    }
    if model.image().is_some_and(|shown| shown.name == image) {
        model.tags.take(table);
    }
}

/// The words after `windlass` that verify these tags.
pub(super) fn verify<'a>(image: &str, mut tags: impl Iterator<Item = &'a Tag>, deep: bool) -> Vec<String> {
    let (first, second) = (tags.next(), tags.next());
    let only = first.filter(|_| second.is_none()).map(ToString::to_string);
    let words = std::iter::once("verify".to_owned()).chain(only);
    words.chain(["--image".to_owned(), image.to_owned()]).chain(deep.then(|| "--deep".to_owned())).collect()
}

/// The verdicts are in the tags and in the list, and are said.
pub(super) fn verified(model: &mut Model, found: Verified) {
    let Verified { image, release, deep, found } = found;
    let (table, missed) = match found {
        Ok(found) => found,
        Err(failure) => return model.fails(failure),
    };
    let verdicts = table.rows.iter().map(|row| format!("{} {}", row.tag, row.judgement.verdict));
    let verdicts = verdicts.collect::<Vec<_>>().join(", ");
    let worst = table.rows.iter().map(|row| row.judgement.verdict).max_by_key(|verdict| verdict.class().weight());
    let Some(worst) = worst else { return };
    let what = if deep { "fetched and hashed, every layer too" } else { "fetched and hashed" };
    for words in missed {
        model.say(Tone::Notice, words);
    }
    let command = verify(&image, table.rows.iter().map(|row| &row.tag), deep);
    model.came(Tone::of(worst.class()), format!("{what}: {verdicts}"), &command);
    if let Some(release) = release {
        model.verified.insert(release, worst);
    }
    if model.image().is_some_and(|shown| shown.name == image) {
        model.tags.renew(table);
    }
}
