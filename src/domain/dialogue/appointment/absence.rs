//! Whether anybody is in when somebody comes, as words have it: who lives there is out, or was kept away; somebody else
//! opens. Each clause is read by itself. A journey for nothing costs more than a question: what is not said for certain
//! counts neither way.

use super::nobody::nobody_in;
use super::plain::is_plain;
use super::wish::{AWAY, is_denied, without_harmless};
use crate::domain::dialogue::clause::{self, holds, without};
use crate::domain::dialogue::danger::BREAKS;
use crate::domain::script::is_one_word;

/// What says that nobody is there to open.
const UNSUITED: [&str; 25] = [
    "不在家",
    "我不在",
    "人不在",
    "没空",
    "冇空",
    "没时间",
    "不得闲",
    "不方便",
    "要上班",
    "出差",
    "在外地",
    "not at home",
    "not home",
    "won't be at",
    "won't be home",
    "won't be there",
    "won't be here",
    "won't be around",
    "won't be in",
    "won't be avail",
    "can't make",
    "not available",
    "unavailable",
    "not free",
    "no time",
];
/// What says so of a time, and of other things as well: 颜色不合适.
const UNFIT: [&str; 3] = ["有事", "不合适", "can't do"];
/// What sounds like one of these and is none.
const NOT_OUT: [&str; 3] = ["no time limit", "no time pressure", "won't be incon"];
/// What says it of whoever lives there, where nothing else can be meant: "车来不了".
const KEPT_AWAY: [&str; 12] = [
    "来不了",
    "过不来",
    "回不来",
    "赶不回",
    "走不开",
    "脱不开",
    "抽不出",
    "can't come",
    "can't be there",
    "can't be here",
    "can't be home",
    "unable to make",
];
/// What may stand between who it is and these.
pub(super) const MEANWHILE: [&str; 32] = [
    "临时", "突然", "估计", "实在", "确实", "肯定", "应该", "恐怕", "上班", "工作", "单位", "公司", "开会", "加班",
    "有事", "这边", "这里", "因为", "但是", "不过", "所以", "真", "忙", "要", "但", "太", "人", "sorry", "but ",
    "because ", "really ", "just ",
];
/// What follows one of them where no other thing is done: "I can't come down to open the gate".
const COME: &str = "can't come";
const COME_ENDS: [&str; 13] = [
    " on ",
    " that",
    " tomorrow",
    " today",
    " any",
    " after",
    " at all",
    " so",
    " but",
    " because",
    " home",
    " back",
    " this",
];
/// What kept them away …
const CAME_UP: [&str; 3] = ["thing came up", "thing's come up", "thing has come up"];
/// … and what may follow: "something came up through the drain" is another fault.
const CAME_ENDS: [&str; 6] = [" so", " but", " and", " at work", " can't", " sorry"];
/// How a clause ends that says so where one of `BUSY_HERE` stands before it: "家里有事".
const BUSY: [&str; 4] = ["有事", "有点事", "有急事", "有些事"];
const BUSY_HERE: [&str; 9] = ["我", "家", "临时", "突然", "单位", "公司", "那天", "当天", "到时"];
/// What may stand behind them.
const PARTICLES: [char; 9] = ['情', '了', '啊', '呢', '哦', '呀', '吧', '的', ' '];
/// Who else may be meant: "师傅来不了", "热水来不了".
const OTHERS: [&str; 11] =
    ["师傅", "你们", "他们", "工人", "水来", "电来", "气来", "technician", "engineer", "you can", "they can"];
/// What only supposes it, unless it is asked what is done then.
pub(super) const SUPPOSES: [&str; 5] = ["如果", "要是", "万一", "假如", "if "];
/// What may be so.
pub(super) const MAYBE: [&str; 12] = [
    "有时候",
    "可能",
    "也许",
    "不一定",
    "怕",
    "maybe",
    "might",
    "may not",
    "may have",
    "may need",
    "perhaps",
    "probably",
];
/// What is so now, and says nothing of another day.
const NOW: [&str; 4] = ["现在", "这会", "right now", "at the moment"];
/// What asks what is done if nobody is there.
const WHAT_THEN: [&str; 4] = ["怎么办", "咋办", "what if", "what happens"];
/// Who may be there instead …
const KIN: [&str; 46] = [
    "我妈",
    "我爸",
    "爸妈",
    "爸爸",
    "妈妈",
    "父母",
    "岳母",
    "岳父",
    "婆婆",
    "公公",
    "奶奶",
    "爷爷",
    "老公",
    "老婆",
    "老人",
    "爱人",
    "媳妇",
    "儿子",
    "女儿",
    "姐",
    "哥",
    "弟",
    "妹",
    "邻居",
    "室友",
    "租客",
    "阿姨",
    "保姆",
    "保安",
    "neighbour",
    "neighbor",
    "parents",
    "husband",
    "wife",
    "mother",
    "father",
    "mum",
    "mom",
    "dad",
    "sister",
    "brother",
    "son",
    "daughter",
    "flatmate",
    "roommate",
    "tenant",
];
/// … or anybody at all.
const ANYBODY: [&str; 4] = ["家人", "有人", "someone", "somebody"];
/// Who says that they are in themselves, where nothing else stands behind it or one of `SELF_ENDS` does: "我自己在家", "but I
/// will"; not "我在外地".
const SELF_IN: [&str; 12] =
    ["我在", "我会在", "我能在", "我也在", "i will", "i'll", "i can", "i am", "i'm", "i am in", "i'm in", "i'll be in"];
