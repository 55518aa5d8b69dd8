//! What a clause says of a word in it: that it is so, or that it is not.

use super::Words;
use super::danger::BREAKS;
use crate::domain::script::normalised;

/// Water that does no harm at once.
pub(super) const DRIPS: [&str; 5] = ["漏", "滴", "渗", "leak", "drip"];
/// What says of the fault named behind it that it did not end.
const STILL: [&str; 9] = ["还在", "还是", "还有", "还漏", "还滴", "仍", "依然", "又", "still"];
/// What says so behind it …
const STILL_THERE: [&str; 5] = ["还是有", "还有", "还在", "依旧", "still"];
/// … with no more than this behind: "漏水还是有一点", "the leak is still there", not "漏水还有保修吗".
const THERE: [&str; 17] = [
    "",
    "一点",
    "一点点",
    "点",
    "些",
    "一些",
    "继续",
    "there",
    "a bit",
    "a little",
    "bad",
    "the same",
    "not fixed",
    "going on",
    "happening",
    "ongoing",
    "coming back",
];
/// What says that it came back …
const AGAIN: &str = "again";
/// … but not where this stands between: "leak sorted, will you call again".
const NOT_AGAIN: [&str; 9] = ["gone", "stopped", "sorted", "fixed", "will ", "would ", "call", "come", "send"];
/// What may close such words.
const CLOSING: [char; 6] = ['了', '的', '啊', '呀', '呢', ' '];
/// What is taken for a symptom and only asks for a repair.
const NO_FAULTS: [&str; 3] = ["报修", "保修", "来修"];
/// What denies the word behind it …
const DENIES: [char; 5] = ['没', '不', '未', '冇', '无'];
/// … also with these between them: "没有再漏".
const BETWEEN: [char; 7] = ['再', '又', '有', '发', '现', '继', '续'];
/// What ends like a no and asks.
const OPEN: &str = "有没有";
/// Who says so only wishes that nothing drips, or does not believe it: "不漏才怪".
const WISHES: [&str; 14] = [
    "希望",
    "但愿",
    "如果",
    "要是",
    "只要",
    "hope",
    "if ",
    "please",
    "才怪",
    "不可能",
    "不是没",
    "不会不",
    "又开始",
    "不知道",
];
/// The same as `BETWEEN`, in English: "hasn't been leaking", "no more leaks".
const FILLERS: [&str; 11] = ["", "any", "more", "longer", "been", "be", "a", "to", "seem", "seen", "single"];
/// What asks something, also where no sign says so.
const ASKS: [&str; 25] = [
    "什么",
    "怎么",
    "多久",
    "多少",
    "几点",
    "几时",
    "为啥",
    "何时",
    "谁",
    "能不能",
    "可不可",
    "是不是",
    "得唔得",
    "可唔可",
    "系唔系",
    "使唔使",
    "点解",
    "when ",
    "how ",
    "what ",
    "why ",
    "who ",
    "can you",
    "could you",
    "are you",
];

/// A no that takes back what was said before only with something else behind it.
const PLAIN_NO: [&str; 4] = ["no", "nope", "wrong", "不是"];

/// Whether words begin with a no that may as well answer what was asked: "no, it was slow"; "no one came" is none.
pub(super) fn begins_with_plain_no(text: &str) -> bool {
    let first = text.split(BREAKS).next().map(normalised).unwrap_or_default();
    PLAIN_NO.contains(&first.as_str()) || first.starts_with("no ") && !first.starts_with("no one")
}

/// Whether one of `parts` stands in words.
pub(super) fn holds(words: &str, parts: &[&str]) -> bool {
    parts.iter().any(|part| words.contains(part))
}

/// Returns words without any of `parts`.
pub(super) fn without(words: &str, parts: &[&str]) -> String {
    parts.iter().fold(words.to_owned(), |words, part| words.replace(part, " "))
}

