//! Which artifacts of a run are its log.

use serde_json::Value;

/// The artifacts of a log. Source: payloads of generic-worker and of docker-worker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogNames {
    /// While the run is running.
    pub live: String,
    /// What the worker uploads at the end.
    pub kept: String,
}

impl LogNames {
    #[must_use]
    pub fn of(payload: &Value) -> Self {
        let text = |at| payload.pointer(at).and_then(Value::as_str).filter(|name| !name.is_empty());
        let one = text("/log");
        let live = text("/logs/live").or(one).unwrap_or("public/logs/live.log").to_owned();
        let kept = match (text("/logs/backing"), one) {
            (Some(kept), _) => kept.to_owned(),
            (None, Some(one)) => backing(one),
            (None, None) => "public/logs/live_backing.log".to_owned(),
        };
        Self { live, kept }
    }
}

/// `a/b.log` is kept as `a/b_backing.log`. Source: d2g.
fn backing(live: &str) -> String {
    let file = live.rfind('/').map_or(0, |slash| slash + 1);
    let dot = live[file..].rfind('.').map_or(live.len(), |dot| file + dot);
    format!("{}_backing{}", &live[..dot], &live[dot..])
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_names_of_a_log_are_those_of_its_payload() {
        for (payload, live, kept) in [
            (json!({}), "public/logs/live.log", "public/logs/live_backing.log"),
            (json!({"logs": {"live": "a/l.txt", "backing": "a/b.txt"}}), "a/l.txt", "a/b.txt"),
            (json!({"logs": {"live": "a/l.txt"}}), "a/l.txt", "public/logs/live_backing.log"),
            (json!({"log": "apple/banana.log.txt"}), "apple/banana.log.txt", "apple/banana.log_backing.txt"),
            (json!({"log": "a.b/c"}), "a.b/c", "a.b/c_backing"),
            (json!({"log": 5, "logs": []}), "public/logs/live.log", "public/logs/live_backing.log"),
        ] {
            assert_eq!(LogNames::of(&payload), LogNames { live: live.into(), kept: kept.into() }, "{payload}");
        }
    }
}
