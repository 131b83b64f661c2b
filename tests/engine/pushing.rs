//! Pushes to a real registry.

use windlass::{
    domain::{
        digest::Digest,
        failure::{Failure, FailureKind},
        plan::Builder,
        recipe::Login,
        reference::{Repository, Tag},
    },
    engine::{EngineError, LayerState, PushEvent},
};

use super::{Image, Project, built, definition, engine, may_write, unique};
use crate::support::registry::{PASSWORD, Registry, USER};

fn login(password: &str) -> Login {
    Login { username: USER.into(), password: password.into() }
}

/// What the registry serves under a tag: its digest, hashed here.
fn served(registry: &Registry, repository: &Repository, tag: &Tag, login: Option<&str>) -> Digest {
    let mut curl = std::process::Command::new("curl");
    curl.args(["-sf", "-H", "Accept: application/vnd.docker.distribution.manifest.v2+json"]);
    if let Some(login) = login {
        curl.args(["-u", login]);
    }
    let url = format!("http://{}/v2/{}/manifests/{tag}", registry.host, repository.path());
    let output = curl.arg(url).output().unwrap();
    assert!(output.status.success(), "the registry serves {repository}:{tag}");
    Digest::of(&output.stdout)
}

/// Trap: with the standard base64 alphabet the engine would push without credentials.
#[tokio::test]
async fn pushes_with_a_password_of_odd_characters() {
    let engine = engine().await;
    let registry = Registry::with_login();
    let project = Project::with_shell("RUN echo pushed > /file\n");
    let (outcome, _, _image) = built(&engine, project.path(), &definition(Builder::Auto)).await;
    let repository: Repository = registry.repository(&format!("team/{}", unique())).parse().unwrap();
    let login = login(PASSWORD);
    // Dropped last: with its last name an image would go.
    let (mut names, mut digests) = (Vec::new(), Vec::new());
    for tag in ["v1", "latest"] {
        let tag: Tag = tag.parse().unwrap();
        names.push(Image(format!("{repository}:{tag}")));
        let mut events = Vec::new();
        let mut on = |event| events.push(event);
        let push = engine.push(&outcome.image.id, &repository, &tag, Some(&login), &mut on, may_write());
        let pushed = push.await.unwrap();
        assert_eq!(pushed.digest, served(&registry, &repository, &tag, Some(&format!("{USER}:{PASSWORD}"))));
        assert!(pushed.size > 0);
        let ended = if digests.is_empty() { LayerState::Pushed } else { LayerState::Exists };
        let layers = events.iter().filter(|e| matches!(e, PushEvent::Layer { state, .. } if *state == ended)).count();
        assert_eq!(layers, outcome.image.diff_ids.len(), "{events:#?}");
        digests.push(pushed.digest);
        let local = engine.inspect(outcome.image.id.as_str()).await.unwrap().unwrap();
        assert!(local.repo_digests.contains(&format!("{repository}@{}", digests[0])), "{local:?}");
    }
    assert_eq!(digests[0], digests[1]);
}

#[tokio::test]
async fn refusals_can_be_told_apart() {
    let engine = engine().await;
    let registry = Registry::with_login();
    let project = Project::with_shell("");
    let (outcome, _, _image) = built(&engine, project.path(), &definition(Builder::Classic)).await;
    let path = unique();
    let guarded: Repository = registry.repository(&path).parse().unwrap();
    let closed: Repository = format!("127.0.0.1:1/{path}").parse().unwrap();
    let tag: Tag = "v1".parse().unwrap();
    let names = [&guarded, &closed].map(|repository| Image(format!("{repository}:{tag}")));
    let mut kinds = Vec::new();
    let gone = Digest::of(path.as_bytes());
    for (image, repository, password) in [
        (&outcome.image.id, &guarded, Some("wrong-password")),
        (&outcome.image.id, &guarded, None),
        (&outcome.image.id, &closed, Some(PASSWORD)),
        (&gone, &guarded, Some(PASSWORD)),
    ] {
        let login = password.map(login);
        let mut on = |_| {};
        let error = engine.push(image, repository, &tag, login.as_ref(), &mut on, may_write()).await.unwrap_err();
        assert!(!format!("{error:?}").contains(PASSWORD), "{error:?}");
        kinds.push(match &error {
            EngineError::Unauthorized { .. } => "unauthorized",
            EngineError::NoCredentials { .. } => "no credentials",
            EngineError::RegistryUnreachable { .. } => "unreachable",
            EngineError::NoSuchImage { .. } => "no image",
            other => panic!("{other:?}"),
        });
        let kind = Failure::from(error).kind;
        match kinds.last() {
            Some(&"unreachable") => assert_eq!(kind, FailureKind::Unreachable),
            Some(&"no image") => assert_eq!(kind, FailureKind::Failed),
            _ => assert_eq!(kind, FailureKind::NotAllowed),
        }
    }
    assert_eq!(kinds, ["unauthorized", "no credentials", "unreachable", "no image"]);
    drop(names);
}

/// The login of a private base image reaches both builders, in the alphabet that they read.
#[tokio::test]
async fn a_private_base_image_is_pulled_with_its_login() {
    let engine = engine().await;
    let registry = Registry::with_login();
    let base = Project::with_shell("RUN echo base > /base\n");
    let (outcome, _, base_image) = built(&engine, base.path(), &definition(Builder::Classic)).await;
    // The image stays in the engine under another name, so that removing the pushed one makes a pull necessary.
    let other_name = Image(format!("windlass-test/{}", unique()));
    super::docker(&["tag", &base_image.0, &other_name.0]);
    let repository: Repository = registry.repository(&unique()).parse().unwrap();
    let login = login(PASSWORD);
    for (builder, tag) in [(Builder::Classic, "one"), (Builder::BuildKit, "two")] {
        let tag: Tag = tag.parse().unwrap();
        let name = Image(format!("{repository}:{tag}"));
        engine.push(&outcome.image.id, &repository, &tag, Some(&login), &mut |_| {}, may_write()).await.unwrap();
        super::docker(&["rmi", &name.0]);
        let project = Project::empty();
        project.write("Dockerfile", format!("FROM {repository}:{tag}\nLABEL windlass-test={}\n", project.label));
        let definition = definition(builder);
        let text = std::fs::read_to_string(project.path().join("Dockerfile")).unwrap();
        let hosts = windlass::engine::registries(&text, &definition.args);
        assert_eq!(hosts.iter().collect::<Vec<_>>(), [repository.host()]);
        let request = windlass::engine::BuildRequest {
            root: project.path(),
            definition: &definition,
            logins: [(repository.host().to_owned(), login.clone())].into(),
        };
        let mut told = super::Told::default();
        let result = engine.build(request, &mut |event| told.take(&event), may_write()).await;
        let text = told.text();
        let outcome = result.unwrap_or_else(|error| panic!("{builder:?}: {error}\n{text}"));
        let _image = Image(outcome.image.id.to_string());
        assert!(!text.contains(PASSWORD));
    }
    drop((other_name, base_image));
}
