//! The time that words name for a visit: days, parts of the day, the clock, one of several. Only what is said is read
//! here; [`super::heard`] sets it against the times that were offered or agreed.

use std::ops::Range;

use jiff::civil::Date;

use super::calling;
use super::clock::{self, Hour};
use super::days;
use super::excuse::excuses;
use super::nobody::nobody_in;
use super::place::{Place, take_places};
use super::plain::is_plain;
use crate::domain::dialogue::clause::{holds, without};

/// So long, in bytes, is at most a clause that only turns down what was said before it: seven Chinese characters,
/// four English words.
const LONGEST_REFUSAL: usize = 21;
/// Spellings, each with the one that is looked for.
const SPELLINGS: [(&str, &str); 7] = [
    ("星期", "周"),
    ("礼拜", "周"),
    ("个周", "周"),
    ("最晚", "最迟"),
    ("早一", "早"),
    ("晚一", "晚"),
    ("tmrw", "tomorrow"),
];
/// What ends a clause, in words as [`crate::domain::script::normalised`] leaves them. A full stop of English does not:
/// "not before 3 p.m. on Monday" turns Monday down.
const BREAKS: [char; 5] = [',', '。', ';', '!', '?'];
/// What says that a time does not suit.
const DENIALS: [&str; 17] = [
    "不",
    "没",
    "别",
    "冇",
    "唔",
    "太晚",
    "太早",
    "有点",
    "not ",
    "n't",
    "none",
    "neither",
    "at work",
    "in a meeting",
    "too late",
    "too early",
    "too soon",
];
/// What is done elsewhere at a time and says so as well …
const ELSEWHERE: [&str; 12] =
    ["有事", "出差", "上班", "上课", "有课", "加班", "值班", "开会", "医院", "接孩子", "接送", "在外地"];
/// … unless the clause takes the time all the same: "周三在家开会", "周三值班回来可以".
const ALL_THE_SAME: [&str; 7] = ["可以", "在家", "来吧", "都行", "就行", "请好假", "请了假"];
/// What stands beside a day that takes the place of one before it: "周三上午送孩子，还是周四吧".
const RATHER: [&str; 5] = ["还是", "改", " then", " instead", " rather"];
/// What says in English that somebody is not there; it denies that a time suits as well.
pub(super) const AWAY: [&str; 6] = ["'m busy", "am busy", "be busy", "'m away", "am away", "be away"];
/// What says so of a time that was named before: "周二上午，不行". Any other no may be about something else: "不用打电话".
const REFUSALS: [&str; 34] = [
    "不行",
    "不可以",
    "不方便",
    "不合适",
    "不能",
    "不在",
    "不得",
    "不好",
    "不了",
    "没空",
    "冇空",
    "没时间",
    "没人",
    "唔得",
    "我有事",
    "太晚",
    "太早",
    "有点",
    "not good",
    "not ok",
    "not possible",
    "not avail",
    "not free",
    "not work",
    "not suit",
    "can't",
    "won't",
    "n't work",
    "n't suit",
    "neither",
    "none",
    "too late",
    "too early",
    "too soon",
];
/// What says nothing else of it, where it is said of nothing else.
const NO_GOOD: [&str; 6] = ["不行", "唔得", "不可以", "不合适", "doesn't suit", "won't suit"];
/// What has a no in it and turns nothing down.
const NO_DENIALS: [&str; 61] = [
    "不上班",
    "不加班",
    "没课",
    "家上班",
    "上班前",
    "班之前",
    "没问题",
    "没关系",
    "没意见",
    "没事",
    "不好意",
    "不客气",
    "不错",
    "不麻烦",
    "特别",
    "行不行",
    "能不能",
    "可不可",
    "好不好",
    "是不是",
    "方不方",
    "有没有",
    "要不",
    "不如",
    "行不",
    "便不",
    "得唔得",
    "好唔好",
    "系唔系",
    "不急",
    "不着急",
    "不赶",
    "不用打",
    "不用急",
    "不用催",
    "不在意",
    "不在乎",
    "有点急",
    "出差错",
    "时间限",
    "有事打",
    "有事找",
    "有事请",
    "有事联",
    "有事再",
    "有事问",
    "有事想",
    "没有事",
    "不知道",
    "不确定",
    "不清楚",
    "not sure",
    "don't know",
    "not urgent",
    "not a problem",
    "don't call",
    "don't mind",
    "don't worry",
    "n't matter",
    "won't be a problem",
    "won't be necessary",
];
/// The same, unless one of these stands behind it; a comma stands for the end as well: "家里没人抽烟", "can't wait",
/// "away from my phone".
const NO_DENIALS_BUT: [(&str, &[&str]); 4] =
    [("没人", &NOBODY), ("can't wait", &TOO_LONG), ("cannot wait", &TOO_LONG), ("away from", &[" home"])];
