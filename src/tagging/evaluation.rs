//! How well utterances are understood, against rows that people have marked.
//!
//! [`compare`] judges one row; what `huifang eval domain` makes of the outcomes (figures with
//! intervals) stands in `crate::cli`, the point figures that tests hold bars against in
//! [`Report`]. A row need not mark everything: what it does not carry is not judged, while a
//! `null` says "none is meant".

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};

use crate::domain::language::Language;
use crate::domain::statistics;
use crate::domain::understanding::{Awaiting, Category, Intent, Keyword, Sentiment, Understanding, Urgency};

/// One marked utterance. A mark that is misspelt would go unjudged, so there is no other key.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    #[serde(default)]
    pub id: serde_json::Value,
    pub text: String,
    #[serde(default)]
    pub lang: Option<Language>,
    /// `none`, `score_1_5`, `score_1_10`, `nps_0_10`; also `score5`, `score10`, `nps`, or `null`.
    #[serde(default, deserialize_with = "awaiting")]
    pub awaiting: Awaiting,
    #[serde(default)]
    pub sentiment: Option<Sentiment>,
    #[serde(default)]
    pub intent: Option<Intent>,
    /// Stated on 1–5.
    #[serde(default, deserialize_with = "marked")]
    pub score: Option<Option<f64>>,
    /// Stated on 1–10.
    #[serde(default, deserialize_with = "marked")]
    pub score10: Option<Option<f64>>,
    /// Stated on 0–10.
    #[serde(default, deserialize_with = "marked")]
    pub nps: Option<Option<f64>>,
    /// Stated on 1–5 by aspect, two or more of them; part of the same verdict as the scores.
    #[serde(default)]
    pub dims: Option<BTreeMap<String, f64>>,
    #[serde(default, deserialize_with = "marked")]
    pub category: Option<Option<Category>>,
    #[serde(default)]
    pub urgency: Option<Urgency>,
    /// Exact substrings a member of staff would highlight.
    #[serde(default)]
    pub emotion_keywords: Option<Vec<String>>,
    /// An exact substring.
    #[serde(default, deserialize_with = "marked")]
    pub location: Option<Option<String>>,
}

impl Row {
    /// Returns what is marked as a part of the text and stands nowhere in it: nothing could ever be found there.
    pub fn astray(&self) -> Option<&str> {
        let words = self.emotion_keywords.iter().flatten();
        let place = self.location.iter().flatten();
        let astray = |part: &&String| part.is_empty() || !self.text.contains(part.as_str());
        words.chain(place).find(astray).map(String::as_str)
    }
}

/// What one row came to; `None` where it marks nothing.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Outcome {
    /// As marked, as read.
    pub sentiment: Option<(Sentiment, Sentiment)>,
    pub intent: Option<bool>,
    pub category: Option<bool>,
    pub urgency: Option<bool>,
    /// Marked as an emergency, read as one.
    pub emergency: Option<(bool, bool)>,
    /// A score is stated, and it (or that there is none) was read.
    pub score: Option<(bool, bool)>,
    /// The place overlaps the marked one by half of either; it is the very same.
    pub location: Option<(bool, bool)>,
    pub keywords: Option<Spans>,
    /// What was understood otherwise than marked, one line each: these are people's words.
    pub misses: Vec<String>,
}

/// Marked and read spans of a row. One is found when the other covers at least half of the
/// marked one's characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Spans {
    pub found: usize,
    pub marked: usize,
    pub right: usize,
    pub read: usize,
}

/// A share: how many of how many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Default)]
pub struct Share {
    pub hits: usize,
    pub of: usize,
}

impl Share {
    /// Returns the share, 0 of nothing.
    pub fn rate(self) -> f64 {
        if self.of == 0 { 0.0 } else { self.hits as f64 / self.of as f64 }
    }

    fn of(outcomes: impl Iterator<Item = bool>) -> Share {
        outcomes.fold(Share::default(), |share, hit| Share { hits: share.hits + usize::from(hit), of: share.of + 1 })
    }
}

