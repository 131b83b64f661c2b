//! Credentials, permanent and temporary: how a certificate is made, and how it is checked.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use super::{
    hawk, moment, random,
    scopes::{Expression, is_granted},
};

/// What a caller holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credentials {
    pub client_id: String,
    pub access_token: String,
    /// JSON, in a string, as it travels everywhere.
    pub certificate: Option<String>,
}

/// The certificate of temporary credentials; the order of its fields is that of the services.
#[derive(Debug, Clone, Serialize)]
pub struct Certificate {
    pub version: u8,
    pub scopes: Vec<String>,
    /// Milliseconds since 1970.
    pub start: i64,
    pub expiry: i64,
    pub seed: String,
    pub signature: String,
    /// Only of named credentials.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
}

impl Certificate {
    /// What the signature covers. Named credentials are bound to their name.
    fn signed(&self, client_id: &str) -> String {
        let named = self.issuer.iter().map(|issuer| format!("clientId:{client_id}\nissuer:{issuer}\n"));
        let times = format!("seed:{}\nstart:{}\nexpiry:{}\nscopes:\n", self.seed, self.start, self.expiry);
        format!("version:1\n{}{times}{}", named.collect::<String>(), self.scopes.join("\n"))
    }

    fn temporary_key(&self, token: &str) -> String {
        hawk::hmac(token, &self.seed).replace('+', "-").replace('/', "_").replace('=', "")
    }

    /// Reads what was sent, with the services' messages.
    fn parse(value: &Value) -> Result<Self, String> {
        let wrong = |what: &str| Err(format!("ext.certificate{what}"));
        let Some(fields) = value.as_object() else { return wrong(" must be a JSON object") };
        let field = |name: &str| fields.get(name).unwrap_or(&Value::Null);
        if field("version").as_i64() != Some(1) {
            return wrong(".version must be 1");
        }
        let Some(seed) = field("seed").as_str() else { return wrong(".seed must be a string") };
        if seed.len() != 44 {
            return wrong(".seed must be 44 characters");
        }
        let Some(start) = field("start").as_i64() else { return wrong(".start must be a number") };
        let Some(expiry) = field("expiry").as_i64() else { return wrong(".expiry must be a number") };
        let Some(scopes) = field("scopes").as_array() else { return wrong(".scopes must be an array") };
        let scopes: Option<Vec<String>> = scopes.iter().map(|scope| scope.as_str().map(str::to_owned)).collect();
        let Some(scopes) = scopes else { return wrong(".scopes must be an array of valid scopes") };
        let issuer = match field("issuer") {
            Value::Null => None,
            Value::String(issuer) => Some(issuer.clone()),
            _ => return wrong(".issuer must be a string"),
        };
        if issuer.is_none() && fields.contains_key("clientId") {
            return wrong(".clientId must only be used with ext.certificate.issuer");
        }
        let signature = field("signature").as_str().unwrap_or_default().to_owned();
        Ok(Self { version: 1, scopes, start, expiry, seed: seed.to_owned(), signature, issuer })
    }

    /// Checks it as the auth service does, in its order; gives the key that signs requests.
    fn check(&self, name: &str, issuer: &Issuer, now: Timestamp) -> Result<String, String> {
        let now = now.as_millisecond();
        let tolerance = i64::try_from(moment::minutes(5).as_millis()).unwrap();
        if self.start > now + tolerance {
            return Err("ext.certificate.start > now".to_owned());
        }
        if self.expiry < now - tolerance {
            return Err("ext.certificate.expiry < now".to_owned());
        }
        if self.expiry - self.start > i64::try_from(moment::days(31).as_millis()).unwrap() {
            return Err("ext.certificate cannot last longer than 31 days!".to_owned());
        }
        let create = format!("auth:create-client:{name}");
        if issuer.id != name && !is_granted(&issuer.scopes, &create) {
            let issuer = issuer.id;
            return Err(format!("ext.certificate issuer `{issuer}` doesn't have `{create}` for supplied clientId."));
        }
        if Expression::all(self.scopes.clone()).missing(&issuer.scopes).is_some() {
            return Err(format!(
                "ext.certificate issuer `{}` doesn't satisfy all certificate scopes {}.  The temporary credentials were \
                 not generated correctly.",
                issuer.id,
                self.scopes.join(", ")
            ));
        }
        if hawk::hmac(issuer.token, &self.signed(name)) != self.signature {
            let named = if self.issuer.is_some() { ", or wrong clientId provided" } else { "" };
            return Err(format!("ext.certificate.signature is not valid{named}"));
        }
        Ok(self.temporary_key(issuer.token))
    }
}

/// The permanent client behind a request.
pub struct Issuer<'a> {
    pub id: &'a str,
    pub token: &'a str,
    /// Expanded.
    pub scopes: Vec<String>,
}

/// What the `ext` of a signature says.
#[derive(Debug, Default)]
pub struct Ext {
    certificate: Option<Certificate>,
    authorized_scopes: Option<Vec<String>>,
}

/// Who asks, after all checks but that of the MAC.
pub struct Admitted {
    pub key: String,
    /// Not expanded yet.
    pub scopes: Vec<String>,
}

