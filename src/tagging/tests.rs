//! The rules as tables: one sentence a row, grouped by rule, written for these tests.

use std::path::Path;

use proptest::prelude::*;

use super::text::Text;
use super::urgency::{self, Alarm};
use super::{Judges, Lexical, Tagger, number};
use crate::catalog;
use crate::domain::understanding::{Awaiting, Hazard, Sentiment, Understanding, Urgency};

fn lexical() -> &'static Lexical {
    static LEXICAL: std::sync::OnceLock<Lexical> = std::sync::OnceLock::new();
    LEXICAL.get_or_init(|| {
        let lexicon = catalog::lexicon::embedded().expect("a lexicon without fault");
        Lexical::new(&lexicon).expect("a lexicon that compiles")
    })
}

fn understood(text: &str, awaiting: Awaiting) -> Understanding {
    lexical().understand(text, None, awaiting)
}

fn named<T: serde::Serialize>(value: &T) -> String {
    serde_json::to_value(value).expect("json").as_str().unwrap_or("-").to_owned()
}

/// Runs a table; `read` gives what the table's columns before the text should say.
fn table(rows: &str, read: impl Fn(&[&str]) -> (String, String)) {
    let mut wrong = Vec::new();
    for line in rows.lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
        let columns: Vec<&str> = line.split('\t').collect();
        let (want, got) = read(&columns);
        if want != got {
            wrong.push(format!("{line} … read as {got}"));
        }
    }
    assert!(wrong.is_empty(), "{} rows:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn mood_follows_its_rules() {
    table(include_str!("tables/mood.tsv"), |row| {
        (row[0].to_owned(), named(&understood(row[1], Awaiting::Nothing).sentiment))
    });
}

#[test]
fn emergencies_are_found_and_false_alarms_are_not_raised() {
    table(include_str!("tables/urgency.tsv"), |row| {
        let alarm = understood(row[1], Awaiting::Nothing).urgency == Urgency::Emergency;
        (row[0].to_owned(), if alarm { "emergency" } else { "calm" }.to_owned())
    });
}

/// Returns a tagger with the n-gram model beside the rules.
fn with_ngrams() -> Tagger {
    let ngrams = Path::new(env!("CARGO_MANIFEST_DIR")).join("models/sentiment/ngrams.safetensors");
    let lexical = Lexical::new(&catalog::lexicon::embedded().expect("a lexicon")).expect("it compiles");
    let (tagger, faults) = Tagger::open(lexical, &Judges { ngrams: Some(&ngrams), ..Judges::default() });
    assert_eq!(faults, []);
    tagger
}

fn alarm(text: &str) -> Alarm {
    let text = Text::new(text, &lexical().script);
    urgency::read(&text, &lexical().matcher.find(&text, &number::find(&text)))
}

#[test]
fn a_danger_that_is_back_is_an_emergency_or_asked_about() {
    let tagger = with_ngrams();
    for text in [
        "昨天刚修好了，今天又漏电了",
        "上次修好了，现在又漏煤气",
        "上次修好了，现在又漏煤气，谢谢",
        "谢谢你们上次及时修好，今天插座又冒烟了",
        "师傅上次处理好了，但今天又漏电打手",
        "You said it has been fixed. I smell gas again",
        "Thanks for coming quickly yesterday. Gas smell is back",
    ] {
        let read = tagger.understand(text, None, Awaiting::Nothing);
        assert!(read.urgency == Urgency::Emergency || read.danger_unsure, "{text}: {:?}", alarm(text));
        assert!(alarm(text).is_anew, "{text}");
    }
    for text in ["上次漏电修好了，今天又来问发票", "如果修好了又漏煤气怎么办", "昨天漏电修好了"]
    {
        assert!(!alarm(text).is_anew, "{text}");
    }
}

