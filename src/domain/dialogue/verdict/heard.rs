//! What words say of a fix that staff claims: that it holds, that it does not, or neither. What is done about it is
//! decided in [`super`].

use std::collections::BTreeSet;

use crate::domain::dialogue::clause::{
    DRIPS, asks, asks_in_words, clauses, drips_no_more, fault_persists, fault_stands, holds, is_denied, symptom_of,
};
use crate::domain::dialogue::reading::is_praise;
use crate::domain::dialogue::{Turn, Words};
use crate::domain::script::{FixWords, is_one_word, normalised};
use crate::domain::understanding::Sentiment;

/// What a no is about that denies a fix: "没修好" says it, "没有" does not.
const OF_THE_FIX: [&str; 10] = ["修", "没好", "没有好", "弄好", "搞好", "解决", "老样子", "坏", "fixed", "resolved"];
/// Words that give a repair up say of no fix that it holds.
const GIVEN_UP: [&str; 3] = ["不修了", "搞错了", "发错了"];
/// What leads on from a yes to what is not right …
pub(super) const BUT: [&str; 8] = ["但", "可是", "就是", "不过", "只是", "but ", "however", "except"];
/// … and begins a clause of its own where no comma stands before it.
const BUT_IN_ENGLISH: &str = "but ";
/// What says that something goes on …
const GOES_ON: [&str; 5] = ["还在", "还是", "照样", "依旧", "仲系"];
/// … with these before what is wrong …
const DEGREES: [char; 13] = ['很', '挺', '好', '太', '有', '点', '儿', '那', '这', '么', '非', '常', '更'];
/// … which is this …
const AMISS: [&str; 20] = [
    "慢", "响", "热", "堵", "声音", "噪音", "异响", "异味", "味道", "臭", "吵", "卡", "松", "坏", "晃", "抖", "烫",
    "湿", "潮", "漏",
];
/// … and with no more behind it: "还是慢得很", not "还是热水好".
const BEHIND_AMISS: [char; 16] =
    ['的', '了', '啊', '呀', '哦', '着', '得', '很', '住', '大', '啦', '嘛', '厉', '害', '喎', ' '];
/// What is a fault where it is said to be still there, at the end of a clause: 老问题还在.
const TROUBLES: [&str; 11] = ["问题", "毛病", "故障", "声音", "噪音", "异响", "异味", "味道", "臭味", "漏", "堵"];
const STILL_THERE: &str = "还在";
/// … unless it is one of these: 付款问题还在.
const OF_MONEY: [&str; 6] = ["付款", "支付", "发票", "费", "钱", "评"];
/// What is warm may well be meant to be.
const WARM: [&str; 2] = ["热的", "烫的"];
/// How a clause begins that says of the thing itself that it still does something …
const IT_STILL: [&str; 4] = ["it still ", "its still ", "it's still ", "it is still "];
/// … and what is well if it still is, or is awaited.
const STILL_GOOD: [&str; 16] = [
    "work",
    "good",
    "well",
    "fine",
    "ok",
    "great",
    "nice",
    "perfect",
    "hold",
    "wait",
    "need",
    "test",
    "warrant",
    "guarantee",
    "clean",
    "dry",
];
const NOT: &str = "not ";
/// What English says of any thing behind "still": "one side still slow", "the ceiling is still damp".
const STILL: &str = "still ";
const STILL_AMISS: [&str; 15] = [
    "slow", "noisy", "loud", "stuck", "loose", "broken", "blocked", "clogged", "wet", "damp", "smelly", "wobbly",
    "dripping", "leaking", "standing",
];
const DEGREES_IN_ENGLISH: [&str; 7] = ["a", "bit", "little", "very", "so", "too", "really"];
/// What says that somebody tried it …
const TRIED: [&str; 6] = ["试了", "试过", "试用", "用了一", "tried", "tested"];
/// … and what is praised, tried it, or is slow, where that is no verdict.
const PEOPLE: [&str; 9] = ["师傅", "他", "人", "你们", "态度", "服务", "technician", "plumber", "service"];
/// The same of those who only wrote or called.
const OF_SERVICE: [&str; 6] = ["上门", "回复", "电话", "网", "reply", "answer"];
/// What says of a fault that it is gone …
const GONE: [&str; 4] = ["gone", "stopped", "sorted", "fixed"];
/// … and what stopped where that is the fault.
const STOPPED_WORKING: &str = "work";
/// What says of a fault named behind a yes that it is over as well, or that somebody is thanked for it …
const MENDED_TOO: [&str; 13] =
    ["亮了", "通了", "修了", "换了", "好了", "修好", "谢", "以前", "之前", "fixed", "thank", "fine", "works"];
