//! What is admitted, what each kind of push becomes, and what is refused.

use super::*;
use crate::channel::{Content, MediaKind, Place, Refusal, RemoteFile};
use crate::domain::time::Timestamp;

const KEY: &str = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";
const NOW: i64 = 1_714_037_100;

fn account(mode: Mode) -> Wechat {
    let config = WechatConfig {
        app_id: Some("wx1".to_owned()),
        app_secret: Some(Secret::new("app-secret")),
        token: Some(Secret::new("AAAAA")),
        encoding_aes_key: Some(Secret::new(KEY)),
        original_id: Some("gh_1".to_owned()),
        mode,
        ..WechatConfig::default()
    };
    Wechat::new(&config, Clock::manual(Timestamp(NOW * 1000))).unwrap().unwrap()
}

/// The fields every push has, and `rest`.
fn push(kind: &str, rest: &str) -> String {
    format!(
        "<xml><ToUserName><![CDATA[gh_1]]></ToUserName><FromUserName><![CDATA[oPERSON]]></FromUserName>\
         <CreateTime>1714037059</CreateTime><MsgType><![CDATA[{kind}]]></MsgType>{rest}</xml>"
    )
}

fn query(parts: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(parts).finish()
}

/// The address of a plain push, signed `off` seconds from now.
fn plain_query(off: i64) -> String {
    let time = (NOW + off).to_string();
    let signature = envelope::signature(&["AAAAA", &time, "n"]);
    query(&[("signature", &signature), ("timestamp", &time), ("nonce", "n"), ("openid", "oPERSON")])
}

/// Address and body of an encrypted push.
fn sealed(message: &str, id: &str) -> (String, String) {
    let envelope = Envelope::new(&Secret::new("AAAAA"), &Secret::new(KEY), None, id).unwrap();
    let time = NOW.to_string();
    let sealed = envelope.seal(envelope::KeyUsed::Current, message, &time, "n", [7; 16]);
    let query = query(&[
        ("signature", "not looked at"),
        ("timestamp", &time),
        ("nonce", "n"),
        ("encrypt_type", "aes"),
        ("msg_signature", &sealed.signature),
    ]);
    (query, format!("<xml><ToUserName>gh_1</ToUserName><Encrypt><![CDATA[{}]]></Encrypt></xml>", sealed.encrypt))
}

fn take(account: &Wechat, query: &str, body: &str) -> Result<Push, Refused> {
    account.open(&account.admit(query)?, body.as_bytes())
}

/// What a plain push becomes: its id and its content.
fn becomes(body: &str) -> Option<(String, Content)> {
    let push = take(&account(Mode::Plain), &plain_query(0), body).unwrap();
    let inbound = push.inbound?;
    assert_eq!((inbound.address.as_str(), inbound.channel), ("oPERSON", crate::channel::ChannelKind::Wechat));
    Some((inbound.external_id, inbound.content))
}

fn content(kind: &str, rest: &str) -> Content {
    becomes(&push(kind, &format!("{rest}<MsgId>24539567282716641</MsgId>"))).unwrap().1
}

fn file(kind: MediaKind, reference: &str, recognition: Option<&str>) -> Content {
    let (reference, recognition) = (reference.to_owned(), recognition.map(str::to_owned));
    Content::Remote { files: vec![RemoteFile { kind, reference, recognition }], caption: None }
}

