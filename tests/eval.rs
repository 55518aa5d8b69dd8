//! `huifang eval` as an operator meets it: figures with intervals, JSON with stable names, and
//! every fault of a file named by line.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

fn eval(directory: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_huifang"));
    command.arg("eval").args(arguments).current_dir(directory).env_clear();
    command.output().unwrap()
}

fn said(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// A directory with one file.
fn with(name: &str, rows: &str) -> TempDir {
    let directory = TempDir::new().unwrap();
    fs::write(directory.path().join(name), rows).unwrap();
    directory
}

fn json(ended: &Output) -> Value {
    assert!(ended.status.success(), "{}", said(&ended.stderr));
    serde_json::from_slice(&ended.stdout).unwrap()
}

const MOODS: &str = "negative\tzh\tshop\t太敷衍了，很不满意\nneutral\tzh\ttalk\t厨房在一楼\npositive\ten\tshop\tvery good, thank you\n\
                     negative\ten\ttalk\tthe tap is blue\n";

#[test]
fn every_figure_of_moods_has_an_interval_and_the_order_of_rows_changes_none() {
    let directory = with("rows.tsv", MOODS);
    let measured = json(&eval(directory.path(), &["sentiment", "rows.tsv", "--rules-only", "--json"]));
    assert_eq!(
        (&measured["eval"], &measured["rows"], &measured["model"]),
        (&"sentiment".into(), &4.into(), &Value::Null)
    );
    let figures = measured["figures"].as_object().unwrap();
    for name in [
        "sentiment.accuracy",
        "sentiment.macro_f1",
        "sentiment.negative.recall",
        "language.zh.accuracy",
        "language.en.macro_f1",
        "source.shop.accuracy",
        "latency.p50_ms",
        "latency.p99_ms",
        "cpu.mean_ms",
    ] {
        let figure = &figures[name];
        let [low, value, high] = ["low", "value", "high"].map(|field| figure[field].as_f64().unwrap());
        assert!(low <= value && value <= high, "{name}: {figure}");
    }
    let accuracy = &figures["sentiment.accuracy"];
    assert_eq!((&accuracy["hits"], &accuracy["of"], &accuracy["value"]), (&3.into(), &4.into(), &0.75.into()));
    assert_eq!(measured["confusion"]["negative"]["neutral"], 1);

    let turned: Vec<&str> = MOODS.lines().rev().collect();
    let other = with("rows.tsv", &turned.join("\n"));
    let other = json(&eval(other.path(), &["sentiment", "rows.tsv", "--rules-only", "--json"]));
    let timeless = |figures: &Value| {
        let mut figures = figures.as_object().unwrap().clone();
        figures.retain(|name, _| !name.contains("_ms"));
        figures
    };
    assert_eq!(timeless(&other["figures"]), timeless(&measured["figures"]));
}

#[test]
fn nothing_of_the_rows_is_printed_unless_it_is_asked_for() {
    let directory = with("rows.tsv", MOODS);
    let ended = eval(directory.path(), &["sentiment", "rows.tsv", "--rules-only"]);
    let (table, errors) = (said(&ended.stdout), said(&ended.stderr));
    assert!(table.contains("sentiment.accuracy                   0.750  ["), "{table}");
    assert!(!table.contains("tap") && !errors.contains("tap"), "{table}{errors}");
    let ended = eval(directory.path(), &["sentiment", "rows.tsv", "--rules-only", "--misses"]);
    assert_eq!(said(&ended.stderr), "negative read as neutral: the tap is blue\n");
    let ended = eval(directory.path(), &["sentiment", "rows.tsv", "--rules-only", "--limit", "3", "--json"]);
    assert_eq!(json(&ended)["figures"]["sentiment.accuracy"]["value"], 1.0);
}

#[test]
fn a_row_of_the_domain_is_judged_by_what_it_marks() {
    let rows = "{\"text\":\"打八分\",\"awaiting\":\"score10\",\"score\":null,\"score10\":8,\"nps\":null}\n\
                {\"text\":\"厨房水龙头漏水\",\"category\":\"leak\",\"urgency\":\"normal\"}\n";
    let directory = with("rows.jsonl", rows);
    let measured = json(&eval(directory.path(), &["domain", "rows.jsonl", "--rules-only", "--json"]));
    let figures = measured["figures"].as_object().unwrap();
    assert_eq!(figures["scores.stated"]["of"], 1);
    assert_eq!((&figures["category.accuracy"]["of"], &figures["emergency.false_alarms"]["of"]), (&1.into(), &1.into()));
    assert!(!figures.contains_key("sentiment.accuracy") && !figures.contains_key("intent.accuracy"));
    assert_eq!(measured["confusion"], Value::Null);
}

#[test]
fn rows_that_mark_nothing_are_said_to_measure_nothing() {
    let directory = with("rows.jsonl", "{\"text\":\"厨房漏水\",\"lang\":\"zh\"}\n");
    let ended = eval(directory.path(), &["domain", "rows.jsonl", "--rules-only", "--json"]);
    assert_eq!(said(&ended.stderr), "huifang: no row marks anything: only the time was measured\n");
    assert_eq!(json(&ended)["rows"], 1);
    fs::write(directory.path().join("rows.jsonl"), "{\"text\":\"厨房漏水\",\"category\":null}\n").unwrap();
    let ended = eval(directory.path(), &["domain", "rows.jsonl", "--rules-only", "--json"]);
    assert_eq!(said(&ended.stderr), "");
}

#[test]
fn recordings_go_the_whole_way_and_are_told_by_group() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/audio");
    let rows = "leak.ogg\t主卧卫生间天花板漏水。\topus\nleak.amr\t主卧卫生间天花板漏水\tamr\nnoise.ogg\t\tnoise\n";
    let directory = with("rows.tsv", rows);
    for name in ["leak.ogg", "leak.amr", "noise.ogg"] {
        fs::copy(fixtures.join(name), directory.path().join(name)).unwrap();
    }
    let model = Path::new(env!("CARGO_MANIFEST_DIR")).join("models/speech/ggml-huifang-zh-en-q5_0.bin");
    let file = directory.path().join("rows.tsv");
    let asked = ["speech", file.to_str().unwrap(), "--json", "--model", model.to_str().unwrap()];
    // From elsewhere: the paths are relative to the file.
    let measured = json(&eval(Path::new("/"), &asked));
    let figures = &measured["figures"];
    assert_eq!(figures["zh.cer"]["of"], 20, "punctuation does not count: {figures}");
    assert!(figures["zh.cer"]["value"].as_f64().unwrap() <= 0.2, "{figures}");
    assert_eq!((&figures["silent.invented"]["hits"], &figures["silent.invented"]["of"]), (&0.into(), &1.into()));
    assert_eq!(figures["group.amr.zh.cer"]["of"], 10);
    assert!(figures["rtf.p99"]["value"].as_f64().unwrap() > 0.0 && measured["load_seconds"].as_f64().unwrap() > 0.0);
}

