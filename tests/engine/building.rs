//! Builds with both builders of the real engine.

use std::{collections::BTreeMap, ffi::OsStr, fs, os::unix::ffi::OsStrExt as _};

use windlass::{
    domain::{
        digest::Digest,
        failure::{Failure, FailureKind},
        plan::Builder,
        record::IdKind,
        reference::Platform,
    },
    engine::{CLASSIC, EngineError, NOTICES},
};

use super::{BOTH, Project, build_with, built, definition, docker, engine};

fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

#[tokio::test]
async fn arguments_labels_and_target_are_honoured() {
    let engine = engine().await;
    let project = Project::with_shell(
        "ARG WORD=default\nRUN echo \"word=$WORD\"\nFROM shell AS wanted\nARG WORD\nRUN echo \"in wanted: $WORD\" > /word\n\
         FROM wanted AS unwanted\nRUN echo never; exit 1\n",
    );
    for builder in BOTH {
        let mut definition = definition(builder);
        definition.target = Some("wanted".into());
        definition.args = map(&[("WORD", "a b+c&d=é"), ("HTTP_PROXY", "")]);
        definition.labels = map(&[("org.opencontainers.image.revision", "0123"), ("odd", "a \"quoted\" & b")]);
        let (outcome, told, image) = built(&engine, project.path(), &definition).await;
        let labels = docker(&["inspect", "--format", "{{json .Config.Labels}}", &image.0]);
        let mut labels: BTreeMap<String, String> = serde_json::from_str(&labels).unwrap();
        labels.remove("windlass-test");
        assert_eq!(labels, definition.labels);
        let run = told.steps.iter().find(|step| step.contains("in wanted")).expect("the last stage ran");
        assert!(run.ends_with("false"), "{run}");
        assert!(!told.text().contains("never"), "{}", told.text());
        assert_eq!(outcome.image.id.as_str(), docker(&["inspect", "--format", "{{.Id}}", &image.0]));
        assert_eq!(outcome.image.id_kind, IdKind::Config);
        let layers = docker(&["inspect", "--format", "{{join .RootFS.Layers \" \"}}", &image.0]);
        assert_eq!(outcome.image.diff_ids.iter().map(Digest::as_str).collect::<Vec<_>>().join(" "), layers);
        assert_eq!(outcome.image.platform.as_ref().map(Platform::as_str), Some("linux/amd64"));
        let expected = if builder == Builder::Classic { "classic" } else { "buildkit" };
        assert_eq!(outcome.builder, expected);
    }
}

/// Trap: each stage of a classic build names an image; the last one is the image.
#[tokio::test]
async fn the_last_stage_is_the_image() {
    let engine = engine().await;
    let project = Project::with_shell("RUN echo one > /one\nFROM shell\nRUN echo two > /two\nCMD [\"/last\"]\n");
    for builder in BOTH {
        let (outcome, _, image) = built(&engine, project.path(), &definition(builder)).await;
        assert_eq!(docker(&["inspect", "--format", "{{json .Config.Cmd}}", &image.0]), "[\"/last\"]");
        assert!(outcome.steps > 0);
    }
}

#[tokio::test]
async fn a_second_build_is_cached_and_has_the_same_digests() {
    let engine = engine().await;
    let project = Project::with_shell("RUN echo hello > /file\nRUN echo again > /file\n");
    for builder in BOTH {
        let (first, told, _image) = built(&engine, project.path(), &definition(builder)).await;
        assert_eq!(told.context, (first.context_files, first.context_bytes));
        assert_eq!(first.context_files, 1);
        let (second, told, _) = built(&engine, project.path(), &definition(builder)).await;
        assert_eq!(first.image.diff_ids, second.image.diff_ids);
        assert_eq!(first.context_digest, second.context_digest);
        assert_eq!(first.dockerfile_digest, Digest::of(&fs::read(project.path().join("Dockerfile")).unwrap()));
        assert!(second.cached >= 2, "{second:?}");
        assert!(second.cached <= second.steps, "{second:?}");
        assert!(told.steps.iter().any(|step| step.ends_with("true")), "{:?}", told.steps);
        fs::write(project.path().join("more"), "more").unwrap();
        let (third, _, _third) = built(&engine, project.path(), &definition(builder)).await;
        assert_ne!(first.context_digest, third.context_digest);
        fs::remove_file(project.path().join("more")).unwrap();
    }
}

