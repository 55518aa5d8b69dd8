//! WeChat customer service as this program sees it: the list that is read page by page with places and
//! tokens, what is sent within 48 hours and five messages, greetings within 20 seconds (protocols §2.5).

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use huifang::channel::envelope::xml::cdata;
use huifang::clock::Clock;
use huifang::domain::time::Timestamp;
use serde_json::{Value, json};

use crate::fake_wecom::{CORP_ID, FakeWecom, Push, deliver, seal};
use crate::house::House;

pub const ACCOUNT: &str = "wkAJ2GCAAASSm4_FhToWMFea0xAFfd3Q";
pub const SECRET: &str = "a-secret-of-customer-service";

/// What customer service remembers.
#[derive(Default)]
pub struct Desk {
    clock: Option<Clock>,
    /// Entries of each account, in the order in which they came.
    lists: BTreeMap<String, Vec<Value>>,
    tokens: BTreeMap<String, (String, Timestamp)>,
    /// Entries a page; three where nothing is set.
    page: Option<usize>,
    /// Every other page is empty, with more behind it.
    hesitates: bool,
    /// After so many more pages one is not given.
    falters: Option<usize>,
    /// Places given out before this one are not known any more.
    epoch: u32,
    calls: Vec<Value>,
    untokened: u32,
    sent: Vec<Value>,
    names: BTreeSet<String>,
    /// When somebody last wrote, and what was sent since.
    heard: BTreeMap<String, (Timestamp, u32)>,
    codes: BTreeMap<String, (String, Timestamp)>,
    numbers: u64,
    /// How often a link to an account was asked for.
    pub links: u32,
    /// Customer service is open to whoever has this secret alone.
    pub own_secret: bool,
}

impl Desk {
    fn now(&self) -> Timestamp {
        self.clock.as_ref().unwrap().now()
    }

    fn number(&mut self) -> u64 {
        self.numbers += 1;
        self.numbers
    }

    /// Does what a call asks for, or returns the code of the refusal.
    pub fn perform(&mut self, call: &str, body: &Value) -> Result<Value, i64> {
        match call {
            "sync_msg" => self.sync(body),
            "send_msg" => self.send(body),
            "send_msg_on_event" => self.welcome(body),
            "account/list" => Ok(json!({ "account_list": self.lists.keys().map(|id| {
                json!({ "open_kfid": id, "name": "翠湖花园客服", "avatar": "https://x", "manage_privilege": true })
            }).collect::<Vec<_>>() })),
            "add_contact_way" => {
                let id = body["open_kfid"].as_str().filter(|id| self.lists.contains_key(*id)).ok_or(95000)?;
                assert!(body["scene"].as_str().unwrap().len() <= 32);
                self.links += 1;
                Ok(json!({ "url": format!("https://work.weixin.qq.com/kf/{}?enc_scene=ENC", &id[2..8]) }))
            }
            _ => Err(40058),
        }
    }

    fn sync(&mut self, body: &Value) -> Result<Value, i64> {
        self.calls.push(body.clone());
        let left = self.falters.take();
        if left == Some(0) {
            return Err(-1);
        }
        self.falters = left.map(|left| left - 1);
        assert_eq!(body["voice_format"], 0, "SILK is not read");
        assert!((1..=1000).contains(&body["limit"].as_u64().unwrap()));
        let account = body["open_kfid"].as_str().unwrap();
        let list = self.lists.get(account).ok_or(95000)?;
        match body["token"].as_str() {
            Some(token) => {
                let known = self.tokens.get(token).filter(|(of, _)| of == account).ok_or(95007)?;
                if self.now().since(known.1) > Duration::from_secs(600) {
                    return Err(95007);
                }
            }
            None if self.untokened >= 5 => return Err(45009),
            None => self.untokened += 1,
        }
        let cursor = body["cursor"].as_str().unwrap();
        assert!(cursor.len() <= 64);
        let begin = match cursor.split_once('.') {
            _ if cursor.is_empty() => 0,
            Some((epoch, rest)) if epoch == self.epoch.to_string() => rest.trim_end_matches('e').parse().unwrap(),
            _ => return Err(40058),
        };
        let days_ago = (self.now() - Duration::from_secs(3 * 86_400)).0 / 1000;
        let begin = begin.max(list.iter().take_while(|entry| entry["send_time"].as_i64().unwrap() < days_ago).count());
        let idle = self.hesitates && !cursor.ends_with('e');
        let page = self.page.unwrap_or(3).min(usize::try_from(body["limit"].as_u64().unwrap()).unwrap());
        let end = if idle { begin } else { list.len().min(begin + page) };
        let mark = if idle { "e" } else { "" };
        Ok(json!({ "next_cursor": format!("{}.{end}{mark}", self.epoch), "has_more": i64::from(end < list.len()),
            "msg_list": &list[begin..end] }))
    }

