//! A robot in a group of WeCom: alerts for staff (protocols §2.4). It only speaks. Its key is a
//! bearer secret and stands in the address, which is therefore never shown.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Client, Url};
use serde_json::json;

use super::config::{API_URL, ConfigFault, PLATFORM, WecomConfig, set, text};
use crate::channel::SendError;
use crate::channel::wechat::api::ApiFault;
use crate::clock::Clock;
use crate::domain::time::Timestamp;
use crate::http;

/// Within which messages are counted.
pub const MINUTE: Duration = Duration::from_secs(60);
/// How many messages a robot may send in a minute.
const MOST_A_MINUTE: usize = 20;
/// The longest text, in bytes.
const MOST_BYTES: usize = 4_096;
/// How long a call may take.
const PATIENCE: Duration = Duration::from_secs(15);

/// A robot that is configured. Cheap to clone.
#[derive(Clone)]
pub struct Robot(Arc<Parts>);

struct Parts {
    client: Client,
    url: Url,
    clock: Clock,
    /// When the last messages were sent.
    sent: Mutex<VecDeque<Timestamp>>,
}

impl fmt::Debug for Robot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Robot(…)")
    }
}

impl Robot {
    /// Prepares the robot whose `robot_key` is set; `None` without one.
    ///
    /// # Errors
    /// When the key is none, `api_url` is no address, or no HTTPS client can be made on this machine.
    pub fn new(config: &WecomConfig, clock: Clock) -> Result<Option<Robot>, ConfigFault> {
        let Some(copied) = set(config.robot_key.as_ref()) else { return Ok(None) };
        let key = key_in(copied.expose()).ok_or(ConfigFault::RobotKey)?;
        let base = text(config.api_url.as_deref()).unwrap_or(API_URL).trim_end_matches('/');
        let url = Url::parse(&format!("{base}/cgi-bin/webhook/send")).ok().filter(Url::has_host);
        let mut url = url.ok_or(ApiFault::Url)?;
        url.query_pairs_mut().append_pair("key", key);
        let client = http::client(PATIENCE).redirect(Policy::none()).build();
        let client = client.map_err(|error| ApiFault::Client(http::reason(error)))?;
        Ok(Some(Robot(Arc::new(Parts { client, url, clock, sent: Mutex::default() }))))
    }

    /// Says something in the group, in the platform's Markdown; what people wrote goes through
    /// [`escape`] first. What is too long is cut off with an ellipsis.
    ///
    /// # Errors
    /// Why it was not said; [`SendError::Later`] with the time to wait when the robot has said
    /// enough in this minute.
    pub async fn say(&self, markdown: &str) -> Result<(), SendError> {
        self.count()?;
        let body = json!({ "msgtype": "markdown", "markdown": { "content": cut(markdown, MOST_BYTES) } });
        let request = self.0.client.post(self.0.url.clone()).json(&body).timeout(PATIENCE);
        PLATFORM.call(request).await.map(drop).map_err(SendError::from)
    }

    /// Takes one of the minute's messages. One that then fails counts too: the platform may have
    /// counted it.
    fn count(&self) -> Result<(), SendError> {
        let now = self.0.clock.now();
        let mut sent = self.0.sent.lock().unwrap_or_else(PoisonError::into_inner);
        while sent.front().is_some_and(|at| now.since(*at) >= MINUTE) {
            sent.pop_front();
        }
        match sent.front() {
            Some(first) if sent.len() >= MOST_A_MINUTE => {
                let wait = Some(MINUTE.saturating_sub(now.since(*first)));
                Err(SendError::Later { wait, reason: "the robot has said enough in this minute".to_owned() })
            }
            _ => {
                sent.push_back(now);
                Ok(())
            }
        }
    }
}

/// Returns the key in what was copied: the key alone, or the robot's whole address, as the platform shows it.
fn key_in(copied: &str) -> Option<&str> {
    let key = match copied.trim().split_once("key=") {
        Some((_, rest)) => rest.split('&').next().unwrap_or_default(),
        None => copied.trim(),
    };
    let is_plain = !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    is_plain.then_some(key)
}

