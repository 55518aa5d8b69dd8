//! Text from outside, made fit to be read, stored and shown.

/// Removes what nobody means to write: control characters (line breaks and tabs stay), marks that
/// turn the direction of reading (they can make a text look like another one), invisible fillers;
/// trims white space.
///
/// Zero-width joiners stay: emoji are made of them.
pub fn clean(text: &str) -> String {
    let kept: String = text.replace("\r\n", "\n").chars().filter(|c| !is_removed(*c)).collect();
    kept.trim().to_owned()
}

fn is_removed(c: char) -> bool {
    (c.is_control() && c != '\n' && c != '\t')
        || matches!(c, '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::clean;

    #[test]
    fn control_and_bidi_characters_are_removed_and_line_breaks_stay() {
        assert_eq!(clean("\u{202e}漏\u{0}水\u{7}\r\n厨房\u{200b} "), "漏水\n厨房");
    }

    #[test]
    fn a_family_emoji_stays_whole() {
        assert_eq!(clean("👨\u{200d}👩\u{200d}👧"), "👨\u{200d}👩\u{200d}👧");
    }
}
