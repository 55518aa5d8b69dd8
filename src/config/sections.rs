//! The sections of `huifang.toml` and what their keys may hold. What each key means is written
//! for the operator in `huifang.example.toml`; this says what the program makes of it.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use jiff::civil;
use jiff::tz::TimeZone;
use serde::Deserialize;
use serde::de::{Deserializer, Error};

use crate::domain::alert::Rule;
use crate::domain::alert::reach::Way;
use crate::domain::language::Language;
use crate::domain::secret::Secret;
use crate::http;
use crate::models::Labels;
use crate::tagging::Judges;
use crate::web::TrustedProxies;

/// `[server]`: how the service is reached.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServerConfig {
    #[serde(deserialize_with = "address")]
    pub listen: SocketAddr,
    #[serde(default, deserialize_with = "site")]
    pub public_url: Option<String>,
    pub trusted_proxies: TrustedProxies,
}

impl ServerConfig {
    /// Returns how people reach the server, without a slash at the end: `public_url`, else plain
    /// HTTP on the listening address.
    pub fn public_url(&self) -> String {
        self.public_url.clone().unwrap_or_else(|| format!("http://{}", self.listen))
    }

    /// Returns what keeps others from following a link to the server; `None` if nothing does that is known here.
    pub fn unreachable(&self) -> Option<&'static str> {
        match &self.public_url {
            None => Some("is not set"),
            Some(url) if is_this_machine(host_and_path(url).0) => Some("is reached from this machine alone"),
            Some(_) => None,
        }
    }

    /// Whether `public_url` names a place below the root of its host, where no page of ours stands.
    pub fn has_path(&self) -> bool {
        self.public_url.as_ref().is_some_and(|url| !host_and_path(url).1.is_empty())
    }
}

/// Returns the host of a web address with its port, and what follows the slash after it.
fn host_and_path(url: &str) -> (&str, &str) {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split_once('/').unwrap_or((rest, ""))
}

/// Whether a host, with its port or without, is an address of this machine that no other one reaches.
fn is_this_machine(host: &str) -> bool {
    let name = match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, _)) => address,
        None => host.split_once(':').map_or(host, |(name, _)| name),
    };
    let local = |address: IpAddr| address.is_loopback() || address.is_unspecified();
    name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok_and(local)
}

/// `[database]`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatabaseConfig {
    pub url: DatabaseUrl,
}

/// `sqlite:FILE` or `postgres://…`. Shows itself without the password.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct DatabaseUrl(String);

impl DatabaseUrl {
    /// Returns the whole URL, password included: for the connection only.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for DatabaseUrl {
    type Error = String;

    fn try_from(url: String) -> Result<DatabaseUrl, String> {
        let file = url.strip_prefix("sqlite:").filter(|file| !file.is_empty());
        if let Some((file, _)) = file.and_then(|file| file.split_once('?')) {
            return Err(format!(
                "sqlite: takes no parameters: write sqlite:{file} alone (the file is made when absent)"
            ));
        }
        if file.is_some_and(|file| file.trim_start_matches('/') == ":memory:") {
            return Err("a database in memory forgets everything: write sqlite:FILE".to_owned());
        }
        if file.is_some() || url.starts_with("postgres://") || url.starts_with("postgresql://") {
            return Ok(DatabaseUrl(url));
        }
        // The value itself is not repeated: it may hold a password.
        Err("expected sqlite:FILE or postgres://USER:PASSWORD@HOST/DATABASE".to_owned())
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Parameters may hold a password as well.
        let (address, parameters) = self.0.split_once('?').unwrap_or((self.0.as_str(), ""));
        let Some((scheme, rest)) = address.split_once("://") else { return f.write_str(address) };
        match rest.rsplit_once('@') {
            // It may end a password with a `?` in it; what stands before is a part of that then.
            _ if parameters.contains('@') => write!(f, "{scheme}://…"),
            Some((_, place)) => write!(f, "{scheme}://…@{place}"),
            None => f.write_str(address),
        }
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// `[media]`: where photos and recordings are kept.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MediaConfig {
    /// As [`crate::store::blobs::Blobs::open`] takes it.
    #[serde(deserialize_with = "media_place")]
    pub url: String,
}

/// `[tagging]`: how text is understood.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TaggingConfig {
    /// The directory of the BERT model; `None`: the lexicon alone.
    #[serde(deserialize_with = "path_or_none")]
    pub model: Option<PathBuf>,
    /// The n-gram model that judges beside the lexicon; `None`: the lexicon alone.
    #[serde(deserialize_with = "path_or_none")]
    pub ngrams: Option<PathBuf>,
    /// What the model's labels mean, where they are not ours and the manifest does not know it.
    #[serde(default)]
    pub labels: Option<Labels>,
}

