//! `[wecom]`: what the operator sets, whether it is enough, and how the platform differs from its
//! relative. What each key means is written in `huifang.example.toml`.

use serde::Deserialize;

use super::robot::MINUTE;
use crate::channel::envelope::KeyFault;
use crate::channel::wechat::api::{ApiFault, Grant, Platform};
use crate::channel::wechat::errcode::{Codes, Reaction};
use crate::domain::secret::Secret;

/// Where the platform's interface is, unless another host is named.
pub(super) const API_URL: &str = "https://qyapi.weixin.qq.com";

/// WeCom among the related platforms.
pub(super) static PLATFORM: Platform = Platform { codes: &CODES, grant: Grant::Corporate };

/// What its codes mean, by the platform's list (全局错误码, developer.work.weixin.qq.com/document/path/90313;
/// that of customer service alone was open.work.weixin.qq.com/kf/doc/92512/93143/93304). 40058 is any
/// parameter that a call does not take, so it says nothing about which. 95018 is seen as long as the
/// conversation is with somebody of the company's own people, or waits for one: a call of ours may not
/// speak then.
#[rustfmt::skip]
static CODES: Codes = Codes { name: "WeCom", table: &[
    (-1, Reaction::Wait(None), "the platform is busy"),
    (40001, Reaction::Repair, "the secret is wrong: copy that of this app from the console"),
    (40003, Reaction::Unreachable, "the person is not in the company (any more)"),
    (40007, Reaction::Gone, "the file is gone (they are kept for three days), or belongs to another company"),
    (40013, Reaction::Repair, "the corp_id is wrong: compare it with the console"),
    (40014, Reaction::Renew, "the access token is not valid"),
    (40056, Reaction::Repair, "the agent_id is wrong: compare it with the console"),
    (42001, Reaction::Renew, "the access token has expired"),
    (45009, Reaction::Wait(Some(MINUTE)), "too many calls in this minute"),
    (45033, Reaction::Wait(Some(MINUTE)), "too many calls at once"),
    (40058, Reaction::GiveUp, "a parameter is not what it should be"),
    (40096, Reaction::Unreachable, "the person is unknown to customer service of this company"),
    (48002, Reaction::Repair, "the app has no right to this call: give it in the console"),
    (60011, Reaction::Repair, "the app has no right to this person: widen who may see it in the console"),
    (60020, Reaction::Repair, "this machine's address is not among the app's trusted ones: add it in the console"),
    (60111, Reaction::Unreachable, "the person is not in the company (any more)"),
    (81013, Reaction::Unreachable, "the person is not in the company or may not see the app"),
    (93000, Reaction::Repair, "the robot_key is wrong, or the robot was taken out of its group"),
    // Of customer service. The platform's own count of its window outranks ours.
    (95000, Reaction::Repair, "the account of customer service is unknown, or not open to this app"),
    (95001, Reaction::Shut, "the messages that the window allows are used up"),
    (95002, Reaction::Shut, "the window for messages is shut: the person wrote more than 48 hours ago"),
    (95004, Reaction::Repair, "the account of customer service does not exist (any more)"),
    (95007, Reaction::GiveUp, "the token of the notice is not valid (any more)"),
    (95011, Reaction::Repair, "customer service is used inside WeCom: take the secret of an app there, no kf_secret of its own"),
    (95012, Reaction::Repair, "customer service is not used inside WeCom: set kf_secret to its own secret"),
    (95013, Reaction::Shut, "the conversation has ended"),
    (95017, Reaction::Repair, "customer service is not open to interfaces: switch that on in its console"),
    (95018, Reaction::Repair, "the conversation is with the company's own people: have the account answered by the app in its console"),
    (830_002, Reaction::Gone, "the file is larger than 20 MB"),
] };

/// The section `[wecom]`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WecomConfig {
    pub corp_id: Option<String>,
    pub agent_id: Option<u32>,
    pub secret: Option<Secret>,
    pub kf_secret: Option<Secret>,
    pub token: Option<Secret>,
    pub encoding_aes_key: Option<Secret>,
    pub previous_aes_key: Option<Secret>,
    pub freshness_seconds: u32,
    pub robot_key: Option<Secret>,
    pub api_url: Option<String>,
}

impl Default for WecomConfig {
    fn default() -> WecomConfig {
        WecomConfig {
            corp_id: None,
            agent_id: None,
            secret: None,
            kf_secret: None,
            token: None,
            encoding_aes_key: None,
            previous_aes_key: None,
            freshness_seconds: 300,
            robot_key: None,
            api_url: None,
        }
    }
}

/// What is wrong with the section; secrets are not repeated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigFault {
    /// Something is set, so the channel is wanted, but this is not.
    #[error(
        "[wecom] {0} is missing: the platform's console shows it with the app (it is needed as soon as corp_id, \
         agent_id, secret, token or encoding_aes_key is set)"
    )]
    Missing(&'static str),
    #[error("[wecom] encoding_aes_key or previous_aes_key: {0}")]
    Key(#[from] KeyFault),
    #[error("[wecom] robot_key: expected what follows key= in the robot's address: letters, digits and -")]
    RobotKey,
    #[error("[wecom] {0}")]
    Api(#[from] ApiFault),
}

/// A section that is complete.
pub(super) struct Complete<'c> {
    pub corp_id: &'c str,
    pub agent_id: u32,
    pub secret: &'c Secret,
    pub kf_secret: Option<&'c Secret>,
    pub token: &'c Secret,
    pub aes_key: &'c Secret,
    pub previous_aes_key: Option<&'c Secret>,
    pub api_url: &'c str,
}

impl WecomConfig {
    /// Whether there is an app, which can write to members of the company one by one.
    pub fn is_app(&self) -> bool {
        matches!(self.complete(), Ok(Some(_)))
    }

    /// Returns the section if it is complete, `None` if the app is off. `robot_key` alone is no app.
    pub(super) fn complete(&self) -> Result<Option<Complete<'_>>, ConfigFault> {
        let (corp_id, secret) = (text(self.corp_id.as_deref()), set(self.secret.as_ref()));
        let (token, aes_key) = (set(self.token.as_ref()), set(self.encoding_aes_key.as_ref()));
        if corp_id.is_none() && secret.is_none() && token.is_none() && aes_key.is_none() && self.agent_id.is_none() {
            return Ok(None);
        }
        let missing = |key| move || ConfigFault::Missing(key);
        Ok(Some(Complete {
            corp_id: corp_id.ok_or_else(missing("corp_id"))?,
            agent_id: self.agent_id.ok_or_else(missing("agent_id"))?,
            secret: secret.ok_or_else(missing("secret"))?,
            kf_secret: set(self.kf_secret.as_ref()),
            token: token.ok_or_else(missing("token"))?,
            aes_key: aes_key.ok_or_else(missing("encoding_aes_key"))?,
            previous_aes_key: set(self.previous_aes_key.as_ref()),
            api_url: text(self.api_url.as_deref()).unwrap_or(API_URL),
        }))
    }
}

/// An empty value is one that is not set.
pub(super) fn set(value: Option<&Secret>) -> Option<&Secret> {
    value.filter(|secret| !secret.expose().trim().is_empty())
}

pub(super) fn text(value: Option<&str>) -> Option<&str> {
    value.filter(|text| !text.trim().is_empty())
}
