//! Ratings that are stated: stars, marks, "8 out of 10", and in survey answers the bare number.
//!
//! A number is a rating only by its wording ("四分", "给 4") or, where a rating is awaited, by
//! standing alone. Which of the three scales it belongs to follows from the wording first and
//! from what is awaited second. A value outside its scale is no rating; a range asks back.

use std::collections::BTreeMap;

use super::matcher::Found;
use super::number::Number;
use super::text::{Text, is_han};
use crate::domain::lexicon::Meaning;
use crate::domain::understanding::Awaiting;

/// The ratings of an utterance.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Scores {
    pub score: Option<f64>,
    pub score10: Option<f64>,
    pub nps: Option<u8>,
    pub dims: BTreeMap<String, f64>,
    pub unclear: bool,
    /// Where ratings stand, so that other readers leave these numbers alone.
    pub spans: Vec<(usize, usize)>,
}

impl Scores {
    /// Says whether anything was rated.
    pub(super) fn any(&self) -> bool {
        self.score.is_some() || self.score10.is_some() || self.nps.is_some() || !self.dims.is_empty() || self.unclear
    }

    /// Returns the mark on a line from -1 (worst) to 1 (best).
    pub(super) fn level(&self) -> Option<f64> {
        let mean = || {
            #[expect(clippy::cast_precision_loss, reason = "at most six aspects")]
            let count = self.dims.len() as f64;
            (count > 0.0).then(|| self.dims.values().sum::<f64>() / count)
        };
        if let Some(score) = self.score.or_else(mean) {
            Some((score - 3.0) / 2.0)
        } else if let Some(nps) = self.nps {
            // Promoters start at 9, detractors end at 6; 5 to 8 is neither praise nor blame.
            Some(((f64::from(nps) - 6.5) / 3.5).clamp(-1.0, 1.0))
        } else {
            self.score10.map(|score| ((score - 6.0) / 4.0).clamp(-1.0, 1.0))
        }
    }
}

/// What a rating says about its own scale.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Scale {
    /// "四分": no more than the number.
    Open,
    /// Stars, "out of 5".
    Five,
    /// "out of 10", 十分制.
    Ten,
    /// Some other scale, such as 100: not ours to convert.
    Foreign,
}

#[derive(Debug, Clone, Copy)]
struct Mark {
    start: usize,
    end: usize,
    value: f64,
    scale: Scale,
    range: bool,
    /// 满分 and its like.
    maximum: bool,
}

/// Reads the ratings.
pub(super) fn read(text: &Text, numbers: &[Number], found: &[Found], awaiting: Awaiting) -> Scores {
    let reader = Reader { text, numbers, found, awaiting };
    let mut marks = reader.marks();
    if marks.is_empty() && awaiting != Awaiting::Nothing {
        marks = reader.bare();
    }
    reader.settle(marks)
}

struct Reader<'r> {
    text: &'r Text<'r>,
    numbers: &'r [Number],
    found: &'r [Found<'r>],
    awaiting: Awaiting,
}

