//! Words that say of a day no more than that it does not suit: "明天上班", "tomorrow is no good".

use super::absence::{MAYBE, MEANWHILE, SUPPOSES};
use super::plain::is_plain;
use super::wish::without_harmless;
use crate::domain::dialogue::clause::{asks, holds, without};
use crate::domain::dialogue::danger::BREAKS;

/// What keeps somebody from a day; what has another in it stands first.
const EXCUSES: [&str; 53] = [
    "要上班",
    "上班",
    "加班",
    "值班",
    "返工",
    "开会",
    "有会",
    "出差",
    "有课",
    "上课",
    "有事",
    "有点事",
    "没空",
    "冇空",
    "没时间",
    "去不了",
    "回不了",
    "回不去",
    "回不来",
    "没法",
    "没办法",
    "不太方",
    "不方便",
    "不合适",
    "不太行",
    "不行",
    "不成",
    "不得闲",
    "唔得闲",
    "唔得",
    "里没大",
    "没大人",
    "have to work",
    "got to work",
    "need to work",
    "having to work",
    "have work",
    "have a meeting",
    "got a meeting",
    "i work",
    "at work",
    "i'll be out",
    "i will be out",
    "i'm out",
    "we'll be out",
    "no longer works",
    "doesn't work",
    "doesnt work",
    "does not work",
    "no good",
    "not good",
    "can't do",
    "cant do",
];
/// What stands beside one and says no more.
const BESIDE: [&str; 9] =
    ["不好意", "思", "抱歉", "对不起", "anymore", "any more", "any longer", "unfortunately", "actually"];
/// Where it keeps nobody from opening: 在家开会.
const AT_HOME: [&str; 2] = ["在家", "at home"];
const NOT_AT_HOME: [&str; 4] = ["没法", "没办法", "不在家", "not at home"];
/// What takes a time, sets one beside the excuse or speaks of others: "明天加班前来", "你们明天上班".
const TAKES: [&str; 26] = [
    "来", "可", "行", "能", "好", "随", "过", "前", "以后", "之后", "间", "时", "你", "您", "ok", "fine", "yes",
    "sure", "can", "come", "works", "suits", "before", "after", "until", "from",
];
/// What speaks of all of several days.
const ALL: [&str; 6] = ["两", "都", "both", "either", "neither", "all of"];

/// Whether words say no more than that a day does not suit. Which one, stands beside it or is known.
pub(super) fn is_excuse(text: &str) -> bool {
    let told = || text.split(BREAKS).map(str::trim).filter(|clause| !clause.is_empty());
    let open = asks(text) || holds(text, &MAYBE) || holds(text, &SUPPOSES);
    !open && told().any(excuses) && told().all(|clause| excuses(clause) || is_small(clause))
}

/// Whether they say so of all the days that may be meant: "I'm at work both days".
pub(super) fn is_excuse_for_all(text: &str) -> bool {
    is_excuse(text) && holds(text, &ALL)
}

/// Whether a clause names what keeps somebody, whatever else it says.
pub(super) fn names_excuse(clause: &str) -> bool {
    holds(&without_harmless(clause), &EXCUSES)
}

/// Whether a clause has an excuse in it and nothing else but a time.
pub(super) fn excuses(clause: &str) -> bool {
    let plain = without_harmless(clause);
    let rest = without(&plain, &EXCUSES);
    let at_home = holds(&plain, &AT_HOME) && !holds(&plain, &NOT_AT_HOME);
    rest != plain && !at_home && is_small(&rest)
}

/// Whether words are a time or an apology, and take nothing.
fn is_small(words: &str) -> bool {
    let rest = without(&without(words, &BESIDE), &MEANWHILE);
    is_plain(&rest) && !holds(&rest, &TAKES)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::script::normalised;

    #[test]
    fn an_excuse_says_nothing_besides() {
        for words in [
            "明天上班",
            "明天加班",
            "明天有课",
            "明天临时值班",
            "明天上班去不了家",
            "明天不太方便",
            "明天不行了",
            "明天不成",
            "明天没法在家",
            "明天家里没大人",
            "听日我返工",
            "不好意思，明天我要上班",
            "i'll be out tomorrow",
            "tomorrow doesn't work anymore",
            "tomorrow is no good",
            "have to work tomorrow",
            "sorry, I have to work on Wednesday",
            "tomorrow morning I have a meeting",
            "Wednesday I work",
        ] {
            assert!(is_excuse(&normalised(words)), "{words}");
        }
        for words in [
            "明天上班前来",
            "明天上班，可以来",
            "明天不用上班",
            "明天我不上班",
            "明天在家上班",
            "明天在家开会",
            "你们明天上班",
            "I don't work tomorrow",
            "Wednesday I work from home",
            "tomorrow I have a meeting at home",
            "明天有课，我妈在家",
            "明天可能加班",
            "如果明天加班",
            "明天加班吗",
            "明天不用脱鞋",
            "明天水龙头不行了",
            "the bell doesn't work, please knock",
            "tomorrow works",
        ] {
            assert!(!is_excuse(&normalised(words)), "{words}");
        }
    }

    #[test]
    fn all_of_several_days_are_excused_in_a_word() {
        for words in ["I'm at work both days", "cant do either sorry", "两天都要上班"] {
            assert!(is_excuse_for_all(&normalised(words)), "{words}");
        }
        for words in ["I'm at work tomorrow", "both days work", "两天都可以"] {
            assert!(!is_excuse_for_all(&normalised(words)), "{words}");
        }
    }
}
