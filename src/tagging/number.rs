//! Numbers in an utterance: Arabic, Chinese and English, with where they stand.
//!
//! Only finds and values them; whether one is a rating is [`super::score`]'s to say.

use super::text::Text;

/// A number as it stands in the text.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Number {
    pub start: usize,
    pub end: usize,
    pub value: f64,
    /// `三四`: two neighbouring digits with no order between them, so a range.
    pub range: bool,
}

/// Returns every number of the text, in order.
pub(super) fn find(text: &Text) -> Vec<Number> {
    let mut numbers = Vec::new();
    let mut at = 0;
    while at < text.len() {
        match number_at(text, at) {
            Some(number) => {
                at = number.end.max(at + 1);
                numbers.push(number);
            }
            None => at += 1,
        }
    }
    numbers
}

fn number_at(text: &Text, at: usize) -> Option<Number> {
    let c = text.char(at);
    if c.is_ascii_digit() {
        Some(arabic(text, at))
    } else if c.is_ascii_alphabetic() {
        english(text, at)
    } else if han_digit(c).is_some() || han_unit(c).is_some() {
        chinese(text, at)
    } else {
        keycap(c).map(|value| Number { start: at, end: at + 1, value, range: false })
    }
}

fn arabic(text: &Text, start: usize) -> Number {
    let mut end = start;
    while text.char(end).is_ascii_digit() {
        end += 1;
    }
    if text.char(end) == '.' && text.char(end + 1).is_ascii_digit() {
        end += 1;
        while text.char(end).is_ascii_digit() {
            end += 1;
        }
    }
    let written: String = text.span(start, end).iter().collect();
    let value = written.parse().unwrap_or(f64::MAX);
    if ends_with(text, end, AND_A_HALF) {
        return Number { start, end: end + AND_A_HALF.len(), value: value + 0.5, range: false };
    }
    Number { start, end, value, range: false }
}

const AND_A_HALF: &str = " and a half";

const ENGLISH: &[(&str, f64)] = &[
    ("zero", 0.0),
    ("zilch", 0.0),
    ("nil", 0.0),
    ("nought", 0.0),
    ("one", 1.0),
    ("two", 2.0),
    ("three", 3.0),
    ("four", 4.0),
    ("five", 5.0),
    ("six", 6.0),
    ("seven", 7.0),
    ("eight", 8.0),
    ("nine", 9.0),
    ("ten", 10.0),
    ("eleven", 11.0),
    ("twelve", 12.0),
    ("fifteen", 15.0),
    ("twenty", 20.0),
    ("thirty", 30.0),
    ("ones", 1.0),
    ("twos", 2.0),
    ("threes", 3.0),
    ("fours", 4.0),
    ("fives", 5.0),
    ("nines", 9.0),
    ("tens", 10.0),
];

fn english(text: &Text, start: usize) -> Option<Number> {
    if text.before(start).is_ascii_alphanumeric() || text.before(start) == '\'' {
        return None;
    }
    let (mut value, mut end) = english_word(text, start)?;
    // "no one answers", "this one was great"
    let pronoun = || {
        ["no ", "this ", "that ", "the ", "every ", "any ", "which "].iter().any(|word| {
            let from = start.saturating_sub(word.len());
            ends_with(text, from, word) && !text.before(from).is_ascii_alphanumeric()
        })
    };
    if end - start == 3 && value < 1.5 && pronoun() {
        return None;
    }
    // "four and a half", "four point five"
    if ends_with(text, end, AND_A_HALF) {
        return Some(Number { start, end: end + AND_A_HALF.len(), value: value + 0.5, range: false });
    }
    if ends_with(text, end, " point ")
        && let Some((tenths, after)) = english_word(text, end + 7)
    {
        value += tenths / 10.0;
        end = after;
    }
    Some(Number { start, end, value, range: false })
}

fn english_word(text: &Text, start: usize) -> Option<(f64, usize)> {
    let (word, value) = ENGLISH
        .iter()
        .find(|(word, _)| ends_with(text, start, word) && !text.char(start + word.len()).is_ascii_alphanumeric())?;
    Some((*value, start + word.len()))
}

fn ends_with(text: &Text, start: usize, word: &str) -> bool {
    text.span(start, start + word.len()).iter().copied().eq(word.chars())
}

