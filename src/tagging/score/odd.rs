//! Ratings in odd forms: rows of stars, 满分, marks taken off, what speech recognition makes of a
//! rating, and the bare number where a rating is awaited.

use super::{Mark, Reader, Scale, is_star, same};
use crate::domain::lexicon::Meaning;
use crate::domain::understanding::Awaiting;
use crate::tagging::number::Number;
use crate::tagging::text::is_han;

impl Reader<'_> {
    /// ⭐⭐⭐⭐
    pub(super) fn stars(&self) -> Vec<Mark> {
        let mut marks = Vec::new();
        let mut at = 0;
        while at < self.text.len() {
            let count = self.text.span(at, at + 12).iter().take_while(|c| is_star(**c)).count();
            // 四颗🌟 says it in words already; one star alone decorates unless a mark is awaited.
            let worded = at > 0 && (self.text.before(at) == '星' || self.text.before(at) == '颗');
            let enough = count >= 2 || count == 1 && self.awaiting != Awaiting::Nothing;
            if enough && !worded && count <= 10 {
                #[expect(clippy::cast_precision_loss, reason = "at most ten")]
                let value = count as f64;
                let scale = if count <= 5 { Scale::Five } else { Scale::Ten };
                marks.push(Mark { start: at, end: at + count, value, scale, range: false, maximum: false });
            }
            at += count.max(1);
        }
        marks
    }

    pub(super) fn maxima(&self, marks: &[Mark]) -> Vec<Mark> {
        self.found
            .iter()
            .filter(|find| matches!(find.meaning, Meaning::Maximum))
            // "满分十分" names the scale.
            .filter(|find| !self.numbers.iter().any(|number| number.start >= find.end && number.start <= find.end + 1))
            .filter(|find| {
                !marks
                    .iter()
                    .any(|mark| mark.start <= find.end + 1 && mark.end >= find.start && mark.scale != Scale::Open)
            })
            .map(|find| {
                let ten = matches!(self.awaiting, Awaiting::Score10 | Awaiting::Nps);
                Mark {
                    start: find.start,
                    end: find.end,
                    value: if ten { 10.0 } else { 5.0 },
                    scale: Scale::Open,
                    range: false,
                    maximum: true,
                }
            })
            .collect()
    }

    pub(super) fn homophones(&self, marks: &[Mark]) -> Vec<Mark> {
        if self.awaiting == Awaiting::Nothing || !marks.is_empty() {
            return Vec::new();
        }
        let (first, last) = self.text.core();
        self.found
            .iter()
            .filter(|find| find.start <= first + 6 || find.end + 3 >= last)
            .filter(|find| !matches!(self.text.char(find.end), '钟' | '之' | '米' | '贝' | '期'))
            .filter_map(|find| match find.meaning {
                Meaning::Homophone { value } => Some(Mark {
                    start: find.start,
                    end: find.end,
                    value: *value,
                    scale: Scale::Open,
                    range: false,
                    maximum: false,
                }),
                _ => None,
            })
            .take(1)
            .collect()
    }

    /// A number that stands alone where a rating is awaited.
    pub(super) fn bare(&self) -> Vec<Mark> {
        let free: Vec<&Number> =
            self.numbers.iter().filter(|number| !self.has_unit(number) && !self.is_ordinal(number)).collect();
        let (first, last) = self.text.core();
        let mut marks = Vec::new();
        for (index, number) in free.iter().enumerate() {
            let open = |c: char| !c.is_alphanumeric();
            let (before, after) = (self.text.before(number.start), self.text.char(number.end));
            let own_clause = (open(before) || self.is_rated(number))
                && (open(after)
                    || matches!(after, '吧' | '啊' | '呀' | '哦' | '哈' | '啦' | '咯' | '了' | '嘛' | '呢'));
            let short = last - first <= 6 && free.len() == 1;
            let aspect = self.found.iter().any(|find| {
                matches!(find.meaning, Meaning::Aspect { .. })
                    && find.end <= number.start
                    && number.start - find.end <= 2
            });
            // 一 alone is "one" only as the whole answer: 一样, 一直, 一般 are words.
            let word = is_han(self.text.char(number.start)) && number.end - number.start == 1 && is_han(after);
            let joined = |other: &Number| {
                let between: String = self.text.span(number.end, other.start).iter().collect();
                ["到", "-", "~", "或", "或者", "or", "至", "、"].contains(&between.trim())
            };
            let range = number.range || free.get(index + 1).is_some_and(|next| joined(next));
            let whole = own_clause || aspect || range;
            if whole || short && !(word && last - first > 4) {
                let scale = self.scale_of_setting(number);
                marks.push(Mark {
                    start: number.start,
                    end: number.end,
                    value: number.value,
                    scale,
                    range,
                    maximum: false,
                });
            }
        }
        // Several bare numbers without an aspect each are a list, a range or a telephone number.
        let aspects = self.found.iter().filter(|find| matches!(find.meaning, Meaning::Aspect { .. })).count();
        let lone_sentence = marks.len() > 1 && aspects < 2 && !marks.iter().any(|mark| mark.range) && !self.corrects();
        if lone_sentence { Vec::new() } else { marks }
    }

    pub(super) fn corrects(&self) -> bool {
        self.found.iter().any(|find| matches!(find.meaning, Meaning::Correction))
    }

    /// "满分扣一分": takes the second mark off the first.
    pub(super) fn deduct(&self, marks: &mut Vec<Mark>) {
        for find in self.found.iter().filter(|find| matches!(find.meaning, Meaning::Deduct)) {
            let top = if matches!(self.awaiting, Awaiting::Score10 | Awaiting::Nps) { 10.0 } else { 5.0 };
            let half = self.text.span(find.end, find.end + 3).contains(&'半');
            let amount = self
                .numbers
                .iter()
                .find(|number| number.start >= find.end && number.start <= find.end + 3)
                // 少亮两个, 扣三百: what is taken off must be marks.
                .filter(|number| {
                    let after: String = self.text.span(number.end, number.end + 6).iter().collect();
                    ["分", "星", "颗", " point", " star", " mark"].iter().any(|unit| after.starts_with(unit))
                        || !after.starts_with(char::is_alphanumeric) && self.awaiting != Awaiting::Nothing
                })
                .map(|number| (number.value, number.end))
                .or_else(|| half.then_some((0.5, find.end + 3)));
            let Some((amount, end)) = amount else { continue };
            marks.retain(|mark| !(mark.start >= find.end && mark.start < end + 1));
            let base = marks.iter().rposition(|mark| mark.end <= find.start);
            let explained = marks.iter().any(|mark| mark.start >= end);
            match base.and_then(|index| marks.get_mut(index)) {
                Some(mark) if mark.maximum || same(mark.value, top) => {
                    mark.value -= amount;
                    mark.maximum = false;
                    mark.end = end;
                }
                None if !explained => {
                    let value = top - amount;
                    marks.push(Mark {
                        start: find.start,
                        end,
                        value,
                        scale: Scale::Open,
                        range: false,
                        maximum: false,
                    });
                }
                // "四星，扣一星因为…" has said its mark already.
                Some(_) | None => {}
            }
        }
    }
}
