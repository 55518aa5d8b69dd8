//! The real program with made-up data in an empty directory.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

/// A program of ours or of Debian's that ends with the test.
pub struct Running(pub Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// `huifang demo`, started anew.
pub struct Demo {
    pub url: String,
    /// The link of the homeowner, with their token.
    pub homeowner: String,
    pub password: String,
    program: Running,
    directory: TempDir,
}

impl Demo {
    pub fn start() -> Demo {
        Demo::start_with(&[])
    }

    /// … with settings as variables.
    pub fn start_with(settings: &[(&str, &Path)]) -> Demo {
        let directory = tempfile::tempdir().unwrap();
        let (program, said) = begun(directory.path(), settings);
        let homeowner = homeowner(&said);
        let url = homeowner.split("/chat").next().unwrap().to_owned();
        let password = said.split_whitespace().last().unwrap().to_owned();
        Demo { url, homeowner, password, program, directory }
    }

    /// Stops it, and starts it again on what it had written.
    pub fn restart(&mut self) {
        let _ = self.program.0.kill();
        let _ = self.program.0.wait();
        let (program, said) = begun(self.directory(), &[]);
        self.program = program;
        homeowner(&said).split("/chat").next().unwrap().clone_into(&mut self.url);
    }

    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// Returns what the program has logged so far.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.directory().join("demo.log")).unwrap_or_default()
    }

    /// Returns the files in the media store.
    pub fn media_files(&self) -> usize {
        let shards = std::fs::read_dir(self.directory().join("data/media")).unwrap();
        let files = |shard: std::fs::DirEntry| std::fs::read_dir(shard.path()).map_or(0, Iterator::count);
        shards.map(|shard| files(shard.unwrap())).sum()
    }

    /// Returns the most memory the program has held so far, in MiB.
    pub fn peak_mebibytes(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.program.0.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1024
    }
}

/// Starts the program; returns what it said up to the password.
fn begun(directory: &Path, settings: &[(&str, &Path)]) -> (Running, String) {
    let mut program = Command::new(env!("CARGO_BIN_EXE_huifang"))
        .args(["demo", "--listen", "127.0.0.1:0", "--data-dir"])
        .arg(directory.join("data"))
        .envs(settings.iter().copied())
        .stdout(Stdio::piped())
        .stderr(std::fs::File::create(directory.join("demo.log")).unwrap())
        .spawn()
        .unwrap();
    let said = lines_until(&mut program, "password");
    (Running(program), said)
}

fn homeowner(said: &str) -> String {
    said.split_whitespace().find(|word| word.contains("/chat?t=")).expect("a link").to_owned()
}

impl Drop for Demo {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the program's log:\n{}", self.log());
        }
    }
}

/// Reads what a program says until a line holds `mark`; the rest is read and dropped, so that the
/// program never waits for a reader.
pub fn lines_until(program: &mut Child, mark: &str) -> String {
    let mut reader = BufReader::new(program.stdout.take().unwrap());
    let mut said = String::new();
    loop {
        let start = said.len();
        let read = reader.read_line(&mut said).unwrap();
        assert!(read > 0, "the program ended before it said `{mark}`:\n{said}");
        if said[start..].contains(mark) {
            break;
        }
    }
    std::thread::spawn(move || std::io::copy(&mut reader, &mut std::io::sink()));
    said
}
