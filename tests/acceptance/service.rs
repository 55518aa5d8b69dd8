//! The running program.

use std::fs::{self, OpenOptions};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Once;
use std::time::{Duration, Instant};

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, ChildStdout, Command};

/// A start on a busy machine, models included.
const START: Duration = Duration::from_secs(60);

/// `huifang demo`, listening.
pub(crate) struct Service {
    pub(crate) url: String,
    /// Binds whoever shows it to the demo's flat.
    pub(crate) token: String,
    pub(crate) login: String,
    pub(crate) password: String,
    /// From the call to the printed addresses.
    pub(crate) started_in: Duration,
    directory: PathBuf,
    child: Child,
    _stdout: BufReader<ChildStdout>,
}

impl Service {
    /// Starts it on a directory, where it may have been before.
    pub(crate) async fn start(directory: &Path) -> Service {
        crypto();
        let began = Instant::now();
        let mut child = program(directory)
            .args(["demo", "--listen", "127.0.0.1:0", "--data-dir"])
            .arg(directory)
            .stdout(Stdio::piped())
            .stderr(OpenOptions::new().create(true).append(true).open(log_file(directory)).unwrap())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let printed = tokio::time::timeout(START, printed(&mut stdout)).await;
        let printed = match printed {
            Ok(Some(printed)) => printed,
            ended => panic!("the service did not start ({ended:?}):\n{}", log(directory)),
        };
        let homeowner = after(&printed, "homeowner");
        let (url, token) = homeowner.split_once("/chat?t=").unwrap();
        let staff = printed.lines().find_map(|line| line.split_once("log in as ")).unwrap().1;
        let (login, password) = staff.split_once(" with the password ").unwrap();
        Service {
            url: url.to_owned(),
            token: token.to_owned(),
            login: login.to_owned(),
            password: password.to_owned(),
            started_in: began.elapsed(),
            directory: directory.to_owned(),
            child,
            _stdout: stdout,
        }
    }

    /// `kill -9`.
    pub(crate) async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }

    /// Panics if the program has ended.
    pub(crate) fn assert_alive(&mut self) {
        let ended = self.child.try_wait().unwrap();
        assert!(ended.is_none(), "the process ended ({ended:?}):\n{}", self.log());
    }

    /// Returns everything it has logged on this directory so far.
    pub(crate) fn log(&self) -> String {
        log(&self.directory)
    }

    pub(crate) fn directory(&self) -> &Path {
        &self.directory
    }
}

/// Returns the program with no settings but those that name the shipped models.
pub(crate) fn program(directory: &Path) -> Command {
    let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("models");
    let mut command = Command::new(env!("CARGO_BIN_EXE_huifang"));
    command
        .env_clear()
        .env("HUIFANG_SPEECH__MODEL", models.join("speech/ggml-huifang-zh-en-q5_0.bin"))
        .env("HUIFANG_TAGGING__MODEL", models.join("sentiment"))
        .env("HUIFANG_TAGGING__NGRAMS", models.join("sentiment/ngrams.safetensors"))
        .current_dir(directory);
    command
}

/// Tells reqwest, which is built without one, which cryptography to use.
pub(crate) fn crypto() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| rustls::crypto::ring::default_provider().install_default().unwrap());
}

async fn printed(stdout: &mut BufReader<ChildStdout>) -> Option<String> {
    let mut printed = String::new();
    while stdout.read_line(&mut printed).await.unwrap() > 0 {
        if printed.contains("with the password") && printed.ends_with('\n') {
            return Some(printed);
        }
    }
    None
}

fn after<'p>(printed: &'p str, label: &str) -> &'p str {
    let line = printed.lines().find_map(|line| line.split_once(label)).unwrap_or_else(|| panic!("{printed}"));
    line.1.trim()
}

fn log(directory: &Path) -> String {
    fs::read_to_string(log_file(directory)).unwrap_or_default()
}

fn log_file(directory: &Path) -> PathBuf {
    directory.join("log.txt")
}
