//! What a tag showed before.

use crate::{
    console::{
        effect::Effect,
        model::{Choice, Menu},
        request::Request,
    },
    domain::{name::ReleaseId, observation::Sighting, reference::Tag, written::time},
};

/// What a moving one showed can be chosen, to be pointed to once more.
pub fn past(tag: &Tag, moving: bool, past: Vec<(Sighting, Option<ReleaseId>)>) -> Menu {
    let choices = past.into_iter().enumerate().map(|(i, (sighting, release))| {
        let until = if i == 0 { "since".to_owned() } else { format!("until {}", time(sighting.last_seen)) };
        let shown = sighting.digest.as_ref().map_or("absent".to_owned(), |digest| digest.hex()[..12].to_owned());
        let label = format!("{}  {shown}", time(sighting.first_seen));
        let whose = release.as_ref().map_or("of no record".to_owned(), |release| format!("release {release}"));
        let said = if sighting.digest.is_some() { format!("{until}, {whose}") } else { until };
        let (note, refused) = match release.as_ref().filter(|_| moving && i > 0) {
            Some(_) => (format!("{said}; {tag} can be pointed there"), None),
            None => (String::new(), Some(said)),
        };
        let then = release.map(|release| Effect::Prepare(Request::Point { tag: tag.clone(), release }));
        Choice { label, note, refused, then: then.into_iter().collect() }
    });
    Menu { title: format!("What {tag} showed, from (UTC)"), choices: choices.collect(), at: 0, stays: false }
}