#[test]
fn each_kind_of_message_is_read() {
    let text = push("text", "<Content><![CDATA[漏水]]></Content><MsgId>9</MsgId>");
    assert_eq!(becomes(&text), Some(("m:gh_1:oPERSON:9".to_owned(), Content::Text("漏水".to_owned()))));
    let tapped = "<Content>评价</Content><bizmsgmenuid>do:survey</bizmsgmenuid>";
    assert_eq!(content("text", tapped), Content::Choice("do:survey".to_owned()));
    assert_eq!(
        content("image", "<PicUrl>http://x/</PicUrl><MediaId>pic</MediaId>"),
        file(MediaKind::Photo, "pic", None)
    );
    let voice = "<MediaId>m8</MediaId><Format>amr</Format><Recognition></Recognition>";
    assert_eq!(content("voice", voice), file(MediaKind::Voice, "m8", None));
    let voice = "<MediaId>m8</MediaId><MediaId16K>m16</MediaId16K><Recognition>漏水了。</Recognition>";
    assert_eq!(content("voice", voice), file(MediaKind::Voice, "m16 m8", Some("漏水了。")));
    let place = "<Location_X>22.54</Location_X><Location_Y>113.95</Location_Y><Scale>15</Scale><Label>科技园</Label>";
    let expected = Place { latitude: 22.54, longitude: 113.95, label: Some("科技园".to_owned()) };
    assert_eq!(content("location", place), Content::Place(expected));
    let unknown = Content::Refused(Refusal::UnknownKind);
    assert_eq!(content("location", "<Location_X>NaN</Location_X><Location_Y>0</Location_Y>"), unknown);
    assert_eq!(content("location", "<Location_X>91</Location_X><Location_Y>0</Location_Y>"), unknown);
    assert_eq!(content("voice", ""), unknown);
    for kind in ["video", "shortvideo", "link", "hologram"] {
        assert_eq!(content(kind, "<MediaId>v</MediaId>"), unknown);
    }
    // A sticker comes as a text of WeChat's own, which nobody wrote.
    for text in ["【收到不支持的消息类型，暂无法显示】", "【收到不支援的訊息類型，無法顯示】", "[Unsupported Message]"]
    {
        assert_eq!(content("text", &format!("<Content><![CDATA[{text}]]></Content>")), unknown);
    }
    let quoted = "为什么显示【收到不支持的消息类型，暂无法显示】？";
    let text = content("text", &format!("<Content><![CDATA[{quoted}]]></Content>"));
    assert_eq!(text, Content::Text(quoted.to_owned()));
}

fn event(name: &str, key: &str) -> Option<(String, Content)> {
    becomes(&push("event", &format!("<Event>{name}</Event><EventKey><![CDATA[{key}]]></EventKey>")))
}

#[test]
fn following_scanning_and_tapping_are_commands() {
    let said = |name: &str, key: &str| match event(name, key) {
        Some((_, Content::Text(text))) => text,
        other => panic!("{other:?}"),
    };
    let token = "A".repeat(48);
    assert_eq!(said("subscribe", ""), "/start");
    assert_eq!(said("subscribe", &format!("qrscene_{token}")), format!("/start {token}"));
    assert_eq!(said("subscribe", "last_trade_no_42"), "/start");
    assert_eq!(said("SCAN", &token), format!("/start {token}"));
    assert_eq!(said("SCAN", "two words"), "/start");
    assert_eq!(said("CLICK", "repair"), "/repair");
    assert_eq!(said("CLICK", "human"), "/human");
    assert_eq!(event("unsubscribe", "").map(|(_, content)| content), Some(Content::Left));
    let (id, _) = event("SCAN", &token).unwrap();
    assert!(!id.contains(&token), "the token is not kept in the clear: {id}");
    assert_ne!(id, event("SCAN", "another").unwrap().0, "two events in one second are two");
}

#[test]
fn who_takes_back_what_the_account_was_let_know_is_named_in_the_event_not_its_sender() {
    let of = |event: &str, person: &str| {
        let rest = format!("<Event>{event}</Event>{person}<AppID>wx1</AppID><RevokeInfo>206</RevokeInfo>");
        take(&account(Mode::Plain), &plain_query(0), &push("event", &rest)).unwrap().inbound
    };
    for event in ["user_authorization_revoke", "user_authorization_cancellation"] {
        let inbound = of(event, "<OpenID><![CDATA[oREVOKES]]></OpenID>").unwrap();
        assert_eq!((inbound.address.as_str(), &inbound.content), ("oREVOKES", &Content::Revoked));
        let other = of(event, "<OpenID>oOTHER</OpenID>").unwrap();
        assert_ne!(inbound.external_id, other.external_id, "two people in one second are two");
        assert!(of(event, "").is_none() && of(event, &format!("<OpenID>{}</OpenID>", "o".repeat(129))).is_none());
    }
    // Their picture is not kept here: there is nothing to renew.
    assert!(of("user_info_modified", "<OpenID>oREVOKES</OpenID>").is_none());
}

