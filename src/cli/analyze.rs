//! `huifang analyze`: utterances on standard input → what is understood, one JSON object a line.
//!
//! A line is either the utterance itself or a JSON object with `text` and, if wanted, `lang` and
//! `awaiting`; its other fields come back unchanged, beside an error too. Lines are answered as they arrive.

use std::io::{self, BufRead, Read as _, Write};
use std::process::ExitCode;

use anyhow::Context as _;
use serde_json::{Map, Value, json};

use crate::catalog;
use crate::config::TaggingConfig;
use crate::domain::language::Language;
use crate::domain::understanding::{Awaiting, Understanding};
use crate::tagging::{Lexical, Tagger};

/// A longer line is answered with an error.
const MOST_BYTES: usize = 4 * 1024 * 1024;

/// Reads utterances from standard input (plain lines or JSONL) and prints what is understood as JSONL
#[derive(Debug, clap::Args)]
pub struct Analyze {
    /// Judge by the keyword lexicon alone, without the n-gram and the sentiment model
    #[arg(long)]
    lexicon_only: bool,
    /// What every line without `awaiting` answers: none, `score_1_5`, `score_1_10` or `nps_0_10`
    #[arg(long, value_parser = awaiting, default_value = "none")]
    awaiting: Awaiting,
    /// Add what each judge said: the rules, the n-gram model, the sentiment model
    #[arg(long)]
    why: bool,
}