/// Returns the clauses of an utterance, each as [`normalised`] leaves it.
pub(super) fn clauses(text: &str) -> Vec<String> {
    normalised(text).split(BREAKS).map(normalised).filter(|clause| !clause.is_empty()).collect()
}

/// Whether a word is denied by what stands before it in its clause.
pub(super) fn is_denied(before: &str) -> bool {
    let before = before.trim_end();
    let near = before.trim_end_matches(BETWEEN);
    let open = before.trim_end_matches(['再', '又']).ends_with(OPEN);
    !open && near.ends_with(DENIES) || is_denied_in_english(before)
}

/// The same for English words alone.
pub(super) fn is_denied_in_english(before: &str) -> bool {
    let last = before.split(' ').rev().find(|word| !FILLERS.contains(word));
    last.is_some_and(|word| matches!(word, "no" | "not" | "never" | "none" | "without") || word.ends_with("n't"))
}

/// Returns the symptom that words tell of, as [`normalised`] leaves it: "报修" is none.
pub(super) fn symptom_of(words: &Words) -> Option<String> {
    let symptom = words.understood.symptom.as_deref().map(normalised)?;
    (!symptom.is_empty() && !NO_FAULTS.contains(&symptom.as_str())).then_some(symptom)
}

/// Whether the fault that words tell of stands in a clause that does not say that it is over: "修好了，又漏水了".
pub(super) fn fault_stands(words: &Words, is_over: impl Fn(&str) -> bool) -> bool {
    let Some(symptom) = symptom_of(words) else { return false };
    let told = |clause: &String| clause.split_once(symptom.as_str()).is_some_and(|(before, _)| !is_denied(before));
    clauses(&words.text).iter().any(|clause| told(clause) && !is_over(clause))
}

/// Whether a text says of a fault that it goes on: "还在漏", "it leaks again"; not "没再漏了".
pub(super) fn fault_persists(text: &str, symptom: Option<&str>) -> bool {
    let goes_on = |clause: &str, fault: &str| {
        clause.split_once(fault).is_some_and(|(before, behind)| {
            let told = clause.strip_suffix(behind).unwrap_or(clause);
            (holds(told, &STILL) || is_still_there(behind)) && !is_denied(before)
        })
    };
    clauses(text).iter().any(|clause| symptom.into_iter().chain(DRIPS).any(|fault| goes_on(clause, fault)))
}

/// Whether what stands behind a fault says that it is still there, or came back.
fn is_still_there(behind: &str) -> bool {
    // "漏水还在漏".
    let there = |rest: &str| {
        let rest = rest.trim_matches(CLOSING);
        THERE.contains(&rest) || DRIPS.iter().any(|drip| rest.starts_with(drip))
    };
    let still = STILL_THERE.iter().any(|still| behind.split_once(still).is_some_and(|(_, rest)| there(rest)));
    still || behind.split_once(AGAIN).is_some_and(|(between, _)| !holds(between, &NOT_AGAIN))
}

/// Whether a text says that water drips no more, wherever it speaks of it: "没再漏了", "no leaks so far".
pub(super) fn drips_no_more(text: &str) -> bool {
    let clauses = clauses(text);
    let wishes = |clause: &String| holds(clause, &WISHES);
    if asks(text) || clauses.iter().any(wishes) {
        return false;
    }
    let told = clauses.iter().flat_map(|clause| DRIPS.into_iter().filter_map(move |drip| clause.split_once(drip)));
    let denied: Vec<bool> = told.map(|(before, _)| is_denied(before)).collect();
    !denied.is_empty() && denied.iter().all(|denied| *denied)
}

/// Whether words ask something, also where no sign says so: "为什么要我确认".
pub(super) fn asks_in_words(text: &str) -> bool {
    let said = normalised(text).replace("没什么", "");
    asks(text) || holds(&said, &ASKS)
}

/// Whether a message is a question.
pub(super) fn asks(text: &str) -> bool {
    text.trim_end().ends_with(['?', '？', '吗', '呢'])
}
