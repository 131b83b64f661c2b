//! One build: the context streamed in, the builder's output out, and what came of it.

use std::{collections::HashMap, fs, io, path::Path};

use base64::{Engine as _, prelude::BASE64_URL_SAFE};
use bollard::{
    auth::DockerCredentials,
    body_try_stream,
    errors::Error as BollardError,
    models::{BuildInfo, BuildInfoAux, ErrorDetail},
    query_parameters::{BuildImageOptions, BuildImageOptionsBuilder, BuilderVersion},
};
use bytes::Bytes;
use futures_util::{Stream, StreamExt as _, TryStreamExt as _, stream};
use hyper::{Method, body::Body, header::CONTENT_TYPE};
use secrecy::{ExposeSecret as _, zeroize::Zeroizing};
use tokio_util::sync::CancellationToken;

use super::{
    Engine, EngineError, LocalImage,
    classic::Classic,
    dockerfile::Dockerfile,
    dockerignore::{Reach, Rules},
    image_id,
    logins::{DOCKER_HUB_KEY, IDENTITY_TOKEN},
    messages::{self, Messages},
    output::{BuildEvent, NOTICES, On, Tally},
    refusal,
    trace::Trace,
    transport::{ApiVersion, gone},
    upload::{self, Context, News, Stopped},
};
use crate::domain::{
    digest::Digest,
    permission::MayWrite,
    plan::{BuildDefinition, Builder},
    recipe::Login,
    reference::DOCKER_HUB,
};

const DOING: &str = "building";
/// The first engine whose BuildKit lets exceptions of `.dockerignore` reach anywhere: Docker 23.
const DOCKER_23: ApiVersion = ApiVersion { major: 1, minor: 42 };
/// A context as large as this is worth a hint.
const LARGE_CONTEXT: u64 = 100 << 20;
/// More files than this that cannot be sent are counted, not named.
const NAMED_SKIPS: u64 = 20;

/// What to build.
#[derive(Debug)]
pub struct BuildRequest<'a> {
    /// The folder of the context, absolute. `definition.context` is not looked at: it led here.
    pub root: &'a Path,
    pub definition: &'a BuildDefinition,
    /// For private images that the build starts from, by registry as references name it.
    pub logins: HashMap<String, Login>,
}

/// What came of a build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    pub image: LocalImage,
    /// `buildkit`, `classic` or `buildah`: by what arrived, not by what was asked for.
    pub builder: &'static str,
    pub dockerfile_digest: Digest,
    /// Of paths, modes, kinds and contents in the order sent; see the upload's documentation.
    pub context_digest: Digest,
    pub context_files: u64,
    /// Of the files, in bytes.
    pub context_bytes: u64,
    pub steps: u32,
    pub cached: u32,
    /// The builder dropped output.
    pub clipped: bool,
}

impl Engine {
    /// What [`Self::build`] would refuse before the engine is asked, found without building. `root` is the folder of
    /// the context, as in [`BuildRequest`].
    ///
    /// # Errors
    /// For a context, Dockerfile or `.dockerignore` that is not usable.
    pub fn check_build(&self, root: &Path, definition: &BuildDefinition) -> Result<(), EngineError> {
        self.prepare(root, definition, &mut |_| {}).map(drop)
    }

    fn prepare(&self, root: &Path, definition: &BuildDefinition, on: On<'_>) -> Result<(Context, bool), EngineError> {
        let buildkit = match definition.builder {
            Builder::Auto => self.about().buildkit,
            Builder::Classic => false,
            Builder::BuildKit if self.about().buildkit => true,
            Builder::BuildKit => return Err(EngineError::NoBuildKit { engine: self.about().to_string() }),
        };
        let reach = if buildkit && self.api >= DOCKER_23 { Reach::Anywhere } else { Reach::Named };
        Ok((prepare(root, &definition.dockerfile, buildkit, reach, on)?, buildkit))
    }

