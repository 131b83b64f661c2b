//! From a request to an answer, in the order in which the services look at things: the body, who asks, the parameters,
//! the query, the schema, and then the matter itself.

use std::{collections::BTreeMap, time::Instant};

use serde_json::{Value, json};

use super::{
    Shared, auth,
    call::{Call, authenticate},
    fault::Fault,
    github, hooks, index, moment, object, queue, random,
    refusal::Refusal,
    reply::{Content, Reply},
    requests::Asked,
    route::{Asks, Route},
    scopes::Expression,
    secrets, worker_manager,
    world::World,
};
use crate::support::http::{Answer, Request};

/// Larger bodies are not read.
const LARGEST_BODY: usize = 10 * 1024 * 1024;

fn routes(service: &str) -> Option<&'static [&'static [Route]]> {
    match service {
        "auth" => Some(&[auth::ROUTES]),
        "github" => Some(&[github::ROUTES]),
        "hooks" => Some(&[hooks::ROUTES]),
        "index" => Some(&[index::ROUTES]),
        "object" => Some(&[object::ROUTES]),
        "queue" => Some(queue::ROUTES),
        "secrets" => Some(&[secrets::ROUTES]),
        "worker-manager" => Some(&[worker_manager::ROUTES]),
        _ => None,
    }
}

/// What every service answers, whoever asks.
const EVERYWHERE: &[Route] = &[
    Route::get("ping", "ping", |_| Ok(json!({"alive": true, "uptime": 476.766_962_987}).into())),
    Route::get("__heartbeat__", "heartbeat", |_| Ok(json!({}).into())),
    Route::get("__lbheartbeat__", "lbheartbeat", |_| Ok(json!({}).into())),
    Route::get("__version__", "version", |_| Ok(json!({"version": "v106.0.0"}).into())),
];

/// The answer to a request, with faults, and a note of it.
pub fn answer(shared: &Shared, request: &Request) -> Answer {
    let fault = shared.world().faults.take(request);
    let honest = || {
        let reply = reply(shared, request);
        let mut answer = reply
            .answer(request)
            .header("Date", &moment::http(shared.world().now()))
            .header("Cache-Control", "no-store no-cache must-revalidate")
            .header("x-for-request-id", &random::incident());
        if let Some(trace) = request.header("x-taskcluster-trace-id") {
            answer = answer.header("x-for-trace-id", trace);
        }
        answer
    };
    let later = fault.clone();
    let answer = match fault {
        None => honest(),
        Some(fault) => fault.applied(request, honest),
    };
    match later {
        Some(Fault::Clock(ahead)) => shared.world().ahead = ahead,
        Some(Fault::Cancel) => shared.world().cancel_what_runs(),
        _ => {}
    }
    shared.world().asked.push(Asked::new(request, answer.sent_status()));
    answer
}

fn reply(shared: &Shared, request: &Request) -> Reply {
    let path = request.path.split('?').next().unwrap_or_default();
    let Some((route, parameters)) = find(&request.method, path) else {
        return Reply::of(404, Content::Json(json!({"error": "Not found"})));
    };
    let patience = Instant::now() + shared.world().long_poll;
    loop {
        let mut world = shared.world();
        let reply = handled(&mut world, route, parameters.clone(), request);
        if !matches!(reply.content, Content::Later(_)) {
            // Who waits for work may have some now.
            shared.changed.notify_all();
            return reply;
        }
        let left = patience.saturating_duration_since(Instant::now());
        let (world, waited) = shared.changed.wait_timeout(world, left).unwrap();
        drop(world);
        if waited.timed_out() {
            return reply;
        }
    }
}

fn find(method: &str, path: &str) -> Option<(&'static Route, Vec<(&'static str, String)>)> {
    let (service, rest) = path.strip_prefix("/api/")?.split_once("/v1/")?;
    let verb = if method == "HEAD" { "GET" } else { method };
    let own = routes(service)?.iter().copied().flatten().chain(EVERYWHERE).filter(|route| route.verb == verb);
    own.map(|route| (route, route.parameters(rest))).find_map(|(route, found)| found.map(|found| (route, found)))
}

/// A body as the services read it.
enum Payload<'a> {
    Read(Value),
    /// There is one, but they do not look at it.
    Unread,
    Unparsable(&'a str, String),
    TooLarge,
}

