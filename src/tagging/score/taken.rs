//! Marks that do not count: taken back, somebody else's, of another time, denied, left over.

use super::{Mark, Reader, same};
use crate::domain::lexicon::Meaning;
use crate::domain::understanding::Awaiting;
use crate::tagging::number::Number;

/// Words of the speaker's own past: they set a mark aside only where another one is said.
const EARLIER: &[&str] = &[
    "刚才",
    "刚刚",
    "方才",
    "起初",
    "一开始",
    "开始",
    "先前",
    "it was",
    "was a",
    "was an",
    "would have been",
    "would've been",
    "could have been",
    "should have been",
    "had been",
    "at first",
    "started at",
    "started as",
];
/// What denies the mark right before it.
const DENIED: &[&str] = &[
    "给不了",
    "给不到",
    "给不起",
    "是给不了",
    "是不可能",
    "不可能",
    "肯定不",
    "不值",
    "不配",
    "算不上",
    "达不到",
    "到不了",
    "够不上",
    "别想",
    "休想",
    "就别想",
    "免谈",
    "谈不上",
    "不算",
    "作废",
    "不作数",
    "没门",
    "就免了",
    "就算了",
    "太多",
    "太高",
    "太低",
    "太少",
    "扣在",
    "是扣",
    "先欠着",
    "欠着",
    "先存着",
    "先记着",
    " is too",
    " was too",
    " would be too",
    " is out of the question",
];
/// What leads to the marks that were not given.
const LEFT_OVER: &[&str] = &[
    "那",
    "剩",
    "剩那",
    "剩下",
    "剩下的",
    "剩下那",
    "剩的",
    "余下",
    "余下的",
    "另外",
    "另外那",
    "另",
    "留",
    "留了",
    "留着",
    // 嗰, simplified
    "差𠮶",
    "争𠮶",
    "少𠮶",
    "扣𠮶",
    "差的那",
    "少的那",
    "扣的那",
    "缺的",
    "丢的",
    "the other",
    "the last",
    "the missing",
    "missing",
    "the remaining",
    "remaining",
    "that last",
];
/// What makes the mark before it one end of a range.
const BOUND: &[&str] = &[
    "往上",
    "以上",
    "朝上",
    "向上",
    "起步",
    "出头",
    "打底",
    "开外",
    "往下",
    "以下",
    "不到",
    "不足",
    "以内",
    "多一点",
    "多点",
    "+",
    " or more",
    " or above",
    " or higher",
    " or below",
    " or less",
    " or lower",
    " and up",
    " and above",
];

/// What makes the mark after it the lower end of a range.
const AT_LEAST: &[&str] = &[
    "不低于",
    "不少于",
    "高于",
    "低于",
    "不高于",
    "不超过",
    "最少",
    "至少",
    "起码",
    "at least",
    "no less than",
    "no more than",
    "above",
    "below",
];

