//! The last two steps: what was built is recorded, then read back from the registry and judged.

use jiff::Timestamp;

use super::{local::Run, preflight::Access, push::Pushed};
use crate::{
    attest,
    domain::{
        event::{Event, Step},
        failure::{Failure, FailureKind},
        record::{RECORD_FILE, RECORD_SCHEMA, Record, Review, SHASUM_FILE},
        table::Row,
        verdict::{Class, Verdict},
    },
    verify,
};

pub async fn record(run: &mut Run<'_, '_>, pushed: Pushed) -> Result<(), Failure> {
    run.start(Step::Record).await?;
    let plan = run.plan().clone();
    let built = run.release.built.clone().ok_or_else(|| {
        Failure::failed("there is nothing to record", "the build step left no image", "release again: windlass release")
    })?;
    let record = Record {
        schema: RECORD_SCHEMA.to_owned(),
        release: plan.release.clone(),
        image: plan.image,
        repository: plan.repository,
        image_id: built.image_id,
        id_kind: built.id_kind,
        config_digest: pushed.config,
        manifest_digest: Some(pushed.manifest),
        index_digest: pushed.index,
        diff_ids: built.diff_ids,
        layers: pushed.layers,
        platform: built.platform,
        tags: pushed.tags,
        commit: plan.source.commit,
        git_ref: plan.source.git_ref,
        remote: plan.source.remote,
        review: if plan.source.reviewed { Review::Reviewed } else { Review::Unreviewed },
        dirty: plan.source.dirty,
        dockerfile_digest: built.dockerfile_digest,
        context_digest: built.context_digest,
        archive: built.archive.map(|archive| *archive),
        log_digest: built.log_digest,
        log_clipped: built.log_clipped,
        runner: plan.runner,
        task: plan.task,
        engine: built.engine,
        who: plan.who,
        when: Timestamp::now(),
    };
    let folder = run.at.paths.artifacts().join(plan.release.as_str());
    let sha256 = attest::write(&folder, &record)?;
    let (path, note) = match run.at.own_task {
        None => (folder.display().to_string(), format!("{SHASUM_FILE}, {RECORD_FILE}")),
        Some(task) => {
            let attached = run.at.or_cancelled(Step::Record, task.attach(&record, run.at.permit)).await?;
            (task.place(), attached)
        }
    };
    run.emit(Event::Recorded { path, sha256, record: Box::new(record) }).await?;
    run.succeed(Step::Record, note).await
}

pub async fn verify(run: &mut Run<'_, '_>, access: &Access) -> Result<(), Failure> {
    run.start(Step::Verify).await?;
    let at = run.at;
    let plan = run.plan().clone();
    let tags = run.release.record.as_ref().map(|r| r.record.tags.iter().map(|t| t.tag.clone()).collect());
    let question = verify::Question {
        repository: &plan.repository,
        client: &access.client,
        journal: at.journal,
        locks: &at.paths.run(),
        folder: None,
        tags,
        fresh: true,
    };
    let table = at.or_cancelled(Step::Verify, verify::table(&question)).await?;
    let mut worst: Option<(Verdict, String)> = None;
    for row in &table.rows {
        let verdict = row.judgement.verdict;
        run.emit(Event::Verified { tag: row.tag.clone(), verdict, why: row.judgement.why.clone() }).await?;
        if verdict.class() != Class::Good {
            worst.get_or_insert((verdict, format!("{}: {}", row.tag, row.judgement.why)));
        }
    }
    match worst {
        None => run.succeed(Step::Verify, note(&table.rows)).await,
        Some((verdict, why)) => Err(Failure::new(
            match verdict {
                Verdict::Denied => FailureKind::NotAllowed,
                Verdict::RateLimited | Verdict::Unreachable => FailureKind::Unreachable,
                _ => FailureKind::Failed,
            },
            format!("the registry does not show what was released: {verdict}"),
            why,
            "look at both sides: windlass tags --fresh",
        )),
    }
}

/// `match: master-2026-11-21-09-30-00, latest`: what is looked for comes first, as the rest may have no room.
fn note(rows: &[Row]) -> String {
    let mut said: Vec<(Verdict, Vec<&str>)> = Vec::new();
    for row in rows {
        let (verdict, tag) = (row.judgement.verdict, row.tag.as_str());
        match said.iter_mut().find(|(said, _)| *said == verdict) {
            Some((_, tags)) => tags.push(tag),
            None => said.push((verdict, vec![tag])),
        }
    }
    let said: Vec<String> = said.into_iter().map(|(verdict, tags)| format!("{verdict}: {}", tags.join(", "))).collect();
    said.join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{observation::Observation, verdict::Judgement};

    #[test]
    fn the_verdict_comes_before_the_tags_that_it_is_of() {
        let row = |tag: &str, verdict| Row {
            tag: tag.parse().unwrap(),
            kind: None,
            observation: Observation::Absent { visible: true },
            known: None,
            judgement: Judgement { verdict, why: String::new() },
        };
        let rows = ["v1", "latest"].map(|tag| row(tag, Verdict::Match));
        assert_eq!(note(&rows), "match: v1, latest");
        let rows = [row("v1", Verdict::Match), row("latest", Verdict::SameImageRepacked), row("v2", Verdict::Match)];
        assert_eq!(note(&rows), "match: v1, v2; same-image-repacked: latest");
    }
}
