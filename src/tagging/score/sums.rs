//! Ratings that are reckoned: "满分扣一分", "三分再加半分", "差一颗就满星", "one short of full marks".
//!
//! A deduction beside a mark that was stated is a remark ("nine, minus one because nobody's
//! perfect") and changes nothing; off a full mark, or off what a sum came to, it counts.

use super::{Mark, Reader, Scale, same};
use crate::domain::lexicon::Meaning;
use crate::domain::understanding::Awaiting;

/// Words that add; longer ones first.
pub(super) const ADDING: &[&str] =
    &["加上", "加个", "加", "多给", "再多", "补上", "补", "涨", "提高", "plus", "add", "adding"];

/// What may stand between such a word and the number.
pub(super) const FILLERS: &[&str] =
    &["you", "a", "the", "another", "again", "back", "给", "它", "他", "她", "你们", "了", "去", "掉", "个"];

/// What says after a step that it is not taken: "扣半分都舍不得".
const NOT_TAKEN: &[&str] = &[
    "都舍不得",
    "也舍不得",
    "都不舍得",
    "都嫌",
    "都不忍",
    "都下不了手",
    "都下不去手",
    "都找不到理由",
    "都没理由",
    "都不好意思",
];

/// One step of a sum.
#[derive(Debug, Clone, Copy)]
struct Step {
    /// Where the step begins: its cue, or the amount that stands before it.
    start: usize,
    end: usize,
    /// Below zero where marks are taken off.
    amount: f64,
    /// 差 takes off only where the full mark is named.
    needs_full: bool,
}

