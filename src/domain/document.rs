//! A secret's JSON document on memory that is wiped when it goes.

use std::{collections::BTreeMap, fmt, io};

use secrecy::{ExposeSecret, SecretString, zeroize::Zeroizing};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser::SerializeMap as _};

/// A JSON value of which every string is a secret. Keys are names, not secrets.
#[derive(Clone)]
pub enum SecretValue {
    Null,
    Bool(bool),
    Number(serde_json::Number),
    String(SecretString),
    Array(Vec<SecretValue>),
    Object(BTreeMap<String, SecretValue>),
}

impl SecretValue {
    /// The value at a JSON pointer (RFC 6901).
    #[must_use]
    pub fn at(&self, pointer: &str) -> Option<&Self> {
        if pointer.is_empty() {
            return Some(self);
        }
        pointer.strip_prefix('/')?.split('/').try_fold(self, |value, token| {
            let token = unescape(token);
            match value {
                Self::Object(map) => map.get(&token),
                Self::Array(items) => items.get(token.parse::<usize>().ok()?),
                _ => None,
            }
        })
    }

    /// Puts a value at a JSON pointer, making the objects on the way. Everything else is kept.
    ///
    /// # Errors
    /// When something other than an object is in the way.
    pub fn put(&mut self, pointer: &str, value: Self) -> Result<(), InTheWay> {
        let blocked = || InTheWay(pointer.to_owned());
        let mut place = self;
        for token in pointer.strip_prefix('/').ok_or_else(blocked)?.split('/') {
            let Self::Object(map) = place else { return Err(blocked()) };
            place = map.entry(unescape(token)).or_insert_with(|| Self::Object(BTreeMap::new()));
        }
        match place {
            Self::Object(map) if !map.is_empty() => Err(blocked()),
            _ => {
                *place = value;
                Ok(())
            }
        }
    }

    /// Whether both are the same to a program that knows one kind of number: services written in JavaScript give `1`
    /// back for `1.0`.
    #[must_use]
    pub fn means(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Number(a), Self::Number(b)) => a == b || (a.as_f64().is_some() && a.as_f64() == b.as_f64()),
            (Self::Array(a), Self::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.means(b)),
            (Self::Object(a), Self::Object(b)) => {
                a.len() == b.len() && a.iter().zip(b).all(|((at, a), (place, b))| at == place && a.means(b))
            }
            _ => self == other,
        }
    }

    /// Every string in the document.
    pub fn strings(&self) -> Vec<&SecretString> {
        match self {
            Self::String(s) => vec![s],
            Self::Array(items) => items.iter().flat_map(Self::strings).collect(),
            Self::Object(map) => map.values().flat_map(Self::strings).collect(),
            Self::Null | Self::Bool(_) | Self::Number(_) => Vec::new(),
        }
    }

    /// JSON pointers to all leaves: what may be shown of a secret.
    #[must_use]
    pub fn keys(&self) -> Vec<String> {
        fn walk(value: &SecretValue, at: &str, found: &mut Vec<String>) {
            match value {
                SecretValue::Object(map) if !map.is_empty() => {
                    for (key, child) in map {
                        walk(child, &format!("{at}/{}", key.replace('~', "~0").replace('/', "~1")), found);
                    }
                }
                _ => found.push(at.to_owned()),
            }
        }
        let mut found = Vec::new();
        walk(self, "", &mut found);
        found
    }
}

impl PartialEq for SecretValue {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Null, Self::Null) => true,
            (Self::Bool(a), Self::Bool(b)) => a == b,
            (Self::Number(a), Self::Number(b)) => a == b,
            (Self::String(a), Self::String(b)) => a.expose_secret() == b.expose_secret(),
            (Self::Array(a), Self::Array(b)) => a == b,
            (Self::Object(a), Self::Object(b)) => a == b,
            _ => false,
        }
    }
}

/// The document holds something other than an object where a key should go.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` cannot be set: something other than an empty object is in the way")]
pub struct InTheWay(String);

fn unescape(token: &str) -> String {
    token.replace("~1", "/").replace("~0", "~")
}

impl fmt::Debug for SecretValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretValue(…)")
    }
}

impl Serialize for SecretValue {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(b) => serializer.serialize_bool(*b),
            Self::Number(n) => n.serialize(serializer),
            Self::String(s) => serializer.serialize_str(s.expose_secret()),
            Self::Array(items) => serializer.collect_seq(items),
            Self::Object(map) => {
                let mut out = serializer.serialize_map(Some(map.len()))?;
                for (key, value) in map {
                    out.serialize_entry(key, value)?;
                }
                out.end()
            }
        }
    }
}