/// The point figures of one run.
#[derive(Debug, Clone, Serialize, Default)]
pub struct Report {
    pub rows: usize,
    pub sentiment: Share,
    pub sentiment_macro_f1: f64,
    /// Recall by class: negative, neutral, positive.
    pub sentiment_recall: BTreeMap<String, Share>,
    pub intent: Share,
    pub category: Share,
    pub urgency: Share,
    pub emergency_recall: Share,
    pub emergency_false_alarms: Share,
    /// Rows with a stated score or willingness to recommend that are read right.
    pub scores_stated: Share,
    /// Rows without one in which none is read.
    pub scores_absent: Share,
    /// The place as marked, or overlapping it by half; none where none is marked.
    pub location: Share,
    pub location_exact: Share,
    pub keyword_precision: Share,
    pub keyword_recall: Share,
    pub keyword_f1: f64,
    /// What was understood otherwise than marked, one line each.
    #[serde(skip)]
    pub misses: Vec<String>,
}

/// Compares what was understood with what is marked, row by row.
pub fn measure(rows: &[Row], understood: &[Understanding]) -> Report {
    let outcomes: Vec<Outcome> = rows.iter().zip(understood).map(|(row, got)| compare(row, got)).collect();
    Report { rows: rows.len(), ..Report::of(&outcomes) }
}

impl Report {
    fn of(outcomes: &[Outcome]) -> Report {
        let each = |of: fn(&Outcome) -> Option<bool>| Share::of(outcomes.iter().filter_map(of));
        let mut cells = [0.0; 9];
        let mut sentiment_recall = BTreeMap::new();
        for (marked, read) in outcomes.iter().filter_map(|outcome| outcome.sentiment) {
            let row = statistics::confused(class(marked), class(read));
            cells.iter_mut().zip(row).for_each(|(cell, count)| *cell += count);
            let share: &mut Share = sentiment_recall.entry(name(&marked)).or_default();
            *share = Share { hits: share.hits + usize::from(marked == read), of: share.of + 1 };
        }
        let spans = outcomes.iter().filter_map(|outcome| outcome.keywords).fold(Spans::default(), Spans::plus);
        Report {
            rows: outcomes.len(),
            sentiment: each(|outcome| outcome.sentiment.map(|(marked, read)| marked == read)),
            sentiment_macro_f1: statistics::macro_f1(&cells).unwrap_or_default(),
            sentiment_recall,
            intent: each(|outcome| outcome.intent),
            category: each(|outcome| outcome.category),
            urgency: each(|outcome| outcome.urgency),
            emergency_recall: each(|outcome| outcome.emergency.and_then(|(marked, read)| marked.then_some(read))),
            emergency_false_alarms: each(|outcome| {
                outcome.emergency.and_then(|(marked, read)| (!marked).then_some(read))
            }),
            scores_stated: each(|outcome| outcome.score.and_then(|(stated, right)| stated.then_some(right))),
            scores_absent: each(|outcome| outcome.score.and_then(|(stated, right)| (!stated).then_some(right))),
            location: each(|outcome| outcome.location.map(|(near, _)| near)),
            location_exact: each(|outcome| outcome.location.map(|(_, exact)| exact)),
            keyword_precision: Share { hits: spans.right, of: spans.read },
            keyword_recall: Share { hits: spans.found, of: spans.marked },
            keyword_f1: statistics::span_f1(&spans.counts()).unwrap_or_default(),
            misses: outcomes.iter().flat_map(|outcome| outcome.misses.iter().cloned()).collect(),
        }
    }
}

impl Spans {
    fn plus(self, other: Spans) -> Spans {
        Spans {
            found: self.found + other.found,
            marked: self.marked + other.marked,
            right: self.right + other.right,
            read: self.read + other.read,
        }
    }

    /// The counts as [`statistics::span_f1`] takes them.
    pub fn counts(self) -> [f64; 4] {
        [self.found, self.marked, self.right, self.read].map(|count| count as f64)
    }
}

