//! `windlass signin --status`: who a Taskcluster deployment is asked as from here, until when, and with which scopes.

use jiff::Timestamp;
use serde_json::json;

use super::{
    ground::Ground,
    output::{Cell, Style, Tone, columns, time},
};
use crate::{
    domain::{failure::Failure, root_url::RootUrl, scope::Scopes},
    log::sanitise::plain,
    taskcluster::{Access, Credentials},
};

pub async fn run(ground: &Ground, root: RootUrl) -> Result<u8, Failure> {
    let access = ground.taskcluster(root)?;
    let deployment = &access.deployment;
    let scopes = match deployment.current_scopes().await {
        // Not even what anybody may do is told to everybody.
        Err(error) if deployment.credentials().is_none() && error.is_denied() => Scopes::default(),
        scopes => scopes?,
    };
    let until = match deployment.credentials() {
        None => None,
        Some(credentials) => match credentials.expiry() {
            Some(expiry) => Some(expiry),
            None => deployment.client(&credentials.client_id).await.ok().map(|client| client.expires),
        },
    };
    ground.output.result(
        || {
            let passed_over: Vec<_> =
                access.unfit.iter().map(|unfit| json!({"place": unfit.place, "why": unfit.why})).collect();
            let who = deployment.credentials();
            json!({
                "schema": "windlass.signin-status/1", "root_url": deployment.root(),
                "client_id": who.map(|who| &who.client_id), "source": who.map(|who| who.source.to_string()),
                "expires": until, "scopes": scopes, "passed_over": passed_over,
            })
        },
        |style| text(style, &access, &scopes, until),
    )?;
    Ok(u8::from(deployment.credentials().is_none()))
}

fn text(style: Style, access: &Access, scopes: &Scopes, until: Option<Timestamp>) -> String {
    let row = |label: &str, value: String| vec![Cell::toned(label, Tone::Dim), Cell::new(value)];
    let deployment = &access.deployment;
    let mut rows = vec![vec![Cell::toned("at", Tone::Dim), Cell::toned(deployment.root().host(), Tone::Bold)]];
    match deployment.credentials() {
        Some(Credentials { client_id, source, .. }) => {
            rows.push(row("as", plain(client_id)));
            rows.push(row("from", source.to_string()));
            rows.push(row("until", until.map_or("not known".to_owned(), |at| format!("{} UTC", time(at)))));
        }
        None => rows.push(row("as", "nobody: windlass signin".to_owned())),
    }
    rows.extend(access.unfit.iter().map(|unfit| row("passed over", plain(&unfit.to_string()))));
    let labels = std::iter::once("with").chain(std::iter::repeat(""));
    rows.extend(labels.zip(scopes.iter()).map(|(label, scope)| row(label, plain(scope))));
    columns(style, &rows)
}
