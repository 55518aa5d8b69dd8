//! Plain answers: yes or no, since when, and the wished time of a visit.

use super::matcher::Found;
use super::text::Text;
use crate::domain::lexicon::Meaning;

/// A yes or a no longer than this is a story, not an answer.
const LONGEST: usize = 24;

/// Returns `Some` where the utterance as a whole says yes or no; what is said first decides.
pub(super) fn affirmed(text: &Text, found: &[Found]) -> Option<bool> {
    let (first, last) = text.core();
    if last <= first || last - first > LONGEST {
        return None;
    }
    found
        .iter()
        .filter_map(|find| match find.meaning {
            Meaning::Yes => Some((find, true)),
            Meaning::No => Some((find, false)),
            _ => None,
        })
        .filter(|(find, _)| find.start <= first + 2 || find.end + 2 >= last)
        .filter(|(find, _)| stands_alone(text, find.end) && !is_masked(found, find))
        .min_by_key(|(find, _)| (find.start, usize::MAX - find.end))
        .map(|(_, yes)| yes)
}

/// 不 in 不满意 is no answer: nothing but a particle may follow in the same clause.
fn stands_alone(text: &Text, end: usize) -> bool {
    let mut at = end;
    while matches!(
        text.char(at),
        '的' | '了' | '啊' | '呀' | '吧' | '呢' | '嘛' | '哦' | '哈' | '啦' | '咯' | '喔' | '呐'
    ) {
        at += 1;
    }
    !text.char(at).is_alphanumeric() || text.span(at, at + 2).iter().copied().eq("谢谢".chars())
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
