//! Words that call a visit off, and not the repair that it is for: by its name, by its day, or by nothing but the word
//! for it. Who may say so, and what is done then, is decided in [`super::arranged`].

use jiff::civil::Date;

use super::absence::{MAYBE, MEANWHILE, SUPPOSES};
use super::plain::is_plain;
use super::standing::stands_after_all;
use super::wish::Wish;
use crate::domain::dialogue::clause::{holds, without};
use crate::domain::dialogue::danger::BREAKS;
use crate::domain::script::is_one_word;

/// The words for it.
const CALLS: [&str; 9] =
    ["取消", "撤销", "推掉", "退掉", "cancel", "cancelling", "canceling", "call off", "call it off"];
/// What was called off already, unless one of `WANTS` stands before it.
const CALLED: [&str; 2] = ["cancelled", "canceled"];
const WANTS: [&str; 5] = ["want", "like", "need", "please", "to be"];
/// What says so by where nobody is to come: "please don't come on Wednesday".
const STAYS_AWAY: [&str; 22] = [
    "别来",
    "别过来",
    "别上门",
    "别派",
    "不要来",
    "不要上",
    "不用来",
    "不用过",
    "不用上",
    "不用派",
    "不必来",
    "不必上",
    "唔使来",
    "唔使嚟",
    "唔好来",
    "唔好嚟",
    "don't come",
    "do not come",
    "dont come",
    "no need to come",
    "needn't come",
    "don't need to come",
];
/// What sets no more than bounds behind it: 别来太早.
const TOO: [&str; 4] = ["太早", "太晚", "too early", "too late"];
/// What says before it that nobody said so: "我没说不用来啊".
const NEVER_SAID: [&str; 6] = ["没说", "没有说", "没讲", "谁说", "didn't say", "never said"];
/// What makes another word or a question of it: 特别来, 要不要来.
const OR_NOT: [char; 3] = ['要', '用', '特'];
/// What is to be left undone, where not the visit is: 不用来两个人, 不用来接我 …
const NOT_ITSELF: [&str; 6] = ["个人", "两人", "几人", "多人", "接", "upstairs"];
/// … and as words of their own: "no need to come up".
const NO_FARTHER: [&str; 5] = ["up", "down", "over", "round", "inside"];
/// What a visit is called.
const VISITS: [&str; 11] =
    ["预约", "上门", "约好", "约的", "的约", "个约", "appointment", "visit", "booking", "technician", "slot"];
