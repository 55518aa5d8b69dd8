//! Whether words before a mark refuse it: 我可没给5分, "I'm not giving you 5".

use super::{Mark, Reader};
use crate::domain::lexicon::Meaning;
use crate::tagging::matcher::Found;

/// What denies the mark after it, as a negator does.
const NEVER: &[&str] = &[
    "怎么可能",
    "怎可能",
    "怎么会",
    "怎会",
    "怎么配",
    "凭什么",
    "凭啥",
    "哪里值",
    "哪值",
    "哪配",
    "哪能",
    "哪会",
    "休想",
    "唔抵",
    "够不上",
    "给不了",
    "给不到",
    "给不起",
    "打不了",
    "到不了",
    "not worth",
    "no way",
];
/// What makes a denial after it none: 难道不给5分, "why not 5".
const WHY_NOT: &[&str] = &[
    "难道",
    "为什么",
    "为啥",
    "干嘛",
    "怎么能",
    "怎么好",
    "怎么敢",
    "怎能",
    "岂能",
    "没理由",
    "没有理由",
    "没道理",
    "没有道理",
    "舍不得",
    "不舍得",
    "好意思",
    "不忍心",
    "谁会",
    "谁能",
    "谁敢",
    "敢",
    "why",
    "冇理由",
    "冇道理",
    "点会",
    "点可能",
    "点可以",
    "no reason",
    "how could i",
    "how can i",
    "how could you",
];
/// What makes a denial before it none: 不给5分都不行.
const OR_ELSE: &[&str] = &[
    "都不",
    "都唔",
    "过意不去",
    "实在说不过",
    "真说不过",
    "真的说不过",
    "都说不",
    "都对不",
    "都过意",
    "都没",
    "也不行",
    "也说不",
    "不行",
    "说不过",
    "就说不过",
    "就是没",
    "对不起",
    "对不住",
    "才怪",
    "还能",
    "怎么",
    "给几",
    "给多少",
    "吗",
    "么",
    "?",
];
/// Negators that answer a question of their own where the mark comes right after: "不会5分" to "would you recommend us".
const ANSWERS: &[&str] = &[
    "不",
    "不会",
    "不想",
    "不要",
    "不用",
    "别",
    "唔",
    "没什么",
    "没啥",
    "没得",
    "没人",
    "no",
    "never",
    "none",
    "nothing",
    "nobody",
    "not at all",
];
/// What was said before a mark and ends in words that might lead on to it: 想都没想就给5分.
const SAID_BEFORE: &[&str] = &[
    "想都没想",
    "想也没想",
    "没多想",
    "不用想",
    "不用多想",
    "没感觉",
    "没啥感觉",
    "没什么感觉",
    "没有感觉",
    "没什么特别",
    "没啥特别",
    "没到",
    "人没来",
    "不好说",
];
/// Words that end what was said before a mark: 修得不好给3分 and 不对5分 deny none.
const PARTING: &[&str] = &["的", "了", "得", "地", "好", "对"];
/// What may stand before a mark besides words of rating and the lexicon's small words.
const SMALL: &[&str] = &["愿意", "肯", "打算", "准备", "满", "整", "个", "他们", "她", "它", "师傅", "物业", "配"];
const SMALL_ENGLISH: &[&str] = &[
    "a", "an", "the", "you", "it", "this", "that", "them", "him", "her", "us", "u", "i", "we", "give", "given", "get",
    "rate", "say", "score", "award", "worth", "deserve", "deserves", "be", "really", "even", "quite", "exactly",
    "going", "to", "gonna", "full",
];
/// Words before a mark that are looked at.
const WORDS_BEFORE: usize = 8;

/// What a word before a mark does to it.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Lead {
    /// Leads on to it.
    On,
    /// Denies it.
    Negator,
    /// Denies it, whatever comes after.
    Never,
}

impl Reader<'_> {
    /// "我可没给5分", "I'm not giving you 5": only words that lead on to the mark stand between. Two denials are
    /// none: 不能不给5分.
    pub(super) fn is_denied_before(&self, mark: &Mark) -> bool {
        let (mut at, mut denied, mut never, mut own) = (mark.start, false, false, false);
        for _ in 0..WORDS_BEFORE {
            if denied && self.ends_before(at, WHY_NOT) {
                return false;
            }
            let Some((start, lead)) = self.word_before(at) else { break };
            let word: String = self.text.span(start, at).iter().collect();
            let word = word.trim_end();
            let speaker = word.starts_with('我') || word == "i" || word.starts_with("i ") || word.starts_with("i'");
            match lead {
                Lead::On => own |= speaker,
                // "没有我给5分": what was said no to stands before the speaker.
                Lead::Negator if own || word == "no" || at == mark.start && ANSWERS.contains(&word) => break,
                Lead::Negator | Lead::Never => {
                    denied = !denied;
                    never = lead == Lead::Never;
                }
            }
            at = start;
        }
        denied && (never || !self.starts_after(mark.end, OR_ELSE))
    }

    /// Returns where the word begins that ends before a place, if it may stand before a mark.
    fn word_before(&self, at: usize) -> Option<(usize, Lead)> {
        let spaces = self.text.span(0, at).iter().rev().take_while(|c| **c == ' ').count();
        let end = at - spaces;
        let ascii = self.text.before(end).is_ascii();
        let ends = |find: &&Found| find.end == end;
        // "没有 5分" answers first; "给 5分" goes on.
        let rates = |find: &Found| matches!(find.meaning, Meaning::Rating);
        if spaces > 0 && !ascii && !self.found.iter().filter(ends).any(rates) {
            return None;
        }
        if self.ends_before(end, SAID_BEFORE) {
            return None;
        }
        if let Some(word) = NEVER.iter().find(|word| self.ends_before(end, &[**word])) {
            return Some((end - word.chars().count(), Lead::Never));
        }
        if self.found.iter().any(|find| matches!(find.meaning, Meaning::Mask) && find.start < end && end <= find.end) {
            return None;
        }
        let leads = self.found.iter().filter(ends).filter_map(|find| match find.meaning {
            Meaning::Negator { .. } => Some((find.start, Lead::Negator)),
            Meaning::Rating => Some((find.start, Lead::On)),
            Meaning::Degree { .. } | Meaning::Filler if !ascii => Some((find.start, Lead::On)),
            _ => None,
        });
        if let Some((start, lead)) = leads.min_by_key(|(start, lead)| (*start, *lead != Lead::Negator)) {
            let word: String = self.text.span(start, end).iter().collect();
            return (!PARTING.contains(&word.as_str())).then_some((start, lead));
        }
        if let Some(word) = SMALL.iter().find(|word| self.ends_before(end, &[**word])) {
            return Some((end - word.chars().count(), Lead::On));
        }
        let letters =
            self.text.span(0, end).iter().rev().take_while(|c| c.is_ascii_alphabetic() || **c == '\'').count();
        let word: String = self.text.span(end - letters, end).iter().collect();
        SMALL_ENGLISH.contains(&word.as_str()).then_some((end - letters, Lead::On))
    }
}