const NOBODY: [&str; 22] = [
    ",", "。", ";", "!", "?", " ", "在", "来", "开", "接", "能", "可", "会", "等", "看", "住", "啊", "了", "的", "呢",
    "哦", "管",
];
const TOO_LONG: [&str; 6] = [" until", " till", " that", " so", " any", " long"];
/// What takes a time out of those that suit: "除了25号都行", "any time except Wednesday".
const EXCEPTS: [&str; 7] = ["除了", "除开", "以外", "之外", "except", "apart from", "other than"];
/// Where such words part: behind the time in Chinese, before it in English.
const EXCEPTED: char = '都';
const EXCEPTING: [&str; 4] = [" except", " apart from", " other than", " but not"];
/// What leads from what keeps somebody to the time that suits.
const SO: &str = "所以";
/// What stands for all the days that are not named.
const OTHER_DAYS: [&str; 4] = ["平时", "平常", "工作日", "weekday"];
/// What wishes another time than those spoken of, and names none.
const SHIFTS: [&str; 13] =
    ["早点", "晚点", "早些", "晚些", "尽早", "早日", "提早", "提前", "推后", "延后", "earlier", "later", "sooner"];
/// What is to be done sooner where it stands beside them, and wishes no other time: 提前打个电话.
const CALLS: [&str; 8] = ["电话", "打给", "打我", "联系", "通知", "告诉", "说一", "call "];
/// Parts of the day, with the hours in which they begin and end.
const PARTS: [(&str, u64, u64); 23] = [
    ("上午", 0, 12),
    ("早", 0, 12),
    ("上昼", 0, 12),
    ("中午", 11, 14),
    ("下午", 12, 18),
    ("午后", 12, 18),
    ("下昼", 12, 18),
    ("晏昼", 12, 18),
    ("傍晚", 17, 24),
    ("晚", 18, 24),
    ("夜", 18, 24),
    ("morning", 0, 12),
    ("mornings", 0, 12),
    ("noon", 11, 14),
    ("midday", 11, 14),
    ("lunchtime", 11, 14),
    ("afternoon", 12, 18),
    ("afternoons", 12, 18),
    ("evening", 18, 24),
    ("evenings", 18, 24),
    ("night", 18, 24),
    ("nights", 18, 24),
    ("tonight", 18, 24),
];

/// A time as words name it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Wish {
    /// The days that may be meant: one for 25号, two for 周末.
    pub days: Vec<Date>,
    /// Parts of the day, by the hours in which a visit then begins.
    pub parts: Vec<Range<u64>>,
    pub places: Vec<Place>,
    /// Hours by the clock: 三点, "at 10".
    pub hours: Vec<Hour>,
    /// Sooner or later than what is spoken of: 早点, "later".
    pub shifted: bool,
}

impl Wish {
    /// Reads what words name, which are as [`crate::domain::script::normalised`] leaves them. A day that can be one of
    /// several is the next of them: 25号, 周五.
    pub(super) fn named_in(words: &str, today: Date) -> Wish {
        let (words, places) = take_places(spelled(words));
        let shifted = words.split(BREAKS).any(|clause| holds(clause, &SHIFTS) && !holds(clause, &CALLS));
        let words = without(&words, &SHIFTS);
        let latin: Vec<&str> =
            words.split(|c: char| !c.is_ascii_alphanumeric()).filter(|token| !token.is_empty()).collect();
        let has = |name: &str| if name.is_ascii() { latin.contains(&name) } else { words.contains(name) };
        Wish {
            days: days::named(&words, &latin, today),
            parts: PARTS.iter().filter(|(name, ..)| has(name)).map(|(_, from, until)| *from..*until).collect(),
            places,
            hours: clock::hours(&words, &latin),
            shifted,
        }
    }

    /// Whether a day, a part of it or an hour is named.
    pub(super) fn names_time(&self) -> bool {
        !self.days.is_empty() || !self.parts.is_empty() || !self.hours.is_empty()
    }

    /// Whether anything is named by which times can be told apart.
    pub(super) fn names_any(&self) -> bool {
        self.names_time() || self.shifted || !self.places.is_empty()
    }

    /// Whether a window, which lies on a day and in minutes of it, is clearly one of those named. It has to hold each
    /// hour by the clock, and to touch each part of the day that is named beside one: "上午可以，下午三点我要出门".
    pub(super) fn fits(&self, day: Date, window: &Range<u64>) -> bool {
        let touches = |part: &Range<u64>| part.start * 60 < window.end && window.start < part.end * 60;
        let holds = |hour: &Hour| hour.is_held_by(window, &self.parts);
        let in_time = if self.hours.is_empty() {
            self.may_fit(day, window.start / 60)
        } else {
            self.is_on(day) && self.parts.iter().all(touches) && self.hours.iter().all(holds)
        };
        in_time && !self.shifted
    }

