//! Figures measured over rows, each with the interval within which it can be trusted.
//!
//! A row is a few counts; a figure is a formula over their sums. The interval is the 95 %
//! percentile bootstrap over rows: the rows are drawn anew, with replacement, 2,000 times from a
//! fixed seed, so the same rows give the same interval in whatever order they stand. It tells how
//! far another sample of *such* rows may come out, nothing about rows of another kind; and where
//! every row is right (or wrong) it has no width: of n rows without a miss, up to 3/n of misses
//! are still believable.

use std::cmp::Ordering;

use serde::Serialize;

/// How often the rows are drawn anew.
pub const RESAMPLES: usize = 2000;
const SEED: u64 = 0x6875_6966_616e_6721;
/// The shares of the resamples below and above the interval.
const TAIL: f64 = 0.025;

/// A figure with its 95 % interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Estimate {
    pub value: f64,
    pub low: f64,
    pub high: f64,
}

/// Returns the figure that `formula` makes of the sums of the rows' counts; `None` where it makes
/// none of all rows (no row it speaks of). Resamples it makes none of are left out.
pub fn estimate<const N: usize>(
    mut rows: Vec<[f64; N]>,
    formula: impl Fn(&[f64; N]) -> Option<f64>,
) -> Option<Estimate> {
    // One order for the same rows, so that their order says nothing.
    rows.sort_by(|a, b| a.iter().zip(b).map(|(a, b)| a.total_cmp(b)).find(|o| o.is_ne()).unwrap_or(Ordering::Equal));
    let sum = |sum: &mut [f64; N], row: &[f64; N]| sum.iter_mut().zip(row).for_each(|(sum, cell)| *sum += cell);
    let mut all = [0.0; N];
    for row in &rows {
        sum(&mut all, row);
    }
    let value = formula(&all)?;
    let mut dice = Dice(SEED);
    let drawn = (0..RESAMPLES).filter_map(|_| {
        let mut sums = [0.0; N];
        for _ in 0..rows.len() {
            if let Some(row) = rows.get(dice.below(rows.len())) {
                sum(&mut sums, row);
            }
        }
        formula(&sums)
    });
    Some(interval(value, drawn.collect()))
}

/// Returns a percentile (nearest rank, `share` from 0 to 1) of values, one a row.
pub fn percentile(mut values: Vec<f64>, share: f64) -> Option<Estimate> {
    values.sort_by(f64::total_cmp);
    let value = *values.get(rank(values.len(), share))?;
    let mut dice = Dice(SEED);
    let drawn = (0..RESAMPLES).filter_map(|_| {
        // Of sorted values a resample is the sorted draw of their places.
        let mut places: Vec<usize> = (0..values.len()).map(|_| dice.below(values.len())).collect();
        let (_, place, _) = places.select_nth_unstable(rank(values.len(), share));
        values.get(*place).copied()
    });
    Some(interval(value, drawn.collect()))
}

/// The share of the first count in the second.
pub fn ratio([part, whole]: &[f64; 2]) -> Option<f64> {
    (*whole > 0.0).then(|| part / whole)
}

/// The harmonic mean of precision and recall; 0 where both are.
pub fn f1(precision: f64, recall: f64) -> f64 {
    if precision + recall > 0.0 { 2.0 * precision * recall / (precision + recall) } else { 0.0 }
}

/// F1 of marked and found spans: how many of the marked were found, how many of the found are right.
pub fn span_f1([found, marked, right, read]: &[f64; 4]) -> Option<f64> {
    let share = |part: f64, whole: f64| if whole > 0.0 { part / whole } else { 0.0 };
    (marked + read > 0.0).then(|| f1(share(*right, *read), share(*found, *marked)))
}

/// A confusion of three classes, summed: cell `3 × marked + read`.
pub type Confusion = [f64; 9];

/// The row of a confusion that marks one class and reads another (each below 3).
pub fn confused(marked: usize, read: usize) -> Confusion {
    let mut cells = [0.0; 9];
    if let Some(cell) = cells.get_mut(3 * marked.min(2) + read.min(2)) {
        *cell = 1.0;
    }
    cells
}

/// The share of rows read as marked.
pub fn accuracy(cells: &Confusion) -> Option<f64> {
    let right = (0..3).filter_map(|class| cells.get(4 * class)).sum();
    ratio(&[right, cells.iter().sum()])
}

/// Of the rows read as a class, the share that is marked so.
pub fn precision(cells: &Confusion, class: usize) -> Option<f64> {
    ratio(&[*cells.get(4 * class)?, cells.iter().skip(class).step_by(3).sum()])
}

/// Of the rows marked as a class, the share that is read so.
pub fn recall(cells: &Confusion, class: usize) -> Option<f64> {
    ratio(&[*cells.get(4 * class)?, cells.iter().skip(3 * class).take(3).sum()])
}

/// F1 of a class; `None` where it is neither marked nor read.
pub fn class_f1(cells: &Confusion, class: usize) -> Option<f64> {
    match (precision(cells, class), recall(cells, class)) {
        (None, None) => None,
        (precision, recall) => Some(f1(precision.unwrap_or(0.0), recall.unwrap_or(0.0))),
    }
}