/// What is done at it.
const WORK: [&str; 3] = ["维修", "报修", "repair "];
/// How one is named that is not this one, before its name.
const OF_OTHER: [&str; 6] = ["另一个", "另外的", "其他", "别的", "other", "another"];
/// What leads in English from who calls it off to its name, with hardly a word between: "my plumbing appointment" …
const OWN: [&str; 6] = ["my", "our", "the", "this", "that", "your"];
const MOST_WORDS: usize = 3;
/// … in Chinese with hardly a sign: 空调的预约.
const MOST_SIGNS: usize = 4;
const OF: char = '的';
/// What leads on from its name: "the appointment has to be cancelled".
const HAS_TO: [&str; 3] = ["has", "needs", "just"];
/// What else is called off, or asked about.
const NOT_IT: [&str; 14] = [
    "提醒", "问卷", "回访", "评价", "关注", "收费", "费用", "别的", "其他", "reminder", "survey", "dentist", "doctor",
    "my other",
];
/// What stands before it where it is not done now, or by others.
const NOT_SO: [&str; 15] = [
    "是不是",
    "要不要",
    "有没有",
    "谁",
    "被",
    "上周",
    "上次",
    "昨天",
    "yesterday",
    "last ",
    "did ",
    "when ",
    "whether ",
    "stop ",
    "keep ",
];
/// Who else may have called it off: 你们取消了 …
const OTHERS: [&str; 5] = ["你", "您", "师傅", "他", "物业"];
/// … unless they are asked to.
const ASKED_TO: [&str; 6] = ["帮", "请", "麻烦", "让", "跟", "给我"];
/// What may lie between a no and the word for it: "I don't need to cancel".
const LEADS_ON: [&str; 11] = ["to", "need", "have", "want", "wish", "like", "going", "you", "me", "be", "please"];
/// Who does so …
const SUBJECTS: [&str; 8] = ["i", "we", "i'm", "we're", "i'll", "we'll", "i'd", "we'd"];
/// … and what leads to it besides.
const LEADS: [&str; 7] = ["i'm", "we're", "i'll", "we'll", "must", "should", "gotta"];
/// What asks for it politely, and not whether it was done.
const POLITE: [&str; 11] = ["行吗", "可以", "好吗", "能", "可否", "麻烦", "帮", "can ", "could ", "would ", "please"];
/// What asks how it is done.
const HOW: [&str; 3] = ["怎么", "如何", "怎样"];
const ASKING_HOW: [char; 8] = ['请', '问', '我', '想', '要', '该', '知', '道'];
/// What goes on to another time in the same clause.
const GOES_ON: [&str; 9] = ["改", "换", "再", "约到", "instead", "make it", "come ", "move", "rather"];
/// What tells why, behind it.
const REASONS: [&str; 7] = ["因为", " because", " due to", " as ", " since", " but ", " and "];
/// What says nothing more, before it or behind it.
const SMALL: [&str; 42] = [
    "要不",
    "请",
    "帮",
    "让",
    "叫",
    "跟",
    "说",
    "告诉",
    "暂时",
    "嘅",
    "喇",
    "啦",
    "想",
    "要",
    "先",
    "把",
    "它",
    "给",
    "必须",
    "需",
    "得",
    "只",
    "还是",
    "算",
    "掉",
    "那",
    "改",
    "师傅",
    "这次",
    "本次",
    "此次",
    "这回",
    "不好意",
    "思",
    "pls",
    "plz",
    "now",
    "then",
    "sorry",
    "let's",
    "could you",
    "would you",
];

/// What tells that it was only thought of: "本来要取消预约的".
const THOUGHT: [&str; 4] = ["本来", "想过", "was going to", "were going to"];
/// What makes it depend on something …
const DEPENDS: &str = "的话";
/// … unless that is only polite.
const POLITE_IFS: [&str; 10] = [
    "以的话",
    "便的话",
    "行的话",
    "如果可",
    "如果方",
    "if possible",
    "if that's ok",
    "if you don't mind",
    "if you can",
    "if you could",
];
/// What leaves open when it is done.
const LATER: &str = " later";
/// What asks what comes of it: "取消预约会怎么样".
const ASKS_AFTER: [&str; 9] =
    ["会怎", "会不会", "几次", "扣", "罚", "what happens", "will i be charged", "penalty", "cancellation fee"];

/// How a clause calls a visit off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Call<'c> {
    /// What stands before the word for it.
    pub before: &'c str,
    /// It names the visit or its day, and does not leave open what else may be meant.
    pub named: bool,
}

/// Reads how a clause calls off the visit of a day, if it does.
pub(super) fn call(clause: &str, day: Option<Date>, today: Date) -> Option<Call<'_>> {
    let days = Wish::named_in(clause, today).days;
    let own_day = has_day(&days, day);
    let of_other_day = |behind: &str| !days.is_empty() && !own_day && !holds(behind, &GOES_ON);
    if let Some((before, behind)) = stays_away(clause) {
        let known = ends_there(behind) && (own_day || is_small(before));
        return (known && !of_other_day(behind)).then_some(Call { before, named: true });
    }
    let (before, behind) = parted(clause)?;
    if of_other_day(behind) {
        return None;
    }
    let is_visit = names_visit(before, behind);
    let is_bare = (is_small(before) || is_lead(before)) && is_small(without_reason(behind));
    let of_else = holds(clause, &NOT_IT) || holds(before, &NOT_SO) || is_others_deed(before, behind);
    let open = holds(before, &SUPPOSES) || holds(clause, &MAYBE) || without_reason(behind).contains(LATER);
    let undone = open || is_denied_from_afar(before) || asks_how_to(before);
    let calls = (is_visit || is_bare) && !of_else && !undone;
    calls.then_some(Call { before, named: is_visit || own_day })
}