    /// Whether a visit that begins on a day in an hour may be one of those named.
    pub(super) fn may_fit(&self, day: Date, hour: u64) -> bool {
        let in_part = self.parts.is_empty() || self.parts.iter().any(|part| part.contains(&hour));
        self.is_on(day) && in_part
    }

    fn is_on(&self, day: Date) -> bool {
        self.days.is_empty() || self.days.contains(&day)
    }
}

/// Words, parted by whether they turn down the times that they name.
pub(super) struct Parted {
    /// What is left of them without those.
    pub accepted: String,
    /// What is named in those; one that names nothing stands for a time that is not known.
    pub refused: Vec<Wish>,
}

/// Parts words into what they take and what they turn down or call off: "明天没空，后天可以" leaves 后天可以.
pub(super) fn parted(words: &str, today: Date) -> Parted {
    let words = with_exceptions_apart(words, today).replace(SO, ",");
    // Who writes Chinese parts clauses by a space as well.
    let mut last = ' ';
    let spaced = |c: char| {
        let ends = c == ' ' && !last.is_ascii();
        last = c;
        if ends { ',' } else { c }
    };
    let words: String = words.chars().map(spaced).collect();
    let (mut kept, mut dropped): (Vec<&str>, Vec<&str>) = (Vec::new(), Vec::new());
    for clause in words.split(BREAKS) {
        let own = Wish::named_in(clause, today).names_any() || holds(clause, &OTHER_DAYS);
        if holds(clause, &EXCEPTS) || calling::names_it(clause) {
            dropped.push(clause);
        } else if !is_denied(clause) && !excuses(clause) {
            kept.push(clause);
        } else if !own && clause.len() <= LONGEST_REFUSAL && is_refused(clause) {
            // "周二上午，不行" turns down what stands before it.
            dropped.append(&mut kept);
        } else {
            dropped.push(clause);
        }
    }
    let mut accepted = Vec::new();
    for (at, clause) in kept.iter().copied().enumerate() {
        let behind = kept.get(at + 1..).unwrap_or_default();
        if is_superseded(clause, behind, today) { dropped.push(clause) } else { accepted.push(clause) }
    }
    let refusal = |clause: &&str| {
        let named = Wish::named_in(clause, today);
        (named.names_time() || !named.places.is_empty() || holds(clause, &OTHER_DAYS)).then_some(named)
    };
    Parted { accepted: accepted.join(","), refused: dropped.iter().filter_map(refusal).collect() }
}

/// Whether a clause only tells what is done on a day, and one of those behind it names another day and nothing else:
/// "周三上午要去银行，周四可以".
fn is_superseded(clause: &str, behind: &[&str], today: Date) -> bool {
    let days = Wish::named_in(clause, today).days;
    let takes_other = |later: &&str| {
        let named = Wish::named_in(later, today).days;
        !named.is_empty() && named != days && is_plain(&without(later, &RATHER))
    };
    !days.is_empty() && !is_plain(clause) && behind.iter().any(takes_other)
}

/// Returns words with a comma between a time that is excepted and the rest.
fn with_exceptions_apart(words: &str, today: Date) -> String {
    let words = days::with_but_spelled(words, today).unwrap_or_else(|| words.to_owned());
    let words = EXCEPTING.iter().fold(words, |words, part| words.replace(part, &format!(",{part}")));
    let excepts = EXCEPTS.iter().any(|part| !part.is_ascii() && words.contains(part));
    if excepts { words.replace(EXCEPTED, &format!(",{EXCEPTED}")) } else { words }
}

/// Whether words say that something does not suit.
pub(super) fn is_denied(words: &str) -> bool {
    let plain = without_harmless(words);
    let elsewhere = |clause: &str| holds(clause, &ELSEWHERE) && !holds(clause, &ALL_THE_SAME);
    let denied = holds(&plain, &DENIALS) || holds(&plain, &AWAY) || nobody_in(&plain).is_some();
    denied || plain.split(BREAKS).any(elsewhere)
}

/// Whether a clause turns down what was said before it.
pub(super) fn is_refused(clause: &str) -> bool {
    let plain = without_harmless(clause);
    holds(&plain, &REFUSALS)
}

/// Whether a clause turns down the time that is spoken of, and speaks of nothing else: "不行", "呢个时间唔得".
pub(super) fn only_refuses(clause: &str) -> bool {
    let plain = without_harmless(clause);
    let rest = without(&plain, &NO_GOOD);
    rest != plain && is_plain(&rest)
}

