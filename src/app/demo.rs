//! Made-up data for looking around: projects, units, staff, half a year of history.
//!
//! The data itself lies in `assets/demo/`; this puts it into an empty database, once. Everything
//! is marked as a demo on every page.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use serde::Deserialize;

use super::App;
use crate::channel::http::HttpConfig;
use crate::channel::wecom::WecomConfig;
use crate::clock::Clock;
use crate::config::{AlertsConfig, Config};
use crate::domain::ids::UnitId;
use crate::simulator::stage::Stage;
use crate::store::{self, StoreError};
use crate::web::chat::Clip;

mod history;
mod past;
mod teller;

/// The clips that `assets/demo/make_voices.py` makes.
const VOICES: &[(&str, &[u8])] = &[
    ("leak.ogg", include_bytes!("../../assets/demo/voices/leak.ogg")),
    ("aircon.ogg", include_bytes!("../../assets/demo/voices/aircon.ogg")),
    ("dissatisfied.ogg", include_bytes!("../../assets/demo/voices/dissatisfied.ogg")),
    ("praise.ogg", include_bytes!("../../assets/demo/voices/praise.ogg")),
    ("person.ogg", include_bytes!("../../assets/demo/voices/person.ogg")),
    ("four.ogg", include_bytes!("../../assets/demo/voices/four.ogg")),
];
/// How long the homeowner's link works.
const LINK_VALID: Duration = Duration::from_secs(30 * 24 * 3600);

/// How to get in.
#[derive(Debug, Clone)]
pub struct Access {
    /// The token of the flat the visitor lives in.
    pub token: String,
    pub login: String,
    pub password: String,
}

/// Starts simulated platforms for a service that listens at `listen`, and sets it up to use them: whatever
/// the operator's own settings name, the demo talks to nobody outside this machine.
///
/// # Errors
/// When the platforms cannot listen.
pub async fn set_stage(config: &mut Config, listen: SocketAddr) -> anyhow::Result<Stage> {
    // What listens everywhere listens here too.
    let here =
        if listen.ip().is_unspecified() { SocketAddr::from((Ipv4Addr::LOCALHOST, listen.port())) } else { listen };
    let stage = Stage::set(&format!("http://{here}"), Clock::system()).await.context("the simulated platforms")?;
    config.telegram = stage.telegram();
    config.wechat = stage.wechat();
    config.wecom = WecomConfig::default();
    config.http = HttpConfig::default();
    config.alerts = AlertsConfig::default();
    // A recognition service would be sent what a visitor says; links would lead to the operator's own service.
    config.speech.service_url = None;
    config.server.public_url = None;
    Ok(stage)
}

/// Fills an empty database; later starts find it filled and keep the password.
///
/// # Errors
/// When the data or the database is at fault.
pub async fn prepare(app: &App, directory: &Path) -> anyhow::Result<Access> {
    let login = history::LOGIN.to_owned();
    let secret = directory.join("console-password.txt");
    let password = match std::fs::read_to_string(&secret) {
        Ok(kept) => kept.trim().to_owned(),
        Err(_) => {
            let mut bytes = [0; 9];
            getrandom::fill(&mut bytes).context("the machine gives no randomness")?;
            let fresh = data_encoding::BASE64URL_NOPAD.encode(&bytes);
            std::fs::write(&secret, &fresh).with_context(|| format!("cannot write {}", secret.display()))?;
            fresh
        }
    };
    let hash = crate::web::console::password::hash(&password).context("the password could not be hashed")?;
    history::fill(&app.intake, &app.blobs, &hash).await?;
    let unit = visitor_unit(app).await?;
    let token = app.key.sign(unit, app.clock.now() + LINK_VALID);
    Ok(Access { token, login, password })
}

async fn visitor_unit(app: &App) -> anyhow::Result<UnitId> {
    let kept =
        app.store.read(|tx| Box::pin(async move { store::settings::get(tx, history::VISITOR_UNIT).await })).await;
    let kept: Option<String> = kept.map_err(|error: StoreError| error)?;
    kept.and_then(|id| id.parse().ok())
        .context("the demo data is incomplete: remove the data directory and start again")
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClipList {
    clip: Vec<ClipEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClipEntry {
    file: String,
    #[serde(rename = "purpose")]
    _purpose: String,
    text: String,
    language: String,
}

/// Returns the ready voice clips that are built in.
///
/// # Errors
/// When their list is at fault.
pub fn clips() -> anyhow::Result<Vec<Clip>> {
    let list: ClipList = toml::from_str(include_str!("../../assets/demo/voices/clips.toml"))?;
    let sounds: BTreeMap<&str, &'static [u8]> = VOICES.iter().copied().collect();
    list.clip
        .into_iter()
        .map(|entry| {
            let bytes = sounds.get(entry.file.as_str()).with_context(|| format!("{} is not built in", entry.file))?;
            Ok(Clip {
                id: entry.file.trim_end_matches(".ogg").to_owned(),
                label: entry.text,
                language: entry.language,
                content_type: "audio/ogg".to_owned(),
                bytes: store::blobs::Bytes::from_static(bytes),
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_demo_talks_to_nobody_the_operator_named() {
        let named = [
            ("HUIFANG_SPEECH__SERVICE_URL", "https://asr.example.com"),
            ("HUIFANG_SERVER__PUBLIC_URL", "https://huifang.example.com"),
            ("HUIFANG_TELEGRAM__TOKEN", "123:abc"),
            ("HUIFANG_HTTP__CALLBACK_URL", "https://app.example.com/huifang"),
            ("HUIFANG_ALERTS__WEBHOOK_URL", "https://ops.example.com/huifang"),
        ];
        let named = named.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let mut config = Config::load(None, named).unwrap();
        let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 8080));
        config.server.listen = listen;
        let stage = set_stage(&mut config, listen).await.unwrap();
        assert_eq!(config.speech, Config::builtin().unwrap().speech);
        assert_eq!(config.server.public_url(), "http://127.0.0.1:8080");
        assert_eq!((config.http, config.alerts), (HttpConfig::default(), AlertsConfig::default()));
        assert_eq!(config.telegram, stage.telegram());
    }
}
