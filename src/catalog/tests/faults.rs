//! Every kind of mistake in `prompts/` is reported with its file and line.

use super::*;

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

#[test]
fn a_text_that_one_language_lacks() {
    let found = faults_when("texts.en.toml", "not_understood = ", "not_understod = ");
    insta::assert_snapshot!(found, @r"
    texts.en.toml:15: `not_understod` is missing in texts.zh-CN.toml
    texts.zh-CN.toml:15: `not_understood` is missing in texts.en.toml
    ");
}

#[test]
fn placeholders_that_differ_between_languages() {
    let found = faults_when("texts.en.toml", "I heard: {text}\"\nnothing", "I heard: {words}\"\nnothing");
    insta::assert_snapshot!(found, @"texts.en.toml:71: `voice.heard` has {words}, but texts.zh-CN.toml:71 has {text}");
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
    let files = [("texts.zh-CN.toml", text), ("texts.en.toml", text), ("web.zh-CN.toml", ""), ("web.en.toml", "")];
    Texts::read(&Files::of(files), &mut faults);
    faults.retain(|fault| fault.file.contains("zh-CN"));
    listed(&faults)
}

#[test]
fn a_day_that_is_both_a_holiday_and_a_working_day() {
    let found = faults_when("plans/calendar.toml", r#""2026-09-20", "2026-10-10""#, r#""2026-10-03", "2026-10-09""#);
    insta::assert_snapshot!(found, @r"
    plans/calendar.toml:107: 2026-10-03 is both a holiday and a working day
    plans/calendar.toml:107: 2026-10-09 is no Saturday or Sunday: it is worked anyway
    ");
}

#[test]
fn promises_that_cannot_be_kept() {
    let found = faults_when("plans/sla.toml", "minutes = 120\nhours = \"office\"", "minutes = 0\nhours = \"siesta\"")
        + &faults_when("plans/sla.toml", "percent = 80", "percent = 40")
        + &faults_when("plans/sla.toml", "remind_owner_after_days = 3", "remind_owner_after_days = 7")
        + &faults_when("plans/sla.toml", "tell = [\"engineer\"]", "tell = [\"board\"]");
    insta::assert_snapshot!(found, @r"
    plans/sla.toml:12: a limit must be a whole number of minutes from 1 up
    plans/sla.toml:13: plans/calendar.toml has no hours `siesta`; known: always, office, working_days
    plans/sla.toml:31: the steps must rise: 50 stands before it
    plans/sla.toml:7: `remind_owner_after_days` must be before `close_unverified_after_days`
    plans/sla.toml:28: unknown variant `board`, expected one of `engineer`, `manager`, `headquarters`
    ");
}

#[test]
fn rules_of_dispatch_that_mean_nobody() {
    let found = faults_when("plans/dispatch.toml", "to = \"skilled\"", "to = \"team\"")
        + &faults_when("plans/dispatch.toml", "to = \"managers\"", "to = \"managers\"\nlogin = \"li\"")
        + &faults_when("plans/dispatch.toml", "remind_at = \"18:00\"", "remind_at = \"6 pm\"")
        + &faults_when("plans/dispatch.toml", "kinds = [\"complaint\"]", "kinds = [\"praise\"]");
    insta::assert_snapshot!(found, @r#"
    plans/dispatch.toml:28: `to = "team"` needs `team`, and nothing else does
    plans/dispatch.toml:34: `team` and `login` go with `to = "team"` and `to = "person"` alone
    plans/dispatch.toml:17: `6 pm` is no time of day; write it like "18:00"
    plans/dispatch.toml:33: unknown variant `praise`, expected `repair` or `complaint`
    "#);
}

#[test]
fn a_calendar_that_cannot_be() {
    let found = faults_with(
        "plans/calendar.toml",
        r#"
fixed = ["10-01", "13-01"]
hours = [{ id = "office", from = "18:00", to = "09:00" }, { id = "half", from = "09:00" }]
[[year]]
year = 2026
[[year.holiday]]
name = "a"
from = "2026-10-07"
to = "2026-10-01"
[[year.holiday]]
name = "b"
from = "2026-10-32"
to = "2029-10-01"
[[year]]
year = 2026
"#,
    );
    insta::assert_snapshot!(found, @r#"
    plans/calendar.toml:2: `13-01` is no month and day; write it like "10-01"
    plans/calendar.toml:3: the hours `half` need both `from` and `to`, or neither
    plans/calendar.toml:3: the hours `office` end before they begin
    plans/calendar.toml:6: `a` ends before it begins
    plans/calendar.toml:12: `2026-10-32` is no date; write it like "2026-10-01"
    plans/calendar.toml:13: 2029-10-01 does not belong to the year 2026
    plans/calendar.toml:14: the year 2026 has no [[year.holiday]]; leave it out until it is published
    plans/calendar.toml:14: the year 2026 is there twice
    "#);
}

#[test]
fn a_plan_that_names_what_nobody_wrote() {
    let found = faults_when("plans/visits.toml", r#"survey = "post_repair""#, r#"survey = "repaired""#);
    insta::assert_snapshot!(found, @"plans/visits.toml:202: there is no survey `repaired`");
    // However many lines name it: one fault that lists them.
    let visits = Files::embedded().required("plans/visits.toml", &mut Vec::new()).unwrap().to_owned();
    let found = faults_with("plans/visits.toml", &visits.replace(r#"survey = "routine""#, r#"survey = "rutine""#));
    insta::assert_snapshot!(found, @"plans/visits.toml:39: there is no survey `rutine`; so says line 73, 81, 90, 98, 106, 115, 134, 144, 155, 166, 173, 180, 188, 195, 208, 214, 225");
    let found = faults_when("plans/seasons.toml", r#"id = "cooling""#, r#"id = "cold""#);
    insta::assert_snapshot!(found, @r"
    plans/visits.toml:162: there is no season `cooling` in plans/seasons.toml
    plans/warranty.toml:46: there is no season `cooling` in plans/seasons.toml
    ");
}

#[test]
fn a_rule_for_machines_that_looks_for_nothing() {
    let found = faults_when("plans/events.toml", "alarm = true\ncooldown_hours = 12", "cooldown_hours = 12");
    insta::assert_snapshot!(found, @"plans/events.toml:37: a rule needs one of `above`, `below` and `alarm = true`");
}

#[test]
fn a_survey_with_a_text_nobody_wrote() {
    let found = faults_when("surveys/handover.toml", "survey.handover.q.function", "survey.handover.q.functions");
    insta::assert_snapshot!(found, @"surveys/handover.toml:25: there is no text `survey.handover.q.functions`");
}

#[test]
fn a_survey_with_a_text_whose_placeholder_nothing_fills() {
    let found = faults_when("surveys/handover.toml", "survey.handover.q.function", "survey.recorded");
    insta::assert_snapshot!(found, @"surveys/handover.toml:25: the text `survey.recorded` has a placeholder, which nothing fills in here");
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
    surveys/handover.toml:4: unknown key `titel`; known here: id, version, title, opening, closing, anonymous, question
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
    plans/visits.toml:27: there is no survey `routine`; so says line 39, 73, 81, 90, 98, 106, 115, 134, 144, 155, 166, 173, 180, 188, 195, 208, 214, 225
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
    insta::assert_snapshot!(found, @"commands.toml:44: `人工！` means something else in line 39 already");
}

#[test]
fn a_command_that_is_missing_or_cannot_be_typed_after_a_slash() {
    let found = faults_when("commands.toml", "[privacy]", "[secrecy]")
        + &faults_when("commands.toml", "slash = [\"skip\"]", "slash = [\"Skip it\"]");
    insta::assert_snapshot!(found, @r"
    commands.toml:1: there is no [privacy]
    commands.toml:58: unknown key `secrecy`; known here: start, help, report, status, survey, cancel, human, stop, resume, language, privacy, forget, elsewhere, skip, back, edit, reschedule, yes, no
    commands.toml:74: `Skip it` must be at most 32 of a-z, 0-9 and _ to work as /command
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
    plans/visits.toml:27: there is no survey `routine`; so says line 39, 73, 81, 90, 98, 106, 115, 134, 144, 155, 166, 173, 180, 188, 195, 208, 214, 225
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

#[test]
fn a_form_or_a_command_with_a_text_nobody_wrote() {
    let found = faults_when("repair.toml", "repair.place.bedroom", "repair.place.bedrooms")
        + &faults_when("texts.en.toml", "privacy = \"How", "secrecy = \"How");
    insta::assert_snapshot!(found, @r"
    repair.toml:26: there is no text `repair.place.bedrooms`
    texts.en.toml:50: `command.secrecy` is missing in texts.zh-CN.toml
    texts.zh-CN.toml:50: `command.privacy` is missing in texts.en.toml
    ");
}

#[test]
fn a_survey_without_questions_and_a_condition_that_says_nothing() {
    let none = "id = \"routine\"\nversion = 1\ntitle = \"help\"\nopening = \"help\"\nclosing = \"help\"\n";
    let found = faults_with("surveys/routine.toml", none)
        + &faults_when("surveys/post_repair.toml", ", is = \"no\"", "")
        + &faults_when("surveys/post_repair.toml", "is = \"no\"", "at_least = 1, at_most = 0");
    insta::assert_snapshot!(found, @r"
    surveys/routine.toml:1: a survey needs at least one [[question]]
    surveys/post_repair.toml:20: a condition needs `is`, `at_least` or `at_most`
    surveys/post_repair.toml:20: nothing lies between 1 and 0
    ");
}
