//! Whether words name a place: one that we do not know by name, one that is only described by what is broken there, or
//! none at all ("我在上班"). Which homes there are is [`super::super::address`]'s.

use crate::domain::dialogue::Words;
use crate::domain::dialogue::additions::urges;
use crate::domain::dialogue::address::{address_in, has_house_number, is_one};
use crate::domain::dialogue::appointment::names_time;
use crate::domain::dialogue::clause::{clauses, holds, symptom_of};
use crate::domain::dialogue::danger::BREAKS;
use crate::domain::dialogue::report::pieces_of;
use crate::domain::dialogue::state::Report;
use crate::domain::han::is_han;
use crate::domain::script::{SlotId, normalised};

/// The longest answer that is taken whole as the name of a place.
const LONGEST_PLACE: usize = 40;
/// How answers begin that name no place …
const NO_PLACE: [&str; 8] = ["没", "还没", "搞错", "都", "no ", "not ", "nobody", "it's not"];
/// … nor do these, unless the place was asked for in words of their own; all parted by bars: what people say of
/// themselves, want or ask …
const OF_THEMSELVES: &str = "我在|我现|我正|我要|我想|我们在|你|您|师傅你|师傅您|师傅能|师傅可|师傅会|师傅来|师傅快|师傅要|\
    师傅到|师傅还|师傅什|师傅怎|师傅几|师傅多|师傅何|师傅啥|师傅电|师傅联|师傅好|能不|能来|能否|可以|可不|什么|怎么|为什|\
    几点|多久|请|麻烦|等我|等会|等一";
/// … but an empty room is a place …
const EMPTY: [&str; 2] = ["什么都", "没有的"];
/// … what they do or when it suits, wherever it stands …
const OF_TIME: &str =
    "上班|下班|开会|出差|外地|周后|天后|月后|下个月|月底|以后|之后|再说|过几天|过两天|没空|得唔得|使唔使";
/// … and the same in English: first words …
const NO_PLACE_BEGINS: &str = "i|i'm|im|i'll|i've|we|we're|we'll|you|your|he|she|they|it|there|how|what|what's|when|\
    why|who|can|could|would|will|should|do|does|did|is|are|don't|please|come|call|send|maybe|let|as|any|anytime|anyone|\
    anybody|someone|somebody|nothing|whatever|still|sorry|help|urgent|asap|idk|dunno";
/// … and any of them.
const NO_PLACE_HOLDS: &str = "is|are|was|were|be|been|am|isn't|aren't|wasn't|weren't|will|won't|would|can|can't|could|\
    has|have|had|do|does|don't|doesn't|did|didn't|never|came|work|works|need|needs|want|wants|week|weeks|day|days|\
    month|months|hour|hours|minute|minutes|sec|moment|while|bit|soon|later|away|time";
/// What may stand before a place in English …
const IT_IS: [&str; 4] = ["it's ", "it is ", "its ", "that's "];
/// … and before the words that lead to one, parted by bars …
const NEARLY: &str = "just|right|somewhere|probably";
/// … which are these …
const TO_A_PLACE: &str = "in|inside|into|at|on|onto|by|near|next|close|behind|under|underneath|beneath|below|above|\
    over|beside|between|outside|opposite|around|across|against|along|from|up|down|the|a|an";
/// … and how many words name one without them …
const FEW_WORDS: usize = 3;
/// … unless they end so, whatever a room is named after …
const SPOTS: &str = "room|flat|floor|side";
const NAMED_AFTER: &str = "work|day";
/// … or on one side of something …
const SIDES: &str = "left|right";
/// … or say where in a clause of their own, which no question is: "where the washing machine is", "where is he".
const VERBS: &str = "is|are|was|were|do|does|did|can|could|should|will|would";
const SOMEBODY: &str = "he|she|they|you|it|him|them";
/// How words end in Chinese that point to a place, whatever is done there …
const WHERE_DONE: [&str; 2] = ["的地方", "那间"];
/// … or behind a clause that says nothing of it: "请看照片，门口那盏".
const SPOTS_THERE: [&str; 5] = ["的地方", "那间", "那边", "那盏", "门口"];
/// … if nobody stands or goes there: "等一下，我去门口".
const WHO: [char; 6] = ['我', '你', '您', '他', '她', '师'];
/// What says that somebody cannot tell where it is, in at most so many bytes: eight Chinese characters.
const UNKNOWN: [&str; 8] = ["不知道", "不清楚", "不晓得", "不确定", "说不清", "don't know", "not sure", "no idea"];
const LONGEST_UNKNOWN: usize = 24;
/// What that or this is, in Chinese, where a fault right before it says which: "水槽漏水那边" …
const POINTED: [char; 12] = ['间', '边', '面', '里', '头', '侧', '处', '堵', '屋', '房', '儿', '扇'];
/// … which may be anything behind 的 but the fault itself: "漏水的那个卫生间", "漏水的这个问题" …
const NO_SPOT: [&str; 5] = ["问题", "情况", "毛病", "事", "原因"];
/// … and in English, right before it: "the bathroom with the leaking toilet", "by the dripping tap" …
const BESIDE: &str = "by|next to|near|beside|behind|under|below|above|opposite|in front of|close to|with";
const ARTICLES: [&str; 4] = ["the", "a", "my", "that"];
/// … or before it, behind a few words that lead to a place: "the room where the window won't close".
const WHERE: &str = "where";
/// What is wrong with something leads to it in the same way: "the problem with the dripping tap".
const WRONG_WITH: [&str; 6] = ["problem", "issue", "trouble", "wrong", "help", "deal"];
/// How somebody is let in who cannot ring: it tells of a door, and of no fault and no address.
const THE_WAY: [&str; 6] = ["电话", "下来接", "下楼接", "call me", "come down", "let you in"];
/// What may stand before a place that is all that is said.
const IN_THE: [&str; 6] = ["in the ", "the ", "in my ", "my ", "在", "我家"];