#[test]
fn what_concerns_no_conversation_is_acknowledged() {
    for (name, key) in [
        ("VIEW", "https://example.com/"),
        ("CLICK", "of another menu"),
        ("TEMPLATESENDJOBFINISH", ""),
        ("LOCATION", ""),
        ("scancode_waitmsg", "k"),
        ("some_event_of_2030", ""),
    ] {
        assert_eq!(event(name, key), None, "{name}");
    }
    assert_eq!(becomes(&push("text", "<Content>no number</Content>")), None);
}

#[test]
fn the_address_is_verified_with_the_published_vectors() {
    let verified = |signature: &str, time: &str, nonce: &str, echo: &str| {
        account(Mode::Secure).verify(&query(&[
            ("signature", signature),
            ("timestamp", time),
            ("nonce", nonce),
            ("echostr", echo),
        ]))
    };
    let signature = "f464b24fc39322e44b38aa78f5edd27bd1441696";
    let echo = "4375120948345356249";
    assert_eq!(verified(signature, "1714036504", "1514711492", echo).as_deref(), Ok(echo));
    assert_eq!(verified(signature, "1714036504", "1514711493", echo), Err(Refused));
    assert_eq!(verified("", "1714036504", "1514711492", echo), Err(Refused));
    for echo in ["<script>", "", "a b", &"1".repeat(LONGEST_ECHO + 1)] {
        assert_eq!(verified(signature, "1714036504", "1514711492", echo), Err(Refused), "{echo}");
    }
    assert_eq!(account(Mode::Secure).verify("echostr=1"), Err(Refused));
}

#[test]
fn a_plain_push_is_taken_in_plain_mode_only() {
    let body = push("text", "<Content>hello</Content><MsgId>1</MsgId>");
    assert!(take(&account(Mode::Plain), &plain_query(0), &body).is_ok());
    for mode in [Mode::Secure, Mode::Compat] {
        assert_eq!(take(&account(mode), &plain_query(0), &body).map(drop), Err(Refused));
    }
    // `encrypt_type` alone does not make it encrypted.
    let (address, _) = sealed(&body, "wx1");
    assert_eq!(take(&account(Mode::Secure), &address, &body).map(drop), Err(Refused));
    let forged = plain_query(0).replace("nonce=n", "nonce=m");
    assert_eq!(take(&account(Mode::Plain), &forged, &body).map(drop), Err(Refused));
}

#[test]
fn of_two_copies_only_the_encrypted_one_is_believed() {
    let genuine = push("text", "<Content>genuine</Content><MsgId>1</MsgId>");
    let (address, body) = sealed(&genuine, "wx1");
    let both = body.replace(
        "<Encrypt>",
        "<FromUserName>oFORGED</FromUserName><MsgType>text</MsgType><Content>forged</Content><MsgId>1</MsgId><Encrypt>",
    );
    for mode in [Mode::Plain, Mode::Compat, Mode::Secure] {
        for body in [&body, &both] {
            let inbound = take(&account(mode), &address, body).unwrap().inbound.unwrap();
            assert_eq!(inbound.address, "oPERSON");
            assert_eq!(inbound.content, Content::Text("genuine".to_owned()));
        }
    }
}

#[test]
fn hostile_pushes_are_refused_alike() {
    let account = account(Mode::Secure);
    let refused = |query: &str, body: &str, what: &str| {
        assert_eq!(take(&account, query, body).map(drop), Err(Refused), "{what}");
    };
    let good = push("text", "<Content>a</Content><MsgId>1</MsgId>");
    let (address, body) = sealed(&good, "wx1");
    assert!(take(&account, &address, &body).is_ok());
    let (other, other_body) = sealed(&good, "wx2");
    refused(&other, &other_body, "for another app");
    refused(&address, &body.replace("</xml>", "<Encrypt>a</Encrypt></xml>"), "two encrypted texts");
    refused(&address, &format!("<!DOCTYPE xml [<!ENTITY a \"a\">]>{body}"), "a document type outside");
    refused(&address, "", "an empty body");
    refused(&format!("{address}&nonce=n"), &body, "a key twice");
    refused(&address.replace("msg_signature", "signature_of_nothing"), &body, "no msg_signature");
    let doctype = format!("<!DOCTYPE xml SYSTEM \"file:///etc/passwd\">{good}");
    for (inner, what) in [
        (doctype.as_str(), "a document type inside"),
        ("{\"MsgType\":\"text\"}", "not XML inside"),
        (&good.replace("gh_1", "gh_2"), "for another account"),
        (&good.replace("oPERSON", ""), "from nobody"),
        (&good.replace("oPERSON", &"o".repeat(200)), "from somebody too long"),
    ] {
        let (address, body) = sealed(inner, "wx1");
        refused(&address, &body, what);
    }
}