#[tokio::test]
async fn a_failing_step_tells_its_exit_code() {
    let engine = engine().await;
    let project = Project::with_shell("RUN echo before\nRUN echo on the way; exit 37\n");
    for builder in BOTH {
        let (result, told) = build_with(&engine, project.path(), &definition(builder)).await;
        let error = result.unwrap_err();
        let EngineError::BuildFailed { exit_code, step, .. } = &error else { panic!("{error:?}") };
        assert_eq!(*exit_code, Some(37));
        assert!(step.as_ref().unwrap().contains("exit 37"), "{step:?}");
        assert!(told.text().contains("on the way"));
        let failure = Failure::from(error);
        assert_eq!(failure.kind, FailureKind::Failed);
        assert!(failure.what.contains("exit code 37"), "{failure:?}");
    }
}

#[tokio::test]
async fn a_dockerfile_that_does_not_parse_fails_the_build() {
    let engine = engine().await;
    let project = Project::with_shell("RUM x\n");
    for builder in BOTH {
        let (result, _) = build_with(&engine, project.path(), &definition(builder)).await;
        let error = result.unwrap_err();
        assert!(matches!(error, EngineError::BuildFailed { exit_code: None, .. }), "{error:?}");
        assert!(error.to_string().to_lowercase().contains("unknown instruction"), "{error}");
    }
}

#[tokio::test]
async fn a_base_image_that_cannot_be_pulled_is_no_failed_build() {
    let engine = engine().await;
    let project = Project::with_shell("FROM 127.0.0.1:1/none/such:1\n");
    for builder in BOTH {
        let (result, _) = build_with(&engine, project.path(), &definition(builder)).await;
        let error = result.unwrap_err();
        assert!(matches!(error, EngineError::BaseUnreachable { .. }), "{error:?}");
        assert_eq!(Failure::from(error).kind, FailureKind::Unreachable);
    }
}

/// Trap: BuildKit would report success, without the secret.
#[tokio::test]
async fn a_secret_mount_is_refused_before_the_engine_is_asked() {
    let engine = engine().await;
    let project = Project::with_shell("RUN --mount=type=cache,target=/c \\\n  --mount=type=secret,id=tok true\n");
    for builder in BOTH {
        let (result, told) = build_with(&engine, project.path(), &definition(builder)).await;
        let error = result.unwrap_err();
        assert!(matches!(&error, EngineError::NeedsMount { line: 3, .. }), "{error:?}");
        assert_eq!(Failure::from(error).kind, FailureKind::Usage);
        assert_eq!(told.context, (0, 0));
    }
}

/// Trap: BuildKit drops output above 200 KiB/s. Classic delivers all.
#[tokio::test]
async fn a_clipped_log_is_called_clipped() {
    let engine = engine().await;
    let lines = 300_000;
    let project = Project::with_shell(&format!("RUN yes 'line of many, of many, of many' | head -n {lines}\n"));
    let (outcome, told, _image) = built(&engine, project.path(), &definition(Builder::BuildKit)).await;
    assert!(outcome.clipped);
    assert_eq!(told.clipped, 1);
    let (outcome, told, _image) = built(&engine, project.path(), &definition(Builder::Classic)).await;
    assert!(!outcome.clipped);
    assert_eq!(told.streams[&CLASSIC].matches("of many, of many, of many\n").count(), lines);
}

/// Trap: log text is untrusted; the adapter hands it over as it is, for the sanitiser to judge.
#[tokio::test]
async fn escape_sequences_come_through_untouched() {
    let engine = engine().await;
    let project = Project::with_shell("RUN printf '\\033]52;c;aGk=\\007\\033[2Jtext\\r\\n'; printf 'no end'\n");
    for builder in BOTH {
        let (_, told, _image) = built(&engine, project.path(), &definition(builder)).await;
        let text = told.text();
        assert!(text.contains("\u{1b}]52;c;aGk=\u{7}\u{1b}[2Jtext\r\n"), "{text:?}");
        assert!(text.contains("no end"));
    }
}

