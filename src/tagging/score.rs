//! Ratings that are stated: stars, marks, "8 out of 10", and in survey answers the bare number.
//!
//! A number is a rating only by its wording ("四分", "给 4") or, where a rating is awaited, by
//! standing alone. Which of the three scales it belongs to follows from the wording first and
//! from what is awaited second. A value outside its scale is no rating; a range asks back.
//!
//! [`worded`], [`odd`] and [`setting`] find marks, [`sums`] reckons, [`taken`] says which are taken
//! back or somebody else's, [`aspects`] parts them by what they rate. Beyond the forms these rules
//! know, [`readings`] lists everything that may be meant and [`chooser`] has learnt to choose.

mod aspects;
mod chooser;
mod odd;
mod readings;
mod refused;
mod setting;
mod sums;
mod taken;
mod unmeant;
mod worded;

use std::collections::BTreeMap;

pub(super) use chooser::Chooser;
pub(super) use readings::Reading;

use self::readings::Stated;
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
    /// The only mark there is was refused.
    pub denied: bool,
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
            #[expect(clippy::cast_precision_loss, reason = "at most eight aspects")]
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
#[expect(clippy::struct_excessive_bools, reason = "four facts that do not depend on each other")]
struct Mark {
    start: usize,
    end: usize,
    value: f64,
    scale: Scale,
    range: bool,
    /// 满分 and its like.
    maximum: bool,
    /// Names the scale ("按十分"): a rating only where marks are taken off it.
    setting: bool,
    /// Came out of a sum ("加一分"), so it is the speaker's own and of today.
    sum: bool,
}

impl Mark {
    fn plain(start: usize, end: usize, value: f64, scale: Scale) -> Mark {
        Mark { start, end, value, scale, range: false, maximum: false, setting: false, sum: false }
    }
}

/// Reads the ratings: by rules, and where there is a chooser by its choice between what the rules read
/// and everything else it may be. Also returns what was chosen from.
pub(super) fn read(
    text: &Text,
    numbers: &[Number],
    found: &[Found],
    awaiting: Awaiting,
    chooser: Option<&Chooser>,
) -> (Scores, Vec<Reading>) {
    let settings = setting::find(text, numbers);
    let reader = Reader { text, numbers, found, awaiting, settings };
    let ruled = reader.by_rules();
    let readings = reader.readings(&ruled);
    let chosen = chooser.and_then(|chooser| chooser.choose(&readings));
    (reader.as_chosen(ruled, chosen), readings)
}

struct Reader<'r> {
    text: &'r Text<'r>,
    numbers: &'r [Number],
    found: &'r [Found<'r>],
    awaiting: Awaiting,
    settings: Vec<setting::Setting>,
}

