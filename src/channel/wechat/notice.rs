//! Telling somebody whose window is shut that there is something, in a few words (protocols §1.12): by a
//! subscription message, if they agreed to one, or by a template message.

use serde_json::json;

use super::Wechat;
use super::config::Template;
use crate::channel::{Outgoing, SendError};
use crate::domain::reach::LONGEST_NOTICE;

/// How somebody is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// 订阅通知: by a template the person agreed to; each consent allows one.
    Subscription,
    /// 模板消息: at any time, for what the template is meant for.
    Template,
}

/// The ways that are set up.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ways {
    /// The template a consent has to be for.
    pub subscription: Option<String>,
    pub template: bool,
}

impl Way {
    /// Both, the one the person chose first.
    pub const ALL: [Way; 2] = [Way::Subscription, Way::Template];

    /// Returns what staff reads of it.
    pub fn name(self) -> &'static str {
        match self {
            Way::Subscription => "subscription message",
            Way::Template => "template message",
        }
    }
}

impl Wechat {
    /// Returns the ways that are set up.
    pub fn ways(&self) -> Ways {
        Ways {
            subscription: self.0.subscription.as_ref().map(|template| template.id.clone()),
            template: self.0.template.is_some(),
        }
    }

    /// Tells somebody the first line of a message. A template message that is sent again within ten
    /// minutes is known to the platform by its id.
    ///
    /// # Errors
    /// Why they were not told; [`SendError::Refused`] where that way is not set up.
    pub async fn notify(&self, way: Way, message: &Outgoing<'_>) -> Result<(), SendError> {
        let (path, template) = match way {
            Way::Subscription => ("cgi-bin/message/subscribe/bizsend", &self.0.subscription),
            Way::Template => ("cgi-bin/message/template/send", &self.0.template),
        };
        let Some(Template { id, field }) = template else {
            return Err(SendError::Refused(format!("no {} is set up", way.name())));
        };
        let mut data = serde_json::Map::new();
        data.insert(field.clone(), json!({ "value": shortened(message.text) }));
        let mut body = json!({ "touser": message.address, "template_id": id, "data": data });
        if way == Way::Template {
            body["client_msg_id"] = json!(message.id.to_string());
        }
        self.0.api.post(path, &body).await?;
        Ok(())
    }
}

/// Returns as much of the first line as a field of a template holds.
fn shortened(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    let mut value: String = line.chars().take(LONGEST_NOTICE).collect();
    if line.chars().count() > LONGEST_NOTICE {
        value.pop();
        value.push('…');
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notice_is_the_first_line_as_far_as_the_field_holds_it() {
        assert_eq!(shortened("请回复\n第二行"), "请回复");
        assert_eq!(shortened(&"二".repeat(20)), "二".repeat(20));
        assert_eq!(shortened(&"二".repeat(21)), format!("{}…", "二".repeat(19)));
    }
}
