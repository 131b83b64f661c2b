//! Scopes of Taskcluster: who may do what. Pure algebra; that roles (`assume:…`) stand for other scopes is the auth
//! service's to say, which expands them.

use std::{collections::BTreeSet, fmt};

use serde::{Deserialize, Serialize};

/// What credentials or a role give, roles expanded.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Scopes(BTreeSet<String>);

impl Scopes {
    /// A scope that ends in `*` gives every scope with that beginning; any other gives itself.
    #[must_use]
    pub fn satisfy(&self, scope: &str) -> bool {
        self.0.iter().any(|granted| match granted.strip_suffix('*') {
            Some(beginning) => scope.starts_with(beginning),
            None => granted == scope,
        })
    }

    /// Those of the wanted scopes that are not given.
    #[must_use]
    pub fn missing<'a>(&self, wanted: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
        wanted.into_iter().filter(|scope| !self.satisfy(scope)).collect()
    }

    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<S: Into<String>> FromIterator<S> for Scopes {
    fn from_iter<I: IntoIterator<Item = S>>(scopes: I) -> Self {
        Self(scopes.into_iter().map(Into::into).collect())
    }
}

/// What a call needs, as the services write it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Expression {
    Scope(String),
    All {
        #[serde(rename = "AllOf")]
        all: Vec<Expression>,
    },
    Any {
        #[serde(rename = "AnyOf")]
        any: Vec<Expression>,
    },
}

impl Expression {
    #[must_use]
    pub fn satisfied_by(&self, scopes: &Scopes) -> bool {
        match self {
            Self::Scope(scope) => scopes.satisfy(scope),
            Self::All { all } => all.iter().all(|part| part.satisfied_by(scopes)),
            Self::Any { any } => any.iter().any(|part| part.satisfied_by(scopes)),
        }
    }
}

impl From<String> for Expression {
    fn from(scope: String) -> Self {
        Self::Scope(scope)
    }
}

impl Expression {
    /// The fewest of the wanted scopes that satisfy it, as far as these are given: what a call is narrowed to. `None`: they
    /// do not satisfy it.
    #[must_use]
    pub fn narrowed(&self, given: &Scopes) -> Option<Vec<String>> {
        match self {
            Self::Scope(scope) => given.satisfy(scope).then(|| vec![scope.clone()]),
            Self::All { all } => {
                let parts: Option<Vec<_>> = all.iter().map(|part| part.narrowed(given)).collect();
                let wanted: BTreeSet<String> = parts?.into_iter().flatten().collect();
                Some(wanted.into_iter().collect())
            }
            Self::Any { any } => any.iter().filter_map(|part| part.narrowed(given)).min_by_key(Vec::len),
        }
    }

    /// What of it these do not give; `None`: they satisfy it.
    #[must_use]
    pub fn missing(&self, given: &Scopes) -> Option<Self> {
        match self {
            _ if self.satisfied_by(given) => None,
            Self::Scope(_) | Self::Any { .. } => Some(self.clone()),
            Self::All { all } => Some(Self::all(all.iter().filter_map(|part| part.missing(given)))),
        }
    }

    /// All of these, each once.
    #[must_use]
    pub fn all(parts: impl IntoIterator<Item = Self>) -> Self {
        let mut all: Vec<Self> = Vec::new();
        for part in parts {
            let parts = match part {
                Self::All { all } => all,
                other => vec![other],
            };
            for part in parts {
                if !all.contains(&part) {
                    all.push(part);
                }
            }
        }
        Self::All { all }
    }

    /// Scopes that would do, of those it names: the first where one of several is enough.
    #[must_use]
    pub fn enough(&self) -> Vec<&str> {
        match self {
            Self::Scope(scope) => vec![scope],
            Self::All { all } => all.iter().flat_map(Self::enough).collect(),
            Self::Any { any } => any.first().map(Self::enough).unwrap_or_default(),
        }
    }
}

