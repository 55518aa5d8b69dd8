//! How soon somebody must move: safety first, then pressing faults, then the rest.
//!
//! A danger counts unless a guard of its kind speaks against it: a drill, a figure of speech,
//! hearsay, a matter that is over. A guard does not reach past a "but".

use super::matcher::Found;
use super::text::Text;
use crate::domain::lexicon::{DangerKind, Meaning};
use crate::domain::understanding::{Category, Hazard, Intent, Sentiment, Urgency};

/// The dangers that are meant.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Alarm {
    level: Option<Urgency>,
    /// Set in an emergency.
    pub hazard: Option<Hazard>,
}

impl Alarm {
    /// Says whether people may come to harm.
    pub(super) fn is_emergency(self) -> bool {
        self.level == Some(Urgency::Emergency)
    }

    /// Returns the urgency, given what the speaker wants and in which mood.
    pub(super) fn urgency(self, intent: Intent, sentiment: Sentiment) -> Urgency {
        let base = match intent {
            Intent::RepairReport | Intent::ProgressQuery | Intent::Complaint | Intent::HumanAgent => Urgency::Normal,
            // Whoever is dissatisfied waits for an answer.
            Intent::SurveyAnswer if sentiment == Sentiment::Negative => Urgency::Normal,
            Intent::SurveyAnswer | Intent::Praise | Intent::Suggestion | Intent::Smalltalk => Urgency::Low,
        };
        match self.level {
            // Praise for a hurried visit is not pressing.
            Some(Urgency::High) if base == Urgency::Low => Urgency::Low,
            Some(level) => level.max(base),
            None => base,
        }
    }
}

/// Looks for dangers that no guard speaks against.
pub(super) fn read(text: &Text, found: &[Found]) -> Alarm {
    let dangers: Vec<(Urgency, DangerKind)> = found
        .iter()
        .filter_map(|find| match find.meaning {
            Meaning::Danger { level, kind } if !is_guarded(text, found, find, *kind) => Some((*level, *kind)),
            _ => None,
        })
        .collect();
    let grave = dangers.iter().filter(|(level, _)| *level == Urgency::Emergency);
    Alarm {
        level: dangers.iter().map(|(level, _)| *level).max(),
        hazard: grave.map(|(_, kind)| hazard(*kind, found)).min_by_key(|hazard| deadliness(*hazard)),
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

fn is_guarded(text: &Text, found: &[Found], danger: &Found, kind: DangerKind) -> bool {
    found.iter().any(|guard| {
        let Meaning::Guard { kind: against, before } = guard.meaning else { return false };
        if *against != DangerKind::Any && *against != kind {
            return false;
        }
        let (low, high) =
            if guard.start < danger.start { (guard.end, danger.start) } else { (danger.end, guard.start) };
        let turned =
            found.iter().any(|find| matches!(find.meaning, Meaning::Contrast) && find.start >= low && find.end <= high);
        let near = text.same_sentence(guard.start, danger.start) || high.saturating_sub(low) <= 40;
        if *before {
            let leads = guard.start <= danger.start && text.same_sentence(guard.start, danger.start);
            return leads && !turned;
        }
        guard.overlaps(danger) || near && !turned
    })
}
