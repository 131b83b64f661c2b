//! The releases, the steps of one, its card and its log.

use super::{State, after, told};
use crate::{
    console::{
        dialogs::Answer,
        message::{Download, Listing, Message, News},
        model::{Image, Model},
        request::Request,
        sample::{
            cluster, console, finished_task, id, left, look, news, now, press, project, read, remote, running,
            running_task, tell,
        },
        view::tests::{busy, succeeded, unbuilt},
    },
    domain::{
        artifact::{Got, Left, Written},
        digest::Digest,
        failure::Failure,
        release::Release,
    },
};

/// What a build says: longer than any screen, with colours, a long line, and one that says what went wrong.
fn said() -> Vec<String> {
    let head = [
        "Step 1/4 : FROM debian:bookworm-slim",
        " ---> 1b5d3f8f0f2a",
        "Step 2/4 : RUN apt-get update && apt-get install --yes --no-install-recommends build-essential ca-certificates \
         python3 python3-pip python3-venv && rm --recursive /var/lib/apt/lists/*",
        " ---> Running in f10b5945f013",
        "\x1b[33mWARNING: the directory is not owned by the current user\x1b[0m",
        "Step 3/4 : RUN pip install -r requirements.txt",
    ];
    let collected =
        (1..=48).map(|n| format!("Collecting dependency-{n:02}==1.{n}.0 (from -r requirements.txt, line {n})"));
    let tail = ["\x1b[1;31merror: \x1b[0mno wheel for dependency-49", "\x1b[32mSuccessfully\x1b[0m built the others"];
    head.into_iter().map(str::to_owned).chain(collected).chain(tail.map(str::to_owned)).collect()
}

/// Releases, and the log of the first.
fn with_a_log(size: (u16, u16), releases: Vec<Release>) -> Model {
    let mut model = told(Model::new(size, look(), now()), Message::Project(Ok(project())));
    let effects = tell(&mut model, Message::Releases(Ok(Listing { releases, damaged: 0 })));
    read(&mut model, effects, &said());
    model
}

/// One that runs, and its log after each of these keys was answered. The log has the focus.
fn reading(size: (u16, u16), keys: &[&str]) -> Model {
    let mut model = with_a_log(size, vec![running(1)]);
    for keys in ["<enter>"].iter().chain(keys) {
        let effects = press(&mut model, keys);
        read(&mut model, effects, &said());
    }
    model
}

fn failed(size: (u16, u16)) -> Model {
    let model = with_a_log(size, vec![unbuilt(3), succeeded(2, "2026-11-14T09:30:00Z")]);
    told(model, Message::Fault(id(3), Ok(Some((54, said()[54].clone())))))
}

fn of_two_images(size: (u16, u16)) -> Model {
    let mut two = project();
    two.images.push(Image { name: "agent".into(), repository: "ghcr.io/mozilla/agent".parse().unwrap() });
    told(busy(size), Message::Project(Ok(two)))
}

/// A release on Taskcluster, and the question what its tasks left.
fn asking(size: (u16, u16)) -> (Model, Request) {
    let mut model = cluster(size, vec![remote(&[])]);
    let runs = remote(&[finished_task("build"), running_task("push")]);
    let release = runs.plan.release.clone();
    let effects = tell(&mut model, Message::Tasks(release.clone(), 1, Ok(Box::new(runs))));
    read(&mut model, effects, &said());
    let chosen = running_task("push").step.task().cloned();
    (after(model, "A"), Request::Artifacts { release, chosen })
}

fn artifacts(size: (u16, u16), left: Vec<Left>) -> Model {
    let (model, request) = asking(size);
    told(model, Message::Prepared(request, Ok(Answer::Left(left))))
}

fn asked_for_a_file(size: (u16, u16)) -> Model {
    let wanted = Request::Download(Box::new(left()[1].clone()));
    let model = after(artifacts(size, left()), "j<enter>");
    told(model, Message::Prepared(wanted, Ok(Answer::Folder("/home/ada/balrog".to_owned()))))
}

/// It is there, and another is asked for that would replace a file.
fn downloaded(size: (u16, u16), got: Got) -> Model {
    let download = Download { left: Box::new(left()[1].clone()), path: "/home/ada/balrog/image.tar.zst".to_owned() };
    told(after(asked_for_a_file(size), "<enter>"), Message::Downloaded(download, Ok(got)))
}

fn written() -> Got {
    Got::Written(Written { bytes: 412_345_678, sha256: Digest::of(b"image"), checked: true })
}

pub const RELEASES: &[State] = &[
    ("loading", |size| Model::new(size, look(), now())),
    ("none", |size| console(size, Vec::new())),
    ("running", busy),
    ("failed", failed),
    ("denied", |size| told(after(busy(size), "jj"), Message::Log(id(3), Ok(None)))),
    ("interrupted", |size| {
        let mut dead = running(3);
        dead.found_dead();
        told(console(size, vec![dead]), Message::Log(id(3), Ok(None)))
    }),
    ("remote", |size| {
        let mut runs = remote(&[finished_task("build"), running_task("push")]);
        runs.started = "2026-11-21T09:30:30Z".parse().unwrap();
        let mut model = cluster(size, vec![remote(&[])]);
        let id = runs.plan.release.clone();
        let effects = tell(&mut model, Message::Tasks(id, 1, Ok(Box::new(runs))));
        read(&mut model, effects, &said());
        model
    }),
    ("remote-away", |size| {
        let away = Failure::unreachable("tc.example cannot be reached", "no route to host", "look at the network");
        told(cluster(size, vec![remote(&[])]), Message::Cluster(2, Err(away)))
    }),
    ("artifacts-asked", |size| asking(size).0),
    ("artifacts", |size| artifacts(size, left())),
    ("artifacts-unmade", |size| after(artifacts(size, left()), "jjj<enter>")),
    ("artifacts-none", |size| artifacts(size, Vec::new())),
    ("artifacts-file", asked_for_a_file),
    ("artifacts-written", |size| downloaded(size, written())),
    ("artifacts-exists", |size| downloaded(size, Got::Exists)),
    ("artifacts-away", |size| {
        let (model, request) = asking(size);
        let away = Failure::unreachable("tc.example cannot be reached", "no route to host", "look at the network");
        told(model, Message::Prepared(request, Err(away)))
    }),
    ("images", of_two_images),
    ("unreadable", |size| {
        let model = told(Model::new(size, look(), now()), Message::Project(Ok(project())));
        let why = "file is not a database";
        let failure =
            Failure::failed("the journal cannot be read", why, "restore it from a copy: windlass doctor journal");
        told(model, Message::Releases(Err(failure)))
    }),
];

pub const LOG: &[State] = &[
    ("following", |size| reading(size, &[])),
    ("paused", |size| told(reading(size, &["kkk"]), news(1, News::Log(said().len() as u64 + 12)))),
    ("searched", |size| reading(size, &["/dependency-[34]5", "<enter>", "n"])),
    ("typed-wrong", |size| reading(size, &["/depend(<enter>"])),
    ("filtered", |size| reading(size, &["&!collecting", "<enter>"])),
    ("wrapped", |size| reading(size, &["gg", "w"])),
    ("right", |size| reading(size, &["gg", "l"])),
    ("times", |size| reading(size, &["t"])),
    ("zoomed", |size| reading(size, &["z"])),
    ("steps", |size| reading(size, &["S", "k"])),
    ("marked", |size| reading(size, &["m", "kk"])),
];
