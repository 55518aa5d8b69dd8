//! What an operator gets wrong when starting the program: it ends at once, with a code other than
//! 0 and a message that says what is wrong, where, and what would be right.

use std::fs;
use std::path::Path;
use std::process::{Output, Stdio};
use std::time::Duration;

use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};

use crate::service::program;

/// Runs a command that is expected to end by itself.
async fn ends(directory: &Path, arguments: &[&str]) -> (i32, String) {
    let ended: Output = program(directory).args(arguments).kill_on_drop(true).output().await.unwrap();
    let said = String::from_utf8(ended.stderr).unwrap();
    (ended.status.code().unwrap_or_else(|| panic!("killed: {said}")), said)
}

#[tokio::test]
async fn a_bad_flag_or_role_is_named_with_what_would_be_right() {
    let directory = TempDir::new().unwrap();
    for (arguments, expected) in [
        (&["demo", "--lisen", "127.0.0.1:0"][..], &["'--lisen'", "'--listen'"][..]),
        (&["demo", "--listen", "localhost"], &["'localhost'", "--listen <ADDRESS>", "invalid socket address"]),
        (&["serve", "--role", "boss"], &["'boss'", "--role <ROLE>", "all, web, worker"]),
    ] {
        let (code, said) = ends(directory.path(), arguments).await;
        assert_eq!(code, 2, "{said}");
        for words in expected {
            assert!(said.contains(words), "{words} is not in: {said}");
        }
    }
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0, "nothing was begun");
}

#[tokio::test]
async fn an_unknown_key_is_named_with_its_line_and_the_key_that_was_meant() {
    let directory = TempDir::new().unwrap();
    fs::write(directory.path().join("huifang.toml"), "[policy]\nemergency_fone = \"110\"\n").unwrap();
    for arguments in [&["demo", "--listen", "127.0.0.1:0", "--data-dir", "d"][..], &["serve"]] {
        let (code, said) = ends(directory.path(), arguments).await;
        assert_eq!(code, 1, "{said}");
        assert!(said.starts_with("huifang: huifang.toml:2: unknown key `emergency_fone` in [policy]"), "{said}");
        assert!(said.contains("did you mean `emergency_phone`?"), "{said}");
    }
    assert!(!directory.path().join("d").exists(), "nothing was begun");
}

#[tokio::test]
async fn an_occupied_port_is_named_with_the_way_out() {
    let directory = TempDir::new().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let (code, said) = ends(directory.path(), &["demo", "--listen", &address, "--data-dir", "d"]).await;
    assert_eq!(code, 1, "{said}");
    assert!(said.contains(&format!("cannot listen on {address}")), "{said}");
    assert!(said.contains("choose another --listen") && said.contains("in use"), "{said}");
    fs::write(directory.path().join("huifang.toml"), format!("[server]\nlisten = \"{address}\"\n")).unwrap();
    let (code, said) = ends(directory.path(), &["serve"]).await;
    assert_eq!(code, 1, "{said}");
    assert!(said.contains(&format!("cannot listen on {address}: choose another [server] listen")), "{said}");
}

#[tokio::test]
async fn a_worker_needs_no_port_and_says_that_it_listens_nowhere() {
    let directory = TempDir::new().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let mut worker = program(directory.path())
        .env("HUIFANG_SERVER__LISTEN", taken.local_addr().unwrap().to_string())
        .args(["serve", "--role", "worker"])
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut log = BufReader::new(worker.stderr.take().unwrap()).lines();
    let runs = async {
        let mut said = String::new();
        while let Some(line) = log.next_line().await.unwrap() {
            said += &line;
            if said.contains("a worker listens nowhere") {
                return;
            }
        }
        panic!("it ended: {said}");
    };
    tokio::time::timeout(Duration::from_secs(60), runs).await.unwrap();
    worker.kill().await.unwrap();
}

#[tokio::test]
async fn a_data_directory_that_cannot_be_made_is_named() {
    let directory = TempDir::new().unwrap();
    fs::write(directory.path().join("file"), "").unwrap();
    let (code, said) = ends(directory.path(), &["demo", "--listen", "127.0.0.1:0", "--data-dir", "file/below"]).await;
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("cannot make file/below"), "{said}");
}
