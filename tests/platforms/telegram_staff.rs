//! Staff in a group of Telegram: alerts with buttons, answers to clients, and nobody else.

use std::fmt::Write as _;

use axum::http::StatusCode;
use futures_util::future::join_all;
use huifang::channel::Channels;
use huifang::channel::telegram::Menu;
use huifang::domain::staff::Role;
use huifang::store;
use huifang::store::tickets::Filter;
use serde_json::{Value, json};

use crate::fake_telegram::FakeTelegram;
use crate::house::{House, client};

const GROUP: i64 = -1_001_234_567_890;
const WANG: i64 = 71;
const STRANGER: i64 = 72;

struct Group {
    house: House,
    telegram: FakeTelegram,
    queries: std::cell::Cell<u32>,
}

impl Group {
    async fn begin() -> Group {
        Group::with(Some(GROUP), &[]).await
    }

    async fn with(group: Option<i64>, rules: &[&str]) -> Group {
        let telegram = FakeTelegram::start().await;
        telegram.knows(GROUP);
        let bot = telegram.bot();
        let channels = |_: &huifang::clock::Clock| Channels { telegram: Some(bot), ..Channels::default() };
        let rules = rules.iter().map(|rule| toml::from_str(rule).unwrap()).collect();
        let house = House::open_with_alerts(channels, group, rules).await;
        telegram.bot().register("https://huifang.example.com", &Menu::new()).await;
        Group { house, telegram, queries: std::cell::Cell::new(0) }
    }

    /// A client writes on the web chat.
    async fn client_says(&self, text: &str) -> Value {
        let body = json!({ "session": "a-session-of-a-client", "text": text, "language": "zh-CN" });
        let answer = client().post(format!("{}/chat/api/messages", self.house.url)).json(&body).send().await.unwrap();
        let answer = answer.json().await.unwrap();
        self.house.works().await;
        answer
    }

    fn alerts(&self) -> Vec<Value> {
        let all = self.telegram.arrived(GROUP);
        all.into_iter().filter(|message| message["text"].as_str().unwrap().starts_with('【')).collect()
    }

    /// What was said in the group besides alerts.
    fn said(&self) -> Vec<String> {
        let all = self.telegram.arrived(GROUP);
        let texts = all.iter().map(|message| message["text"].as_str().unwrap().to_owned());
        texts.filter(|text| !text.starts_with('【')).collect()
    }

    fn press(&self, alert: &Value, label: &str, from: i64) -> Value {
        let rows = alert["reply_markup"]["inline_keyboard"].as_array().unwrap();
        let key = rows.iter().flat_map(|row| row.as_array().unwrap()).find(|key| key["text"] == label).unwrap();
        self.queries.set(self.queries.get() + 1);
        let query = json!({ "id": format!("77{}", self.queries.get()), "chat_instance": "-1", "data": key["callback_data"],
            "from": person(from), "message": alert });
        self.telegram.numbered("callback_query", query)
    }

    async fn presses(&self, alert: &Value, label: &str, from: i64) -> String {
        let press = self.press(alert, label, from);
        self.delivered(&press).await;
        self.house.works().await;
        self.telegram.toasts().pop().unwrap()
    }

    fn reply(&self, to: &Value, text: &str, from: i64) -> Value {
        let chat = json!({ "id": GROUP, "type": "supergroup", "title": "客服" });
        self.reply_in(&chat, to, text, from)
    }

    fn reply_in(&self, chat: &Value, to: &Value, text: &str, from: i64) -> Value {
        let message = json!({ "date": 1_795_226_400, "chat": chat, "from": person(from), "text": text,
            "reply_to_message": to });
        self.telegram.numbered("message", message)
    }

    async fn delivered(&self, update: &Value) {
        assert_eq!(self.telegram.delivers(&self.house.url, update).await, StatusCode::OK, "{update}");
    }

    /// Opens the link an administrator gave; returns what is said to it.
    async fn links(&self, token: &str, from: i64) -> String {
        let message = json!({ "date": 1_795_226_400, "text": format!("/start {token}"), "from": person(from),
            "chat": { "id": from, "type": "private", "first_name": "x" } });
        let update = self.telegram.numbered("message", message);
        self.delivered(&update).await;
        let arrived = self.telegram.arrived(from);
        arrived.last().unwrap()["text"].as_str().unwrap().to_owned()
    }

