//! Words that want another time than the one that is offered or agreed: they only say so, name it, or name one of several
//! in its place.

use jiff::civil::Date;

use super::place::is_bare_place;
use super::plain::is_plain;
use super::wish::{Wish, without_harmless};
use crate::domain::dialogue::clause::{begins_with_plain_no, holds};
use crate::domain::dialogue::danger::BREAKS;
use crate::domain::dialogue::withdrawal::forbids;

/// What wants another time, wherever it stands in a clause.
const CHANGES: [&str; 24] = [
    "改约",
    "改期",
    "改天",
    "另约",
    "重新约",
    "推迟",
    "往后推",
    "延期",
    "reschedul",
    "postpone",
    "another day",
    "another date",
    "another time",
    "another slot",
    "different day",
    "different date",
    "different time",
    "different slot",
    "some other day",
    "some other time",
    "change the time",
    "change the date",
    "change the appointment",
    "change my appointment",
];
/// What does so with a time before it or behind it: 改下时间, 时间能换吗 …
const VERBS: [char; 4] = ['改', '换', '挪', '调'];
const TIMES: [&str; 6] = ["时间", "时段", "时候", "日子", "日期", "预约"];
/// … or a day behind it, where nothing else is: 换个日光灯.
const DAYS: [char; 2] = ['天', '日'];
/// What may stand between the verb and the time behind it …
const BETWEEN: &str = "一下个 改换动 整上门 的约另 外别其 他它第 二再";
/// … and between the time and the verb behind it.
const LEADS: &str = "能不可 以想要 得需我 们你帮 请先再 都也给 的话有 没法会 该用必";
/// What may follow the verb, and change nothing in it …
const A_LITTLE: [char; 6] = ['一', '下', '个', '改', '换', '动'];
/// … and what may end the clause behind it or behind a day: not 时间改成周五, 时间换了.
const ENDS: &str = "吗吧么 呢啊呀 可行好 得再来,";
/// What moves a visit to the time that is named with it …
const MOVES: [&str; 11] =
    ["改到", "改成", "改在", "换到", "换成", "推到", "挪到", "提前到", "move it", "change it to", "instead"];
/// … also as a clause of its own: "改一下，周五上午".
const BARE: [&str; 12] = [
    "改",
    "改一下",
    "改下",
    "要改",
    "我要改",
    "我想改",
    "换",
    "换一下",
    "换下",
    "change",
    "change it",
    "change please",
];
/// What takes back what was said before, as a whole clause …
const TAKES_BACK: [&str; 12] =
    ["不对", "错了", "搞错了", "选错了", "点错了", "说错了", "等等", "算了", "sorry", "actually", "wait", "oops"];
/// … or at the beginning of one, before what is meant instead.
const RATHER: [&str; 18] = [
    "不对",
    "错了",
    "还是",
    "换成",
    "换到",
    "换",
    "改成",
    "改到",
    "改",
    "应该是",
    "no ",
    "nope ",
    "sorry ",
    "actually ",
    "rather ",
    "make it ",
    "i meant ",
    "i mean ",
];
/// What may stand there besides, and behind it.
const THEN: [&str; 7] = ["那就", "我要", "我选", "就", "是", "要", "选"];
const INSTEAD: [&str; 5] = [" instead", " rather", " after all", " actually", " sorry"];

/// Whether a clause wants another time, whether it is named or not: "改下时间", "时间能换吗".
pub(super) fn wants_another(clause: &str) -> bool {
    before_change(clause).is_some_and(|before| !forbids(before))
}

/// Whether it says that no other is wanted: "不用改时间了".
pub(super) fn wants_no_other(clause: &str) -> bool {
    before_change(clause).is_some_and(forbids)
}

/// Returns what stands before words for another time, if a clause has any.
fn before_change(clause: &str) -> Option<&str> {
    let known = CHANGES.iter().filter_map(|words| clause.split_once(*words));
    let known = known.filter(|(_, behind)| !behind.starts_with('了')).map(|(before, _)| before);
    let changed = clause.match_indices(VERBS).filter_map(|(at, verb)| {
        let (before, behind) = (clause.get(..at)?, clause.get(at + verb.len()..)?);
        let of_time = begins_with_time(behind) || ends_with_time(before) && ends(behind.trim_start_matches(A_LITTLE));
        of_time.then_some(before)
    });
    known.chain(changed).next()
}

/// Whether nothing stands before a time: 一下上门的时间, 第二日.
fn begins_with_time(behind: &str) -> bool {
    let rest = behind.trim_start_matches(|c: char| BETWEEN.contains(c));
    TIMES.iter().any(|time| rest.starts_with(*time)) || rest.strip_prefix(DAYS).is_some_and(ends)
}

