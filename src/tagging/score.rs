//! Ratings that are stated: stars, marks, "8 out of 10", and in survey answers the bare number.
//!
//! A number is a rating only by its wording ("四分", "给 4") or, where a rating is awaited, by
//! standing alone. Which of the three scales it belongs to follows from the wording first and
//! from what is awaited second. A value outside its scale is no rating; a range asks back.

mod aspects;
mod odd;
mod worded;

use std::collections::BTreeMap;

use super::matcher::Found;
use super::number::Number;
use super::text::Text;
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
            (Scale::Ten | Scale::Open, Awaiting::Nps) => scores.nps = whole(mark.value),
            (Scale::Ten | Scale::Open, Awaiting::Score10) | (Scale::Ten, Awaiting::Score5) => {
                scores.score10 = ten(mark.value);
            }
            (Scale::Ten, Awaiting::Nothing) => {
                scores.nps = whole(mark.value);
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
                    scores.nps = whole(mark.value).filter(|value| *value > 5);
                    scores.score10 = ten(mark.value);
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
