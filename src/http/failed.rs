//! Why a request got no answer, in one line, and whether it may be tried again.

use std::{error::Error, io};

/// A request that got no whole answer.
pub struct Failed {
    pub why: String,
    /// A connection that could not be made or broke: likely to pass.
    pub passing: bool,
}

impl Failed {
    /// Addresses are left out: a redirect's may hold a signature.
    pub fn from(error: reqwest::Error) -> Self {
        let error = error.without_url();
        if error.is_timeout() {
            let why = if error.is_connect() { "no connection was made in time" } else { "it did not answer in time" };
            return Self { why: why.to_owned(), passing: error.is_connect() };
        }
        let mut cause: &(dyn Error + 'static) = &error;
        let mut tls = false;
        while let Some(deeper) = deeper(cause) {
            cause = deeper;
            tls |= cause.is::<rustls::Error>();
        }
        let why = if tls { format!("TLS: {cause}") } else { cause.to_string() };
        let passing = !tls && (error.is_connect() || error.is_request() || error.is_body() || error.is_decode());
        Self { why: crate::log::sanitise::plain(&why), passing }
    }
}

/// The cause below, also inside an `io::Error`, whose `source()` skips what it wraps.
fn deeper<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    let wrapped = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
    wrapped.map(|inner| inner as &(dyn Error + 'static)).or_else(|| error.source())
}