/// … also with these before it, unless the clause goes on to what is so now: "灯本来也坏了", not "之前修的又坏了" …
const BEFORE: [&str; 4] = ["以前", "之前", "本来", "原来"];
const SINCE: [&str; 4] = ["现在", "又", "还", "没"];
/// … and where the last of them begins a clause, and only tells what was found: 原来马桶也堵了 …
const TURNS_OUT: &str = "原来";
/// … that somebody only asks, or thinks of what may be …
const SUPPOSES: [&str; 10] = ["要是", "如果", "万一", "要不要", "多少钱", "要钱", "收费", "保修", "if ", "how much"];
/// … but for who asks for help with it: "能一起看看吗".
const ASKS_FOR_HELP: [&str; 3] = ["能", "可以", "帮"];
/// What leads in a fault that comes again and again.
const OFTEN: [char; 2] = ['老', '总'];
/// What says in a clause behind a fault that it was mended with the other …
const ALONG: [&str; 5] = ["也", "一起", "一并", "顺", "都"];
/// … if this ends it: not "也帮我修好".
const IS_DONE: char = '了';
/// What says beside a word that something does not work that it is the fix that does not: 还是不行.
const SINCE_FIX: [&str; 8] = ["还", "又", "仍", "依然", "试", "still", "again", "now"];
/// What asks for somebody to come once more.
const ONCE_MORE: [&str; 5] = ["再来", "再看", "再派", "come again", "come back"];
/// What may stand anywhere in a clause and says nothing.
const PARTICLES: [char; 10] = [' ', '了', '啊', '呀', '的', '哦', '啦', '呢', '嘛', '喔'];