const SELF_ENDS: [&str; 15] = [
    "家",
    "屋",
    "的",
    "呢",
    "啊",
    " be home",
    " be at home",
    " be there",
    " be here",
    " be around",
    " home",
    " at home",
    " here",
    " open",
    " all day",
];
/// What may stand between: "我一个人在家".
const ALONE: [&str; 2] = ["自己", "一个人"];
/// What says that nobody is in, whoever else is spoken of …
const NOBODY: [&str; 8] = ["没人", "没有人", "没大人", "没有大", "人也没", "人都没", "nobody", "no one"];
/// … and that there is nobody who could open, though a child is.
const NO_ADULT: [&str; 2] = ["没大人", "没有大"];
/// What says of them that they are in: behind them …
const PRESENT: [&str; 25] = [
    "在家",
    "在屋",
    "开门",
    "开下门",
    "接待",
    "等你",
    "等您",
    "等着",
    "等师傅",
    " is home",
    " are home",
    "be home",
    " at home",
    "'s home",
    " is there",
    " are there",
    "be there",
    " is here",
    " are here",
    "be here",
    "be around",
    "will open",
    "can open",
    "'ll open",
    "let you in",
];
/// … at the end of the clause …
const PRESENT_AT_END: [char; 2] = ['在', '等'];
const SOMEBODY_IN: [&str; 2] = ["里有人", "家有人"];
/// … or before one of these: "my wife is in labour".
const IN: [&str; 4] = [" is in", " are in", "be in", "'s in"];
const IN_ENDS: [&str; 9] = [" so", " and", " all", " to ", " until", " then", " that", " from", " on"];
/// What tells why they are not, behind them or before: "我妈住院了", "要陪老人".
const ABSENT: [&str; 10] = ["医院", "住院", "病", "手术", "上班", "hospital", " ill", "sick", "at work", " too"];
const CARED_FOR: [&str; 11] =
    ["陪", "送", "接", "带", "看", "照顾", "with my", "take my", "taking my", "visit my", "visiting my"];
/// What counts those who live there in: "我和老婆".
const JOINED: [&str; 6] = ["和", "跟", "与", "同", " and", " with"];
/// How to get in …
const KEYS: [&str; 3] = ["钥匙", "key", "keys"];
const CODES: [&str; 2] = ["密码", "code"];
/// … and where that is …
const WHERE: [&str; 8] = ["在", "给", "放", "门口", "留", "under ", "with ", "at "];
/// … unless it is nowhere, or with who is out.
const LOST: [&str; 11] =
    ["丢", "忘", "找不到", "在我这", "在我身", "在我手", "在我包", "lost", "forgot", "with me", "on me"];
/// … or opens nothing.
const NO_KEY: [&str; 2] = ["no key", "wrong"];
/// What puts a visit off until somebody is in: "等我爸妈在家的时候再来".
const PUTS_OFF: [&str; 4] = ["再来", "再约", "再修", "的时候"];
/// How a clause begins that goes on about who is in, and may say that they cannot open.
const OF_THEM: [&str; 6] = ["他", "她", "但", "不过", "he ", "she "];

/// Who else may hold the key …
const HOLDERS: [&str; 9] =
    ["物业", "管家", "门卫", "前台", "房东", "landlord", "concierge", "reception", "property office"];
/// … where one of these stands between them and the key.
const HOLDING: [&str; 5] = ["有", "拿着", " has ", " have ", "'s got "];

/// Who is out by a clause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Out {
    /// Whoever lives there.
    Surely,
    /// Somebody else of them.
    Kin,
    /// It may be so.
    Perhaps,
}

