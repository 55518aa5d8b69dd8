//! Words that set a time and do nothing else: every sign of them is known, so that what asks for anything besides is
//! not taken for one.

use jiff::civil::Date;

use super::wish::{Wish, without_unless};
use crate::domain::dialogue::clause::without;
use crate::domain::dialogue::danger::BREAKS;

/// What says that each of the times suits, where nothing but plain words stands behind it.
const ANY: [&str; 56] = [
    "都合适",
    "都没问",
    "都没意",
    "都有空",
    "都有时",
    "随时",
    "都行",
    "都可以",
    "都ok",
    "都方便",
    "随便",
    "随你",
    "随您",
    "听你",
    "听您",
    "听安排",
    "你们定",
    "你定",
    "您定",
    "无所谓",
    "直接来",
    "直接过",
    "直接上",
    "both work",
    "both suit",
    "both fine",
    "both ok",
    "both good",
    "both are fine",
    "both are ok",
    "both are good",
    "those work",
    "they all work",
    "all of them work",
    "all suit",
    "any time",
    "anytime",
    "any of",
    "any day",
    "any works",
    "any is",
    "any will",
    "either",
    "whichever",
    "whichever comes earlier",
    "whichever comes sooner",
    "whichever is earlier",
    "whichever is sooner",
    "whichever's earlier",
    "up to you",
    "you choose",
    "you decide",
    "come straight over",
    "come straight round",
    "come right over",
    "come right away",
];
/// The same as a whole clause, or behind nothing but times; else it is said of health and of water, or of what must be:
/// 我们都得在家.
const WELL: [&str; 2] = ["都好", "都得"];
const OF_TIMES: [&str; 6] = ["两个", "时间", "哪个", "几个", "几时", "这"];
const SOFT: [char; 5] = ['的', '吧', '啊', '呀', '了'];
/// What was set by us is spoken of, unless one of these leaves it to us: "你们定的时间", "你们定的就行".
const SET: &str = "定的";
const LEFT_TO_US: [&str; 6] = ["就行", "就好", "就可", "可以", "都行", "都可"];
/// What agrees or thanks.
const AGREED: [&str; 6] = ["没问题", "没意见", "没关系", "麻烦", "谢谢", "辛苦"];
/// Signs of which days, times and a yes to them are made.
const SIGNS: &str = "一二三 四五六 七八九 十两号 日月周 星期礼 拜天末 今明后 大早上 中下午 晚傍夜 点半时 候间段 以之前 左右什 \
    么任何 哪个那 这第就 行可好 的吧啊 呀哦哈 呢嘛了 都也能 有空方 便合适 在家来 过门直 接随您 你们我 听定安 排无所 谓最先 \
    选欢迎 题见钟";
/// The same in English.
const WORDS: &str = "i i'm i'll am we we're is it it's the a an on at in of any either both all them these those they \
    that that's time times day days one ones slot option way work works suit suits fine ok okay good \
    great best perfect will would be do for with me us you your guys please thanks thank yes sure just \
    can come over round away straight right home here free available whichever whenever choose decide \
    like up to from after before till until this next week am pm";
/// Whole clauses that agree.
const YES: [&str; 11] = ["好", "好的", "行", "可以", "ok", "okay", "yes", "sure", "please", "thanks", "thank you"];
/// When a call is asked for, at the beginning of a clause …
const CALLED_WHEN: [&str; 7] = ["有事", "来之前", "来前", "到之前", "到了", "上门前", "提前"];
/// … and what asks for it behind.
const CALLING: [&str; 9] = ["给我", "打个", "打我", "打", "电话", "先", "就行", "就好", "吧"];
const CALLS_FIRST: [&str; 7] = [
    "call me first",
    "call me before you come",
    "please call me before you come",
    "call before you come",
    "please call before you come",
    "call me when you arrive",
    "call me when you get here",
];

/// Whether words say that each of the times suits.
pub(super) fn is_any(words: &str) -> bool {
    words.split(BREAKS).any(takes_any)
}

fn takes_any(clause: &str) -> bool {
    let clause = without_unless(clause, SET, &LEFT_TO_US);
    let said = |any: &&str| clause.split_once(*any).is_some_and(|(_, behind)| is_plain(behind));
    ANY.iter().any(said) || are_well(clause.trim())
}

