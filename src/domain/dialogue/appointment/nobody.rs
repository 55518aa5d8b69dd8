//! Words that say that nobody is in, whoever lives there: 没人在家, "nobody will be home".

use super::absence::SUPPOSES;
use super::plain::is_plain;
use crate::domain::dialogue::clause::holds;
use crate::domain::script::is_one_word;

const NO_ONE: [&str; 4] = ["nobody", "no one", "no-one", "noone"];
/// What says behind it that it will be so …
const WILL_BE: [&str; 4] = [" will be", "'ll be", " is going to be", "'s going to be"];
/// … where, or for what.
const THERE: [&str; 8] = [" at home", " home", " there", " here", " around", " available", " able to open", IN];
/// What says that it is so, or stands for it …
const IS: [&str; 3] = [" is", "'s", ""];
/// … and where; "nobody is here" is said of who was to come.
const AT_HOME: [&str; 3] = [" at home", " home", IN];
const IN: &str = " in";
/// What may follow it: not "nobody is in danger".
const IN_ENDS: [&str; 9] = [" on", " that", " all", " then", " so", " until", " when", " tomorrow", " today"];
/// The same in Chinese, with what follows it or stands before it.
const NO_ONE_HAN: [&str; 3] = ["没有人", "没人", "无人"];
const AT_HOME_HAN: [&str; 2] = ["在家", "在屋"];
const OUR_HOME_HAN: [&str; 3] = ["家里", "我家", "屋里"];
/// … also as one word behind nothing but a time: 明天家没人.
const HOME_HAN: char = '家';
/// What may follow who is not at a home, at the end of the clause or before what else would be done: not 家里没人抽烟,
/// 家里没人在用水.
const HAN_ENDS: [&str; 4] = ["", "在", "看家", "等"];
const AT_THE_DOOR: [&str; 11] =
    ["开门", "来开", "能开", "可以开", "给开", "给你开", "给您开", "给师傅", "接待", "等你", "等师傅"];
const SOFT: [char; 4] = ['啊', '呢', '哦', '了'];
const KNOWS: &str = "了解";
const PARTICLES: [char; 11] = ['的', '了', '啊', '呢', '哦', '呀', '哈', '吧', '啦', '喔', ' '];
/// What tells of another day, or of others: 上次没人在家, "nobody home next door".
const ELSEWHERE: [&str; 7] = ["上次", "上回", "last time", "next door", "隔壁", "邻居", "人家"];

/// Returns a clause up to the word that says that nobody is in, if it does and neither only supposes it nor tells of
/// another day or another home.
pub(super) fn nobody_in(clause: &str) -> Option<&str> {
    if holds(clause, &ELSEWHERE) {
        return None;
    }
    let latin = NO_ONE.iter().filter_map(|who| parted(clause, who, is_out));
    let han = NO_ONE_HAN.iter().filter_map(|who| parted(clause, who, is_out_in_chinese));
    latin.chain(han).next().filter(|through| !holds(through, &SUPPOSES))
}

/// Returns a clause up to a word, if that is one and what stands before and behind it says so.
fn parted<'c>(clause: &'c str, who: &str, says: impl Fn(&str, &str) -> bool) -> Option<&'c str> {
    let (ahead, behind) = clause.split_once(who)?;
    let whole = !is_one_word(ahead, who) && !is_one_word(who, behind);
    if whole && says(ahead, behind) { clause.strip_suffix(behind) } else { None }
}

fn is_out(_ahead: &str, behind: &str) -> bool {
    let is = |words: &[&str], places: &[&str]| {
        let at = words.iter().find_map(|word| behind.strip_prefix(*word));
        at.is_some_and(|rest| places.iter().any(|place| begins_with(rest, place)))
    };
    is(&WILL_BE, &THERE) || is(&IS, &AT_HOME)
}

fn is_out_in_chinese(ahead: &str, behind: &str) -> bool {
    let here = AT_HOME_HAN.iter().any(|place| behind.starts_with(*place));
    // The next words behind a space are a clause of their own: "家里没人 改天吧".
    let next = behind.split(' ').next().unwrap_or_default();
    let ends = HAN_ENDS.contains(&next.trim_end_matches(PARTICLES));
    let softly = next.starts_with(SOFT) && !next.starts_with(KNOWS);
    let ends = ends || softly || AT_THE_DOOR.iter().any(|goes_on| next.starts_with(*goes_on));
    let home = ahead.strip_suffix(HOME_HAN).is_some_and(|time| !time.ends_with('大') && is_plain(time));
    here || ends && (home || OUR_HOME_HAN.iter().any(|home| ahead.ends_with(*home)))
}

/// Whether words begin with a place, as a word of its own.
fn begins_with(words: &str, place: &str) -> bool {
    words.strip_prefix(place).is_some_and(|rest| {
        let ends = rest.trim().is_empty() || IN_ENDS.iter().any(|end| rest.starts_with(*end));
        !is_one_word(place, rest) && (place != IN || ends)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::script::normalised;

    #[test]
    fn nobody_is_in_only_where_that_is_what_is_said() {
        for words in [
            "Nobody will be home",
            "no one will be in on Wednesday",
            "nobody'll be there",
            "there is nobody home that day",
            "nobody's home",
            "no one is at home",
            "no one is going to be here",
            "都没人在家",
            "那天家里没人",
            "我家没有人",
            "到时候没有人在家",
            "家里没人了怎么办",
            "我家没人在的",
            "家里没人开门",
            "家里没人 改天吧",
            "明天家没人",
        ] {
            assert!(nobody_in(&normalised(words)).is_some(), "{words}");
        }
        for words in [
            "nobody will be using the shower",
            "nobody will be inconvenienced",
            "nobody is in danger",
            "nobody is here yet",
            "nobody is there",
            "no one called",
            "nobody came home to us",
            "if nobody is home, leave a note",
            "没人在意",
            "没人在修",
            "小区里没有人管",
            "没人来",
            "如果没人在家",
            "我家没有人抽烟",
            "家里没人会用",
            "家里没人了解这个",
            "我家没人会弄这个",
            "上午家里没人在用水",
            "家里没人等电话",
            "邻居家没人",
            "上次没人在家不好意思",
            "上次家里没人",
            "人家没人",
            "nobody home next door",
            "last time nobody's home",
        ] {
            assert!(nobody_in(&normalised(words)).is_none(), "{words}");
        }
    }
}