/// Whether words say that nobody is there to open, or, where they name a time, that it does not suit. Who speaks only of
/// somebody else that is out may well be out too, unless they say that they are in.
pub(super) fn is_out(text: &str, names_time: bool) -> bool {
    let counts = |who: Out| who == Out::Surely || who == Out::Kin && !is_self_in(text);
    text.split(BREAKS).filter_map(|said| out(said, names_time)).any(counts)
}

/// Whether they only say that it may be so, or that somebody else of those who live there is out and they are in:
/// "可能走不开", "我老婆出差了，我在家".
pub(super) fn may_be_out(text: &str, names_time: bool) -> bool {
    !is_out(text, names_time) && text.split(BREAKS).any(|said| out(said, names_time).is_some())
}

/// Whether it may be that nobody opens: who speaks is not sure, and tells of nobody who is in.
pub(super) fn may_find_nobody(text: &str, names_time: bool) -> bool {
    may_be_out(text, names_time) && !is_stood_in_for(text) && !is_self_in(text)
}

/// Whether words say that something does not suit, if that is a time.
pub(super) fn is_unfit(text: &str) -> bool {
    let plain = meant(text);
    holds(&plain, &UNFIT)
}

/// Whether words say that somebody else is in, or where the key is.
pub(super) fn is_stood_in_for(text: &str) -> bool {
    let adults = !holds(text, &NO_ADULT);
    // "我妈在，但是她不给陌生人开门".
    let unable = |said: &str| OF_THEM.iter().any(|who| said.trim_start().starts_with(who)) && is_denied(said);
    let opens = |said: &str| adults && is_opened(said) || leaves_key(said);
    text.split(BREAKS).any(opens) && !text.split(BREAKS).any(unable)
}

/// Whether who speaks says to be in, and does not say that nobody is: "我自己在家", "but I will".
fn is_self_in(text: &str) -> bool {
    let nobody = holds(&without_harmless(text), &NOBODY);
    !nobody && text.split(BREAKS).any(is_speaker_in)
}

fn is_speaker_in(said: &str) -> bool {
    let said = ALONE.iter().fold(said.to_owned(), |said, alone| said.replace(alone, ""));
    let present = |part: &&str| part_ends(&said, part, &SELF_ENDS);
    !holds(&said, &SUPPOSES) && !holds(&said, &MAYBE) && !said.ends_with('吗') && SELF_IN.iter().any(present)
}

/// Whether words ask what is done if nobody is there.
pub(super) fn asks_what_then(text: &str) -> bool {
    holds(text, &WHAT_THEN)
}

/// Returns who is out by a clause, if anybody is.
fn out(said: &str, names_time: bool) -> Option<Out> {
    let plain = meant(said);
    let unfit = UNFIT.iter().filter(|_| names_time);
    let excuses = UNSUITED.iter().chain(&AWAY).chain(unfit).filter_map(|part| through(&plain, part));
    let mut excuses = excuses.chain(nobody_in(&plain)).peekable();
    let kept = || kept_away(said, &plain);
    let unsure = holds(&plain, &MAYBE);
    let who = |excuse: &str| match (unsure, is_of_kin(excuse)) {
        (true, _) => Out::Perhaps,
        (false, true) => Out::Kin,
        (false, false) => Out::Surely,
    };
    if excuses.peek().is_none() {
        return kept().map(who);
    }
    let other = excuses.peek().map(|excuse| who(excuse));
    if excuses.any(|excuse| who(excuse) == Out::Surely) { Some(Out::Surely) } else { other }
}

/// Returns a clause up to words that say that who lives there cannot be in: "我来不了", "家里有事".
fn kept_away<'s>(said: &str, plain: &'s str) -> Option<&'s str> {
    let supposed = holds(plain, &SUPPOSES) && !asks_what_then(said) || plain.ends_with('吗');
    if supposed || holds(plain, &OTHERS) || holds(plain, &NOW) {
        return None;
    }
    let ended = plain.trim_end_matches(PARTICLES);
    let busy = holds(plain, &BUSY_HERE) && BUSY.iter().any(|word| ended.ends_with(word));
    let came_up = CAME_UP.iter().any(|part| part_ends(plain, part, &CAME_ENDS));
    let kept = |part: &&str| {
        let excuse = through(plain, part)?;
        let ends = *part != COME || part_ends(plain, part, &COME_ENDS);
        let before = excuse.strip_suffix(*part).unwrap_or_default();
        (ends && is_said_of_them(before)).then_some(excuse)
    };
    KEPT_AWAY.iter().find_map(kept).or_else(|| (busy || came_up).then_some(ended))
}