fn chinese(text: &Text, start: usize) -> Option<Number> {
    let mut end = start;
    let (mut total, mut digit, mut digits) = (0.0, None::<f64>, 0);
    let mut previous = None;
    let mut range = false;
    loop {
        let c = text.char(end);
        if let Some(value) = han_digit(c) {
            // 三四 is "three or four"; 一二三 or 二零二五 is read digit by digit.
            // 五五 is a share or a figure twice.
            let neighbour = |before: f64| (0.5..1.5).contains(&(value - before).abs()) && before > 0.0;
            range = digits == 1 && previous.is_some_and(neighbour);
            digit = Some(if digits > 0 { digit.unwrap_or(0.0) * 10.0 + value } else { value });
            digits += 1;
            previous = Some(value);
        } else if let Some(unit) = han_unit(c) {
            total += digit.unwrap_or(1.0) * unit;
            (digit, digits, previous) = (None, 0, None);
        } else {
            break;
        }
        end += 1;
    }
    let mut value = total + digit.unwrap_or(0.0);
    if digits > 2 {
        range = false;
    }
    // 四点五分 is a mark; 四点五十 or 四点半 is a time of day.
    let goes_on = |c: char| han_digit(c).is_some() || han_unit(c).is_some();
    if text.char(end) == '点'
        && let Some(tenth) = han_digit(text.char(end + 1))
        && !goes_on(text.char(end + 2))
    {
        value += tenth / 10.0;
        end += 2;
    }
    if range {
        value = previous.unwrap_or(value);
    }
    // 统一, 唯一: a word, not a number.
    let word = end == start + 1
        && text.char(start) == '一'
        && matches!(text.before(start), '统' | '唯' | '专' | '逐' | '划' | '归' | '同');
    (end > start && !word).then_some(Number { start, end, value, range })
}

fn han_digit(c: char) -> Option<f64> {
    Some(match c {
        '零' | '〇' => 0.0,
        '一' | '壹' => 1.0,
        '二' | '两' | '俩' | '贰' => 2.0,
        '三' | '叁' | '仨' => 3.0,
        '四' | '肆' => 4.0,
        '五' | '伍' => 5.0,
        '六' | '陆' => 6.0,
        '七' | '柒' => 7.0,
        '八' | '捌' => 8.0,
        '九' | '玖' => 9.0,
        _ => return None,
    })
}

fn han_unit(c: char) -> Option<f64> {
    Some(match c {
        '十' | '拾' => 10.0,
        '百' => 100.0,
        '千' => 1000.0,
        '万' => 10000.0,
        _ => return None,
    })
}

/// ① … ⑩ and 🔟; the keycap emoji are plain digits with a mark that is dropped.
fn keycap(c: char) -> Option<f64> {
    match c {
        '①'..='⑩' => Some(f64::from(u32::from(c) - u32::from('①') + 1)),
        '🔟' => Some(10.0),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::text::Script;
    use super::*;

    #[test]
    fn numbers_are_valued_in_every_writing() {
        let script = Script::default();
        for (said, value) in [
            ("4", 4.0),
            ("4.5", 4.5),
            ("四", 4.0),
            ("四点五", 4.5),
            ("十", 10.0),
            ("十二", 12.0),
            ("二十", 20.0),
            ("三百六十五", 365.0),
            ("二零二五", 2025.0),
            ("两", 2.0),
            ("four", 4.0),
            ("four and a half", 4.5),
            ("3 and a half", 3.5),
            ("nought", 0.0),
            ("four point five", 4.5),
            ("⑤", 5.0),
        ] {
            let found = find(&Text::new(said, &script));
            assert_eq!(found.iter().map(|number| number.value).collect::<Vec<_>>(), [value], "{said}");
        }
    }

    #[test]
    fn two_neighbouring_digits_are_a_range() {
        let script = Script::default();
        let ranges = |said: &str| find(&Text::new(said, &script)).iter().map(|number| number.range).collect::<Vec<_>>();
        assert_eq!(ranges("三四分"), [true]);
        assert_eq!(ranges("七八个"), [true]);
        assert_eq!(ranges("一三零五"), [false]);
        assert_eq!(ranges("四点五十"), [false, false]);
    }

    #[test]
    fn a_number_inside_a_word_is_none() {
        let script = Script::default();
        assert_eq!(find(&Text::new("someone often weighs", &script)), []);
    }
}
