//! Where this channel may connect to: the world outside, over https. Addresses come from other
//! people (the url of a photo), so a name is looked up, every address it has is judged, and the
//! connection goes to the addresses that were judged and to no other (protocols §6.1, SSRF).

use std::error::Error;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use reqwest::Url;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// Why an address is not used. It is not repeated: a path may hold a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Forbidden {
    #[error("not an address such as https://app.example.com/path")]
    NoAddress,
    #[error("only https:// is used (allow_private = true in [http] lifts that)")]
    NotHttps,
    #[error("a user name or password in an address is not used")]
    Credentials,
    #[error("it leads into a private or local network (allow_private = true in [http] lifts that)")]
    Private,
}

impl Forbidden {
    /// Finds it among the causes of a failed request.
    pub fn behind(error: &reqwest::Error) -> Option<Forbidden> {
        let mut cause = Error::source(error);
        while let Some(inner) = cause {
            if let Some(forbidden) = inner.downcast_ref::<Forbidden>() {
                return Some(*forbidden);
            }
            cause = inner.source();
        }
        None
    }
}

/// Judges addresses, and looks names up for the client.
#[derive(Debug, Clone, Copy)]
pub struct Guard {
    /// Private networks and plain http as well: for a test, or an app on the same machine.
    pub allow_private: bool,
}

impl Guard {
    /// Reads an address that is written down, as far as it can be judged without looking a name up.
    ///
    /// # Errors
    /// Why it is not used.
    pub fn read(self, written: &str) -> Result<Url, Forbidden> {
        let url = Url::parse(written).map_err(|_| Forbidden::NoAddress)?;
        let https = url.scheme() == "https";
        if !https && url.scheme() != "http" || !url.has_host() {
            return Err(Forbidden::NoAddress);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Forbidden::Credentials);
        }
        if self.allow_private {
            return Ok(url);
        }
        if !https {
            return Err(Forbidden::NotHttps);
        }
        // A number in the address is never looked up; `Url` has read every way of writing one.
        let host = url.host_str().unwrap_or_default();
        let literal = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>().ok();
        match literal {
            Some(ip) if !is_public(ip) => Err(Forbidden::Private),
            _ => Ok(url),
        }
    }

    async fn look_up(self, name: String) -> Result<Addrs, Box<dyn Error + Send + Sync>> {
        let found: Vec<SocketAddr> = tokio::net::lookup_host((name, 0)).await?.collect();
        // One address inside is enough: no honest name has both.
        if !self.allow_private && found.iter().any(|address| !is_public(address.ip())) {
            return Err(Forbidden::Private.into());
        }
        Ok(Box::new(found.into_iter()))
    }
}

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(self.look_up(name.as_str().to_owned()))
    }
}

/// Returns whether an address lies in the world outside (the IANA registries of special-purpose
/// addresses), and is not one under which clouds serve their machines' secrets.
pub fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => is_public_v6(ip),
    }
}

fn is_public_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    let special = match (a, b, c) {
        // This network, private, loopback, link-local (metadata of most clouds), multicast and reserved.
        (0 | 10 | 127 | 224.., ..) | (169, 254, _) | (172, 16..=31, _) | (192, 168, _) => true,
        // Carriers' own (metadata of Alibaba Cloud: 100.100.100.200).
        (100, 64..=127, _) => true,
        // Protocol assignments (metadata of Oracle's), documentation, relays, benchmarks.
        (192, 0, 0 | 2) | (192, 88, 99) | (198, 18 | 19, _) | (198, 51, 100) | (203, 0, 113) => true,
        _ => false,
    };
    // Public by its number, but the wire server inside Azure.
    !special && ip != Ipv4Addr::new(168, 63, 129, 16)
}

fn is_public_v6(ip: Ipv6Addr) -> bool {
    match ip.segments() {
        [0, 0, 0, 0, 0, 0xffff, ..] => ip.to_ipv4_mapped().is_some_and(is_public_v4),
        // A network that has IPv6 alone reaches IPv4 so (RFC 6052).
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => is_public_v4(Ipv4Addr::from(u32::from(high) << 16 | u32::from(low))),
        // Tunnels and assignments (2001::/23, 6to4), documentation.
        [0x2001, 0..=0x1ff | 0xdb8, ..] | [0x2002, ..] | [0x3fff, 0..=0xfff, ..] => false,
        // Everything else that is routed.
        [first, ..] => first & 0xe000 == 0x2000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUTSIDE: Guard = Guard { allow_private: false };

    #[test]
    fn numbers_inside_are_refused_however_they_are_written() {
        for host in [
            "127.0.0.1",
            "127.1",
            "2130706433",
            "0x7f.1",
            "0177.0.0.1",
            "0",
            "0.0.0.0",
            "10.1.2.3",
            "172.31.255.255",
            "192.168.0.1",
            "169.254.169.254",
            "100.100.100.200",
            "192.0.0.192",
            "168.63.129.16",
            "198.18.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "[::]",
            "[::1]",
            "[::ffff:127.0.0.1]",
            "[::ffff:a9fe:a9fe]",
            "[::127.0.0.1]",
            "[fe80::1]",
            "[fd00:ec2::254]",
            "[fc00::1]",
            "[ff02::1]",
            "[64:ff9b::10.0.0.1]",
            "[64:ff9b:1::1]",
            "[2002:7f00:1::]",
            "[2001::1]",
            "[2001:db8::1]",
            "[3fff::1]",
            "[fec0::1]",
        ] {
            assert_eq!(OUTSIDE.read(&format!("https://{host}/x")), Err(Forbidden::Private), "{host}");
            assert!(Guard { allow_private: true }.read(&format!("http://{host}:8080/x")).is_ok(), "{host}");
        }
    }

    #[test]
    fn the_world_outside_is_not() {
        for host in [
            "app.example.com",
            "1.1.1.1",
            "172.32.0.1",
            "172.15.255.255",
            "100.128.0.1",
            "192.0.1.1",
            "223.255.255.255",
            "[2606:4700:4700::1111]",
            "[64:ff9b::1.1.1.1]",
            "[::ffff:1.1.1.1]",
            "[2400:3200::1]",
            "应用.example.cn",
        ] {
            assert!(OUTSIDE.read(&format!("https://{host}/x?y")).is_ok(), "{host}");
        }
    }

    #[test]
    fn what_is_no_https_address_is_refused() {
        assert_eq!(OUTSIDE.read("http://app.example.com/"), Err(Forbidden::NotHttps));
        assert_eq!(OUTSIDE.read("https://me:hunter2@app.example.com/"), Err(Forbidden::Credentials));
        for written in ["", "app.example.com", "ftp://app.example.com", "file:///etc/passwd", "https://", "data:,x"] {
            assert_eq!(OUTSIDE.read(written), Err(Forbidden::NoAddress), "{written}");
        }
    }

    #[tokio::test]
    async fn a_name_that_leads_inside_is_refused_when_it_is_looked_up() {
        let error = OUTSIDE.look_up("localhost".to_owned()).await.err().unwrap();
        assert_eq!(error.downcast_ref(), Some(&Forbidden::Private));
        let inside = Guard { allow_private: true }.look_up("localhost".to_owned()).await.unwrap();
        assert!(inside.into_iter().all(|address| address.ip().is_loopback()));
    }
}
