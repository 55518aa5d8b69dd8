//! The official samples (protocols §5, V8–V11) through the app's own functions.

use super::*;
use crate::channel::Content;
use crate::channel::wechat::errcode::{Denied, Reaction};
use crate::domain::secret::Secret;
use crate::domain::time::Timestamp;

fn config() -> WecomConfig {
    WecomConfig {
        corp_id: Some("wx5823bf96d3bd56c7".to_owned()),
        agent_id: Some(218),
        secret: Some(Secret::new("a-secret")),
        token: Some(Secret::new("QDG6eK")),
        encoding_aes_key: Some(Secret::new("jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C")),
        ..WecomConfig::default()
    }
}

fn app() -> Wecom {
    Wecom::new(&config(), Clock::manual(Timestamp(1_409_659_813_000))).unwrap().unwrap()
}

const V8: &str = "msg_signature=5c45ff5e21c57e6ad56bac8758b79b1d9ac89fd3&timestamp=1409659589&nonce=263014780&\
                  echostr=P9nAzCzyDtyTWESHep1vC5X9xho%2FqYX3Zpb4yKa9SKld1DsH3Iyt3tP3zNdtp%2B4RPcs8TgAE7OaBO%2BFZXvnaqQ%3D%3D";
const V9: &str = "msg_signature=477715d11cdb4164915debcba66cb864d751f3e6&timestamp=1409659813&nonce=1372623149";
const V9_BODY: &str = "<xml><ToUserName><![CDATA[wx5823bf96d3bd56c7]]></ToUserName><Encrypt><![CDATA[RypEvHKD8QQKFhvQ6QleEB4J58tiPdvo+rtK1I9qca6aM/wvqnLSV5zEPeusUiX5L5X/0lWfrf0QADHHhGd3QczcdCUpj911L3vg3W/sYYvuJTs3TUUkSUXxaccAS0qhxchrRYt66wiSpGLYL42aM6A8dTT+6k4aSknmPj48kzJs8qLjvd4Xgpue06DOdnLxAUHzM6+kDZ+HMZfJYuR+LtwGc2hgf5gsijff0ekUNXZiqATP7PF5mZxZ3Izoun1s4zG4LUMnvw2r+KqCKIw+3IQH03v+BCA9nMELNqbSf6tiWSrXJB3LAVGUcallcrw8V2t9EL4EhzJWrQUax5wLVMNS0+rUPA3k22Ncx4XXZS9o0MBH27Bo6BpNelZpS+/uh9KsNlY6bHCmJU9p8g7m3fVKn28H3KDYA5Pl/T8Z1ptDAVe0lXdQ2YoyyH2uyPIGHBZZIs2pDBS8R07+qN+E7Q==]]></Encrypt><AgentID><![CDATA[218]]></AgentID></xml>";

#[test]
fn the_sample_verification_is_answered_also_where_a_plus_came_unescaped() {
    assert_eq!(app().verify(V8).as_deref(), Ok("1616140317555161061"));
    assert_eq!(app().verify(&V8.replace("%2B", "+")).as_deref(), Ok("1616140317555161061"));
    assert_eq!(app().verify(&V8.replace("263014780", "263014781")), Err(Refused));
    assert_eq!(app().verify(&V8.replace("msg_signature", "signature")), Err(Refused));
    assert_eq!(app().verify(V9), Err(Refused));
}

#[test]
fn the_sample_message_is_read_and_its_answer_can_be_opened() {
    let app = app();
    let Opened::Push(push) = app.open(&app.admit(V9).unwrap(), V9_BODY.as_bytes()).unwrap() else { panic!("no push") };
    let inbound = push.inbound.unwrap();
    assert_eq!((inbound.channel, inbound.address.as_str()), (ChannelKind::Wecom, "mycreate"));
    assert_eq!(inbound.external_id, "m:wx5823bf96d3bd56c7:mycreate:4561255354251345929");
    assert_eq!(inbound.content, Content::Text("hello".to_owned()));
    let answer = Fields::parse(&app.answer(&push.reply, "您好]]>").unwrap()).unwrap();
    let part = |name: &str| answer.get(name).unwrap();
    let signed =
        envelope::Signed { msg_signature: part("MsgSignature"), timestamp: part("TimeStamp"), nonce: part("Nonce") };
    let opened = app.0.envelope.open(signed, part("Encrypt")).unwrap().message;
    let inner = Fields::parse(&opened).unwrap();
    assert_eq!((inner.get("Content"), inner.get("ToUserName")), (Some("您好]]>"), Some("mycreate")));
    assert_eq!(inner.get("FromUserName"), Some("wx5823bf96d3bd56c7"));
}