/// Compares what was understood in one row with what is marked.
pub fn compare(row: &Row, got: &Understanding) -> Outcome {
    let mut misses = Vec::new();
    let mut miss = |hit: bool, what: &str, marked: String, read: String| {
        if !hit {
            misses.push(format!("{} {what}: {marked} read as {read}: {}", row.id, row.text));
        }
        hit
    };
    let sentiment = row.sentiment.map(|marked| {
        let read = format!("{} ({:.2})", name(&got.sentiment), got.polarity);
        miss(marked == got.sentiment, "sentiment", name(&marked), read);
        (marked, got.sentiment)
    });
    let intent = row.intent.map(|marked| miss(marked == got.intent, "intent", name(&marked), name(&got.intent)));
    let category =
        row.category.map(|marked| miss(marked == got.category, "category", name(&marked), name(&got.category)));
    let urgency = row.urgency.map(|marked| miss(marked == got.urgency, "urgency", name(&marked), name(&got.urgency)));
    let emergency = row.urgency.map(|marked| (marked == Urgency::Emergency, got.urgency == Urgency::Emergency));
    let read_scores = [got.score, got.score10, got.nps.map(f64::from)];
    let marked_scores: Vec<_> = [row.score, row.score10, row.nps]
        .into_iter()
        .zip(read_scores)
        .filter_map(|(marked, read)| marked.map(|marked| (marked, read)))
        .collect();
    let score = (!marked_scores.is_empty() || row.dims.is_some()).then(|| {
        let aspects = row.dims.as_ref().is_none_or(|marked| *marked == got.dims);
        let right = aspects && marked_scores.iter().all(|(marked, read)| marked == read);
        let marks = [row.score, row.score10, row.nps].map(Option::flatten);
        let read = format!("{read_scores:?} {:?}", got.dims);
        let right = miss(right, "score", format!("{marks:?} {:?}", row.dims), read);
        (marks.iter().any(Option::is_some) || row.dims.is_some(), right)
    });
    let location = row.location.as_ref().map(|marked| {
        let near = match (marked, &got.location) {
            (None, None) => true,
            (Some(marked), Some(read)) => overlap(&row.text, marked, read),
            _ => false,
        };
        miss(near, "location", format!("{marked:?}"), format!("{:?}", got.location));
        (near, *marked == got.location)
    });
    let keywords = row.emotion_keywords.as_ref().map(|marked| {
        let spans = spans(&row.text, marked, &got.keywords);
        let words: Vec<&str> = got.keywords.iter().map(|read| read.text.as_str()).collect();
        let clean = spans.found == spans.marked && spans.right == spans.read;
        miss(clean, "keywords", format!("{marked:?}"), format!("{words:?}"));
        spans
    });
    Outcome { sentiment, intent, category, urgency, emergency, score, location, keywords, misses }
}

/// Returns the place of a class in a confusion: negative, neutral, positive.
pub fn class(sentiment: Sentiment) -> usize {
    match sentiment {
        Sentiment::Negative => 0,
        Sentiment::Neutral => 1,
        Sentiment::Positive => 2,
    }
}

fn spans(text: &str, words: &[String], read: &[Keyword]) -> Spans {
    let marked: Vec<(usize, usize)> = words.iter().filter_map(|word| span_of(text, word)).collect();
    let covers = |(start, end): (usize, usize), read: &Keyword| {
        let common = end.min(read.end).saturating_sub(start.max(read.start));
        2 * common >= end - start
    };
    Spans {
        found: marked.iter().filter(|span| read.iter().any(|read| covers(**span, read))).count(),
        marked: marked.len(),
        right: read.iter().filter(|read| marked.iter().any(|span| covers(*span, read))).count(),
        read: read.len(),
    }
}

fn span_of(text: &str, word: &str) -> Option<(usize, usize)> {
    let byte = text.find(word)?;
    let start = text.get(..byte)?.chars().count();
    Some((start, start + word.chars().count()))
}

fn overlap(text: &str, marked: &str, read: &str) -> bool {
    match (span_of(text, marked), span_of(text, read)) {
        (Some(a), Some(b)) => {
            let common = a.1.min(b.1).saturating_sub(a.0.max(b.0));
            2 * common >= a.1 - a.0 && 2 * common >= b.1 - b.0
        }
        _ => false,
    }
}

