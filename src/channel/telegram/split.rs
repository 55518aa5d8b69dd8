//! Long texts in parts that Telegram takes: it counts UTF-16 units (protocols §3.5).

/// The most UTF-16 units of one message.
const LONGEST: usize = 4096;
/// A part is not made shorter than this to end at a better place.
const SHORTEST: usize = LONGEST / 2;

/// Cuts a text into parts that are short enough: at the last empty line that fits, else at the end
/// of a line, of a sentence, of a word; never within a character. Nothing but the white space at a
/// cut is left out.
pub(super) fn parts(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = text;
    loop {
        let fits = fitting(rest);
        if fits == rest.len() {
            parts.push(rest);
            return parts;
        }
        let (head, _) = rest.split_at(cut(rest.get(..fits).unwrap_or(rest)));
        let tail = rest.get(head.len()..).unwrap_or_default();
        parts.push(head.trim_end());
        rest = tail.trim_start();
        if rest.is_empty() {
            return parts;
        }
    }
}

/// Returns how many bytes of a text are at most [`LONGEST`] units.
fn fitting(text: &str) -> usize {
    let mut units = 0;
    for (at, c) in text.char_indices() {
        units += c.len_utf16();
        if units > LONGEST {
            return at;
        }
    }
    text.len()
}

/// Returns where to cut a head that is full.
fn cut(head: &str) -> usize {
    let enough = |at: &usize| head.get(..*at).is_some_and(|kept| kept.encode_utf16().count() >= SHORTEST);
    let after = |mark: &str| head.rfind(mark).map(|at| at + mark.len()).filter(enough);
    let sentence = || {
        let ends = |c: char| "。！？；.!?;".contains(c);
        head.char_indices().rev().find(|(_, c)| ends(*c)).map(|(at, c)| at + c.len_utf8()).filter(enough)
    };
    after("\n\n").or_else(|| after("\n")).or_else(sentence).or_else(|| after(" ")).unwrap_or(head.len())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn units(text: &str) -> usize {
        text.encode_utf16().count()
    }

    #[test]
    fn a_text_that_fits_stays_whole() {
        assert_eq!(parts("好的"), ["好的"]);
        assert_eq!(parts(""), [""]);
        let exactly = "好".repeat(LONGEST);
        assert_eq!(parts(&exactly), [exactly.as_str()]);
    }

    #[test]
    fn signs_beyond_the_basic_plane_count_twice_and_are_never_cut() {
        let text = "😀".repeat(LONGEST / 2 + 1);
        let cut = parts(&text);
        assert_eq!(cut.iter().map(|part| units(part)).collect::<Vec<_>>(), [LONGEST, 2]);
        assert_eq!(cut.concat(), text);
    }

    #[test]
    fn a_cut_falls_between_lines_or_sentences_where_it_can() {
        let lines = format!("{}\n\n{}\n{}", "一".repeat(2500), "二".repeat(1000), "三".repeat(1000));
        let cut = parts(&lines);
        assert_eq!(cut, ["一".repeat(2500), format!("{}\n{}", "二".repeat(1000), "三".repeat(1000))]);
        let sentences = "一二三四五六七八九。".repeat(500);
        assert!(parts(&sentences).iter().all(|part| part.ends_with('。')));
    }

    proptest! {
        #[test]
        fn no_part_is_too_long_and_no_word_is_lost(text in "[ \n。a😀好]{0,9000}") {
            let cut = parts(&text);
            prop_assert!(cut.iter().all(|part| units(part) <= LONGEST));
            let spaceless = |text: &str| text.split_whitespace().collect::<String>();
            prop_assert_eq!(spaceless(&cut.concat()), spaceless(&text));
        }
    }
}
