//! A value in which every text that may be anything is another.

use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{
    console::sample::{id, plan},
    domain::{failure::Failure, finding::CheckId},
};

/// The same value, with this in every place that takes it: names that are parsed stay what they are.
pub fn poisoned<T: Serialize + DeserializeOwned>(value: &T, text: &str) -> T {
    let mut json = serde_json::to_value(value).unwrap();
    let mut places = Vec::new();
    collect(&json, String::new(), &mut places);
    for place in places {
        let mut other = json.clone();
        match other.pointer_mut(&place) {
            // A map of names takes one more; what has fields of its own leaves it out.
            Some(Value::Object(map)) => drop(map.insert(text.to_owned(), text.into())),
            Some(value) => *value = text.into(),
            None => panic!("{place}"),
        }
        if serde_json::from_value::<T>(other.clone()).is_ok() {
            json = other;
        }
    }
    serde_json::from_value(json).unwrap()
}

/// Where there are texts, maps, and values that are not there.
fn collect(json: &Value, at: String, places: &mut Vec<String>) {
    match json {
        Value::Object(map) => {
            for (name, value) in map {
                collect(value, format!("{at}/{}", name.replace('~', "~0").replace('/', "~1")), places);
            }
            places.push(at);
        }
        Value::Array(values) => {
            for (number, value) in values.iter().enumerate() {
                collect(value, format!("{at}/{number}"), places);
            }
        }
        Value::String(_) | Value::Null => places.push(at),
        Value::Bool(_) | Value::Number(_) => {}
    }
}

#[test]
fn poison_is_where_text_is_free_and_nowhere_else() {
    let plan = poisoned(&plan(1), "!");
    assert_eq!((plan.image.as_str(), plan.who.as_str(), plan.source.remote.as_deref()), ("!", "!", Some("!")));
    assert_eq!((plan.build.labels.get("!").map(String::as_str), plan.release), (Some("!"), id(1)));
    let failure = poisoned(&Failure::failed("a", "b", "c").explained_by(CheckId::Push), "!");
    assert_eq!(failure, Failure::failed("!", "!", "!").explained_by(CheckId::Push));
}