fn name<T: Serialize>(value: &T) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(name)) => name,
        Ok(other) => other.to_string(),
        Err(_) => String::new(),
    }
}

/// A field that is there, be it `null`.
#[expect(clippy::option_option, reason = "not marked, marked as none, marked as something")]
fn marked<'de, D: Deserializer<'de>, T: Deserialize<'de>>(field: D) -> Result<Option<Option<T>>, D::Error> {
    Option::<T>::deserialize(field).map(Some)
}

fn awaiting<'de, D: Deserializer<'de>>(field: D) -> Result<Awaiting, D::Error> {
    #[derive(Deserialize)]
    enum Name {
        #[serde(rename = "none")]
        Nothing,
        #[serde(rename = "score_1_5", alias = "score5")]
        Score5,
        #[serde(rename = "score_1_10", alias = "score10")]
        Score10,
        #[serde(rename = "nps_0_10", alias = "nps")]
        Nps,
    }
    Ok(match Option::<Name>::deserialize(field)? {
        None | Some(Name::Nothing) => Awaiting::Nothing,
        Some(Name::Score5) => Awaiting::Score5,
        Some(Name::Score10) => Awaiting::Score10,
        Some(Name::Nps) => Awaiting::Nps,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(json: &str) -> Row {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn what_a_row_does_not_carry_is_not_judged_and_null_says_none_is_meant() {
        let got = Understanding { category: Some(Category::Leak), score: Some(4.0), ..Understanding::default() };
        let silent = compare(&row(r#"{"text":"漏水","lang":"zh"}"#), &got);
        assert_eq!(silent, Outcome::default());
        let none = compare(&row(r#"{"text":"漏水","category":null,"score":null,"emotion_keywords":[]}"#), &got);
        assert_eq!((none.category, none.score, none.location), (Some(false), Some((false, false)), None));
        assert_eq!((none.keywords, none.misses.len()), (Some(Spans::default()), 2));
    }

    #[test]
    fn a_part_that_stands_nowhere_in_the_text_is_astray() {
        let astray = |json: &str| row(json).astray().map(str::to_owned);
        assert_eq!(astray(r#"{"text":"厨房漏水，太慢了","emotion_keywords":["太慢了"],"location":"厨房"}"#), None);
        assert_eq!(astray(r#"{"text":"厨房漏水","emotion_keywords":[],"location":null}"#), None);
        assert_eq!(astray(r#"{"text":"厨房漏水","location":"客厅"}"#).as_deref(), Some("客厅"));
        assert_eq!(astray(r#"{"text":"太慢","emotion_keywords":["太慢","太慢了"]}"#).as_deref(), Some("太慢了"));
        assert_eq!(astray(r#"{"text":"太慢","emotion_keywords":[""]}"#).as_deref(), Some(""));
    }

    #[test]
    fn a_score_out_of_ten_counts_where_the_row_marks_it() {
        let got = Understanding { score10: Some(8.0), ..Understanding::default() };
        let right = row(r#"{"text":"八分","awaiting":"score10","score":null,"score10":8,"nps":null}"#);
        assert_eq!(right.awaiting, Awaiting::Score10);
        assert_eq!(compare(&right, &got).score, Some((true, true)));
        assert_eq!(
            compare(&row(r#"{"text":"八分","awaiting":null,"score":null,"nps":null}"#), &got).score,
            Some((false, true))
        );
        assert!(serde_json::from_str::<Row>(r#"{"text":"八分","awaiting":"soon"}"#).is_err());
    }

    #[test]
    fn a_span_is_found_when_half_of_it_is_covered() {
        let keyword = |text: &str, start: usize| Keyword {
            text: text.to_owned(),
            start,
            end: start + text.chars().count(),
            polarity: Sentiment::Negative,
            why: String::new(),
        };
        let marked = ["太敷衍了".to_owned(), "生气".to_owned()];
        let read = [keyword("敷衍", 3), keyword("师傅", 0)];
        let found = spans("师傅太敷衍了，我很生气", &marked, &read);
        assert_eq!(found, Spans { found: 1, marked: 2, right: 1, read: 2 });
    }
}