impl Turn<'_> {
    /// Whether words say of their own accord that a fault was not mended: a no about it, that it goes on or is worse, or
    /// that nobody came.
    pub(super) fn denies_fix(&self, words: &Words) -> bool {
        let known = &self.ctx.script.repair.fix;
        // "没来得及看" does not say that nobody came.
        let text = FixWords::without(&known.puts_off, &words.text);
        let worse = || FixWords::any(&known.worse, &text);
        let by_half = || !asks(&words.text) && self.tells_of_half(&text);
        if FixWords::any(&known.undone, &text) || by_half() {
            return true;
        }
        let at_hand = self.fix_asked(false).is_some() || self.fix_just_done().is_some();
        let still_so = || at_hand && self.is_still_so(words);
        let fault = words.understood.symptom.is_some();
        match words.understood.affirmed {
            // "好了，就是还有点渗水".
            Some(true) => has_any(&text, &BUT) && self.persists(words),
            Some(false) => says_no(words) && (fault || has_any(&text, &OF_THE_FIX) || worse() || still_so()),
            None => self.persists(words) || worse() || still_so(),
        }
    }

    /// Whether words say that a fault is mended by half: "好了一半". What is said to be mended behind that counts more, and
    /// before it without a "but": "修了一半停电了，后来修好了".
    fn tells_of_half(&self, text: &str) -> bool {
        let known = &self.ctx.script.repair.fix;
        let told = clauses_and_buts(text);
        let whole = |clause: &str| alone(clause, &known.half, &known.beside) == Some(true);
        let within = |clause: &str| known.half.iter().any(|word| !word.is_ascii() && clause.contains(word.as_str()));
        let Some(at) = told.iter().position(|clause| whole(clause) || within(clause)) else { return false };
        let mended = |clause: &String| !whole(clause) && self.is_mended(&FixWords::without(&known.half, clause));
        let before = told.iter().take(at).any(mended) && !has_any(text, &BUT);
        !before && !told.iter().skip(at).any(mended)
    }

    /// Whether a clause says that the fault is gone, and neither denies, asks, doubts nor cites it: "怎么就修好了".
    fn is_mended(&self, clause: &str) -> bool {
        let known = &self.ctx.script.repair;
        let told = |word: &String| clause.split_once(word.as_str()).is_some_and(|(before, _)| !is_denied(before));
        let cited = FixWords::any(&known.hearsay, clause) || FixWords::any(&known.doubted, clause);
        known.fix.mended.iter().any(told) && !cited && !asks(clause) && !clause.contains('?')
    }

    /// Whether a clause says of what was told before it that it was mended with the rest: "师傅也一起弄好了".
    pub(super) fn is_mended_along(&self, clause: &str) -> bool {
        let done = clause.ends_with(IS_DONE) && holds(clause, &ALONG) && !holds(clause, &ASKS_FOR_HELP);
        done && self.is_mended(clause)
    }

    /// Whether words that name no fault say that something goes on as before: "还是很慢", "it still runs at night". What
    /// else is still so says nothing of it ("我还在上班", "still works"), nor does what stands beside good news.
    fn is_still_so(&self, words: &Words) -> bool {
        let calm = words.understood.sentiment != Sentiment::Positive && !asks(&words.text);
        let told = clauses_and_buts(&FixWords::without(&self.ctx.script.repair.fix.polite, &words.text));
        let mended = told.iter().any(|clause| self.is_mended(clause)) && !has_any(&words.text, &BUT);
        calm && !mended && told.iter().any(|clause| is_as_before(clause))
    }

    /// Whether words take back that a fault is mended: by nothing but that it was a mistake to say so ("点错了"), or by a
    /// clause that says no more than that it does not work ("刚试了，还是不行"). Where it does not say that it still does
    /// not, nothing else is spoken of: not "这个页面点不开，没用".
    pub(super) fn takes_verdict_back(&self, words: &Words) -> bool {
        let known = &self.ctx.script.repair.fix;
        let told = clauses(&words.text);
        let slips: Vec<Option<bool>> = told.iter().map(|clause| alone(clause, &known.slips, &known.beside)).collect();
        let slipped = slips.contains(&Some(true)) && !slips.contains(&None);
        let fails = |clause: &&String| alone(clause, &known.fails, &known.beside) == Some(true);
        let of_fix = |clause: &String| self.says_only_of_fix(clause, words);
        let said = &words.understood;
        let of_else = said.component.is_some() || said.location.is_some();
        let still = || told.iter().filter(|clause| fails(clause) || !of_else).any(|clause| holds(clause, &SINCE_FIX));
        slipped || told.iter().any(|clause| fails(&clause)) && (still() || told.iter().all(of_fix))
    }

    /// Whether a clause speaks of nothing but a fix that does not hold, or is only polite.
    fn says_only_of_fix(&self, clause: &str, words: &Words) -> bool {
        let known = &self.ctx.script.repair.fix;
        let small = alone(clause, &known.fails, &known.beside).or_else(|| alone(clause, &known.slips, &known.beside));
        let polite = self.ctx.script.courtesy(clause).is_some() || holds(clause, &TRIED) || holds(clause, &ONCE_MORE);
        small.is_some() || polite || is_as_before(clause) || fault_persists(clause, symptom_of(words).as_deref())
    }

    /// Whether words say of their own accord that a fault goes on. What they are polite with counts for nothing:
    /// "thanks again".
    pub(in crate::domain::dialogue) fn persists(&self, words: &Words) -> bool {
        let known = &self.ctx.script.repair.fix;
        let text = FixWords::without(&known.polite, &FixWords::without(&known.puts_off, &words.text));
        fault_persists(&text, symptom_of(words).as_deref())
    }

    /// Whether words that are no plain yes say that it is fixed: "我自己修好了", "没再漏了".
    pub(super) fn says_mended(&self, words: &Words) -> bool {
        let known = &self.ctx.script.repair;
        if says_no(words) || asks(&words.text) || self.persists(words) {
            return false;
        }
        let mended = |clause: &String| {
            let given_up = GIVEN_UP.iter().any(|word| clause.ends_with(word));
            let own = self.calls_off(clause) && FixWords::any(&known.fix.mended, clause);
            own || known.over.contains(clause) && !given_up
        };
        let stands = fault_stands(words, |clause| known.over.contains(clause) || self.calls_off(clause));
        // "没再漏，但是下水还是慢": what stands behind it decides.
        let whole = !stands && !has_any(&words.text, &BUT);
        whole && (drips_no_more(&words.text) || clauses(&words.text).iter().any(mended))
    }

    /// Whether somebody tried what was mended and praises it: "试了一下，不错", not "还没试过，看着不错". How
    /// people did it says nothing of that.
    pub(super) fn praises_what_was_tried(&self, words: &Words) -> bool {
        let open = asks_in_words(&words.text) || has_any(&words.text, &BUT) || self.persists(words);
        let said = |clause: &str, tried: &str| clause.split_once(tried).is_some_and(|(before, _)| !is_denied(before));
        let tried = clauses(&words.text).iter().any(|clause| TRIED.iter().any(|word| said(clause, word)));
        is_praise(words) && tried && !has_any(&words.text, &PEOPLE) && !open
    }

    /// Whether words give no verdict yet: "好像好了吧，再观察两天".
    pub(super) fn wavers(&self, words: &Words) -> bool {
        let known = &self.ctx.script.repair.fix;
        let puts_off = FixWords::any(&known.puts_off, &words.text);
        match words.understood.affirmed {
            Some(true) => puts_off || FixWords::any(&known.supposes, &words.text),
            Some(false) => false,
            None => puts_off && (words.understood.symptom.is_none() || drips_no_more(&words.text)),
        }
    }
}

/// Whether words say no, and not only of the drips that there are none: "no more drips".
pub(super) fn says_no(words: &Words) -> bool {
    let text = normalised(&words.text);
    let first = clauses(&text).into_iter().next().unwrap_or_default();
    let of_drips = first.starts_with("no ") && holds(&first, &DRIPS) && !holds(&text, &BUT);
    words.understood.affirmed == Some(false) && !(of_drips && drips_no_more(&text))
}