#[test]
fn an_emergency_by_the_models_word_keeps_the_danger_that_was_named() {
    let tagger = with_ngrams();
    for (text, hazard) in [("我没闻到，我老婆说厨房煤气味很大", Hazard::Gas), ("群里说楼道起火了", Hazard::Fire)]
    {
        assert_eq!((alarm(text).hazard, alarm(text).guarded_hazard), (None, Some(hazard)), "{text}");
        let read = tagger.understand(text, None, Awaiting::Nothing);
        let heeded = read.urgency == Urgency::Emergency || read.danger_unsure;
        assert_eq!(read.hazard, heeded.then_some(hazard), "{text}");
    }
    // 麻 in 麻烦 is no shock.
    assert_eq!(alarm("按了三次门铃，麻烦开门").guarded_hazard, None);
}

#[test]
fn a_danger_that_is_only_asked_about_keeps_its_name() {
    let read = with_ngrams().understand("家里全是烟，看不清了", None, Awaiting::Nothing);
    assert_eq!((read.danger_unsure, read.hazard), (true, Some(Hazard::Fire)), "{read:?}");
    let calm = with_ngrams().understand("没有漏煤气", None, Awaiting::Nothing);
    assert_eq!((calm.danger_unsure, calm.hazard), (false, None), "{calm:?}");
}

#[test]
fn marks_are_found_in_forms_nobody_listed() {
    let tagger = with_ngrams();
    table(include_str!("tables/ratings_chosen.tsv"), |row| {
        let awaiting: Awaiting = serde_json::from_value(row[0].into()).expect("what is awaited");
        let read = tagger.understand(row[3], None, awaiting);
        let said = |mark: Option<f64>| mark.map_or("-".to_owned(), |mark| mark.to_string());
        (format!("{} {}", row[1], row[2]), format!("{} {}", said(read.score), said(read.nps.map(f64::from))))
    });
}

#[test]
fn intents_and_trades_are_told_apart() {
    table(include_str!("tables/intents.tsv"), |row| {
        let read = understood(row[2], Awaiting::Nothing);
        (format!("{} {}", row[0], row[1]), format!("{} {}", named(&read.intent), named(&read.category)))
    });
}

#[test]
fn places_are_named_as_the_speaker_did() {
    table(include_str!("tables/places.tsv"), |row| {
        (row[0].to_owned(), understood(row[1], Awaiting::Nothing).location.unwrap_or_else(|| "-".to_owned()))
    });
}

#[test]
fn a_part_that_is_said_not_to_be_the_one_is_none() {
    table(include_str!("tables/parts.tsv"), |row| {
        (row[0].to_owned(), understood(row[1], Awaiting::Nothing).component.unwrap_or_else(|| "-".to_owned()))
    });
}

#[test]
fn a_time_is_wished_for_where_somebody_is_asked_to_come_and_not_where_something_happens() {
    for (text, time) in [
        ("any time after 5pm", Some("any time after 5pm")),
        ("can you come tonight", Some("can you come tonight")),
        ("could somebody please come today?", Some("please come today")),
        ("周六 morning ok?", Some("周六 morning")),
        ("the smell has come back today", None),
        ("no heating tonight", None),
    ] {
        assert_eq!(understood(text, Awaiting::Nothing).wished_time.as_deref(), time, "{text}");
    }
}

#[test]
fn plain_answers_are_yes_or_no() {
    table(include_str!("tables/answers.tsv"), |row| {
        let read = match understood(row[1], Awaiting::Nothing).affirmed {
            Some(true) => "yes",
            Some(false) => "no",
            None => "-",
        };
        (row[0].to_owned(), read.to_owned())
    });
}

