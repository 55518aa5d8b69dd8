//! What the speaker wants, weighed from cues, the trade, the mood and the ratings.

use super::category::Trade;
use super::matcher::Found;
use super::mood::Mood;
use super::opinion::INTENTS;
use super::score::Scores;
use super::text::Text;
use super::urgency::Alarm;
use crate::domain::lexicon::Meaning;
use crate::domain::understanding::{Awaiting, Intent};

/// Everything the weighing looks at.
pub(super) struct Evidence<'e> {
    pub text: &'e Text<'e>,
    pub found: &'e [Found<'e>],
    pub trade: &'e Trade<'e>,
    pub mood: &'e Mood,
    pub scores: &'e Scores,
    pub alarm: Alarm,
    pub awaiting: Awaiting,
}

/// Below this nothing in particular is wanted.
pub(super) const ENOUGH: f64 = 0.4;

/// Weighs each intent, in the order of [`Intent::ALL`]. Smalltalk weighs what the others must
/// exceed.
pub(super) fn weights(evidence: &Evidence) -> [f64; INTENTS] {
    Intent::ALL.map(|intent| {
        let weight = cues(evidence, intent) + bearing(evidence, intent);
        match intent {
            Intent::Smalltalk => weight.max(ENOUGH),
            // Of equals the more particular wish is meant: "when will the leak be repaired".
            Intent::HumanAgent => weight + 2.0 * HAIR,
            Intent::ProgressQuery => weight + HAIR,
            _ => weight,
        }
    })
}

const HAIR: f64 = 1e-6;

/// Most that cues of one intent can weigh together: many small ones are no certainty.
const MOST_CUES: f64 = 4.0;

fn cues(evidence: &Evidence, wanted: Intent) -> f64 {
    let Evidence { found, mood, .. } = evidence;
    let mut seen: Vec<(usize, usize, f64)> = Vec::new();
    for find in *found {
        // 推诿 in 没有推诿 is no complaint, 满意 in 不满意 no praise.
        let turned = |spans: &[(usize, usize)]| spans.iter().any(|(start, end)| find.start < *end && *start < find.end);
        let denied = match wanted {
            Intent::Complaint => turned(&mood.turned_good),
            Intent::Praise => turned(&mood.turned_bad),
            _ => false,
        };
        if denied {
            continue;
        }
        if let Meaning::Intent { intent, weight } = find.meaning
            && *intent == wanted
        {
            // Of cues that lie over each other the strongest counts, once.
            match seen.iter_mut().find(|(start, end, _)| find.start < *end && *start < find.end) {
                Some(known) if weight.abs() > known.2.abs() => known.2 = *weight,
                Some(_) => {}
                None => seen.push((find.start, find.end, *weight)),
            }
        }
    }
    seen.iter().map(|(_, _, weight)| weight).sum::<f64>().min(MOST_CUES)
}

/// What mood, trade and ratings say for an intent.
fn bearing(evidence: &Evidence, intent: Intent) -> f64 {
    let Evidence { text, trade, mood, scores, awaiting, alarm, .. } = evidence;
    let short = text.len() <= 16;
    let awaited = if *awaiting == Awaiting::Nothing { 0.0 } else { 1.0 };
    let fault = trade.symptom.map_or(0.0, |find| match find.meaning {
        Meaning::Symptom { weight, .. } => weight.min(2.0),
        _ => 0.0,
    });
    let rated = scores.any();
    // Nothing but an emoji is a verdict.
    let wordless = !text.chars.iter().any(|c| c.is_alphanumeric()) && !mood.keywords.is_empty();
    match intent {
        Intent::RepairReport => {
            // A part that is named without praise is most likely named because of a fault.
            let named = match trade.component {
                Some(_) if fault > 0.0 => 0.4,
                Some(_) if mood.good < 0.3 && text.len() >= 6 => 0.7,
                _ => 0.0,
            };
            let praised = if mood.value > 0.6 { 1.2 } else { 0.0 };
            let danger = if alarm.is_emergency() { 2.5 } else { 0.0 };
            fault * 1.1 + named + danger - praised - if rated { 2.0 } else { 0.0 }
        }
        Intent::SurveyAnswer => {
            let verdict = if short && mood.good.max(mood.bad) > 0.3 { 0.3 } else { 0.0 };
            5.0 * f64::from(u8::from(rated || wordless))
                + verdict
                + awaited * (0.8 + if mood.keywords.is_empty() { 0.0 } else { 0.8 })
        }
        Intent::Complaint => {
            mood.bad.min(3.0) * 0.55 + if mood.sarcastic { 0.8 } else { 0.0 } - mood.good.min(1.0) * 0.2
        }
        Intent::Praise => {
            if mood.sarcastic || mood.value < 0.3 {
                0.0
            } else {
                mood.good.min(3.0) * 0.7 - mood.bad.min(2.0) * 0.4
            }
        }
        Intent::Suggestion => {
            if mood.wishes {
                0.6
            } else {
                0.0
            }
        }
        Intent::ProgressQuery | Intent::HumanAgent | Intent::Smalltalk => 0.0,
    }
}
