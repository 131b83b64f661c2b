//! What `windlass.toml` may say, and what is said where it is wrong.

use std::fs;

use super::*;
use crate::domain::{
    holdings::StoreKind,
    plan::{Builder, Runner},
    policy::{Policy, TagRules},
    recipe::Recipe,
    root_url::RootUrl,
};

const MINIMAL: &str = r#"
    [[image]]
    repository = "mozilla/balrog"
    [secret]
    name = "dockerhub"
    recipe = { username = "/u", password = "/p" }
"#;

fn folder() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().canonicalize().unwrap();
    (folder, path)
}

#[test]
fn the_file_is_found_upwards_but_not_above_the_repository() {
    let (_kept, top) = folder();
    let deep = top.join("repository/a/b");
    fs::create_dir_all(&deep).unwrap();
    fs::write(top.join(PROJECT_FILE), MINIMAL).unwrap();
    assert_eq!(load(&deep, None).unwrap().root, top);
    fs::create_dir(top.join("repository/.git")).unwrap();
    assert!(matches!(load(&deep, None), Err(ConfigError::NoProject { .. })));
    fs::write(top.join("repository").join(PROJECT_FILE), MINIMAL).unwrap();
    assert_eq!(load(&deep, None).unwrap().file, top.join("repository").join(PROJECT_FILE));
}

#[test]
fn an_explicit_file_or_folder_is_taken() {
    let (_kept, top) = folder();
    fs::write(top.join("other.toml"), MINIMAL).unwrap();
    assert_eq!(load(Path::new("/"), Some(&top.join("other.toml"))).unwrap().file, top.join("other.toml"));
    let failure = Failure::from(load(Path::new("/"), Some(&top)).unwrap_err());
    assert_eq!((failure.kind.exit_code(), failure.what.as_str()), (2, "the configuration cannot be read"));
}

#[test]
fn mistakes_become_one_failure_that_shows_them_all() {
    let (_kept, top) = folder();
    fs::write(top.join(PROJECT_FILE), MINIMAL.replace("repository", "repositry").replace("/p\"", "p\"")).unwrap();
    let failure = Failure::from(load(&top, None).unwrap_err());
    assert_eq!((failure.kind.exit_code(), failure.what.as_str()), (2, "windlass.toml has 2 mistakes"));
    assert!(failure.why.contains("windlass.toml:3:5"), "{}", failure.why);
    assert!(failure.why.contains("^^^^^^^^^ did you mean `repository`?"), "{}", failure.why);
}

#[test]
fn what_is_not_text_or_too_large_is_refused() {
    let (_kept, top) = folder();
    fs::write(top.join(PROJECT_FILE), b"\xff\xfe").unwrap();
    assert!(matches!(load(&top, None), Err(ConfigError::Unreadable { .. })));
    fs::write(top.join(PROJECT_FILE), "#".repeat(2 * 1024 * 1024)).unwrap();
    assert!(matches!(load(&top, None), Err(ConfigError::TooLarge { .. })));
}

/// The example of the documentation, with every key there is.
const EVERYTHING: &str = r#"
[[image]]
name       = "balrog"                              # default: last part of the repository
repository = "docker.io/mozilla/balrog"
context    = "."
dockerfile = "Dockerfile"

[[image]]
repository = "ghcr.io/mozilla/agent"
context = "./agent"
dockerfile = "docker/Dockerfile"
target = "release"
platform = "linux/arm64"
args = { VERSION = "{version}", EMPTY = "", JSON = "{{}}" }
builder = "buildkit"
secret = "github"

[tags]
moving = ["{alias}"]
frozen = ["{branch}-{date}", "v{version}"]
alias  = { master = "latest", main = "latest" }
version = { file = "pyproject.toml", pointer = "/project/version" }

[policy]
branches = ["master", "main", "release/*"]
git-tags = ["v*"]
clean    = true
pushed   = false

[secret]
store  = "vault"
name   = "repo:github.com/mozilla/balrog:dockerhub"
recipe = { username = "/dockerhub_username", password = "/dockerhub_password" }

[secrets.github]
store  = "taskcluster"
name   = "repo:github.com/mozilla/balrog:github"
recipe = { docker-config = "/dockercfg" }

[runner]
kind = "local"

[taskcluster]
root-url = "https://firefox-ci-tc.services.mozilla.com/"
github   = "mozilla-releng/balrog"
tasks    = ["docker-image-*", "push-image-*"]
artifact = "public/docker-image-shasum256.txt"
digest-in-log = '"Digest": "(sha256:[0-9a-f]{64})"'
pools    = ["releng-3/linux-docker"]
trigger  = { git = "push" }
artifact-expires = "6 months"
storage  = "object"
"#;

