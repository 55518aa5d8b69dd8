//! Somebody who follows the account: what they do becomes a push.

use std::sync::atomic::{AtomicU64, Ordering};

use super::ACCOUNT;
use super::push::{Push, Reply, deliver, seal, sign};
use crate::channel::envelope::xml::cdata;
use crate::clock::Clock;

/// The platform's numbers of messages count up, over all accounts.
static NEXT: AtomicU64 = AtomicU64::new(1);

/// A follower of the account.
#[derive(Debug, Clone)]
pub struct Follower {
    pub openid: String,
    /// The service that is told what they do.
    house: String,
    clock: Clock,
    sealed: bool,
}

impl Follower {
    /// Somebody of that openid; the service at `house` is told in secure mode where `sealed`.
    pub fn new(house: &str, clock: Clock, openid: &str, sealed: bool) -> Follower {
        Follower { openid: openid.to_owned(), house: house.to_owned(), clock, sealed }
    }

    /// They write.
    pub fn text(&self, text: &str) -> Push {
        self.message("text", &format!("<Content>{}</Content>", cdata(text)))
    }

    /// They tap an entry of a list that a customer-service message brought.
    pub fn tap(&self, id: &str, label: &str) -> Push {
        let rest = format!("<Content>{}</Content><bizmsgmenuid>{id}</bizmsgmenuid>", cdata(label));
        self.message("text", &rest)
    }

    /// They speak; the platform keeps both recordings.
    pub fn voice(&self, narrow: &str, wide: &str) -> Push {
        let rest = format!(
            "<MediaId>{}</MediaId><Format>amr</Format><MediaId16K>{}</MediaId16K><Recognition><![CDATA[]]></Recognition>",
            cdata(narrow),
            cdata(wide)
        );
        self.message("voice", &rest)
    }

    /// They send a message of some kind.
    pub fn message(&self, kind: &str, rest: &str) -> Push {
        // A platform that begins anew beside a service that remembers must not number as before.
        let since = u64::try_from(self.clock.now().0).unwrap_or(0).saturating_mul(1_000_000);
        let number = since.saturating_add(NEXT.fetch_add(1, Ordering::SeqCst));
        self.push(&format!("<MsgType>{}</MsgType>{rest}<MsgId>{number}</MsgId>", cdata(kind)))
    }

    /// They follow, scan, tap the menu, leave.
    pub fn event(&self, name: &str, key: &str) -> Push {
        let key = format!("<EventKey>{}</EventKey>", cdata(key));
        self.push(&format!("<MsgType><![CDATA[event]]></MsgType><Event>{}</Event>{key}", cdata(name)))
    }

    /// What was answered in the dialog of a subscription message, or changed in the settings later.
    pub fn consent(&self, event: &str, answers: &[(&str, &str)]) -> Push {
        let list = answers.iter().fold(String::new(), |list, (template, said)| {
            let (template, said) = (cdata(template), cdata(said));
            format!(
                "{list}<List><TemplateId>{template}</TemplateId><SubscribeStatusString>{said}</SubscribeStatusString>\
                     <PopupScene>2</PopupScene></List>"
            )
        });
        let (name, element) = match event {
            "popup" => ("subscribe_msg_popup_event", "SubscribeMsgPopupEvent"),
            _ => ("subscribe_msg_change_event", "SubscribeMsgChangeEvent"),
        };
        let name = cdata(name);
        self.push(&format!("<MsgType><![CDATA[event]]></MsgType><Event>{name}</Event><{element}>{list}</{element}>"))
    }

    fn push(&self, rest: &str) -> Push {
        let time = self.clock.now().0 / 1000;
        let inner = format!(
            "<xml><ToUserName>{}</ToUserName><FromUserName>{}</FromUserName><CreateTime>{time}</CreateTime>{rest}</xml>",
            cdata(ACCOUNT),
            cdata(&self.openid)
        );
        let sealed = self.sealed.then(|| seal(&inner, &time.to_string())).flatten();
        // Without randomness nothing can be sealed; what is not sealed is refused, and seen to be.
        sealed.unwrap_or_else(|| sign(&inner, &time.to_string()))
    }

    /// Has the platform deliver a push of theirs, once.
    ///
    /// # Errors
    /// When the service does not answer in time.
    pub async fn deliver(&self, push: &Push) -> Result<Reply, reqwest::Error> {
        deliver(&self.house, push).await
    }
}
