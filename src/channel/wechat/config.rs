//! `[wechat]`: what the operator sets, and whether it is enough. What each key means is written in
//! `huifang.example.toml`.

use serde::Deserialize;

use super::api::{ApiFault, Grant, Platform};
use super::errcode;
use crate::channel::envelope::KeyFault;
use crate::domain::secret::Secret;

/// An Official Account among the related platforms.
pub(super) static PLATFORM: Platform = Platform { codes: &errcode::WECHAT, grant: Grant::Stable };

/// Where the platform's interface is, unless another host is named.
const API_URL: &str = "https://api.weixin.qq.com";
/// The field of a template that takes words, unless another is named.
const TEMPLATE_FIELD: &str = "thing1";

/// How pushes are encrypted; chosen in the platform's console (protocols §1.3).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// 明文: not at all. Anybody who sees one address can write in anybody's name.
    Plain,
    /// 兼容: both a plain and an encrypted copy; only the latter is read.
    Compat,
    /// 安全: encrypted.
    #[default]
    Secure,
}

/// The section `[wechat]`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WechatConfig {
    pub app_id: Option<String>,
    pub app_secret: Option<Secret>,
    pub token: Option<Secret>,
    pub encoding_aes_key: Option<Secret>,
    pub previous_aes_key: Option<Secret>,
    pub mode: Mode,
    pub original_id: Option<String>,
    pub freshness_seconds: u32,
    pub template_id: Option<String>,
    pub template_field: Option<String>,
    pub subscription_id: Option<String>,
    pub subscription_field: Option<String>,
    pub api_url: Option<String>,
}

impl Default for WechatConfig {
    fn default() -> WechatConfig {
        WechatConfig {
            app_id: None,
            app_secret: None,
            token: None,
            encoding_aes_key: None,
            previous_aes_key: None,
            mode: Mode::default(),
            original_id: None,
            freshness_seconds: 300,
            template_id: None,
            template_field: None,
            subscription_id: None,
            subscription_field: None,
            api_url: None,
        }
    }
}

/// What is wrong with the section; secrets are not repeated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigFault {
    /// Something is set, so the channel is wanted, but this is not.
    #[error(
        "[wechat] {0} is missing: the platform's console shows it among the basic settings of the account (it is \
         needed as soon as any key of the section is set)"
    )]
    Missing(&'static str),
    #[error("[wechat] encoding_aes_key or previous_aes_key: {0}")]
    Key(#[from] KeyFault),
    #[error("[wechat] api_url: expected https://HOST or http://HOST:PORT")]
    Url,
    #[error("[wechat] no HTTPS client could be made: {0}")]
    Client(String),
}

impl From<ApiFault> for ConfigFault {
    fn from(fault: ApiFault) -> ConfigFault {
        match fault {
            ApiFault::Url => ConfigFault::Url,
            ApiFault::Client(reason) => ConfigFault::Client(reason),
        }
    }
}

/// A section that is complete.
pub(super) struct Complete<'c> {
    pub app_id: &'c str,
    pub app_secret: &'c Secret,
    pub token: &'c Secret,
    pub aes_key: Option<&'c Secret>,
    pub previous_aes_key: Option<&'c Secret>,
    pub original_id: Option<&'c str>,
    pub template: Option<Template>,
    pub subscription: Option<Template>,
    pub api_url: &'c str,
}

/// A message that may be sent when the window for others is shut, and its field that takes words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Template {
    pub id: String,
    pub field: String,
}

impl WechatConfig {
    /// Returns the section if it is complete, `None` if the channel is off.
    pub(super) fn complete(&self) -> Result<Option<Complete<'_>>, ConfigFault> {
        let (token, app_secret) = (secret(self.token.as_ref()), secret(self.app_secret.as_ref()));
        let aes_key = secret(self.encoding_aes_key.as_ref());
        let app_id = text(self.app_id.as_deref());
        if token.is_none() && app_secret.is_none() && app_id.is_none() && aes_key.is_none() {
            return Ok(None);
        }
        let missing = |key| move || ConfigFault::Missing(key);
        if aes_key.is_none() && self.mode != Mode::Plain {
            return Err(ConfigFault::Missing("encoding_aes_key"));
        }
        let api_url = text(self.api_url.as_deref()).unwrap_or(API_URL).trim_end_matches('/');
        let host = api_url.strip_prefix("https://").or_else(|| api_url.strip_prefix("http://"));
        if host.is_none_or(|host| host.is_empty() || host.starts_with('/')) {
            return Err(ConfigFault::Url);
        }
        let template = |id: &Option<String>, field: &Option<String>| {
            let field = text(field.as_deref()).unwrap_or(TEMPLATE_FIELD).to_owned();
            text(id.as_deref()).map(|id| Template { id: id.to_owned(), field })
        };
        Ok(Some(Complete {
            app_id: app_id.ok_or_else(missing("app_id"))?,
            app_secret: app_secret.ok_or_else(missing("app_secret"))?,
            token: token.ok_or_else(missing("token"))?,
            aes_key,
            previous_aes_key: secret(self.previous_aes_key.as_ref()),
            original_id: text(self.original_id.as_deref()),
            template: template(&self.template_id, &self.template_field),
            subscription: template(&self.subscription_id, &self.subscription_field),
            api_url,
        }))
    }
}

/// An empty value is one that is not set.
fn secret(value: Option<&Secret>) -> Option<&Secret> {
    value.filter(|secret| !secret.expose().is_empty())
}

fn text(value: Option<&str>) -> Option<&str> {
    value.filter(|text| !text.is_empty())
}
