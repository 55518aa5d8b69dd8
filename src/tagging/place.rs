//! Where: the longest run of place words, as an exact piece of the text.

use super::matcher::Found;
use super::text::Text;
use crate::domain::lexicon::{Meaning, PlaceKind};

/// Characters that may join two pieces of one place name.
const JOINTS: &[&str] =
    &["", "的", " ", "-", "里", "里的", "个", "嘅", "那个", "这个", " the ", "'s ", " of the ", " in the ", " of "];

/// What stands before a place that is not the one: "不是厨房，是卫生间", "not the kitchen but the bathroom".
const NOT_THERE: [&str; 8] =
    ["不是", "不在", "not ", "not the ", "not in ", "not in the ", "instead of ", "instead of the "];
/// So many characters of it are looked at.
const LONGEST_DENIAL: usize = 16;

#[derive(Debug, Clone, Copy)]
struct Run {
    start: usize,
    end: usize,
    weight: u32,
}

/// Returns the first and one-past-last position of the place that is named most fully.
pub(super) fn read(text: &Text, found: &[Found]) -> Option<(usize, usize)> {
    fullest(text, runs(text, found))
}

/// Returns the same of the place that is named most fully behind another one, or else before it: the room where a
/// message has an address.
pub(super) fn beside(text: &Text, found: &[Found], (start, end): (usize, usize)) -> Option<(usize, usize)> {
    let apart = runs(text, found).into_iter().filter(|run| run.end <= start || end <= run.start);
    let (behind, before): (Vec<Run>, Vec<Run>) = apart.partition(|run| end <= run.start);
    fullest(text, behind).or_else(|| fullest(text, before))
}

fn fullest(text: &Text, told: impl IntoIterator<Item = Run>) -> Option<(usize, usize)> {
    let rank = |run: &Run| (!is_denied(text, run), run.weight, run.end - run.start, usize::MAX - run.start);
    let best = told.into_iter().max_by_key(rank)?;
    Some((best.start, best.end))
}

/// Returns the places that are named, in their order.
fn runs(text: &Text, found: &[Found]) -> Vec<Run> {
    let pieces = pieces(found);
    let mut runs: Vec<Run> = Vec::new();
    for (find, kind) in pieces {
        let worth = match kind {
            PlaceKind::Room | PlaceKind::Number => 10,
            PlaceKind::Part => 4,
            PlaceKind::Side => 2,
            PlaceKind::Relation | PlaceKind::Inside => 1,
        };
        if let Some(run) = runs.last_mut() {
            let between: String = text.span(run.end, find.start).iter().collect();
            if find.start >= run.end && JOINTS.contains(&between.as_str()) {
                run.end = find.end;
                run.weight += worth;
                continue;
            }
        }
        runs.push(Run { start: find.start, end: find.end, weight: worth });
    }
    // A part alone names a place only where it says on which side.
    runs.retain(|run| run.weight >= 5);
    runs
}

fn is_denied(text: &Text, run: &Run) -> bool {
    is_behind(text, run.start, &NOT_THERE)
}

/// Whether one of these words stands right before a position. Who asks "是不是" says neither.
pub(super) fn is_behind(text: &Text, at: usize, words: &[&str]) -> bool {
    let before: String = text.span(at.saturating_sub(LONGEST_DENIAL), at).iter().collect();
    words.iter().any(|word| before.ends_with(word)) && !before.ends_with("是不是")
}

fn pieces<'m>(found: &[Found<'m>]) -> Vec<(Found<'m>, PlaceKind)> {
    let mut pieces: Vec<(Found, PlaceKind)> = Vec::new();
    for find in found {
        let kind = match find.meaning {
            Meaning::Place { kind } => *kind,
            _ => continue,
        };
        // 门 in 门禁 or 上门 is no place; 老人房 is one although 老人 is masked.
        let masked = |mask: &Found| {
            let holds = find.start <= mask.start && mask.end <= find.end;
            matches!(mask.meaning, Meaning::Mask) && mask.overlaps(find) && !holds
        };
        if found.iter().any(masked) {
            continue;
        }
        let inside = |(other, _): &(Found, PlaceKind)| other.overlaps(find);
        match pieces.iter().position(inside) {
            Some(at) => {
                let longer = pieces.get(at).is_some_and(|(other, _)| find.end - find.start > other.end - other.start);
                let alone = pieces.iter().filter(|piece| inside(piece)).count() == 1;
                if longer
                    && alone
                    && let Some(slot) = pieces.get_mut(at)
                {
                    *slot = (*find, kind);
                }
            }
            None => pieces.push((*find, kind)),
        }
    }
    pieces.sort_by_key(|(find, _)| find.start);
    pieces
}