impl Report {
    /// Whether words name a place that we do not know: "炉子旁边". After an alarm they were asked for words of their own.
    pub(super) fn is_named_as_place(&self, words: &Words) -> bool {
        self.may_be_place(words) && (self.filed || describes_place(words) || sounds_like_place(&words.text))
    }

    /// Whether words may name a place that we do not know. What is broken or what it does is none, unless it only says
    /// which one it is, nor is "推不上去", "没人受伤", "👌".
    pub(super) fn may_be_place(&self, words: &Words) -> bool {
        let said = &words.understood;
        let described = !self.filed && describes_place(words);
        let text = normalised(&words.text);
        let is_all = |part: &str| normalised(part) == text && !self.has(SlotId::Component);
        let is_part = said.component.as_deref().is_some_and(is_all);
        let is_else = said.symptom.is_some() && !described || said.since.is_some() || said.wished_time.is_some();
        let denies = NO_PLACE.iter().any(|beginning| text.starts_with(beginning));
        said.location.is_none()
            && !is_else
            && !is_part
            && !denies
            && !urges(&words.text)
            && (described || !text.replace("不锈钢", "").contains('不'))
            && text.contains(char::is_alphabetic)
            && words.text.chars().count() <= LONGEST_PLACE
    }
}

/// Whether words sound like a place rather than like what somebody does or when it suits them: "I'm at work", "how
/// about in two weeks", "我在上班". In English a few words name one, or what leads to it.
fn sounds_like_place(text: &str) -> bool {
    let text = normalised(text);
    if names_time(&text) {
        return false;
    }
    if text.contains(is_han) {
        let [all, none] = EMPTY;
        let named = text.strip_prefix(all).and_then(|rest| rest.strip_prefix(none)).unwrap_or(&text);
        let begins = |named: &str| OF_THEMSELVES.split('|').any(|begin| named.starts_with(begin));
        let last = text.rsplit_once(BREAKS).map(|(_, last)| last.trim_start());
        let spot = last.filter(|last| ends_in(last, &SPOTS_THERE) && !last.starts_with(WHO));
        let done_there = ends_in(&text, &WHERE_DONE);
        let timed = !done_there && OF_TIME.split('|').any(|time| spot.unwrap_or(&text).contains(time));
        return !begins(spot.unwrap_or(named)) && !timed;
    }
    let bare = IT_IS.iter().find_map(|lead| text.strip_prefix(lead));
    let told: Vec<&str> = bare.unwrap_or(&text).split_whitespace().collect();
    // "It's urgent" tells of no place, "it's right behind the boiler" does.
    let is_led = told.iter().find(|word| !is_one(NEARLY, word)).is_some_and(|lead| is_one(TO_A_PLACE, lead));
    let is_named = is_led || bare.is_none() && (told.len() <= FEW_WORDS || ends_in_spot(&told));
    let of_somebody = told.first().is_some_and(|first| is_one(NO_PLACE_BEGINS, first));
    let told_else = |word: &&str| is_one(NO_PLACE_HOLDS, word);
    is_named && !of_somebody && !without_name(&told).iter().any(told_else) || says_where(&told)
}

/// Returns the words before a room's own name: "the work room" has nothing to do with being at work.
fn without_name<'w, 't>(told: &'w [&'t str]) -> &'w [&'t str] {
    match told {
        [before @ .., after, spot] if is_one(SPOTS, spot) && is_one(NAMED_AFTER, after) => before,
        _ => told,
    }
}

