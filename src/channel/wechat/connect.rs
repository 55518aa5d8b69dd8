//! Connecting an account: what can be checked and set by calls is done, the rest is listed for the
//! operator.

use serde_json::{Value, json};

use super::Wechat;
use super::api::ApiError;
use super::config::Mode;

/// Longest name of a menu entry of the first row, in bytes (protocols §1.17).
const LONGEST_NAME: usize = 16;

/// What stands on the menu, in the language of those who read it.
#[derive(Debug, Clone)]
pub struct MenuLabels {
    pub repair: String,
    pub progress: String,
    pub survey: String,
    pub human: String,
    /// Above the two that have no place in the first row.
    pub more: String,
}

impl Wechat {
    /// Checks the credentials: asks for an access token and for nothing else.
    ///
    /// # Errors
    /// What the platform objects to, and what to do about it.
    pub async fn check(&self) -> Result<(), ApiError> {
        self.0.api.authorise().await
    }

    /// Puts our menu in place of the account's.
    ///
    /// # Errors
    /// What the platform objects to.
    pub async fn create_menu(&self, labels: &MenuLabels) -> Result<(), ApiError> {
        self.0.api.post("cgi-bin/menu/create", &menu(labels)).await.map(drop)
    }

    /// Returns what only a person can do, in the platform's console; `public_url` is how the platform
    /// reaches us.
    pub fn to_do(&self, public_url: &str) -> Vec<String> {
        let mode = match self.0.mode {
            Mode::Plain => "plain text (anybody who sees one address can forge messages: prefer secure mode)",
            Mode::Compat => "compatible mode",
            Mode::Secure => "secure mode",
        };
        let mut to_do = vec![
            format!("server address (URL): {}/webhooks/wechat", public_url.trim_end_matches('/')),
            "Token and EncodingAESKey: the values of [wechat] token and encoding_aes_key".to_owned(),
            format!("encryption: {mode}; format: XML"),
            "IP allow-list: the address of this machine as the platform sees it".to_owned(),
            "then save and switch the server on: saving makes the platform call this service at once".to_owned(),
        ];
        if !is_callable(public_url) {
            to_do.insert(0, "[server] public_url: the platform calls http on port 80 or https on port 443".to_owned());
        }
        if self.0.template.is_none() && self.0.subscription.is_none() {
            to_do.push(
                "optional: choose a template message and set [wechat] template_id, or a subscription message \
                 and subscription_id, or people who wrote more than 48 hours ago cannot be told anything"
                    .to_owned(),
            );
        }
        to_do
    }
}

/// Whether the platform calls such an address: http on port 80 or https on port 443, no other
/// (protocols §1.1).
pub fn is_callable(public_url: &str) -> bool {
    let url = reqwest::Url::parse(public_url).ok().filter(reqwest::Url::has_host);
    url.is_some_and(|url| {
        matches!((url.scheme(), url.port_or_known_default()), ("http", Some(80)) | ("https", Some(443)))
    })
}

/// Writes our menu as the platform wants it.
pub(in crate::channel) fn menu(labels: &MenuLabels) -> Value {
    let entry = |label: &str, key: &str| {
        let name = label.split_at(label.floor_char_boundary(LONGEST_NAME)).0;
        json!({ "type": "click", "name": name, "key": key })
    };
    let more = json!({
        "name": labels.more.split_at(labels.more.floor_char_boundary(LONGEST_NAME)).0,
        "sub_button": [entry(&labels.survey, "survey"), entry(&labels.human, "human")],
    });
    json!({ "button": [entry(&labels.repair, "repair"), entry(&labels.progress, "progress"), more] })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::channel::wechat::push::MENU;

    #[test]
    fn the_platform_calls_two_ports_and_no_others() {
        let called = ["https://a.example", "http://a.example/", "https://a.example:443/x"];
        assert!(called.into_iter().all(is_callable));
        let not_called = ["http://127.0.0.1:8080", "https://a.example:8443", "a.example", ""];
        assert!(!not_called.into_iter().any(is_callable));
    }

    #[test]
    fn every_entry_of_the_menu_is_known_when_it_is_tapped() {
        let label = |text: &str| text.to_owned();
        let labels = MenuLabels {
            repair: label("报修"),
            progress: label("查进度"),
            survey: label("评价"),
            human: label("找人工"),
            more: label("一二三四五六"),
        };
        let menu = menu(&labels).to_string();
        assert!(MENU.iter().all(|(key, _)| menu.contains(&format!("\"key\":\"{key}\""))), "{menu}");
        assert!(menu.contains("一二三四五\"") && !menu.contains("\\u"), "{menu}");
    }
}
