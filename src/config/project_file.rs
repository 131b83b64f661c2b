//! `windlass.toml` as a [`Project`], or as everything that is wrong with it.

use std::{
    collections::BTreeMap,
    path::{Component, Path},
};

use super::{
    ConfigError, Image, Project, SecretSource, VersionSource,
    section::{Reader, Section, Text, section, text},
    taskcluster,
};
use crate::domain::{
    holdings::StoreKind,
    name::SecretName,
    plan::{Builder, Runner},
    policy::{Policy, TagRules, ref_glob},
    recipe::Recipe,
    reference::{Platform, Repository},
    root_url::RootUrl,
    template::{Field, Template},
};

/// Declared secrets by name; `None` is `[secret]`. A value is missing where its section has mistakes.
type Secrets = BTreeMap<Option<String>, Option<SecretSource>>;

/// Reads the text of `file`, which diagnostics call `shown`.
pub(super) fn parse(file: &Path, shown: &str, text: &str) -> Result<Project, ConfigError> {
    let mut reader = Reader::new(shown, text);
    let Some(document) = reader.document() else { return reader.finish(None) };
    let project = project(&mut reader, file, Section::of(super::PROJECT_FILE, document.get_ref(), 0..0));
    reader.finish(project)
}

fn project(reader: &mut Reader<'_>, file: &Path, top: Section<'_>) -> Option<Project> {
    let keys = ["image", "tags", "policy", "secret", "secrets", "runner", "taskcluster"];
    let top = top.only(reader, &keys);
    let taskcluster =
        top.section(reader, "taskcluster", "[taskcluster]").and_then(|section| taskcluster::read(reader, section));
    let root = taskcluster.as_ref().map(|taskcluster| &taskcluster.root_url);
    let secrets = secrets(reader, &top, root);
    let images = images(reader, &top, &secrets);
    let (tags, version) = tags(reader, &top);
    let uses_version = tags.need(Field::Version)
        || images.iter().flat_map(|image| image.args.values()).any(|template| template.needs(Field::Version));
    let policy = policy(reader, &top);
    let runner = runner(reader, &top);
    Some(Project {
        root: file.parent()?.to_owned(),
        file: file.to_owned(),
        images,
        policy,
        tags,
        version: version.or(uses_version.then_some(VersionSource::GitTag)),
        runner,
        taskcluster,
    })
}

fn images(reader: &mut Reader<'_>, top: &Section<'_>, secrets: &Secrets) -> Vec<Image> {
    let sections = top.sections(reader, "image").unwrap_or_default();
    if sections.is_empty() && top.lacks("image") {
        reader.problem(top.span(), "there is no [[image]]", Some("add [[image]] with its `repository`"));
    }
    let mut images: Vec<Image> = Vec::new();
    for section in sections {
        let keys = ["name", "repository", "context", "dockerfile", "target", "platform", "args", "builder", "secret"];
        let section = section.only(reader, &keys);
        let Some(image) = image(reader, &section, secrets) else { continue };
        if images.iter().any(|other| other.name == image.name) {
            let at = section.string(reader, "name").map_or(section.span(), |name| name.span);
            let message = format!("there is another image `{}`", image.name);
            reader.problem(at, &message, Some("give one of them another `name`"));
        }
        images.push(image);
    }
    images
}

fn image(reader: &mut Reader<'_>, section: &Section<'_>, secrets: &Secrets) -> Option<Image> {
    section.require(reader, &["repository"]);
    let repository = section.parsed::<Repository>(reader, "repository");
    let name = section.string(reader, "name");
    if let Some(name) = &name
        && !name.value.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
    {
        reader.problem(name.span.clone(), "a name has letters, digits, `.`, `_` and `-`", None);
    }
    let context = path(reader, section, "context").unwrap_or_else(|| ".".to_owned());
    let dockerfile = path(reader, section, "dockerfile").unwrap_or_else(|| "Dockerfile".to_owned());
    let target = section.string(reader, "target").map(|target| target.value.to_owned());
    let platform = section.parsed::<Platform>(reader, "platform");
    let args = args(reader, section);
    let words = [("auto", Builder::Auto), ("buildkit", Builder::BuildKit), ("classic", Builder::Classic)];
    let builder = section.choice(reader, "builder", &words).unwrap_or_default();
    let secret = secret_of(reader, section, secrets);
    let repository = repository?;
    let name = name.map_or_else(|| repository.last().to_owned(), |name| name.value.to_owned());
    Some(Image { name, repository, context, dockerfile, target, platform, args, builder, secret: secret? })
}