#[test]
fn a_push_from_another_time_is_refused_unless_time_is_not_looked_at() {
    let plain = account(Mode::Plain);
    for (off, admitted) in [(0, true), (-300, true), (300, true), (-301, false), (301, false)] {
        assert_eq!(plain.admit(&plain_query(off)).is_ok(), admitted, "{off} s off");
    }
    let config = WechatConfig {
        app_id: Some("wx1".to_owned()),
        app_secret: Some(Secret::new("s")),
        token: Some(Secret::new("AAAAA")),
        mode: Mode::Plain,
        freshness_seconds: 0,
        ..WechatConfig::default()
    };
    let timeless = Wechat::new(&config, Clock::manual(Timestamp(0))).unwrap().unwrap();
    assert!(timeless.admit(&plain_query(0)).is_ok());
}

#[test]
fn an_answer_is_sealed_as_the_push_was() {
    let account = account(Mode::Secure);
    let (address, body) = sealed(&push("text", "<Content>a</Content><MsgId>1</MsgId>"), "wx1");
    let push = take(&account, &address, &body).unwrap();
    let answer = account.answer(&push.reply, "您好").unwrap();
    let fields = Fields::parse(&answer).unwrap();
    let field = |name: &str| fields.get(name).unwrap();
    assert_eq!((field("Nonce"), field("TimeStamp")), ("n", NOW.to_string().as_str()));
    let signed =
        envelope::Signed { msg_signature: field("MsgSignature"), timestamp: field("TimeStamp"), nonce: field("Nonce") };
    let opened = account.0.envelope.as_ref().unwrap().open(signed, field("Encrypt")).unwrap();
    let inner = Fields::parse(&opened.message).unwrap();
    assert_eq!((inner.get("ToUserName"), inner.get("FromUserName")), (Some("oPERSON"), Some("gh_1")));
    assert_eq!(inner.get("Content"), Some("您好"));
    let plain = Answer { sealing: None, ..push.reply };
    assert!(account.answer(&plain, "您好").unwrap().contains("<Content><![CDATA[您好]]></Content>"));
}

#[test]
fn a_section_is_off_complete_or_says_what_is_missing() {
    let clock = || Clock::manual(Timestamp(0));
    let new = |config: &WechatConfig| Wechat::new(config, clock());
    assert!(new(&WechatConfig::default()).unwrap().is_none());
    let mut config = WechatConfig { token: Some(Secret::new("t")), ..WechatConfig::default() };
    assert_eq!(new(&config).unwrap_err(), ConfigFault::Missing("encoding_aes_key"));
    config.mode = Mode::Plain;
    assert_eq!(new(&config).unwrap_err(), ConfigFault::Missing("app_id"));
    config.app_id = Some("wx1".to_owned());
    assert_eq!(new(&config).unwrap_err(), ConfigFault::Missing("app_secret"));
    config.app_secret = Some(Secret::new("hush"));
    assert!(new(&config).unwrap().is_some());
    config.api_url = Some("ftp://x".to_owned());
    assert_eq!(new(&config).unwrap_err(), ConfigFault::Url);
    config.api_url = Some("http://127.0.0.1:9/".to_owned());
    config.encoding_aes_key = Some(Secret::new("short"));
    assert_eq!(new(&config).unwrap_err(), ConfigFault::Key(envelope::KeyFault::Length(5)));
    config.encoding_aes_key = None;
    assert!(!format!("{:?}", new(&config).unwrap()).contains("hush"));
}