    /// Status, assignee and history of the only ticket.
    async fn ticket(&self) -> String {
        let read = self.house.runner.store.read(|tx| {
            Box::pin(async move {
                let ticket = store::tickets::list(tx, &Filter::default(), 10).await?.remove(0);
                let events = store::tickets::events(tx, ticket.id).await?;
                let kinds: Vec<_> = events.into_iter().map(|event| event.kind).collect();
                let assignee = match ticket.assignee {
                    Some(id) => store::staff::find(tx, id).await?.map(|staff| staff.name),
                    None => None,
                };
                Ok::<_, store::StoreError>(format!("{} {assignee:?} {}", ticket.status.name(), kinds.join(" ")))
            })
        });
        read.await.unwrap()
    }
}

fn person(number: i64) -> Value {
    json!({ "id": number, "is_bot": false, "first_name": "x", "language_code": "zh-hans" })
}

#[tokio::test]
async fn staff_act_on_an_alert_in_their_group_once_and_everybody_sees_who() {
    let group = Group::begin().await;
    let wang = group.house.hires("wang", "小王").await;
    group.client_says("你们就是踢皮球，推来推去没人管\n【紧急】 <b>x</b>").await;
    let alert = group.alerts().pop().unwrap();
    let text = alert["text"].as_str().unwrap();
    assert!(text.contains("没人管 【紧急】 <b>x</b>”"), "words of a client make no line of their own: {text}");
    assert!(group.links(&group.house.staff_token(wang), WANG).await.contains("小王"));

    let press = group.press(&alert, "接单", WANG);
    let copies = join_all((0..5).map(|_| group.telegram.delivers(&group.house.url, &press))).await;
    assert!(copies.iter().all(|status| *status == StatusCode::OK));
    group.house.works().await;
    assert_eq!(group.ticket().await, "assigned Some(\"小王\") reported assigned");
    assert_eq!(group.telegram.toasts(), vec!["小王 接单"; 5], "always answered");
    assert_eq!(group.said(), ["小王 接单 HF2611-0001"]);
    let said = group.telegram.arrived(GROUP).pop().unwrap();
    assert_eq!(said["reply_to"], alert["message_id"]);

    assert_eq!(group.presses(&alert, "已电话", WANG).await, "小王 已电话联系客户");
    assert_eq!(group.presses(&alert, "已到场", WANG).await, "小王 已到场");
    assert_eq!(group.presses(&alert, "已到场", WANG).await, "小王 已到场");
    assert_eq!(group.ticket().await, "on_site Some(\"小王\") reported assigned called on_site");
    group.presses(&alert, "申请延期", WANG).await;
    let asked = group.alerts().pop().unwrap();
    assert!(asked["text"].as_str().unwrap().starts_with("【申请延期】HF2611-0001"), "{asked}");
    assert!(group.said().last().unwrap().contains("申请延期"), "{:?}", group.said());
}

#[tokio::test]
async fn an_answer_to_an_alert_reaches_the_client_once() {
    let group = Group::begin().await;
    let wang = group.house.hires_as("wang", "小王", Role::Agent).await;
    group.links(&group.house.staff_token(wang), WANG).await;
    group.client_says("你们就是踢皮球，推来推去没人管").await;
    let alert = group.alerts().pop().unwrap();
    let reply = group.reply(&alert, "王先生您好，明天上午九点到", WANG);
    for _ in 0..3 {
        group.delivered(&reply).await;
    }
    group.house.works().await;
    let address = format!("{}/chat/api/messages?session=a-session-of-a-client", group.house.url);
    let thread = client().get(address).send().await.unwrap().text().await.unwrap();
    assert_eq!(thread.matches("明天上午九点到").count(), 1, "{thread}");
    assert_eq!(group.said(), ["小王 的回复已发给客户 HF2611-0001"]);
    // What answers something else, or nobody, is between them.
    let own = group.telegram.arrived(GROUP).pop().unwrap();
    for other in
        [group.reply(&own, "收到", WANG), group.reply(&json!({ "message_id": 1, "from": person(5) }), "好", WANG)]
    {
        group.delivered(&other).await;
    }
    group.house.works().await;
    let address = format!("{}/chat/api/messages?session=a-session-of-a-client", group.house.url);
    assert!(!client().get(address).send().await.unwrap().text().await.unwrap().contains("收到\""));
    assert_eq!(group.said().len(), 1);
}

