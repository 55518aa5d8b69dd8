//! Connecting an app: what can be checked and set by calls is done, the rest is listed for the
//! operator.

use super::Wecom;
use crate::channel::wechat::ApiError;
use crate::channel::wechat::connect::{MenuLabels, menu};

impl Wecom {
    /// Checks the credentials: asks for an access token and for nothing else.
    ///
    /// # Errors
    /// What the platform objects to, and what to do about it.
    pub async fn check(&self) -> Result<(), ApiError> {
        self.0.api.authorise().await
    }

    /// Puts our menu in place of the app's. What an entry sends is the same as on the Official Account.
    ///
    /// # Errors
    /// What the platform objects to.
    pub async fn create_menu(&self, labels: &MenuLabels) -> Result<(), ApiError> {
        let agent = self.0.agent_id.to_string();
        self.0.api.post_with("cgi-bin/menu/create", &[("agentid", &agent)], &menu(labels)).await.map(drop)
    }

    /// Returns what only a person can do, in the platform's console; `public_url` is how the platform
    /// reaches us.
    pub fn to_do(&self, public_url: &str) -> Vec<String> {
        vec![
            format!(
                "in the app's settings, receiving messages (接收消息): URL {}/webhooks/wecom",
                public_url.trim_end_matches('/')
            ),
            "Token and EncodingAESKey there: the values of [wecom] token and encoding_aes_key".to_owned(),
            "start the service first: saving makes the platform call it at once".to_owned(),
            "trusted IPs of the app (企业可信IP): the address of this machine as the platform sees it".to_owned(),
            "visible range of the app (可见范围): whoever is to be written to".to_owned(),
            "for WeChat customer service (微信客服), if it is used: let the app manage its accounts by interface there \
             (可调用接口的应用); if it has a Secret of its own, that is [wecom] kf_secret"
                .to_owned(),
        ]
    }
}