/// Whether a clause finds all of them well: "都好", "两个时间都好", "25号26号都好". "今天都好了" is said of something else.
fn are_well(clause: &str) -> bool {
    let said = clause.trim_end_matches(SOFT);
    let Some(times) = WELL.iter().find_map(|well| said.strip_suffix(*well)) else { return false };
    let rest = without(times, &OF_TIMES);
    let named = rest.trim().is_empty() || is_plain(&rest) && Wish::named_in(&rest, Date::ZERO).names_time();
    times.is_empty() || named && !clause.ends_with('了')
}

/// Whether every clause sets a time, agrees, or asks for a call at the visit, and one of them sets a time: "有事打我电话，
/// 25号可以", "直接来就行".
pub(super) fn only_sets_time(words: &str, today: Date) -> bool {
    let sets = |clause: &&str| {
        let named = Wish::named_in(clause, today);
        let suits = named.names_time() || !named.places.is_empty() || is_any(clause);
        suits && is_plain(clause)
    };
    let told = || words.split(BREAKS).map(str::trim).filter(|clause| !clause.is_empty());
    let known = |clause: &str| sets(&clause) || YES.contains(&clause) || asks_for_call(clause);
    told().any(|clause| sets(&clause)) && told().all(known)
}

/// Whether a clause only asks for a call at the visit.
fn asks_for_call(clause: &str) -> bool {
    let behind = CALLED_WHEN.iter().find_map(|when| clause.strip_prefix(when));
    CALLS_FIRST.contains(&clause) || behind.is_some_and(|behind| without(behind, &CALLING).trim().is_empty())
}

/// Whether words are made of nothing but times and of what takes them.
pub(super) fn is_plain(words: &str) -> bool {
    let words = without(words, &AGREED);
    let mut signs = words.chars().filter(|c| c.is_alphanumeric() && !c.is_ascii());
    let mut latin = words.split(|c: char| !c.is_ascii_alphanumeric() && c != '\'').filter(|word| !word.is_empty());
    signs.all(|sign| SIGNS.contains(sign)) && latin.all(is_plain_word)
}

fn is_plain_word(word: &str) -> bool {
    let figure = word.chars().all(|c| c.is_ascii_digit());
    let is_known = || WORDS.split(' ').any(|known| known == word);
    figure || is_known() || Wish::named_in(word, Date::ZERO).names_time()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::domain::script::normalised;

    #[test]
    fn each_time_suits_where_nothing_else_is_said_behind_it() {
        for words in [
            "都可以",
            "随时都行，谢谢",
            "随便哪天",
            "听你们的",
            "你们定的就行",
            "你们定就行",
            "都没问题",
            "都好",
            "两个都好",
            "两个时间都好",
            "两个都得",
            "几时都得",
            "25号26号都好",
            "whichever comes earlier",
            "whichever is earlier",
            "直接来就行",
            "直接上门吧",
            "Any time is fine",
            "either works for me",
            "come straight over",
        ] {
            assert!(is_any(&normalised(words)), "{words}");
        }
        for words in [
            "你们定的时间太早",
            "你们定的什么时间",
            "现在都好了",
            "今天都好了",
            "两个人都好",
            "any time earlier",
            "都好几天了，到底管不管",
            "师傅都好吗",
            "都好说",
            "我们都在家",
            "我们都得在家",
            "我都得上班",
            "直接过年再来吧",
            "直接上班时间来",
            "直接上图：水槽照片",
            "直接来个人谈",
            "随时都可以联系我，时间我再看看",
            "come straight to the point, how much",
            "come right up to the 3rd floor",
        ] {
            assert!(!is_any(&normalised(words)), "{words}");
        }
    }

    #[test]
    fn who_wants_anything_besides_does_not_only_set_a_time() {
        let only = |words: &str| only_sets_time(&normalised(words), date(2026, 11, 21));
        for words in [
            "有事打我电话，25号可以",
            "来之前给我打电话，周三上午",
            "直接来就行",
            "直接过来吧",
            "好的，25号上午",
            "call me before you come, the 25th works",
        ] {
            assert!(only(words), "{words}");
        }
        for words in [
            "叫个人跟我打电话，周三行",
            "我想和人聊聊，周三上午的时间",
            "25号可以，我有话要跟你们讲，找个管事的",
            "25号行，叫你们那边的人联系我",
            "都可以，你们派人联系我吧",
            "随便，反正我要找人说理",
            "26号行，我要见你们物业的人",
            "直接来个人谈",
            "24号给我打电话",
            "put me through to support, Wednesday works",
            "I want to chat with a real one, any time",
            "有事打我电话",
        ] {
            assert!(!only(words), "{words}");
        }
    }
}
