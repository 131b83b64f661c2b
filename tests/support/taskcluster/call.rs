//! A request that was routed, as handlers see it: the world, the parameters, the body, and who asks.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    credentials::{Ext, Issuer},
    hawk::{Signature, Target, payload_hash},
    paging::{self, Page},
    refusal::Refusal,
    scopes::Expression,
    world::World,
};
use crate::support::http::Request;

/// Who asks.
#[derive(Debug, Clone)]
pub struct Caller {
    /// `None` without credentials.
    pub client_id: Option<String>,
    /// Expanded.
    pub scopes: Vec<String>,
}

pub struct Call<'w> {
    pub world: &'w mut World,
    pub now: Timestamp,
    pub parameters: Vec<(&'static str, String)>,
    pub query: BTreeMap<String, String>,
    pub body: Value,
    /// The error is what a 401 says. Routes that ask for nothing never look here.
    pub caller: Result<Caller, String>,
}

impl Call<'_> {
    pub fn parameter(&self, name: &str) -> &str {
        self.parameters.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str()).unwrap()
    }

    pub fn parameters_json(&self) -> Value {
        json!(self.parameters.iter().map(|(name, value)| (*name, value)).collect::<BTreeMap<_, _>>())
    }

    /// A string in the body, which the schema has asked for.
    pub fn text(&self, field: &str) -> &str {
        self.body[field].as_str().unwrap()
    }

    /// A time in the body, which the schema has asked for.
    pub fn time(&self, field: &str) -> Timestamp {
        super::moment::parse(self.text(field)).unwrap()
    }

    pub fn authorize(&self, required: &Expression) -> Result<(), Refusal> {
        authorize(&self.caller, required)
    }

    /// For histories: who did this.
    pub fn client_id(&self) -> String {
        let named = self.caller.as_ref().ok().and_then(|caller| caller.client_id.clone());
        named.unwrap_or_else(|| "auth-failed:no-auth".to_owned())
    }

    /// A page of these rows. `schema` is that of the answer.
    pub fn page<T>(&self, rows: Vec<T>, schema: &str) -> Result<Page<T>, Refusal> {
        paging::by_offset(rows, &self.query, self.world.pages, &self.world.schema(schema))
    }
}

/// This caller satisfies the expression, or 401 or 403.
pub fn authorize(caller: &Result<Caller, String>, required: &Expression) -> Result<(), Refusal> {
    let caller = caller.as_ref().map_err(|message| Refusal::unauthenticated(message.clone()))?;
    match required.missing(&caller.scopes) {
        None => Ok(()),
        Some(missing) => Err(Refusal::scopes(caller.client_id.as_deref(), required, &missing)),
    }
}

/// Who sent this, after all of Hawk's checks and those of certificates; the error is what a 401 says.
pub fn authenticate(world: &World, request: &Request, hashed: &[u8], now: Timestamp) -> Result<Caller, String> {
    let header = request.header("authorization");
    let (path, bewit) = without_bewit(&request.path);
    if header.is_some() && bewit.is_some() {
        return Err("Cannot use two authentication schemes at once this request has both bewit in querystring and \
                    'authorization' header"
            .to_owned());
    }
    let host = request.header("host").unwrap_or_default();
    let (host, port) = host.split_once(':').unwrap_or((host, "80"));
    let forwarded = request.header("x-forwarded-port");
    let secure = request.header("x-forwarded-proto").filter(|proto| *proto == "https").map(|_| "443");
    let port = forwarded.or(secure).unwrap_or(port).parse().unwrap_or(0);
    let target = |resource| Target { method: &request.method, resource, host, port };
    let (signature, kind) = match (header, bewit) {
        (None, None) => return Ok(world.caller(None, Vec::new())),
        (Some(header), _) => (Signature::parse(header)?, "header"),
        (None, Some(_)) if !matches!(request.method.as_str(), "GET" | "HEAD") => {
            return Err("Unauthorized: Invalid method".to_owned());
        }
        (None, Some(bewit)) => (Signature::parse_bewit(bewit, now)?, "bewit"),
    };
    let ext = Ext::parse(signature.ext.as_deref(), &signature.id)?;
    let id = ext.issuer(&signature.id).to_owned();
    let client = world.client(&id, now)?;
    let issuer = Issuer { id: &id, token: &client.token, scopes: world.expanded(&client.scopes) };
    let admitted = ext.admit(&signature.id, issuer, now, |scopes| world.expanded(scopes))?;
    if kind == "bewit" {
        let target = Target { method: "GET", ..target(&path) };
        if signature.expected(kind, &admitted.key, &target) != signature.mac {
            return Err("Unauthorized: Bad mac".to_owned());
        }
    } else {
        signature.check(&admitted.key, &target(&request.path), now)?;
        let computed = payload_hash(request.header("content-type").unwrap_or_default(), hashed);
        if signature.hash.is_some_and(|hash| hash != computed) {
            return Err(format!(
                "Invalid payload hash: {{{{hash}}}}\nComputed payload hash: {computed}\nThis happens when your request \
                 carries a signed hash of the payload and the hash doesn't match the hash we've computed on the \
                 server-side."
            ));
        }
    }
    Ok(world.caller(Some(signature.id), admitted.scopes))
}

/// The path as it was before the bewit was added, and the bewit.
fn without_bewit(path: &str) -> (String, Option<&str>) {
    let Some((start, query)) = path.split_once('?') else { return (path.to_owned(), None) };
    let (bewits, others): (Vec<&str>, Vec<&str>) = query.split('&').partition(|pair| pair.starts_with("bewit="));
    let joined = if others.is_empty() { start.to_owned() } else { format!("{start}?{}", others.join("&")) };
    (joined, bewits.first().and_then(|pair| pair.strip_prefix("bewit=")))
}
