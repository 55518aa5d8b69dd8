//! The embedded prompts are faultless and complete.

use std::fmt::Write as _;

use super::*;
use crate::domain::script::{Command, SlotId};

mod faults;

/// The embedded catalog; its faults are the message of the failing test.
fn embedded() -> Catalog {
    Catalog::embedded().unwrap_or_else(|faults| panic!("{}", listed(&faults)))
}

fn listed(faults: &[Fault]) -> String {
    faults.iter().fold(String::new(), |mut list, fault| {
        let _ = writeln!(list, "{fault}");
        list
    })
}

/// The repository's `prompts/` in a directory of its own.
fn copied() -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    for path in in_repository() {
        let target = directory.path().join(&path);
        std::fs::create_dir_all(target.parent().unwrap()).unwrap();
        std::fs::copy(repository().join(&path), target).unwrap();
    }
    directory
}

fn repository() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("prompts")
}

/// Paths of the files this module reads, as they are in the repository.
fn in_repository() -> BTreeSet<String> {
    let mut paths = BTreeSet::new();
    for within in ["", "faq/", "plans/", "surveys/", "speech/"] {
        for entry in std::fs::read_dir(repository().join(within)).unwrap() {
            let entry = entry.unwrap();
            if entry.file_type().unwrap().is_file() {
                paths.insert(format!("{within}{}", entry.file_name().to_str().unwrap()));
            }
        }
    }
    paths
}

#[test]
fn the_embedded_prompts_have_no_fault() {
    embedded();
}

#[test]
fn what_announces_a_survey_fits_into_a_notice() {
    for language in Language::ALL {
        let said = embedded().text(language, crate::domain::dialogue::ANNOUNCEMENT, &BTreeMap::new());
        assert!(!said.contains('\n') && said.chars().count() <= crate::domain::reach::LONGEST_NOTICE, "{said}");
    }
}

#[test]
fn every_prompt_file_of_the_repository_is_built_in() {
    let built_in: BTreeSet<String> = Files::embedded().paths().map(str::to_owned).collect();
    let mut known = in_repository();
    // What is no prompt but a list of what models write into silence: `crate::speech` builds it in.
    assert!(known.remove("speech/silence_phrases.txt"));
    assert_eq!(built_in, known);
}

#[test]
fn a_directory_with_a_copy_of_the_prompts_gives_the_same_script() {
    let directory = copied();
    let catalog = Catalog::from_dir(directory.path()).unwrap();
    assert_eq!(catalog.script(), embedded().script());
}

#[test]
fn every_text_is_there_in_every_language_with_the_same_placeholders() {
    let catalog = embedded();
    for key in catalog.keys() {
        let placeholders = catalog.placeholders(key).unwrap();
        for language in Language::ALL {
            let text = catalog.texts.get(language, key).unwrap_or_else(|| panic!("{key} in {language:?}"));
            assert_eq!(text.placeholders(), placeholders, "{key}");
        }
    }
}

#[test]
fn english_texts_hold_no_chinese() {
    let catalog = embedded();
    // A language's name is written in that language.
    for key in catalog.keys().filter(|key| !key.starts_with("language.")) {
        let said = catalog.text(Language::English, key, &arguments_of(&catalog, key));
        assert_eq!(Language::of_text(&said).unwrap_or(Language::English), Language::English, "{key}: {said}");
    }
}

#[test]
fn every_text_fits_one_wechat_message() {
    let catalog = embedded();
    for key in catalog.keys() {
        for language in Language::ALL {
            let said = catalog.text(language, key, &arguments_of(&catalog, key));
            assert!(said.len() <= 600, "{key} in {language:?} takes {} bytes", said.len());
        }
    }
}

#[test]
fn placeholders_are_filled_in() {
    let args = BTreeMap::from([
        ("n".to_owned(), "2".to_owned()),
        ("total".to_owned(), "5".to_owned()),
        ("question".to_owned(), "快吗？".to_owned()),
    ]);
    assert_eq!(embedded().text(Language::Chinese, "survey.ask", &args), "（2/5）快吗？");
    assert_eq!(embedded().text(Language::English, "survey.ask", &args), "(2/5) 快吗？");
}

#[test]
fn an_argument_is_never_read_as_a_placeholder() {
    let args = BTreeMap::from([("text".to_owned(), "{phone} {".to_owned())]);
    assert_eq!(embedded().text(Language::English, "voice.heard", &args), "I heard: {phone} {");
}

