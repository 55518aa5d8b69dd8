//! The words that answer a question of a survey as a mark does, and those with which an answer is taken back: read
//! from `prompts/degrees.toml` by `crate::catalog`.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::script::{is_one_word, normalised};

/// How many degrees of satisfaction have words: as many as marks on 1–5.
pub const DEGREES: u8 = 5;

/// What may stand between two words of the same degree.
const BETWEEN: [char; 8] = ['吧', ' ', ',', '、', '。', '.', '!', '~'];

/// What a word of satisfaction is said of, and changes nothing in it: "I'm very satisfied", 都很好, 师傅人挺好的.
const SAID_OF: [&str; 14] = [
    "i'm ",
    "i am ",
    "it's ",
    "it is ",
    "it was ",
    "actually ",
    "actually, ",
    "all ",
    "我",
    "都",
    "其实",
    "还",
    "师傅人",
    "修得",
];

/// What stands between words that take an answer back and the one that is given instead.
const BEHIND: [char; 10] = [' ', ',', '.', '!', ';', ':', '~', '。', '、', '是'];

/// Every word is as [`normalised`] leaves it; a degree is 0 for the lowest, below [`DEGREES`].
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Degrees {
    /// Words of satisfaction: they count when they, or two of them, are the whole message.
    pub satisfied: BTreeMap<String, u8>,
    /// Words that answer whether somebody would recommend us, in the same way.
    pub recommends: BTreeMap<String, u8>,
    /// How words begin that are said in place of an answer given: "不对，三分". Whatever stands behind a closing `…`,
    /// the others are a clause of their own.
    pub amending: BTreeSet<String>,
}

impl Degrees {
    /// Reads a whole message as a degree of satisfaction: one word for it, or two that agree ("还行吧，一般般").
    pub fn satisfaction(&self, message: &str) -> Option<u8> {
        self.read(&self.satisfied, message)
    }

    /// Reads a whole message as an answer to whether somebody would recommend us.
    pub fn recommendation(&self, message: &str) -> Option<u8> {
        self.read(&self.recommends, message)
    }

    /// Returns what is said in place of an answer given, if a message begins as one that takes it back: nothing
    /// ("点错了") or another answer.
    pub fn amended(&self, message: &str) -> Option<String> {
        let said = normalised(message);
        let mut rest = said.as_str();
        while let Some(behind) = self.amending.iter().find_map(|words| behind(words, rest)) {
            rest = behind;
        }
        (rest.len() < said.len()).then(|| rest.to_owned())
    }

    fn read(&self, known: &BTreeMap<String, u8>, message: &str) -> Option<u8> {
        let said = self.amended(message).unwrap_or_else(|| normalised(message));
        let whole = said.trim_end_matches('吧');
        let agreed = |(at, _): (usize, char)| {
            let (one, other) = whole.split_at_checked(at)?;
            let one = degree_of(known, one.trim_end_matches(BETWEEN))?;
            let other = degree_of(known, other.trim_start_matches(BETWEEN))?;
            (one == other).then_some(one)
        };
        degree_of(known, whole).or_else(|| whole.char_indices().find_map(agreed))
    }
}

/// Returns the degree of a word, whoever or whatever it is said of.
fn degree_of(known: &BTreeMap<String, u8>, word: &str) -> Option<u8> {
    let mut rest = word;
    loop {
        if let Some(degree) = known.get(rest) {
            return Some(*degree);
        }
        rest = SAID_OF.iter().find_map(|of| rest.strip_prefix(of))?;
    }
}

/// Returns what stands behind the words that take an answer back, if these begin the text.
fn behind<'t>(words: &str, text: &'t str) -> Option<&'t str> {
    let open = words.strip_suffix('…');
    let head = open.unwrap_or(words);
    let rest = text.strip_prefix(head).filter(|rest| !head.is_empty() && !is_one_word(head, rest))?;
    // 不对 takes an answer back, 不对称 and "no complaints" do not.
    let latin = head.ends_with(|c: char| c.is_ascii_alphanumeric());
    let ends = rest.is_empty() || rest.starts_with(BEHIND) && !(latin && rest.starts_with(' '));
    (open.is_some() || ends).then(|| rest.trim_start_matches(BEHIND))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn degrees() -> Degrees {
        let words = |known: &[(&str, u8)]| known.iter().map(|(word, degree)| ((*word).to_owned(), *degree)).collect();
        Degrees {
            satisfied: words(&[("满意", 3), ("不是很满意", 1), ("很好", 3), ("还好", 2), ("挺快", 3), ("fast", 3)]),
            recommends: words(&[("会的", 3), ("不会", 0)]),
            amending: ["不对", "不是", "说错了", "应该是…", "no", "i meant…"].map(str::to_owned).into(),
        }
    }

    #[test]
    fn a_word_is_the_same_degree_whoever_it_is_said_of() {
        for (said, degree) in [("其实很好", 3), ("其实还挺快", 3), ("Actually, fast!", 3), ("还好", 2), ("我还好", 2)]
        {
            assert_eq!(degrees().satisfaction(said), Some(degree), "{said}");
        }
        assert_eq!(degrees().satisfaction("还有人来"), None);
        assert_eq!(degrees().recommendation("都不会吧"), Some(0));
    }

    #[test]
    fn an_answer_is_taken_back_by_a_clause_of_its_own_and_not_by_a_word_that_begins_so() {
        for (said, rest) in [
            ("不对，三分", Some("三分")),
            ("说错了，应该是四分", Some("四分")),
            ("不对！", Some("")),
            ("Oh no, fast", None),
            ("No, I meant three", Some("three")),
            ("nothing", None),
            ("no complaints", None),
            ("不对称", None),
            ("不是很满意", None),
            ("三分", None),
        ] {
            assert_eq!(degrees().amended(said).as_deref(), rest, "{said}");
        }
        assert_eq!(degrees().satisfaction("说错了，满意"), Some(3));
        assert_eq!(degrees().satisfaction("不是很满意"), Some(1));
        assert_eq!(degrees().satisfaction("No, it was fast"), Some(3));
    }
}
