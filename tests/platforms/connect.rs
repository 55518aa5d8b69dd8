//! `huifang connect` and `huifang check` against the platforms, as an operator runs them.

use insta::assert_snapshot;

use crate::fake_kf;
use crate::fake_wechat::{self, FakeWechat};
use crate::fake_wecom::{self, FakeWecom};
use crate::house::program;

/// What was made up for the settings is different at each run.
fn read(said: &str) -> String {
    let line = |line: &str| match line.split_once(" = \"") {
        Some((key, rest)) if rest.ends_with("(made just now)") => {
            let (made, _) = rest.split_once('"').unwrap();
            format!("{key}: {} letters and digits", made.chars().filter(char::is_ascii_alphanumeric).count())
        }
        _ => line.to_owned(),
    };
    said.lines().map(line).collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn connect_wechat_asks_for_what_is_missing_sets_the_menu_and_says_what_is_left() {
    let wechat = FakeWechat::start().await;
    let set = [("HUIFANG_WECHAT__API_URL", wechat.url.as_str())];
    let typed = format!("{}\n{}\n", fake_wechat::APP_ID, fake_wechat::APP_SECRET);
    let said = program(&set, &["connect", "wechat", "--openid", "oPERSON"], &typed).await;
    assert_snapshot!(read(&said));
    assert!(!said.contains(fake_wechat::APP_SECRET), "{said}");
    assert_eq!(wechat.taken("menu/create").len(), 1);
    assert_eq!(wechat.texts().len(), 1);
    let said = program(&set, &["connect", "wechat"], &format!("{}\nwrong\n", fake_wechat::APP_ID)).await;
    assert!(said.starts_with("FAILED   WeChat answered 40125") && said.ends_with("exit 1"), "{said}");
    for made in ["[wechat] token = ", "[wechat] encoding_aes_key = "] {
        assert!(said.contains(made), "what was made up is told all the same: {said}");
    }
}

#[tokio::test]
async fn connect_wecom_does_the_same_and_lets_the_robot_speak() {
    let wecom = FakeWecom::start().await;
    let mut set = vec![("HUIFANG_WECOM__API_URL", wecom.url.as_str()), ("HUIFANG_WECOM__ROBOT_KEY", fake_wecom::ROBOT)];
    let said = program(&set, &["connect", "wecom", "--robot"], "").await;
    assert!(said.starts_with("ok       the robot said something in its group") && said.ends_with("exit 0"), "{said}");
    assert_eq!(wecom.alerts().len(), 1);
    wecom.opens_account();
    let typed = format!("{}\n{}\n{}\n", fake_wecom::CORP_ID, fake_wecom::AGENT, fake_wecom::SECRET);
    let said = program(&set, &["connect", "wecom", "--user", "zhang"], &typed).await;
    assert_snapshot!(read(&said));
    assert_eq!(wecom.menus()[0]["button"][0]["key"], "repair");
    assert_eq!(wecom.texts().len(), 1);
    set.extend([("HUIFANG_WECOM__CORP_ID", "ww-wrong"), ("HUIFANG_WECOM__AGENT_ID", "218")]);
    let said = program(&set, &["connect", "wecom"], "x\n").await;
    assert!(said.starts_with("FAILED   WeCom answered 40013: the corp_id is wrong"), "{said}");
    for made in ["[wecom] token = ", "[wecom] encoding_aes_key = "] {
        assert!(said.contains(made), "what was made up is told all the same: {said}");
    }
}

#[tokio::test]
async fn check_tells_how_the_accounts_stand() {
    let (wechat, wecom) = (FakeWechat::start().await, FakeWecom::start().await);
    let agent = fake_wecom::AGENT.to_string();
    let lines = async |changed: &[(&str, &str)]| {
        let mut set = vec![
            ("HUIFANG_WECHAT__API_URL", wechat.url.as_str()),
            ("HUIFANG_WECHAT__APP_ID", fake_wechat::APP_ID),
            ("HUIFANG_WECHAT__APP_SECRET", fake_wechat::APP_SECRET),
            ("HUIFANG_WECHAT__TOKEN", fake_wechat::TOKEN),
            ("HUIFANG_WECHAT__ENCODING_AES_KEY", fake_wechat::KEY),
            ("HUIFANG_WECOM__API_URL", wecom.url.as_str()),
            ("HUIFANG_WECOM__CORP_ID", fake_wecom::CORP_ID),
            ("HUIFANG_WECOM__AGENT_ID", agent.as_str()),
            ("HUIFANG_WECOM__SECRET", fake_wecom::SECRET),
            ("HUIFANG_WECOM__TOKEN", fake_wecom::TOKEN),
            ("HUIFANG_WECOM__ENCODING_AES_KEY", fake_wecom::KEY),
        ];
        set.extend(changed);
        let said = program(&set, &["check"], "").await;
        said.lines().filter(|line| line.contains("[wechat]") || line.contains("[wecom]")).collect::<Vec<_>>().join("\n")
    };
    assert_snapshot!(lines(&[]).await, @r"
    ok       wechat    [wechat]: gives access tokens; it calls https://huifang.example.com/webhooks/wechat
    ok       wecom     [wecom]: gives access tokens; it calls https://huifang.example.com/webhooks/wecom
    ");
    let own = [("HUIFANG_WECOM__KF_SECRET", fake_kf::SECRET)];
    wecom.at_desk(|desk| desk.own_secret = true);
    assert!(lines(&own).await.ends_with("[wecom] customer service: no account is open to it"), "{}", lines(&own).await);
    wecom.opens_account();
    assert!(lines(&own).await.ends_with("ok       wecom_kf  [wecom] customer service: answers for 翠湖花园客服"));
    let changed = [("HUIFANG_WECHAT__APP_SECRET", "x"), ("HUIFANG_SERVER__PUBLIC_URL", "http://127.0.0.1:8080")];
    assert_snapshot!(lines(&changed).await, @r"
    BROKEN   wechat    [wechat]: WeChat answered 40125: the app_secret is wrong: reset it in the console and set the new one; rid 6555-40125
    warning  wecom     [wecom]: gives access tokens, but calls no such address as http://127.0.0.1:8080
    ");
}