#[test]
fn ratings_are_read_by_wording_and_by_what_is_awaited() {
    table(include_str!("tables/scores.tsv"), |row| {
        let awaiting: Awaiting = serde_json::from_value(row[0].into()).expect("what is awaited");
        let read = understood(row[1], awaiting);
        let mut parts: Vec<String> = Vec::new();
        parts.extend(read.score.map(|score| format!("s{score}")));
        parts.extend(read.score10.map(|score| format!("t{score}")));
        parts.extend(read.nps.map(|score| format!("n{score}")));
        parts.extend(read.score_unclear.then(|| "?".to_owned()));
        parts.extend(read.dims.iter().map(|(name, score)| format!("{name}={score}")));
        if parts.is_empty() {
            parts.push("-".to_owned());
        }
        let sorted = |mut parts: Vec<String>| {
            parts.sort();
            parts.join(" ")
        };
        (sorted(row[2].split(' ').map(str::to_owned).collect()), sorted(parts))
    });
}

#[test]
fn a_keyword_says_why_it_is_marked() {
    let why = |text: &str| {
        let keywords = understood(text, Awaiting::Nothing).keywords;
        keywords.into_iter().map(|keyword| format!("{}: {}", keyword.text, keyword.why)).collect::<Vec<_>>().join("\n")
    };
    insta::assert_snapshot!(why("不太满意"), @"不太满意: 不 + 太 + 满意 → negative");
    insta::assert_snapshot!(why("没有推诿"), @"没有推诿: 没有 + 推诿 → positive");
    insta::assert_snapshot!(why("修了两个月，真棒"), @"
    修了两个月: 修了两个月 → negative
    真棒: 真棒 (meant the other way) → negative
    ");
}

#[test]
fn a_public_review_is_told_from_a_message_to_a_service() {
    const EMBEDDED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/models/sentiment/ngrams.safetensors");
    let lexicon = catalog::lexicon::embedded().expect("a lexicon without fault");
    let judges = Judges { ngrams: Some(Path::new(EMBEDDED)), ..Judges::default() };
    let (tagger, faults) = Tagger::open(Lexical::new(&lexicon).expect("it compiles"), &judges);
    assert_eq!(faults, []);
    let review = |text: &str| {
        let (_, why) = tagger.explain_blocking(text, None, Awaiting::Nothing);
        why.ngrams.and_then(|opinion| opinion.review).expect("the embedded model has heads for reviews")
    };
    for text in ["厨房水龙头滴水，明天下午有人在家", "Can someone look at the radiator in flat 12 please"]
    {
        assert!(review(text).likely < 0.5, "{text}: {:?}", review(text));
    }
    for text in ["苹果很新鲜，个头也大，快递第二天就到了，下次还买", "the plot drags and the acting is worse"]
    {
        assert!(review(text).likely > 0.5, "{text}: {:?}", review(text));
    }
    // As an answer it is a message to us, however much it sounds like a review, where the same word is blame.
    assert!(review("一般般").likely > 0.5, "{:?}", review("一般般"));
    assert_eq!(tagger.understand("一般般", None, Awaiting::Score5).sentiment, Sentiment::Neutral);
}

#[test]
fn the_longest_message_is_read_in_time() {
    let text = "煤气味、漏水、4分、不是不满意。".repeat(100_000 / 17);
    let started = std::time::Instant::now();
    assert_eq!(understood(&text, Awaiting::Score5).urgency, Urgency::Emergency);
    assert!(started.elapsed().as_secs() < 5, "{:?}", started.elapsed());
}

fn utterances() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "不",
        "没有",
        "满意",
        "太",
        "漏水",
        "四",
        "分",
        "4",
        "/",
        "10",
        "⭐",
        "❤\u{fe0f}",
        "👍",
        "煤气",
        "味",
        "\u{200b}",
        "\u{202e}",
        "，",
        "。",
        "\n",
        " ",
        "out of",
        "stars",
        "扣",
        "满分",
        "到",
        "电梯",
        "困",
        "3号楼",
        "卫生间",
        "但是",
        "呵呵",
        "İ",
        "ß",
        "㍿",
        "𨋢",
    ]);
    prop_oneof![any::<String>(), prop::collection::vec(pieces, 0..24).prop_map(|pieces| pieces.concat())]
}

