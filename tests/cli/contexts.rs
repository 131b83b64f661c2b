//! Build contexts as they lie on disks: links that lead out, pipes, names of any bytes, files that nobody may read or
//! that change, and very many of them.

use std::{
    ffi::OsStr,
    fs,
    io::Read as _,
    os::unix::{
        ffi::OsStrExt as _,
        fs::{PermissionsExt as _, symlink},
        net::UnixListener,
    },
    process::Command,
};

use super::failing::{Kept, release_failed, says};
use crate::support::{
    fake_engine,
    project::{Project, Ran, ran},
    registry::Registry,
    running::Running,
};

/// What a release may need of memory, however many files it sends.
const ALLOWED_KIB: u64 = 64 * 1024;

fn ready(registry: &Registry) -> Project {
    let project = Project::new(registry);
    project.set_secret();
    project
}

#[test]
fn odd_entries_are_sent_as_they_are_or_left_out_by_name() {
    let registry = Registry::with_login();
    let project = ready(&registry);
    let odd = project.path("odd");
    fs::create_dir(&odd).expect("a folder");
    let outside = project.home().join("outside");
    fs::write(&outside, "not for the image\n").expect("a file");
    symlink(&outside, odd.join("out")).expect("a link");
    symlink("no/where", odd.join("dangling")).expect("a link");
    fs::write(odd.join(OsStr::from_bytes(b"bad-\xff\xfe")), "content of the odd name\n").expect("a file");
    let _socket = UnixListener::bind(odd.join("a.sock")).expect("a socket");
    rustix::fs::mkfifoat(rustix::fs::CWD, odd.join("a.pipe"), rustix::fs::Mode::RUSR).expect("a pipe");
    project.dockerfile(
        "COPY odd /odd\nRUN cd /odd && readlink out && readlink dangling && cat bad* && cat out; echo there are $(ls | wc -l)\n",
    );
    project.commit("odd entries");
    project.release();
    let log = project.windlass(&["log", "@"]).exits(0).stdout;
    for line in [
        outside.to_str().expect("UTF-8"),
        "no/where",
        "content of the odd name",
        "there are 3",
        "odd/a.sock is a socket and was left out",
        "odd/a.pipe is a named pipe and was left out",
    ] {
        assert!(log.contains(line), "no `{line}`: {log}");
    }
    assert!(!log.contains("not for the image"), "a link was followed: {log}");
}

/// Runs it as somebody whom the modes of files stop. Root is stopped by none, unless it gives up that right.
fn stopped_by_modes(mut command: Command) -> Ran {
    if !rustix::process::getuid().is_root() {
        return ran(&mut command);
    }
    let mut bound = Command::new("setpriv");
    bound.args(["--bounding-set", "-dac_override,-dac_read_search", "--"]).arg(command.get_program());
    bound.args(command.get_args()).env_clear().current_dir(command.get_current_dir().expect("it has one"));
    bound.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    ran(&mut bound)
}

#[test]
fn what_may_not_be_read_ends_the_build_unless_it_is_not_wanted() {
    let registry = Registry::with_login();
    let project = ready(&registry);
    project.write(".gitignore", "private\n");
    project.commit("what is private");
    project.release();
    let kept = Kept::of(&project);
    for is_folder in [false, true] {
        let path = project.path("private");
        if is_folder {
            fs::remove_file(&path).expect("the file");
            fs::create_dir(&path).expect("a folder");
        } else {
            project.write("private", "nobody may read this");
        }
        fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).expect("it is ours");
        let release = release_failed(&project, stopped_by_modes(project.program(&["release", "--yes"])), 1, "build");
        says(&release["failure"], "why", "private: no permission to read it");
        says(&release["failure"], "next", ".dockerignore");
        assert!(release["image_id"].is_null(), "half a context is no image: {release}");
        kept.is_whole(&project);
    }
    project.write(".dockerignore", "private\n");
    project.commit("the image does not need it");
    stopped_by_modes(project.program(&["release", "--yes"])).exits(0);
}

#[test]
fn a_file_that_changes_while_it_is_sent() {
    let registry = Registry::with_login();
    let project = ready(&registry);
    project.release();
    let kept = Kept::of(&project);
    project.builder("classic");
    project.write(".gitignore", "a-shrinking\n");
    project.write(".dockerignore", ".git\n");
    project.commit("a file beside the commit");
    let file = fs::File::create(project.path("a-shrinking")).expect("a file");
    file.set_len(64 << 20).expect("a large one");
    let (_folder, socket) = fake_engine::engine(move |mut asked| {
        // It is the first large one that is sent: its beginning is here by now, and there is no room for the rest on the way.
        asked.stream.read_exact(&mut vec![0; 600_000]).expect("a context");
        file.set_len(1 << 20).expect("a shorter one");
        // Until the sender breaks off, in whatever way.
        let _ = std::io::copy(&mut asked.stream, &mut std::io::sink());
    });
    let engine = format!("unix://{}", socket.display());
    let people = ran(project.program(&["release", "--yes"]).env("DOCKER_HOST", engine));
    let release = release_failed(&project, people, 1, "build");
    says(&release["failure"], "why", "a-shrinking: it changed while it was being sent");
    kept.is_whole(&project);
}

#[test]
fn a_hundred_thousand_files() {
    let registry = Registry::with_login();
    let project = ready(&registry);
    project.write(".gitignore", "many\n");
    project.dockerfile("COPY many /many\nRUN echo there are $(find /many -type f | wc -l)\n");
    project.commit("many files");
    for folder in 0..100 {
        let folder = project.path(&format!("many/{folder}"));
        fs::create_dir_all(&folder).expect("a folder");
        for file in 0..1000 {
            fs::write(folder.join(file.to_string()), "x").expect("a file");
        }
    }
    let mut running = Running::start(&mut project.program(&["release", "--yes"]));
    let mut peak = 0;
    while running.line().is_some() {
        peak = running.peak().unwrap_or(peak);
    }
    let told = running.end().exits(0).stderr;
    assert!(told.contains("there are 100000"), "{told}");
    assert!(peak > 0 && peak < ALLOWED_KIB, "{peak} KiB at the peak");
}