/// Whether nothing stands behind a time but what leads on to what is done with it: 时间能不能.
fn ends_with_time(before: &str) -> bool {
    let rest = before.trim_end_matches(|c: char| LEADS.contains(c));
    TIMES.iter().any(|time| rest.ends_with(*time))
}

fn ends(behind: &str) -> bool {
    behind.chars().next().is_none_or(|next| ENDS.contains(next))
}

/// Whether a clause moves what is spoken of to a time that it names, or that another clause does: "改到周五", "改周五",
/// "改一下".
pub(super) fn moves(clause: &str, today: Date) -> bool {
    holds(clause, &MOVES) || BARE.contains(&clause.trim()) || is_put_on_time(clause, today)
}

/// Whether a clause changes something to a time, and to nothing else: "能改周五吗", not "换水龙头周五来".
fn is_put_on_time(clause: &str, today: Date) -> bool {
    let Some((before, behind)) = clause.split_once(['改', '换']) else { return false };
    let time = without_harmless(behind.trim_end_matches('吗'));
    let is_done = forbids(before) || behind.starts_with('了');
    !is_done && is_plain(&time) && Wish::named_in(&time, today).names_time()
}

/// Whether words take back what was said before and only name one of several in its place: "不对，第一个"; not "不对，
/// 是第二单元".
pub(super) fn names_place_instead(text: &str) -> bool {
    let told: Vec<&str> = text.split(BREAKS).map(str::trim).filter(|clause| !clause.is_empty()).collect();
    let Some((last, before)) = told.split_last() else { return false };
    let meant = INSTEAD.iter().find_map(|part| last.strip_suffix(part));
    let mut rest = meant.unwrap_or(last);
    let mut rather = meant.is_some() || !before.is_empty();
    loop {
        rest = if let Some(behind) = past(rest, &RATHER) {
            rather = true;
            behind.trim_start()
        } else if let Some(behind) = past(rest, &THEN) {
            behind.trim_start()
        } else {
            break;
        };
    }
    rather && before.iter().all(|clause| takes_back(clause)) && is_bare_place(rest)
}

/// Returns what stands behind one of `parts` where words begin with it.
fn past<'w>(words: &'w str, parts: &[&str]) -> Option<&'w str> {
    parts.iter().find_map(|part| words.strip_prefix(part))
}

/// Whether a clause only takes back what was said before: "不对", "no", "不是第二个".
fn takes_back(clause: &str) -> bool {
    let other = clause.strip_prefix("不是").or_else(|| clause.strip_prefix("not "));
    let plain_no = begins_with_plain_no(clause) && !clause.contains(' ');
    TAKES_BACK.contains(&clause) || plain_no || other.is_some_and(is_bare_place)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::domain::script::normalised;

    #[test]
    fn another_time_is_wanted_in_many_words_and_not_where_they_forbid_it_or_change_something_else() {
        for words in [
            "改时间",
            "改下时间",
            "改一下时间吧",
            "改个时间",
            "换个时间可以吗",
            "换别的时间",
            "换个日子",
            "换一天",
            "换一天行吗",
            "改日",
            "改一下上门的时间",
            "修改预约",
            "调整一下时间",
            "时间能换吗",
            "时间能不能改一下",
            "能不能改时间",
            "可不可以换时间",
            "改第二日得唔得",
            "改第二天",
            "推迟",
            "I need to reschedule",
            "can we do a different day",
        ] {
            assert!(wants_another(&normalised(words)), "{words}");
        }
        for words in ["别改时间", "不用改时间了", "不想换时间", "时间不用改", "I don't want to change the time"]
        {
            let words = normalised(words);
            assert!(!wants_another(&words) && wants_no_other(&words), "{words}");
        }
        for words in [
            "改一下",
            "改一下地址",
            "换第二个水龙头",
            "换个日光灯",
            "换天花板",
            "时间改成周五",
            "时间改到十点",
            "时间换了吗",
            "你们推迟了三次",
            "用的时间长了要换",
        ] {
            let words = normalised(words);
            assert!(!wants_another(&words) && !wants_no_other(&words), "{words}");
        }
    }

    #[test]
    fn a_visit_is_moved_to_the_time_that_is_named_with_it() {
        let moved = |words: &str| moves(&normalised(words), date(2026, 11, 21));
        for words in ["改到周五", "改周五", "能改周五上午吗", "改周五得唔得", "换后天吧", "改一下", "改", "换个下午的"]
        {
            assert!(moved(words), "{words}");
        }
        for words in ["换水龙头周五来", "改一下地址", "别改周五", "换了周三", "周五", "换个时间"]
        {
            assert!(!moved(words), "{words}");
        }
    }
}