impl Reader<'_> {
    /// Returns what is a rating by its wording.
    fn marks(&self) -> Vec<Mark> {
        let mut marks: Vec<Mark> = Vec::new();
        let mut taken = 0;
        for number in self.numbers {
            if number.start < taken {
                continue;
            }
            if let Some(mark) = self.fraction(number).or_else(|| self.worded(number)) {
                taken = mark.end;
                marks.push(mark);
            }
        }
        marks.extend(self.stars());
        marks.extend(self.maxima(&marks));
        marks.extend(self.homophones(&marks));
        marks.sort_by_key(|mark| mark.start);
        self.deduct(&mut marks);
        marks
    }

    /// "8/10", "8 out of 10", "4 of 5".
    fn fraction(&self, number: &Number) -> Option<Mark> {
        let rest: String = self.text.span(number.end, number.end + 16).iter().collect();
        let after = ["/", " / ", " out of a possible ", " out of ", "分/", "分(满分", "分,满分", "分 满分"]
            .iter()
            .find(|joint| rest.starts_with(**joint))
            .map(|joint| number.end + joint.chars().count())?;
        let whole = self.numbers.iter().find(|other| other.start == after || other.start == after + 1)?;
        let scale = if same(whole.value, 5.0) {
            Scale::Five
        } else if same(whole.value, 10.0) {
            Scale::Ten
        } else if same(whole.value, 100.0) {
            Scale::Foreign
        } else {
            return None;
        };
        // A date or "1/10 of the tiles" goes on after the slash.
        let tail = self.text.char(whole.end);
        if matches!(tail, '/' | '月' | '日' | '号') || number.value > whole.value {
            return None;
        }
        let range = number.range;
        Some(Mark { start: number.start, end: whole.end, value: number.value, scale, range, maximum: false })
    }

    /// "四分", "五颗星", "4 stars", "rate it 4", "给 4".
    fn worded(&self, number: &Number) -> Option<Mark> {
        let (c, next) = (self.text.char(number.end), self.text.char(number.end + 1));
        let english: String = self
            .text
            .span(number.end, number.end + 8)
            .iter()
            .collect::<String>()
            .trim_start_matches([' ', '-'])
            .to_owned();
        let mark = |end: usize, scale: Scale| {
            Some(Mark { start: number.start, end, value: number.value, scale, range: number.range, maximum: false })
        };
        if self.is_ordinal(number) {
            return None;
        }
        if matches!(c, '分' | '份') || c == ' ' && next == '分' {
            let end = number.end + 1 + usize::from(c == ' ');
            return if self.is_marks(number, end, c == '份') {
                mark(end, self.scale_of_setting(number))
            } else {
                None
            };
        }
        if c == '星' || matches!(c, '颗' | '个' | '粒') && next == '星' || c == '颗' && is_star(next) {
            let end = number.end + if c == '星' { 1 } else { 2 };
            let end = end + usize::from(matches!((c, self.text.char(end)), ('星', '级')));
            // 五星级 before a noun praises or names a class of hotel, but rates all the same.
            return if self.text.char(end) == '期' { None } else { mark(end, Scale::Five) };
        }
        if english.starts_with("star") {
            let skipped =
                self.text.span(number.end, number.end + 2).iter().take_while(|c| matches!(c, ' ' | '-')).count();
            let end = number.end + skipped + if english.starts_with("stars") { 5 } else { 4 };
            return mark(end, Scale::Five);
        }
        if english.starts_with("point") || english.starts_with("marks") {
            let skipped = usize::from(self.text.char(number.end) == ' ');
            let word = english.chars().take_while(char::is_ascii_alphabetic).count();
            return if self.is_rated(number) || self.awaiting != Awaiting::Nothing {
                mark(number.end + skipped + word, self.scale_of_setting(number))
            } else {
                None
            };
        }
        if self.is_rated(number) && !self.has_unit(number) {
            return mark(number.end, self.scale_of_setting(number));
        }
        None
    }

    /// 分 after a number is a mark unless it is a minute, a cent, a centimetre, a share or "very".
    fn is_marks(&self, number: &Number, end: usize, portion: bool) -> bool {
        let after = self.text.char(end);
        let before = self.text.before(number.start);
        if matches!(
            after,
            '钟' | '之' | '米' | '贝' | '期' | '店' | '包' | '钱' | '厘' | '管' | '摊' | '成' | '公' | '号' | '批'
        ) {
            return false;
        }
        if portion {
            // 四份 is what speech recognition makes of 四分.
            return self.awaiting != Awaiting::Nothing;
        }
        // 九点二十分, 六角五分, 百分之五
        if matches!(before, '点' | '角' | '时' | '秒') && !self.is_rated(number) || before == '百' {
            return false;
        }
        // 十分满意: "very", unless it is rated, awaited or nothing is said after it.
        let very = same(number.value, 10.0) && self.text.char(number.start) == '十';
        if very && is_han(after) && !self.is_rated(number) {
            let particle = matches!(after, '吧' | '啊' | '呀' | '哦' | '哈' | '啦' | '了');
            return self.awaiting != Awaiting::Nothing && particle;
        }
        if number.value > 10.0 && number.end - number.start > 1 && after == '上' {
            return false;
        }
        true
    }

    /// 第三, 3号, B1, version numbers, parts of a longer code.
    fn is_ordinal(&self, number: &Number) -> bool {
        let before = self.text.before(number.start);
        before == '第'
            || before.is_ascii_alphanumeric()
            || matches!(before, '#' | '№')
            || self.text.char(number.end) == '-' && self.text.char(number.end + 1).is_ascii_alphabetic()
    }

    fn has_unit(&self, number: &Number) -> bool {
        let c = self.text.char(number.end);
        let unit = self.found.iter().any(|find| {
            matches!(find.meaning, Meaning::Unit)
                && find.start >= number.end
                && self.text.span(number.end, find.start).iter().all(|c| matches!(c, ' ' | '多' | '几' | '来' | '-'))
                && find.start - number.end <= 1
        });
        unit || matches!(c, '%' | ':' | '/' | '-') && self.text.char(number.end + 1).is_ascii_digit()
            || c == '%'
            || c.is_ascii_alphabetic()
    }

    /// Says whether a word of rating leads to the number: 给 4, "a 3 from me", "I'd give it 4".
    fn is_rated(&self, number: &Number) -> bool {
        self.found.iter().any(|find| {
            if !matches!(find.meaning, Meaning::Rating) {
                return false;
            }
            let between = if find.end <= number.start {
                self.text.span(find.end, number.start)
            } else if find.start >= number.end {
                self.text.span(number.end, find.start)
            } else {
                return find.start <= number.start && find.end >= number.end;
            };
            let filler = |c: &char| {
                matches!(
                    c,
                    ' ' | '个'
                        | '你'
                        | '们'
                        | '他'
                        | '了'
                        | '的'
                        | '它'
                        | '到'
                        | '成'
                        | '就'
                        | '只'
                        | '能'
                        | '是'
                        | '"'
                )
            };
            between.len() <= 3 && between.iter().all(filler)
                || between.iter().copied().eq(" a ".chars())
                || between.iter().copied().eq(" it a ".chars())
        })
    }

    /// 十分制, 满分十分, 1-10: the scale that is named beside the mark.
    fn scale_of_setting(&self, number: &Number) -> Scale {
        let all: &String = &self.text.folded;
        let named = |words: &[&str]| words.iter().any(|word| all.contains(word));
        if named(&[
            "十分制",
            "10分制",
            "满分十分",
            "满分10",
            "满分是十",
            "满分是10",
            "十分满分",
            "10分满分",
            "out of 10",
            "out of ten",
        ]) {
            Scale::Ten
        } else if named(&["五分制", "5分制", "满分五分", "满分5", "五分满分", "5分满分", "out of 5", "out of five"])
        {
            Scale::Five
        } else if named(&["百分制", "满分100", "满分一百", "100分满分", "out of 100"]) || number.value > 10.0
        {
            Scale::Foreign
        } else {
            Scale::Open
        }
    }

    /// ⭐⭐⭐⭐
    fn stars(&self) -> Vec<Mark> {
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

    fn maxima(&self, marks: &[Mark]) -> Vec<Mark> {
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

    fn homophones(&self, marks: &[Mark]) -> Vec<Mark> {
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
    fn bare(&self) -> Vec<Mark> {
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

    fn corrects(&self) -> bool {
        self.found.iter().any(|find| matches!(find.meaning, Meaning::Correction))
    }

    /// "满分扣一分": takes the second mark off the first.
    fn deduct(&self, marks: &mut Vec<Mark>) {
        for find in self.found.iter().filter(|find| matches!(find.meaning, Meaning::Deduct)) {
            let top = if matches!(self.awaiting, Awaiting::Score10 | Awaiting::Nps) { 10.0 } else { 5.0 };
            let half = self.text.span(find.end, find.end + 3).contains(&'半');
            let amount = self
                .numbers
                .iter()
                .find(|number| number.start >= find.end && number.start <= find.end + 3)
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
                // "四星，扣一星因为…" has said its mark already.
                Some(_) => {}
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
                None => {}
            }
        }
    }

    fn settle(&self, mut marks: Vec<Mark>) -> Scores {
        let mut scores =
            Scores { spans: marks.iter().map(|mark| (mark.start, mark.end)).collect(), ..Scores::default() };
        marks.retain(|mark| mark.scale != Scale::Foreign);
        if marks.len() > 1 {
            let mine: Vec<Mark> = marks.iter().copied().filter(|mark| !self.not_mine(mark)).collect();
            if !mine.is_empty() {
                marks = mine;
            }
        } else if marks.first().is_some_and(|mark| self.not_mine(mark)) {
            return scores;
        }
        if let Some(cue) = self.found.iter().rev().find(|find| matches!(find.meaning, Meaning::Correction)) {
            let later: Vec<Mark> = marks.iter().copied().filter(|mark| mark.start >= cue.start).collect();
            if !later.is_empty() && later.len() < marks.len() {
                marks = later;
            }
        }
        self.aspects(&marks, &mut scores);
        if scores.dims.len() > 1 {
            scores.score = scores.dims.get("overall").copied();
            return scores;
        }
        scores.dims.clear();
        let joined = |pair: &[Mark]| match pair {
            [a, b] if a.end <= b.start => {
                let between: String = self.text.span(a.end, b.start).iter().collect();
                ["", "到", "-", "~", "或", "或者", "or", "to", "至", "、", "and", "跟", "和", "还是"]
                    .contains(&between.trim())
            }
            _ => false,
        };
        let range_written =
            marks.windows(2).any(joined) || marks.iter().any(|mark| mark.range || self.range_before(mark));
        if range_written {
            scores.unclear = true;
            return scores;
        }
        let Some(mark) = self.chosen(&marks) else { return scores };
        self.place(mark, &mut scores);
        // Two marks on one scale that nothing tells apart: ask.
        let same_scale = |other: &&Mark| {
            other.scale == mark.scale && !same(other.value, mark.value) && !self.in_recommendation(other)
        };
        if !self.corrects()
            && marks.iter().filter(same_scale).count() > 0
            && !self.in_recommendation(&mark)
            && !self.concludes(&mark)
        {
            let unclear = Scores { unclear: true, spans: scores.spans, nps: scores.nps, ..Scores::default() };
            return unclear;
        }
        for other in marks.iter().filter(|other| other.start != mark.start) {
            if self.in_recommendation(other) != self.in_recommendation(&mark) {
                self.place(*other, &mut scores);
            }
        }
        scores
    }

    /// "3-4分", "between 3 and 4": a number that leads into the mark.
    fn range_before(&self, mark: &Mark) -> bool {
        self.numbers.iter().any(|number| {
            number.end <= mark.start && number.value < mark.value && number.value + 2.0 >= mark.value && {
                let between: String = self.text.span(number.end, mark.start).iter().collect();
                ["到", "-", "~", "或", "或者", "or", "to", "至", "、", "and", "–", "—", "or maybe", "maybe"]
                    .contains(&between.trim())
            }
        })
    }

    /// The last mark, unless an earlier one is the verdict on the whole.
    fn chosen(&self, marks: &[Mark]) -> Option<Mark> {
        marks
            .iter()
            .find(|mark| self.concludes(mark))
            .or_else(|| marks.iter().rev().find(|mark| !self.in_recommendation(mark)))
            .or_else(|| marks.last())
            .copied()
    }

    fn concludes(&self, mark: &Mark) -> bool {
        self.found.iter().any(|find| {
            matches!(find.meaning, Meaning::Aspect { name } if name == "overall")
                && find.end <= mark.start
                && self.text.same_clause(find.start, mark.start)
        })
    }

    fn not_mine(&self, mark: &Mark) -> bool {
        self.found.iter().any(|find| {
            matches!(find.meaning, Meaning::NotMine)
                && find.end <= mark.start
                && mark.start - find.end <= 6
                && self.text.same_clause(find.start, mark.start)
        })
    }

    fn in_recommendation(&self, mark: &Mark) -> bool {
        self.found.iter().any(|find| {
            matches!(find.meaning, Meaning::Recommend)
                && self.text.same_sentence(find.start, mark.start)
                && (mark.start.saturating_sub(find.end) <= 12 || find.start.saturating_sub(mark.end) <= 6)
                && (find.start <= mark.start || find.start.saturating_sub(mark.end) <= 8)
        })
    }

    fn place(&self, mark: Mark, scores: &mut Scores) {
        let five = |value: f64| (1.0..=5.0).contains(&value).then_some(value);
        let ten = |value: f64| (1.0..=10.0).contains(&value).then_some(value);
        let whole = |value: f64| {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked to lie in 0..=10")]
            ((0.0..=10.0).contains(&value) && value.fract().abs() < f64::EPSILON).then_some(value as u8)
        };
        match (mark.scale, self.awaiting) {
            (Scale::Foreign, _) => {}
            (Scale::Five, _) => scores.score = five(mark.value),
            (Scale::Ten, Awaiting::Nps) => scores.nps = whole(mark.value),
            (Scale::Ten, Awaiting::Score10 | Awaiting::Score5) => scores.score10 = ten(mark.value),
            (Scale::Ten, Awaiting::Nothing) => {
                scores.nps = whole(mark.value);
                if !self.in_recommendation(&mark) {
                    scores.score10 = ten(mark.value);
                }
            }
            (Scale::Open, Awaiting::Score10) => scores.score10 = ten(mark.value),
            (Scale::Open, Awaiting::Nps) => scores.nps = whole(mark.value),
            (Scale::Open, _) if self.in_recommendation(&mark) => {
                let value = if mark.maximum { 10.0 } else { mark.value };
                scores.nps = whole(value);
            }
            (Scale::Open, Awaiting::Score5) => scores.score = five(mark.value),
            (Scale::Open, Awaiting::Nothing) => {
                if let Some(score) = five(mark.value) {
                    scores.score = Some(score);
                } else {
                    scores.nps = whole(mark.value).filter(|value| *value > 5);
                    scores.score10 = ten(mark.value);
                }
            }
        }
    }

    /// "速度三分，手艺五分": one mark for each aspect it stands beside.
    fn aspects(&self, marks: &[Mark], scores: &mut Scores) {
        let aspects: Vec<(&str, usize, usize)> = self
            .found
            .iter()
            .filter_map(|find| match find.meaning {
                Meaning::Aspect { name } => Some((name.as_str(), find.start, find.end)),
                _ => None,
            })
            .collect();
        let everything = self.found.iter().filter_map(|find| match find.meaning {
            Meaning::Everything { rest } => Some((*rest, find.start)),
            _ => None,
        });
        let everything: Vec<(bool, usize)> = everything.collect();
        let in_scale = |mark: &&Mark| (1.0..=5.0).contains(&mark.value) && mark.scale != Scale::Foreign && !mark.range;
        for mark in marks.iter().filter(in_scale) {
            let floor = marks.iter().filter(|other| other.end <= mark.start).map(|other| other.end).max().unwrap_or(0);
            let all = everything.iter().find(|(_, at)| *at >= floor && *at < mark.start);
            let before = |(_, _, end): &&(&str, usize, usize)| *end >= floor && *end <= mark.start;
            match all {
                Some((true, _)) => {
                    for name in ["overall", "speed", "skill", "communication"] {
                        scores.dims.entry(name.to_owned()).or_insert(mark.value);
                    }
                    // "其他" speaks of the aspects asked for, the verdict on the whole is not one.
                    if !aspects.iter().any(|(name, _, _)| *name == "overall") {
                        scores.dims.remove("overall");
                    }
                }
                Some((false, _)) => {
                    for (name, _, _) in aspects.iter().filter(before) {
                        scores.dims.insert((*name).to_owned(), mark.value);
                    }
                }
                None => {
                    let near = aspects.iter().rev().find(|aspect| before(aspect) && mark.start - aspect.2 <= 8);
                    let ceiling = marks
                        .iter()
                        .map(|other| other.start)
                        .filter(|start| *start >= mark.end)
                        .min()
                        .unwrap_or(usize::MAX);
                    let next = aspects
                        .iter()
                        .find(|(_, start, end)| *start >= mark.end && *end <= ceiling && start - mark.end <= 8);
                    // "4 for speed, 5 for skill": the aspect follows, whatever stands before.
                    let follows = |aspect: &&(&str, usize, usize)| {
                        self.text.span(mark.end, aspect.1).iter().collect::<String>().trim().starts_with("for")
                    };
                    let near = next.filter(follows).or(near).or(next);
                    if let Some((name, _, _)) = near {
                        scores.dims.insert((*name).to_owned(), mark.value);
                    }
                }
            }
        }
    }
}

fn is_star(c: char) -> bool {
    matches!(c, '⭐' | '🌟' | '★')
}

fn same(a: f64, b: f64) -> bool {
    (a - b).abs() < 1e-9
}
