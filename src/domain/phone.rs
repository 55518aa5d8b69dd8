//! Telephone numbers as they are stored and compared.

/// Digits of the longest number (ITU-T E.164).
const MOST_DIGITS: usize = 15;

/// Returns a number in the form it is stored in: a Chinese mobile as its eleven digits, a Chinese
/// landline as its digits with the area code, any other with `+` and country code. `None` if it
/// is no number of these.
pub fn normalised(text: &str) -> Option<String> {
    let text = text.trim();
    let separator = |c: char| c.is_whitespace() || matches!(c, '-' | '(' | ')' | '（' | '）' | '.' | '－');
    let international = text.starts_with('+') || text.starts_with("00");
    let plain = text.trim_start_matches('+').trim_start_matches("00");
    if plain.chars().any(|c| !c.is_ascii_digit() && !separator(c)) {
        return None;
    }
    let digits: String = if international { plain } else { text }.chars().filter(char::is_ascii_digit).collect();
    let domestic = match digits.strip_prefix("86") {
        Some(rest) if international || digits.len() == 13 => rest,
        _ if international => return (8..=MOST_DIGITS).contains(&digits.len()).then(|| format!("+{digits}")),
        _ => digits.as_str(),
    };
    let mobile = domestic.len() == 11 && matches!(domestic.as_bytes(), [b'1', b'3'..=b'9', ..]);
    let landline = domestic.starts_with('0') && (10..=12).contains(&domestic.len());
    let service = (domestic.starts_with("400") || domestic.starts_with("800")) && domestic.len() == 10;
    (mobile || landline || service).then(|| domestic.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mobile_number_is_its_eleven_digits_however_it_was_written() {
        for text in
            ["13800138000", "138 0013 8000", "138-0013-8000", "+86 13800138000", "8613800138000", "008613800138000"]
        {
            assert_eq!(normalised(text).as_deref(), Some("13800138000"), "{text}");
        }
    }

    #[test]
    fn landlines_service_numbers_and_foreign_numbers_are_numbers() {
        assert_eq!(normalised("0571-8888 6666").as_deref(), Some("057188886666"));
        assert_eq!(normalised("（021）62345678").as_deref(), Some("02162345678"));
        assert_eq!(normalised("400-800-1234").as_deref(), Some("4008001234"));
        assert_eq!(normalised("+44 20 7946 0958").as_deref(), Some("+442079460958"));
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for text in
            ["", "张三", "12345", "1.38E+10", "23800138000", "12800138000", "138001380001", "+1", "138000138000x"]
        {
            assert_eq!(normalised(text), None, "{text}");
        }
    }
}
