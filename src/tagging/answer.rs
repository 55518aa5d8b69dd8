//! Plain answers: yes or no, since when, and the wished time of a visit.

use super::matcher::Found;
use super::text::{Text, is_han};
use crate::domain::lexicon::Meaning;

/// A yes or a no longer than this is a story, not an answer; English needs twice as many letters for the same.
const LONGEST: usize = 24;

/// A no that only declines: after a yes it takes nothing back ("对，没有了", "好的，不用了").
const DECLINES: [&str; 13] =
    ["没有", "没", "冇", "有", "要", "不用", "不用了", "不需要", "不要", "唔使", "唔要", "no", "no thanks"];
/// What only leads to an answer: "嗯，没有".
const HUMS: [&str; 4] = ["嗯", "嗯嗯", "恩", "嗯呐"];
/// What judges whatever is spoken of: it answers only where nothing else is (not in "修好了，态度不好").
const JUDGES: [&str; 14] =
    ["好", "行", "行的", "对", "对的", "可以", "错", "错了", "错误", "不对", "不行", "不可以", "没用", "中"];
/// What says of a deed that it was done: a no before the deed denies it ("没整好", "门还没装好").
const DONE: [&str; 5] = ["好", "好啊", "好呀", "成", "妥"];
/// No more characters name the deed.
const LONGEST_DEED: usize = 4;
/// A no that only asks behind what it is about: "收费不" …
const OR_NOT: &str = "不";
/// … but behind these: "我不", "那就不".
const SAID_BEFORE: [char; 7] = ['我', '们', '就', '也', '才', '都', '说'];
/// With one of these between them the no is about something else ("没漏了挺好").
const APART: [char; 11] = ['好', '了', '现', '已', '就', '才', '都', '也', '挺', '很', '真'];
/// What names a fault elsewhere, and with a 好 behind it a deed that was not done.
const FAULTS_OR_DEEDS: [&str; 3] = ["没装", "没开", "没关"];

/// Returns `Some` where the utterance as a whole says yes or no. What is said first decides, but a no that
/// says what is wrong outweighs the yes before it ("嗯，还没修好").
pub(super) fn affirmed(text: &Text, found: &[Found]) -> Option<bool> {
    let (first, last) = text.core();
    let longest = if text.chars.iter().any(|c| is_han(*c)) { LONGEST } else { LONGEST * 2 };
    if last <= first || last - first > longest {
        return None;
    }
    let answers: Vec<(&Found, bool, bool)> = found
        .iter()
        .filter_map(|find| match find.meaning {
            Meaning::Yes => Some((find, true)),
            Meaning::No => Some((find, false)),
            _ => None,
        })
        .filter(|(find, _)| find.start <= first + 2 || find.end + 2 >= last)
        .filter(|(find, _)| stands_alone(text, find.end) && !is_masked(found, find))
        // "No leaks so far, thanks again" denies the leaks.
        .filter(|(find, _)| last - first <= LONGEST || words(text, find) != "no" || text.char(find.end) != ' ')
        .filter_map(|(find, yes)| {
            let lead = lead(text, found, find);
            let is_about_all = lead.begins || !JUDGES.contains(&words(text, find).as_str());
            match (lead.denies, yes) {
                (false, true) if is_undone(text, found, find) => Some((find, false, true)),
                (false, false) if !lead.begins && asks(text, find) => None,
                (false, _) => Some((find, yes, is_about_all)),
                // 不好 says no; 不错 and 不用改 say neither, nor does 态度不好.
                (true, true) => is_about_all.then_some((find, false, true)),
                (true, false) => None,
            }
        })
        .collect();
    let says_wrong = |(find, yes, is_about_all): &&(&Found, bool, bool)| {
        !yes && *is_about_all && !DECLINES.contains(&words(text, find).as_str())
    };
    let order = |find: &Found| (HUMS.contains(&words(text, find).as_str()), find.start, usize::MAX - find.end);
    let first = || answers.iter().min_by_key(|(find, ..)| order(find));
    answers.iter().find(says_wrong).or_else(first).map(|(_, yes, _)| *yes)
}

fn words(text: &Text, find: &Found) -> String {
    text.span(find.start, find.end).iter().collect()
}