impl Ext {
    pub fn parse(ext: Option<&str>, name: &str) -> Result<Self, String> {
        use base64::Engine as _;
        let Some(ext) = ext else { return Ok(Self::default()) };
        let bytes = base64::prelude::BASE64_STANDARD.decode(ext).ok();
        let value: Option<Value> = bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok());
        let Some(value) = value else { return Err("Failed to parse ext".to_owned()) };
        let certificate = value.get("certificate").filter(|certificate| !certificate.is_null());
        let certificate = certificate.map(Certificate::parse).transpose()?;
        if certificate.as_ref().is_some_and(|certificate| certificate.issuer.as_deref() == Some(name)) {
            return Err("ext.certificate.issuer must differ from the supplied clientId".to_owned());
        }
        let authorized_scopes = match value.get("authorizedScopes") {
            None | Some(Value::Null) => None,
            Some(scopes) => match serde_json::from_value(scopes.clone()) {
                Ok(scopes) => Some(scopes),
                Err(_) if scopes.is_array() => {
                    return Err("ext.authorizedScopes must be an array of valid scopes".to_owned());
                }
                Err(_) => return Err("ext.authorizedScopes must be an array".to_owned()),
            },
        };
        Ok(Self { certificate, authorized_scopes })
    }

    /// Whose token signed this: the issuer's where there is one.
    pub fn issuer<'a>(&'a self, name: &'a str) -> &'a str {
        self.certificate.as_ref().and_then(|certificate| certificate.issuer.as_deref()).unwrap_or(name)
    }

    /// Applies it to the client it belongs to. `expand` is what roles do.
    pub fn admit(
        self,
        name: &str,
        issuer: Issuer,
        now: Timestamp,
        expand: impl Fn(&[String]) -> Vec<String>,
    ) -> Result<Admitted, String> {
        let (key, mut scopes) = match self.certificate {
            Some(certificate) => (certificate.check(name, &issuer, now)?, certificate.scopes),
            None => (issuer.token.to_owned(), issuer.scopes),
        };
        if let Some(authorized) = &self.authorized_scopes {
            scopes.push("assume:anonymous".to_owned());
            let has = expand(&scopes);
            if Expression::all(authorized.clone()).missing(&has).is_some() {
                return Err(format!(
                    "Supplied credentials do not satisfy authorizedScopes; credentials have scopes:\n\n```\n{}\n```\n\n\
                     authorizedScopes are:\n\n```\n{}\n```",
                    has.join("\n"),
                    authorized.join("\n")
                ));
            }
            scopes.clone_from(authorized);
        }
        Ok(Admitted { key, scopes })
    }
}

impl Credentials {
    pub fn new(client_id: &str, access_token: &str) -> Self {
        Self { client_id: client_id.to_owned(), access_token: access_token.to_owned(), certificate: None }
    }

    /// Those in an answer.
    pub fn given(answer: &Value) -> Self {
        let field = |name: &str| answer[name].as_str().unwrap().to_owned();
        let certificate = Some(field("certificate"));
        Self { client_id: field("clientId"), access_token: field("accessToken"), certificate }
    }

    /// Temporary credentials that these issue; those with a name are bound to it.
    pub fn temporary(&self, name: Option<&str>, scopes: &[&str], start: Timestamp, expiry: Timestamp) -> Self {
        self.temporary_with_seed(name, scopes, start, expiry, random::token())
    }

    fn temporary_with_seed(
        &self,
        name: Option<&str>,
        scopes: &[&str],
        start: Timestamp,
        expiry: Timestamp,
        seed: String,
    ) -> Self {
        let client_id = name.unwrap_or(&self.client_id);
        let mut certificate = Certificate {
            version: 1,
            scopes: scopes.iter().map(|&scope| scope.to_owned()).collect(),
            start: start.as_millisecond(),
            expiry: expiry.as_millisecond(),
            seed,
            signature: String::new(),
            issuer: name.map(|_| self.client_id.clone()),
        };
        certificate.signature = hawk::hmac(&self.access_token, &certificate.signed(client_id));
        Self {
            client_id: client_id.to_owned(),
            access_token: certificate.temporary_key(&self.access_token),
            certificate: Some(serde_json::to_string(&certificate).unwrap()),
        }
    }
}

/// As answers give credentials away.
impl Serialize for Credentials {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serde_json::json!({
            "clientId": self.client_id, "accessToken": self.access_token, "certificate": self.certificate,
        })
        .serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The vectors that the official clients share.
    #[test]
    fn certificates_are_those_of_the_official_clients() {
        let issuer = Credentials::new("def/ghi@XXX", "tokenABCDEFGH");
        let time = |text: &str| text.parse::<Timestamp>().unwrap();
        for (name, signature) in [
            (None, "45AlB/hKZZZz4Tf3NaidutasfgBnr4t2AxwBiGDQF9Q="),
            (Some("abc/def/ghi"), "nNEaLtZMiw627NuDbF5Z8HDFc57MGWCptXBQSYNFgBk="),
        ] {
            let made = issuer.temporary_with_seed(
                name,
                &["scope/asd:fhjdf/X", "scope/asd:fhjdf/XYZ*"],
                time("2015-08-07T16:26:51.744Z"),
                time("2015-08-08T16:26:51.744Z"),
                "JYR4wzMCTG6XeDS2cDUCMwH0RFUXGfQjK7LgqD-e6lSQ".to_owned(),
            );
            assert_eq!(made.access_token, "R4OVHWpIvy6KsqS4AWE51QwbvgLvsstS6e6UW8IfHUY");
            let certificate: Value = serde_json::from_str(&made.certificate.unwrap()).unwrap();
            assert_eq!(certificate["signature"], signature);
        }
    }
}
