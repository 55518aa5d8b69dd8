//! Where a request comes from, for counting failed log-ins by.
//!
//! Anybody can write `X-Forwarded-For`; what counts in it is what proxies of ours have appended
//! (`[server] trusted_proxies`): each entry was seen by whoever stands to the right of it.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::HeaderMap;
use axum::http::request::Parts;
use ipnet::IpNet;
use serde::Deserialize;

use super::Web;

/// The header by which a proxy says for whom it asks.
const FORWARDED_FOR: &str = "x-forwarded-for";

/// The proxies that are believed, as addresses and networks; as shipped, this machine alone.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Listed")]
pub struct TrustedProxies(Vec<IpNet>);

/// A list, or as a variable gives it: one text with commas.
#[derive(Deserialize)]
#[serde(untagged)]
enum Listed {
    Text(String),
    List(Vec<String>),
}

impl TryFrom<Listed> for TrustedProxies {
    type Error = String;

    fn try_from(listed: Listed) -> Result<TrustedProxies, String> {
        let network = |text: &str| {
            let network = text.parse().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
            network.map_err(|_| format!("expected addresses or networks such as \"10.0.0.0/8\", not {text:?}"))
        };
        let texts = match listed {
            Listed::Text(text) => text.split(',').map(|text| text.trim().to_owned()).collect(),
            Listed::List(texts) => texts,
        };
        texts
            .iter()
            .filter(|text| !text.is_empty())
            .map(|text| network(text))
            .collect::<Result<_, _>>()
            .map(TrustedProxies)
    }
}

impl TrustedProxies {
    fn include(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }

    /// Returns who asked: the other end of the connection, or as long as that is one of ours, whom it
    /// asked for.
    fn origin(&self, socket: IpAddr, headers: &HeaderMap) -> IpAddr {
        let lines = headers.get_all(FORWARDED_FOR).iter().filter_map(|line| line.to_str().ok());
        let entries: Vec<_> = lines.flat_map(|line| line.split(',')).collect();
        let mut from = socket.to_canonical();
        for entry in entries.into_iter().rev() {
            let Some(before) = address(entry).filter(|_| self.include(from)) else { break };
            from = before;
        }
        from
    }
}

/// An address as proxies write it, some with a port.
fn address(entry: &str) -> Option<IpAddr> {
    let entry = entry.trim();
    let parsed = entry.parse().or_else(|_| entry.parse().map(|socket: SocketAddr| socket.ip()));
    parsed.ok().map(|address| address.to_canonical())
}

/// The address a request comes from, or nothing where there is no connection.
pub(super) struct Peer(pub(super) String);

impl FromRequestParts<Web> for Peer {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Peer, Infallible> {
        let socket = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(address)| address.ip());
        let origin = socket.map(|socket| web.trusted_proxies.origin(socket, &parts.headers));
        Ok(Peer(origin.map(|address| address.to_string()).unwrap_or_default()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(socket: &str, forwarded: &[&str]) -> String {
        let proxies = TrustedProxies::try_from(Listed::Text("127.0.0.0/8, ::1, 10.0.0.0/8".to_owned())).unwrap();
        let lines = forwarded.iter().map(|line| (FORWARDED_FOR.parse().unwrap(), line.parse().unwrap()));
        proxies.origin(socket.parse().unwrap(), &lines.collect()).to_string()
    }

    #[test]
    fn whoever_connects_without_a_proxy_of_ours_cannot_say_they_are_somebody_else() {
        assert_eq!(origin("7.7.7.7", &["1.2.3.4"]), "7.7.7.7");
        assert_eq!(origin("::ffff:7.7.7.7", &[]), "7.7.7.7");
    }

    #[test]
    fn a_proxy_of_ours_says_for_whom_it_asks_and_what_stands_before_that_is_not_believed() {
        assert_eq!(origin("127.0.0.1", &["1.2.3.4"]), "1.2.3.4");
        assert_eq!(origin("::ffff:127.0.0.1", &["9.9.9.9, 1.2.3.4:5050"]), "1.2.3.4");
        assert_eq!(origin("::1", &["9.9.9.9", "2001:db8::7"]), "2001:db8::7");
        assert_eq!(
            origin("127.0.0.1", &["9.9.9.9, 1.2.3.4, 10.1.1.1"]),
            "1.2.3.4",
            "two of ours, one behind the other"
        );
    }

    #[test]
    fn where_a_proxy_says_nothing_that_can_be_read_it_counts_itself() {
        assert_eq!(origin("127.0.0.1", &[]), "127.0.0.1");
        assert_eq!(origin("127.0.0.1", &["1.2.3.4, unknown"]), "127.0.0.1");
        assert_eq!(origin("127.0.0.1", &["10.1.1.2, 10.1.1.1"]), "10.1.1.2", "somebody of our own network");
    }
}
