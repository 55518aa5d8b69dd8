//! A real Chromium, each window with an empty profile of its own.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use fantoccini::elements::Element;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};

use crate::demo::{Demo, Running, lines_until};
use crate::skipped::skipped;

/// Long enough for a recording to be heard on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(90);

/// What a test plays on.
pub struct Stage {
    pub demo: Demo,
    driver: String,
    _chromedriver: Running,
}

/// A browser window.
pub struct Window {
    pub page: Client,
    driver: String,
    session: String,
}

impl Stage {
    /// Starts the demo and the driver. `None`, loudly, where there is no Chromium; a failure
    /// where the environment says that this is CI.
    pub fn set() -> Option<Stage> {
        if !has("chromium") || !has("chromedriver") {
            let what = "chromium and chromedriver are not installed: the pages are NOT tested in a browser";
            assert!(std::env::var_os("CI").is_none(), "{what}");
            skipped(what);
            return None;
        }
        let mut chromedriver =
            Command::new("chromedriver").arg("--port=0").stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let said = lines_until(&mut chromedriver, "successfully on port ");
        let port = said.trim_end().trim_end_matches('.').rsplit(' ').next().unwrap();
        let driver = format!("http://127.0.0.1:{port}");
        Some(Stage { demo: Demo::start(), driver, _chromedriver: Running(chromedriver) })
    }

    /// Opens a window of that size whose microphone plays `voice`.
    pub async fn window(&self, width: u32, height: u32, voice: Option<&Path>, more: &[&str]) -> Window {
        let profile = tempfile::tempdir_in(self.demo.directory()).unwrap().keep();
        let mut args = vec![
            "--headless=new".to_owned(),
            "--no-sandbox".to_owned(),
            "--disable-gpu".to_owned(),
            "--disable-background-networking".to_owned(),
            "--disable-component-update".to_owned(),
            "--disable-sync".to_owned(),
            "--disable-dev-shm-usage".to_owned(),
            "--no-first-run".to_owned(),
            "--hide-scrollbars".to_owned(),
            "--use-fake-ui-for-media-stream".to_owned(),
            "--use-fake-device-for-media-stream".to_owned(),
            format!("--user-data-dir={}", profile.display()),
        ];
        args.extend(voice.map(|file| format!("--use-file-for-fake-audio-capture={}", file.display())));
        args.extend(more.iter().map(|arg| (*arg).to_owned()));
        let mut options = json!({ "args": args });
        // A window cannot be narrower than 500 px; a phone is emulated.
        if width < 500 {
            options["mobileEmulation"] =
                json!({ "deviceMetrics": { "width": width, "height": height, "pixelRatio": 2.0, "touch": true } });
        }
        let capabilities = json!({
            "browserName": "chrome",
            "goog:chromeOptions": options,
            "goog:loggingPrefs": { "browser": "ALL" },
        });
        let Value::Object(capabilities) = capabilities else { unreachable!() };
        let page = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities)
            .connect(&self.driver)
            .await
            .expect("chromedriver opens a window");
        if width >= 500 {
            page.set_window_size(width, height).await.unwrap();
        }
        let session = page.session_id().await.unwrap().expect("the window has a session");
        Window { page, driver: self.driver.clone(), session }
    }

    /// Logs in to the console.
    pub async fn log_in(&self, window: &Window) {
        window.page.goto(&format!("{}/console", self.demo.url)).await.unwrap();
        self.enter(window, "demo").await;
        window.sees("#board").await;
    }

    /// Fills in the log-in a window shows, as somebody of the demo's staff.
    pub async fn enter(&self, window: &Window, login: &str) {
        window.fill("#login", login).await;
        window.fill("#password", &self.demo.password).await;
        window.press("main button[type=submit]").await;
    }
}

impl Window {
    /// Waits for an element.
    pub async fn sees(&self, css: &str) -> Element {
        let found = self.page.wait().at_most(PATIENCE).for_element(Locator::Css(css)).await;
        match found {
            Ok(found) => found,
            Err(error) => {
                panic!("{css}: {error}; the page reads:\n{}", self.run("return document.body.innerText").await)
            }
        }
    }

    /// Waits for words within an element named by an `XPath` step, such as `div[@id='log']`.
    pub async fn reads(&self, within: &str, words: &str) -> Element {
        self.holds(&format!("//{within}[contains(normalize-space(.), '{words}')]")).await
    }

    /// Waits for what an `XPath` finds.
    pub async fn holds(&self, path: &str) -> Element {
        let found = self.page.wait().at_most(PATIENCE).for_element(Locator::XPath(path)).await;
        match found {
            Ok(found) => found,
            Err(error) => {
                panic!("{path}: {error}; the page reads:\n{}", self.run("return document.body.innerText").await)
            }
        }
    }