/// The mean F1 of the classes that are marked or read.
pub fn macro_f1(cells: &Confusion) -> Option<f64> {
    let each: Vec<f64> = (0..3).filter_map(|class| class_f1(cells, class)).collect();
    ratio(&[each.iter().sum(), each.len() as f64])
}

/// Widened to the figure itself where the resamples lie so askew that they would leave it out.
fn interval(value: f64, mut drawn: Vec<f64>) -> Estimate {
    drawn.sort_by(f64::total_cmp);
    let at = |share| drawn.get(rank(drawn.len(), share)).copied().unwrap_or(value);
    Estimate { value, low: at(TAIL).min(value), high: at(1.0 - TAIL).max(value) }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a length is a place in it")]
fn rank(length: usize, share: f64) -> usize {
    ((length as f64 * share).ceil() as usize).clamp(1, length.max(1)) - 1
}

/// `SplitMix64`: a fixed row of numbers, good enough to draw rows by.
struct Dice(u64);

impl Dice {
    #[expect(clippy::cast_possible_truncation, reason = "the product lies below the length")]
    fn below(&mut self, length: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((u128::from(z ^ (z >> 31)) * length as u128) >> 64) as usize
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn confusions() -> impl Strategy<Value = Vec<Confusion>> {
        prop::collection::vec((0usize..3, 0usize..3).prop_map(|(marked, read)| confused(marked, read)), 1..60)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn the_interval_holds_the_figure_and_stays_within_0_and_1(rows in confusions()) {
            for formula in [accuracy, macro_f1] {
                let estimate = estimate(rows.clone(), formula).unwrap();
                prop_assert!(0.0 <= estimate.low && estimate.low <= estimate.value);
                prop_assert!(estimate.value <= estimate.high && estimate.high <= 1.0);
            }
        }

        #[test]
        fn whoever_is_always_right_has_1_and_no_doubt(classes in prop::collection::vec(0usize..3, 1..60)) {
            let rows: Vec<_> = classes.iter().map(|class| confused(*class, *class)).collect();
            let sure = Some(Estimate { value: 1.0, low: 1.0, high: 1.0 });
            prop_assert_eq!(estimate(rows.clone(), accuracy), sure);
            prop_assert_eq!(estimate(rows, macro_f1), sure);
        }

        #[test]
        fn the_order_of_rows_changes_nothing(mut rows in confusions(), mut values in prop::collection::vec(0.0f64..9.0, 1..60)) {
            let before = (estimate(rows.clone(), macro_f1), percentile(values.clone(), 0.99));
            rows.reverse();
            let middle = values.len() / 3;
            values.rotate_left(middle);
            prop_assert_eq!((estimate(rows, macro_f1), percentile(values, 0.99)), before);
        }

        #[test]
        fn a_percentile_lies_among_the_values_and_in_its_interval(values in prop::collection::vec(0.0f64..9.0, 1..60)) {
            let estimate = percentile(values.clone(), 0.5).unwrap();
            prop_assert!(values.contains(&estimate.value));
            prop_assert!(estimate.low <= estimate.value && estimate.value <= estimate.high);
        }
    }

    #[test]
    fn the_figures_are_those_of_the_textbook() {
        // Marked 2 negative (one read as neutral), 1 neutral, 1 positive (read as neutral).
        let rows = [confused(0, 0), confused(0, 1), confused(1, 1), confused(2, 1)];
        let mut cells = [0.0; 9];
        rows.iter().flatten().enumerate().for_each(|(i, count)| cells[i % 9] += count);
        assert_eq!(accuracy(&cells), Some(0.5));
        assert_eq!((precision(&cells, 0), recall(&cells, 0)), (Some(1.0), Some(0.5)));
        assert_eq!((precision(&cells, 1), recall(&cells, 1)), (Some(1.0 / 3.0), Some(1.0)));
        assert_eq!((precision(&cells, 2), recall(&cells, 2)), (None, Some(0.0)));
        let mean = (2.0 / 3.0 + 0.5 + 0.0) / 3.0;
        assert!((macro_f1(&cells).unwrap() - mean).abs() < 1e-12);
        assert_eq!(span_f1(&[1.0, 2.0, 1.0, 1.0]), Some(2.0 / 3.0));
    }

    /// Of 100 rows half right, the standard error is 0.05: the interval must be about 0.40 to 0.60.
    #[test]
    fn the_interval_is_as_wide_as_theory_says() {
        let rows = (0..100).map(|i| [f64::from(i % 2), 1.0]).collect();
        let estimate = estimate(rows, ratio).unwrap();
        assert!((estimate.low - 0.40).abs() <= 0.02 && (estimate.high - 0.60).abs() <= 0.02, "{estimate:?}");
    }

    #[test]
    fn of_no_rows_there_is_no_figure() {
        assert_eq!(estimate(Vec::new(), ratio), None);
        assert_eq!(percentile(Vec::new(), 0.5), None);
        let one = percentile((1..=100).map(f64::from).collect(), 0.99).unwrap();
        assert_eq!(one.value.to_bits(), 99.0f64.to_bits());
    }
}
