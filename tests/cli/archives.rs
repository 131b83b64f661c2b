//! Releases of image archives: pushed without an engine, with the record and the verdict of any other.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::{Value, json};
use windlass::domain::digest::Digest;

use crate::{
    support::{
        archive::{Tar, config, layer, manifest, saved},
        disk::SmallDisk,
        project::{Project, Ran, SECRET, pushed, ran, told},
        registry::{PASSWORD, Registry, USER},
        stop::killed,
        taskcluster::queue::{artifacts::Stored, task::Outcome},
    },
    taskcluster::site::Site,
};

fn ready(registry: &Registry) -> Project {
    let project = Project::new(registry);
    project.set_secret();
    project
}

fn run(program: &str, arguments: &[&str]) {
    let output = Command::new(program).args(arguments).output().unwrap_or_else(|e| panic!("{program}: {e}"));
    assert!(output.status.success(), "{program} {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// The image of the project's Dockerfile, built and saved by the real engine. Gives the file and the image's id.
fn engine_saved(project: &Project) -> (PathBuf, String) {
    let name = format!("windlass.test/{}:saved", project.nonce);
    project.docker(&["build", "--quiet", "--tag", &name, "."]);
    let id = project.docker(&["image", "inspect", "--format", "{{.Id}}", &name]);
    let file = project.folder().join("image.tar");
    project.docker(&["save", "--output", &file.display().to_string(), &name]);
    project.docker(&["image", "rm", "--force", &id]);
    (file, id)
}

/// The program, where there is no engine.
fn program(project: &Project, arguments: &[&str]) -> Command {
    let mut program = project.program(arguments);
    program.env("DOCKER_HOST", "unix:///nonexistent");
    program
}

fn release(project: &Project, archive: &Path, more: &[&str]) -> Ran {
    let archive = archive.display().to_string();
    ran(&mut program(project, &[&["release", "--from-archive", &archive, "--yes", "--json"], more].concat()))
}

fn write(project: &Project, bytes: &[u8]) -> PathBuf {
    let file = project.folder().join("image.tar");
    fs::write(&file, bytes).expect("a file");
    file
}

fn record(release: &Value) -> Value {
    let folder = release["record"]["path"].as_str().expect("a record");
    serde_json::from_slice(&fs::read(format!("{folder}/release.json")).expect("the record")).expect("JSON")
}

/// What there is in the home: nothing of an archive may stay in it.
fn homes_files(project: &Project) -> Vec<String> {
    let files = fs::read_dir(project.home()).expect("the home");
    let mut files: Vec<String> =
        files.map(|file| file.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
    // The database writes these, and takes them away when it is closed.
    files.retain(|name| !name.starts_with("journal.db-"));
    files.sort();
    files
}

/// Digests of the blobs that the registry keeps.
fn blobs(registry: &Registry) -> Vec<String> {
    let mut found = Vec::new();
    for folder in fs::read_dir(registry.storage().join("blobs/sha256")).into_iter().flatten().flatten() {
        for blob in fs::read_dir(folder.path()).expect("a folder").flatten() {
            found.push(blob.file_name().to_string_lossy().into_owned());
        }
    }
    found
}

#[test]
fn what_the_engine_saved_is_pushed_without_it_and_runs_where_it_is_pulled() {
    let registry = Registry::with_login();
    let project = ready(&registry);
    let (file, id) = engine_saved(&project);
    let done = release(&project, &file, &[]).exits(0).json();
    assert_eq!((&done["state"], &done["image_id"]), (&json!("succeeded"), &json!(id)));
    let names: Vec<&Value> = done["steps"].as_array().expect("steps").iter().map(|step| &step["name"]).collect();
    assert_eq!(names, ["preflight", "secret", "archive", "push", "record", "verify"]);
    for kind in ["moving", "frozen"] {
        let row = project.row(pushed(&done, kind));
        assert_eq!((&row["verdict"], &row["registry"]["config_digest"]), (&json!("match"), &json!(id)), "{row}");
    }
    project.windlass(&["verify", "--strict", "--deep"]).exits(0);
    let record = record(&done);
    assert_eq!(record["archive"]["sha256"], Digest::of(&fs::read(&file).expect("the archive")).to_string());
    assert_eq!(record["archive"]["layout"], "docker-archive");
    assert_eq!(record["archive"]["source"], file.display().to_string());

    // The engine checks each layer as it pulls it.
    let image = format!("{}:{}", project.repository, pushed(&done, "frozen"));
    project.docker(&["pull", "--quiet", &image]);
    assert_eq!(project.docker(&["image", "inspect", "--format", "{{.Id}}", &image]), id);
    let said = project.docker(&["run", "--rm", "--network", "none", &image, "/bin/busybox", "echo", "it runs"]);
    assert_eq!(said, "it runs");
    let shown = ran(&mut program(&project, &["show", "@"])).exits(0).stdout;
    assert!(shown.contains("archive"), "{shown}");
}

#[test]
fn an_archive_may_be_packed_or_be_an_oci_layout() {
    let registry = Registry::with_login();
    let project = ready(&registry);
    let (file, id) = engine_saved(&project);
    let plain = file.display().to_string();
    let of = |name: &str| project.folder().join(name);
    run("gzip", &["--keep", "--fast", &plain]);
    run("zstd", &["--quiet", &plain]);
    let oci = of("oci.tar");
    run("skopeo", &["copy", "--quiet", &format!("docker-archive:{plain}"), &format!("oci-archive:{}", oci.display())]);
    let before = {
        release(&project, &file, &[]).exits(0);
        homes_files(&project)
    };
    let sent = registry.count("PATCH");
    assert!(sent > 0);
    for name in ["image.tar.gz", "image.tar.zst"] {
        let done = release(&project, &of(name), &[]).exits(0).json();
        assert_eq!(done["image_id"], id, "{name}");
        assert_eq!(homes_files(&project), before, "what was unpacked is gone");
    }
    assert_eq!(registry.count("PATCH"), sent, "nothing had to be sent again");
    let done = release(&project, &oci, &[]).exits(0).json();
    assert_eq!(record(&done)["archive"]["layout"], "oci-archive");
    let manifest = Command::new("skopeo")
        .args(["inspect", "--raw", &format!("oci-archive:{}", oci.display())])
        .output()
        .expect("skopeo is installed");
    assert_eq!(
        done["pushes"][0]["digest"],
        Digest::of(&manifest.stdout).to_string(),
        "its own manifest, byte for byte"
    );
    project.windlass(&["verify", "latest", "--strict", "--deep"]).exits(0);
}

#[test]
fn an_archive_that_lies_is_refused_before_anything_is_sent() {
    let registry = Registry::with_login();
    let project = ready(&registry);
    let (one, two) = (layer("one"), layer("two"));
    let config = config(&[&one]);
    let lie = Tar::default()
        .file("config.json", &config)
        .file("layer.tar", &two)
        .file("manifest.json", manifest("config.json", &[], &["layer.tar"]))
        .bytes();
    let whole = saved(&[&one]);
    for (bytes, code, why) in [
        (lie.as_slice(), 1, "should be sha256:"),
        (&whole[..700], 1, "ends amid"),
        (b"no archive".as_slice(), 2, "no tar file"),
    ] {
        let file = write(&project, bytes);
        let error = release(&project, &file, &[]).exits(code).error();
        assert!(error["why"].as_str().expect("a why").contains(why), "{error}");
        let failed = &project.releases()[0];
        assert_eq!((&failed["state"], &failed["pushes"]), (&json!("failed"), &json!([])), "{failed}");
    }
    assert!(blobs(&registry).is_empty(), "nothing was sent");
    let file = project.folder().join("nowhere.tar");
    let error = release(&project, &file, &[]).exits(2).error();
    assert!(error["what"].as_str().expect("a what").starts_with("there is no "), "{error}");
    let error = release(&project, project.folder(), &[]).exits(2).error();
    assert!(error["why"].as_str().expect("a why").contains("it is no file"), "{error}");
    // What was wrong with it is put right, and it is taken up again.
    fs::write(project.folder().join("image.tar"), &whole).expect("a file");
    let broken = project.releases().iter().find(|release| release["steps"][2]["state"] == "failed").cloned();
    let id = broken.expect("one that read it")["id"].as_str().expect("an id").to_owned();
    ran(&mut program(&project, &["rerun", &id, "--yes"])).exits(0);
    project.windlass(&["verify", "--strict"]).exits(0);
}

#[test]
fn it_is_planned_by_the_projects_policy_and_tags() {
    let registry = Registry::with_login();
    let project = ready(&registry);
    let file = write(&project, &saved(&[&layer("one")]));
    // What is not committed is no part of an archive.
    project.write("untracked", "x");
    let plan = release(&project, &file, &["--dry-run"]).exits(0).json();
    assert_eq!(plan["plan"]["archive"]["source"], file.display().to_string());
    assert_eq!(plan["plan"]["source"]["dirty"], false);
    assert_eq!(plan["plan"]["tags"][1]["tag"], "latest");
    project.git(&["switch", "--quiet", "--create", "topic"]);
    project.commit("of a branch that is not released");
    let error = release(&project, &file, &[]).exits(3).error();
    assert!(error["why"].as_str().expect("a why").contains("`topic`"), "{error}");
    let shown =
        ran(&mut program(&project, &["release", "--from-archive", "image.tar", "--ref", "master", "--dry-run"]));
    assert!(shown.exits(0).stdout.contains("archive"), "relative names are fine, and it says what is released");
    let mut of_home =
        program(&project, &["release", "--from-archive=~/i.tar", "--ref", "master", "--dry-run", "--json"]);
    let plan = ran(of_home.env("HOME", "/home/u")).exits(0).json();
    assert_eq!(plan["plan"]["archive"]["source"], "/home/u/i.tar", "no shell expands it there");
    let error = release(&project, &file, &["--ref", "master", "--platform", "linux/arm64"]).exits(2).error();
    assert!(error["why"].as_str().expect("a why").contains("its image is for linux/amd64"), "{error}");
}

#[test]
fn whatever_kills_it_the_next_one_goes_on_from_there() {
    let registry = Registry::with_login();
    let project = ready(&registry);
    let (one, two) = (layer("one"), layer("two"));
    let file = write(&project, &saved(&[&one, &two]));
    run("zstd", &["--quiet", &file.display().to_string()]);
    let packed = format!("{}.zst", file.display());
    release(&project, &file, &[]).exits(0);
    let whole = homes_files(&project);
    // 6 archive started, 7 built, 9 push started, 10 and 11 layers pushed, 12 push intended, 13 pushed.
    for (number, (moment, event, way)) in [
        ("during", 6, None),
        ("after", 7, Some("push")),
        ("during", 9, Some("push")),
        ("after", 10, Some("push")),
        ("before", 13, Some("push")),
        ("after", 13, Some("push")),
    ]
    .into_iter()
    .enumerate()
    {
        project.commit(&format!("the {number}th"));
        killed(&project, &["release", "--from-archive", &packed, "--yes"], moment, event);
        let died = project.releases().swap_remove(0);
        let id = died["id"].as_str().expect("an id");
        let next = died["failure"]["next"].as_str().expect("a way on");
        let from = way.map(|step| format!(" --from {step}")).unwrap_or_default();
        assert!(next.ends_with(&format!("windlass rerun {id}{from}")), "{next}");
        assert_eq!(homes_files(&project), whole, "the unpacked archive is gone with its process");
        let words: Vec<&str> = next.rsplit_once("windlass ").expect("a command").1.split(' ').collect();
        let done = ran(&mut program(&project, &[&words[..], &["--yes", "--json"]].concat())).exits(0).json();
        assert_eq!(done["image_id"], project.row("latest")["registry"]["config_digest"]);
        project.windlass(&["verify", "--strict"]).exits(0);
    }
    let last = project.releases().swap_remove(0);
    let id = last["id"].as_str().expect("an id");
    let error = ran(&mut program(&project, &["rerun", id, "--from", "build", "--yes", "--json"])).exits(2).error();
    assert!(error["next"].as_str().expect("a way").ends_with("--from archive"), "{error}");
    fs::write(&packed, saved(&[&two])).expect("a file");
    let error = ran(&mut program(&project, &["rerun", id, "--from", "push", "--yes", "--json"])).exits(1).error();
    assert!(error["what"].as_str().expect("a what").contains("another image by now"), "{error}");
    fs::remove_file(&packed).expect("a file");
    let error = ran(&mut program(&project, &["rerun", id, "--from", "push", "--yes", "--json"])).exits(2).error();
    assert!(error["why"].as_str().expect("a why").contains("any more"), "{error}");
}

#[test]
fn there_is_no_room_for_what_is_unpacked() {
    let disk = SmallDisk::new(8 * 1024);
    let registry = Registry::with_login();
    let project = Project::new(&registry);
    let home = disk.path().join("home");
    let set = ["secret", "set", "--username", USER, "--password-stdin"];
    told(project.program(&set).env("WINDLASS_HOME", &home), PASSWORD).exits(0);
    // A few kilobytes that become 64 MB.
    let file = write(&project, &saved(&[&layer(&"a".repeat(64_000_000))]));
    run("zstd", &["--quiet", &file.display().to_string()]);
    let packed = format!("{}.zst", file.display());
    let from = |archive: &str| {
        ran(program(&project, &["release", "--from-archive", archive, "--yes", "--json"]).env("WINDLASS_HOME", &home))
    };
    let error = from(&packed).exits(1).error();
    assert!(error["why"].as_str().expect("a why").contains("no room for more"), "{error}");
    // One that is not packed needs none.
    let done = from(&file.display().to_string()).exits(0).json();
    assert_eq!(done["state"], "succeeded");
}

#[test]
fn an_archive_is_taken_from_the_artifact_of_a_task() {
    let registry = Registry::with_login();
    let site = Site::new(&registry);
    site.project.set_secret();
    let task = site.group("push", "success").build;
    site.run(&task, Outcome::Completed);
    let file = write(&site.project, &saved(&[&layer("one")]));
    run("zstd", &["--quiet", &file.display().to_string()]);
    let bytes = fs::read(format!("{}.zst", file.display())).expect("the archive");
    let object = Stored::Object { bytes: bytes.clone(), media: "application/zstd" };
    site.double.artifact(&task, 0, "public/image.tar.zst", object);
    let bucket = Stored::S3 { bytes: bytes.clone(), media: "application/zstd", gzip: false };
    site.double.artifact(&task, 0, "public/bucket.tar.zst", bucket);
    let from =
        |source: &str| ran(&mut program(&site.project, &["release", "--from-archive", source, "--yes", "--json"]));
    for (source, name) in [(task.clone(), "image"), (format!("{task}.0"), "bucket")] {
        let done = from(&format!("{source}:public/{name}.tar.zst")).exits(0).json();
        let record = record(&done);
        assert_eq!(record["archive"]["source"], format!("{task}.0:public/{name}.tar.zst"));
        assert_eq!(record["archive"]["root"], site.double.root.as_str());
        assert_eq!(record["archive"]["sha256"], Digest::of(&bytes).to_string());
        assert_eq!(site.project.row("latest")["verdict"], "match");
    }
    let error = from(&format!("{task}:public/nothing.tar")).error();
    assert!(error.to_string().contains("public/nothing.tar"), "{error}");
    let waiting = site.group("push", "pending").push;
    let error = from(&format!("{waiting}:public/image.tar")).exits(1).error();
    assert!(error["why"].as_str().expect("a why").contains("has not begun"), "{error}");
}

/// A site whose vault has the login, and the source of an archive that a task left for it.
fn left(site: &Site, task: &str) -> String {
    let bytes = saved(&[&layer("one")]);
    site.double.artifact(task, 0, "public/image.tar", Stored::S3 { bytes, media: "application/x-tar", gzip: false });
    format!("{task}:public/image.tar")
}

fn from_task(site: &Site, source: &str, more: &[&str]) -> Ran {
    let words = [&["release", "--from-archive", source, "--yes", "--json"], more].concat();
    ran(&mut program(&site.project, &words))
}

/// Nothing of it was sent, and no release was begun.
#[track_caller]
fn nothing_was_done(registry: &Registry, site: &Site) {
    let here = site.project.releases().into_iter().find(|release| release["runner"] == "local");
    assert!(blobs(registry).is_empty() && here.is_none(), "{here:?}");
}

#[test]
fn what_a_pull_requests_task_left_is_not_pushed_unknowingly() {
    let registry = Registry::with_login();
    let site = Site::new(&registry);
    site.project.set_secret();
    let push = site.group("push", "success");
    site.run(&push.build, Outcome::Completed);
    let refused = |task: &str, why: &str| {
        let source = left(&site, task);
        for more in [[].as_slice(), &["--dry-run"]] {
            let error = from_task(&site, &source, more).exits(3).error();
            assert_eq!(error["what"], format!("what the task {task} left is not released"));
            assert!(error["why"].as_str().expect("a why").contains(why), "no `{why}`: {error}");
            let next = error["next"].as_str().expect("a way");
            let look = format!("windlass artifacts {task} --get public/image.tar");
            assert!(next.contains(&look) && next.contains("--from-archive FILE"), "{next}");
        }
        nothing_was_done(&registry, &site);
    };
    let pull = site.group("pull_request.opened", "success").build;
    site.run(&pull, Outcome::Completed);
    refused(&pull, "it is only claimed: its group comes from pull request, not from a push or a release");
    // Whoever may make tasks can put one beside those of a push.
    let beside = site.double.task(&json!({"taskGroupId": push.id, "metadata": {
        "name": "docker-image", "owner": "mallory@example.org", "source": "https://example.org/", "description": "",
    }}));
    site.run(&beside, Outcome::Completed);
    let given = format!("its scopes do not give secrets:get:{SECRET}, and no task that counts depends on it");
    refused(&beside, &given);
    let alone = site.double.task(&json!({}));
    site.run(&alone, Outcome::Completed);
    refused(&alone, "its group comes from another event");

    // Once it has been looked at, it is released as the file that was seen.
    site.elsewhere(&["artifacts", &pull, "--get", "public/image.tar"]).exits(0);
    release(&site.project, &site.project.path("image.tar"), &[]).exits(0);
}

#[test]
fn what_a_task_made_of_another_commit_is_not_released_as_this_one() {
    let registry = Registry::with_login();
    let site = Site::new(&registry);
    site.project.set_secret();
    let (commit, build) = (site.commit(), site.group("push", "success").build);
    site.run(&build, Outcome::Completed);
    let source = left(&site, &build);
    let newer = site.project.commit("the next");
    let error = from_task(&site, &source, &[]).exits(3).error();
    assert_eq!(error["why"], format!("it was made of {}, and {} is released", &commit[..7], &newer[..7]));
    let next = error["next"].as_str().expect("a way");
    assert_eq!(next, format!("release that commit: windlass release --ref {commit} --from-archive {source}"));
    nothing_was_done(&registry, &site);
    let done = from_task(&site, &source, &["--ref", commit]).exits(0).json();
    assert_eq!(record(&done)["commit"], commit);
}

#[test]
fn a_policy_that_takes_what_is_not_pushed_takes_it_and_says_so() {
    let registry = Registry::with_login();
    let site = Site::new(&registry);
    let text = fs::read_to_string(site.project.path("windlass.toml")).expect("the file");
    site.project.write("windlass.toml", &format!("{text}\n[policy]\npushed = false\n"));
    site.project.commit("not so strict");
    site.project.set_secret();
    let pull = site.group("pull_request.opened", "success").build;
    site.run(&pull, Outcome::Completed);
    let source = left(&site, &pull);
    let why = "it is only claimed: its group comes from pull request, not from a push or a release";
    let mut dry = program(&site.project, &["release", "--from-archive", &source, "--dry-run"]);
    let shown = ran(&mut dry).exits(0).stdout;
    assert!(shown.contains(why) && shown.contains("unreviewed"), "{shown}");
    let record = record(&from_task(&site, &source, &[]).exits(0).json());
    assert_eq!((&record["review"], &record["archive"]["doubt"]), (&json!("unreviewed"), &json!(why)));
}

#[test]
fn what_has_expired_since_is_not_taken_up_again() {
    let registry = Registry::with_login();
    let site = Site::new(&registry);
    site.project.set_secret();
    let build = site.group("push", "success").build;
    site.run(&build, Outcome::Completed);
    let source = left(&site, &build);
    from_task(&site, &source, &[]).exits(0);
    let id = site.project.releases()[0]["id"].as_str().expect("an id").to_owned();
    site.double.artifact(&build, 0, "public/image.tar", Stored::Expired);
    let (puts, patches) = (registry.count("PUT"), registry.count("PATCH"));
    for from in ["archive", "push"] {
        let error =
            ran(&mut program(&site.project, &["rerun", &id, "--from", from, "--yes", "--json"])).exits(1).error();
        assert_eq!(error["what"], format!("public/image.tar of the task {build} has expired"));
        let next = error["next"].as_str().expect("a way");
        assert!(next.starts_with(&format!("have it made again, windlass rerun {build}, and release that: ")), "{next}");
        assert_eq!(error["check"], "dates");
    }
    let error = from_task(&site, &source, &[]).exits(1).error();
    assert!(error["why"].as_str().expect("a why").starts_with("it was kept until "), "{error}");
    assert_eq!((registry.count("PUT"), registry.count("PATCH")), (puts, patches), "nothing was sent");
}

#[test]
fn what_another_repository_of_the_registry_has_is_mounted_from_there() {
    let registry = Registry::with_login();
    let project = Project::new(&registry);
    let other = format!("{}-too", project.repository);
    let far = format!("{}-far", project.repository);
    let image =
        |name: &str, repository: &str| format!("\n[[image]]\nname = \"{name}\"\nrepository = \"{repository}\"\n");
    project.configure(&(image("too", &other) + &image("far", &far)));
    project.commit("three images");
    // It is for every image that uses it.
    let set = ["secret", "set", "--image", "app", "--username", USER, "--password-stdin"];
    project.windlass_told(&set, PASSWORD).exits(0);
    let file = write(&project, &saved(&[&layer("one"), &layer("two")]));
    release(&project, &file, &["--image", "app"]).exits(0);
    let packed = registry.count("PATCH");
    assert_eq!((packed, mounts(&registry, "201")), (2, 0));

    let done = release(&project, &file, &["--image", "too"]).exits(0).json();
    assert_eq!(
        (registry.count("PATCH"), mounts(&registry, "201")),
        (packed, 2),
        "both layers were taken over, none sent"
    );
    assert_eq!(done["state"], "succeeded");
    project.windlass(&["verify", "--image", "too", "--strict", "--deep"]).exits(0);

    // Where they are gone, whatever was recorded, they are sent.
    let folder = registry.storage().join("repositories/team");
    for gone in [&project.repository, &other] {
        fs::remove_dir_all(folder.join(gone.rsplit('/').next().expect("a name"))).expect("the repository");
    }
    release(&project, &file, &["--image", "far"]).exits(0);
    assert_eq!((registry.count("PATCH"), mounts(&registry, "201")), (packed + 2, 2));
    assert_eq!(mounts(&registry, "202"), 4, "each was asked for in both");
    project.windlass(&["verify", "--image", "far", "--strict", "--deep"]).exits(0);
}

/// How many mounts the registry has answered so.
fn mounts(registry: &Registry, status: &str) -> usize {
    let status = format!("http.response.status={status}");
    registry.answered("POST").iter().filter(|line| line.contains("mount=") && line.contains(&status)).count()
}
