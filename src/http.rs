//! The one way this program makes an HTTPS client of its own: rustls on ring, the system's
//! certificates, proxies from the environment (`HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY`, `NO_PROXY`).

use std::time::Duration;

use reqwest::{Client, ClientBuilder};

/// How long a connection may take to come about.
const CONNECT: Duration = Duration::from_secs(20);

/// Begins a client; `silence` is how long the other end may send nothing before it is given up.
pub fn client(silence: Duration) -> ClientBuilder {
    // Fails where a provider is set already, which then is this one: no other is compiled in.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder()
        .connect_timeout(CONNECT)
        .read_timeout(silence)
        .user_agent(concat!("huifang/", env!("CARGO_PKG_VERSION")))
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
