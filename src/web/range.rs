//! Stored bytes with seeking: `Range` requests, a fixed type, never sniffed.

use axum::body::Body;
use axum::http::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, RANGE,
};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;

/// Answers with a file or the part of it that was asked for.
///
/// Players ask for one range at a time (RFC 9110, 14.2); of several the whole is sent, which is allowed.
pub(super) fn serve(content_type: &str, bytes: Bytes, asked: &HeaderMap) -> Response {
    let total = bytes.len();
    let range = asked.get(RANGE).and_then(|range| range.to_str().ok());
    let fixed = [
        (CONTENT_TYPE, content_type.to_owned()),
        (ACCEPT_RANGES, "bytes".to_owned()),
        (CONTENT_DISPOSITION, "inline".to_owned()),
        (CACHE_CONTROL, "private, max-age=3600".to_owned()),
    ];
    match range.map(|range| part_of(range, total)) {
        Some(Part::Of(first, last)) => {
            let part = bytes.slice(first..=last);
            let about =
                [(CONTENT_RANGE, format!("bytes {first}-{last}/{total}")), (CONTENT_LENGTH, part.len().to_string())];
            (StatusCode::PARTIAL_CONTENT, fixed, about, Body::from(part)).into_response()
        }
        Some(Part::Outside) => {
            (StatusCode::RANGE_NOT_SATISFIABLE, [(CONTENT_RANGE, format!("bytes */{total}"))]).into_response()
        }
        Some(Part::Whole) | None => (fixed, Body::from(bytes)).into_response(),
    }
}

#[derive(Debug, PartialEq)]
enum Part {
    Whole,
    /// First and last byte.
    Of(usize, usize),
    Outside,
}

fn part_of(range: &str, total: usize) -> Part {
    let Some((first, last)) = range.strip_prefix("bytes=").and_then(|range| range.split_once('-')) else {
        return Part::Whole;
    };
    let end = total.saturating_sub(1);
    match (first.trim().parse::<usize>(), last.trim().parse::<usize>()) {
        (Ok(first), Ok(last)) if first <= last && first < total => Part::Of(first, last.min(end)),
        (Ok(first), Err(_)) if last.trim().is_empty() && first < total => Part::Of(first, end),
        (Err(_), Ok(last)) if first.trim().is_empty() && last > 0 && total > 0 => {
            Part::Of(total.saturating_sub(last), end)
        }
        (Ok(first), _) if first >= total => Part::Outside,
        _ => Part::Whole,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_as_players_ask_for_them() {
        assert_eq!(part_of("bytes=0-", 10), Part::Of(0, 9));
        assert_eq!(part_of("bytes=2-4", 10), Part::Of(2, 4));
        assert_eq!(part_of("bytes=2-400", 10), Part::Of(2, 9));
        assert_eq!(part_of("bytes=-3", 10), Part::Of(7, 9));
        assert_eq!(part_of("bytes=-30", 10), Part::Of(0, 9));
        assert_eq!(part_of("bytes=10-", 10), Part::Outside);
        assert_eq!(part_of("bytes=0-", 0), Part::Outside);
        for odd in ["bytes=4-2", "bytes=0-1,3-4", "bytes=-", "items=0-1", "bytes=a-b", "bytes=-0"] {
            assert_eq!(part_of(odd, 10), Part::Whole, "{odd}");
        }
    }

    #[test]
    fn a_part_says_where_it_belongs() {
        let mut asked = HeaderMap::new();
        asked.insert(RANGE, "bytes=1-2".parse().unwrap());
        let answer = serve("audio/ogg", Bytes::from_static(b"abcd"), &asked);
        assert_eq!(answer.status(), StatusCode::PARTIAL_CONTENT);
        assert_eq!(answer.headers()[CONTENT_RANGE], "bytes 1-2/4");
        assert_eq!(answer.headers()[CONTENT_TYPE], "audio/ogg");
    }
}