    /// Builds. Dropping the future stops the engine's work, too.
    ///
    /// # Errors
    /// Before the engine is asked, for a context, Dockerfile or `.dockerignore` that is not usable; then for whatever
    /// the engine says, and for losing it.
    pub async fn build(
        &self,
        request: BuildRequest<'_>,
        on: &mut (dyn FnMut(BuildEvent<'_>) + Send),
        _permit: MayWrite,
    ) -> Result<Outcome, EngineError> {
        let (context, buildkit) = self.prepare(request.root, request.definition, on)?;
        let dockerfile_digest = Digest::of(&context.dockerfile.bytes);
        let options = options(request.definition, &context.dockerfile.path, buildkit)?;

        // Whichever way this function ends, all its connections end with it, and so does the engine's work.
        let cut = CancellationToken::new();
        let _cut_on_return = cut.clone().drop_guard();
        let docker = self.transport.bollard(DOING, cut.clone())?;
        let upload::Upload { body, mut news, finished } = upload::start(context);
        let logins = (!request.logins.is_empty()).then(|| credentials(&request.logins));
        let body = body_try_stream(body);
        let mut messages = if buildkit {
            docker.build_image(options, logins, Some(body)).boxed()
        } else {
            self.build_classic(options, logins, body, cut).boxed()
        };

        let mut output = Output::default();
        let mut notes = Notes::default();
        let ended = loop {
            tokio::select! {
                Some(item) = news.recv() => notes.take(item, on),
                message = messages.next() => match message {
                    Some(Ok(info)) => output.take(info, on),
                    Some(Err(error)) if !is_line_end(&error) => break Err(error),
                    Some(Err(_)) | None => break Ok(()),
                },
            }
        };
        drop(messages);
        while let Ok(item) = news.try_recv() {
            notes.take(item, on);
        }
        drop(news);
        output.finish(on);
        notes.finish(on);
        let read = match finished.await {
            Ok(read) => read,
            Err(join) => std::panic::resume_unwind(join.into_panic()),
        };
        let sent = match (ended, read) {
            // The cause, where the connection's end is only what followed from it.
            (_, Err(Stopped::Failed(error))) => return Err(error),
            (Err(error), _) => return Err(output.explain(error)),
            (Ok(()), Err(Stopped::Unwanted)) => {
                return Err(nonsense("the engine built without taking the whole context"));
            }
            (Ok(()), Ok(sent)) => sent,
        };
        let id = output.image.as_deref().ok_or_else(|| nonsense("the build ended without an image"))?;
        let id = image_id(id).ok_or_else(|| nonsense(&format!("`{id}` is no image id")))?;
        let image = self.inspect(id.as_str()).await?.ok_or_else(|| EngineError::NoSuchImage {
            image: id.to_string(),
            message: "it was built just now and is gone already".into(),
        })?;
        let Tally { steps, cached } = output.tally();
        Ok(Outcome {
            image,
            builder: match (output.kind, self.about().is_podman()) {
                (Kind::BuildKit, _) => "buildkit",
                (Kind::Classic, true) => "buildah",
                (Kind::Classic, false) => "classic",
            },
            dockerfile_digest,
            context_digest: sent.digest,
            context_files: sent.files,
            context_bytes: sent.bytes,
            steps,
            cached,
            clipped: output.trace.clipped(),
        })
    }
}

impl Engine {
    /// What bollard does for BuildKit, with [`Messages`].
    fn build_classic<B>(
        &self,
        options: BuildImageOptions,
        logins: Option<HashMap<String, DockerCredentials>>,
        body: B,
        cut: CancellationToken,
    ) -> impl Stream<Item = Result<BuildInfo, BollardError>> + Send
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let begin = async move {
            let query = serde_urlencoded::to_string(options).map_err(|error| nonsense(&error.to_string()))?;
            let logins = Zeroizing::new(
                serde_json::to_vec(&logins.unwrap_or_default()).map_err(|error| nonsense(&error.to_string()))?,
            );
            let request = Self::request(Method::POST, &format!("/build?{query}"))
                .header(CONTENT_TYPE, "application/x-tar")
                .header("X-Registry-Config", BASE64_URL_SAFE.encode(&*logins))
                .body(body)
                .map_err(|error| nonsense(&error.to_string()))?;
            Messages::of(self.transport.send(request, DOING, cut).await?, DOING).await
        };
        let messages = stream::once(begin).map_ok(|messages| {
            stream::try_unfold(messages, |mut messages| async {
                let Some(message) = messages.next().await? else { return Ok(None) };
                Ok(Some((messages::read::<BuildInfo>(&message, DOING)?, messages)))
            })
        });
        messages.try_flatten().map(|message| match message {
            Ok(BuildInfo { error_detail: Some(ErrorDetail { message: Some(error), .. }), .. }) => {
                Err(BollardError::DockerStreamError { error })
            }
            Ok(message) => Ok(message),
            Err(EngineError::Status { status, message, .. }) => {
                Err(BollardError::DockerResponseServerError { status_code: status, message })
            }
            Err(error) => Err(io::Error::other(error).into()),
        })
    }
}

/// Everything that can be refused without the engine.
fn prepare(root: &Path, dockerfile: &str, buildkit: bool, reach: Reach, on: On<'_>) -> Result<Context, EngineError> {
    let no_context = |error: io::Error| EngineError::NoContext { path: root.to_owned(), why: error.to_string() };
    let given = dockerfile;
    let root = root.canonicalize().map_err(no_context)?;
    if !root.is_dir() {
        return Err(no_context(io::ErrorKind::NotADirectory.into()));
    }
    let dockerfile = Dockerfile::find(&root, given)?;
    dockerfile.refuse_mounts()?;
    let mut rules = Rules::none();
    for name in [format!("{given}.dockerignore"), ".dockerignore".to_owned()] {
        let file = root.join(&name);
        match fs::read(&file) {
            Ok(bytes) => {
                rules = Rules::parse(&String::from_utf8_lossy(&bytes), Path::new(&name), reach)?;
                if buildkit && rules.ignores(Path::new(&dockerfile.path)) {
                    let notice = format!(
                        "{name} lists {}, which BuildKit needs and COPY therefore sees; COPY of single folders does not\n",
                        dockerfile.path
                    );
                    on(BuildEvent::Text { stream: NOTICES, bytes: notice.as_bytes() });
                }
                rules = rules.keeping(&dockerfile.path)?;
                if !buildkit && name == ".dockerignore" {
                    // The engine takes both out again before the first step, if this file lists them.
                    rules = rules.keeping(&name)?;
                }
                break;
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(EngineError::Context { path: name.into(), why: error.to_string() }),
        }
    }
    Ok(Context { root, rules, dockerfile, bare_folders: buildkit && reach == Reach::Named })
}

fn options(definition: &BuildDefinition, dockerfile: &str, buildkit: bool) -> Result<BuildImageOptions, EngineError> {
    let pairs = |map: &std::collections::BTreeMap<String, String>| -> HashMap<String, String> {
        map.iter().map(|(key, value)| (key.clone(), value.clone())).collect()
    };
    let options = BuildImageOptionsBuilder::default()
        .dockerfile(dockerfile)
        .rm(true)
        .forcerm(true)
        .buildargs(&pairs(&definition.args))
        .labels(&pairs(&definition.labels))
        .target(definition.target.as_deref().unwrap_or_default())
        .platform(definition.platform.as_ref().map_or("", |platform| platform.as_str()));
    if !buildkit {
        return Ok(options.version(BuilderVersion::BuilderV1).build());
    }
    let mut random = [0_u8; 16];
    getrandom::fill(&mut random).map_err(|error| nonsense(&format!("no random session id: {error}")))?;
    let session = format!("{:032x}", u128::from_ne_bytes(random));
    Ok(options.version(BuilderVersion::BuilderBuildKit).session(&session).build())
}

/// Under every name that a builder may look for them. They are bollard's type, which prints its password when it is
/// debugged: it lives in this request alone.
fn credentials(logins: &HashMap<String, Login>) -> HashMap<String, DockerCredentials> {
    let mut known = HashMap::new();
    for (host, login) in logins {
        let secret = login.password.expose_secret().to_owned();
        let credentials = if login.username == IDENTITY_TOKEN {
            DockerCredentials { identitytoken: Some(secret), ..Default::default() }
        } else {
            DockerCredentials { username: Some(login.username.clone()), password: Some(secret), ..Default::default() }
        };
        if host == DOCKER_HUB || host == DOCKER_HUB_KEY {
            // The classic builder knows Docker Hub by the first, BuildKit by the second.
            known.insert(DOCKER_HUB_KEY.to_owned(), credentials.clone());
            known.insert("registry-1.docker.io".to_owned(), credentials);
        } else {
            known.insert(host.clone(), credentials);
        }
    }
    known
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Kind {
    #[default]
    Classic,
    BuildKit,
}

#[derive(Default)]
struct Output {
    kind: Kind,
    trace: Trace,
    classic: Classic,
    /// The last one named: each stage of a classic build names one.
    image: Option<String>,
}

impl Output {
    fn take(&mut self, info: BuildInfo, on: On<'_>) {
        match info.aux {
            Some(BuildInfoAux::BuildKit(delta)) => {
                self.kind = Kind::BuildKit;
                self.trace.take(&delta, on);
            }
            Some(BuildInfoAux::Default(image)) => self.image = image.id.or(self.image.take()),
            None => {}
        }
        if let Some(text) = info.stream {
            self.classic.text(&text, on);
        }
        if let Some(status) = info.status {
            Classic::pull(info.id.as_deref(), &status, on);
        }
    }

    fn finish(&mut self, on: On<'_>) {
        match self.kind {
            Kind::BuildKit => self.trace.finish(on),
            Kind::Classic => Classic::finish(on),
        }
    }

    fn tally(&self) -> Tally {
        match self.kind {
            Kind::BuildKit => self.trace.tally(),
            Kind::Classic => self.classic.tally(),
        }
    }

    fn explain(&self, error: BollardError) -> EngineError {
        let step = match self.kind {
            Kind::BuildKit => self.trace.failed(),
            Kind::Classic => self.classic.current(),
        };
        match error {
            BollardError::DockerStreamError { error } => refusal::of_build(&error, step),
            BollardError::DockerResponseServerError { message, .. } => refusal::of_build(&message, None),
            BollardError::IOError { err } => match err.downcast::<EngineError>() {
                Ok(ours) => ours,
                Err(err) => gone(DOING, &err),
            },
            BollardError::HyperResponseError { err } => gone(DOING, &err),
            other => nonsense(&other.to_string()),
        }
    }
}

/// What the upload reports, with an end to it.
#[derive(Default)]
struct Notes {
    skipped: u64,
    bytes: u64,
}

impl Notes {
    fn take(&mut self, news: News, on: On<'_>) {
        match news {
            News::Progress { files, bytes } => {
                self.bytes = bytes;
                on(BuildEvent::Context { files, bytes });
            }
            News::Skipped { path, what } => {
                self.skipped += 1;
                if self.skipped <= NAMED_SKIPS {
                    say(&format!("{} is {what} and was left out of the context", path.display()), on);
                }
            }
        }
    }

    fn finish(&self, on: On<'_>) {
        if self.skipped > NAMED_SKIPS {
            say(&format!("{} more were left out of the context", self.skipped - NAMED_SKIPS), on);
        }
        if self.bytes > LARGE_CONTEXT {
            say(&format!("the context has {} MB; .dockerignore can make it smaller", self.bytes / 1_000_000), on);
        }
        on(BuildEvent::StreamEnd { stream: NOTICES });
    }
}

/// bollard's reader takes the `\r\n` behind a message for the beginning of another one when it comes in a piece of its own,
/// and at the end of an answer for something that is missing. A body that is cut is another error, of hyper's; and
/// nothing that a build must say can be lost here, since the image is asked for behind it.
fn is_line_end(error: &BollardError) -> bool {
    matches!(error, BollardError::IOError { err } if err.to_string() == "bytes remaining on stream")
}

fn say(text: &str, on: On<'_>) {
    let line: String = text.chars().map(|c| if c == '\n' { ' ' } else { c }).chain(['\n']).collect();
    on(BuildEvent::Text { stream: NOTICES, bytes: line.as_bytes() });
}

fn nonsense(why: &str) -> EngineError {
    EngineError::Nonsense { doing: DOING, why: why.to_owned() }
}