impl TaggingConfig {
    /// Returns which models judge beside the lexicon.
    pub fn judges(&self) -> Judges<'_> {
        Judges { model: self.model.as_deref(), labels: self.labels.as_ref(), ngrams: self.ngrams.as_deref() }
    }
}

/// `[models]`: where published models come from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelsConfig {
    /// Stands in for the host of a model's source.
    #[serde(default, deserialize_with = "web_address")]
    pub mirror: Option<String>,
}

/// `[alerts]`: where staff is told of what it must see now, besides the board.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AlertsConfig {
    pub telegram_chat: Option<String>,
    pub smtp_url: Option<Secret>,
    pub mail_from: Option<String>,
    pub mail_to: Option<String>,
    pub webhook_url: Option<String>,
    pub webhook_secret: Option<Secret>,
    pub on_call: Option<String>,
    pub language: Language,
    /// By which ways a member of staff is told by themselves, in this order.
    pub ways: Vec<Way>,
    pub rules: Vec<Rule>,
}

/// `[policy]`: the rules for what leaves the house.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyConfig {
    #[serde(deserialize_with = "time_zone")]
    pub time_zone: TimeZone,
    #[serde(deserialize_with = "time_of_day")]
    pub quiet_from: civil::Time,
    #[serde(deserialize_with = "time_of_day")]
    pub quiet_to: civil::Time,
    pub survey_gap_days: u16,
    #[serde(deserialize_with = "within_the_hour")]
    pub forget_after_minutes: u32,
    pub forget_left_after_hours: u16,
    pub keep_done_jobs_days: u16,
    /// `None`: [`POLICE`] is told instead.
    #[serde(default)]
    pub emergency_phone: Option<String>,
}

/// Whom people in danger are told to call where no number of our own is set.
pub const POLICE: &str = "110";

/// Who asks to be forgotten is told that it is done within the hour.
fn within_the_hour<'de, D: Deserializer<'de>>(source: D) -> Result<u32, D::Error> {
    let minutes = u32::deserialize(source)?;
    if minutes <= 50 {
        Ok(minutes)
    } else {
        Err(D::Error::custom(format!(
            "expected 0 to 50 minutes, since the client is told it takes an hour, not {minutes}"
        )))
    }
}

fn address<'de, D: Deserializer<'de>>(source: D) -> Result<SocketAddr, D::Error> {
    let text = String::deserialize(source)?;
    text.parse().map_err(|_| {
        D::Error::custom(format!("expected ADDRESS:PORT such as 127.0.0.1:8080 or [::]:8080, not {text:?}"))
    })
}

/// A web address that links begin with.
fn site<'de, D: Deserializer<'de>>(source: D) -> Result<Option<String>, D::Error> {
    let address = web_address(source)?;
    if address.as_deref().is_none_or(http::is_site) {
        return Ok(address);
    }
    // Not repeated: it may hold a password.
    Err(D::Error::custom("expected https://HOST or http://HOST:PORT alone, without user, query or fragment"))
}

fn web_address<'de, D: Deserializer<'de>>(source: D) -> Result<Option<String>, D::Error> {
    let text = String::deserialize(source)?;
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    match host {
        Some(host) if !host.is_empty() && !host.starts_with('/') && !host.contains(char::is_whitespace) => {
            Ok(Some(text.trim_end_matches('/').to_owned()))
        }
        _ => Err(D::Error::custom(format!("expected https://HOST or http://HOST:PORT, not {text:?}"))),
    }
}

fn path_or_none<'de, D: Deserializer<'de>>(source: D) -> Result<Option<PathBuf>, D::Error> {
    let text = String::deserialize(source)?;
    Ok((!text.is_empty()).then(|| PathBuf::from(text)))
}

fn media_place<'de, D: Deserializer<'de>>(source: D) -> Result<String, D::Error> {
    let url = String::deserialize(source)?;
    let directory = url.strip_prefix("file:").is_some_and(|path| !path.is_empty());
    let bucket = url.strip_prefix("s3:").map(|bucket| bucket.trim_matches('/'));
    if directory || bucket.is_some_and(|bucket| !bucket.is_empty() && !bucket.contains('/')) {
        return Ok(url);
    }
    Err(D::Error::custom(format!("expected file:DIRECTORY or s3:BUCKET, not {url:?}")))
}

fn time_zone<'de, D: Deserializer<'de>>(source: D) -> Result<TimeZone, D::Error> {
    let text = String::deserialize(source)?;
    TimeZone::get(&text)
        .map_err(|_| D::Error::custom(format!("no time zone is called {text:?}; expected such as \"Asia/Shanghai\"")))
}

fn time_of_day<'de, D: Deserializer<'de>>(source: D) -> Result<civil::Time, D::Error> {
    let text = String::deserialize(source)?;
    civil::Time::strptime("%H:%M", &text)
        .map_err(|_| D::Error::custom(format!("expected a time of day such as \"20:00\", not {text:?}")))
}