/// Makes words of other people harmless inside Markdown: no link, no mention of anybody, no heading.
/// The platform knows no escapes, so the signs give way to their full-width likes.
pub fn escape(words: &str) -> String {
    let harmless = |c: char| match c {
        // U+FF01 to U+FF5E are ASCII's ! to ~ in full width.
        '<' | '>' | '[' | ']' | '(' | ')' | '*' | '_' | '`' | '#' | '@' | '~' | '|' | '\\' => {
            char::from_u32(u32::from(c) + 0xfee0).unwrap_or(' ')
        }
        '\r' | '\t' => ' ',
        c => c,
    };
    words.chars().map(harmless).filter(|c| !c.is_control() || *c == '\n').collect()
}

/// Returns a link to press, in the platform's Markdown.
pub fn link(label: &str, url: &str) -> String {
    format!("[{}]({url})", escape(label))
}

pub(super) fn cut(text: &str, most: usize) -> String {
    if text.len() <= most {
        return text.to_owned();
    }
    let end = text.floor_char_boundary(most - '…'.len_utf8());
    let (head, _) = text.split_at(end);
    format!("{head}…")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::secret::Secret;

    #[test]
    fn words_of_others_mention_nobody_and_lead_nowhere() {
        let hostile = "<@all> [点我](http://x) **急**\n# 标题\n> 引用 `rm` <font color=\"warning\">\u{7}";
        let escaped = escape(hostile);
        assert!(!escaped.contains(['<', '>', '[', ']', '(', '*', '#', '`', '\u{7}']), "{escaped}");
        insta::assert_snapshot!(escape("漏水 <@all>"), @"漏水 ＜＠all＞");
        assert_eq!(link("处理[", "https://h.cn/console/alerts/1"), "[处理［](https://h.cn/console/alerts/1)");
        assert_eq!(escape("3栋2单元1201，一直在滴水！"), "3栋2单元1201，一直在滴水！");
    }

    #[test]
    fn the_whole_address_of_a_robot_holds_its_key_and_what_can_be_none_is_refused() {
        const KEY: &str = "693a91f6-7aaa-4bc4-97a0-0ec2f01a5aaa";
        let address = format!("https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key={KEY}");
        for copied in [KEY.to_owned(), format!(" {KEY}\n"), address.clone(), format!("{address}&debug=1")] {
            assert_eq!(key_in(&copied), Some(KEY), "{copied}");
        }
        for copied in ["https://qyapi.weixin.qq.com/cgi-bin/webhook/send", "…?key=", "a key", "key=a b", "钥匙"] {
            let config = WecomConfig { robot_key: Some(Secret::new(copied)), ..WecomConfig::default() };
            let refused = Robot::new(&config, Clock::manual(Timestamp(0))).unwrap_err();
            assert_eq!(refused, ConfigFault::RobotKey, "{copied}");
            assert!(!refused.to_string().contains(copied), "it is a secret");
        }
    }

    #[test]
    fn a_long_text_is_cut_between_characters() {
        let long = "漏".repeat(2_000);
        let cut = cut(&long, MOST_BYTES);
        assert!(cut.len() <= MOST_BYTES && cut.ends_with("漏…"), "{}", cut.len());
    }

    #[test]
    fn twenty_in_a_minute_and_the_next_when_the_first_is_a_minute_old() {
        let clock = Clock::manual(Timestamp(0));
        let config = WecomConfig { robot_key: Some(Secret::new("key-hunter2")), ..WecomConfig::default() };
        let robot = Robot::new(&config, clock.clone()).unwrap().unwrap();
        assert!(!format!("{robot:?}").contains("hunter2"));
        for _ in 0..MOST_A_MINUTE {
            robot.count().unwrap();
            clock.advance(Duration::from_secs(1));
        }
        let SendError::Later { wait, .. } = robot.count().unwrap_err() else { panic!("not later") };
        assert_eq!(wait, Some(Duration::from_secs(40)));
        clock.advance(Duration::from_secs(40));
        robot.count().unwrap();
        robot.count().unwrap_err();
        assert!(Robot::new(&WecomConfig::default(), clock).unwrap().is_none());
    }
}