/// Whether nobody but who lives there, or their kin, is spoken of before an excuse: "我今天", "25号", "sorry i".
fn is_said_of_them(before: &str) -> bool {
    let filled = without(&without(before, &MAYBE), &MEANWHILE);
    let own = filled.rsplit('我').next().unwrap_or_default();
    is_of_kin(before) || is_plain(own)
}

/// Whether an excuse is that of somebody else of those who live there alone: not "我和老婆出差", "my wife and I".
fn is_of_kin(excuse: &str) -> bool {
    let theirs = |(ahead, behind): (&str, &str)| {
        let ahead = ahead.trim_end_matches("my ").trim_end_matches(['我', ' ']);
        let joined = JOINED.iter().chain(&CARED_FOR).any(|word| ahead.ends_with(word.trim_end_matches(" my")));
        !joined && !names_self(behind)
    };
    !excuse.contains("我们") && KIN.iter().any(|kin| mentions(excuse, kin).any(theirs))
}

/// Whether who speaks is named: 我, "I", "we".
fn names_self(words: &str) -> bool {
    let own = |word: &str| matches!(word, "i" | "i'm" | "i'll" | "i've" | "we" | "we're" | "we'll" | "me");
    words.contains('我') || words.split(|c: char| !c.is_ascii_alphanumeric() && c != '\'').any(own)
}

/// Whether a clause says that somebody is in and opens: "爸妈在家", "someone will be there".
fn is_opened(said: &str) -> bool {
    if holds(said, &SUPPOSES) || holds(said, &MAYBE) || holds(said, &PUTS_OFF) || said.ends_with('吗') {
        return false;
    }
    let ended = said.trim_end_matches(PARTICLES);
    let someone = SOMEBODY_IN.iter().any(|word| ended.ends_with(word));
    let opens = |(ahead, behind): (&str, &str)| {
        let cared_for = CARED_FOR.iter().any(|care| ahead.trim_end().ends_with(care));
        !clause::is_denied(ahead) && !cared_for && is_there(behind)
    };
    someone || KIN.iter().chain(&ANYBODY).any(|who| mentions(said, who).any(opens))
}

/// Whether somebody of whom this is said is in.
fn is_there(behind: &str) -> bool {
    let ended = behind.trim_end_matches(PARTICLES);
    let undenied = |between: &str| !is_denied(between);
    let at_end = ended.strip_suffix(PRESENT_AT_END).is_some_and(undenied);
    let present = |part: &&str| behind.split_once(*part).is_some_and(|(between, _)| undenied(between));
    let within = |part: &&str| part_ends(behind, part, &IN_ENDS) && through(behind, part).is_some_and(undenied);
    !holds(behind, &ABSENT) && (at_end || PRESENT.iter().any(present) || IN.iter().any(within))
}

/// Whether a clause says where the key is or who has it: "钥匙在物业", "the key is under the mat", "邻居有钥匙".
fn leaves_key(said: &str) -> bool {
    let rest = without(&without(said, &UNSUITED), &AWAY);
    let rest = match nobody_in(&rest) {
        Some(nobody) => rest.replacen(nobody, " ", 1),
        None => rest,
    };
    let has_key = KEYS.iter().any(|key| mentions(&rest, key).next().is_some());
    let has_code = CODES.iter().any(|code| mentions(&rest, code).next().is_some());
    let told = holds(&rest, &WHERE) || has_code && rest.contains(|c: char| c.is_ascii_digit()) || is_key_held(&rest);
    (has_key || has_code) && told && !holds(&rest, &LOST) && !holds(&rest, &NO_KEY) && !is_denied(&rest)
}

/// Whether a clause says that somebody else has the key: "物业有钥匙", "my neighbour has a key".
fn is_key_held(said: &str) -> bool {
    let open = holds(said, &SUPPOSES) || holds(said, &MAYBE) || said.contains("有没有") || said.ends_with('吗');
    let has_key = |behind: &str| KEYS.iter().any(|key| mentions(behind, key).next().is_some());
    let parted = |behind: &str, holds: &str| {
        behind.split_once(holds).is_some_and(|(between, rest)| !names_self(between) && has_key(rest))
    };
    let held = |(_, behind): (&str, &str)| HOLDING.iter().any(|holds| parted(behind, holds));
    !open && KIN.iter().chain(&HOLDERS).any(|who| mentions(said, who).any(held))
}

/// Returns words without what has a no in it and is not meant so: "我不在意" finds nobody out.
fn meant(text: &str) -> String {
    without(&without_harmless(text), &NOT_OUT)
}

/// Returns words up to the end of a part of them.
fn through<'s>(words: &'s str, part: &str) -> Option<&'s str> {
    words.find(part).and_then(|at| words.get(..at + part.len()))
}

