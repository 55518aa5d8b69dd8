//! The number of a ticket, as people type it.

/// What people write before it, one or several of them: "工单编号：", "ticket no.".
const CALLED: [&str; 10] = ["工单", "单号", "编号", "号", "TICKET", "NO", "№", ".", ":", "#"];

/// Returns the number of a ticket as it is kept, `HF2611-0042`, of how somebody types it: in large letters, small
/// or wide ones, with its dash or without, behind what it is called. Its letters may be missing where its dash and
/// its month tell it from a phone number. `None` for what is no number.
pub fn number_of(typed: &str) -> Option<String> {
    let plain: String = typed.chars().map(narrow).filter(|c| !c.is_whitespace()).collect();
    let plain = plain.to_uppercase();
    let mut number = plain.as_str();
    while let Some(rest) = CALLED.iter().find_map(|called| number.strip_prefix(called)) {
        number = rest;
    }
    let (digits, lettered) = match number.strip_prefix("HF") {
        Some(rest) => (rest.replace('-', ""), true),
        None => (number.replacen('-', "", 1), false),
    };
    let (month, count) = digits.split_at_checked(4)?;
    let is_known = lettered || number.find('-') == Some(4) && is_month(month);
    let is_number = count.len() >= 4 && digits.bytes().all(|b| b.is_ascii_digit());
    (is_known && is_number).then(|| format!("HF{month}-{count}"))
}

/// Whether four digits are a year and a month: `2611`.
fn is_month(digits: &str) -> bool {
    digits.get(2..).and_then(|month| month.parse().ok()).is_some_and(|month: u8| (1..=12).contains(&month))
}

/// Returns a letter, digit or sign as a keyboard for English has it: `０` is `0`, and every dash is one.
fn narrow(typed: char) -> char {
    match typed {
        '–' | '—' => '-',
        // The wide forms stand in the order of ASCII.
        '！'..='～' => char::from_u32(u32::from(typed) - 0xFEE0).unwrap_or(typed),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_understood_however_it_is_typed() {
        for typed in ["HF2611-0042", " hf2611-0042", "Hf26110042", "HF2611 0042", "HF2611–0042", "2611-0042"] {
            assert_eq!(number_of(typed).as_deref(), Some("HF2611-0042"), "{typed}");
        }
        for typed in
            ["工单HF2611-0042", "工单号：HF2611-0042", "#HF2611-0042", "工单 2611-0042", "ＨＦ２６１１－００４２"]
        {
            assert_eq!(number_of(typed).as_deref(), Some("HF2611-0042"), "{typed}");
        }
        for typed in [
            "单号2611-0042",
            "编号 HF2611-0042",
            "工单编号：2611-0042",
            "No. 2611-0042",
            "ticket no 2611-0042",
            "№2611-0042",
        ] {
            assert_eq!(number_of(typed).as_deref(), Some("HF2611-0042"), "{typed}");
        }
        assert_eq!(number_of("hf261112345").as_deref(), Some("HF2611-12345"), "a month with very many");
        for other in ["", "HF", "HF2611-004", "26110042", "HF2611-00a2", "王芳", "工单", "No.", "编号"] {
            assert_eq!(number_of(other), None, "{other}");
        }
        for phone in ["13800000000", "0571-88001234", "021-61234567", "138-0000-0000"] {
            assert_eq!(number_of(phone), None, "{phone}");
        }
    }
}
