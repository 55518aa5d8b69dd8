//! The n-grams of an utterance, as places in a table of weights.
//!
//! A token is a Chinese character, a word of Latin letters, a number or a mark; a feature is a
//! run of one to four tokens, or three to five letters inside a longer word, so that a typing
//! error leaves most of a word standing. A feature is known by its CRC-32 alone: the table needs
//! no vocabulary. `models/sentiment/train/ngrams.py` makes the same features; what changes here
//! changes there, and the model is trained anew. Next: [`super::linear`].

use super::text::Text;

/// Tokens that are looked at; of longer texts the beginning.
const MOST_TOKENS: usize = 400;
/// Numbers of more digits than this are all alike: prices, rooms, ticket numbers.
const TELLING_DIGITS: usize = 2;

/// Returns the CRC-32 of each feature with at most `longest` tokens, in no order, repeated where
/// the feature is.
pub(super) fn hashes(text: &Text, longest: usize) -> Vec<u32> {
    let tokens: Vec<&str> = tokens(&text.folded).into_iter().map(|token| token.form).collect();
    let mut hashes = Vec::with_capacity(tokens.len() * (longest + 2));
    for (at, token) in tokens.iter().enumerate() {
        let mut sum = crc32fast::Hasher::new();
        for (place, next) in tokens.iter().skip(at).take(longest).enumerate() {
            if place > 0 {
                sum.update(b"\x01");
            }
            sum.update(next.as_bytes());
            hashes.push(sum.clone().finalize());
        }
        if token.is_ascii() && token.len() >= 4 {
            pieces(token, &mut hashes);
        }
    }
    hashes
}

/// Adds the pieces of a word, its beginning and end marked.
fn pieces(word: &str, hashes: &mut Vec<u32>) {
    let marked = format!("<{word}>");
    for length in 3..=5 {
        for piece in marked.as_bytes().windows(length) {
            let mut sum = crc32fast::Hasher::new();
            sum.update(b"\x02");
            sum.update(piece);
            hashes.push(sum.finalize());
        }
    }
}

/// A piece of a folded text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Token<'t> {
    /// First byte in the folded text.
    pub start: usize,
    /// As it stands there.
    pub raw: &'t str,
    /// As it is learnt: long numbers are all alike.
    pub form: &'t str,
}

/// Cuts a folded text into tokens.
pub(super) fn tokens(folded: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut rest = folded.trim_start();
    while let Some(first) = rest.chars().next()
        && tokens.len() < MOST_TOKENS
    {
        let length = if first.is_ascii_lowercase() {
            word(rest)
        } else if first.is_ascii_digit() {
            rest.bytes().take_while(u8::is_ascii_digit).count()
        } else {
            first.len_utf8()
        };
        let start = folded.len() - rest.len();
        let (raw, after) = rest.split_at(length);
        let is_long = first.is_ascii_digit() && length > TELLING_DIGITS;
        tokens.push(Token { start, raw, form: if is_long { "#" } else { raw } });
        rest = after.trim_start();
    }
    tokens
}

/// Length of a word in bytes: letters, and once an apostrophe with more of them.
fn word(text: &str) -> usize {
    let letters = |text: &str| text.bytes().take_while(u8::is_ascii_lowercase).count();
    let stem = letters(text);
    match text.get(stem..).and_then(|rest| rest.strip_prefix('\'')) {
        Some(rest) if letters(rest) > 0 => stem + 1 + letters(rest),
        _ => stem,
    }
}

#[cfg(test)]
mod tests {
    use super::super::text::Script;
    use super::*;

    #[test]
    fn a_token_is_a_character_a_word_a_number_or_a_mark() {
        let text = Text::new("水龙头 wasn't fixed，9楼1203！", &Script::simplified());
        let forms =
            |folded: &str| -> Vec<String> { tokens(folded).iter().map(|token| token.form.to_owned()).collect() };
        assert_eq!(forms(&text.folded), ["水", "龙", "头", "wasn't", "fixed", ",", "9", "楼", "#", "!"]);
        assert_eq!(forms(" 'tis 4' "), ["'", "tis", "4", "'"]);
        assert_eq!(forms("  "), Vec::<String>::new());
    }

    #[test]
    fn a_feature_is_a_run_of_tokens_or_a_piece_of_a_word() {
        let text = Text::new("漏水了", &Script::default());
        let expected: Vec<u32> =
            ["漏", "漏\u{1}水", "水", "水\u{1}了", "了"].map(|f| crc32fast::hash(f.as_bytes())).into();
        assert_eq!(hashes(&text, 2), expected);
        let word = Text::new("leak", &Script::default());
        assert!(hashes(&word, 1).contains(&crc32fast::hash(b"\x02<lea")));
        assert_eq!(hashes(&word, 1).len(), 1 + 4 + 3 + 2);
    }
}
