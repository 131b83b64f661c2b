//! `.dockerignore`: one tree, hard rules, and the docker CLI's own answer with both builders as the golden one.

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path, process::Command};

use windlass::domain::plan::Builder;

use super::{BOTH, DOCKER, Image, Project, build_with, built, definition, engine, files_of};

const FILES: [&str; 37] = [
    "secret.env",
    "a/secret.env",
    "foo.log",
    "keep/x.log",
    "keep/y.txt",
    "logs/a.txt",
    "logs/sub/keep.txt",
    "logs/sub/other.txt",
    "rooted",
    "deep/rooted",
    "one.tmp",
    "deep/er/two.tmp",
    "docs/guide.md",
    "docs/README.md",
    "docs/sub/inner.md",
    "target/debug/out",
    "a/b/c.txt",
    "a/bc",
    "node_modules/m/index.js",
    "web/node_modules/m/index.js",
    "src/main.py",
    "src/deep/keep.py",
    "src/deep/keep.txt",
    "src/deep/er/keep.py",
    "sp ace.txt",
    "é.txt",
    "star*.txt",
    "starred.txt",
    "[x].txt",
    "x.txt",
    "!bang.txt",
    "#hash.txt",
    "a+b.dat",
    "Case.TXT",
    ".hidden/file",
    ".env",
    "file1.bin",
];

/// The one difference there is: a listed Dockerfile comes to BuildKit with the context and stays in it.
const DOCKERFILE_STAYS: &str = ".dockerignore lists Dockerfile, which BuildKit needs";

const RULES: [&str; 9] = [
    "secret.env\n*.log\nlogs\n!logs/sub/keep.txt\n/rooted\n**/*.tmp\ndocs/*.md\n!docs/README.md\ntarget/\n./a/b\n",
    "*\n!src\n!docs/sub/\n",
    "*\n!src/deep/keep.*\n!a/b\n!x.txt\n",
    "*\n!**/*.py\n",
    "**\n!src/main.py\n",
    "**/node_modules\n!web/node_modules/m\n\n  src/deep/er  \n#hash.txt\n",
    "\u{feff}\\!bang.txt\nstar\\*.txt\n\\[x].txt\nsp ace.txt\né.*\n?.txt\n[C-D]ase.*\nfile[^2].bin\r\n",
    "a/../keep//x.log\n.hidden/**\n.env\n**/deep/**\n!**/rooted\nweb/*/m\n../x.txt\n",
    "src/**/keep.py\n**/er\ndocs/**/*.md\n!docs/guide.md\nkeep/\n!keep/y.txt\nkeep/y*\n",
];

/// Links, empty folders, modes and long names beside the files.
fn tree() -> Project {
    let project = Project::empty();
    for path in FILES {
        project.write(path, path);
    }
    let long = format!("long/{}/{}", "d".repeat(90), "f".repeat(120));
    project.write(&long, "long");
    project.write("Dockerfile", format!("FROM {}\nCOPY . /ctx/\n", project.base()));
    let at = |path: &str| project.path().join(path);
    fs::create_dir_all(at("empty/folder")).unwrap();
    for (target, link) in [
        ("x.txt", "link"),
        ("nowhere", "broken"),
        ("/etc/passwd", "outside"),
        ("src", "folder-link"),
        (&long, "long-link"),
    ] {
        std::os::unix::fs::symlink(target, at(link)).unwrap();
    }
    for (path, mode) in [("x.txt", 0o755), ("rooted", 0o600), ("keep", 0o750), ("docs/README.md", 0o4711)] {
        fs::set_permissions(at(path), fs::Permissions::from_mode(mode)).unwrap();
    }
    project
}

fn by_docker(root: &Path, builder: Builder) -> Image {
    let id = tempfile::NamedTempFile::new().unwrap();
    let output = Command::new(DOCKER)
        .args(["build", "--iidfile", &id.path().display().to_string()])
        .arg(root)
        .env("DOCKER_BUILDKIT", if builder == Builder::BuildKit { "1" } else { "0" })
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Image(fs::read_to_string(id.path()).unwrap())
}

