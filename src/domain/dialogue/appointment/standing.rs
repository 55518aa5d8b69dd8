//! Words by which a time stands as it was: 照旧, "as agreed", and right after it was given back "don't cancel it".

use super::wish::is_denied;
use crate::domain::dialogue::clause::{holds, is_denied_in_english, without};
use crate::domain::dialogue::danger::BREAKS;

/// What says that a time stands as it was …
const AS_IT_WAS: [&str; 15] = [
    "照旧",
    "照常",
    "照原",
    "按原",
    "按之前",
    "按约好",
    "原时间",
    "原定",
    "as planned",
    "as agreed",
    "as arranged",
    "original time",
    "keep the appointment",
    "keep the visit",
    "leave it as",
];
/// … also with these apart: 还是原来约的时间.
const ORIGINAL: [&str; 2] = ["原来", "时间"];
/// What says so beside a time that suits.
pub(super) const AFTER_ALL: &str = "after all";
/// What wants the day back that was given back a moment ago, beside its name: "算了还是明天吧", "周三可以了".
const RETURNS: [&str; 6] = ["还是", "算了", "可以了", "又可以", "never mind", AFTER_ALL];
/// What says of what was done a moment ago that it is not meant …
const UNDOES: [&str; 5] = ["不改", "不用改", "别改", "keep it", "keep that"];
/// … also in the same words: "想取消，算了不取消了".
const KEEPS: [&str; 5] = ["不取消", "不用取", "别取消", "don't cancel", "do not cancel"];
/// What wishes that somebody comes, at the end of a clause …
const COME: &str = "来吧";
/// … with nothing before it but these …
const ALL_THE_SAME: [&str; 11] = ["还是", "算了", "你们", "师傅", "让", "叫", "那", "就", "可以", "按时", "直接"];
/// … or with nothing behind it but one of these.
const PLEASE_COME: [&str; 3] = ["please come", "still come", "do come"];
const AS_BEFORE: [&str; 4] = ["", "after all", "anyway", "then"];
/// What ends a clause that keeps what another called off: "no wait, keep it".
const KEEP_IT: [&str; 2] = ["keep it", "keep that"];
/// What closes such words.
const SOFT: [char; 5] = ['了', '啊', '呀', '哦', '哈'];
/// What says that a button was pressed by mistake, or a word said …
const SLIPS: [&str; 12] = [
    "点错",
    "选错",
    "按错",
    "说错",
    "手滑",
    "手误",
    "wrong button",
    "wrong one",
    "wrong",
    "my mistake",
    "by mistake",
    "misclick",
];
/// … beside nothing but these.
const OF_SLIPS: [&str; 9] = ["不好意", "抱歉", "对不起", "刚才", "不小心", "oops", "sorry", "that was", "it was"];
const BETWEEN: [char; 8] = ['我', '是', '刚', '思', '了', '的', '啊', ' '];

/// Whether words speak of a time as it was.
pub(super) fn is_as_it_was(words: &str) -> bool {
    holds(words, &AS_IT_WAS) || ORIGINAL.iter().all(|part| words.contains(*part))
}

/// Whether words come back to a time beside its name.
pub(super) fn returns_to_it(words: &str) -> bool {
    holds(words, &RETURNS)
}

/// Whether words say that a time is not given back after all: "别取消了".
pub(super) fn undoes_it(words: &str) -> bool {
    holds(words, &UNDOES) || holds(words, &KEEPS)
}

/// Whether words behind others that call a visit off say that it stands: "照常来吧", "but please come after all".
pub(super) fn stands_after_all(words: &str) -> bool {
    let whole = words.trim().trim_end_matches(SOFT);
    let led = whole.strip_suffix(COME).map(|before| without(before, &ALL_THE_SAME));
    let come = led.is_some_and(|rest| rest.trim().is_empty());
    let mut asked = PLEASE_COME.iter().filter_map(|please| words.split_once(*please));
    let asked = asked.any(|(_, behind)| AS_BEFORE.contains(&behind.trim()));
    let mut kept = KEEP_IT.iter().filter_map(|keep| whole.strip_suffix(*keep));
    let kept = kept.any(|before| !is_denied_in_english(before));
    come || asked || kept || holds(words, &KEEPS) || is_as_it_was(words) && !is_denied(words)
}

/// Whether words say that what was done a moment ago was a mistake, and nothing else: "点错了", "oops wrong".
pub(super) fn is_slip(text: &str) -> bool {
    let rest = without(&without(text, &SLIPS), &OF_SLIPS);
    holds(text, &SLIPS) && rest.split(BREAKS).all(|clause| clause.trim_matches(BETWEEN).is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::script::normalised;

    #[test]
    fn a_mistake_is_told_from_what_went_wrong() {
        for words in ["点错了", "选错了", "我刚才点错了", "不好意思，按错了", "oops wrong", "Sorry, my mistake", "手滑"]
        {
            assert!(is_slip(&normalised(words)), "{words}");
        }
        for words in ["选错了，第二个", "说错了，是周四", "oops", "师傅选错了型号", "something is wrong"]
        {
            assert!(!is_slip(&normalised(words)), "{words}");
        }
    }

    #[test]
    fn who_wants_somebody_all_the_same_is_told_from_who_wants_another_time() {
        for words in [
            "照常来吧",
            "算了还是来吧",
            "算了不取消了",
            " but please come after all",
            "please come",
            " do come",
            " keep it",
        ] {
            assert!(stands_after_all(words), "{words}");
        }
        for words in
            ["周五来吧", "改天来吧", "过几天再来吧", "please come friday", "please come another day", "don't keep it"]
        {
            assert!(!stands_after_all(words), "{words}");
        }
    }
}
