//! `huifang analyze` as its users meet it: a pipe that answers line by line.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

use serde_json::Value;

fn analyze(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_huifang"));
    command.arg("analyze").args(arguments).current_dir(env!("CARGO_MANIFEST_DIR"));
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

#[test]
fn a_line_is_answered_before_the_next_one_is_written() {
    let mut child = analyze(&["--lexicon-only"]).spawn().expect("the program starts");
    let mut input = child.stdin.take().expect("its input");
    let mut output = BufReader::new(child.stdout.take().expect("its output"));
    for (text, intent) in [("客厅灯不亮了，麻烦来修", "repair_report"), ("转人工", "human_agent")] {
        writeln!(input, "{text}").expect("written");
        let mut line = String::new();
        output.read_line(&mut line).expect("answered");
        let answer: Value = serde_json::from_str(&line).expect("JSON");
        assert_eq!((answer["text"].as_str(), answer["intent"].as_str()), (Some(text), Some(intent)));
    }
    drop(input);
    assert!(child.wait().expect("ended").success());
}

#[test]
fn a_bad_line_is_answered_in_place_and_ends_the_program_with_1() {
    let mut child = analyze(&["--lexicon-only", "--awaiting", "score_1_5"]).spawn().expect("the program starts");
    let mut input = child.stdin.take().expect("its input");
    input.write_all("四\n{\"text\":1}\n{\"id\":\"b\",\"text\":\"五\"}\n".as_bytes()).expect("written");
    drop(input);
    let ended = child.wait_with_output().expect("ended");
    assert_eq!(ended.status.code(), Some(1));
    let lines: Vec<Value> = ended
        .stdout
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
        .map(|line| serde_json::from_slice(line).expect("JSON"))
        .collect();
    assert_eq!(lines.len(), 3);
    assert_eq!(
        (lines[0]["score"].as_f64(), lines[2]["score"].as_f64(), &lines[2]["id"]),
        (Some(4.0), Some(5.0), &Value::from("b"))
    );
    assert_eq!(lines[1]["error"], "line 2: `text` must be a string");
}

#[test]
fn what_came_with_a_row_under_our_names_is_not_given_back_as_if_it_was_understood() {
    let mut child = analyze(&["--lexicon-only"]).spawn().expect("the program starts");
    let row = r#"{"id":"a","text":"水龙头坏了","hazard":"gas","dims":{"speed":5},"since":"昨天","why":1,"note":"n"}"#;
    // As Windows writes a file of UTF-8.
    child.stdin.take().expect("its input").write_all(format!("\u{feff}{row}\r\n").as_bytes()).expect("written");
    let answer: Value = serde_json::from_slice(&child.wait_with_output().expect("ended").stdout).expect("JSON");
    assert_eq!((&answer["id"], &answer["note"]), (&Value::from("a"), &Value::from("n")), "{answer}");
    assert_eq!((&answer["dims"], &answer["since"]), (&serde_json::json!({}), &Value::Null), "{answer}");
    assert!(answer.get("hazard").is_none() && answer.get("why").is_none(), "{answer}");
}

#[test]
fn a_model_that_is_not_there_is_told_and_the_lexicon_answers() {
    let mut command = analyze(&[]);
    command.env("HUIFANG_TAGGING__MODEL", "models/nowhere");
    let mut child = command.spawn().expect("the program starts");
    child.stdin.take().expect("its input").write_all("太敷衍了\n".as_bytes()).expect("written");
    let ended = child.wait_with_output().expect("ended");
    let (out, err) = (String::from_utf8_lossy(&ended.stdout), String::from_utf8_lossy(&ended.stderr));
    assert!(out.contains("\"sentiment\":\"negative\""), "{out}");
    assert!(err.contains("models/nowhere/config.json cannot be read") && err.contains("going on without it"), "{err}");
    assert!(ended.status.success());
}

#[test]
fn with_the_model_every_field_stays_where_it_is() {
    let mut child = analyze(&[]).spawn().expect("the program starts");
    child.stdin.take().expect("its input").write_all("师傅很专业，修得又快又好\n".as_bytes()).expect("written");
    let ended = child.wait_with_output().expect("ended");
    let answer: Value = serde_json::from_slice(&ended.stdout).expect("JSON");
    assert_eq!(answer["sentiment"], "positive");
    for name in [
        "polarity",
        "confidence",
        "keywords",
        "intent",
        "category",
        "urgency",
        "score",
        "score10",
        "nps",
        "dims",
        "location",
    ] {
        assert!(answer.get(name).is_some(), "{name}");
    }
}
