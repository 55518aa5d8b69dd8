//! Several faults in one message: where each begins, so that every trade gets a report of its own.
//!
//! "厨房水管漏水，卧室空调不制冷" is work for two people. What a leak has done to the floor is told as one with the
//! leak: who mends that has to see it. The words that lead on stand in `prompts/keywords/trades.*.toml`.

use super::category;
use super::matcher::Found;
use super::place;
use super::text::Text;
use crate::domain::lexicon::Meaning;
use crate::domain::understanding::Category;

/// A longer text is one story, told from several sides.
const LONGEST: usize = 300;
/// Nobody is asked about more of them one by one.
const MOST: usize = 4;

/// Part of the text, with the trade of the fault that it tells of.
#[derive(Debug, Clone, Copy)]
struct Stretch {
    start: usize,
    end: usize,
    trade: Option<Category>,
}

/// Returns the stretches that tell of faults for different trades, first and one-past-last position of each;
/// nothing unless there are two.
pub(super) fn split(text: &Text, found: &[Found]) -> Vec<(usize, usize)> {
    if text.len() > LONGEST {
        return Vec::new();
    }
    let mut told: Vec<Stretch> = Vec::new();
    for (start, end) in pieces(text, found) {
        let within: Vec<Found> = found.iter().filter(|find| start <= find.start && find.end <= end).copied().collect();
        let trade = fault_of(text, &within);
        let before = told.last().and_then(|stretch| stretch.trade);
        let known = trade.zip(before).is_some_and(|(trade, before)| trade.is_work_of(before));
        let leads_on = |find: &Found| matches!(find.meaning, Meaning::Besides);
        let follows = |find: &Found| matches!(find.meaning, Meaning::Therefore);
        // Without a word that leads on, only another room makes it another matter.
        let begins = within.iter().any(leads_on) || place::read(text, &within).is_some();
        let another = trade.is_some() && !known && begins && !within.iter().any(follows);
        let full = told.len() == MOST;
        match told.last_mut() {
            Some(last) if last.trade.is_none() || !another || full => {
                last.end = end;
                last.trade = last.trade.or(trade);
            }
            _ => told.push(Stretch { start, end, trade }),
        }
    }
    if told.len() < 2 {
        return Vec::new();
    }
    // "还有" leads on, and is no part of what follows.
    let leads_on = |at, find: &&Found| matches!(find.meaning, Meaning::Besides) && find.start == at;
    let begin = |at| found.iter().filter(|find| leads_on(at, find)).map(|find| find.end).max().unwrap_or(at);
    told.iter().map(|stretch| (begin(stretch.start), stretch.end)).collect()
}

/// Cuts the text at its clauses, and where somebody leads on to another matter within one.
fn pieces(text: &Text, found: &[Found]) -> Vec<(usize, usize)> {
    let led_on = |at| found.iter().any(|find| matches!(find.meaning, Meaning::Besides) && find.start == at);
    let mut starts: Vec<usize> =
        (0..text.len()).filter(|&at| at == 0 || !text.same_clause(at - 1, at) || led_on(at)).collect();
    starts.push(text.len());
    starts.windows(2).filter_map(|pair| Some((*pair.first()?, *pair.get(1)?))).collect()
}

/// Returns the trade of a fault that is told in full: what it does, and what or where it is.
fn fault_of(text: &Text, found: &[Found]) -> Option<Category> {
    let trade = category::read(text, found);
    let whole = trade.symptom.is_some() && (trade.component.is_some() || place::read(text, found).is_some());
    trade.category.filter(|_| whole)
}