    /// Waits for a button with that label that can be pressed, and presses it.
    pub async fn choose(&self, label: &str) {
        let path = format!("//button[not(@disabled) and normalize-space(.)='{label}']");
        // A live page may swap the element between finding and pressing it.
        while let Err(error) = self.holds(&path).await.click().await {
            assert!(error.is_stale_element_reference(), "{label}: {error}");
        }
    }

    pub async fn press(&self, css: &str) {
        while let Err(error) = self.sees(css).await.click().await {
            assert!(error.is_stale_element_reference(), "{css}: {error}");
        }
    }

    pub async fn fill(&self, css: &str, text: &str) {
        while let Err(error) = self.sees(css).await.send_keys(text).await {
            assert!(error.is_stale_element_reference(), "{css}: {error}");
        }
    }

    pub async fn text(&self, css: &str) -> String {
        loop {
            match self.sees(css).await.text().await {
                Ok(text) => return text,
                Err(error) => assert!(error.is_stale_element_reference(), "{css}: {error}"),
            }
        }
    }

    /// Waits until a script returns that; also while another page is on its way.
    pub async fn until(&self, script: &str, wanted: &Value) {
        let waiting = async {
            while self.page.execute(script, Vec::new()).await.ok().as_ref() != Some(wanted) {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        let done = tokio::time::timeout(PATIENCE, waiting).await;
        assert!(done.is_ok(), "{script} returns {}, not {wanted}", self.run(script).await);
    }

    pub async fn run(&self, script: &str) -> Value {
        self.page.execute(script, Vec::new()).await.unwrap()
    }

    /// Cuts the network, or gives it back.
    pub async fn offline(&self, offline: bool) {
        let conditions =
            json!({ "network_conditions": { "offline": offline, "latency": 0, "throughput": -1, "type": "wifi" } });
        self.ask("chromium/network_conditions", &conditions).await;
    }

    /// Runs a script at the beginning of every page that is opened from now on.
    pub async fn begins_with(&self, script: &str) {
        let command = json!({ "cmd": "Page.addScriptToEvaluateOnNewDocument", "params": { "source": script } });
        self.ask("goog/cdp/execute", &command).await;
    }

    /// Checks what must hold of every page: it fits, and the browser has nothing to complain of.
    pub async fn is_sound(&self) {
        let wide = self.run("return document.documentElement.scrollWidth - document.documentElement.clientWidth").await;
        assert_eq!(wide, json!(0), "the page scrolls sideways");
        let beyond = self
            .run(
                "const ends = [...document.body.children].map((e) => e.getBoundingClientRect().bottom + scrollY);
                 const { clientHeight, scrollHeight } = document.documentElement;
                 return scrollHeight - Math.max(clientHeight, ...ends)",
            )
            .await;
        assert!(beyond.as_f64().unwrap() < 40.0, "the page goes on for {beyond} px below what stands on it");
        let small = self
            .run("return Array.from(document.querySelectorAll('button, input, select, textarea, a'))
                    .filter((e) => e.offsetParent && !e.textContent.trim() && !e.labels?.length && !e.ariaLabel && !e.title
                        && !e.querySelector('img[alt]:not([alt=\"\"])') && e.type !== 'hidden' && e.ariaHidden !== 'true')
                    .map((e) => e.outerHTML)")
            .await;
        assert_eq!(small, json!([]), "a control has no name");
        let complaints = self.complaints().await;
        assert_eq!(complaints, Vec::<String>::new(), "the browser complains");
    }

    /// Returns what the console of the browser holds at warning or above, and forgets it.
    pub async fn complaints(&self) -> Vec<String> {
        let log = self.ask("se/log", &json!({ "type": "browser" })).await;
        let entries = log["value"].as_array().cloned().unwrap_or_default();
        let bad = entries.iter().filter(|entry| entry["level"] == "SEVERE" || entry["level"] == "WARNING");
        bad.map(|entry| entry["message"].to_string()).collect()
    }

    /// Keeps a picture in `HUIFANG_PICTURES`, when somebody wants to look.
    pub async fn picture(&self, name: &str) {
        if let Some(folder) = std::env::var_os("HUIFANG_PICTURES") {
            let picture = self.page.screenshot().await.unwrap();
            std::fs::write(PathBuf::from(folder).join(format!("{name}.png")), picture).unwrap();
        }
    }

    pub async fn close(self) {
        self.page.close().await.unwrap();
    }

    async fn ask(&self, command: &str, body: &Value) -> Value {
        // Plain http to the driver; the client wants to know its way with TLS all the same.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let url = format!("{}/session/{}/{command}", self.driver, self.session);
        let answer = reqwest::Client::new().post(url).json(body).send().await.unwrap();
        answer.json().await.unwrap()
    }
}

/// A file of `tests/fixtures`.
pub fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

fn has(program: &str) -> bool {
    Command::new(program)
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|s| s.success())
}
