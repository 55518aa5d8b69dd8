//! How soon somebody must move: safety first, then pressing faults, then the rest.
//!
//! A danger counts unless a guard of its kind speaks against it: a drill, a figure of speech,
//! hearsay, a matter that is over. A guard does not reach past a "but".

use super::matcher::Found;
use super::text::Text;
use crate::domain::lexicon::{DangerKind, Meaning, Reach};
use crate::domain::understanding::{Category, Hazard, Intent, Sentiment, Urgency};

/// The dangers that are meant.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Alarm {
    level: Option<Urgency>,
    /// What the danger is, where one is meant.
    pub hazard: Option<Hazard>,
    /// Words of grave danger are there, but something speaks against them.
    pub is_guarded: bool,
}

impl Alarm {
    /// Says whether people may come to harm.
    pub(super) fn is_emergency(self) -> bool {
        self.level == Some(Urgency::Emergency)
    }

    /// Says whether something presses, if less than an emergency does.
    pub(super) fn is_pressing(self) -> bool {
        self.level == Some(Urgency::High)
    }
}

/// Returns the urgency of what nothing presses, given what the speaker wants and in which mood.
pub(super) fn usual(intent: Intent, sentiment: Sentiment) -> Urgency {
    match intent {
        Intent::RepairReport | Intent::ProgressQuery | Intent::Complaint | Intent::HumanAgent => Urgency::Normal,
        // Whoever is dissatisfied waits for an answer.
        Intent::SurveyAnswer if sentiment == Sentiment::Negative => Urgency::Normal,
        Intent::SurveyAnswer | Intent::Praise | Intent::Suggestion | Intent::Smalltalk => Urgency::Low,
    }
}

/// So far, in characters, a guard reaches into other sentences.
const NEAR: usize = 40;

/// Looks for dangers that no guard speaks against.
pub(super) fn read(text: &Text, found: &[Found]) -> Alarm {
    let named = found.iter().filter_map(|find| match find.meaning {
        Meaning::Danger { level, kind } => Some((find, *level, *kind)),
        _ => None,
    });
    let contrasts: Vec<&Found> = found.iter().filter(|find| matches!(find.meaning, Meaning::Contrast)).collect();
    let (guarded, dangers): (Vec<_>, Vec<_>) =
        named.partition(|(find, _, kind)| is_guarded(text, found, &contrasts, find, *kind));
    let grave = |level: Urgency| level == Urgency::Emergency;
    Alarm {
        level: dangers.iter().map(|(_, level, _)| *level).max(),
        hazard: dangers
            .iter()
            .filter(|(_, level, _)| grave(*level))
            .map(|(_, _, kind)| hazard(*kind, found))
            .min_by_key(|hazard| deadliness(*hazard)),
        is_guarded: guarded.iter().any(|(_, level, _)| grave(*level)),
    }
}

fn hazard(kind: DangerKind, found: &[Found]) -> Hazard {
    match kind {
        DangerKind::Gas => Hazard::Gas,
        DangerKind::Monoxide => Hazard::Co,
        DangerKind::Shock => Hazard::Electric,
        DangerKind::Fire => Hazard::Fire,
        DangerKind::Flood => Hazard::Flood,
        DangerKind::Trapped => {
            let lift = |find: &Found| matches!(find.meaning, Meaning::Component { category: Category::Elevator, .. });
            if found.iter().any(lift) { Hazard::Lift } else { Hazard::Other }
        }
        DangerKind::Falling => Hazard::Falling,
        DangerKind::Structure => Hazard::Structure,
        DangerKind::Any | DangerKind::Injury | DangerKind::Service | DangerKind::Pressure => Hazard::Other,
    }
}

/// Where several dangers are named, the words against the deadliest are said first.
fn deadliness(hazard: Hazard) -> u8 {
    match hazard {
        Hazard::Gas => 0,
        Hazard::Co => 1,
        Hazard::Fire => 2,
        Hazard::Electric => 3,
        Hazard::Lift => 4,
        Hazard::Structure => 5,
        Hazard::Falling => 6,
        Hazard::Flood => 7,
        Hazard::Other => 8,
    }
}

fn is_guarded(text: &Text, found: &[Found], contrasts: &[&Found], danger: &Found, kind: DangerKind) -> bool {
    found.iter().any(|guard| {
        let Meaning::Guard { kind: against, reach } = guard.meaning else { return false };
        if *against != DangerKind::Any && *against != kind {
            return false;
        }
        let (low, high) =
            if guard.start < danger.start { (guard.end, danger.start) } else { (danger.end, guard.start) };
        let turned = || contrasts.iter().any(|find| find.start >= low && find.end <= high);
        let together = || text.same_sentence(guard.start, danger.start);
        match reach {
            Reach::Word => guard.overlaps(danger),
            Reach::After => guard.start <= danger.start && together() && !turned(),
            Reach::Sentence => guard.overlaps(danger) || (high.saturating_sub(low) <= NEAR || together()) && !turned(),
        }
    })
}