#[test]
fn a_key_the_code_says_and_no_file_has_is_reported() {
    let missing = embedded().check_keys(&["help", "no.such.text"]).unwrap_err();
    insta::assert_snapshot!(listed(&missing), @"texts.*.toml: there is no text `no.such.text`, which the service says");
    assert_eq!(embedded().check_keys(&["help"]), Ok(()));
}

#[test]
fn every_value_shown_by_name_has_a_text() {
    let catalog = embedded();
    let mut keys: Vec<String> = Vec::new();
    keys.extend(names_in(
        "category",
        &[
            "leak",
            "crack",
            "electrical",
            "hvac",
            "heating",
            "plumbing_drain",
            "door_window",
            "floor_tile",
            "elevator",
            "fire_safety",
            "noise",
            "other",
        ],
    ));
    keys.extend(names_in("urgency", &["low", "normal", "high", "emergency"]));
    keys.extend(names_in("band", &["satisfied", "neutral", "dissatisfied"]));
    keys.extend(names_in(
        "ticket.status",
        &[
            "reported",
            "assigned",
            "on_site",
            "rectified",
            "verified",
            "closed",
            "rejected",
            "reopened",
            "cancelled",
            "merged",
        ],
    ));
    keys.extend(names_in("command", &Command::ALL.map(Command::name)));
    keys.extend(names_in("repair.slot", &SlotId::ALL.map(SlotId::name)));
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    assert_eq!(catalog.check_keys(&keys), Ok(()));
}

fn names_in(group: &str, names: &[&str]) -> Vec<String> {
    names.iter().map(|name| format!("{group}.{name}")).collect()
}

/// Each placeholder filled with a value of usual length.
fn arguments_of(catalog: &Catalog, key: &str) -> BTreeMap<String, String> {
    let names = catalog.placeholders(key).unwrap();
    names.into_iter().map(|name| (name.to_owned(), "400-123-4567".to_owned())).collect()
}

#[test]
fn the_texts_and_their_placeholders() {
    let catalog = embedded();
    let mut list = String::new();
    for key in catalog.keys() {
        let names: Vec<_> = catalog.placeholders(key).unwrap().into_iter().map(|name| format!(" {{{name}}}")).collect();
        let _ = writeln!(list, "{key}{}", names.concat());
    }
    insta::assert_snapshot!("text_keys", list);
}