/// Whether a clause has a word for it, whatever it calls off: the time in it is none that suits.
pub(super) fn names_it(clause: &str) -> bool {
    parted(clause).is_some()
}

/// Whether a clause asks for it although it is put as a question: "能取消预约吗", not "取消预约了吗".
pub(super) fn is_polite(clause: &str) -> bool {
    holds(clause, &POLITE)
}

/// Whether a clause asks how a visit is called off.
pub(super) fn asks_how(clause: &str) -> bool {
    let asked = parted(clause).filter(|(before, behind)| asks_how_to(before) && !behind.starts_with('了'));
    asked.is_some_and(|(_, behind)| holds(clause, &VISITS) || is_small(behind))
}

/// Whether a clause says only that nobody is to come: "先别来了".
pub(super) fn keeps_away(clause: &str) -> bool {
    stays_away(clause).is_some_and(|(before, behind)| is_small(before) && ends_there(behind))
}

/// Whether a clause says that nobody is to come on another day than that of a visit.
pub(super) fn keeps_away_else_when(clause: &str, day: Option<Date>, today: Date) -> bool {
    let days = Wish::named_in(clause, today).days;
    stays_away(clause).is_some() && !days.is_empty() && !has_day(&days, day)
}

/// Whether a clause says that something is not to be done at a visit: "no need to come up".
pub(super) fn leaves_undone(clause: &str) -> bool {
    stays_away(clause).is_some_and(|(_, behind)| is_something_else(behind))
}

/// Whether a clause speaks of it that nobody is to come, or that a visit is called off, whatever it says of that: "如果下雨
/// 就别来了"; not "航班取消了", "我没说别来".
pub(super) fn speaks_of_it(clause: &str) -> bool {
    let told = |before: &str| !holds(before, &NEVER_SAID);
    let called = parted(clause).is_some_and(|(before, behind)| told(before) && may_mean_visit(before, behind));
    called || stays_away(clause).is_some_and(|(before, behind)| told(before) && ends_there(behind))
}

/// Whether it may be a visit that is called off: its name stands beside the word for it or nothing does, or it is left
/// open.
fn may_mean_visit(before: &str, behind: &str) -> bool {
    let open = holds(before, &SUPPOSES) || holds(before, &MAYBE) || before.contains(DEPENDS) || behind.contains('吧');
    open || names_visit(before, behind) || is_small(before) || is_lead(before)
}

/// Whether a clause only says that nobody is to come too early or too late.
pub(super) fn bounds_visit(clause: &str) -> bool {
    let mut behind = STAYS_AWAY.iter().filter_map(|words| clause.split_once(*words));
    behind.any(|(_, behind)| TOO.iter().any(|too| behind.trim_start().starts_with(*too)))
}

/// Whether words take back behind it that they call a visit off, or say that it was only thought of: "周三别来，哦不对，
/// 照常来吧".
pub(super) fn takes_call_back(text: &str) -> bool {
    let mut told = text.split(BREAKS).skip_while(|clause| around_it(clause).is_none());
    let Some((before, behind)) = told.next().and_then(around_it) else { return false };
    holds(before, &THOUGHT) || stands_after_all(behind) || told.any(stands_after_all)
}

/// Whether words leave open that a visit is called off: on a condition, or if they like what comes of it.
pub(super) fn leaves_call_open(text: &str) -> bool {
    let text = without(text, &POLITE_IFS);
    let supposes = |clause: &str| holds(clause, &SUPPOSES) || clause.contains(DEPENDS);
    let called = text.split(BREAKS).position(|clause| around_it(clause).is_some());
    called.is_some_and(|at| text.split(BREAKS).take(at + 1).any(supposes) || holds(&text, &ASKS_AFTER))
}