fn parse(text: &str) -> Result<Project, ConfigError> {
    project_file::parse(Path::new("/p/windlass.toml"), PROJECT_FILE, text)
}

/// Every problem as `line:column message | suggestion`.
fn mistakes(text: &str) -> Vec<String> {
    match parse(text) {
        Ok(project) => panic!("nothing is wrong with {project:?}"),
        Err(ConfigError::Invalid { problems, .. }) => problems
            .into_iter()
            .map(|p| format!("{}:{} {} | {}", p.line, p.column, p.message, p.suggestion.unwrap_or_default()))
            .collect(),
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn the_whole_example_is_read() {
    let project = parse(EVERYTHING).unwrap_or_else(|e| panic!("{e}"));
    let [balrog, agent] = project.images.as_slice() else { panic!("{:?}", project.images) };
    assert_eq!((project.root.as_path(), balrog.dockerfile.as_str()), (Path::new("/p"), "Dockerfile"));
    assert_eq!((agent.name.as_str(), agent.target.as_deref()), ("agent", Some("release")));
    let root = "https://firefox-ci-tc.services.mozilla.com".parse().unwrap();
    assert_eq!((agent.builder, &agent.secret.store), (Builder::BuildKit, &StoreKind::Taskcluster(root)));
    assert_eq!(agent.secret.recipe, Recipe::DockerConfig { docker_config: "/dockercfg".into() });
    assert_eq!(agent.args.keys().collect::<Vec<_>>(), ["EMPTY", "JSON", "VERSION"]);
    assert!(project.policy.allows_branch("release/1") && !project.policy.pushed);
    let (file, pointer) = ("pyproject.toml".into(), "/project/version".into());
    assert_eq!(project.version, Some(VersionSource::File { file, pointer }));
    let taskcluster = project.taskcluster.unwrap();
    assert_eq!(taskcluster.root_url.to_string(), "https://firefox-ci-tc.services.mozilla.com");
    assert_eq!((taskcluster.trigger, taskcluster.pools.len()), (Trigger::GitPush, 1));
    assert_eq!((taskcluster.storage, taskcluster.artifact_expires), (Storage::Object, "6 months".parse().unwrap()));
}

#[test]
fn inside_a_task_the_deployment_and_the_runner_are_the_tasks() {
    let text = EVERYTHING.replace("kind = \"local\"", "kind = \"taskcluster\"");
    let outside = parse(&text).unwrap();
    let root: RootUrl = "https://tc.example".parse().unwrap();
    let inside = outside.clone().inside(&root);
    assert_eq!((outside.runner, inside.runner), (Runner::Taskcluster, Runner::Local));
    assert_eq!(inside.taskcluster.as_ref().unwrap().root_url, root);
    let stores: Vec<_> = inside.images.iter().map(|image| image.secret.store.clone()).collect();
    assert_eq!(stores, [StoreKind::Vault, StoreKind::Taskcluster(root)]);
}

#[test]
fn what_is_left_out_has_its_default() {
    let project = parse(MINIMAL).unwrap();
    let image = project.image(None).unwrap();
    assert_eq!((image.name.as_str(), image.context.as_str(), image.dockerfile.as_str()), ("balrog", ".", "Dockerfile"));
    assert_eq!((&project.policy, &project.tags), (&Policy::default(), &TagRules::default()));
    assert_eq!((project.runner, project.version, project.taskcluster), (Runner::Local, None, None));
}

#[test]
fn the_version_is_the_git_tag_where_a_template_needs_it() {
    let tags = format!("{MINIMAL}\n[tags]\nfrozen = [\"v{{version}}\"]");
    assert_eq!(parse(&tags).unwrap().version, Some(VersionSource::GitTag));
    let args = MINIMAL.replace("[secret]", "args = { V = \"{version}\" }\n[secret]");
    assert_eq!(parse(&args).unwrap().version, Some(VersionSource::GitTag));
}

#[test]
fn every_trigger() {
    for (text, trigger) in [
        (r#"{ git = "tag" }"#, Trigger::GitTag),
        (r#"{ hook = "project-releng/balrog/push" }"#, hook("project-releng", "balrog/push")),
        (r#"{ yml = ".taskcluster.yml" }"#, Trigger::Yml(".taskcluster.yml".into())),
    ] {
        let project = parse(&EVERYTHING.replace(r#"{ git = "push" }"#, text)).unwrap();
        assert_eq!(project.taskcluster.unwrap().trigger, trigger);
    }
}

fn hook(group: &str, id: &str) -> Trigger {
    Trigger::Hook { group: group.into(), id: id.into() }
}

#[test]
fn each_mistake_is_shown_where_it_is() {
    let mut untold = Vec::new();
    for (right, wrong, expected) in [
        (
            "repository = \"ghcr",
            "repositry = \"ghcr",
            "9:1 unknown key `repositry` in [[image]] | did you mean `repository`?",
        ),
        (
            "ghcr.io/mozilla/agent",
            "https://ghcr.io/a",
            "9:14 `https://ghcr.io/a` is not a repository: it is written without a scheme, as in registry.example.com/team/image | ",
        ),
        ("[policy]", "[polcy]", "24:2 unknown key `polcy` in windlass.toml | did you mean `policy`?"),
        ("git-tags", "git_tags", "26:1 unknown key `git_tags` in [policy] | did you mean `git-tags`?"),
        ("clean    = true", "clean    = \"yes\"", "27:12 `clean` is a string; true or false is expected | "),
        ("[\"v*\"]", "\"v*\"", "26:12 `git-tags` is a string; an array of strings is expected | "),
        ("[\"v*\"]", "[\"v*\", 5]", "26:19 `git-tags` is a number; a string is expected | "),
        ("release/*", "release/[", "25:31 error parsing glob 'release/[': unclosed character class; missing ']' | "),
        ("{branch}-{date}", "{branch}-{dtae}", "20:21 there is no placeholder `{dtae}` | did you mean `{date}`?"),
        (
            "\"{branch}-{date}\"",
            "\"\\u007bbrnch}\"",
            "20:11 there is no placeholder `{brnch}` | did you mean `{branch}`?",
        ),
        (
            "\"{branch}-{date}\"",
            "\"{alias}\"",
            "20:11 `{alias}` is also in `moving`: a tag is moved or written once, not both | ",
        ),
        ("latest\", main", "\", main", "21:21 `master` is empty | "),
        ("{{}}", "{x", "14:53 `{` is not closed | write `{{` for a brace itself"),
        ("EMPTY", "\"A-B\"", "14:33 `A-B` is no name of a build argument | letters, digits and `_` are allowed"),
        ("\"buildkit\"", "\"buildkti\"", "15:11 `buildkti` is no `builder` | did you mean `buildkit`?"),
        ("\"buildkit\"", "\"podman\"", "15:11 `podman` is no `builder` | expected `auto`, `buildkit`, `classic`"),
        (
            "linux/arm64",
            "arm64",
            "13:12 `arm64` is not a platform: it is written os/architecture, as in linux/amd64 | ",
        ),
        ("secret = \"github\"", "secret = \"gihub\"", "16:10 there is no [secrets.gihub] | did you mean `github`?"),
        ("\"./agent\"", "\"/agent\"", "10:11 `context` is a path inside the project, relative to its folder | "),
        (
            "docker/Dockerfile",
            "a/../../Dockerfile",
            "11:14 `dockerfile` is a path inside the project, relative to its folder | ",
        ),
        ("\"./agent\"", "\"https://x/y\"", "10:11 `context` is a path inside the project, relative to its folder | "),
        ("\"./agent\"", "\"\"", "10:11 `context` is empty | "),
        (
            "= \"ghcr.io/mozilla/agent\"",
            "= \"ghcr.io/other/balrog\"",
            "8:1 there is another image `balrog` | give one of them another `name`",
        ),
        ("\"balrog\" ", "\"bal rog\" ", "3:14 a name has letters, digits, `.`, `_` and `-` | "),
        (
            "\"/dockerhub_password\"",
            "\"dockerhub_password\"",
            "33:57 `password` is a JSON pointer, which begins with `/` | did you mean `/dockerhub_password`?",
        ),
        (", password = \"/dockerhub_password\"", "", "33:10 `recipe` has no `password` | add `password = …`"),
        (
            "{ docker-config",
            "{ username = \"/u\", docker-config",
            "38:10 a recipe is either `username` and `password`, or `docker-config` | ",
        ),
        ("store  = \"taskcluster\"", "store  = \"tc\"", "36:10 `tc` is no `store` | expected `vault`, `taskcluster`"),
        (
            "name   = \"repo:github.com/mozilla/balrog:github\"",
            "",
            "35:1 [secrets.github] has no `name` | add `name = …`",
        ),
        (
            "balrog:github\"",
            "balrog github\"",
            "37:10 `repo:github.com/mozilla/balrog github` is not a secret's name: 1 to 255 printable characters without spaces | ",
        ),
        ("file = \"pyproject.toml\", ", "", "22:11 `version` has no `file` | add `file = …`"),
        ("kind = \"local\"", "kind = \"remote\"", "41:8 `remote` is no `kind` | expected `local`, `taskcluster`"),
        ("https://firefox-ci", "https://me:pw@firefox-ci", "44:12 a login does not belong into a root URL | "),
        (
            "\"https://firefox-ci-tc",
            "\"firefox-ci-tc",
            "44:12 `firefox-ci-tc.services.mozilla.com/` is no URL: relative URL without a base | ",
        ),
        ("mozilla-releng/balrog", "balrog", "45:12 `balrog` is not owner/repository | "),
        (
            "\"(sha256:[0-9a-f]{64})\"",
            "\"sha256\"",
            "48:17 the pattern must have exactly one group: the digest, as in (sha256:[0-9a-f]{64}) | ",
        ),
        ("{64})\"", "{64}\"", "48:17 error: unclosed group | "),
        ("releng-3/linux-docker", "linux-docker", "49:13 `linux-docker` is not provisioner/worker-type | "),
        (
            "\"6 months\"",
            "\"never\"",
            "51:20 `never` is no time that something is kept: `1 year`, `6 months` or `28 days` | ",
        ),
        ("storage  = \"object\"", "storage  = \"objects\"", "52:12 `objects` is no `storage` | did you mean `object`?"),
        ("git = \"push\"", "git = \"puhs\"", "50:20 `puhs` is no `git` | did you mean `push`?"),
        ("{ git = \"push\" }", "{ hook = \"balrog\" }", "50:21 `balrog` is not group/id | "),
        (
            "{ git = \"push\" }",
            "{}",
            "50:12 `trigger` names one way to start a release | write { git = \"push\" }, { git = \"tag\" }, { hook = \"group/id\" } or { yml = \"file\" }",
        ),
    ] {
        let text = EVERYTHING.replacen(right, wrong, 1);
        assert_ne!(text, EVERYTHING, "{right}");
        let told = mistakes(&text);
        if told != [expected] {
            untold.push(format!("{wrong}: expected {expected:?}, told {told:#?}"));
        }
    }
    assert!(untold.is_empty(), "{}", untold.join("\n"));
}

#[test]
fn what_is_missing_is_asked_for() {
    for (text, expected) in [
        ("", "1:1 there is no [[image]] | add [[image]] with its `repository`"),
        (
            "[[image]]\nrepository = \"a/b\"",
            "1:1 the registry's login is nowhere: there is no [secret] | add [secret] with `name = \"…\"` and `recipe = \
             { username = \"/…\", password = \"/…\" }`",
        ),
        (
            "\n[image]\nrepository = \"a/b\"",
            "2:1 there may be several `image`, so its heading has two brackets | write [[image]]",
        ),
        ("image = 5", "1:9 `image` is a number; [[image]] is expected | "),
        ("[[image]]", "1:1 [[image]] has no `repository` | add `repository = …`"),
        (
            "[tags]\nmoving = []\nfrozen = []",
            "1:1 a release would have no tag | add a template to `moving` or `frozen`",
        ),
        (
            "[runner]\nkind = \"taskcluster\"",
            "2:8 where Taskcluster is, nobody says | add [taskcluster] with its `root-url`",
        ),
        (
            "[secret]\nstore = \"taskcluster\"\nname = \"x\"\nrecipe = { docker-config = \"/d\" }",
            "2:9 where Taskcluster is, nobody says | add [taskcluster] with its `root-url`",
        ),
        ("[taskcluster]", "1:1 [taskcluster] has no `root-url` | add `root-url = …`"),
    ] {
        let told = mistakes(text);
        assert!(told.iter().any(|line| line == expected), "{text}: {told:#?}");
    }
}

#[test]
fn all_mistakes_are_told_at_once_in_the_order_of_the_file() {
    let text = "[[image]]\nrepositry = \"a/b\"\ncontext = \"..\"\n[tags]\nmoving = [\"{x}\"]\n[policy]\nclean = 1\n";
    let told: Vec<String> = mistakes(text).iter().map(|line| line.split(' ').next().unwrap().to_owned()).collect();
    assert_eq!(told, ["1:1", "2:1", "3:11", "5:12", "7:9"]);
}

#[test]
fn broken_syntax_is_shown_where_it_breaks() {
    for (text, at) in [
        ("[[image]]\nrepository = mozilla/balrog\n", "2:14"),
        ("a = 1\na = 2\n", "2:1"),
        ("[secret\n", "1:8"),
        ("x = \"unfinished\n", "1:16"),
    ] {
        let told = mistakes(text);
        assert!(told[0].starts_with(at), "{text:?}: {told:#?}");
    }
}

#[test]
fn images_are_found_by_name() {
    let project = parse(EVERYTHING).unwrap();
    assert_eq!(project.image(Some("agent")).unwrap().name, "agent");
    let failure = project.image(None).unwrap_err();
    assert_eq!((failure.kind.exit_code(), failure.why.as_str()), (2, "this project has balrog, agent"));
    assert_eq!(project.image(Some("balrgo")).unwrap_err().next, "did you mean balrog? --image balrog");
}
