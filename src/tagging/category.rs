//! The trade an utterance speaks of, and the words for part and fault.

use std::collections::BTreeMap;

use super::matcher::Found;
use super::score::Scores;
use super::text::Text;
use crate::domain::lexicon::{Meaning, PlaceKind};
use crate::domain::understanding::{Category, Intent};

/// Below this a trade is only brushed.
pub(super) const ENOUGH: f64 = 1.0;

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

/// Weighs components and symptoms; the heaviest trade wins, the one named first at a tie.
pub(super) fn read<'m>(text: &Text, found: &[Found<'m>]) -> Trade<'m> {
    let named = kept(text, found);
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

/// "above the garage door", 窗户旁边: a part that only says where is not the part that is broken.
fn is_landmark(text: &Text, found: &[Found], part: &Found) -> bool {
    matches!(part.meaning, Meaning::Component { .. })
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
