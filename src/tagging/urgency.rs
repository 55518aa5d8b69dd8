//! How soon somebody must move: safety first, then pressing faults, then the rest.
//!
//! A danger counts unless a guard of its kind speaks against it: a drill, a figure of speech,
//! hearsay, a matter that is over. A guard does not reach past a "but".

use super::matcher::Found;
use super::text::Text;
use crate::domain::lexicon::{DangerKind, Meaning};
use crate::domain::understanding::{Hazard, Intent, Urgency};

/// Returns the urgency, given what the speaker wants, and in an emergency what the danger is.
pub fn read(text: &Text, found: &[Found], intent: Intent) -> (Urgency, Option<Hazard>) {
    let worst = found
        .iter()
        .filter_map(|find| match find.meaning {
            Meaning::Danger { level, kind } if !is_guarded(text, found, find, *kind) => Some((*level, *kind)),
            _ => None,
        })
        .max_by_key(|(level, _)| *level);
    let urgency = weigh(worst.map(|(level, _)| level), intent);
    (urgency, worst.filter(|_| urgency == Urgency::Emergency).map(|(_, kind)| hazard(kind)))
}

fn weigh(danger: Option<Urgency>, intent: Intent) -> Urgency {
    let base = match intent {
        Intent::RepairReport | Intent::ProgressQuery | Intent::Complaint | Intent::HumanAgent => Urgency::Normal,
        Intent::SurveyAnswer | Intent::Praise | Intent::Suggestion | Intent::Smalltalk => Urgency::Low,
    };
    match danger {
        Some(Urgency::Emergency) => Urgency::Emergency,
        // Praise for a hurried visit is not pressing.
        Some(Urgency::High) if base == Urgency::Low => Urgency::Low,
        Some(level) => level.max(base),
        None => base,
    }
}

fn hazard(kind: DangerKind) -> Hazard {
    match kind {
        DangerKind::Gas => Hazard::Gas,
        DangerKind::Monoxide => Hazard::Co,
        DangerKind::Shock => Hazard::Electric,
        DangerKind::Fire => Hazard::Fire,
        DangerKind::Flood => Hazard::Flood,
        DangerKind::Trapped => Hazard::Lift,
        DangerKind::Falling => Hazard::Falling,
        DangerKind::Structure => Hazard::Structure,
        DangerKind::Any | DangerKind::Injury | DangerKind::Service | DangerKind::Pressure => Hazard::Other,
    }
}

fn is_guarded(text: &Text, found: &[Found], danger: &Found, kind: DangerKind) -> bool {
    found.iter().any(|guard| {
        let Meaning::Guard { kind: against } = guard.meaning else { return false };
        if *against != DangerKind::Any && *against != kind {
            return false;
        }
        let (low, high) =
            if guard.start < danger.start { (guard.end, danger.start) } else { (danger.end, guard.start) };
        let turned =
            found.iter().any(|find| matches!(find.meaning, Meaning::Contrast) && find.start >= low && find.end <= high);
        let near = text.same_sentence(guard.start, danger.start) || high.saturating_sub(low) <= 40;
        guard.overlaps(danger) || near && !turned
    })
}
