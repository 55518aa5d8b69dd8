//! The trade an utterance speaks of, and the words for part and fault.

use std::collections::BTreeMap;

use super::matcher::Found;
use super::place;
use super::score::Scores;
use super::text::Text;
use crate::domain::lexicon::{Meaning, PlaceKind};
use crate::domain::understanding::{Category, Intent};

/// Below this a trade is only brushed.
pub(super) const ENOUGH: f64 = 1.0;

/// What stands before a part that is not the one …
const NOT_IT: [&str; 12] = [
    "不是",
    "不是那个",
    "不是这个",
    "不系",
    "唔系",
    "并非",
    "not the ",
    "not my ",
    "not our ",
    "isn't the ",
    "isn't my ",
    "wasn't the ",
];
/// … and before the one that is.
const IT_IS: [&str; 11] = [
    "是",
    "系",
    "it's the ",
    "its the ",
    "it is the ",
    "it was the ",
    "it's my ",
    "it's our ",
    "but the ",
    "but my ",
    "actually the ",
];
/// So many characters at most name the room and the parts that lead to a part: "guest bathroom sink".
const LONGEST_NAME: usize = 24;

/// What is affected and what it does.
#[derive(Debug, Default)]
pub(super) struct Trade<'m> {
    pub category: Option<Category>,
    /// What speaks for each trade.
    pub weights: BTreeMap<Category, f64>,
    /// The part, the most telling mention.
    pub component: Option<Found<'m>>,
    /// The fault, the most telling mention.
    pub symptom: Option<Found<'m>>,
}

/// Weighs components and symptoms; the heaviest trade wins, the one named first at a tie. A part that is said not to be
/// the one counts only where no other is named.
pub(super) fn read<'m>(text: &Text, found: &[Found<'m>]) -> Trade<'m> {
    let (named, instead) = without_denied(text, found, kept(text, found));
    let mut weights: BTreeMap<Category, (f64, usize)> = BTreeMap::new();
    let mut trade = Trade::default();
    let (mut best_component, mut best_symptom) = (0.0, 0.0);
    for find in &named {
        let (category, weight) = match find.meaning {
            Meaning::Component { category, weight } => {
                if *weight > best_component {
                    (best_component, trade.component) = (*weight, Some(*find));
                }
                (Some(*category), *weight)
            }
            Meaning::Symptom { category, weight } => {
                if *weight > best_symptom {
                    (best_symptom, trade.symptom) = (*weight, Some(*find));
                }
                (*category, *weight)
            }
            _ => continue,
        };
        if let Some(category) = category {
            let sum = weights.entry(category).or_insert((0.0, find.start));
            // A second mention adds little: a report that says 灯 twice is no more electrical.
            sum.0 = f64::max(sum.0, weight) + 0.3 * f64::min(sum.0, weight);
        }
    }
    trade.component = instead.or(trade.component);
    trade.weights = weights.iter().map(|(category, (weight, _))| (*category, *weight)).collect();
    trade.category = weights
        .into_iter()
        .filter(|(_, (weight, _))| *weight >= ENOUGH)
        .max_by(|(_, a), (_, b)| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1)))
        .map(|(category, _)| category);
    trade
}

/// Drops mentions that lie inside a longer one: 水 in 水龙头, 门 in 消防门.
fn kept<'m>(text: &Text, found: &[Found<'m>]) -> Vec<Found<'m>> {
    let is_trade =
        |find: &&Found| matches!(find.meaning, Meaning::Component { .. } | Meaning::Symptom { .. } | Meaning::Mask);
    let trade: Vec<&Found> = found.iter().filter(is_trade).collect();
    trade
        .iter()
        .filter(|find| {
            !trade.iter().any(|other| {
                let longer = other.end - other.start > find.end - find.start;
                // A pattern of two parts may enclose the component it is about.
                let same_kind =
                    matches!(
                        (other.meaning, find.meaning),
                        (Meaning::Component { .. }, Meaning::Component { .. })
                            | (Meaning::Symptom { .. }, Meaning::Symptom { .. })
                            | (Meaning::Mask, _)
                    ) || matches!((other.meaning, find.meaning), (Meaning::Component { .. }, Meaning::Symptom { .. }));
                longer && same_kind && other.start <= find.start && find.end <= other.end
            })
        })
        .map(|find| **find)
        .filter(|find| !is_landmark(text, found, find))
        .collect()
}

