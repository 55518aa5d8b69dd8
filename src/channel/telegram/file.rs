//! Files that lie with Telegram: `getFile`, then a download (protocols §3.5, §3.7).

use std::time::Duration;

use bytes::Bytes;
use reqwest::StatusCode;
use serde::Deserialize;
use teloxide::payloads::GetFile;
use teloxide::types::FileId;

use super::api::{Api, ReadError, read_up_to};
use super::{CALL, fault};
use crate::channel::FetchError;
use crate::domain::media::MOST_MEGABYTES;
use crate::http;

/// How long the download of one file may take.
const DOWNLOAD: Duration = Duration::from_secs(5 * 60);
/// The largest file that is taken, in bytes.
const LARGEST: usize = MOST_MEGABYTES * 1024 * 1024;

/// Where a file lies. teloxide's own type wants a path, which the Bot API need not give.
#[derive(Deserialize)]
struct Place {
    file_path: Option<String>,
    file_size: Option<u64>,
}

pub(super) async fn fetch(api: &Api, id: &str) -> Result<Bytes, FetchError> {
    let asked = GetFile::new(FileId(id.to_owned()));
    let place: Place = api.call(&asked, CALL).await.map_err(fault::of_fetching)?;
    if place.file_size.is_some_and(|size| size > LARGEST as u64) {
        return Err(FetchError::TooLarge);
    }
    let Some(path) = place.file_path else {
        return Err(FetchError::Gone("Telegram names no place where the file lies".to_owned()));
    };
    let local = path.starts_with('/');
    let Some(path) = path_at_server(&path, api.token().expose()) else { return Err(on_disk(api)) };
    let response = api.download(path, DOWNLOAD).await.map_err(|error| later(error.to_string()))?;
    match response.status() {
        StatusCode::OK => {}
        // The place was named a moment ago.
        StatusCode::NOT_FOUND if local => return Err(on_disk(api)),
        StatusCode::NOT_FOUND | StatusCode::GONE => {
            return Err(FetchError::Gone("Telegram does not have the file any more".to_owned()));
        }
        status => return Err(later(format!("{} answered HTTP {status} to a download", api.host()))),
    }
    read_up_to(response, LARGEST).await.map_err(|error| match error {
        ReadError::TooLarge => FetchError::TooLarge,
        ReadError::Broken(error) => later(format!("a download broke off: {}", http::reason(error))),
    })
}

/// Returns the path below `/file/bot<token>/`. A Bot API server of one's own that was started with
/// `--local` names places on its own disk: what stands behind the bot's directory is the path.
fn path_at_server<'p>(path: &'p str, token: &str) -> Option<&'p str> {
    let relative = if path.starts_with('/') { path.split_once(&format!("/{token}/"))?.1 } else { path };
    let plain = |part: &str| !part.is_empty() && part != "." && part != "..";
    relative.split('/').all(plain).then_some(relative)
}

fn on_disk(api: &Api) -> FetchError {
    later(format!(
        "{} keeps its files on its own disk (--local): have a web server there hand out its --dir under \
         /file/bot<token>/, or start it without --local",
        api.host()
    ))
}

fn later(reason: String) -> FetchError {
    FetchError::Later { wait: None, reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_on_a_local_servers_disk_becomes_a_path_below_its_address() {
        assert_eq!(path_at_server("voice/file_0.oga", "1:a"), Some("voice/file_0.oga"));
        assert_eq!(path_at_server("/var/lib/tba/1:a/voice/file_0.oga", "1:a"), Some("voice/file_0.oga"));
        assert_eq!(path_at_server("/var/lib/tba/2:b/voice/file_0.oga", "1:a"), None);
        assert_eq!(path_at_server("voice/../../secret", "1:a"), None);
        assert_eq!(path_at_server("", "1:a"), None);
    }
}