impl Analyze {
    /// Runs the command with the `[tagging]` section of the configuration. Ends with 1 when a line
    /// could not be read.
    ///
    /// # Errors
    /// When the lexicon is at fault, or input and output fail.
    pub async fn run(self, config: &TaggingConfig) -> anyhow::Result<ExitCode> {
        let config = config.clone();
        // Reading a pipe and the model both block.
        let bad = tokio::task::spawn_blocking(move || {
            let tagger = open(&config, self.lexicon_only)?;
            self.answer(&tagger, std::io::stdin().lock(), &mut std::io::stdout().lock())
        })
        .await??;
        Ok(if bad == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    /// Answers line by line; returns how many could not be read.
    fn answer(&self, tagger: &Tagger, mut input: impl BufRead, output: &mut impl Write) -> anyhow::Result<usize> {
        let (mut bad, mut number) = (0, 0);
        let mut line = Vec::new();
        loop {
            if !read_line(&mut input, &mut line).context("standard input")? {
                return Ok(bad);
            }
            number += 1;
            // What some programs put before a file of UTF-8.
            let said = line.strip_prefix("\u{feff}".as_bytes()).filter(|_| number == 1).unwrap_or(&line);
            let answer = match parse(said, self.awaiting) {
                Ok(None) => continue,
                Ok(Some(asked)) => {
                    let (understood, why) = tagger.explain_blocking(&asked.text, asked.language, asked.awaiting);
                    let mut answer = asked.answered(&understood)?;
                    if self.why {
                        answer["why"] = serde_json::to_value(why)?;
                    }
                    answer
                }
                Err(Refused { reason, mut fields }) => {
                    bad += 1;
                    fields.insert("error".to_owned(), Value::String(format!("line {number}: {reason}")));
                    Value::Object(fields)
                }
            };
            // Written in one piece, so that a closed pipe is seen as one.
            let mut answer = serde_json::to_vec(&answer)?;
            answer.push(b'\n');
            output.write_all(&answer)?;
            // Whoever writes line by line waits for the answer.
            output.flush()?;
        }
    }
}

/// Reads a line, of one that is too long as much as shows that; says whether there was one.
fn read_line(input: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<bool> {
    line.clear();
    let found = input.by_ref().take(MOST_BYTES as u64 + 1).read_until(b'\n', line)? > 0;
    if line.len() > MOST_BYTES && line.last() != Some(&b'\n') {
        input.skip_until(b'\n')?;
    }
    Ok(found)
}

/// Opens the tagger the settings ask for; a model that cannot be used is told and left out.
///
/// # Errors
/// When the keyword lexicon is at fault.
pub fn open(config: &TaggingConfig, lexicon_only: bool) -> anyhow::Result<Tagger> {
    let lexical = lexical()?;
    if lexicon_only {
        return Ok(Tagger::by_rules(lexical));
    }
    let (tagger, faults) = Tagger::open(lexical, &config.judges());
    for fault in faults {
        eprintln!("huifang: {fault}; going on without it");
    }
    Ok(tagger)
}

/// Compiles the embedded lexicon.
pub fn lexical() -> anyhow::Result<Lexical> {
    Ok(Lexical::new(&catalog::lexicon::embedded()?)?)
}

#[derive(Debug)]
struct Asked {
    text: String,
    language: Option<Language>,
    awaiting: Awaiting,
    /// What came with it and goes back.
    fields: Map<String, Value>,
}

impl Asked {
    fn answered(self, understood: &Understanding) -> anyhow::Result<Value> {
        let mut fields = self.fields;
        // What came with the row under a name of ours was not understood here.
        for name in ["hazard", "why", "error"] {
            fields.remove(name);
        }
        fields.insert("text".to_owned(), Value::String(self.text));
        // Always present, so that whoever reads need not ask.
        for (name, empty) in [("dims", json!({})), ("score_unclear", json!(false))] {
            fields.insert(name.to_owned(), empty);
        }
        for name in ["component", "symptom", "since", "wished_time", "affirmed"] {
            fields.insert(name.to_owned(), Value::Null);
        }
        if let Value::Object(found) = serde_json::to_value(understood)? {
            fields.extend(found);
        }
        Ok(Value::Object(fields))
    }
}

/// A line that cannot be answered.
#[derive(Debug)]
struct Refused {
    reason: String,
    /// What came with it and goes back, where it is known.
    fields: Map<String, Value>,
}

impl From<String> for Refused {
    fn from(reason: String) -> Refused {
        Refused { reason, fields: Map::new() }
    }
}

/// Reads one line; `None` for an empty one.
fn parse(line: &[u8], awaiting_by_default: Awaiting) -> Result<Option<Asked>, Refused> {
    if line.len() > MOST_BYTES {
        return Err(format!("longer than {MOST_BYTES} bytes").into());
    }
    let line = std::str::from_utf8(line).map_err(|error| format!("not UTF-8: {error}"))?.trim_matches(['\n', '\r']);
    if line.trim().is_empty() {
        return Ok(None);
    }
    if !line.trim_start().starts_with('{') {
        let (text, fields) = (line.to_owned(), Map::new());
        return Ok(Some(Asked { text, language: None, awaiting: awaiting_by_default, fields }));
    }
    let fields: Map<String, Value> =
        serde_json::from_str(line).map_err(|error| format!("not a JSON object: {error}"))?;
    match asked(&fields, awaiting_by_default) {
        Ok((text, language, awaiting)) => Ok(Some(Asked { text, language, awaiting, fields })),
        Err(reason) => Err(Refused { reason, fields }),
    }
}

/// Reads what a JSON object asks.
fn asked(
    fields: &Map<String, Value>,
    awaiting_by_default: Awaiting,
) -> Result<(String, Option<Language>, Awaiting), String> {
    let text = match fields.get("text") {
        Some(Value::String(text)) => text.clone(),
        Some(_) => return Err("`text` must be a string".to_owned()),
        None => return Err("`text` is missing".to_owned()),
    };
    let language = match fields.get("lang") {
        None | Some(Value::Null) => None,
        // A tag that is not ours (such as yue) says nothing: the text itself tells.
        Some(Value::String(tag)) => Language::from_tag(tag),
        Some(_) => return Err("`lang` must be a string".to_owned()),
    };
    let awaiting = match fields.get("awaiting") {
        None | Some(Value::Null) => awaiting_by_default,
        Some(Value::String(name)) => awaiting(name).map_err(|error| format!("`awaiting`: {error}"))?,
        Some(_) => return Err("`awaiting` must be a string".to_owned()),
    };
    Ok((text, language, awaiting))
}

fn awaiting(name: &str) -> Result<Awaiting, String> {
    serde_json::from_value(Value::String(name.to_owned()))
        .map_err(|_| format!("\"{name}\" is not one of none, score_1_5, score_1_10, nps_0_10"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answers(input: &str) -> (Vec<Value>, usize) {
        let tagger = open(&TaggingConfig { model: None, labels: None, ngrams: None }, false).expect("a tagger");
        let command = Analyze { lexicon_only: true, awaiting: Awaiting::Nothing, why: false };
        let mut output = Vec::new();
        let bad = command.answer(&tagger, input.as_bytes(), &mut output).expect("answers");
        let output = String::from_utf8(output).expect("UTF-8");
        (output.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect(), bad)
    }

    #[test]
    fn every_field_is_there_and_other_fields_come_back() {
        let (lines, bad) = answers("{\"id\":7,\"text\":\"师傅没来\",\"lang\":\"zh\",\"note\":[1]}\n");
        assert_eq!(bad, 0);
        let line = lines[0].as_object().expect("an object");
        for name in [
            "id",
            "note",
            "lang",
            "text",
            "sentiment",
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
            assert!(line.contains_key(name), "{name} is missing in {line:?}");
        }
        assert_eq!((&line["id"], &line["note"], &line["score"]), (&json!(7), &json!([1]), &Value::Null));
    }

    #[test]
    fn what_is_awaited_decides_how_a_bare_word_is_read() {
        let (lines, _) =
            answers("四\n{\"text\":\"四\",\"awaiting\":\"score_1_5\"}\n{\"text\":\"四\",\"awaiting\":\"nps_0_10\"}\n");
        let scores: Vec<_> = lines.iter().map(|line| (line["score"].clone(), line["nps"].clone())).collect();
        assert_eq!(scores, [(Value::Null, Value::Null), (json!(4.0), Value::Null), (Value::Null, json!(4))]);
    }

    #[test]
    fn a_bad_line_is_named_and_the_rest_goes_on() {
        let (lines, bad) = answers("{\"text\":3}\n{oops\n\n满意\n{\"text\":\"x\",\"awaiting\":\"soon\"}\n");
        let errors: Vec<_> = lines.iter().filter_map(|line| line["error"].as_str()).collect();
        assert_eq!((bad, errors.len(), lines.len()), (3, 3, 4));
        assert_eq!(errors[0], "line 1: `text` must be a string");
        assert!(errors[1].starts_with("line 2: not a JSON object"), "{}", errors[1]);
        assert_eq!(errors[2], "line 5: `awaiting`: \"soon\" is not one of none, score_1_5, score_1_10, nps_0_10");
        assert_eq!(lines[2]["sentiment"], "positive");
    }

    #[test]
    fn a_row_that_is_refused_comes_back_beside_what_is_wrong() {
        let (lines, bad) = answers("{\"id\":7,\"text\":3,\"error\":\"old\"}\n{\"id\":8,\"text\":\"x\",\"lang\":1}\n");
        assert_eq!(bad, 2);
        assert_eq!(lines[0], json!({ "id": 7, "text": 3, "error": "line 1: `text` must be a string" }));
        assert_eq!(lines[1], json!({ "id": 8, "text": "x", "lang": 1, "error": "line 2: `lang` must be a string" }));
    }

    #[test]
    fn a_language_that_is_not_ours_is_as_none() {
        let (lines, bad) =
            answers("{\"text\":\"师傅没来\",\"lang\":\"yue\"}\n{\"text\":\"The tap is leaking\",\"lang\":\"fr\"}\n");
        let (untold, _) = answers("师傅没来\nThe tap is leaking\n");
        assert_eq!(bad, 0);
        assert_eq!((&lines[0]["lang"], &lines[1]["lang"]), (&json!("yue"), &json!("fr")));
        for (line, untold) in lines.iter().zip(&untold) {
            assert_eq!((&line["intent"], &line["sentiment"]), (&untold["intent"], &untold["sentiment"]));
        }
    }
}
