//! Errors in the services' words: code, message with its trailer, and what was asked.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{moment, random, scopes::Expression};

/// A request that is not done.
#[derive(Debug, Clone)]
pub struct Refusal {
    pub code: &'static str,
    pub message: String,
}

impl Refusal {
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }

    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new("ResourceNotFound", message)
    }

    pub fn input(message: impl Into<String>) -> Self {
        Self::new("InputError", message)
    }

    pub fn conflict(message: impl Into<String>) -> Self {
        Self::new("RequestConflict", message)
    }

    pub fn unauthenticated(message: impl Into<String>) -> Self {
        Self::new("AuthenticationFailed", message)
    }

    /// A defect of the service, as development deployments show it.
    pub fn internal(error: &str) -> Self {
        let incident = random::incident();
        Self::new(
            "InternalServerError",
            format!(
                "Internal Server Error, incidentId {incident}. Error (not shown in production):\n```\n{error}\n```"
            ),
        )
    }

    /// 403; `missing` is told only to who showed credentials.
    pub fn scopes(client_id: Option<&str>, required: &Expression, missing: &Expression) -> Self {
        let required = required.text();
        let message = match client_id {
            Some(client) => format!(
                "Client ID {client} does not have sufficient scopes and is missing the following scopes:\n\n```\n{}\n```\n\n\
                 This request requires the client to satisfy the following scope expression:\n\n```\n{required}\n```",
                missing.text()
            ),
            None => format!(
                "This request requires Taskcluster credentials that satisfy the following scope expression:\n\n```\n\
                 {required}\n```"
            ),
        };
        Self::new("InsufficientScopes", message)
    }

    pub fn schema(schema: &str, problems: &[String]) -> Self {
        let problems: Vec<String> = problems.iter().map(|problem| format!("  * {problem}")).collect();
        Self::new(
            "InputValidationError",
            format!("\nSchema Validation Failed!\nRejecting Schema: {schema}\nErrors:\n{}", problems.join("\n")),
        )
    }

    pub fn status(&self) -> u16 {
        match self.code {
            "MalformedPayload" | "InvalidRequestArguments" | "InputValidationError" | "InputError" => 400,
            "AuthenticationFailed" => 401,
            "InsufficientScopes" => 403,
            "ResourceNotFound" => 404,
            "RequestConflict" => 409,
            "ResourceExpired" => 410,
            "InternalServerError" => 500,
            other => panic!("the services have no code {other}"),
        }
    }

    /// The message with the lines that every error ends in.
    pub fn full_message(&self, method: &str, now: Timestamp) -> String {
        format!(
            "{}\n\n---\n\n* method:     {method}\n* errorCode:  {}\n* statusCode: {}\n* time:       {}",
            self.message,
            self.code,
            self.status(),
            moment::text(now)
        )
    }

    /// The body. `payload` is `None` where the service never read one.
    pub fn body(&self, method: &str, params: &Value, payload: Option<&Value>, now: Timestamp) -> Value {
        let mut info = json!({"method": method, "params": params, "time": moment::text(now)});
        if let Some(payload) = payload {
            info["payload"] = payload.clone();
        }
        json!({"code": self.code, "message": self.full_message(method, now), "requestInfo": info})
    }
}