    fn send(&mut self, body: &Value) -> Result<Value, i64> {
        let person = format!("{}/{}", body["open_kfid"].as_str().unwrap(), body["touser"].as_str().unwrap());
        let (heard, count) = self.heard.get(&person).copied().ok_or(95002)?;
        if self.now().since(heard) >= Duration::from_secs(48 * 3600) {
            return Err(95002);
        }
        if count >= 5 {
            return Err(95001);
        }
        self.take(body, &["text", "msgmenu", "image"])?;
        self.heard.insert(person, (heard, count + 1));
        Ok(json!({ "msgid": body["msgid"] }))
    }

    fn welcome(&mut self, body: &Value) -> Result<Value, i64> {
        let (_, at) = self.codes.remove(body["code"].as_str().unwrap()).ok_or(40058)?;
        if self.now().since(at) > Duration::from_secs(20) {
            return Err(40058);
        }
        self.take(body, &["text", "msgmenu"])?;
        Ok(json!({ "msgid": body["msgid"] }))
    }

    fn take(&mut self, body: &Value, kinds: &[&str]) -> Result<(), i64> {
        let name = body["msgid"].as_str().unwrap();
        assert!(
            name.len() <= 32 && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-'),
            "{name}"
        );
        if !self.names.insert(name.to_owned()) {
            return Err(40058);
        }
        let kind = body["msgtype"].as_str().unwrap();
        assert!(kinds.contains(&kind), "{kind}");
        let text = body["text"]["content"].as_str().or(body["msgmenu"]["head_content"].as_str()).unwrap();
        assert!(!text.is_empty() && text.len() <= if kind == "text" { 2048 } else { 1024 });
        for entry in body["msgmenu"]["list"].as_array().into_iter().flatten() {
            let (id, label) = (entry["click"]["id"].as_str().unwrap(), entry["click"]["content"].as_str().unwrap());
            assert!(entry["type"] == "click" && id.len() <= 128 && (1..=128).contains(&label.len()), "{entry}");
        }
        assert!(body["msgmenu"]["list"].as_array().is_none_or(|list| (1..=10).contains(&list.len())));
        self.sent.push(body.clone());
        Ok(())
    }
}

impl FakeWecom {
    /// An account of customer service is open to the app.
    pub fn opens_account(&self) {
        self.at_desk(|desk| desk.lists.insert(ACCOUNT.to_owned(), Vec::new()));
    }

    /// Entries a page from now on, and whether empty pages come in between.
    pub fn pages(&self, entries: usize, hesitates: bool) {
        self.at_desk(|desk| (desk.page, desk.hesitates) = (Some(entries), hesitates));
    }

    /// The platform is busy for a moment, after so many pages.
    pub fn falters_after(&self, pages: usize) {
        self.at_desk(|desk| desk.falters = Some(pages));
    }

    /// Tokens that were given out are void.
    pub fn forgets_tokens(&self) {
        self.at_desk(|desk| desk.tokens.clear());
    }

    /// Places that were given out are not known any more.
    pub fn forgets_places(&self) {
        self.at_desk(|desk| desk.epoch += 1);
    }

    /// How the list was read so far.
    pub fn reads(&self) -> Vec<Value> {
        self.at_desk(|desk| desk.calls.clone())
    }

    /// What was sent as customer service so far.
    pub fn served(&self) -> Vec<Value> {
        self.at_desk(|desk| desk.sent.clone())
    }

    /// … as texts.
    pub fn served_texts(&self) -> Vec<String> {
        let text = |body: &Value| {
            body["text"]["content"].as_str().or(body["msgmenu"]["head_content"].as_str()).map(str::to_owned)
        };
        self.served().iter().filter_map(text).collect()
    }
}