#[tokio::test]
async fn leaves_out_what_docker_leaves_out() {
    let engine = engine().await;
    let project = tree();
    let mut wrong = Vec::new();
    for rules in RULES {
        project.write(".dockerignore", rules);
        for builder in BOTH {
            let mut golden = files_of(&by_docker(project.path(), builder).0);
            let (_, told, image) = built(&engine, project.path(), &definition(builder)).await;
            let ours = files_of(&image.0);
            if told.text().contains(DOCKERFILE_STAYS) {
                let size = fs::metadata(project.path().join("Dockerfile")).unwrap().len();
                golden.push(format!("-rw-r--r-- {size} ctx/Dockerfile"));
                golden.sort();
            }
            let only = |these: &[String], those: &[String]| -> Vec<String> {
                these.iter().filter(|line| !those.contains(line)).cloned().collect()
            };
            if ours != golden {
                wrong.push(format!(
                    "{builder:?} {rules:?}\n  only docker: {:#?}\n  only we: {:#?}",
                    only(&golden, &ours),
                    only(&ours, &golden)
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The engine needs both files although they are listed, and takes them out again before `COPY`. BuildKit leaves the
/// Dockerfile in, since it comes with the context; that is said.
#[tokio::test]
async fn files_that_the_engine_needs_are_sent_even_if_listed() {
    let engine = engine().await;
    let project = tree();
    project.write(".dockerignore", "Dockerfile\n.dockerignore\nsrc\n");
    let golden = files_of(&by_docker(project.path(), Builder::Classic).0);
    assert!(!golden.iter().any(|line| line.ends_with("Dockerfile") || line.ends_with(".dockerignore")));
    let (_, told, image) = built(&engine, project.path(), &definition(Builder::Classic)).await;
    assert_eq!(files_of(&image.0), golden);
    assert!(!told.text().contains(DOCKERFILE_STAYS));

    let golden = files_of(&by_docker(project.path(), Builder::BuildKit).0);
    let (_, told, image) = built(&engine, project.path(), &definition(Builder::BuildKit)).await;
    let mut ours = files_of(&image.0);
    ours.retain(|line| !line.ends_with(" ctx/Dockerfile"));
    assert_eq!(ours, golden);
    assert!(told.text().contains(DOCKERFILE_STAYS), "{}", told.text());
}

#[tokio::test]
async fn a_dockerfiles_own_rules_beat_the_common_ones() {
    let engine = engine().await;
    let project = tree();
    project.write(".dockerignore", "src\n");
    fs::create_dir(project.path().join("docker")).unwrap();
    fs::copy(project.path().join("Dockerfile"), project.path().join("docker/App.dockerfile")).unwrap();
    project.write("docker/App.dockerfile.dockerignore", "*\n!x.txt\n!src\n");
    for builder in BOTH {
        let mut definition = definition(builder);
        definition.dockerfile = "docker/App.dockerfile".into();
        let (_, _, image) = built(&engine, project.path(), &definition).await;
        let files = files_of(&image.0).join("\n");
        for (name, kept) in [("ctx/x.txt", true), ("ctx/src/main.py", true), ("ctx/starred.txt", false)] {
            assert_eq!(files.contains(name), kept, "{builder:?} {name}\n{files}");
        }
    }
}

#[tokio::test]
async fn a_bad_rule_ends_the_build_before_the_engine_is_asked() {
    let project = tree();
    project.write(".dockerignore", "fine\n[bad\n");
    let (result, _) = build_with(&engine().await, project.path(), &definition(Builder::Auto)).await;
    let error = result.unwrap_err();
    assert!(error.to_string().starts_with(".dockerignore, line 2: `[bad`"), "{error}");
}
