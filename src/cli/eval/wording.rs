//! Two wordings of the same speech compared, after what is no matter of hearing is levelled:
//! NFKC (full width, ligatures), lower case, no punctuation, no spaces. Digits stay as they are
//! spoken or written: "三" and "3" differ.

use unicode_normalization::UnicodeNormalization as _;

/// Returns the letters and digits of a text.
pub(super) fn characters(text: &str) -> Vec<char> {
    text.nfkc().flat_map(char::to_lowercase).filter(|c| c.is_alphanumeric()).collect()
}

/// Returns the words of a text: apostrophes fall away, other punctuation separates.
pub(super) fn words(text: &str) -> Vec<String> {
    let levelled: String = text
        .nfkc()
        .flat_map(char::to_lowercase)
        .filter(|c| !matches!(c, '\'' | '\u{2019}'))
        .map(|c| if c.is_alphanumeric() { c } else { ' ' })
        .collect();
    levelled.split_whitespace().map(str::to_owned).collect()
}

/// Returns how many insertions, deletions and substitutions turn one row of tokens into another.
pub(super) fn edits<T: PartialEq>(said: &[T], heard: &[T]) -> usize {
    let mut before: Vec<usize> = (0..=heard.len()).collect();
    for (row, a) in said.iter().enumerate() {
        let mut line = Vec::with_capacity(before.len());
        let mut left = row + 1;
        line.push(left);
        for ((b, above), corner) in heard.iter().zip(before.iter().skip(1)).zip(&before) {
            left = (corner + usize::from(a != b)).min(above + 1).min(left + 1);
            line.push(left);
        }
        before = line;
    }
    before.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn punctuation_width_and_case_are_no_errors_and_digits_are() {
        assert_eq!(characters("我打２分， 谢谢！"), characters("我打2分谢谢"));
        assert_eq!(words("It's Mr. O’Neil – at 5pm."), ["its", "mr", "oneil", "at", "5pm"]);
        assert_eq!(edits(&characters("我打二分"), &characters("我打2分")), 1);
    }

    #[test]
    fn edits_are_counted_as_by_hand() {
        let count = |a: &str, b: &str| edits(&characters(a), &characters(b));
        assert_eq!(
            [count("kitten", "sitting"), count("", "漏水"), count("漏水", ""), count("漏水", "漏水")],
            [3, 2, 2, 0]
        );
    }

    proptest! {
        #[test]
        fn edits_are_a_distance(a in "[ab漏水]{0,8}", b in "[ab漏水]{0,8}", c in "[ab漏水]{0,8}") {
            let [a, b, c] = [a, b, c].map(|text| characters(&text));
            prop_assert_eq!(edits(&a, &b), edits(&b, &a));
            prop_assert_eq!(edits(&a, &b) == 0, a == b);
            prop_assert!(edits(&a, &c) <= edits(&a, &b) + edits(&b, &c));
            prop_assert!(edits(&a, &b) <= a.len().max(b.len()));
        }
    }
}