/// Whether words say of the fault that it is gone: "the leak is gone", "stopped dripping". What stands behind a "but"
/// decides.
pub(super) fn tells_of_end(words: &Words) -> bool {
    let ended = |clause: &String, word: &str| {
        let told = clause.split_once(word);
        told.is_some_and(|(before, behind)| !is_denied(before) && !behind.trim_start().starts_with(STOPPED_WORKING))
    };
    let gone = clauses(&words.text).iter().any(|clause| GONE.iter().any(|word| ended(clause, word)));
    (gone || drips_no_more(&words.text)) && !has_any(&words.text, &BUT)
}

/// Whether a clause tells of its fault, or of its part where none is named, as of one that is to be mended: neither as of
/// one that is over ("之前堵的也通了", "以前老堵现在不堵了"), nor as of one that may be ("要是坏了也找你们吗").
pub(super) fn is_told_as_broken(clause: &str, symptom: Option<&str>) -> bool {
    let behind = match symptom.map(|symptom| clause.split_once(symptom)) {
        Some(Some((_, behind))) => behind,
        Some(None) => return false,
        None => clause,
    };
    let over = |word: &&str| behind.split_once(*word).is_some_and(|(before, _)| !is_denied(before));
    let wonders = clause.ends_with('吗') && !holds(clause, &ASKS_FOR_HELP);
    let was_so = holds(clause.trim_start_matches(TURNS_OUT), &BEFORE) && !holds(clause, &SINCE);
    // "老堵" is over with "不堵了" as well.
    let ended = |symptom: &str| behind.contains(&format!("不{}了", symptom.trim_start_matches(OFTEN)));
    if was_so || symptom.is_some_and(ended) {
        return false;
    }
    !MENDED_TOO.iter().any(over) && !wonders && !holds(clause, &SUPPOSES) && !drips_no_more(behind)
}

/// Returns the clauses of a text; an English "but" begins one without a comma.
fn clauses_and_buts(text: &str) -> Vec<String> {
    clauses(&normalised(text).replace(BUT_IN_ENGLISH, ", "))
}

/// Whether a clause says that something is amiss as before.
fn is_as_before(clause: &str) -> bool {
    if holds(clause, &PEOPLE) || holds(clause, &OF_SERVICE) {
        return false;
    }
    let amiss = |state: &str| {
        let rest = AMISS.iter().find_map(|word| state.strip_prefix(word));
        let warm = WARM.iter().any(|warm| state.starts_with(warm));
        !warm && rest.is_some_and(|rest| rest.trim_matches(BEHIND_AMISS).is_empty())
    };
    let is_amiss =
        |still: &&str| clause.split_once(*still).is_some_and(|(_, state)| amiss(state.trim_start_matches(DEGREES)));
    let in_chinese = GOES_ON.iter().any(is_amiss);
    let there = clause.trim_end_matches(PARTICLES).strip_suffix(STILL_THERE);
    let is_there =
        there.is_some_and(|what| TROUBLES.iter().any(|trouble| what.ends_with(trouble)) && !holds(what, &OF_MONEY));
    let it = IT_STILL.iter().find_map(|begin| clause.strip_prefix(begin));
    let in_english = clause.split_once(STILL).is_some_and(|(_, state)| {
        let mut words = state.split(' ').filter(|word| !DEGREES_IN_ENGLISH.contains(word));
        words.next().is_some_and(|word| STILL_AMISS.contains(&word))
    });
    let good = |word: &str| STILL_GOOD.iter().any(|good| word.starts_with(good));
    in_chinese || in_english || is_there || it.is_some_and(|rest| rest.starts_with(NOT) || !rest.split(' ').any(good))
}

/// Returns whether one of `known` stands in a clause beside nothing but words of `beside`, or `None` where anything else
/// stands there.
fn alone(clause: &str, known: &BTreeSet<String>, beside: &BTreeSet<String>) -> Option<bool> {
    let mut rest = clause.trim_matches(PARTICLES);
    let mut found = false;
    while !rest.is_empty() {
        let begins = |word: &&String| {
            rest.strip_prefix(word.as_str()).is_some_and(|behind| !word.is_empty() && !is_one_word(word, behind))
        };
        let longest = |words: &BTreeSet<String>| words.iter().filter(begins).map(String::len).max();
        let (told, small) = (longest(known), longest(beside));
        found |= told.is_some() && told >= small;
        rest = rest.get(told.max(small)?..).unwrap_or_default().trim_start_matches(PARTICLES);
    }
    Some(found)
}

pub(super) fn has_any(text: &str, parts: &[&str]) -> bool {
    holds(&normalised(text), parts)
}