impl<'de> Deserialize<'de> for SecretValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> de::Visitor<'de> for Visitor {
            type Value = SecretValue;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON value")
            }
            fn visit_unit<E>(self) -> Result<SecretValue, E> {
                Ok(SecretValue::Null)
            }
            fn visit_bool<E>(self, b: bool) -> Result<SecretValue, E> {
                Ok(SecretValue::Bool(b))
            }
            fn visit_i64<E>(self, n: i64) -> Result<SecretValue, E> {
                Ok(SecretValue::Number(n.into()))
            }
            fn visit_u64<E>(self, n: u64) -> Result<SecretValue, E> {
                Ok(SecretValue::Number(n.into()))
            }
            fn visit_f64<E: de::Error>(self, n: f64) -> Result<SecretValue, E> {
                serde_json::Number::from_f64(n).map(SecretValue::Number).ok_or_else(|| E::custom("not a finite number"))
            }
            fn visit_str<E>(self, s: &str) -> Result<SecretValue, E> {
                Ok(SecretValue::String(SecretString::from(s)))
            }
            fn visit_string<E>(self, s: String) -> Result<SecretValue, E> {
                Ok(SecretValue::String(SecretString::from(s)))
            }
            fn visit_seq<A: de::SeqAccess<'de>>(self, mut seq: A) -> Result<SecretValue, A::Error> {
                let mut items = Vec::new();
                while let Some(item) = seq.next_element()? {
                    items.push(item);
                }
                Ok(SecretValue::Array(items))
            }
            fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<SecretValue, A::Error> {
                let mut object = BTreeMap::new();
                while let Some((key, value)) = map.next_entry()? {
                    object.insert(key, value);
                }
                Ok(SecretValue::Object(object))
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

/// The JSON of something that holds secrets, on memory that is wiped when it goes.
///
/// # Errors
/// When it cannot be written as JSON.
pub fn wiped_json(value: &impl Serialize) -> Result<Zeroizing<Vec<u8>>, serde_json::Error> {
    // Measured first: a buffer that grows would leave unwiped copies. One byte more is for the end of a line.
    let mut size = Size(0);
    serde_json::to_writer(&mut size, value)?;
    let mut json = Zeroizing::new(Vec::with_capacity(size.0 + 1));
    serde_json::to_writer(&mut *json, value)?;
    Ok(json)
}

struct Size(usize);

impl io::Write for Size {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> SecretValue {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn put_keeps_everything_else() {
        let mut document = parse(r#"{"a":{"b":"old","n":1.5},"list":[null,true,"x"]}"#);
        document.put("/a/b", SecretValue::String("new".into())).unwrap();
        document.put("/c~1d/e", SecretValue::String("deep".into())).unwrap();
        assert_eq!(
            serde_json::to_string(&document).unwrap(),
            r#"{"a":{"b":"new","n":1.5},"c/d":{"e":"deep"},"list":[null,true,"x"]}"#
        );
        assert!(document.put("/a/b/c", SecretValue::Null).is_err());
        assert!(document.put("/a", SecretValue::Null).is_err());
    }

    #[test]
    fn numbers_mean_the_same_however_they_are_written() {
        let document = parse(r#"{"a":[1.0,{"b":"x"}],"c":2}"#);
        assert!(document.means(&parse(r#"{"c":2.0,"a":[1,{"b":"x"}]}"#)));
        for other in [r#"{"a":[1.5,{"b":"x"}],"c":2}"#, r#"{"a":[1,{"b":"y"}],"c":2}"#, r#"{"a":[1],"c":2}"#, "{}"] {
            assert!(!document.means(&parse(other)), "{other}");
        }
    }

    #[test]
    fn pointers_reach_leaves() {
        let document = parse(r#"{"c/d":{"~":["x"]}}"#);
        assert!(matches!(document.at("/c~1d/~0/0"), Some(SecretValue::String(s)) if s.expose_secret() == "x"));
        assert!(document.at("/nothing").is_none());
        assert_eq!(document.keys(), ["/c~1d/~0"]);
    }

    #[test]
    fn debug_shows_nothing() {
        assert!(!format!("{:?}", parse(r#"{"k":"hunter2hunter2"}"#)).contains("hunter2"));
    }
}
