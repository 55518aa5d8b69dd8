//! The other side played by `wechatpy`, which knows the protocol independently of us: it signs and
//! seals pushes, posts them over HTTP, and opens and parses what comes back.
//!
//! It needs Python with `venv` and `pip`; where these cannot be had the test says so and passes.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use huifang::channel::wechat::Mode;

use crate::fake_wechat::{ACCOUNT, APP_ID, FakeWechat, KEY, TOKEN};
use crate::house::{House, START, fixture};

const REQUIREMENTS: &str = include_str!("wechatpy-requirements.txt");

/// The environment's Python, or why there is none.
static PYTHON: OnceLock<Result<PathBuf, String>> = OnceLock::new();

/// Makes the virtual environment, once for each set of requirements.
fn make() -> Result<PathBuf, String> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("wechatpy");
    let (python, marker) = (folder.join("bin/python"), folder.join("made-for.txt"));
    if std::fs::read_to_string(&marker).is_ok_and(|made_for| made_for == REQUIREMENTS) {
        return Ok(python);
    }
    let step = |command: &mut Command| match command.output() {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => Err(format!("{command:?}: {}", String::from_utf8_lossy(&output.stderr))),
        Err(error) => Err(format!("{command:?}: {error}")),
    };
    step(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder))?;
    let list = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/platforms/wechatpy-requirements.txt");
    let install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--timeout", "20", "-r"];
    step(Command::new(&python).args(install).arg(list))?;
    std::fs::write(&marker, REQUIREMENTS).map_err(|error| error.to_string())?;
    Ok(python)
}

async fn played(mode: Mode, name: &'static str) -> Option<String> {
    let python = match tokio::task::spawn_blocking(|| PYTHON.get_or_init(make)).await.unwrap() {
        Ok(python) => python,
        Err(reason) => {
            eprintln!("SKIPPED: wechatpy was not the other side, there is no environment for it: {reason}");
            return None;
        }
    };
    let wechat = FakeWechat::start().await;
    wechat.keeps("narrow", fixture("leak.amr"));
    let house = House::open(wechat.channels(mode)).await;
    let mut command = Command::new(python);
    command
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/platforms/wechatpy_platform.py"))
        .args(["--url", &format!("{}/webhooks/wechat", house.url), "--mode", name])
        .args(["--token", TOKEN, "--key", KEY, "--app-id", APP_ID, "--account", ACCOUNT])
        .args(["--now", &(START.0 / 1000).to_string(), "--scene", &house.token()])
        .env("NO_PROXY", "127.0.0.1");
    let Output { status, stdout, stderr } =
        tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
    assert!(status.success(), "{}", String::from_utf8_lossy(&stderr));
    Some(String::from_utf8(stdout).unwrap())
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