proptest! {
    #[test]
    fn any_text_is_understood_and_every_span_is_its_substring(text in utterances(), awaited in 0..4_usize) {
        let awaiting = [Awaiting::Nothing, Awaiting::Score5, Awaiting::Score10, Awaiting::Nps][awaited];
        let read = understood(&text, awaiting);
        for keyword in &read.keywords {
            let span: String = text.chars().skip(keyword.start).take(keyword.end - keyword.start).collect();
            prop_assert_eq!(&span, &keyword.text);
        }
        for words in [&read.location, &read.component, &read.symptom, &read.since, &read.wished_time].into_iter().flatten() {
            prop_assert!(text.contains(words.as_str()));
        }
        prop_assert!((-1.0..=1.0).contains(&read.polarity) && (0.0..=1.0).contains(&read.confidence));
        prop_assert!(read.score.is_none_or(|score| (1.0..=5.0).contains(&score)));
        prop_assert!(read.score10.is_none_or(|score| (1.0..=10.0).contains(&score)));
        prop_assert!(read.nps.is_none_or(|score| score <= 10));
        prop_assert!(read.dims.values().all(|score| (1.0..=5.0).contains(score)));
    }
}

#[test]
fn faults_for_different_trades_are_told_apart_and_what_a_fault_has_done_is_not() {
    let tagger = with_ngrams();
    let mut wrong = Vec::new();
    for line in include_str!("tables/faults.tsv").lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
        let (text, want) = line.split_once('\t').expect("two columns");
        let read = tagger.understand(text, None, Awaiting::Nothing);
        let further = read.further.iter().map(|fault| format!("{}: {}", named(&fault.category), fault.text));
        let got = if read.further.is_empty() {
            "-".to_owned()
        } else {
            std::iter::once(named(&read.category)).chain(further).collect::<Vec<_>>().join(" | ")
        };
        if got != want {
            wrong.push(format!("{line} … read as {got}"));
        }
    }
    assert!(wrong.is_empty(), "{} rows:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn what_is_dangerous_only_where_several_faults_are_read_together_is_asked_about() {
    let read = with_ngrams().understand("1号空压机异响，2号冷却塔漏水，3号配电箱跳闸", None, Awaiting::Nothing);
    assert!(read.danger_unsure && read.urgency < Urgency::Emergency, "{read:?}");
    assert_eq!(read.further.len(), 2, "{read:?}");
    // One of these is a danger by itself.
    let read = with_ngrams().understand("1号楼电梯困人，2号楼水泵漏水", None, Awaiting::Nothing);
    assert_eq!((read.urgency, read.further.len()), (Urgency::Emergency, 0), "{read:?}");
}

#[test]
fn what_dictation_makes_of_a_part_or_a_fault_is_taken_for_it() {
    for (text, part, symptom) in [
        ("水笼头低水", "水笼头", "笼头低水"),
        ("水龙头滴 水", "水龙头", "滴 水"),
        ("马捅赌了", "马捅", "赌了"),
        ("下水到堵了", "下水到", "堵了"),
        ("插坐没电", "插坐", "没电"),
        ("开关跳炸", "开关", "跳炸"),
        ("空调不致冷", "空调", "不致冷"),
        ("热水器低水位报警", "热水器", "报警"),
        ("水压低水流小", "水压", "水压低"),
    ] {
        let read = understood(text, Awaiting::Nothing);
        assert_eq!((read.component.as_deref(), read.symptom.as_deref()), (Some(part), Some(symptom)), "{text}");
    }
    assert_eq!(understood("橱房漏水", Awaiting::Nothing).location.as_deref(), Some("橱房"));
}

#[test]
fn it_is_asked_about_a_danger_that_words_or_models_alone_see() {
    let tagger = with_ngrams();
    table(include_str!("tables/dangers.tsv"), |row| {
        let read = tagger.understand(row[1], None, Awaiting::Nothing);
        let found = match (read.urgency, read.danger_unsure) {
            (Urgency::Emergency, _) => "emergency",
            (_, true) => "asked",
            (_, false) => "calm",
        };
        (row[0].to_owned(), found.to_owned())
    });
}
