//! The embedded prompts are faultless, and every kind of fault is reported where it is.

use std::fmt::Write as _;

use super::*;
use crate::domain::script::{Command, SlotId};

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

/// The faults after one piece of one embedded file was replaced.
fn faults_when(file: &str, piece: &str, replacement: &str) -> String {
    let text = Files::embedded().required(file, &mut Vec::new()).unwrap().to_owned();
    assert_eq!(text.matches(piece).count(), 1, "`{piece}` must stand once in {file}");
    faults_with(file, &text.replace(piece, replacement))
}

/// The faults when one file has another text.
fn faults_with(file: &str, text: &str) -> String {
    let directory = copied();
    std::fs::write(directory.path().join(file), text).unwrap();
    let result = Catalog::from_dir(directory.path());
    listed(&result.expect_err("the change must be found"))
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
    for within in ["", "surveys/", "speech/"] {
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
fn every_prompt_file_of_the_repository_is_built_in() {
    let built_in: BTreeSet<String> = Files::embedded().paths().map(str::to_owned).collect();
    assert_eq!(built_in, in_repository());
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
    for key in catalog.keys() {
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
    let args = BTreeMap::from([("n".to_owned(), "2".to_owned()), ("total".to_owned(), "5".to_owned())]);
    assert_eq!(embedded().text(Language::Chinese, "survey.progress", &args), "（2/5）");
    assert_eq!(embedded().text(Language::English, "survey.progress", &args), "(2/5)");
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
fn the_four_surveys_are_those_of_the_domain() {
    let mut list = String::new();
    for survey in embedded().script().surveys.values() {
        let _ = writeln!(list, "{} v{}", survey.id, survey.version);
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
    ");
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

mod faults {
    use super::*;

    #[test]
    fn a_text_that_one_language_lacks() {
        let found = faults_when("texts.en.toml", "not_understood = ", "not_understod = ");
        insta::assert_snapshot!(found, @r"
        texts.en.toml:16: `not_understod` is missing in texts.zh-CN.toml
        texts.zh-CN.toml:16: `not_understood` is missing in texts.en.toml
        ");
    }

    #[test]
    fn placeholders_that_differ_between_languages() {
        let found = faults_when("texts.en.toml", "I heard: {text}\"\nnothing", "I heard: {words}\"\nnothing");
        insta::assert_snapshot!(found, @"texts.en.toml:63: `voice.heard` has {words}, but texts.zh-CN.toml:63 has {text}");
    }

    #[test]
    fn an_empty_text_and_a_brace_without_its_twin() {
        let found = faults_with_texts("a = \" \"\nb = \"{x\"\nc = \"x}\"\nd = \"{ö}\"\ne = 5\nF = \"f\"\n");
        insta::assert_snapshot!(found, @r"
        texts.zh-CN.toml:6: `F` must consist of a-z, 0-9 and _
        texts.zh-CN.toml:1: `a` is empty
        texts.zh-CN.toml:2: `b` has a { without its }
        texts.zh-CN.toml:3: `c` has a } without its {
        texts.zh-CN.toml:4: `d` has a placeholder whose name is not made of a-z, 0-9 and _
        texts.zh-CN.toml:5: `e` must be a text
        ");
    }

    /// Faults of the Chinese file alone, when both languages have this text.
    fn faults_with_texts(text: &str) -> String {
        let mut faults = Vec::new();
        Texts::read(&Files::of([("texts.zh-CN.toml", text), ("texts.en.toml", text)]), &mut faults);
        faults.retain(|fault| fault.file.contains("zh-CN"));
        listed(&faults)
    }

    #[test]
    fn a_survey_with_a_text_nobody_wrote() {
        let found = faults_when("surveys/handover.toml", "survey.handover.q.function", "survey.handover.q.functions");
        insta::assert_snapshot!(found, @"surveys/handover.toml:25: there is no text `survey.handover.q.functions`");
    }

    #[test]
    fn a_survey_with_a_text_whose_placeholder_nothing_fills() {
        let found = faults_when("surveys/handover.toml", "survey.handover.q.function", "survey.points");
        insta::assert_snapshot!(found, @"surveys/handover.toml:25: the text `survey.points` has a placeholder, which nothing fills in here");
    }

    #[test]
    fn weights_that_do_not_sum_to_one() {
        let found = faults_when("surveys/maintenance.toml", "weight = 0.2", "weight = 0.25");
        insta::assert_snapshot!(found, @"surveys/maintenance.toml:5: the weights of `maintenance` sum to 1.050; they must sum to 1");
    }

    #[test]
    fn more_than_three_required_questions() {
        let found = faults_when("surveys/maintenance.toml", "weight = 0.1\n", "weight = 0.1\nrequired = true\n");
        insta::assert_snapshot!(found, @"surveys/maintenance.toml:35: `communication` is required question number 4; at most 3 may be");
    }

    #[test]
    fn an_unknown_key_an_unknown_kind_and_a_weight_out_of_range_all_at_once() {
        let broken = "
id = \"handover\"
version = 0
titel = \"survey.handover.title\"
opening = \"survey.handover.opening\"
closing = \"\"

[[question]]
id = \"overall\"
kind = \"scale7\"
prompt = \"survey.handover.q.overall\"

[[question]]
id = \"overall\"
kind = \"scale5\"
weight = 2
required = \"yes\"
prompt = \"survey.handover.q.overall\"
ask_if = { question = \"later\", is = \"perhaps\", at = 3 }

[[question]]
id = \"later\"
kind = \"nps\"
weight = 0.5
";
        insta::assert_snapshot!(faults_with("surveys/handover.toml", broken), @r#"
        surveys/handover.toml:1: `title` is missing
        surveys/handover.toml:2: the weights of `handover` sum to 2.500; they must sum to 1
        surveys/handover.toml:3: `version` must be a whole number from 1 up
        surveys/handover.toml:4: unknown key `titel`; known here: id, version, title, opening, closing, question
        surveys/handover.toml:6: `closing` must be a text that is not empty
        surveys/handover.toml:10: unknown kind `scale7`; known: scale5, scale10, nps, yes_no, open
        surveys/handover.toml:14: the question `overall` is there twice
        surveys/handover.toml:16: `weight` must be above 0 and at most 1
        surveys/handover.toml:17: `required` must be true or false
        surveys/handover.toml:19: `is` must be "yes" or "no"; for a scale use `at_least` or `at_most`
        surveys/handover.toml:19: `later` is no earlier question that is answered with a value
        surveys/handover.toml:19: unknown key `at`; known here: question, at_least, at_most, is
        surveys/handover.toml:21: `prompt` is missing
        surveys/handover.toml:24: only scale5 and scale10 questions count in the score; leave `weight` out
        "#);
    }

    #[test]
    fn a_survey_in_a_file_of_another_name() {
        let found = faults_when("surveys/routine.toml", "id = \"routine\"", "id = \"annual\"");
        insta::assert_snapshot!(found, @r"
        surveys/routine.toml: is missing; it must define the survey `routine`
        surveys/routine.toml:5: the survey `annual` must stand in surveys/annual.toml
        ");
    }

    #[test]
    fn text_that_is_no_toml() {
        let found = faults_when("surveys/routine.toml", "version = 1", "version = = 1");
        insta::assert_snapshot!(found, @r"
        surveys/routine.toml:1: `version` must be a whole number from 1 up
        surveys/routine.toml:6: extra `=`, expected nothing
        surveys/routine.toml:6: unexpected key or value, expected newline, `#`
        ");
    }

    #[test]
    fn a_slot_or_a_choice_that_is_there_twice_or_unknown() {
        let found = faults_when("repair.toml", "id = \"since\"", "id = \"place\"")
            + &faults_when("repair.toml", "id = \"since\"", "id = \"mood\"")
            + &faults_when("repair.toml", "id = \"bedroom\"", "id = \"kitchen\"");
        insta::assert_snapshot!(found, @r#"
        repair.toml:1: there is no [[slot]] with id = "since"
        repair.toml:46: the slot `place` is there twice
        repair.toml:1: there is no [[slot]] with id = "since"
        repair.toml:46: unknown slot `mood`; known: symptom, place, component, address, since, severity, wished_time
        repair.toml:26: the choice `kitchen` is there twice
        "#);
    }

    #[test]
    fn a_word_with_two_meanings() {
        let found = faults_when("commands.toml", "\"退订\"", "\"退订\", \"人工！\"");
        insta::assert_snapshot!(found, @"commands.toml:42: `人工！` means something else in line 37 already");
    }

    #[test]
    fn a_command_that_is_missing_or_cannot_be_typed_after_a_slash() {
        let found = faults_when("commands.toml", "[privacy]", "[secrecy]")
            + &faults_when("commands.toml", "slash = [\"skip\"]", "slash = [\"Skip it\"]");
        insta::assert_snapshot!(found, @r"
        commands.toml:1: there is no [privacy]
        commands.toml:56: unknown key `secrecy`; known here: start, help, report, status, survey, cancel, human, stop, resume, language, privacy, skip, back, edit, yes, no
        commands.toml:62: `Skip it` must be at most 32 of a-z, 0-9 and _ to work as /command
        ");
    }

    #[test]
    fn a_file_that_is_missing_or_not_text() {
        let directory = copied();
        std::fs::remove_file(directory.path().join("repair.toml")).unwrap();
        std::fs::remove_file(directory.path().join("surveys/routine.toml")).unwrap();
        std::fs::write(directory.path().join("commands.toml"), b"\xff\xfe").unwrap();
        std::fs::write(directory.path().join("speech/vocabulary.en.txt"), "\n").unwrap();
        let faults = Catalog::from_dir(directory.path()).unwrap_err();
        insta::assert_snapshot!(listed(&faults), @r"
        commands.toml: cannot be read as UTF-8 text: stream did not contain valid UTF-8
        commands.toml: is missing
        repair.toml: is missing
        speech/vocabulary.en.txt: is empty; it must hold one sentence with the words of the trade
        surveys/routine.toml: is missing; it must define the survey `routine`
        ");
    }

    #[test]
    fn a_directory_that_is_not_there() {
        let faults = Catalog::from_dir(Path::new("no/such/prompts")).unwrap_err();
        insta::assert_snapshot!(listed(&faults), @"no/such/prompts/: cannot be read as a directory: No such file or directory (os error 2)");
    }
}