/// Returns words without what has a no in it and turns nothing down.
pub(super) fn without_harmless(words: &str) -> String {
    let plain = without(words, &NO_DENIALS);
    NO_DENIALS_BUT.iter().fold(plain, |words, (harmless, but)| without_unless(&words, harmless, but))
}

/// Returns words without a part wherever none of `but` stands behind it.
pub(super) fn without_unless(words: &str, part: &str, but: &[&str]) -> String {
    let mut stretches = words.split(part);
    let first = stretches.next().unwrap_or_default().to_owned();
    stretches.fold(first, |kept, behind| {
        let ended = format!("{behind},");
        let between = if but.iter().any(|word| ended.starts_with(*word)) { part } else { " " };
        kept + between + behind
    })
}

/// Returns words with each thing spelled in one way.
pub(super) fn spelled(words: &str) -> String {
    SPELLINGS.iter().fold(words.to_owned(), |words, (said, plain)| words.replace(said, plain))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::domain::script::normalised;

    #[test]
    fn an_hour_by_the_clock_is_told_from_a_little() {
        let by_clock = |words: &str| !Wish::named_in(&normalised(words), date(2026, 11, 21)).hours.is_empty();
        for words in [
            "上午十点",
            "10:30",
            "下午一点",
            "周一一点",
            "明天一点半",
            "两点以后",
            "after 5",
            "3pm",
            "10 am",
            "ten o'clock",
            "at ten",
            "from 10",
        ] {
            assert!(by_clock(words), "{words}");
        }
        for words in [
            "早一点",
            "晚点吧",
            "快一点",
            "今天一点水都没有",
            "周二一点空都没有",
            "25号",
            "I am at home on Monday",
            "from 24 November",
            "after 2 weeks",
            "between one and two",
        ] {
            assert!(!by_clock(words), "{words}");
        }
    }

    #[test]
    fn what_is_turned_down_is_left_out() {
        let left = [
            ("明天没空,后天可以", "后天可以"),
            ("23号不行 24号可以", "24号可以"),
            ("周二上午,不行", ""),
            ("不方便,上班呢,周末行吗", "周末行吗"),
            ("周末吧,平时不在家", "周末吧"),
            ("没问题,25号", "没问题,25号"),
            ("取消周三的,周五可以", "周五可以"),
            ("cancel wednesday,friday please", "friday please"),
            ("周三都没人在家,周五可以", "周五可以"),
            ("nobody will be home on wednesday,friday please", "friday please"),
            ("周六行不行", "周六行不行"),
            ("周六得唔得", "周六得唔得"),
            ("周六唔得,周日得", "周日得"),
            ("not monday,tuesday please", "tuesday please"),
            ("周一上午可以,不急", "周一上午可以,不急"),
            ("周一上午行,不用预约了吧", "周一上午行"),
            ("周二上午,我有事", ""),
            ("周二我有事,周三可以", "周三可以"),
            ("周三在家开会,可以来", "周三在家开会,可以来"),
            ("周三可以但我要开会", "周三可以但我要开会"),
            ("周三医院那边请好假了,来吧", "周三医院那边请好假了,来吧"),
            ("周三接孩子前可以", "周三接孩子前可以"),
            ("周三值班回来可以", "周三值班回来可以"),
            ("周三可以,我11点要去接孩子", "周三可以"),
            ("周三要开会,周四可以", "周四可以"),
            ("明天上午有会,后天吧", "后天吧"),
            ("周三上午送孩子,周四吧", "周四吧"),
            ("周三上午陪老人看病,周四行", "周四行"),
            ("wednesday morning i have a meeting,thursday then", "thursday then"),
            ("周三可以,周四也可以", "周三可以,周四也可以"),
            ("周三我在家等师傅,周四要去银行", "周三我在家等师傅,周四要去银行"),
            ("周二行,家里没人抽烟", "周二行,家里没人抽烟"),
            ("周二行,不对,家里没人", ""),
            ("can't wait,tuesday please", "can't wait,tuesday please"),
            ("can't wait until tuesday,monday please", "monday please"),
            ("not before 3 p.m. on monday", ""),
            ("any time except wednesday", "any time"),
            ("any time but wednesday", "any time"),
            ("any time but wednesday is best", "any time but wednesday is best"),
            ("either,but not wednesday", "either"),
            ("除了25号都行", "都行"),
            ("25号以外都可以", "都可以"),
        ];
        for (words, expected) in left {
            assert_eq!(parted(words, date(2026, 11, 21)).accepted, expected, "{words}");
        }
    }
}
