//! `windlass completions`: what a shell needs to complete our command line, from the same types as the help. The names
//! of projects are asked for at each completion: `completions --projects` prints those that are known then.

use clap::CommandFactory as _;
use clap_complete::Shell;

use super::{args::Cli, ground::Ground};
use crate::{config::Known, domain::failure::Failure};

pub fn run(ground: &Ground, shell: Option<Shell>) -> Result<u8, Failure> {
    let text = match shell {
        Some(shell) => script(shell),
        None => Known::load(&ground.paths)?.iter().flat_map(|(name, _)| [name.as_str(), "\n"]).collect(),
    };
    ground.output.raw(text.as_bytes())?;
    Ok(0)
}

fn script(shell: Shell) -> String {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "windlass", &mut script);
    let script = String::from_utf8_lossy(&script);
    // What clap knows no values of, it lets the shell complete as files.
    match shell {
        Shell::Bash => {
            let names = r#"-W "$("$1" completions --projects 2>/dev/null)" --"#;
            let mut of_project = false;
            each_line(&script, |line| {
                let instead = of_project.then(|| line.replace("-f", names));
                of_project = line.trim() == "--project)";
                instead
            })
        }
        Shell::Zsh => {
            let names = r#":NAME:{compadd "$expl[@]" - ${(f)"$(windlass completions --projects 2>/dev/null)"}}"#;
            each_line(&script, |line| line.contains("--project=[").then(|| line.replace(":NAME:_default", names)))
        }
        Shell::Fish => {
            // Its condition does not hold while the value is missing; without it the line is that of every command.
            let of_project = r#"complete -c windlass -n "__fish_windlass_needs_command" -l project "#;
            let names = "-x -a '(windlass completions --projects 2>/dev/null)'";
            each_line(&script, |line| {
                let described = line.strip_prefix(of_project)?.strip_suffix("-r\n")?;
                Some(format!("complete -c windlass -l project {described}{names}\n"))
            })
        }
        _ => script.into_owned(),
    }
}

/// The script with these lines instead of its own; `None` leaves one as it is.
fn each_line(script: &str, mut instead: impl FnMut(&str) -> Option<String>) -> String {
    script.split_inclusive('\n').map(|line| instead(line).unwrap_or_else(|| line.to_owned())).collect()
}