/// Leaves out the parts that are said not to be the one, where another is named: "not the sink, it's the dishwasher".
/// Returns as well the part that is said to be the one instead, as fully as it is named: "basin tap".
fn without_denied<'m>(text: &Text, found: &[Found], named: Vec<Found<'m>>) -> (Vec<Found<'m>>, Option<Found<'m>>) {
    let is_denied = |find: &Found| is_part_behind(text, found, find, &NOT_IT);
    if !named.iter().any(is_denied) || !named.iter().any(|find| is_part(find) && !is_denied(find)) {
        return (named, None);
    }
    let rest: Vec<Found<'m>> = named.into_iter().filter(|find| !is_denied(find)).collect();
    let mut instead: Option<Found<'m>> = None;
    for find in rest.iter().filter(|find| is_part_behind(text, found, find, &IT_IS)) {
        instead = match instead {
            Some(named) if adjoin(text, named.end, find.start) => Some(Found { start: named.start, ..*find }),
            Some(named) => Some(named),
            None => Some(*find),
        };
    }
    (rest, instead)
}

fn is_part(find: &Found) -> bool {
    matches!(find.meaning, Meaning::Component { .. })
}

/// Whether one of these words stands right before a part, or before the room and the parts that lead to it: "not the
/// kitchen sink".
fn is_part_behind(text: &Text, found: &[Found], part: &Found, words: &[&str]) -> bool {
    if !is_part(part) {
        return false;
    }
    let mut begin = part.start;
    while let Some(lead) = lead_to(text, found, begin) {
        if part.start - lead.start > LONGEST_NAME {
            break;
        }
        begin = lead.start;
    }
    place::is_behind(text, begin, words)
}

/// Returns the room or the part that ends right before a position.
fn lead_to<'f, 'm>(text: &Text, found: &'f [Found<'m>], at: usize) -> Option<&'f Found<'m>> {
    let before = found.get(..found.partition_point(|find| find.start < at)).unwrap_or_default();
    let near = before.iter().rev().take_while(|find| find.start + LONGEST_NAME >= at);
    let leads = |find: &&Found| is_part(find) || matches!(find.meaning, Meaning::Place { .. });
    near.filter(leads).find(|find| find.end <= at && adjoin(text, find.end, at))
}

/// Whether nothing but what joins two words of one name stands between two positions.
fn adjoin(text: &Text, end: usize, start: usize) -> bool {
    end <= start && matches!(text.span(end, start), [] | [' ' | '的'])
}

/// "above the garage door", 窗户旁边: a part that only says where is not the part that is broken.
fn is_landmark(text: &Text, found: &[Found], part: &Found) -> bool {
    is_part(part)
        && found.iter().any(|find| match find.meaning {
            Meaning::Place { kind: PlaceKind::Side } => {
                find.start >= part.end && text.span(part.end, find.start).iter().all(|c| *c == '的')
            }
            Meaning::Place { kind: PlaceKind::Relation } => {
                find.end <= part.start && part.start - find.end <= 10 && text.same_clause(find.end, part.start)
            }
            _ => false,
        })
}

/// Says whether a part or fault is only brushed: praise or an opinion that mentions it.
pub(super) fn is_passing(intent: Intent, trade: &Trade, scores: &Scores) -> bool {
    match intent {
        Intent::RepairReport | Intent::ProgressQuery => false,
        Intent::Complaint => trade.symptom.is_none() && trade.component.is_none(),
        Intent::HumanAgent | Intent::Suggestion | Intent::Smalltalk => trade.symptom.is_none(),
        Intent::SurveyAnswer | Intent::Praise => trade.symptom.is_none() || scores.any(),
    }
}
