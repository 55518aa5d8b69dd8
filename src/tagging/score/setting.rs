//! The scale that is declared: 十分制, 满分五分, "按十分", "out of ten", "from 1 to 10".

use super::{Reader, Scale, same};
use crate::tagging::number::Number;
use crate::tagging::text::Text;

/// Words after the number that make it a scale.
const AFTER: &[&str] = &[
    "分制",
    "星制",
    "颗星制",
    "分满分",
    "分为满分",
    "分是满分",
    "分算满分",
    "分作满分",
    "分里",
    "分的话",
    "分我打",
    "分我给",
    "星里",
    "颗里",
    "颗星里",
    "颗星当中",
    "分当中",
    "分之中",
    "分的标准",
    "分标准",
    "分量表",
    "星满分",
    "为满分",
    "是满分",
    "-point",
    " point scale",
    " scale",
    "-scale",
];
/// Words before the number that make it a scale.
const BEFORE: &[&str] = &[
    "满分",
    "满分是",
    "满分为",
    "满分按",
    "满分算",
    "满分就",
    "满分就是",
    "满分也是",
    "满分系",
    "总分",
    "总分是",
    "out of",
    "scale of",
    "scale to",
    "out of a possible",
];
/// Words that lead to a scale only where a mark follows in the sentence.
const BY: &[&str] = &["按", "按照", "以", "用", "照", "依"];

/// A declared scale and where it stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Setting {
    pub start: usize,
    pub end: usize,
    scale: Scale,
}

/// Returns the scales that are declared, in order.
pub(super) fn find(text: &Text, numbers: &[Number]) -> Vec<Setting> {
    let mut settings = Vec::new();
    for (index, number) in numbers.iter().enumerate() {
        let scale = match number.value {
            value if same(value, 5.0) => Scale::Five,
            value if same(value, 10.0) => Scale::Ten,
            value if same(value, 100.0) => Scale::Foreign,
            _ => continue,
        };
        let after: String = text.span(number.end, number.end + 12).iter().collect();
        let before: String = text.span(number.start.saturating_sub(18), number.start).iter().collect();
        let before = before.trim_end_matches([' ', ':']);
        let follows = numbers.get(index + 1).is_some_and(|next| text.same_sentence(number.start, next.start));
        let by = follows && after.starts_with('分') && BY.iter().any(|word| before.ends_with(word));
        // "1 to 10": the ends of the scale, where the mark itself is said besides.
        let lowest = index.checked_sub(1).and_then(|index| numbers.get(index)).filter(|low| {
            let between: String = text.span(low.end, number.start).iter().collect();
            low.value < 1.5 && !low.range && ["到", "-", "~", "至", "to", "分到"].contains(&between.trim())
        });
        let ends = lowest.filter(|_| numbers.len() > 2);
        if by
            || ends.is_some()
            || AFTER.iter().any(|word| after.starts_with(word))
            || BEFORE.iter().any(|word| before.ends_with(word))
        {
            if let Some(low) = ends {
                settings.push(Setting { start: low.start, end: low.end, scale });
            }
            let marks = usize::from(after.starts_with('分'));
            settings.push(Setting { start: number.start, end: number.end + marks, scale });
        }
    }
    settings
}

impl Reader<'_> {
    /// Says whether the number is the name of a scale.
    pub(super) fn names_scale(&self, number: &Number) -> bool {
        self.settings.iter().any(|setting| setting.start == number.start)
    }

    /// Returns the scale of a number by what is declared, the nearest before it first.
    pub(super) fn scale_of_setting(&self, number: &Number) -> Scale {
        let before = self.settings.iter().rev().find(|setting| setting.start <= number.start);
        // A scale that comes after the mark ("七分，十分制") unless it leads to a number of its own.
        let leads_on = |setting: &Setting| {
            let own =
                |number: &Number| number.start >= setting.end && self.text.same_clause(setting.start, number.start);
            setting.start > number.start && self.numbers.iter().any(own)
        };
        match before.or_else(|| self.settings.iter().find(|setting| !leads_on(setting))) {
            Some(setting) => setting.scale,
            None if number.value > 10.0 => Scale::Foreign,
            None => Scale::Open,
        }
    }
}