/// Whether words ask what comes of it if a visit is called off: "取消预约会怎么样".
pub(super) fn asks_after_call(text: &str) -> bool {
    holds(text, &ASKS_AFTER) && text.split(BREAKS).any(names_it)
}

/// Returns a clause without what it says of a visit, so that what it says of the repair is left.
pub(super) fn without_visit(clause: &str) -> String {
    let names_day = !Wish::named_in(clause, Date::ZERO).days.is_empty();
    let clause = if names_day { without(clause, &STAYS_AWAY) } else { clause.to_owned() };
    VISITS.iter().fold(clause, |clause, visit| {
        let of_work = |clause: String, work: &&str| {
            clause.replace(&format!("{work}{visit}"), " ").replace(&format!("{visit}{work}"), " ")
        };
        WORK.iter().fold(clause, of_work).replace(visit, " ")
    })
}

/// Returns what stands before and behind the word for it.
fn parted(clause: &str) -> Option<(&str, &str)> {
    let around = |word: &&str| clause.split_once(*word).filter(|(_, behind)| !is_one_word(word, behind));
    let wanted = |(before, _): &(&str, &str)| holds(before, &WANTS);
    CALLS.iter().find_map(around).or_else(|| CALLED.iter().find_map(around).filter(wanted))
}

/// Returns what stands before and behind the words of a clause that call a visit off.
fn around_it(clause: &str) -> Option<(&str, &str)> {
    stays_away(clause).or_else(|| parted(clause))
}

/// Whether nothing more is said behind words by which nobody is to come.
fn ends_there(behind: &str) -> bool {
    is_small(without_reason(behind)) && !is_something_else(behind)
}

/// Whether what stands behind them makes another thing of it: 不用来接我, "no need to come up".
fn is_something_else(behind: &str) -> bool {
    let told = without_reason(behind);
    holds(told, &NOT_ITSELF) || told.split_whitespace().any(|word| NO_FARTHER.contains(&word))
}

/// Whether a day is among those that are named, or its weekday is.
fn has_day(days: &[Date], day: Option<Date>) -> bool {
    days.iter().any(|named| day.is_some_and(|day| day == *named || day.weekday() == named.weekday()))
}

/// Whether the name of the visit stands next to the word for it: not "约好的聚会取消了", "I cancel my meeting so I'll be home
/// for the visit".
fn names_visit(before: &str, behind: &str) -> bool {
    let mut led = VISITS.iter().filter_map(|visit| behind.split_once(*visit));
    let mut named = VISITS.iter().filter_map(|visit| before.rsplit_once(*visit));
    let is_own = |ahead: &str| !OF_OTHER.iter().any(|other| ahead.trim_end().ends_with(other));
    led.any(|(between, _)| is_own(between) && leads_to_name(between))
        || named.any(|(ahead, between)| is_own(ahead) && leads_on_from_name(between))
}

/// Whether what stands between the word for it and the name of a visit says no more than which: 周三的, "my plumbing".
fn leads_to_name(between: &str) -> bool {
    let rest = without(between, &WORK);
    let mut words = between.split_whitespace();
    let count = words.clone().count();
    let own = count <= MOST_WORDS && words.next().is_some_and(|first| OWN.contains(&first));
    let of_work = rest != between || between.ends_with(OF);
    let short = !between.is_ascii() && between.chars().count() <= MOST_SIGNS && of_work;
    is_small(&rest) || own || short && !holds(between, &OF_OTHER)
}

/// Whether what stands between the name of a visit and the word for it says nothing: 我想, " has to be ".
fn leads_on_from_name(between: &str) -> bool {
    let leads = |word: &str| LEADS_ON.contains(&word) || LEADS.contains(&word) || HAS_TO.contains(&word);
    is_small(between) || between.is_ascii() && between.split_whitespace().all(|word| leads(word) || is_plain(word))
}

