//! `surveys/*.toml`: the questionnaires, one a file, checked against the rules of DOMAIN.md.

use std::collections::BTreeMap;

use super::document::{Placed, Source, Table};
use super::fault::Fault;
use super::files::Files;
use super::named::TextNames;
use crate::domain::survey::{Condition, MOST_REQUIRED, Question, QuestionKind, Survey};

/// The surveys the visit plan counts on (DOMAIN.md, "Surveys").
const EXPECTED: [&str; 4] = ["handover", "maintenance", "post_repair", "routine"];

/// Reads every survey; the texts they name are noted in `names`.
pub(super) fn read(files: &Files, names: &mut TextNames, faults: &mut Vec<Fault>) -> BTreeMap<String, Survey> {
    let mut surveys = BTreeMap::new();
    for (file, text) in files.within("surveys") {
        let source = Source::new(file, text);
        let survey = survey(&source, names);
        surveys.insert(survey.id.clone(), survey);
        faults.extend(source.into_faults());
    }
    for id in EXPECTED {
        if !surveys.contains_key(id) {
            faults.push(Fault::of_file(
                &format!("surveys/{id}.toml"),
                format!("is missing; it must define the survey `{id}`"),
            ));
        }
    }
    surveys
}

fn survey(source: &Source<'_>, names: &mut TextNames) -> Survey {
    let root = source.parse();
    let table = Table::new(source, root.get_ref(), &root.span());
    let id = table.string("id");
    if source.file() != format!("surveys/{}.toml", id.value) {
        source.fault(id.at, format!("the survey `{}` must stand in surveys/{}.toml", id.value, id.value));
    }
    let version = table.count("version");
    let [title_key, opening_key, closing_key] =
        ["title", "opening", "closing"].map(|key| names.note(source, table.string(key)));
    let anonymous = table.flag("anonymous");
    let mut questions: Vec<Question> = Vec::new();
    let mut required = 0;
    for entry in table.tables("question") {
        let at = entry.at();
        let question = question(source, &entry, &questions, names);
        entry.finish();
        required += usize::from(question.required);
        if question.required && required > MOST_REQUIRED {
            source.fault(
                at,
                format!("`{}` is required question number {required}; at most {MOST_REQUIRED} may be", question.id),
            );
        }
        questions.push(question);
    }
    if questions.is_empty() {
        source.fault(table.at(), "a survey needs at least one [[question]]");
    }
    let weights: Vec<f64> = questions.iter().filter_map(|question| question.weight).collect();
    let sum: f64 = weights.iter().sum();
    if !weights.is_empty() && (sum - 1.0).abs() > 1e-6 {
        source.fault(id.at, format!("the weights of `{}` sum to {sum:.3}; they must sum to 1", id.value));
    }
    table.finish();
    Survey { id: id.value, version, title_key, opening_key, questions, closing_key, anonymous }
}

fn question(source: &Source<'_>, entry: &Table<'_, '_>, earlier: &[Question], names: &mut TextNames) -> Question {
    let id = entry.string("id");
    if earlier.iter().any(|question| question.id == id.value) {
        source.fault(id.at, format!("the question `{}` is there twice", id.value));
    }
    let kind = kind(source, &entry.string("kind"));
    let weight = entry.number("weight");
    if let Some(weight) = &weight {
        if weight.value <= 0.0 || weight.value > 1.0 {
            source.fault(weight.at, "`weight` must be above 0 and at most 1");
        }
        if !matches!(kind, QuestionKind::Scale5 | QuestionKind::Scale10) {
            source.fault(weight.at, "only scale5 and scale10 questions count in the score; leave `weight` out");
        }
    }
    let required = entry.flag("required");
    let prompt_key = names.note(source, entry.string("prompt"));
    let labels_key = entry.optional_string("labels").map(|labels| match kind {
        QuestionKind::YesNo => {
            for end in ["yes", "no"] {
                names.note(source, Placed { value: format!("{}.{end}", labels.value), at: labels.at });
            }
            labels.value
        }
        QuestionKind::Scale5 | QuestionKind::Scale10 | QuestionKind::Nps | QuestionKind::Open => {
            names.note(source, labels)
        }
    });
    let ask_if = entry.table("ask_if").map(|table| {
        let condition = condition(source, &table, earlier);
        table.finish();
        condition
    });
    Question { id: id.value, kind, weight: weight.map(|weight| weight.value), required, prompt_key, labels_key, ask_if }
}

fn kind(source: &Source<'_>, name: &Placed<String>) -> QuestionKind {
    match name.value.as_str() {
        "scale5" => QuestionKind::Scale5,
        "scale10" => QuestionKind::Scale10,
        "nps" => QuestionKind::Nps,
        "yes_no" => QuestionKind::YesNo,
        // A missing kind is noted already.
        "open" | "" => QuestionKind::Open,
        other => {
            source.fault(name.at, format!("unknown kind `{other}`; known: scale5, scale10, nps, yes_no, open"));
            QuestionKind::Open
        }
    }
}

/// `{ question = "fixed", is = "no" }`, `{ question = "overall", at_most = 3 }` or `at_least`.
fn condition(source: &Source<'_>, table: &Table<'_, '_>, earlier: &[Question]) -> Condition {
    let question = table.string("question");
    let range = earlier.iter().find(|earlier| earlier.id == question.value).and_then(|earlier| earlier.kind.range());
    let (mut low, mut high) = range.unwrap_or_default();
    if range.is_none() && !question.value.is_empty() {
        let message = format!("`{}` is no earlier question that is answered with a value", question.value);
        source.fault(question.at, message);
    }
    let bounds = [table.number("at_least"), table.number("at_most")];
    let is = table.optional_string("is");
    match &is {
        Some(is) if is.value == "yes" => (low, high) = (1.0, 1.0),
        Some(is) if is.value == "no" => (low, high) = (0.0, 0.0),
        Some(is) => source.fault(is.at, "`is` must be \"yes\" or \"no\"; for a scale use `at_least` or `at_most`"),
        None if bounds.iter().all(Option::is_none) => {
            source.fault(table.at(), "a condition needs `is`, `at_least` or `at_most`");
        }
        None => {}
    }
    let [at_least, at_most] = bounds.map(|bound| bound.map(|bound| bound.value));
    low = at_least.unwrap_or(low);
    high = at_most.unwrap_or(high);
    if low > high {
        source.fault(table.at(), format!("nothing lies between {low} and {high}"));
    }
    Condition { question: question.value, low, high }
}
