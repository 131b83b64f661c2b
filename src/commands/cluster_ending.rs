//! `windlass cancel` of a release on Taskcluster: its tasks that are not over are cancelled; its group is sealed only where
//! that is said.

use std::fmt::Write as _;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    args::CancelArgs,
    cluster_again::rows,
    ground::Ground,
    json,
    output::{Style, Tone},
    release::who,
    seen::There,
    terminal::Terminal,
    turns::Turn,
};
use crate::{
    domain::{
        ending::{Ending, ending},
        failure::Failure,
        permission::MayWrite,
        task::TaskId,
    },
    journal::Journal,
    release::{
        cluster::Cluster,
        cluster_again::{By, facts},
        cluster_ending::{self, Over},
    },
};

/// A release on Taskcluster that is to be ended.
pub struct Looked {
    cluster: Cluster,
    named: String,
    ending: Ending,
    /// The id of the group that is sealed, where it was given.
    confirm: Option<String>,
}

/// Looks at what it would end.
pub async fn look(there: There, args: &CancelArgs) -> Result<Looked, Failure> {
    let (alone, named) = (there.task().cloned(), there.named.to_string());
    let There { cluster, detailed, .. } = there;
    let facts = facts(&cluster, &detailed).await?;
    let only = match &args.task {
        Some(name) => Some(facts.named(name)?),
        None => alone.filter(|_| !args.seal),
    };
    let ending = ending(&facts, only.as_ref(), args.seal)?;
    Ok(Looked { cluster, named, ending, confirm: args.confirm.clone() })
}

impl Turn for Looked {
    fn named(&self) -> String {
        self.named.clone()
    }

    fn refused(&self) -> Option<Failure> {
        self.ending.refused()
    }

    fn asks(&self) -> bool {
        // The name of what is sealed is typed.
        self.ending.seal.is_none()
    }

    fn outlives(&self) -> bool {
        false
    }

    async fn shown(&self, ground: &Ground, _: &Journal) -> Result<String, Failure> {
        Ok(rows(ground.output.err, self.ending.rows()))
    }

    async fn tell(&self, ground: &Ground, _: &Journal) -> Result<(), Failure> {
        ground.output.result(|| plan_json(&self.ending), |style| rows(style, self.ending.rows()))
    }

    async fn carry_out(self, ground: &Ground, journal: &Journal, permit: MayWrite) -> Result<u8, Failure> {
        let Self { cluster, ending, confirm, .. } = self;
        if ending.seal.is_some() {
            typed(ground, &ending, confirm.as_deref())?;
        }
        let who = who();
        let ended = cluster_ending::carry_out(&cluster, &ending, By { journal, who: &who, permit }).await?;
        let group = &ending.group;
        let release = cluster.detailed(group, Timestamp::now()).await?.release;
        ground.output.last(|| json::one_release(&release), |style| text(style, group, &ending, &ended))?;
        Ok(0)
    }
}

/// What cannot be undone has its name typed.
fn typed(ground: &Ground, ending: &Ending, confirm: Option<&str>) -> Result<(), Failure> {
    let group = &ending.group;
    let typed = match confirm {
        Some(typed) => typed.to_owned(),
        None => match Terminal::open() {
            Ok(terminal) if !ground.output.json => {
                terminal.tell(&rows(ground.output.err, ending.rows()))?;
                terminal.ask("A group that is sealed stays so. Type its id: ")?
            }
            _ => String::new(),
        },
    };
    if typed == group.as_str() {
        return Ok(());
    }
    Err(Failure::usage(
        format!("{group} was not sealed, and nothing of it is cancelled"),
        "sealing cannot be undone, and its id was not given",
        format!("windlass cancel {group} --seal --confirm {group}; or, without sealing: windlass cancel {group}"),
    ))
}

fn text(style: Style, group: &TaskId, ending: &Ending, ended: &[Over]) -> String {
    let mut text = String::new();
    for Over { name, cancelled, words, .. } in ended {
        let (sign, tone) = if *cancelled { ("✗", Tone::Bad) } else { ("•", Tone::Notice) };
        let sign = style.glyph(sign, "x");
        let told = if *cancelled { "is cancelled".to_owned() } else { format!("had ended before: {words}") };
        let _ = writeln!(text, "{} {name} {told}", style.paint(tone, sign));
    }
    if ending.seal.is_some() {
        let _ = writeln!(text, "  the group {group} is sealed");
    }
    let _ = writeln!(text, "  what it pushed stays pushed: windlass show {group}");
    text
}

/// `windlass.cancel-plan/1`.
fn plan_json(ending: &Ending) -> Value {
    let tasks: Vec<Value> = ending
        .turns
        .iter()
        .map(|turn| json!({"task": turn.id, "name": turn.name, "stands": turn.stands, "deadline": turn.deadline}))
        .collect();
    json!({
        "schema": "windlass.cancel-plan/1",
        "release": ending.group,
        "deployment": ending.host,
        "tasks": tasks,
        "seals": ending.seal.is_some(),
        "scopes": json::scopes(&ending.scopes),
        "refused": ending.refused(),
    })
}
