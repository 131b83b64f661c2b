//! Log-outs that kill: whether systemd ends what a user started when the user's last session ends.
//!
//! Two ways lead there. logind kills the processes of a session where `KillUserProcesses=yes`; and the user's own
//! service manager, with every process started from a graphical terminal, ends unless the user lingers.
//! Sources: logind.conf(5), loginctl(1), systemd.directives of v252.

use std::{collections::BTreeMap, fs, path::Path};

use crate::domain::finding::{Finding, Owner};

/// Where drop-ins are, the strongest first: a file hides files of the same name further down.
const FOLDERS: [&str; 3] = ["etc/systemd", "run/systemd", "usr/lib/systemd"];

/// `root` is `/`, and something else in tests.
pub(super) fn check(root: &Path, user: &str) -> Finding {
    if !root.join("run/systemd/system").exists() {
        let fix = "start a release, log out and in again, and look: windlass releases";
        return Finding::cannot_tell(
            "this system does not run systemd; what it does at a log-out is not known",
            Owner::You,
            fix,
        );
    }
    let settings = Settings::read(root);
    let lingers = root.join("var/lib/systemd/linger").join(user).exists();
    let scope = "start it as systemd-run --user --scope windlass release --yes";
    match settings.kills(user) {
        Some(true) => {
            let fix = format!(
                "set KillUserProcesses=no in /etc/systemd/logind.conf, or (with loginctl enable-linger) {scope}"
            );
            Finding::warn(format!("logind kills the processes of {user} at the log-out"), Owner::MachineAdmin, fix)
        }
        None => {
            let fix = "look: busctl get-property org.freedesktop.login1 /org/freedesktop/login1 \
                       org.freedesktop.login1.Manager KillUserProcesses";
            Finding::cannot_tell("logind's files do not say whether it kills processes at the log-out", Owner::You, fix)
        }
        Some(false) if !lingers && under_user_manager(root) => Finding::warn(
            format!("this terminal belongs to the service manager of {user}, which ends at the last log-out"),
            Owner::You,
            "loginctl enable-linger",
        ),
        Some(false) if lingers => Finding::pass(format!("logind leaves the processes of {user} alone, who lingers")),
        Some(false) => Finding::pass(format!("logind leaves the processes of {user} alone")),
    }
}

/// This process is in a unit of `user@UID.service`, not in the scope of a session.
fn under_user_manager(root: &Path) -> bool {
    fs::read_to_string(root.join("proc/self/cgroup")).is_ok_and(|cgroups| cgroups.contains("/user@"))
}

#[derive(Default)]
struct Settings {
    kill: Option<String>,
    exclude: Option<String>,
    only: Option<String>,
}

impl Settings {
    fn read(root: &Path) -> Self {
        let mut settings = Self::default();
        let main =
            FOLDERS.iter().map(|folder| root.join(folder).join("logind.conf")).find_map(|f| fs::read_to_string(f).ok());
        if let Some(text) = main {
            // What the distribution was built with stands in comments: "entries in this file show the compile time
            // defaults".
            settings.take(&text.lines().filter_map(|line| line.strip_prefix('#')).collect::<Vec<_>>().join("\n"));
            settings.take(&text);
        }
        let mut drop_ins = BTreeMap::new();
        for folder in FOLDERS.iter().rev().map(|folder| root.join(folder).join("logind.conf.d")) {
            for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
                if entry.path().extension().is_some_and(|extension| extension == "conf") {
                    drop_ins.insert(entry.file_name(), entry.path());
                }
            }
        }
        for text in drop_ins.into_values().filter_map(|file| fs::read_to_string(file).ok()) {
            settings.take(&text);
        }
        settings
    }

    fn take(&mut self, text: &str) {
        for (key, value) in text.lines().filter_map(|line| line.trim().split_once('=')) {
            let value = Some(value.trim().to_owned());
            match key.trim() {
                "KillUserProcesses" => self.kill = value,
                "KillExcludeUsers" => self.exclude = value,
                "KillOnlyUsers" => self.only = value,
                _ => {}
            }
        }
    }

    fn kills(&self, user: &str) -> Option<bool> {
        let names =
            |list: &Option<String>| list.as_deref().unwrap_or_default().split_whitespace().any(|name| name == user);
        let excluded = if self.exclude.is_none() { user == "root" } else { names(&self.exclude) };
        let only_others = self.only.as_deref().is_some_and(|only| !only.is_empty()) && !names(&self.only);
        if excluded || only_others {
            return Some(false);
        }
        match self.kill.as_deref()? {
            "yes" | "true" | "on" | "1" => Some(true),
            "no" | "false" | "off" | "0" => Some(false),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is found where these files are.
    fn found(files: &[(&str, &str)], user: &str) -> Finding {
        let root = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        check(root.path(), user)
    }

    const SYSTEMD: (&str, &str) = ("run/systemd/system/x", "");
    const MAIN: &str = "etc/systemd/logind.conf";
    const DEBIAN: (&str, &str) = (MAIN, "[Login]\n#KillUserProcesses=no\n#KillOnlyUsers=\n#KillExcludeUsers=root\n");
    const TERMINAL: (&str, &str) =
        ("proc/self/cgroup", "0::/user.slice/user-1000.slice/user@1000.service/app.slice/x\n");
    const SESSION: (&str, &str) = ("proc/self/cgroup", "0::/user.slice/user-1000.slice/session-2.scope\n");
    const LINGER: (&str, &str) = ("var/lib/systemd/linger/ada", "");

    #[test]
    fn files_say_whether_a_log_out_kills() {
        let kill = |file: &'static str, word: &'static str| (file, word);
        let yes = "[Login]\nKillUserProcesses=yes\n";
        for (files, user, word) in [
            (vec![DEBIAN], "ada", "cannot-tell"),
            (vec![SYSTEMD], "ada", "cannot-tell"),
            (vec![SYSTEMD, DEBIAN, SESSION], "ada", "pass"),
            (vec![SYSTEMD, DEBIAN, TERMINAL], "ada", "warn"),
            (vec![SYSTEMD, DEBIAN, TERMINAL, LINGER], "ada", "pass"),
            (vec![SYSTEMD, kill(MAIN, yes)], "ada", "warn"),
            (vec![SYSTEMD, kill(MAIN, yes), LINGER], "ada", "warn"),
            (vec![SYSTEMD, kill(MAIN, yes)], "root", "pass"),
            (vec![SYSTEMD, kill(MAIN, "KillUserProcesses=yes\nKillExcludeUsers=bob ada\n")], "ada", "pass"),
            (vec![SYSTEMD, kill(MAIN, "KillUserProcesses=yes\nKillOnlyUsers=bob\n")], "ada", "pass"),
            (vec![SYSTEMD, DEBIAN, ("usr/lib/systemd/logind.conf.d/50.conf", yes)], "ada", "warn"),
            (
                vec![
                    SYSTEMD,
                    ("usr/lib/systemd/logind.conf.d/50.conf", yes),
                    ("etc/systemd/logind.conf.d/50.conf", ""),
                ],
                "ada",
                "cannot-tell",
            ),
            (
                vec![
                    SYSTEMD,
                    ("etc/systemd/logind.conf.d/10.conf", yes),
                    ("run/systemd/logind.conf.d/90.conf", "KillUserProcesses=no"),
                ],
                "ada",
                "pass",
            ),
        ] {
            let finding = found(&files, user);
            assert_eq!(finding.outcome.word(), word, "{files:?} {user}: {finding:?}");
        }
    }
}
