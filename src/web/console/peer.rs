//! Where a request comes from, for throttling. Headers of proxies are not believed: anybody can
//! write them.

use std::convert::Infallible;
use std::net::SocketAddr;

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::request::Parts;

/// The address of the other end of the connection, or nothing where there is no connection.
pub(super) struct Peer(pub(super) String);

impl<S: Sync> FromRequestParts<S> for Peer {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Peer, Infallible> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        Ok(Peer(peer.map(|ConnectInfo(address)| address.ip().to_string()).unwrap_or_default()))
    }
}