/// One line: `a, b and one of (c, d)`.
impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Scope(scope) => f.write_str(scope),
            Self::All { all } => listed(f, all, " and "),
            Self::Any { any } => match any.as_slice() {
                [only] => only.fmt(f),
                several => {
                    f.write_str("one of (")?;
                    listed(f, several, ", ")?;
                    f.write_str(")")
                }
            },
        }
    }
}

fn listed(f: &mut fmt::Formatter<'_>, parts: &[Expression], last: &str) -> fmt::Result {
    for (n, part) in parts.iter().enumerate() {
        let before = match n {
            0 => "",
            _ if n + 1 == parts.len() => last,
            _ => ", ",
        };
        match part {
            Expression::All { .. } if parts.len() > 1 => write!(f, "{before}({part})")?,
            _ => write!(f, "{before}{part}")?,
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_star_at_the_end_gives_what_begins_like_it() {
        let scopes: Scopes = ["secrets:get:project/example/*", "queue:rerun-task", "a*b"].into_iter().collect();
        for (scope, given) in [
            ("secrets:get:project/example/x", true),
            ("secrets:get:project/example/", true),
            ("secrets:get:project/example", false),
            ("queue:rerun-task", true),
            ("queue:rerun-task:x", false),
            ("axb", false),
            ("a*b", true),
        ] {
            assert_eq!(scopes.satisfy(scope), given, "{scope}");
        }
        assert_eq!(scopes.missing(["queue:rerun-task", "x", "y"]), ["x", "y"]);
    }

    #[test]
    fn expressions_are_read_as_they_are_written() {
        let text = r#"{"AllOf":["a","b",{"AnyOf":["c",{"AllOf":["d","e"]}]}]}"#;
        let expression: Expression = serde_json::from_str(text).unwrap();
        assert_eq!(expression.to_string(), "a, b and one of (c, (d and e))");
        let by = |scopes: &[&str]| expression.satisfied_by(&scopes.iter().copied().collect());
        assert!(by(&["a", "b", "c"]) && by(&["*"]) && by(&["a", "b", "d", "e"]));
        assert!(!by(&["a", "b"]) && !by(&["a", "b", "d"]) && !by(&["b", "c"]));
    }

    #[test]
    fn a_call_is_narrowed_to_what_satisfies_it_and_told_what_does_not() {
        let text = r#"{"AllOf":["a","b",{"AnyOf":[{"AllOf":["d","e"]},"c"]}]}"#;
        let expression: Expression = serde_json::from_str(text).unwrap();
        for (given, narrowed, missing) in [
            (&["*"] as &[&str], Some(&["a", "b", "c"] as &[&str]), None),
            (&["a", "b", "d", "e"], Some(&["a", "b", "d", "e"]), None),
            (&["a", "b", "d"], None, Some("one of ((d and e), c)")),
            (&["b"], None, Some("a and one of ((d and e), c)")),
            (&["c"], None, Some("a and b")),
        ] {
            let scopes = given.iter().copied().collect();
            let expected = narrowed.map(|scopes| scopes.iter().map(|scope| (*scope).to_owned()).collect::<Vec<_>>());
            assert_eq!(expression.narrowed(&scopes), expected, "{given:?}");
            let told = expression.missing(&scopes).map(|missing| missing.to_string());
            assert_eq!(told.as_deref(), missing, "{given:?}");
        }
        assert_eq!(expression.enough(), ["a", "b", "d", "e"]);
        let twice = Expression::all([expression.clone(), Expression::from("a".to_owned()), expression.clone()]);
        assert_eq!(twice, expression);
    }

    proptest! {
        #[test]
        fn more_scopes_never_satisfy_less(mut granted: Vec<String>, more: String, wanted: String) {
            let before = granted.iter().cloned().collect::<Scopes>().satisfy(&wanted);
            granted.push(more);
            let after = granted.iter().cloned().collect::<Scopes>();
            prop_assert!(!before || after.satisfy(&wanted));
            granted.push(wanted.clone());
            prop_assert!(granted.into_iter().collect::<Scopes>().satisfy(&wanted));
        }
    }
}
