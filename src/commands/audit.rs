//! `windlass audit`: who changed what, newest first.

use super::{
    ground::Ground,
    output::{Cell, Style, Tone, columns, readable, time},
};
use crate::domain::{
    audit::{AuditRow, Outcome},
    failure::Failure,
};

pub async fn run(ground: &Ground, limit: usize) -> Result<u8, Failure> {
    let rows = ground.journal().await?.audit_rows(limit).await?;
    let text =
        if ground.output.json { rows.iter().map(line).collect() } else { readable(&table(ground.output.out, &rows)) };
    ground.output.raw(text.as_bytes())?;
    Ok(0)
}

/// One document a line.
fn line(row: &AuditRow) -> String {
    let mut document = serde_json::to_value(row).expect("strings and a time, which JSON has");
    document["schema"] = "windlass.audit/1".into();
    format!("{document}\n")
}

fn table(style: Style, rows: &[AuditRow]) -> String {
    if rows.is_empty() {
        return "nothing was changed yet\n".to_owned();
    }
    let cells = |row: &AuditRow| {
        let (outcome, tone) = match &row.outcome {
            Outcome::Begun => ("begun".to_owned(), Tone::Notice),
            Outcome::Done => ("done".to_owned(), Tone::Good),
            Outcome::Failed { why } => (format!("failed: {}", why.replace('\n', " ")), Tone::Bad),
            Outcome::Cancelled => ("cancelled".to_owned(), Tone::Bad),
        };
        vec![
            Cell::new(time(row.at)),
            Cell::toned(&row.who, Tone::Dim),
            Cell::toned(row.what.name(), Tone::Bold),
            Cell::new(&row.subject),
            Cell::toned(row.fingerprint.as_deref().unwrap_or("-"), Tone::Dim),
            Cell::toned(outcome, tone),
        ]
    };
    columns(style, &rows.iter().map(cells).collect::<Vec<_>>())
}
