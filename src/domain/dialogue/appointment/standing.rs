//! Words by which a time stands as it was: 照旧, "as agreed", and right after it was given back "don't cancel it".

use crate::domain::dialogue::clause::holds;

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
/// What says of what was done a moment ago that it is not meant.
const UNDOES: [&str; 8] = ["不改", "不用改", "别改", "不取消", "不用取", "别取消", "don't cancel", "do not cancel"];

/// Whether words speak of a time as it was.
pub(super) fn is_as_it_was(words: &str) -> bool {
    holds(words, &AS_IT_WAS) || ORIGINAL.iter().all(|part| words.contains(*part))
}

/// Whether words say that a time is not given back after all: "别取消了".
pub(super) fn undoes_it(words: &str) -> bool {
    holds(words, &UNDOES)
}