#[test]
fn what_is_old_forged_cut_or_for_others_is_refused_alike() {
    let app = app();
    let query = app.admit(V9).unwrap();
    let late = Wecom::new(&config(), Clock::manual(Timestamp(1_409_660_200_000))).unwrap().unwrap();
    assert_eq!(late.admit(V9).unwrap_err(), Refused);
    let trusting = WecomConfig { freshness_seconds: 0, ..config() };
    let trusting = Wecom::new(&trusting, Clock::manual(Timestamp(0))).unwrap().unwrap();
    assert!(trusting.admit(V9).is_ok());
    assert!(
        app.admit("timestamp=1409659813&nonce=1372623149&signature=477715d11cdb4164915debcba66cb864d751f3e6").is_err()
    );
    for body in [
        V9_BODY.replace("RypEv", "RypEw"),
        V9_BODY.replace("+E7Q==", "+E7Q="),
        V9_BODY.replace("</Encrypt>", "</Encrypt><Encrypt>x</Encrypt>"),
        V9_BODY.replace("<xml>", "<!DOCTYPE xml><xml>"),
        V9_BODY.chars().take(200).collect(),
        "<xml><Content>hello</Content></xml>".to_owned(),
        String::new(),
    ] {
        assert_eq!(app.open(&query, body.as_bytes()).unwrap_err(), Refused, "{body:.60}");
    }
    let other = WecomConfig { corp_id: Some("wx5823bf96d3bd56c8".to_owned()), ..config() };
    let other = Wecom::new(&other, Clock::manual(Timestamp(1_409_659_813_000))).unwrap().unwrap();
    assert_eq!(other.open(&query, V9_BODY.as_bytes()).unwrap_err(), Refused);
}

#[test]
fn half_an_app_is_told_what_is_missing_and_none_is_off() {
    let clock = || Clock::manual(Timestamp(0));
    let told = |config: WecomConfig| Wecom::new(&config, clock()).unwrap_err().to_string();
    assert!(Wecom::new(&WecomConfig::default(), clock()).unwrap().is_none());
    let robot = WecomConfig { robot_key: Some(Secret::new("k")), ..WecomConfig::default() };
    assert!(Wecom::new(&robot, clock()).unwrap().is_none());
    for (key, config) in [
        ("corp_id", WecomConfig { corp_id: None, ..config() }),
        ("agent_id", WecomConfig { agent_id: None, ..config() }),
        ("secret", WecomConfig { secret: Some(Secret::new("")), ..config() }),
        ("token", WecomConfig { token: None, ..config() }),
        ("encoding_aes_key", WecomConfig { encoding_aes_key: None, ..config() }),
    ] {
        assert!(told(config).starts_with(&format!("[wecom] {key} is missing")), "{key}");
    }
    let short = WecomConfig { encoding_aes_key: Some(Secret::new("abc")), ..config() };
    insta::assert_snapshot!(told(short), @"[wecom] encoding_aes_key or previous_aes_key: an EncodingAESKey has 43 characters, this one has 3");
    let shown = format!("{:?} {:?}", config(), app());
    assert!(!shown.contains("a-secret") && !shown.contains("jWmYm") && !shown.contains("QDG6eK"), "{shown}");
}

#[test]
fn each_code_of_the_platform_has_one_meaning_and_those_of_customer_service_are_the_published_ones() {
    let table = config::PLATFORM.codes.table;
    let mut codes: Vec<_> = table.iter().map(|(code, ..)| *code).collect();
    codes.sort_unstable();
    codes.dedup();
    assert_eq!(codes.len(), table.len());
    let of = |code| Denied { codes: config::PLATFORM.codes, code, rid: None, address: None }.reaction();
    // The window: five messages, 48 hours, and a conversation that is over (the next word opens another).
    assert!([95001, 95002, 95013].into_iter().all(|code| of(code) == Reaction::Shut));
    // Something in the console: the account, inside WeCom or not, open to interfaces, answered by us.
    assert!([95000, 95004, 95011, 95012, 95017, 95018].into_iter().all(|code| of(code) == Reaction::Repair));
    // A call that would be refused again: a token that ran out, a parameter that is none.
    assert!([95007, 40058].into_iter().all(|code| of(code) == Reaction::GiveUp));
    assert_eq!(of(40096), Reaction::Unreachable);
}