impl Reader<'_> {
    /// "2+2", "一加二", "4减1": two bare numbers and what is done to them, said first where a rating is awaited.
    pub(super) fn bare_sum(&self) -> Option<Mark> {
        let [one, other, ..] = self.numbers else { return None };
        let between: String = self.text.span(one.end, other.start).iter().collect();
        let sign = match between.trim() {
            "+" | "加" | "加上" | "plus" => 1.0,
            "减" | "减去" | "减掉" | "minus" => -1.0,
            _ => return None,
        };
        let first = one.start <= self.text.core().0 + 2;
        // Nothing asked: "五减一", off the top of a scale, at the very beginning.
        let off_top = sign < 0.0 && one.start == self.text.core().0 && [5.0, 10.0].contains(&one.value);
        let meant = (self.awaiting != Awaiting::Nothing || off_top)
            && first
            && !self.has_unit(other)
            && other.value < one.value.max(10.0);
        let sum = one.value + sign * other.value;
        meant.then(|| Mark { sum: true, ..Mark::plain(one.start, other.end, sum, self.scale_of_setting(one)) })
    }

    /// Works the sums into the marks and drops the names of scales that are no longer needed.
    pub(super) fn reckon(&self, marks: &mut Vec<Mark>) {
        let steps = self.steps(marks);
        for step in &steps {
            marks.retain(|mark| !(mark.start >= step.start && mark.start < step.end));
        }
        if marks.iter().any(|mark| !mark.setting) || steps.is_empty() {
            marks.retain(|mark| !mark.setting);
        }
        for step in &steps {
            self.half_of_full(step, marks);
            let explained = marks.iter().any(|mark| mark.start >= step.end && !mark.maximum);
            let base = marks.iter().rposition(|mark| mark.end <= step.start);
            let full_after = marks
                .iter()
                .position(|mark| self.is_full(mark) && mark.start >= step.end && mark.start - step.end <= 8);
            match base.or(full_after).and_then(|index| marks.get_mut(index)) {
                Some(mark) if self.counts(step, mark) => {
                    // "十分扣两分" where five are asked for speaks of its own scale.
                    if same(mark.value, 10.0) && !mark.maximum && self.awaiting == Awaiting::Score5 {
                        mark.scale = Scale::Ten;
                    }
                    mark.value += step.amount;
                    (mark.start, mark.end) = (mark.start.min(step.start), mark.end.max(step.end));
                    (mark.maximum, mark.setting, mark.sum) = (false, false, true);
                }
                None if step.amount < 0.0 && !explained && !step.needs_full => {
                    let value = self.top() + step.amount;
                    marks.push(Mark { sum: true, ..Mark::plain(step.start, step.end, value, Scale::Open) });
                    marks.sort_by_key(|mark| mark.start);
                }
                // "四星，扣一星因为…" has said its mark already.
                Some(_) | None => {}
            }
        }
    }

    fn counts(&self, step: &Step, mark: &Mark) -> bool {
        if mark.sum || step.amount > 0.0 || self.is_full(mark) {
            return true;
        }
        // "八分减一分" in one breath is a sum; "九分扣一分" says why it is not ten.
        let explains = same(mark.value - step.amount, 5.0) || same(mark.value - step.amount, 10.0);
        !step.needs_full && !explains && self.text.same_clause(mark.start, step.start)
    }

    fn top(&self) -> f64 {
        let ten = self.settings.iter().any(|_| self.numbers.iter().any(|n| self.scale_of_setting(n) == Scale::Ten));
        if ten { 10.0 } else { self.highest() }
    }

    fn is_full(&self, mark: &Mark) -> bool {
        mark.maximum || mark.setting || same(mark.value, 10.0) || same(mark.value, self.top())
    }

    /// "一半再多一分": the half that a sum starts from.
    fn half_of_full(&self, step: &Step, marks: &mut Vec<Mark>) {
        let lead = self.text.span(step.start.saturating_sub(4), step.start);
        let Some(at) = lead.windows(2).position(|pair| pair == ['一', '半']) else { return };
        let start = step.start.saturating_sub(lead.len()) + at;
        marks.retain(|mark| mark.end <= start || mark.start >= step.start);
        if self.awaiting != Awaiting::Nothing && !marks.iter().any(|mark| mark.end <= step.start) {
            marks.push(Mark::plain(start, start + 2, self.top() / 2.0, Scale::Open));
            marks.sort_by_key(|mark| mark.start);
        }
    }

    /// Returns the steps in order; none overlaps another.
    fn steps(&self, marks: &[Mark]) -> Vec<Step> {
        let deduct = self.found.iter().filter(|find| matches!(find.meaning, Meaning::Deduct));
        let mut cues: Vec<(usize, usize, f64)> = deduct.map(|find| (find.start, find.end, -1.0)).collect();
        for word in ADDING {
            cues.extend(self.text.folded.match_indices(word).filter_map(|(byte, _)| {
                let start = self.text.at_byte(byte);
                let end = start + word.chars().count();
                let latin = word.is_ascii()
                    && (self.text.before(start).is_alphanumeric() || self.text.char(end).is_alphanumeric());
                (!latin).then_some((start, end, 1.0))
            }));
        }
        cues.sort_by_key(|(start, end, _)| (*start, usize::MAX - end));
        let mut steps: Vec<Step> = Vec::new();
        for (start, end, sign) in cues {
            if steps.last().is_some_and(|last| start < last.end) {
                continue;
            }
            // 扣到两分 says what is left.
            if matches!(self.text.char(end), '到' | '成' | '至' | '剩') {
                continue;
            }
            let cue: String = self.text.span(start, end).iter().collect();
            let backward = matches!(cue.as_str(), "short of" | "shy of" | "off" | "away from");
            let amount = if backward { self.amount_before(start) } else { self.amount_after(end) };
            if let Some((amount, from, to)) = amount {
                let (start, end) = (start.min(from), end.max(to));
                let rest: String = self.text.span(end, end + 8).iter().collect();
                let amount = if NOT_TAKEN.iter().any(|words| rest.starts_with(words)) { 0.0 } else { amount };
                let needs_full = backward || cue.ends_with('差');
                let full = marks.iter().any(|mark| {
                    mark.maximum && (mark.start.abs_diff(end) <= 8 || mark.end.abs_diff(start) <= 4)
                        || backward && mark.start >= end && mark.start - end <= 6 && self.is_full(mark)
                });
                if !needs_full || full {
                    steps.push(Step { start, end, amount: sign * amount, needs_full });
                }
            }
        }
        steps
    }

    /// "one star short of …"
    fn amount_before(&self, cue: usize) -> Option<(f64, usize, usize)> {
        self.numbers
            .iter()
            .rev()
            .find(|number| number.end <= cue && cue - number.end <= 8 && self.text.same_clause(number.start, cue))
            .map(|number| (number.value, number.start, number.end))
    }

    fn amount_after(&self, cue: usize) -> Option<(f64, usize, usize)> {
        let rest: String = self.text.span(cue, cue + 14).iter().collect();
        if let Some(half) = rest.chars().take(3).position(|c| c == '半') {
            let unit = matches!(self.text.char(cue + half + 1), '分' | '颗' | '星');
            return unit.then_some((0.5, cue, cue + half + 2));
        }
        if rest
            .strip_prefix(" a half")
            .is_some_and(|after| !after.starts_with(char::is_alphanumeric) && !after.starts_with(' '))
        {
            return Some((0.5, cue, cue + 7));
        }
        for (words, amount) in [(" half a ", 0.5), (" a half ", 0.5), (" a ", 1.0)] {
            if let Some(unit) = rest.strip_prefix(words)
                && ["point", "star", "mark"].iter().any(|name| unit.starts_with(name))
            {
                return Some((amount, cue, cue + words.len() + 4));
            }
        }
        self.numbers
            .iter()
            .find(|number| number.start >= cue && number.start <= cue + 3)
            // 少亮两个, 扣三百: what is taken off must be marks.
            .filter(|number| {
                let after: String = self.text.span(number.end, number.end + 6).iter().collect();
                // 少了两颗螺丝
                let screws =
                    after.strip_prefix('颗').is_some_and(|rest| rest.starts_with(['螺', '钉', '膨', '铆', '灯']));
                ["分", "星", "颗", " point", " star", " mark"].iter().any(|unit| after.starts_with(unit))
                    && !after.starts_with("分钟")
                    && !screws
                    || !after.starts_with(char::is_alphanumeric)
                        && (self.awaiting != Awaiting::Nothing || after.starts_with(" for ") || same(number.value, 0.5))
            })
            .map(|number| (number.value, number.start, number.end + 1))
    }
}
