//! What gives a person away in a text, made unreadable before the text leaves the service; and how
//! long what is not needed any more is kept.

use std::time::Duration;

/// A run of digits this long is taken for a telephone number (or another that nobody needs to learn
/// from): a mobile number has 11, a landline without its area code 7 or 8.
const FEWEST_DIGITS: usize = 7;
/// What stands in place of a number or an address.
const MASK: &str = "***";

/// How long it takes until something goes. Operators decide: `[policy]` in the configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// After somebody asked to be forgotten: what they are told last must still reach them.
    pub on_request: Duration,
    /// After somebody unfollowed us where the platform wants their data gone, unless they came back:
    /// by mistake happens.
    pub after_leaving: Duration,
    /// After a job was owed that is done. Its key goes with it, so this is longer than anything is
    /// owed twice.
    pub done_jobs: Duration,
}

impl Default for Retention {
    /// Ten minutes, a day, and half a year.
    fn default() -> Retention {
        let days = |days: u64| Duration::from_secs(days * 86_400);
        Retention { on_request: Duration::from_secs(600), after_leaving: days(1), done_jobs: days(180) }
    }
}

/// Returns the text with telephone numbers and e-mail addresses masked: runs of at least seven
/// digits, however they are separated (spaces, `-`, `.`, brackets, a leading `+`), in ASCII, full
/// width or Chinese numerals, and anything of the form `name@host.tld`. Dates and part numbers that
/// long are masked as well: too much rather than too little.
pub fn mask(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut masked = String::with_capacity(text.len());
    let mut at = 0;
    while let Some(c) = chars.get(at) {
        match address(&chars, at).or_else(|| number(&chars, at)) {
            Some(end) => {
                masked.push_str(MASK);
                at = end;
            }
            None => {
                masked.push(*c);
                at += 1;
            }
        }
    }
    masked
}

/// Returns where the number that begins here ends.
fn number(chars: &[char], start: usize) -> Option<usize> {
    let begins = |c: char| is_digit(c) || matches!(c, '+' | '＋' | '(' | '（');
    let first = *chars.get(start)?;
    if !begins(first) {
        return None;
    }
    let (mut digits, mut end) = (0, start);
    // Two marks in a row separate ("(0755) 1234567"), three do not.
    let mut marks = 0;
    for (at, c) in chars.iter().enumerate().skip(start) {
        if is_digit(*c) {
            digits += 1;
            (marks, end) = (0, at + 1);
        } else if at == start {
            // The sign or bracket it begins with.
        } else if is_mark(*c) && marks < 2 {
            marks += 1;
        } else {
            break;
        }
    }
    (digits >= FEWEST_DIGITS).then_some(end)
}

/// Returns where the e-mail address whose first character this is ends.
fn address(chars: &[char], start: usize) -> Option<usize> {
    let run = |from: usize, is: fn(char) -> bool| from + chars.iter().skip(from).take_while(|c| is(**c)).count();
    let at = run(start, |c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '%' | '+' | '-'));
    if at == start || !matches!(chars.get(at), Some('@' | '＠')) {
        return None;
    }
    let end = run(at + 1, |c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-'));
    let host: String = chars.get(at + 1..end)?.iter().collect();
    let host = host.trim_end_matches(['.', '-']);
    let dotted = host.split_once('.').is_some_and(|(name, rest)| !name.is_empty() && !rest.is_empty());
    dotted.then(|| at + 1 + host.chars().count())
}

fn is_digit(c: char) -> bool {
    c.is_ascii_digit()
        || ('０'..='９').contains(&c)
        || matches!(c, '零' | '〇' | '一' | '幺' | '二' | '两' | '三' | '四' | '五' | '六' | '七' | '八' | '九')
}

fn is_mark(c: char) -> bool {
    matches!(c, ' ' | '-' | '－' | '–' | '.' | '(' | ')' | '（' | '）' | '\u{3000}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_and_addresses_are_masked_however_they_are_written() {
        for (said, masked) in [
            ("打13800138000找我", "打***找我"),
            ("call +86 138-0013-8000 please", "call *** please"),
            ("(0755) 8888 6666。", "***。"),
            ("座机８８８８６６６６", "座机***"),
            ("电话幺三八零零一三八零零零", "电话***"),
            ("write to li.jing+a@mail.example.com.", "write to ***."),
            ("邮箱lijing@example.cn或者", "邮箱***或者"),
        ] {
            assert_eq!(mask(said), masked);
        }
    }

    #[test]
    fn what_people_say_about_a_flat_stays() {
        for said in ["3栋2单元1201 漏水三天了", "我打4分，等了 2 - 3 天", "一二三四，五六", "温度 18 到 26 度，a@b"]
        {
            assert_eq!(mask(said), said);
        }
    }

    proptest! {
        #[test]
        fn no_seven_digits_in_a_row_and_no_address_are_left(text in "[0-9一 @a.漏-]{0,40}") {
            let masked = mask(&text);
            let mut run = 0;
            for c in masked.chars() {
                run = if is_digit(c) { run + 1 } else { 0 };
                prop_assert!(run < FEWEST_DIGITS, "{} -> {}", text, masked);
            }
            prop_assert_eq!(mask(&masked), masked);
        }
    }
}
