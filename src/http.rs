//! The one way this program makes an HTTPS client of its own: rustls on ring, the system's
//! certificates, proxies from the environment (`HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY`, `NO_PROXY`).

use std::time::Duration;

use reqwest::{Client, ClientBuilder, Url};

/// How long a connection may take to come about.
const CONNECT: Duration = Duration::from_secs(20);

/// Has rustls do its cryptography by ring. Whoever has a library make a client of its own asks for this first: without
/// it making one panics.
pub fn provide() {
    // Fails where a provider is set already, which then is this one: no other is compiled in.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// Begins a client; `silence` is how long the other end may send nothing before it is given up.
pub fn client(silence: Duration) -> ClientBuilder {
    provide();
    Client::builder()
        .connect_timeout(CONNECT)
        .read_timeout(silence)
        .user_agent(concat!("huifang/", env!("CARGO_PKG_VERSION")))
}

/// Whether a text is the address of a site: `https` or `http` and a host, and neither a user, a query nor a fragment,
/// behind which nothing could be added.
pub fn is_site(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| {
        let alone = url.username().is_empty() && url.password().is_none();
        matches!(url.scheme(), "https" | "http")
            && url.has_host()
            && alone
            && url.query().is_none()
            && url.fragment().is_none()
    })
}

/// Says why a request failed, down to the first cause: reqwest's own words stop at "error sending request".
/// The address is left out; whoever reports the error names it, without what may be secret in it.
pub fn reason(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut said = error.to_string();
    let mut cause = std::error::Error::source(&error);
    while let Some(inner) = cause {
        let words = inner.to_string();
        if !said.contains(&words) {
            said.push_str(": ");
            said.push_str(&words);
        }
        cause = inner.source();
    }
    said
}
