//! The documents that `--json` prints. Unknown is `null`, never absent.

use std::path::Path;

use serde_json::{Value, json};

use crate::{
    domain::{
        again::Asked,
        plan::Plan,
        release::Release,
        table::{Row, Table},
    },
    secrets::IdentityKind,
};

/// What something needs there, and what of it is lacking.
pub fn scopes(asked: &Asked) -> Value {
    let lacks = asked.lacks.as_ref().map(ToString::to_string);
    json!({"needs": asked.needs.to_string(), "lacks": lacks, "known": asked.known})
}

/// `windlass.release/1`, and one entry of `windlass.releases/1`.
pub fn release(release: &Release) -> Value {
    let plan: &Plan = &release.plan;
    let steps: Vec<Value> = release
        .steps
        .iter()
        .map(|s| json!({"name": s.step.name(), "state": s.state, "seconds": s.seconds(), "error": s.failure}))
        .collect();
    let record = release.record.as_ref().map(|r| json!({"path": r.path, "sha256": r.sha256}));
    json!({
        "id": plan.release,
        "image": plan.image,
        "runner": plan.runner,
        "task": plan.task,
        "trigger": plan.trigger,
        "parent": plan.parent,
        "ref": plan.source.git_ref,
        "commit": (!plan.source.commit.is_unknown()).then_some(&plan.source.commit),
        "state": release.state,
        "started": release.started,
        "ended": release.ended,
        "steps": steps,
        "image_id": release.built.as_ref().map(|b| &b.image_id),
        "id_kind": release.built.as_ref().map(|b| b.id_kind),
        "pushes": release.pushes,
        "record": record,
        "failure": release.failure,
    })
}

pub fn one_release(release: &Release) -> Value {
    let mut document = self::release(release);
    document["schema"] = "windlass.release/1".into();
    document
}

/// `windlass.tags/1`.
pub fn tags(repository: &crate::domain::reference::Repository, table: &Table) -> Value {
    let rows: Vec<Value> = table.rows.iter().map(row).collect();
    json!({"schema": "windlass.tags/1", "repository": repository, "as_of": table.as_of, "rows": rows})
}

fn row(row: &Row) -> Value {
    let registry = row.content().map(|content| {
        let image = row.image();
        json!({
            "digest": content.digest,
            "config_digest": image.map(|i| &i.config),
            "created": image.and_then(|i| i.created),
        })
    });
    let recorded = row.known.as_ref().map(|known| {
        json!({
            "release": known.record.release,
            "image_id": known.record.image_id,
            "manifest_digest": known.record.manifest_digest,
            "source": known.source.to_string(),
            "signed": false,
        })
    });
    json!({
        "tag": row.tag,
        "kind": row.kind,
        "registry": registry,
        "record": recorded,
        "verdict": row.judgement.verdict,
        "why": row.judgement.why,
    })
}

/// How the vault's key is kept; `null` before there is one.
pub fn identity(path: &Path, kind: Option<&IdentityKind>) -> Value {
    let Some(kind) = kind else { return Value::Null };
    let (name, key) = match kind {
        IdentityKind::Plain => ("plain", None),
        IdentityKind::Passphrase => ("passphrase", None),
        IdentityKind::Ssh { key, .. } => ("ssh", Some(key)),
    };
    json!({"path": path, "kind": name, "ssh_key": key, "passphrase": kind.needs_passphrase()})
}