fn args(reader: &mut Reader<'_>, image: &Section<'_>) -> BTreeMap<String, Template> {
    let Some(section) = image.section(reader, "args", "`args`") else { return BTreeMap::new() };
    let mut args = BTreeMap::new();
    for (key, value) in section.entries() {
        let mut characters = key.value.bytes();
        let named = characters.next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_')
            && characters.all(|b| b.is_ascii_alphanumeric() || b == b'_');
        if !named {
            let message = format!("`{}` is no name of a build argument", key.value);
            reader.problem(key.span.clone(), &message, Some("letters, digits and `_` are allowed"));
        }
        // An empty build argument is a value like any other.
        let template = match value.get_ref().as_str() {
            Some("") => "".parse().ok(),
            _ => text(reader, key.value, value).and_then(|text| reader.template(&text)),
        };
        if let Some(template) = template {
            args.insert(key.value.to_owned(), template);
        }
    }
    args
}

fn secret_of(reader: &mut Reader<'_>, image: &Section<'_>, secrets: &Secrets) -> Option<SecretSource> {
    if image.lacks("secret") {
        if let Some(source) = secrets.get(&None) {
            return source.clone();
        }
        let suggestion = r#"add [secret] with `name = "…"` and `recipe = { username = "/…", password = "/…" }`"#;
        reader.problem(image.span(), "the registry's login is nowhere: there is no [secret]", Some(suggestion));
        return None;
    }
    let name = image.string(reader, "secret")?;
    if let Some(source) = secrets.get(&Some(name.value.to_owned())) {
        return source.clone();
    }
    let declared = secrets.keys().filter_map(Option::as_deref);
    let message = format!("there is no [secrets.{}]", name.value);
    reader.misspelt(name.span, &message, name.value, declared);
    None
}

fn secrets(reader: &mut Reader<'_>, top: &Section<'_>, root: Option<&RootUrl>) -> Secrets {
    let read = |reader: &mut Reader<'_>, section| secret(reader, section, root, !top.lacks("taskcluster"));
    let mut secrets = Secrets::new();
    if !top.lacks("secret") {
        let source = top.section(reader, "secret", "[secret]").and_then(|section| read(reader, section));
        secrets.insert(None, source);
    }
    if let Some(named) = top.section(reader, "secrets", "[secrets]") {
        for (key, value) in named.entries() {
            let title = format!("[secrets.{}]", key.value);
            let source = section(reader, key.value, &title, value).and_then(|section| read(reader, section));
            secrets.insert(Some(key.value.to_owned()), source);
        }
    }
    secrets
}

/// `root`: of the deployment that the project names; `named`: it names one, with or without mistakes.
fn secret(reader: &mut Reader<'_>, section: Section<'_>, root: Option<&RootUrl>, named: bool) -> Option<SecretSource> {
    let section = section.only(reader, &["store", "name", "recipe"]);
    section.require(reader, &["name", "recipe"]);
    let in_taskcluster = section.choice(reader, "store", &[("vault", false), ("taskcluster", true)]);
    let store = match (in_taskcluster.unwrap_or_default(), root) {
        (false, _) => Some(StoreKind::Vault),
        (true, Some(root)) => Some(StoreKind::Taskcluster(root.clone())),
        (true, None) => {
            if !named {
                let at = section.string(reader, "store").map_or(section.span(), |store| store.span);
                reader.problem(at, "where Taskcluster is, nobody says", Some("add [taskcluster] with its `root-url`"));
            }
            None
        }
    };
    let name = section.parsed::<SecretName>(reader, "name");
    let recipe = recipe(reader, &section);
    Some(SecretSource { store: store?, name: name?, recipe: recipe? })
}

fn recipe(reader: &mut Reader<'_>, secret: &Section<'_>) -> Option<Recipe> {
    let recipe = secret.section(reader, "recipe", "`recipe`")?.only(reader, &["username", "password", "docker-config"]);
    if recipe.has("docker-config") {
        if recipe.has("username") || recipe.has("password") {
            let message = "a recipe is either `username` and `password`, or `docker-config`";
            reader.problem(recipe.span(), message, None);
        }
        return Some(Recipe::DockerConfig { docker_config: pointer(reader, &recipe, "docker-config")? });
    }
    recipe.require(reader, &["username", "password"]);
    let (username, password) = (pointer(reader, &recipe, "username"), pointer(reader, &recipe, "password"));
    Some(Recipe::Pair { username: username?, password: password? })
}