/// Somebody who uses WeChat.
pub struct Customer {
    pub id: String,
    account: &'static str,
    fake: FakeWecom,
    url: String,
}

impl Customer {
    pub fn of(fake: &FakeWecom, house: &House, id: &str) -> Customer {
        let clock = house.clock.clone();
        fake.at_desk(|desk| {
            desk.clock = Some(clock);
            desk.lists.entry(ACCOUNT.to_owned()).or_default();
        });
        Customer { id: id.to_owned(), account: ACCOUNT, fake: fake.clone(), url: house.url.clone() }
    }

    /// Puts an entry into the list; returns its number. Nobody is told of it.
    pub fn writes(&self, kind: &str, said: &Value) -> String {
        let person = format!("{}/{}", self.account, self.id);
        let id = self.fake.at_desk(|desk| {
            let now = desk.now();
            desk.heard.insert(person, (now, 0));
            format!("4A3J7R{}", desk.number())
        });
        self.list(json!({ "msgid": id, "open_kfid": self.account, "external_userid": self.id, "origin": 3,
            "msgtype": kind, kind: said }));
        id
    }

    /// Puts what the platform says of somebody into the list.
    pub fn event(&self, kind: &str, rest: &Value) {
        let id = self.fake.at_desk(|desk| format!("EV{}", desk.number()));
        let mut event = json!({ "event_type": kind, "open_kfid": self.account, "external_userid": self.id });
        for (name, value) in rest.as_object().unwrap() {
            event[name] = value.clone();
        }
        self.list(json!({ "msgid": id, "origin": 4, "msgtype": "event", "event": event }));
    }

    pub fn list(&self, mut entry: Value) {
        self.fake.at_desk(|desk| {
            if entry["send_time"].is_null() {
                entry["send_time"] = json!(desk.now().0 / 1000);
            }
            desk.lists.entry(self.account.to_owned()).or_default().push(entry);
        });
    }

    /// Comes in by a link with a token; whoever did not write for long may be greeted.
    pub async fn enters(&self, token: Option<&str>) {
        let code = self.fake.at_desk(|desk| {
            let code = format!("CODE{}", desk.number());
            let now = desk.now();
            desk.codes.insert(code.clone(), (self.id.clone(), now));
            code
        });
        let mut rest = json!({ "scene": "huifang", "welcome_code": code });
        if let Some(token) = token {
            rest["scene_param"] = json!(token);
        }
        self.event("enter_session", &rest);
        self.notifies().await;
    }

    pub async fn says(&self, text: &str) {
        self.writes("text", &json!({ "content": text }));
        self.notifies().await;
    }

    /// Taps an entry of the newest list.
    pub async fn taps(&self, label: &str) {
        let served = self.fake.served();
        let list = served.iter().rev().find_map(|body| body["msgmenu"]["list"].as_array()).unwrap();
        let entry = list.iter().find(|entry| entry["click"]["content"] == label);
        let id = &entry.unwrap_or_else(|| panic!("no {label} in {list:?}"))["click"]["id"];
        self.writes("text", &json!({ "content": label, "menu_id": id }));
        self.notifies().await;
    }

    /// The push that says there is something to read.
    pub fn notice(&self) -> Push {
        let (token, time) = self.fake.at_desk(|desk| {
            let token = format!("ENCApHxnGDNAVNY4AaSJKj4Tb5mwsEMzxhFmHVGcra996NR{}", desk.number());
            let now = desk.now();
            desk.tokens.insert(token.clone(), (self.account.to_owned(), now));
            (token, now.0 / 1000)
        });
        let inner = format!(
            "<xml><ToUserName>{}</ToUserName><CreateTime>{time}</CreateTime><MsgType><![CDATA[event]]></MsgType>\
             <Event><![CDATA[kf_msg_or_event]]></Event><Token>{}</Token><OpenKfId>{}</OpenKfId></xml>",
            cdata(CORP_ID),
            cdata(&token),
            cdata(self.account)
        );
        seal(&inner, time)
    }

    pub async fn notifies(&self) {
        let (status, body) = deliver(&self.url, &self.notice()).await;
        assert_eq!((status, body.as_str()), (200, ""));
    }
}
