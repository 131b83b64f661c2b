use std::{
    fs,
    os::unix::fs::{PermissionsExt as _, symlink},
};

use super::*;
use crate::config::load;

struct Home {
    folder: tempfile::TempDir,
    paths: Paths,
}

impl Home {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path().canonicalize().unwrap().join("home");
        Self { folder, paths: Paths { state: home.clone(), data: home.clone(), config: home } }
    }

    /// A project in this folder.
    fn project(&self, folder: &str) -> Project {
        let folder = self.folder.path().canonicalize().unwrap().join(folder);
        fs::create_dir_all(&folder).unwrap();
        let text = "[[image]]\nrepository = \"a/b\"\n[secret]\nname = \"s\"\nrecipe = { docker-config = \"/d\" }\n";
        fs::write(folder.join(PROJECT_FILE), text).unwrap();
        load(&folder, None).unwrap()
    }

    fn remember(&self, project: &Project) -> Result<(), ConfigError> {
        Known::remember(&self.paths, project, MayWrite::unless(false).unwrap())
    }

    /// `name folder`, the folder from ours on.
    fn known(&self) -> Vec<String> {
        let known = Known::load(&self.paths).unwrap();
        let base = self.folder.path().canonicalize().unwrap();
        known.iter().map(|(name, at)| format!("{name} {}", at.strip_prefix(&base).unwrap().display())).collect()
    }

    fn write(&self, text: &str) {
        self.paths.create().unwrap();
        fs::write(self.paths.projects(), text).unwrap();
    }
}

#[test]
fn a_project_is_known_by_its_folder_once_it_was_used() {
    let home = Home::new();
    assert_eq!(Known::load(&home.paths).unwrap(), Known::default());
    let balrog = home.project("work/balrog");
    home.remember(&balrog).unwrap();
    let mode = fs::metadata(home.paths.projects()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let before = fs::read_to_string(home.paths.projects()).unwrap();
    home.remember(&balrog).unwrap();
    assert_eq!(fs::read_to_string(home.paths.projects()).unwrap(), before);
    home.remember(&home.project("fork/balrog")).unwrap();
    home.remember(&home.project("it's \"odd\"")).unwrap();
    assert_eq!(home.known(), ["balrog work/balrog", "balrog-2 fork/balrog", "it-s--odd- it's \"odd\""]);
    let files: Vec<_> = fs::read_dir(&home.paths.config).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(files.iter().all(|name| !name.to_string_lossy().starts_with('.')), "nothing else is left: {files:?}");
}

#[test]
fn a_project_that_moved_keeps_its_name() {
    let home = Home::new();
    home.remember(&home.project("old/balrog")).unwrap();
    fs::rename(home.folder.path().join("old"), home.folder.path().join("new")).unwrap();
    home.remember(&load(&home.folder.path().join("new/balrog"), None).unwrap()).unwrap();
    assert_eq!(home.known(), ["balrog new/balrog"]);
}

#[test]
fn a_file_of_another_name_is_not_found_by_its_folder() {
    let home = Home::new();
    let project = home.project("app");
    let other = project.root.join("other.toml");
    fs::rename(&project.file, &other).unwrap();
    home.remember(&load(&project.root, Some(&other)).unwrap()).unwrap();
    assert_eq!(home.known(), [] as [&str; 0]);
}

#[test]
fn what_was_forgotten_is_not_in_the_list() {
    let home = Home::new();
    for name in ["a", "b"] {
        home.remember(&home.project(name)).unwrap();
    }
    let forget = |name: &str| {
        Known::forget(&home.paths, &name.parse().unwrap(), MayWrite::unless(false).unwrap()).unwrap();
    };
    forget("a");
    forget("never-there");
    assert_eq!(home.known(), ["b b"]);
    assert!(home.folder.path().join("a/windlass.toml").exists());
}

#[test]
fn a_list_with_mistakes_is_shown_and_never_written_over() {
    let home = Home::new();
    let bad = "app = \"relative\"\n\"--force\" = \"/x\"\na.b = \"/y\"\nesc = \"/a\\u001b[2J\"\nn = 5\n";
    home.write(bad);
    let ConfigError::Invalid { problems, .. } = Known::load(&home.paths).unwrap_err() else { panic!("it is valid") };
    let told: Vec<_> = problems.iter().map(|problem| (problem.line, problem.column)).collect();
    assert_eq!(told, [(1, 7), (2, 1), (3, 1), (4, 7), (5, 5)]);
    assert!(!problems.iter().any(|problem| problem.to_string().contains('\u{1b}')));
    assert!(matches!(home.remember(&home.project("app")), Err(ConfigError::Invalid { .. })));
    assert_eq!(fs::read_to_string(home.paths.projects()).unwrap(), bad);
}

#[test]
fn a_path_that_is_no_text_is_refused_by_a_text_that_controls_no_terminal() {
    let home = Home::new();
    for folder in ["a\u{1b}[2Jb", "a\u{202e}b"] {
        let refused = home.remember(&home.project(folder)).unwrap_err();
        let told = Failure::from(refused).to_string();
        assert!(!told.contains(['\u{1b}', '\u{202e}']) && told.contains("among the known"), "{told:?}");
    }
    assert!(!home.paths.projects().exists());
}

#[test]
fn the_nearest_name_is_said() {
    let home = Home::new();
    let next = |name: &str| {
        let known = Known::load(&home.paths).unwrap();
        known.folder(&name.parse().unwrap()).map(Path::to_owned).map_err(|failure| failure.next)
    };
    assert!(next("balrog").unwrap_err().contains("go to its folder"));
    let balrog = home.project("balrog");
    home.remember(&balrog).unwrap();
    assert_eq!(next("balrog"), Ok(balrog.root));
    assert!(next("barlog").unwrap_err().contains("--project balrog"));
    assert!(next("other").unwrap_err().contains("--project NAME"));
}

#[test]
fn a_linked_list_stays_a_link() {
    let home = Home::new();
    home.paths.create().unwrap();
    let elsewhere = home.folder.path().join("dotfiles.toml");
    fs::write(&elsewhere, "").unwrap();
    symlink(&elsewhere, home.paths.projects()).unwrap();
    home.remember(&home.project("app")).unwrap();
    assert!(fs::symlink_metadata(home.paths.projects()).unwrap().is_symlink());
    assert!(fs::read_to_string(&elsewhere).unwrap().contains("app"));
}

#[test]
fn whoever_writes_at_the_same_time_loses_nothing() {
    let home = Home::new();
    let projects: Vec<Project> = (0..8).map(|number| home.project(&format!("p{number}"))).collect();
    std::thread::scope(|scope| {
        for project in &projects {
            scope.spawn(|| home.remember(project).unwrap());
        }
    });
    assert_eq!(home.known().len(), projects.len());
}