#[tokio::test]
async fn nobody_acts_who_is_not_known_as_staff() {
    let group = Group::begin().await;
    let wang = group.house.hires("wang", "小王").await;
    group.client_says("你们就是踢皮球，推来推去没人管").await;
    let alert = group.alerts().pop().unwrap();
    assert!(group.presses(&alert, "接单", STRANGER).await.contains("登记过的同事"));
    let reply = group.reply(&alert, "不关我们的事", STRANGER);
    group.delivered(&reply).await;
    assert!(group.said().last().unwrap().contains("登记过的同事"));
    assert_eq!(group.ticket().await, "reported None reported");
    // A link is good for one account, and for its day.
    let token = group.house.staff_token(wang);
    for wrong in [format!("s{}", group.house.token()), token.replace("sA", "sB")] {
        assert!(group.links(&wrong, STRANGER).await.contains("链接"), "{wrong}");
    }
    assert!(group.links(&token, WANG).await.contains("已绑定"));
    assert!(group.links(&token, WANG).await.contains("已绑定"), "a copy of the same");
    assert!(group.links(&token, STRANGER).await.contains("用过了"));
    let old = group.house.staff_token(wang);
    group.house.clock.advance(std::time::Duration::from_secs(3_700));
    assert!(group.links(&old, STRANGER).await.contains("过期"));
    // Whoever has left the house may do nothing any more.
    let left = group
        .house
        .runner
        .store
        .write(move |tx| Box::pin(async move { store::staff::set_active(tx, wang, false).await }));
    left.await.unwrap();
    assert!(group.presses(&alert, "接单", WANG).await.contains("登记过的同事"));
    assert_eq!(group.ticket().await, "reported None reported");
    assert_eq!(group.house.received("telegram", &["cb:771"]).await, 0, "nothing of it is a client's conversation");
}

