//! The other side played by `wechatpy`, which knows the protocol independently of us: it signs and
//! seals pushes, posts them over HTTP, and opens and parses what comes back.

use huifang::channel::wechat::Mode;

use crate::fake_wechat::{ACCOUNT, APP_ID, FakeWechat, KEY, TOKEN};
use crate::house::{House, START, fixture};
use crate::python;

async fn played(mode: Mode, name: &'static str) -> Option<String> {
    let wechat = FakeWechat::start().await;
    wechat.keeps("narrow", fixture("leak.amr"));
    let house = House::open(wechat.channels(mode)).await;
    let (url, now, scene) = (format!("{}/webhooks/wechat", house.url), (START.0 / 1000).to_string(), house.token());
    let about = ["--url", &url, "--mode", name, "--now", &now, "--scene", &scene];
    let account = ["--token", TOKEN, "--key", KEY, "--app-id", APP_ID, "--account", ACCOUNT];
    python::played("wechatpy", "wechatpy_platform.py", &[about, account].concat()).await
}

#[tokio::test]
async fn wechatpy_reads_our_sealed_answers_and_we_its_pushes() {
    if let Some(said) = played(Mode::Secure, "secure").await {
        insta::assert_snapshot!("wechatpy_secure", said);
    }
}

#[tokio::test]
async fn wechatpy_reads_our_plain_answers_and_we_its_pushes() {
    if let Some(said) = played(Mode::Plain, "plain").await {
        insta::assert_snapshot!("wechatpy_plain", said);
    }
}