/// A JSON pointer (RFC 6901) to something inside the document.
fn pointer(reader: &mut Reader<'_>, section: &Section<'_>, key: &str) -> Option<String> {
    let text = section.string(reader, key)?;
    if text.value.starts_with('/') {
        return Some(text.value.to_owned());
    }
    let suggestion = format!("did you mean `/{}`?", text.value);
    reader.problem(text.span, &format!("`{key}` is a JSON pointer, which begins with `/`"), Some(&suggestion));
    None
}

/// A path inside the project, relative to its folder.
pub(super) fn path(reader: &mut Reader<'_>, section: &Section<'_>, key: &str) -> Option<String> {
    let text = section.string(reader, key)?;
    let mut depth = 0_i32;
    let inside = Path::new(text.value).components().all(|component| {
        depth += match component {
            Component::Normal(_) => 1,
            Component::ParentDir => -1,
            Component::CurDir => 0,
            Component::RootDir | Component::Prefix(_) => return false,
        };
        depth >= 0
    });
    if inside && !text.value.contains("://") {
        return Some(text.value.to_owned());
    }
    let message = format!("`{key}` is a path inside the project, relative to its folder");
    reader.problem(text.span, &message, None);
    None
}

fn tags(reader: &mut Reader<'_>, top: &Section<'_>) -> (TagRules, Option<VersionSource>) {
    let mut rules = TagRules::default();
    let Some(section) = top.section(reader, "tags", "[tags]") else { return (rules, None) };
    let section = section.only(reader, &["moving", "frozen", "alias", "version"]);
    let moving = section.strings(reader, "moving");
    let frozen = section.strings(reader, "frozen");
    for (given, templates) in [(&moving, &mut rules.moving), (&frozen, &mut rules.frozen)] {
        if let Some(texts) = given {
            *templates = texts.iter().filter_map(|text| reader.template(text)).collect();
        }
    }
    for twice in frozen.iter().flatten().filter(|text| rules.moving.iter().any(|t| t.to_string() == text.value)) {
        let message = format!("`{}` is also in `moving`: a tag is moved or written once, not both", twice.value);
        reader.problem(twice.span.clone(), &message, None);
    }
    let none_given = |texts: &Option<Vec<Text<'_>>>| texts.as_ref().is_some_and(Vec::is_empty);
    if none_given(&moving) && none_given(&frozen) {
        reader.problem(section.span(), "a release would have no tag", Some("add a template to `moving` or `frozen`"));
    }
    if let Some(alias) = section.section(reader, "alias", "`alias`") {
        let named = alias.entries().filter_map(|(branch, value)| {
            let name = text(reader, branch.value, value)?;
            Some((branch.value.to_owned(), name.value.to_owned()))
        });
        rules.alias = named.collect();
    }
    let version = section.section(reader, "version", "`version`").and_then(|version| {
        let version = version.only(reader, &["file", "pointer"]);
        version.require(reader, &["file", "pointer"]);
        let (file, pointer) = (path(reader, &version, "file"), pointer(reader, &version, "pointer"));
        Some(VersionSource::File { file: file?, pointer: pointer? })
    });
    (rules, version)
}

fn policy(reader: &mut Reader<'_>, top: &Section<'_>) -> Policy {
    let policy = Policy::default();
    let Some(section) = top.section(reader, "policy", "[policy]") else { return policy };
    let section = section.only(reader, &["branches", "git-tags", "clean", "pushed"]);
    let mut globs = |key: &str, default: Vec<String>| {
        let Some(texts) = section.strings(reader, key) else { return default };
        for text in &texts {
            if let Err(why) = ref_glob(text.value) {
                reader.problem(text.span.clone(), &why.to_string(), None);
            }
        }
        texts.into_iter().map(|text| text.value.to_owned()).collect()
    };
    Policy {
        branches: globs("branches", policy.branches),
        git_tags: globs("git-tags", policy.git_tags),
        clean: section.boolean(reader, "clean").unwrap_or(policy.clean),
        pushed: section.boolean(reader, "pushed").unwrap_or(policy.pushed),
    }
}

fn runner(reader: &mut Reader<'_>, top: &Section<'_>) -> Runner {
    let Some(section) = top.section(reader, "runner", "[runner]") else { return Runner::default() };
    let section = section.only(reader, &["kind"]);
    let words = [("local", Runner::Local), ("taskcluster", Runner::Taskcluster)];
    let runner = section.choice(reader, "kind", &words).unwrap_or_default();
    if runner == Runner::Taskcluster && top.lacks("taskcluster") {
        let at = section.string(reader, "kind").map_or(section.span(), |kind| kind.span);
        reader.problem(at, "where Taskcluster is, nobody says", Some("add [taskcluster] with its `root-url`"));
    }
    runner
}
