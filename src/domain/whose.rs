//! Which of a project's images a group of tasks is about. Nothing says it outright: what the tasks recorded, may read, are
//! given and are called does, in this order, each among those that the one before left.

use serde_json::Value;

use super::{name::SecretName, reference::Repository, scope::Scopes, task::Definition};

/// By what an image is known.
#[derive(Debug, Clone, Copy)]
pub struct Mark<'a> {
    pub name: &'a str,
    pub repository: &'a Repository,
    pub secret: &'a SecretName,
}

/// The image that these tasks are about; of several that may be it, the first. `recorded`: the repositories that records
/// of the tasks name. `None` where there are no images.
#[must_use]
pub fn whose(images: &[Mark<'_>], tasks: &[&Definition], recorded: &[&Repository]) -> Option<usize> {
    let scopes: Vec<Scopes> =
        tasks.iter().map(|task| task.scopes.iter().map(String::as_str).collect::<Scopes>()).collect();
    let given: Vec<Repository> = tasks.iter().flat_map(|task| repositories(&task.payload)).collect();
    let longest = images.iter().filter(|image| is_named(image, tasks)).map(|image| image.name.len()).max();
    let evidence: [&dyn Fn(&Mark<'_>) -> bool; 4] = [
        &|image| recorded.contains(&image.repository),
        &|image| scopes.iter().any(|scopes| scopes.satisfy(&format!("secrets:get:{}", image.secret))),
        &|image| given.contains(image.repository),
        &|image| Some(image.name.len()) == longest && is_named(image, tasks),
    ];
    let mut left: Vec<usize> = (0..images.len()).collect();
    for fits in evidence {
        let fitting: Vec<usize> = left.iter().copied().filter(|at| images.get(*at).is_some_and(fits)).collect();
        if !fitting.is_empty() {
            left = fitting;
        }
    }
    left.first().copied()
}

/// The name is a word, or words, of a task's name: of `app` and `app-agent`, `push-app-agent` has both.
fn is_named(image: &Mark<'_>, tasks: &[&Definition]) -> bool {
    let parts = |text: &str| !text.chars().next().is_some_and(char::is_alphanumeric);
    let ends = |text: &str| !text.chars().next_back().is_some_and(char::is_alphanumeric);
    tasks.iter().map(|task| task.metadata.name.as_str()).any(|name| {
        name.match_indices(image.name).any(|(at, found)| ends(&name[..at]) && parts(&name[at + found.len()..]))
    })
}

/// The repositories that a payload names: whole values of its environment, and words of its commands.
fn repositories(payload: &Value) -> Vec<Repository> {
    match payload {
        Value::String(text) => {
            let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || "._-/:@".contains(c)));
            words.filter_map(repository).collect()
        }
        Value::Array(items) => items.iter().flat_map(repositories).collect(),
        Value::Object(map) => map.values().flat_map(repositories).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) => Vec::new(),
    }
}

/// Out of `team/app`, `registry.example/team/app:tag`, `docker://team/app@sha256:…`.
fn repository(word: &str) -> Option<Repository> {
    let word = word.strip_prefix("docker://").unwrap_or(word);
    let word = word.split('@').next()?;
    let tag = word.rfind(':').filter(|at| !word[*at..].contains('/'));
    tag.map_or(word, |at| &word[..at]).parse().ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn task(name: &str, scopes: &[&str], payload: &Value) -> Definition {
        serde_json::from_value(json!({
            "taskGroupId": "f18OCIBgRoSL6-8OrQg82Q", "created": "2026-11-23T06:14:15Z",
            "deadline": "2026-11-23T07:14:15Z", "scopes": scopes, "metadata": {"name": name}, "payload": payload,
        }))
        .unwrap()
    }

    /// Of `app`, `app-agent` and `web`, of which the first two have one secret.
    fn about(tasks: &[Definition], recorded: &[&str]) -> &'static str {
        let names = ["app", "app-agent", "web"];
        let repositories = names.map(|name| format!("registry.example/team/{name}").parse::<Repository>().unwrap());
        let secrets = ["team", "team", "web"].map(|name| name.parse::<SecretName>().unwrap());
        let images: Vec<Mark<'_>> =
            (0..3).map(|at| Mark { name: names[at], repository: &repositories[at], secret: &secrets[at] }).collect();
        let recorded: Vec<Repository> = recorded.iter().map(|text| text.parse().unwrap()).collect();
        let at = whose(&images, &tasks.iter().collect::<Vec<_>>(), &recorded.iter().collect::<Vec<_>>());
        names[at.unwrap()]
    }

    #[test]
    fn the_strongest_word_counts() {
        let none = json!({});
        let env = json!({"env": {"IMAGE": "registry.example/team/app-agent", "TAG": "latest"}});
        let command = json!({"command": ["sh", "-c", "skopeo copy x 'docker://registry.example/team/app-agent:v1'"]});
        for (name, scopes, payload, recorded, expected) in [
            ("push-image", &[][..], &none, &[][..], "app"),
            ("push-app", &[], &none, &[], "app"),
            ("push-app-agent-image", &[], &none, &[], "app-agent"),
            ("push (web)", &[], &none, &[], "web"),
            ("push-webhook", &[], &none, &[], "app"),
            ("push-image", &[], &env, &[], "app-agent"),
            ("push-image", &[], &command, &[], "app-agent"),
            ("push-app", &["secrets:get:web"], &none, &[], "web"),
            ("push-web", &["secrets:get:team"], &env, &[], "app-agent"),
            ("push-app-agent", &["secrets:get:*"], &none, &[], "app-agent"),
            ("push-app", &["secrets:get:team"], &env, &["registry.example/team/web"], "web"),
            ("push-app-agent", &[], &none, &["elsewhere.example/team/web"], "app-agent"),
        ] {
            assert_eq!(
                about(&[task(name, scopes, payload)], recorded),
                expected,
                "{name} {scopes:?} {payload} {recorded:?}"
            );
        }
        let group = [task("build-app", &[], &none), task("push", &["secrets:get:web"], &none)];
        assert_eq!(about(&group, &[]), "web");
        assert_eq!(whose(&[], &[], &[]), None);
    }
}