/// Returns what stands before and behind words by which nobody is to come, if they set no hour: "别来太早".
fn stays_away(clause: &str) -> Option<(&str, &str)> {
    let (before, behind) = STAYS_AWAY.iter().find_map(|words| clause.split_once(*words))?;
    let named = Wish::named_in(behind, Date::ZERO);
    let or_not = before.ends_with(OR_NOT);
    (named.hours.is_empty() && named.parts.is_empty() && !named.shifted && !or_not).then_some((before, behind))
}

/// Whether words are a time, a "please" and the like, and name nothing that might be called off.
fn is_small(words: &str) -> bool {
    is_plain(&without(&without(words, &SMALL), &MEANWHILE))
}

/// Whether words lead in English to what somebody does themselves: "something came up so i have to".
fn is_lead(words: &str) -> bool {
    let leads = |word: &str| LEADS_ON.contains(&word) || LEADS.contains(&word);
    let told: Vec<&str> = words.split_whitespace().collect();
    let subject = told.iter().any(|word| SUBJECTS.contains(word)) || told.iter().all(|word| leads(word));
    words.is_ascii() && subject && told.last().is_some_and(|last| leads(last))
}

/// Returns words up to what tells why.
fn without_reason(words: &str) -> &str {
    let at = REASONS.iter().filter_map(|reason| words.find(*reason)).min();
    at.and_then(|at| words.get(..at)).unwrap_or(words)
}

/// Whether others have called it off: 你们取消了.
fn is_others_deed(before: &str, behind: &str) -> bool {
    behind.starts_with('了') && holds(before, &OTHERS) && !holds(before, &ASKED_TO)
}

/// Whether a no stands before it with only small words between: "I don't need to", not "can't make it so I have to".
fn is_denied_from_afar(before: &str) -> bool {
    let near = before.split_whitespace().rev().find(|word| !LEADS_ON.contains(word));
    near.is_some_and(|word| matches!(word, "no" | "not" | "never") || word.ends_with("n't"))
}