impl Reader<'_> {
    /// Leaves the marks that count; false where the only one does not.
    pub(super) fn keep_own(&self, marks: &mut Vec<Mark>) -> bool {
        if let [only] = marks.as_slice() {
            let denied = self.denied(only) && only.value > 1.0 || self.is_declined(only);
            return !(self.not_mine(only, marks) || denied);
        }
        let all = marks.clone();
        keep(marks, |mark| !self.not_mine(mark, &all));
        // "三分不对四分", "九分不算": the mark right before the cue is the one taken back.
        keep(marks, |mark| !self.denied(mark) && !self.corrected(mark));
        keep(marks, |mark| !self.is_declined(mark));
        // "3分，不，4分", "2分？想多了，1分", "2 not 5"
        let last = marks.iter().map(|mark| mark.start).max().unwrap_or_default();
        keep(marks, |mark| mark.start == last || !self.refused(mark));
        keep(marks, |mark| !self.ends_before(mark.start, &["not", "而不是", "唔系", "从", "由"]));
        let cues = self.found.iter().rev().filter(|find| matches!(find.meaning, Meaning::Correction));
        for cue in cues {
            let before = marks.len();
            keep(marks, |mark| mark.start >= cue.start);
            if marks.len() < before {
                break;
            }
        }
        // "能打零分我就打零分，最低只能选1，那就1": five marks begin at one.
        let from_one = matches!(self.awaiting, Awaiting::Nothing | Awaiting::Score5);
        keep(marks, |mark| !from_one || mark.value >= 1.0 || self.in_recommendation(mark));
        let stated = marks.clone();
        let aspects = self.found.iter().any(|find| matches!(find.meaning, Meaning::Aspect { .. }));
        keep(marks, |mark| {
            let rest = |other: &Mark| [5.0, 10.0].iter().any(|top| same(other.value + mark.value, *top));
            !(self.ends_before(mark.start, LEFT_OVER) && (!aspects || stated.iter().any(rest)))
        });
        keep(marks, |mark| !self.is_bound(mark));
        true
    }

    /// Says whether the mark is somebody else's, of another time, or denied beforehand.
    pub(super) fn not_mine(&self, mark: &Mark, marks: &[Mark]) -> bool {
        if mark.sum {
            return false;
        }
        self.found.iter().filter(|find| matches!(find.meaning, Meaning::NotMine)).any(|find| {
            let words: String = self.text.span(find.start, find.end).iter().collect();
            let reach = if words.is_ascii() { 24 } else { 6 };
            let other_between = marks.iter().any(|other| other.start >= find.end && other.end <= mark.start);
            // 推荐给朋友, 替我妈: they are spoken of, they do not rate.
            let spoken_of = matches!(self.text.before(find.start), '给' | '跟' | '向' | '帮' | '替');
            find.end <= mark.start
                && mark.start - find.end <= reach
                && self.text.same_clause(find.start, mark.start)
                && !other_between
                && !spoken_of
                && (marks.len() > 1 || !EARLIER.contains(&words.as_str()))
        })
    }

    /// 改成三, 应该是八, "meant to be 1": the correction leads to its number.
    pub(super) fn follows_correction(&self, number: &Number) -> bool {
        self.found.iter().any(|find| {
            matches!(find.meaning, Meaning::Correction)
                && (find.end == number.start && matches!(self.text.before(find.end), '成' | '为' | '是')
                    || self.text.before(find.end).is_ascii_alphabetic()
                        && matches!(self.text.span(find.end, number.start), [' '] | [',', ' '] | [' ', 'a', ' ']))
        })
    }

    /// Says whether the mark is one end of a range: 六分往上.
    pub(super) fn is_bound(&self, mark: &Mark) -> bool {
        let sum = self.text.char(mark.end) == '+' && self.text.char(mark.end + 1).is_ascii_digit();
        !sum && (self.starts_after(mark.end, BOUND) || self.ends_before(mark.start, AT_LEAST))
    }

    fn denied(&self, mark: &Mark) -> bool {
        // "五星好评是不可能的"
        let praise = usize::from(self.text.span(mark.end, mark.end + 2) == ['好', '评']) * 2;
        self.starts_after(mark.end + praise, DENIED)
    }

    /// Says whether the speaker will not give this mark: 不给5分, 五分太高了, "I can't give 5".
    pub(super) fn is_declined(&self, mark: &Mark) -> bool {
        // "5分太少了" praises.
        let praised = same(mark.value, self.highest()) && self.starts_after(mark.end, &["太少", "太低"]);
        let denied = self.denied(mark) && !praised;
        mark.value > 1.0 && !mark.sum && (denied || self.is_denied_before(mark))
    }

    fn corrected(&self, mark: &Mark) -> bool {
        self.found.iter().any(|find| {
            matches!(find.meaning, Meaning::Correction)
                && find.start >= mark.end
                && find.start - mark.end <= 2
                && self.text.same_clause(mark.start, find.start)
        })
    }

    /// Says whether the mark is asked about or said no to in a clause of its own before the next is given.
    fn refused(&self, mark: &Mark) -> bool {
        let rest: String = self.text.span(mark.end, mark.end + 12).iter().collect();
        let rest = rest.trim_start_matches([' ', '吧', '啊', '呀', '哈']);
        let Some(after) = rest.strip_prefix([',', '.', '?', '!', '…', '、', '-']) else { return false };
        let clause = after.trim_start_matches([' ', '.', '…']);
        let clause = clause.split([',', '.', '?', '!', '…', '、', ' ']).next().unwrap_or_default();
        rest.starts_with('?') || matches!(clause, "不" | "不是" | "no" | "nah" | "nope" | "唔系" | "不行" | "错了")
    }

    pub(super) fn starts_after(&self, at: usize, words: &[&str]) -> bool {
        let after: String = self.text.span(at, at + 24).iter().collect();
        words.iter().any(|word| after.starts_with(word))
    }

    pub(super) fn ends_before(&self, at: usize, words: &[&str]) -> bool {
        let before: String = self.text.span(at.saturating_sub(16), at).iter().collect();
        words.iter().any(|word| before.trim_end().ends_with(word))
    }
}

/// Keeps what the test passes, or everything where nothing would.
fn keep(marks: &mut Vec<Mark>, test: impl Fn(&Mark) -> bool) {
    if marks.iter().any(&test) {
        marks.retain(test);
    }
}