/// Whether a no stands behind what it asks about.
fn asks(text: &Text, find: &Found) -> bool {
    words(text, find) == OR_NOT && !SAID_BEFORE.contains(&text.before(find.start))
}

/// What leads to an answer in its clause.
struct Lead {
    /// A no is among it: 好 in 还没完全好, "fixed" in "hasn't been fixed".
    denies: bool,
    /// There is nothing else: the clause begins with it.
    begins: bool,
}

/// Walks back from an answer over a no, words of degree and small words. One within a longer set phrase
/// counts for nothing (差不多好了).
fn lead(text: &Text, found: &[Found], answer: &Found) -> Lead {
    let (mut at, mut denies) = (answer.start, false);
    loop {
        while text.before(at) == ' ' {
            at -= 1;
        }
        let leads = || {
            let ends = |lead: &&Found| lead.end == at && text.same_clause(lead.start, answer.start);
            found.iter().filter(ends).filter(|lead| !is_masked(found, lead))
        };
        denies |= leads().any(|lead| matches!(lead.meaning, Meaning::Negator { .. }));
        let leads_on = |lead: &&Found| {
            matches!(lead.meaning, Meaning::Negator { .. } | Meaning::Degree { .. } | Meaning::Filler | Meaning::No)
        };
        match leads().filter(leads_on).map(|lead| lead.start).min() {
            Some(start) => at = start,
            None => break,
        }
    }
    let before = text.before(at);
    // English has words before it that are none of ours: "that's not right".
    Lead { denies, begins: !is_han(before) || !text.same_clause(at.saturating_sub(1), answer.start) }
}

/// Whether the deed that an answer says was done is denied before it, in the same clause.
fn is_undone(text: &Text, found: &[Found], answer: &Found) -> bool {
    let denies = |no: &Found| {
        let deed = text.span(no.end, answer.start);
        let named = (1..=LONGEST_DEED).contains(&deed.len()) && !deed.iter().any(|c| APART.contains(c));
        let until_answer: String = text.span(no.start, answer.start).iter().collect();
        matches!(no.meaning, Meaning::Negator { .. } | Meaning::No)
            && named
            && text.same_clause(no.start, answer.start)
            && (!is_masked(found, no) || FAULTS_OR_DEEDS.contains(&until_answer.as_str()))
    };
    DONE.contains(&words(text, answer).as_str()) && found.iter().any(denies)
}

/// 不 in 不满意 is no answer: nothing but a particle may follow in the same clause, and a question is none.
fn stands_alone(text: &Text, end: usize) -> bool {
    let mut at = end;
    while matches!(
        text.char(at),
        '的' | '了' | '啊' | '呀' | '吧' | '呢' | '嘛' | '哦' | '哈' | '啦' | '咯' | '喔' | '呐'
    ) {
        at += 1;
    }
    let goes_on = text.char(at).is_alphanumeric() || text.char(at) == '?';
    !goes_on || text.span(at, at + 2).iter().copied().eq("谢谢".chars())
}

fn is_masked(found: &[Found], find: &Found) -> bool {
    found.iter().any(|mask| {
        let longer = mask.end - mask.start > find.end - find.start;
        matches!(mask.meaning, Meaning::Mask) && longer && mask.overlaps(find)
    })
}

/// Returns the longest run of words that say since when.
pub(super) fn since(text: &Text, found: &[Found]) -> Option<(usize, usize)> {
    run(text, found, |meaning| matches!(meaning, Meaning::Since))
}

/// Returns the longest run of words that wish a time for the visit.
pub(super) fn wished_time(text: &Text, found: &[Found]) -> Option<(usize, usize)> {
    run(text, found, |meaning| matches!(meaning, Meaning::WishedTime))
}

fn run(text: &Text, found: &[Found], wanted: impl Fn(&Meaning) -> bool) -> Option<(usize, usize)> {
    let mut runs: Vec<(usize, usize)> = Vec::new();
    for find in found.iter().filter(|find| wanted(find.meaning)) {
        match runs.last_mut() {
            Some((_, end)) if find.start <= *end || text.span(*end, find.start).iter().all(|c| *c == ' ') => {
                *end = find.end.max(*end);
            }
            _ => runs.push((find.start, find.end)),
        }
    }
    runs.into_iter().max_by_key(|(start, end)| (end - start, usize::MAX - start))
}