/// Whether words end with a part of them, or go on with one of `ends`.
fn part_ends(words: &str, part: &str, ends: &[&str]) -> bool {
    words
        .split_once(part)
        .is_some_and(|(_, rest)| rest.trim().is_empty() || ends.iter().any(|end| rest.starts_with(*end)))
}

/// Returns what stands before and behind a name wherever it is a word of its own.
fn mentions<'s>(words: &'s str, name: &str) -> impl Iterator<Item = (&'s str, &'s str)> {
    words.match_indices(name).filter_map(move |(at, found)| {
        let (ahead, rest) = words.split_at_checked(at)?;
        let behind = rest.strip_prefix(found)?;
        (!is_one_word(ahead, found) && !is_one_word(found, behind)).then_some((ahead, behind))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::script::normalised;

    #[test]
    fn who_is_kept_away_is_out_and_who_else_is_kept_away_is_not() {
        for words in [
            "我来不了",
            "25号来不了",
            "我今天临时来不了",
            "家里有事",
            "临时有点事情",
            "Something came up",
            "something came up so I can't make it",
            "I can't come",
            "I'm away",
            "我来不了怎么办",
            "没空，我妈住院了",
            "我和老婆出差",
            "我要陪老人，没空",
            "保姆没空，没人开门",
            "爸妈都出差了，家里一个人也没有",
            "老人不在家",
            "儿子要上班",
            "我老婆出差了，我在外地",
            "我老婆出差了，我在家，但是没人开门",
            "my husband can't make it",
            "my wife won't be home",
            "nobody will be home",
            "都没人在家",
            "那天家里没人",
            "我家没有人在",
        ] {
            assert!(is_out(&normalised(words), false), "{words}");
        }
        for words in [
            "师傅来不了就说一声",
            "热水来不了",
            "车来不了",
            "25号来不了吗",
            "如果我来不了，会提前说",
            "家里没事",
            "家里有事打我电话",
            "家里没人抽烟",
            "something came up through the drain",
            "I can't come down to open the gate, code is 4411",
            "can't come to the door, it's unlocked",
            "can't come right now",
            "I'm away from my phone until noon",
            "nobody will be using it",
            "小区里没有人管",
        ] {
            assert!(!is_out(&normalised(words), false), "{words}");
        }
    }

    #[test]
    fn what_is_only_feared_or_said_of_one_of_them_is_told_from_what_is_sure() {
        for words in [
            "可能走不开",
            "我有时候走不开，多敲几下门",
            "我老婆出差了，我在家等",
            "我妈来不了了，我自己在家",
            "My husband can't be there but I will",
        ] {
            assert!(may_be_out(&normalised(words), false), "{words}");
        }
        for words in ["我不在家", "我老婆出差了，我也没空", "我在家", "我儿子结婚我不在家"] {
            assert!(!may_be_out(&normalised(words), false), "{words}");
        }
    }

    #[test]
    fn somebody_else_opens_only_where_it_is_said_that_they_are_in() {
        for words in [
            "我在外地，爸妈在家",
            "I'm away, my parents are in",
            "I'm away on the 25th, my parents are in so that's fine",
            "我不在家，钥匙在物业",
            "我不在家钥匙在物业",
            "我妈可以开门",
            "家里有人",
            "我妹在家等",
            "the key is under the mat",
            "someone will be there",
            "我在外地，邻居有钥匙",
            "我要上班，物业有钥匙",
            "neighbour has the key, I'm away",
            "my parents have a spare key",
            "nobody will be home but the key is under the mat",
        ] {
            assert!(is_stood_in_for(&normalised(words)), "{words}");
        }
        for words in [
            "我在外地，爸妈也不在家",
            "家里没有人",
            "没空，我妈住院了",
            "要陪老人",
            "没有钥匙",
            "我不在家",
            "my mother died, I can't make it",
            "my wife is in labour, can't make it",
            "儿子家长会，我不在家",
            "老人生日，我们都不在家",
            "我出差，我儿子上学",
            "家里没人，不能把钥匙给你们",
            "我不在家，有人吗",
            "I lost my key, can't be home",
            "someone died in the family",
            "the keynote is that day",
            "turkey dinner",
            "我不在家，钥匙在我这里",
            "邻居没有钥匙",
            "邻居有没有钥匙",
            "物业有钥匙吗",
            "我有钥匙",
            "爸妈出差了，没大人，儿子在家",
            "我不在家，我妈在，但是她不给陌生人开门",
            "没空，等我爸妈在家的时候再来",
            "neighbour has no key, I'm away",
        ] {
            assert!(!is_stood_in_for(&normalised(words)), "{words}");
        }
    }
}
