//! Numbers that can be no mark, whatever stands around them: below zero, 十分 that says "very", and shares.

use super::{Mark, Reader};
use crate::domain::lexicon::Meaning;
use crate::tagging::matcher::Found;
use crate::tagging::number::Number;

impl Reader<'_> {
    /// 负三分, "给-5分": no scale goes below zero.
    pub(super) fn is_below_zero(&self, number: &Number) -> bool {
        let lead: String = self.text.span(number.start.saturating_sub(6), number.start).iter().collect();
        if let Some(lead) = lead.strip_suffix('负') {
            return !lead.ends_with('正');
        }
        let Some(lead) = lead.strip_suffix(['-', '−']) else { return false };
        let begins = lead.trim_end().is_empty() || lead.trim_end().ends_with(['给', '打', '评', '个', '俾', '畀']);
        begins || self.is_given(number.start - 1)
    }

    /// "给你们-5分", "give it -5 stars": words of rating lead to the minus; "评分-5" and "rated-5" only part.
    fn is_given(&self, minus: usize) -> bool {
        let spaces = self.text.span(0, minus).iter().rev().take_while(|c| **c == ' ').count();
        let end = minus - spaces;
        let last = self.text.before(end);
        let apart = if last.is_ascii() { spaces > 0 } else { !matches!(last, '分' | '数' | '度' | '程') };
        apart && self.found.iter().any(|find| matches!(find.meaning, Meaning::Rating) && find.end == end)
    }

    /// 十分不推荐: "very", where the rules take it for no mark and what comes after it is bad.
    pub(super) fn is_very_bad(&self, number: &Number, known: &[Mark]) -> bool {
        let begins = |find: &&Found| find.start == number.end + 1;
        let judges =
            |find: &&Found| matches!(find.meaning, Meaning::Emotion { .. } | Meaning::Negator { .. } | Meaning::Mask);
        // 不 begins 不错 too.
        let longest = self.found.iter().filter(begins).filter(judges).max_by_key(|find| find.end);
        let is_bad = match longest.map(|find| find.meaning) {
            Some(Meaning::Negator { .. }) => true,
            Some(Meaning::Emotion { weight, .. }) => *weight < 0.0,
            _ => false,
        };
        is_bad
            && self.text.span(number.start, number.end + 1) == ['十', '分']
            && !known.iter().any(|mark| mark.start == number.start)
    }

    /// 四分之三, 百分之五: a share is no mark; fifths and tenths are.
    pub(super) fn is_share(&self, start: usize) -> bool {
        self.numbers.windows(2).any(|pair| match pair {
            [whole, part] => {
                (whole.start == start || part.start == start)
                    && self.text.span(whole.end, part.start) == ['分', '之']
                    && ![5.0, 10.0].contains(&whole.value)
            }
            _ => false,
        })
    }
}
