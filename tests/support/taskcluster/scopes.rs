//! The scope algebra of the services: what satisfies what, what roles expand to, and how expressions are written.

use std::{cmp::Ordering, collections::BTreeMap};

use serde::Serialize;

/// What a route asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Expression {
    Scope(String),
    All {
        #[serde(rename = "AllOf")]
        all_of: Vec<Expression>,
    },
    Any {
        #[serde(rename = "AnyOf")]
        any_of: Vec<Expression>,
    },
}

impl From<&str> for Expression {
    fn from(scope: &str) -> Self {
        Self::Scope(scope.to_owned())
    }
}

impl From<String> for Expression {
    fn from(scope: String) -> Self {
        Self::Scope(scope)
    }
}

impl Expression {
    pub fn all<E: Into<Self>>(parts: impl IntoIterator<Item = E>) -> Self {
        Self::All { all_of: parts.into_iter().map(Into::into).collect() }
    }

    pub fn any<E: Into<Self>>(parts: impl IntoIterator<Item = E>) -> Self {
        Self::Any { any_of: parts.into_iter().map(Into::into).collect() }
    }

    /// What of this is missing; `None` where these scopes satisfy it.
    pub fn missing(&self, granted: &[String]) -> Option<Self> {
        let rest = |parts: &[Self]| -> Vec<Self> { parts.iter().filter_map(|part| part.missing(granted)).collect() };
        match self {
            Self::Scope(scope) => (!is_granted(granted, scope)).then(|| self.clone()),
            Self::All { all_of } => match rest(all_of).as_slice() {
                [] => None,
                [one] => Some(one.clone()),
                several => Some(Self::all(several.to_vec())),
            },
            Self::Any { any_of } => match rest(any_of).as_slice() {
                some if some.len() < any_of.len() => None,
                [one] => Some(one.clone()),
                all => Some(Self::any(all.to_vec())),
            },
        }
    }

    /// As the services' messages write it: one scope plain, everything else as JSON.
    pub fn text(&self) -> String {
        match self {
            Self::Scope(scope) => scope.clone(),
            _ => serde_json::to_string_pretty(self).unwrap(),
        }
    }
}

/// One of the scopes equals this one, or ends in `*` behind a prefix of it.
pub fn is_granted(granted: &[String], scope: &str) -> bool {
    granted.iter().any(|has| has == scope || has.strip_suffix('*').is_some_and(|prefix| scope.starts_with(prefix)))
}

/// A role: its id may end in `*`, and then `<..>` in its scopes stands for what the `*` matched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role {
    pub scopes: Vec<String>,
    pub description: String,
    pub created: jiff::Timestamp,
    pub modified: jiff::Timestamp,
}

/// The scopes that this role gives to who has `scope`.
fn given(role_id: &str, role: &Role, scope: &str) -> Vec<String> {
    let pattern = format!("assume:{role_id}");
    let (prefix, is_prefix) = pattern.strip_suffix('*').map_or((pattern.as_str(), false), |prefix| (prefix, true));
    let parameter = match scope.strip_suffix('*') {
        Some(start) if prefix.starts_with(start) => "*",
        _ if is_prefix => match scope.strip_prefix(prefix) {
            Some(rest) => rest,
            None => return Vec::new(),
        },
        _ if scope == pattern => "",
        _ => return Vec::new(),
    };
    let filled = |scope: &String| match scope.split_once("<..>") {
        Some((before, _)) if is_prefix && parameter.ends_with('*') => format!("{before}{parameter}"),
        Some((before, after)) if is_prefix => format!("{before}{parameter}{after}"),
        _ => scope.clone(),
    };
    role.scopes.iter().map(filled).collect()
}

/// These scopes and all that roles add to them, in the services' order.
pub fn expanded(roles: &BTreeMap<String, Role>, scopes: &[String]) -> Vec<String> {
    let mut all = normalised(scopes.to_vec());
    loop {
        let more = all.iter().flat_map(|scope| roles.iter().flat_map(|(id, role)| given(id, role, scope)));
        let next = normalised(all.iter().cloned().chain(more).collect());
        if next == all {
            return all;
        }
        assert!(next.len() < 10_000, "a role refers to itself");
        all = next;
    }
}

/// Sorted, without what others in it satisfy.
pub fn normalised(mut scopes: Vec<String>) -> Vec<String> {
    scopes.sort_by(|a, b| order(a, b));
    scopes.dedup();
    let others = scopes.clone();
    scopes.retain(|scope| !others.iter().any(|other| other != scope && is_granted(std::slice::from_ref(other), scope)));
    scopes
}

/// `*` sorts before everything that it stands for.
fn order(a: &str, b: &str) -> Ordering {
    let rank = |byte: u8| if byte == b'*' { 0 } else { byte };
    a.bytes().map(rank).cmp(b.bytes().map(rank))
}