#[tokio::test]
async fn buttons_and_answers_ask_the_role_table_and_say_no() {
    const LI: i64 = 81;
    const FIRM: i64 = 82;
    const MANAGER: i64 = 83;
    let group = Group::begin().await;
    for (account, login, name, role) in [
        (WANG, "wang", "小王", Role::Engineer),
        (LI, "li", "李工", Role::Engineer),
        (FIRM, "firm", "安居防水", Role::Subcontractor),
        (MANAGER, "zhou", "周经理", Role::Manager),
    ] {
        let person = group.house.hires_as(login, name, role).await;
        assert!(group.links(&group.house.staff_token(person), account).await.contains(name));
    }
    group.client_says("你们就是踢皮球，推来推去没人管").await;
    let alert = group.alerts().pop().unwrap();
    let mut told = String::new();
    for (account, label) in [
        (WANG, "已电话"),
        (FIRM, "接单"),
        (WANG, "接单"),
        (LI, "接单"),
        (LI, "已到场"),
        (LI, "申请延期"),
        (WANG, "已电话"),
        (MANAGER, "申请延期"),
    ] {
        let _ = writeln!(told, "{account} {label}: {}", group.presses(&alert, label, account).await);
    }
    let reply = group.reply(&alert, "明天上午九点到", LI);
    group.delivered(&reply).await;
    let _ = writeln!(told, "{LI} 回复: {}", group.said().last().unwrap());
    insta::assert_snapshot!(told, @r"
    71 已电话: 这一步您的角色做不了：工单是别人的、不在您的区域，或不归您办。没人接的工单，请先点接单。
    82 接单: 这一步您的角色做不了：工单是别人的、不在您的区域，或不归您办。没人接的工单，请先点接单。
    71 接单: 小王 接单
    81 接单: 这一步您的角色做不了：工单是别人的、不在您的区域，或不归您办。没人接的工单，请先点接单。
    81 已到场: 这一步您的角色做不了：工单是别人的、不在您的区域，或不归您办。没人接的工单，请先点接单。
    81 申请延期: 这一步您的角色做不了：工单是别人的、不在您的区域，或不归您办。没人接的工单，请先点接单。
    71 已电话: 小王 已电话联系客户
    83 申请延期: 周经理 申请延期，等负责人定
    81 回复: 这一步您的角色做不了：工单是别人的、不在您的区域，或不归您办。没人接的工单，请先点接单。
    ");
    assert_eq!(group.ticket().await, "assigned Some(\"小王\") reported assigned called extension_requested");
    let address = format!("{}/chat/api/messages?session=a-session-of-a-client", group.house.url);
    assert!(!client().get(address).send().await.unwrap().text().await.unwrap().contains("明天上午九点到"));
}

#[tokio::test]
async fn what_is_no_ticket_can_be_seen_and_answered() {
    let group = Group::begin().await;
    let wang = group.house.hires_as("wang", "小王", Role::Agent).await;
    group.links(&group.house.staff_token(wang), WANG).await;
    group.client_says("我要找人工").await;
    let alert = group.alerts().pop().unwrap();
    assert!(alert["text"].as_str().unwrap().contains("https://huifang.example.com/console/conversations/"), "{alert}");
    assert_eq!(group.presses(&alert, "知道了", WANG).await, "小王 已看过");
    assert!(group.house.flags().await.is_empty());
    let reply = group.reply(&alert, "您好，我是小王", WANG);
    group.delivered(&reply).await;
    group.house.works().await;
    assert_eq!(group.said(), ["小王 已看过", "小王 的回复已发给客户"]);
}

#[tokio::test]
async fn a_rule_tells_people_by_their_role_and_they_act_and_answer_where_they_are_told() {
    let group = Group::with(None, &["to = \"staff\"\nroles = [\"engineer\"]"]).await;
    let wang = group.house.hires("wang", "小王").await;
    group.house.hires("li", "小李").await;
    group.links(&group.house.staff_token(wang), WANG).await;
    group.client_says("你们就是踢皮球，推来推去没人管").await;
    let alert = group.telegram.arrived(WANG).pop().unwrap();
    assert!(alert["text"].as_str().unwrap().starts_with("【"), "{alert}");
    assert_eq!(group.presses(&alert, "接单", WANG).await, "小王 接单");
    let chat = |number: i64| json!({ "id": number, "type": "private", "first_name": "x" });
    let reply = group.reply_in(&chat(WANG), &alert, "明天上午九点到", WANG);
    group.delivered(&reply).await;
    group.house.works().await;
    let address = format!("{}/chat/api/messages?session=a-session-of-a-client", group.house.url);
    assert!(client().get(address.as_str()).send().await.unwrap().text().await.unwrap().contains("明天上午九点到"));
    let said = group.telegram.arrived(WANG).pop().unwrap();
    assert_eq!(said["text"], "小王 的回复已发给客户 HF2611-0001");
    // A client who answers a message of ours writes to us as any client does.
    let other = group.reply_in(&chat(STRANGER), &said, "厨房水龙头漏水", STRANGER);
    group.delivered(&other).await;
    let id = format!("m:{STRANGER}:{}", other["message"]["message_id"]);
    assert_eq!(group.house.received("telegram", &[&id]).await, 1);
    let own = format!("m:{WANG}:{}", reply["message"]["message_id"]);
    assert_eq!(group.house.received("telegram", &[&own]).await, 0);
    // Whoever puts an answer right puts it right for the client; a client's words stay a client's.
    for (first, words, received) in [(&reply, "更正：明天下午三点到", 0), (&other, "卫生间水龙头漏水", 1)]
    {
        let mut message = first["message"].clone();
        message["text"] = json!(words);
        message["edit_date"] = json!(1_795_226_460);
        let edit = group.telegram.numbered("edited_message", message);
        for _ in 0..2 {
            group.delivered(&edit).await;
        }
        group.house.works().await;
        let (chat, number) = (&edit["edited_message"]["chat"]["id"], &edit["edited_message"]["message_id"]);
        let id = format!("edit:{chat}:{number}:1795226460");
        assert_eq!(group.house.received("telegram", &[&id]).await, received, "{words}");
    }
    let thread = client().get(address).send().await.unwrap().text().await.unwrap();
    assert_eq!(thread.matches("更正：明天下午三点到").count(), 1, "{thread}");
}