fn asks_how_to(before: &str) -> bool {
    let asked = before.trim().trim_start_matches(ASKING_HOW);
    HOW.contains(&asked) || before.split_whitespace().any(|word| word == "how")
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::domain::dialogue::danger::BREAKS;
    use crate::domain::script::normalised;

    /// How words call off the visit of Wednesday, 25 November 2026, on the Saturday before.
    fn calls(words: &str) -> Option<bool> {
        let text = normalised(words);
        let read = |clause| call(clause, Some(date(2026, 11, 25)), date(2026, 11, 21));
        text.split(BREAKS).find_map(read).map(|call| call.named)
    }

    #[test]
    fn a_visit_is_called_off_by_its_name_or_its_day() {
        for words in [
            "cancel the appointment please",
            "Please cancel my appointment",
            "I need to cancel Wednesday",
            "Something came up so I have to cancel Wednesday's visit",
            "cancel the visit",
            "Can I cancel my appointment?",
            "I'm cancelling my appointment",
            "I would like my appointment cancelled",
            "the appointment has to be cancelled",
            "sorry, we need to call off the visit on the 25th",
            "please don't come",
            "please don't come on Wednesday",
            "取消预约",
            "我要取消周三的上门",
            "取消周三的",
            "把25号的预约取消了吧",
            "麻烦你们帮我把上门取消了",
            "能不能取消预约",
            "临时有事，要取消周三的约",
            "周三不用来了",
            "不用来了",
            "先别来了",
            "叫师傅先别来了",
            "暂时不用上门了",
            "不用派人来了",
            "唔使嚟喇",
            "you don't need to come",
            "师傅别来了",
            "周三家里没人别来",
            "取消预约 改周五",
            "别来了改周五吧",
            "取消空调的预约",
            "预约我想取消",
            "cancel my plumbing appointment",
            "cancel the repair visit",
        ] {
            assert_eq!(calls(words), Some(true), "{words}");
        }
    }

    #[test]
    fn the_bare_word_leaves_open_what_is_called_off() {
        for words in [
            "cancel",
            "I have to cancel",
            "Need to cancel",
            "I'm ill, I need to cancel it",
            "取消",
            "我临时有事要取消一下",
            "那就取消吧",
            "要不取消吧",
        ] {
            assert_eq!(calls(words), Some(false), "{words}");
        }
    }

    #[test]
    fn what_is_called_off_besides_or_by_others_or_not_at_all_is_no_visit() {
        for words in [
            "cancel the repair",
            "cancel my report",
            "I'll cancel my dentist appointment",
            "I need to cancel Friday",
            "I don't need to cancel my appointment",
            "you cancelled my appointment",
            "my appointment was cancelled",
            "how do I cancel my appointment",
            "if I cancel the appointment",
            "did you cancel my appointment",
            "don't come too early",
            "don't come before 10",
            "取消报修",
            "取消工单",
            "空调取消",
            "取消今天的",
            "取消预约提醒",
            "你们取消了预约",
            "预约被取消了",
            "是不是取消了预约",
            "怎么取消预约",
            "如果取消预约",
            "别来太早",
            "周三不要来电话",
            "要不要来",
            "特别来感谢",
            "如果下雨就别来了",
            "不用派上次那个师傅了",
            "别来烦我",
            "No need to come on Thursday",
            "周三别来两个人",
            "明天不用来两个人",
            "不用来接我",
            "no need to come up",
            "I cancel my meeting so I'll be home for the visit",
            "约好的聚会取消了",
            "我的另一个预约取消了",
            "cancel my other appointment",
            "可能要取消预约",
            "we may have to cancel",
            "要不要取消预约",
            "can I still cancel my appointment later",
        ] {
            assert_eq!(calls(words), None, "{words}");
        }
    }

    #[test]
    fn a_visit_that_is_called_off_and_wanted_after_all_is_told_from_one_that_is_moved() {
        for words in [
            "周三别来，哦不对，照常来吧",
            "想取消，算了不取消了",
            "本来要取消预约的，现在不用了",
            "I wanted to cancel but please come after all",
            "I was going to cancel, but it's fine, please come",
        ] {
            assert!(takes_call_back(&normalised(words)), "{words}");
        }
        for words in ["周三别来，周五来吧", "取消预约，改天再来吧", "please don't come, please come Friday", "照常来吧"]
        {
            assert!(!takes_call_back(&normalised(words)), "{words}");
        }
    }

    #[test]
    fn what_depends_or_is_only_asked_leaves_it_open() {
        for words in [
            "可以取消预约吗？会不会扣钱",
            "取消预约会怎么样",
            "预约能取消几次",
            "can I cancel my visit if I fix it myself?",
            "下雨的话预约就取消吧",
            "如果下雨，预约就取消吧",
        ] {
            assert!(leaves_call_open(&normalised(words)), "{words}");
        }
        for words in
            ["可以的话取消预约", "if possible, cancel my appointment", "取消预约，如果要来我再说", "如果没空怎么办"]
        {
            assert!(!leaves_call_open(&normalised(words)), "{words}");
        }
    }

    #[test]
    fn who_asks_how_it_is_done_is_told_from_who_asks_why_it_was() {
        for words in ["怎么取消预约", "请问如何取消", "how do I cancel my appointment", "how can i cancel"]
        {
            assert!(asks_how(&normalised(words)), "{words}");
        }
        for words in ["你们怎么取消预约", "怎么取消了预约", "取消预约", "how do I cancel my report"]
        {
            assert!(!asks_how(&normalised(words)), "{words}");
        }
    }

    #[test]
    fn what_is_said_of_a_visit_says_nothing_of_the_repair() {
        for words in ["取消上门", "取消维修预约", "取消上门维修", "周三不用来了"] {
            assert!(!holds(&without_visit(words), &["取消上", "取消维", "不用来"]), "{words}");
        }
        assert_eq!(without_visit("cancel the repair visit").trim_end(), "cancel the");
        assert_eq!(without_visit("不用来了"), "不用来了");
        assert!(without_visit("cancel the repair and the visit").contains("cancel the repair"));
    }
}