impl Reader<'_> {
    /// Reads what is said in a form the rules know.
    fn by_rules(&self) -> Scores {
        if let Some(sum) = self.bare_sum() {
            return self.settle(vec![sum]);
        }
        if let Some(opening) = self.opening() {
            return self.settle(vec![opening]);
        }
        let mut marks = self.marks();
        if let Some(last) = self.closing(&marks) {
            return self.settle(vec![last]);
        }
        if marks.iter().all(|mark| mark.setting) {
            marks.extend(self.bare());
        } else if self.awaiting != Awaiting::Nothing {
            marks.extend(self.bare_correction(&marks));
        }
        if self.awaiting == Awaiting::Nothing {
            marks.extend(self.own_conclusion(&marks));
        }
        self.reckon(&mut marks);
        if marks.is_empty() {
            marks.extend(self.full_alone());
        }
        self.settle(marks)
    }

    /// What the rules read, or what was chosen instead; where nothing is believed of what they read, a
    /// rating that is awaited is unclear and asked for.
    fn as_chosen(&self, ruled: Scores, chosen: Option<&Reading>) -> Scores {
        let Some(chosen) = chosen.filter(|chosen| chosen.stated != Stated::of(&ruled)) else { return ruled };
        // "6至8分" leaves it open which is meant, "除了手艺，其他都五分" what the whole is worth, and 四分之三 is a share.
        let is_open = ruled.unclear && self.says_only_marks() || self.leaves_out_an_aspect() && !ruled.dims.is_empty();
        if is_open || chosen.mark.is_some_and(|mark| self.is_share(mark.start)) {
            return ruled;
        }
        // "不给5分": a mark that was refused is not to be chosen after all.
        let is_refused =
            |mark: Mark| ruled.denied && ruled.spans.iter().any(|(start, end)| *start < mark.end && mark.start < *end);
        if chosen.mark.is_some_and(is_refused) {
            return Scores { unclear: self.awaiting != Awaiting::Nothing, ..ruled };
        }
        if chosen.mark.is_none() && self.awaiting == Awaiting::Nothing {
            // Nobody asked, so nothing is asked back: "打了5通电话" is no answer of any kind.
            return Scores::default();
        }
        let mut scores = Scores { score: None, score10: None, nps: None, unclear: chosen.mark.is_none(), ..ruled };
        if let Some(mark) = chosen.mark {
            scores.spans.push((mark.start, mark.end));
            self.place(mark, &mut scores);
        }
        scores
    }

    /// "6至8分", "一个5分一个2分": numbers and what may join them, and not a word that tells them apart.
    fn says_only_marks(&self) -> bool {
        let (first, last) = self.text.core();
        let counted = |at: usize| self.numbers.iter().any(|number| (number.start..number.end).contains(&at));
        (first..last).all(|at| counted(at) || " 分星颗个给到至或和跟、,~-吧".contains(self.text.char(at)))
    }

    fn settle(&self, mut marks: Vec<Mark>) -> Scores {
        let mut scores =
            Scores { spans: marks.iter().map(|mark| (mark.start, mark.end)).collect(), ..Scores::default() };
        marks.retain(|mark| mark.scale != Scale::Foreign);
        marks.retain(|mark| !self.is_asked_about(mark));
        // "不是三分就四分": one of two, and not said which.
        let either = |pair: &[Mark]| match pair {
            [a, b] if a.end <= b.start => {
                let between: String = self.text.span(a.end, b.start).iter().collect();
                ["就", "就是", "就系"].contains(&between.trim()) && self.ends_before(a.start, &["不是", "唔系"])
            }
            _ => false,
        };
        if marks.windows(2).any(either) {
            scores.unclear = true;
            return scores;
        }
        if !self.keep_own(&mut marks) {
            scores.denied = marks.iter().any(|mark| self.is_declined(mark));
            return scores;
        }
        // "三星，两星给态度一星给手艺": the first is what the others add up to.
        if let [whole, parts @ ..] = marks.as_slice()
            && parts.len() > 1
            && same(whole.value, parts.iter().map(|part| part.value).sum())
            && parts.iter().all(|part| part.scale == whole.scale)
            && !marks.iter().any(|mark| self.concludes(mark))
            && !self.rates_an_aspect(whole)
        {
            marks.truncate(1);
        }
        if marks.iter().all(|mark| self.is_bound(mark)) && !marks.is_empty() {
            scores.unclear = true;
            return scores;
        }
        self.aspects(&marks, &mut scores);
        if scores.dims.len() > 1 {
            // "服务4，质量4": the same of all is the verdict on the whole.
            let mut values = scores.dims.values();
            let first = values.next().copied();
            let alike = first.filter(|first| values.all(|value| same(*value, *first)));
            scores.score = scores.dims.get("overall").copied().or(alike.filter(|_| marks.len() > 1));
            return scores;
        }
        scores.dims.clear();
        let joined = |pair: &[Mark]| match pair {
            [a, b] if a.end <= b.start && !same(a.value, b.value) => {
                let between: String = self.text.span(a.end, b.start).iter().collect();
                joins(between.trim(), &["", "and", "跟", "和", "还是", "and a", "or a", "to a"])
            }
            _ => false,
        };
        let range_written =
            marks.windows(2).any(joined) || marks.iter().any(|mark| mark.range || self.is_in_range(mark));
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
            && !self.has_last_word(&mark, &marks)
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

    /// "1分是最差还是最好？": the scale is asked about, nothing is rated.
    fn is_asked_about(&self, mark: &Mark) -> bool {
        let rest: String = self.text.span(mark.end, mark.end + 24).iter().collect();
        let sentence = rest.split_inclusive(['.', '!', '?']).next().unwrap_or_default();
        let about =
            ["是最", "代表", "表示", "算什么", "算啥", "是什么", "是啥", "是好", "是高", " the best", " the worst"];
        let asks =
            sentence.contains("还是最") || sentence.ends_with(['?', '吗', '啥']) || sentence.ends_with("什么意思");
        asks && about.iter().any(|word| sentence.starts_with(word))
    }

    /// "3-4分", "between 3 and 4", "给个5到7吧": a number that leads into the mark or goes on from it.
    fn is_in_range(&self, mark: &Mark) -> bool {
        let joins = |from: usize, to: usize| {
            let between: String = self.text.span(from, to).iter().collect();
            joins(between.trim(), &["and", "–", "—", "or maybe", "maybe", "and a", "or a", "to a"])
        };
        let near = |low: f64, high: f64| low < high && low + 2.0 >= high;
        self.numbers.iter().filter(|number| !self.names_scale(number)).any(|number| {
            number.end <= mark.start && near(number.value, mark.value) && joins(number.end, mark.start)
                || number.start >= mark.end
                    && near(mark.value, number.value)
                    && joins(mark.end, number.start)
                    && !self.has_unit(number)
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

    /// Says whether the mark is the verdict on the whole: "综合七分", "overall: 3", "3 overall".
    fn concludes(&self, mark: &Mark) -> bool {
        // "4分+1分＝5分"
        if self.text.before(mark.start) == '=' {
            return true;
        }
        self.found.iter().filter(|find| matches!(find.meaning, Meaning::Aspect { name } if name == "overall")).any(
            |find| {
                let before = find.end <= mark.start
                    && (self.text.same_clause(find.start, mark.start) || mark.start - find.end <= 3)
                    && !self.numbers.iter().any(|number| {
                        // 综合一下
                        number.start >= find.end && number.end <= mark.start && self.text.char(number.end) != '下'
                    });
                let after = find.start >= mark.end
                    && find.start - mark.end <= 2
                    && self.text.same_clause(mark.start, find.start)
                    && !self
                        .numbers
                        .iter()
                        .any(|number| number.start >= find.end && self.text.same_clause(find.start, number.start));
                before || after
            },
        )
    }

    /// "我说4分，家里她做主，5分": the only mark that is a clause of its own, at the end.
    fn has_last_word(&self, mark: &Mark, marks: &[Mark]) -> bool {
        let alone = |mark: &Mark| {
            let lead = self.text.span(0, mark.start).iter().rev().find(|c| **c != ' ');
            lead.is_none_or(|c| !c.is_alphanumeric()) && !self.text.char(mark.end).is_alphanumeric()
        };
        mark.end >= self.text.core().1 && alone(mark) && marks.iter().filter(|mark| alone(mark)).count() == 1
    }

    fn in_recommendation(&self, mark: &Mark) -> bool {
        // "nine, and I'd happily tell my friends"
        let alone = self.numbers.len() == 1 && self.text.span(0, mark.start).iter().all(|c| *c == ' ');
        self.found.iter().filter(|find| matches!(find.meaning, Meaning::Recommend)).any(|find| {
            // "会不会推荐？九" answers its own question.
            let asked = find.end <= mark.start
                && !self.text.span(find.end, mark.start).iter().any(|c| matches!(c, '.' | '!' | ';' | '\n'));
            // "维修4分，推荐度7": it leads to a number of its own.
            let own = find.start >= mark.end
                && self.numbers.iter().any(|number| number.start >= find.end && number.start - find.end <= 4);
            let near = if find.end > mark.start {
                find.start.saturating_sub(mark.end) <= if alone { 24 } else { 8 }
            } else {
                // "看网上推荐才找的你们，……，给5分" is not about recommending: letters are smaller steps than characters.
                let reach = if is_han(self.text.char(find.start)) { 12 } else { 36 };
                let asks_itself = self.text.span(find.end, mark.start).contains(&'?');
                asks_itself || mark.start - find.end <= reach
            };
            !own && near && (asked || self.text.same_sentence(find.start, mark.start))
        })
    }

    /// "满意度 8/10" speaks of satisfaction and so is no willingness to recommend.
    fn in_satisfaction(&self, mark: &Mark) -> bool {
        ["满意", "satisf"].iter().any(|word| {
            self.text.folded.match_indices(word).any(|(byte, _)| {
                let at = self.text.at_byte(byte);
                self.text.same_sentence(at, mark.start) && !self.in_recommendation(mark)
            })
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
            (Scale::Ten | Scale::Open, Awaiting::Nps) => scores.nps = whole(mark.value),
            (Scale::Ten | Scale::Open, Awaiting::Score10) | (Scale::Ten, Awaiting::Score5) => {
                scores.score10 = ten(mark.value);
            }
            (Scale::Ten, Awaiting::Nothing) => {
                scores.nps = whole(mark.value).filter(|_| !self.in_satisfaction(&mark));
                if !self.in_recommendation(&mark) {
                    scores.score10 = ten(mark.value);
                }
            }
            (Scale::Open, _) if self.in_recommendation(&mark) => {
                let value = if mark.maximum { 10.0 } else { mark.value };
                scores.nps = whole(value);
            }
            (Scale::Five, _) | (Scale::Open, Awaiting::Score5) => scores.score = five(mark.value),
            (Scale::Open, Awaiting::Nothing) => {
                if let Some(score) = five(mark.value) {
                    scores.score = Some(score);
                } else {
                    scores.nps = whole(mark.value).filter(|value| *value > 5 && !self.in_satisfaction(&mark));
                    scores.score10 = ten(mark.value);
                }
            }
        }
    }
}

fn is_star(c: char) -> bool {
    matches!(c, '⭐' | '🌟' | '★')
}

/// Says whether words between two numbers make them the ends of a range: the usual ones, or others `besides`.
fn joins(between: &str, besides: &[&str]) -> bool {
    ["到", "-", "~", "或", "或者", "or", "to", "至", "、"].contains(&between) || besides.contains(&between)
}

fn same(a: f64, b: f64) -> bool {
    (a - b).abs() < 1e-9
}
