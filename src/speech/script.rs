//! What a recogniser wrote, made presentable or recognised as nonsense: broken characters, loops,
//! things that models say to silence, Traditional characters.

use std::collections::HashSet;

use ferrous_opencc::OpenCC;
use ferrous_opencc::config::BuiltinConfig;

use crate::domain::han::is_han;

const SILENCE_PHRASES: &str = include_str!("../../prompts/speech/silence_phrases.txt");

/// RMS below which a silence phrase is not believed: −30 dBFS. People hold a phone close.
const LOW_LOUDNESS: f32 = 0.03;

/// Longest unit whose repetition is looked for, in characters.
const LONGEST_UNIT: usize = 16;

/// Rules about text that need tables.
pub struct Script {
    simplify: OpenCC,
    silence_phrases: HashSet<String>,
}

impl Script {
    /// Loads the tables, which are part of the program.
    ///
    /// # Errors
    /// Never in a program that passed its tests.
    pub fn new() -> Result<Script, ferrous_opencc::error::OpenCCError> {
        let simplify = OpenCC::from_config(BuiltinConfig::T2s)?;
        let silence_phrases = SILENCE_PHRASES
            .lines()
            .filter(|line| !line.starts_with('#'))
            .map(|line| bare(&simplify.convert(line)))
            .filter(|line| !line.is_empty())
            .collect();
        Ok(Script { simplify, silence_phrases })
    }

    /// Returns the text in Simplified characters.
    pub fn simplified(&self, text: &str) -> String {
        self.simplify.convert(text)
    }

    /// Whether `text` is one of the things that models say to silence, and the recording so quiet
    /// (RMS `loudness`) that this is likelier than somebody saying it.
    pub fn is_said_to_silence(&self, text: &str, loudness: f32) -> bool {
        loudness < LOW_LOUDNESS && self.silence_phrases.contains(&bare(&self.simplify.convert(text)))
    }
}

/// Takes a recogniser's bytes for text: characters it broke off in the middle (a Chinese character
/// can be two or three tokens) and control characters are left out, spaces tidied.
pub fn clean(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let text: String =
        text.chars().filter(|&c| c != char::REPLACEMENT_CHARACTER && (c.is_whitespace() || !c.is_control())).collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether a text runs in a circle: the same few characters over and over. A single character may
/// come six times (telephone numbers have such runs), a longer unit three times.
pub fn loops(text: &str) -> bool {
    let characters: Vec<char> = text.chars().filter(|c| c.is_alphanumeric()).collect();
    (1..=LONGEST_UNIT).any(|unit| {
        let allowed = if unit == 1 { 6 } else { 3 };
        let pairs = characters.iter().zip(characters.iter().skip(unit)).map(|(a, b)| a == b);
        let mut run = 0;
        pairs.into_iter().any(|same| {
            run = if same { run + 1 } else { 0 };
            run >= unit * allowed
        })
    })
}

/// Stands where speech was not understood.
pub const GAP: &str = "……";

/// Joins the texts of consecutive pieces of one recording.
pub fn join(pieces: &[String]) -> String {
    let mut joined = String::new();
    for piece in pieces.iter().filter(|piece| !piece.is_empty()) {
        if let Some(last) = joined.chars().last().filter(|_| piece != GAP && !joined.ends_with(GAP)) {
            let comma = if is_han(last) { "，" } else { ", " };
            joined.push_str(if last.is_alphanumeric() { comma } else { " " });
        }
        joined.push_str(piece);
    }
    joined
}

fn bare(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn traditional_becomes_simplified() {
        let script = Script::new().unwrap();
        assert_eq!(script.simplified("臥室天花板漏水，師傅態度敷衍"), "卧室天花板漏水，师傅态度敷衍");
        assert_eq!(script.simplified("The tap leaks"), "The tap leaks");
    }

    #[test]
    fn what_models_say_to_silence_is_dropped_only_if_the_recording_is_quiet() {
        let script = Script::new().unwrap();
        assert!(script.is_said_to_silence("請不吝點贊訂閱轉發打賞支持明鏡與點點欄目", 0.01));
        assert!(script.is_said_to_silence(" Thanks for watching!", 0.01));
        assert!(!script.is_said_to_silence("谢谢观看", 0.2));
        assert!(!script.is_said_to_silence("谢谢，厨房漏水", 0.01), "only the whole text counts");
        assert!(!script.is_said_to_silence("", 0.01));
    }

    #[test]
    fn broken_characters_are_left_out() {
        assert_eq!(clean("漏水".as_bytes()), "漏水");
        assert_eq!(clean(&"漏水".as_bytes()[..4]), "漏");
        assert_eq!(clean(b"  The tap\n is \x00leaking "), "The tap is leaking");
        assert_eq!(clean(b"\xff\xfe"), "");
    }

    #[test]
    fn loops_are_noticed_and_telephone_numbers_are_not_loops() {
        assert!(loops("漏水漏水漏水漏水漏水"));
        assert!(loops("six six six six six"));
        assert!(loops("好好好好好好好好"));
        assert!(loops("我要报修，我要报修，我要报修，我要报修"));
        assert!(!loops("我的电话是一三八八八八八八零零零"));
        assert!(!loops("主卧卫生间天花板漏水，已经三天了"));
        assert!(!loops("慢慢慢，特别特别慢"));
        assert!(!loops(""));
    }

    #[test]
    fn pieces_are_joined_as_one_would_write_them() {
        let joined = |pieces: &[&str]| join(&pieces.iter().map(ToString::to_string).collect::<Vec<_>>());
        assert_eq!(joined(&["厨房漏水", "", "请尽快来"]), "厨房漏水，请尽快来");
        assert_eq!(joined(&["The tap leaks.", "Please come"]), "The tap leaks. Please come");
        assert_eq!(joined(&["The tap leaks", "please come"]), "The tap leaks, please come");
        assert_eq!(joined(&[]), "");
    }
}