#[test]
fn a_file_at_fault_is_named_with_its_line_and_what_would_be_right() {
    let cases = [
        (
            "sentiment",
            "angry\tzh\tshop\t太慢\n",
            "rows:1: unknown label \"angry\": expected negative, neutral or positive",
        ),
        (
            "sentiment",
            "\nneutral\tzh\t好\n",
            "rows:2: expected label, language, source and text with tabs between, found 3 of the four",
        ),
        ("sentiment", "neutral\tfr\tshop\tbon\n", "rows:1: unknown language \"fr\": expected zh or en"),
        ("sentiment", "neutral\tzh\tshop\t \n", "rows:1: the text is empty"),
        ("sentiment", " \n\n", "rows holds no rows"),
        (
            "domain",
            "{\"text\":\"满意\"}\n{\"text\":\"好\",\"intent\":\"joy\"}\n",
            "rows:2: not a row: unknown variant `joy`",
        ),
        ("domain", "满意\n", "rows:1: not a row: expected a JSON object"),
        ("domain", "[1, \"满意\"]\n", "rows:1: not a row: expected a JSON object"),
        ("domain", "{\"text\":\n", "rows:1: not a row: EOF while parsing a value"),
        ("domain", "{\"text\":\"满意\",\"sentimnt\":\"positive\"}\n", "rows:1: not a row: unknown field `sentimnt`"),
        ("domain", "{\"text\":\"满意\",\"location\":\"厨房\"}\n", "rows:1: \"厨房\" is marked, and stands nowhere"),
        ("domain", "{\"lang\":\"zh\"}\n", "rows:1: not a row: missing field `text`"),
        ("speech", "gone.ogg\t漏水\n", "rows:1: there is no recording gone.ogg"),
        ("speech", "漏水\n", "rows:1: expected path, text and perhaps a group with tabs between"),
    ];
    for (what, rows, expected) in cases {
        let directory = with("rows", rows);
        let ended = eval(directory.path(), &[what, "rows"]);
        let errors = said(&ended.stderr);
        assert_eq!(ended.status.code(), Some(1), "{what} {rows}");
        assert!(errors.starts_with(&format!("huifang: {expected}")), "{what}: {errors}");
    }
    let directory = TempDir::new().unwrap();
    fs::write(directory.path().join("bytes"), b"neutral\tzh\tshop\tgood\nneutral\tzh\tshop\t\xff\n").unwrap();
    assert!(said(&eval(directory.path(), &["sentiment", "bytes"]).stderr).starts_with("huifang: bytes:2: not UTF-8"));
    let gone = said(&eval(directory.path(), &["domain", "gone.jsonl"]).stderr);
    assert!(gone.starts_with("huifang: gone.jsonl cannot be read: No such file"), "{gone}");
}

#[test]
fn a_model_that_cannot_be_used_is_not_measured_as_if_it_were_the_rules() {
    let directory = with("rows.tsv", MOODS);
    let ended = eval(directory.path(), &["sentiment", "rows.tsv", "--model", "nowhere"]);
    assert_eq!(ended.status.code(), Some(1));
    let errors = said(&ended.stderr);
    assert!(errors.contains("nowhere/config.json cannot be read"), "{errors}");
    assert!(errors.contains("nowhere cannot be measured; --rules-only measures the rules alone"), "{errors}");
}