/// Whether English words end in what is a place: "the one at the back room", "second one from the left".
fn ends_in_spot(told: &[&str]) -> bool {
    match told {
        [.., the, side] if is_one(SIDES, side) => *the == "the",
        [.., spot] => is_one(SPOTS, spot),
        [] => false,
    }
}

/// Whether words say where in a clause of their own, whatever they sound like.
pub(super) fn tells_where(text: &str) -> bool {
    says_where(&normalised(text).split_whitespace().collect::<Vec<_>>())
}

/// Whether English words say where in a clause of their own, and ask nothing: "where the washing machine is".
fn says_where(told: &[&str]) -> bool {
    let [first, _, .., last] = told else { return false };
    let asks = told.iter().rev().skip(1).any(|word| is_one(VERBS, word));
    *first == WHERE && !asks && !is_one(SOMEBODY, last)
}

/// Whether words end in one of these.
fn ends_in(words: &str, ends: &[&str]) -> bool {
    ends.iter().any(|end| words.ends_with(end))
}

/// Whether a fault that words name says no more than which place is meant: "漏水的那面墙上", "by the dripping tap".
pub(in crate::domain::dialogue) fn describes_place(words: &Words) -> bool {
    let Some(symptom) = symptom_of(words) else { return false };
    let place = words.understood.location.as_deref().map(normalised);
    let told = clauses(&words.text);
    let describes = |clause: &String| {
        let Some((before, behind)) = clause.split_once(symptom.as_str()) else { return false };
        let of_place = place.as_deref().zip(behind.strip_prefix('的'));
        of_place.is_some_and(|(place, told)| told.starts_with(place)) || points(behind) || is_beside(before)
    };
    !told.iter().any(|clause| holds(clause, &UNKNOWN)) && told.iter().any(describes)
}

/// Whether what stands right behind a fault points to the place that has it: "的那个", "那边".
fn points(behind: &str) -> bool {
    let behind = behind.trim_start_matches('了');
    let led = behind.strip_prefix('的');
    let Some(that) = led.unwrap_or(behind).strip_prefix(['那', '这']) else { return false };
    let anything = that.strip_prefix('个').filter(|thing| led.is_some() && !holds(thing, &NO_SPOT));
    that.starts_with(POINTED) || anything.is_some()
}

/// Whether what stands right before a fault says in English that the place is known by it.
fn is_beside(before: &str) -> bool {
    let told: Vec<&str> = before.split_whitespace().collect();
    let lead = match told.split_last() {
        Some((last, lead)) if ARTICLES.contains(last) => lead.join(" "),
        _ => told.join(" "),
    };
    let ends = |beside: &str| lead.strip_suffix(beside).is_some_and(|head| head.is_empty() || head.ends_with(' '));
    let is_led = BESIDE.split('|').any(ends) && !holds(&lead, &WRONG_WITH);
    let at = told.iter().position(|word| *word == WHERE);
    let begins = told.first().is_some_and(|first| *first == "it's" || is_one(TO_A_PLACE, first));
    is_led || at.is_some_and(|at| at == 0 || begins && at <= FEW_WORDS)
}

/// Whether words only say how to get in to where somebody lives: "门禁坏了，打电话我下来接".
pub(in crate::domain::dialogue) fn tells_the_way(words: &Words) -> bool {
    !has_house_number(&words.text) && holds(&normalised(&words.text), &THE_WAY)
}

/// Returns the address that is told beside a fault, which may be of the house: "电梯坏了要爬楼，3栋502".
pub(super) fn home_beside_fault(words: &Words) -> Option<String> {
    let said = &words.understood;
    said.symptom.as_ref()?;
    // What stands before the numbers may be the name of the estate.
    let begins = |place: &&str| words.text.split(BREAKS).any(|clause| clause.trim_start().starts_with(*place));
    let told = said.location.as_deref().filter(|place| has_house_number(place) && begins(place));
    address_in(words).or_else(|| told.map(str::to_owned))
}

/// "卧室", "in the bedroom": where, and nothing of what is wrong there.
pub(super) fn is_only_place(words: &Words) -> bool {
    words.understood.location.as_deref().is_some_and(|place| is_all_of(&words.text, place))
}

/// Whether a text is a place and no more than what leads to one.
pub(in crate::domain::dialogue) fn is_all_of(text: &str, place: &str) -> bool {
    let (text, place) = (normalised(text), normalised(place));
    let bare = IN_THE.iter().find_map(|small| text.strip_prefix(small)).unwrap_or(&text);
    place == bare || place == text
}

/// "不知道": the report goes on without the place or the address.
pub(super) fn is_unknown(words: &Words) -> bool {
    let text = normalised(&words.text);
    let terse = text.len() <= LONGEST_UNKNOWN && pieces_of(&words.understood).is_empty();
    terse && holds(&text, &UNKNOWN)
}