#[test]
fn the_surveys_are_those_of_the_domain_and_those_for_machines_and_samples() {
    let mut list = String::new();
    for survey in embedded().script().surveys.values() {
        let anonymous = if survey.anonymous { " anonymous" } else { "" };
        let _ = writeln!(list, "{} v{}{anonymous}", survey.id, survey.version);
        for question in &survey.questions {
            let weight = question.weight.map_or("-".to_owned(), |weight| format!("{:.0} %", weight * 100.0));
            let required = if question.required { "required" } else { "optional" };
            let condition = question.ask_if.as_ref().map_or(String::new(), |condition| {
                format!(" if {} in {}..={}", condition.question, condition.low, condition.high)
            });
            let _ = writeln!(
                list,
                "  {:13} {:7} {weight:>5} {required}{condition}",
                question.id,
                format!("{:?}", question.kind)
            );
        }
    }
    insta::assert_snapshot!(list, @r"
    equipment v1
      running       Scale5   30 % required
      handling      Scale5   30 % required
      overall       Scale10  40 % required
      worries       Open        - optional
    handover v1
      appearance    Scale5   30 % required
      function      Scale5   30 % required
      overall       Scale10  40 % required
    maintenance v1
      overall       Scale5   40 % required
      speed         Scale5   30 % required
      skill         Scale5   20 % required
      communication Scale5   10 % optional
      nps           Nps         - optional
    post_repair v1
      fixed         YesNo       - required
      remaining     Open        - optional if fixed in 0..=0
      score         Scale5  100 % required
    routine v1
      appearance    Scale5   30 % required
      function      Scale5   30 % required
      overall       Scale10  40 % required
      worries       Open        - optional
    sample v1 anonymous
      overall       Scale5  100 % required
      worries       Open        - optional
    ");
}

#[test]
fn the_same_fault_within_30_days_or_the_window_of_its_trade_is_one_and_from_3_homes_on_a_batch() {
    use crate::domain::understanding::Category;
    let catalog = embedded();
    let rules = catalog.incidents();
    let mut own: Vec<_> = rules.days.iter().map(|(trade, days)| (trade.name(), *days)).collect();
    own.sort_unstable();
    assert_eq!((rules.window_days, rules.batch_homes), (30, 3));
    assert_eq!(own, [("crack", 180), ("electrical", 7), ("elevator", 3), ("heating", 14)]);
    assert!(rules.never.contains(&Category::Other), "of what nobody named nothing is made");
}

#[test]
fn a_dissatisfied_client_is_dealt_with_in_7_days_a_neutral_one_asked_why_in_3() {
    let catalog = embedded();
    let plan = catalog.recovery();
    assert_eq!((plan.deadline_days, plan.ask_days), (7, 3));
    assert!((plan.review_below - 4.0).abs() < f64::EPSILON, "two visits of a team below start a review");
    let invite = plan.invite.as_ref().unwrap();
    assert_eq!((invite.after_hours, invite.again_days), (20, 180), "a satisfied one is invited, and rarely");
}

#[test]
fn the_repair_form_asks_what_place_and_address() {
    let catalog = embedded();
    let form = &catalog.script().repair;
    let asked: Vec<_> =
        form.slots.iter().filter(|slot| slot.required).map(|slot| (slot.id, slot.unbound_only)).collect();
    assert_eq!(asked, [(SlotId::Symptom, false), (SlotId::Place, false), (SlotId::Address, true)]);
    let places: Vec<_> = form.slot(SlotId::Place).unwrap().choices.iter().map(|choice| choice.id.as_str()).collect();
    assert_eq!(
        places,
        ["kitchen", "bathroom", "living_room", "bedroom", "balcony", "public_area", "equipment", "other"]
    );
}

#[test]
fn the_vocabulary_is_one_short_sentence_in_its_language() {
    for language in Language::ALL {
        let sentence = embedded().vocabulary(language).to_owned();
        assert!(!sentence.is_empty() && sentence.chars().count() <= 220, "{sentence}");
        assert_eq!(Language::of_text(&sentence), Some(language));
    }
}

#[test]
fn commands_and_plain_words_are_understood_in_both_languages() {
    let catalog = embedded();
    let mut list = String::new();
    for message in [
        "/start AbC_9-x",
        "/start",
        "／help",
        "/HELP@huifang_bot",
        "/report",
        "/报修",
        "/nonsense",
        "/",
        "/厨房漏水",
        "报修",
        " 报 修 ",
        "报修。",
        "厨房报修",
        "进度？",
        "取消",
        "ＴＤ",
        "td",
        "转人工！",
        "人工",
        "退订",
        "恢复",
        "帮助",
        "语言",
        "English",
        "中文",
        "/language en",
        "隐私",
        "跳过",
        "上一题",
        "改",
        "对",
        "不对",
        "Repair",
        "STATUS",
        "human…",
        "talk  to a person",
        "stop",
        "Resume",
        "yes!",
        "no",
        "never mind",
        "\u{200b}报修\u{fe0f}",
        "",
        "？",
        "5",
        "好的，谢谢",
    ] {
        let _ = match catalog.script().words.command(message) {
            Some((command, Some(argument))) => writeln!(list, "{message:?}: {command:?} {argument:?}"),
            Some((command, None)) => writeln!(list, "{message:?}: {command:?}"),
            None => writeln!(list, "{message:?}: text"),
        };
    }
    insta::assert_snapshot!(list, @r#"
    "/start AbC_9-x": Start "AbC_9-x"
    "/start": Start
    "／help": Help
    "/HELP@huifang_bot": Help
    "/report": Report
    "/报修": Report
    "/nonsense": Unknown
    "/": Unknown
    "/厨房漏水": text
    "报修": Report
    " 报 修 ": text
    "报修。": Report
    "厨房报修": text
    "进度？": Status
    "取消": Cancel
    "ＴＤ": Stop
    "td": Stop
    "转人工！": Human
    "人工": Human
    "退订": Stop
    "恢复": Resume
    "帮助": Help
    "语言": Language
    "English": Language "en"
    "中文": Language "zh-CN"
    "/language en": Language "en"
    "隐私": Privacy
    "跳过": Skip
    "上一题": Back
    "改": Edit
    "对": Yes
    "不对": No
    "Repair": Report
    "STATUS": Status
    "human…": Human
    "talk  to a person": Human
    "stop": Stop
    "Resume": Resume
    "yes!": Yes
    "no": No
    "never mind": Cancel
    "\u{200b}报修\u{fe0f}": Report
    "": text
    "？": text
    "5": text
    "好的，谢谢": text
    "#);
}
