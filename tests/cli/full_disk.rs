//! Disks that become full under a release: it says so, nothing that was there is lost, and with room again the next
//! release works.

use std::{fs, os::unix::fs::symlink};

use serde_json::Value;

use super::failing::{Kept, release_failed, says};
use crate::support::{disk::SmallDisk, project::Project, registry::Registry};

/// A project with one release done, of whose home this part (all of it, without a name) is on the disk.
fn released(registry: &Registry, disk: &SmallDisk, part: &str) -> (Project, Kept) {
    let project = Project::new(registry);
    let (here, there) = (project.home().join(part), disk.path().join("here"));
    fs::create_dir(&there).expect("a folder on the disk");
    fs::create_dir_all(here.parent().expect("the home, or what it is in")).expect("a folder");
    // Where the name ends in a slash, a link cannot be made.
    symlink(there, here.components().collect::<std::path::PathBuf>()).expect("a link to the disk");
    project.set_secret();
    project.release();
    let kept = Kept::of(&project);
    (project, kept)
}

#[test]
fn no_room_for_the_log() {
    let disk = SmallDisk::new(1024);
    let registry = Registry::with_login();
    let (project, kept) = released(&registry, &disk, "logs");
    project.dockerfile(
        "RUN echo the first line && yes 'and many more, which need more room than there is' | head -n 4000\n",
    );
    project.commit("a long log");
    disk.fill_but(64);
    let release = release_failed(&project, project.windlass(&["release", "--yes"]), 1, "build");
    says(&release["failure"], "why", "full");
    says(&release["failure"], "next", "free space");
    assert_eq!(release["pushes"], serde_json::json!([]));
    let log = project.windlass(&["log", "@"]).exits(0).stdout;
    assert!(log.contains("the first line"), "what there was room for is kept: {log}");
    // Without any room at all, the build is not begun.
    disk.free();
    disk.fill_but(0);
    let release = release_failed(&project, project.windlass(&["release", "--yes"]), 1, "build");
    says(&release["failure"], "next", "free space");
    kept.is_whole(&project);
    disk.free();
    project.release();
    project.windlass(&["verify", "latest"]).exits(0);
}

#[test]
fn no_room_for_the_record() {
    let disk = SmallDisk::new(256);
    let registry = Registry::with_login();
    let (project, kept) = released(&registry, &disk, "artifacts");
    project.commit("another image, by its labels");
    disk.fill_but(0);
    let release = release_failed(&project, project.windlass(&["release", "--yes"]), 1, "record");
    says(&release["failure"], "next", "free space");
    kept.is_whole(&project);
    let id = release["id"].as_str().expect("an id");
    for push in release["pushes"].as_array().expect("pushes") {
        let row = project.row(push["tag"].as_str().expect("a tag"));
        assert_eq!(row["verdict"], "not-recorded", "{row}");
        let why = row["why"].as_str().expect("a why");
        assert!(why.contains(&format!("built by {id}, which ended before record")), "{why}");
    }
    disk.free();
    let next = project.release();
    let row = project.row("latest");
    assert_eq!((&row["verdict"], &row["record"]["release"]), (&"match".into(), &next["id"]), "{row}");
}

#[test]
fn no_room_for_the_journal() {
    let disk = SmallDisk::new(2048);
    let registry = Registry::with_login();
    let (project, kept) = released(&registry, &disk, "");
    let mut states = Vec::new();
    // Less room each time: it gives out ever earlier in the release.
    for left in [144, 104, 72, 48, 0] {
        project.commit(&format!("with {left} KiB"));
        disk.fill_but(left);
        let full = project.windlass(&["release", "--yes", "--json"]).exits(1);
        disk.free();
        let error = full.error();
        says(&error, "next", "free space");
        kept.is_whole(&project);
        let newest = &project.releases()[0];
        let began = newest["commit"] == project.git(&["rev-parse", "HEAD"]).as_str();
        states.push(if began { newest["state"].clone() } else { Value::Null });
        // What could not be written down any more shows as what it is: broken off.
        assert!(!began || ["interrupted", "failed"].contains(&newest["state"].as_str().expect("a state")), "{newest}");
    }
    assert!(states.contains(&"interrupted".into()) && states.contains(&Value::Null), "{states:?}");
    let next = project.release();
    let row = project.row("latest");
    assert_eq!((&row["verdict"], &row["record"]["release"]), (&"match".into(), &next["id"]), "{row}");
}