#[tokio::test]
async fn buildkits_text_reads_as_a_log() {
    let engine = engine().await;
    let project = Project::with_shell("RUN printf 'half '; printf 'whole\\n'; echo 'on stderr' >&2\n");
    let (_, told, _image) = built(&engine, project.path(), &definition(Builder::BuildKit)).await;
    let (number, run) =
        told.streams.iter().find(|(_, text)| text.contains("half whole")).expect("the output is in one stream");
    let lines: Vec<&str> = run.lines().collect();
    assert!(lines[0].starts_with(&format!("#{number} [2/2] RUN printf")), "{run}");
    assert!(lines.contains(&format!("#{number} half whole").as_str()), "{run}");
    assert!(lines.contains(&format!("#{number} on stderr").as_str()), "{run}");
    assert!(lines.last().unwrap().starts_with(&format!("#{number} DONE ")), "{run}");
    assert!(told.text().contains("[internal] load remote build context"), "{}", told.text());
    assert!(told.text().contains("exporting to image"));
    for (number, text) in told.streams.iter().filter(|(number, _)| **number != NOTICES) {
        assert!(text.ends_with('\n') && text.lines().all(|line| line.starts_with(&format!("#{number} "))), "{text}");
    }
}

#[tokio::test]
async fn names_that_are_not_utf8_and_special_files() {
    let engine = engine().await;
    let project = Project::with_shell("COPY data /data\nRUN cd /data; for f in *; do cat \"$f\"; done; ls -l\n");
    let data = project.path().join("data");
    fs::create_dir(&data).unwrap();
    fs::write(data.join(OsStr::from_bytes(b"bad-\xff\xfe-name")), "content of the odd one\n").unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(data.join("a.sock")).unwrap();
    rustix::fs::mkfifoat(rustix::fs::CWD, data.join("a.pipe"), rustix::fs::Mode::RUSR).unwrap();
    for builder in BOTH {
        let (outcome, told, _image) = built(&engine, project.path(), &definition(builder)).await;
        assert!(told.text().contains("content of the odd one"), "{}", told.text());
        assert_eq!(outcome.context_files, 2);
        let notices = &told.streams[&NOTICES];
        assert!(notices.contains("data/a.sock is a socket and was left out"), "{notices}");
        assert!(notices.contains("data/a.pipe is a named pipe and was left out"), "{notices}");
    }
}

#[tokio::test]
async fn what_is_missing_is_said_before_the_engine_is_asked() {
    let engine = engine().await;
    let project = Project::with_shell("");
    fs::rename(project.path().join("Dockerfile"), project.path().join("Containerfile")).unwrap();
    let (result, _) = build_with(&engine, project.path(), &definition(Builder::Auto)).await;
    let failure = Failure::from(result.unwrap_err());
    assert_eq!(failure.kind, FailureKind::Usage);
    assert!(failure.next.contains("did you mean Containerfile?"), "{failure:?}");
    let (result, _) = build_with(&engine, &project.path().join("none"), &definition(Builder::Auto)).await;
    assert!(matches!(result.unwrap_err(), EngineError::NoContext { .. }));
}

#[tokio::test]
async fn many_files_make_one_context() {
    let engine = engine().await;
    let project = Project::with_shell("COPY many /many\nRUN find /many -type f | wc -l\n");
    for folder in 0..100 {
        let folder = project.path().join(format!("many/{folder}"));
        fs::create_dir_all(&folder).unwrap();
        for file in 0..50 {
            fs::write(folder.join(file.to_string()), "x").unwrap();
        }
    }
    for builder in BOTH {
        let (outcome, told, _image) = built(&engine, project.path(), &definition(builder)).await;
        assert_eq!(outcome.context_files, 5001);
        assert!(told.text().contains("5000\n"), "{}", told.text());
    }
}
