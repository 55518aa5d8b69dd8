//! Cookies: read from a request, written with every protection the address allows.

use axum::http::HeaderMap;
use axum::http::header::COOKIE;

/// Returns the value of a cookie.
pub(super) fn read<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|header| header.to_str().ok())
        .flat_map(|header| header.split(';'))
        .find_map(|pair| {
            let (key, value) = pair.trim().split_once('=')?;
            (key == name).then_some(value)
        })
}

/// Writes a `Set-Cookie` header that scripts cannot read and that forms of other sites do not
/// carry; links of other sites do, as those in a QR code must. 0 seconds remove the cookie.
pub(super) fn write(name: &str, value: &str, seconds: u32, secure: bool) -> String {
    let secure = if secure { "; Secure" } else { "" };
    format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_found_among_others_and_only_by_its_whole_name() {
        let mut headers = HeaderMap::new();
        headers.append(COOKIE, "a=1; session=abc; b=2".parse().unwrap());
        headers.append(COOKIE, "c=3".parse().unwrap());
        assert_eq!(read(&headers, "session"), Some("abc"));
        assert_eq!(read(&headers, "c"), Some("3"));
        assert_eq!(read(&headers, "sess"), None);
    }

    #[test]
    fn a_cookie_on_https_is_secure() {
        assert_eq!(write("s", "v", 60, true), "s=v; Path=/; Max-Age=60; HttpOnly; SameSite=Lax; Secure");
    }
}
