//! The program as an operator meets it: what it prints, and with what it ends.
//!
//! Each test runs the real program with no variables but those it sets, so that also shows that
//! it finds its libraries by itself.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

/// Runs the program in `directory`.
fn huifang(directory: &Path, variables: &[(&str, &str)], arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_huifang"))
        .args(arguments)
        .current_dir(directory)
        .env_clear()
        .envs(variables.iter().copied())
        .output()
        .unwrap()
}

/// Runs the program in `directory` and types something when it asks.
fn huifang_hears(directory: &Path, typed: &str, arguments: &[&str]) -> Output {
    let mut program = Command::new(env!("CARGO_BIN_EXE_huifang"))
        .args(arguments)
        .current_dir(directory)
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    program.stdin.take().unwrap().write_all(typed.as_bytes()).unwrap();
    program.wait_with_output().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A directory with the shipped models where the defaults look for them.
fn with_models() -> TempDir {
    let directory = TempDir::new().unwrap();
    for below in ["models/speech", "models/sentiment"] {
        fs::create_dir_all(directory.path().join(below)).unwrap();
        for file in fs::read_dir(repository().join(below)).unwrap() {
            let from = file.unwrap().path();
            if from.is_dir() {
                continue; // the recipe
            }
            fs::copy(&from, directory.path().join(below).join(from.file_name().unwrap())).unwrap();
        }
    }
    directory
}

#[test]
fn a_misspelt_key_stops_the_program_and_is_named_with_its_line() {
    let directory = TempDir::new().unwrap();
    fs::write(directory.path().join("huifang.toml"), "[server]\nlisen = \"0.0.0.0:80\"\n").unwrap();
    let ended = huifang(directory.path(), &[], &["migrate"]);
    assert_eq!(ended.status.code(), Some(1));
    insta::assert_snapshot!(
        stderr(&ended),
        @"huifang: huifang.toml:2: unknown key `lisen` in [server] (did you mean `listen`?); its keys are listen, public_url, trusted_proxies"
    );
    assert!(!directory.path().join("huifang.db").exists(), "nothing was begun");
}

#[test]
fn a_settings_file_that_is_not_there_is_named() {
    let directory = TempDir::new().unwrap();
    for (variables, arguments) in [
        (&[("HUIFANG_CONFIG", "gone.toml")][..], &["migrate"][..]),
        (&[][..], &["--config", "gone.toml", "migrate"][..]),
    ] {
        let ended = huifang(directory.path(), variables, arguments);
        assert_eq!(ended.status.code(), Some(1));
        assert!(stderr(&ended).starts_with("huifang: cannot read gone.toml: "), "{}", stderr(&ended));
    }
}

#[test]
fn an_empty_name_of_a_settings_file_is_as_none() {
    let directory = TempDir::new().unwrap();
    fs::write(directory.path().join("huifang.toml"), "[server]\nlisen = \"0.0.0.0:80\"\n").unwrap();
    let ended = huifang(directory.path(), &[("HUIFANG_CONFIG", "")], &["migrate"]);
    assert!(stderr(&ended).starts_with("huifang: huifang.toml:2: unknown key `lisen`"), "{}", stderr(&ended));
    fs::remove_file(directory.path().join("huifang.toml")).unwrap();
    let ended = huifang(directory.path(), &[("HUIFANG_CONFIG", "")], &["migrate"]);
    assert_eq!(ended.status.code(), Some(0), "{}", stderr(&ended));
}

#[test]
fn a_command_that_is_not_understood_ends_with_2() {
    let directory = TempDir::new().unwrap();
    for arguments in [&["migrat"][..], &["migrate", "--fast"][..], &[][..]] {
        let ended = huifang(directory.path(), &[], arguments);
        assert_eq!(ended.status.code(), Some(2), "{arguments:?}");
        assert!(stderr(&ended).contains("Usage: huifang"), "{}", stderr(&ended));
    }
}

#[test]
fn a_wrong_log_level_is_told_with_what_would_be_right() {
    let directory = TempDir::new().unwrap();
    let ended = huifang(directory.path(), &[("HUIFANG_LOG", "huifang=loud")], &["models", "list"]);
    assert_eq!(ended.status.code(), Some(1));
    let said = stderr(&ended);
    assert!(said.starts_with("huifang: variable HUIFANG_LOG: expected levels such as \"info\""), "{said}");
    assert_eq!(stdout(&ended), "");
}

#[test]
fn check_is_content_once_everything_is_there() {
    let directory = with_models();
    fs::create_dir(directory.path().join("media")).unwrap();
    assert!(huifang(directory.path(), &[], &["migrate"]).status.success());
    let ended = huifang(directory.path(), &[], &["check", "--models", "models"]);
    let found = stdout(&ended);
    assert_eq!(ended.status.code(), Some(0), "{found}{}", stderr(&ended));
    assert!(found.contains("\nok       database  sqlite:huifang.db: reachable and up to date\n"), "{found}");
    assert!(found.contains("loads (huifang-zh-en)\n"), "{found}");
    assert!(found.contains("\nok       sentiment models/sentiment: loads\n"), "{found}");
    assert!(found.contains(" 0 broken, "), "{found}");
    let left: Vec<_> = fs::read_dir(directory.path().join("media")).unwrap().collect();
    assert!(left.iter().flatten().all(|entry| entry.path().is_dir()), "the probe is removed: {left:?}");
}

#[test]
fn check_tells_all_that_is_broken_in_one_run() {
    let directory = with_models();
    let model = directory.path().join("models/sentiment/vocab.txt");
    let mut bytes = fs::read(&model).unwrap();
    bytes[0] ^= 1;
    fs::write(&model, bytes).unwrap();
    fs::write(directory.path().join("media"), "a file where a directory should be").unwrap();
    let variables = [
        ("HUIFANG_DATABASE__URL", "postgres://huifang:hunter2@127.0.0.1:1/huifang"),
        ("HUIFANG_HTTP__SECRET", "hunter2"),
        ("HUIFANG_ALERTS__SMTP_URL", "smtp://hunter2@h"),
    ];
    let ended = huifang(directory.path(), &variables, &["check", "--models", "models"]);
    let found = stdout(&ended);
    assert_eq!(ended.status.code(), Some(1), "{found}");
    assert!(found.contains("BROKEN   database  postgres://…@127.0.0.1:1/huifang: "), "{found}");
    assert!(found.contains("Connection refused"), "the cause is told: {found}");
    assert!(found.contains("BROKEN   media     file:media: "), "{found}");
    assert!(found.contains("BROKEN   models    models/sentiment/vocab.txt: has sha256 "), "{found}");
    assert!(found.contains("ok       decoder"), "{found}");
    assert!(found.contains("BROKEN   http      [http]: secret or secrets: expected "), "{found}");
    assert!(found.contains("BROKEN   alerts    where staff is told: [alerts]: mail needs smtp_url and "), "{found}");
    assert!(found.contains(" 5 broken, "), "{found}");
    assert!(!found.contains("hunter2") && !stderr(&ended).contains("hunter2"), "{found}");
}

#[test]
fn a_rehearsed_import_does_not_bring_the_database_up_to_date() {
    let directory = TempDir::new().unwrap();
    let table = "项目编号,项目名称,项目类型,区域,交付日期\nYX-03,云栖小筑,房建,华东,2026-05-20\n";
    fs::write(directory.path().join("p.csv"), table).unwrap();
    let rehearsed = || huifang(directory.path(), &[], &["import", "--dry-run", "p.csv"]);
    for _ in 0..2 {
        let ended = rehearsed();
        assert_eq!(ended.status.code(), Some(1), "{}", stdout(&ended));
        assert!(stderr(&ended).contains("'huifang migrate'"), "{}", stderr(&ended));
    }
    assert!(huifang(directory.path(), &[], &["migrate"]).status.success());
    let ended = rehearsed();
    assert_eq!(ended.status.code(), Some(0), "{}", stderr(&ended));
    assert!(stdout(&ended).contains("nothing was changed: this was a dry run"), "{}", stdout(&ended));
}

#[test]
fn what_only_looks_at_a_database_makes_none_and_says_where_it_looked() {
    let directory = TempDir::new().unwrap();
    fs::write(directory.path().join("p.csv"), "项目编号,项目名称\nYX-03,云栖小筑\n").unwrap();
    let file = directory.path().canonicalize().unwrap().join("huifang.db");
    let set = [("HUIFANG_SERVER__PUBLIC_URL", "https://huifang.example.com")];
    for arguments in [
        &["jobs", "list"][..],
        &["export", "corrections"],
        &["import", "--dry-run", "p.csv"],
        &["staff", "list"],
        &["staff", "leave", "li"],
        &["qr", "--project", "云栖小筑", "--channel", "web", "q.svg"],
    ] {
        let ended = huifang(directory.path(), &set, arguments);
        assert_eq!(ended.status.code(), Some(1), "{arguments:?}");
        let said = stderr(&ended);
        assert!(said.contains(&format!("there is no {}; ", file.display())), "{arguments:?}: {said}");
        assert!(said.contains("'huifang migrate'") && !file.exists(), "{arguments:?}: {said}");
    }
    // An account may be the first thing there is, as the README has it.
    let added = huifang_hears(directory.path(), "correct horse battery\n", &["staff", "add", "li"]);
    assert_eq!(added.status.code(), Some(0), "{}", stderr(&added));
    assert!(stderr(&added).contains(&format!("made the database {}\n", file.display())), "{}", stderr(&added));
    assert_eq!(stdout(&huifang(directory.path(), &[], &["staff", "list"])), "li\tli\tagent, all regions\n");
}

#[test]
fn an_account_made_on_the_command_line_keeps_the_rules_of_the_console() {
    let directory = TempDir::new().unwrap();
    let adds = |arguments: &[&str]| {
        huifang_hears(directory.path(), "correct horse battery\n", &[&["staff", "add"], arguments].concat())
    };
    assert_eq!(adds(&["tagent"]).status.code(), Some(0));
    for (arguments, problem) in [
        (&["TAGENT"][..], "TAGENT is there already; choose another login"),
        (&["other", "--name", ""], "a name of at most 64 characters is needed"),
    ] {
        let ended = adds(arguments);
        assert_eq!(ended.status.code(), Some(1), "{arguments:?}");
        assert!(stderr(&ended).ends_with(&format!("huifang: {problem}\n")), "{}", stderr(&ended));
    }
    for login in ["", "a b", "李工"] {
        // Before a password is asked for.
        let ended = huifang(directory.path(), &[], &["staff", "add", login]);
        assert_eq!(ended.status.code(), Some(1), "{login}");
        assert!(stderr(&ended).starts_with("huifang: a login of at most 64 letters"), "{}", stderr(&ended));
    }
    let listed = stdout(&huifang(directory.path(), &[], &["staff", "list"]));
    assert_eq!(listed.lines().count(), 1, "{listed}");
}

#[test]
fn codes_that_would_lead_nobody_to_the_server_are_not_drawn() {
    let directory = TempDir::new().unwrap();
    for set in [&[][..], &[("HUIFANG_SERVER__PUBLIC_URL", "http://localhost:8080")]] {
        let ended = huifang(directory.path(), set, &["qr", "--project", "翠湖花园", "--channel", "web", "q.svg"]);
        assert_eq!(ended.status.code(), Some(1));
        assert!(stderr(&ended).starts_with("huifang: [server] public_url "), "{}", stderr(&ended));
    }
    assert!(!directory.path().join("q.svg").exists());
}

#[test]
fn check_warns_of_settings_that_lead_people_nowhere() {
    let directory = TempDir::new().unwrap();
    let checked = |set: &[(&str, &str)]| stdout(&huifang(directory.path(), set, &["check"]));
    let found = checked(&[]);
    assert!(found.contains("\nwarning  address   [server] public_url: is not set: "), "{found}");
    let found = checked(&[
        ("HUIFANG_SERVER__PUBLIC_URL", "https://a.example/sub/"),
        ("HUIFANG_POLICY__EMERGENCY_PHONE", "abc"),
        ("HUIFANG_SPEECH__MODEL", ""),
    ]);
    assert!(found.contains("\nwarning  address   [server] public_url: https://a.example/sub has a path, "), "{found}");
    assert!(found.contains("\nBROKEN   emergency [policy] emergency_phone: is no telephone number: "), "{found}");
    assert!(found.contains("\nok       speech    [speech] model: switched off; "), "{found}");
    let found =
        checked(&[("HUIFANG_SERVER__PUBLIC_URL", "https://a.example"), ("HUIFANG_POLICY__EMERGENCY_PHONE", "110")]);
    assert!(found.contains("\nok       address   [server] public_url: https://a.example\n"), "{found}");
    assert!(found.contains("\nok       emergency [policy] emergency_phone: 110\n"), "{found}");
}

#[test]
fn the_shipped_models_are_those_of_the_manifest() {
    let ended = huifang(repository(), &[], &["models", "verify"]);
    assert_eq!(ended.status.code(), Some(0), "{}", stdout(&ended));
    assert!(stdout(&ended).lines().count() >= 4 && stdout(&ended).lines().all(|line| line.ends_with(": ok")));
}

#[test]
fn a_directory_of_models_given_by_hand_is_asked_for_what_is_in_it_alone() {
    let directory = TempDir::new().unwrap();
    let file = "m/sentiment/ngrams.safetensors";
    fs::create_dir_all(directory.path().join("m/sentiment")).unwrap();
    fs::copy(repository().join("models/sentiment/ngrams.safetensors"), directory.path().join(file)).unwrap();
    let run = |arguments: &[&str]| huifang(directory.path(), &[], arguments);
    let ended = run(&["models", "verify", "--dir", "m"]);
    assert_eq!((ended.status.code(), stdout(&ended)), (Some(0), format!("{file}: ok\n")), "{}", stderr(&ended));
    let found = stdout(&run(&["check", "--models", "m"]));
    assert!(found.contains(&format!("ok       models    {file}: has the known checksum\n")), "{found}");
    assert!(!found.contains("BROKEN   models"), "{found}");

    let ended = run(&["models", "verify", "--dir", "m/sentiment"]);
    assert_eq!(ended.status.code(), Some(1));
    assert_eq!(
        stderr(&ended),
        "huifang: no known model is in m/sentiment: name the directory that speech/ and sentiment/ lie in\n"
    );
    let ended = run(&["check", "--models", "m/sentiment"]);
    assert_eq!(ended.status.code(), Some(1));
    assert!(stdout(&ended).contains("BROKEN   models    m/sentiment: holds no known model\n"), "{}", stdout(&ended));
}
