//! The journal: whole, readable, and of a schema that this program knows.

use super::{examination::Examination, vault::open_to_others};
use crate::{
    domain::finding::{Finding, Owner},
    journal::{Examined, examine},
};

pub(super) async fn check(examination: &Examination) -> Finding {
    let file = examination.machine.paths.journal();
    let shown = file.display().to_string();
    let exposed = open_to_others(&file, 0o600);
    let examined = match tokio::task::spawn_blocking(move || examine(&file)).await {
        Ok(Ok(examined)) => examined,
        Ok(Err(error)) => return Finding::failed(&error.into(), Owner::You),
        Err(ended) => {
            return Finding::blocked(format!("reading {shown} ended early: {ended}"), Owner::You, "report this");
        }
    };
    let said = match examined {
        None => format!("there is no journal at {shown} yet: the first release makes it"),
        Some(Examined { schema, known, releases }) => {
            let older = if schema < known { ", which is migrated when it is next used" } else { "" };
            format!("{shown} is whole: releases {releases}, schema {schema}{older}")
        }
    };
    Finding::together(std::iter::once(Finding::pass(said)).chain(exposed).collect())
}