fn payload(request: &Request) -> Payload<'_> {
    let media = request.header("content-type").unwrap_or_default().split(';').next().unwrap_or_default();
    if !media.trim().eq_ignore_ascii_case("application/json") || request.body.is_empty() {
        return Payload::Unread;
    }
    if request.body.len() > LARGEST_BODY {
        return Payload::TooLarge;
    }
    let text = std::str::from_utf8(&request.body).unwrap_or_default();
    match serde_json::from_str::<Value>(text) {
        Ok(value) if value.is_object() || value.is_array() => Payload::Read(value),
        Ok(_) => Payload::Unparsable(text, "Must be an object or array".to_owned()),
        Err(error) => Payload::Unparsable(text, error.to_string()),
    }
}

fn handled(world: &mut World, route: &Route, parameters: Vec<(&'static str, String)>, request: &Request) -> Reply {
    let now = world.now();
    world.queue_until(now);
    let (body, hashed): (Value, &[u8]) = match payload(request) {
        Payload::Read(body) => (body, &request.body),
        Payload::Unread => (json!({}), b""),
        unread => return unreadable(route, &parameters, &unread, now),
    };
    let query = request.path.split_once('?').map(|(_, query)| query).unwrap_or_default();
    let query: Vec<(String, String)> = serde_urlencoded::from_str(query).unwrap();
    let caller = authenticate(world, request, hashed, now);
    let mut call = Call { world, now, parameters, query: BTreeMap::new(), body, caller };
    let outcome = checked(&mut call, route, query, request).and_then(|()| (route.handler)(&mut call));
    outcome.unwrap_or_else(|refusal| refused(route, &call, &refusal))
}

/// Everything that is looked at before the handler is called.
fn checked(call: &mut Call, route: &Route, query: Vec<(String, String)>, request: &Request) -> Result<(), Refusal> {
    if let Asks::Path(templates) = route.asks {
        let filled = |template: &&str| {
            call.parameters
                .iter()
                .fold((*template).to_owned(), |scope, (name, value)| scope.replace(&format!("<{name}>"), value))
        };
        let required = match templates {
            [one] => Expression::Scope(filled(one)),
            several => Expression::all(several.iter().map(filled)),
        };
        call.authorize(&required)?;
    }
    Route::check_parameters(&call.parameters)?;
    route.check_query(&query)?;
    call.query = query.into_iter().collect();
    let Some((schema, kind)) = route.input else { return Ok(()) };
    let content_type = request.header("content-type");
    let media = content_type.unwrap_or_default().split(';').next().unwrap_or_default();
    let has_body = request.header("content-length").or(request.header("transfer-encoding")).is_some();
    if !media.trim().eq_ignore_ascii_case("application/json") || !has_body {
        return Err(Refusal::new(
            "MalformedPayload",
            format!(
                "Payload must be JSON with content-type: application/json got content-type: {}",
                content_type.unwrap_or("null")
            ),
        ));
    }
    if let Some(fill_in) = route.defaults {
        fill_in(&mut call.body);
    }
    let problems = kind.problems("data", &call.body);
    if problems.is_empty() { Ok(()) } else { Err(Refusal::schema(&call.world.schema(schema), &problems)) }
}

fn refused(route: &Route, call: &Call, refusal: &Refusal) -> Reply {
    let mut payload = call.body.clone();
    if let (Some(hidden), Some(fields)) = (route.hidden, payload.as_object_mut()) {
        fields.insert(hidden.to_owned(), "(OMITTED)".into());
    }
    let body = refusal.body(route.name, &call.parameters_json(), Some(&payload), call.now);
    let reply = Reply::of(refusal.status(), Content::Json(body));
    if refusal.status() == 401 { reply.header("www-authenticate", "hawk") } else { reply }
}

/// Routes that hide a field stumble over a body that they cannot hide it in: a defect of the services.
fn unreadable(route: &Route, parameters: &[(&'static str, String)], payload: &Payload, now: jiff::Timestamp) -> Reply {
    let (refusal, text, defect) = match payload {
        Payload::Unparsable(text, error) => (
            Refusal::new("MalformedPayload", format!("Failed to parse JSON: {error}")),
            Some(Value::from(*text)),
            route.hidden.map(|field| format!("TypeError: Cannot create property '{field}' on string '{text}'")),
        ),
        _ => (
            Refusal::internal("PayloadTooLargeError: request entity too large"),
            None,
            route.hidden.map(|field| format!("TypeError: Cannot set properties of undefined (setting '{field}')")),
        ),
    };
    if let Some(defect) = defect {
        return Reply::html_error(&defect);
    }
    let parameters: BTreeMap<_, _> = parameters.iter().cloned().collect();
    let body = refusal.body(route.name, &json!(parameters), text.as_ref(), now);
    Reply::of(refusal.status(), Content::Json(body))
}
