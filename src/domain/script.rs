//! What a conversation needs of `prompts/`, as plain data: the surveys, the repair form and the
//! words that stand for commands.
//!
//! Built and checked by `crate::catalog`, read by [`super::dialogue`]. It holds keys of texts,
//! never sentences.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::degree::Degrees;
use super::han::simplified;
use super::survey::Survey;

/// Everything of `prompts/` that decides where a conversation goes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Script {
    /// By id.
    pub surveys: BTreeMap<String, Survey>,
    pub repair: RepairForm,
    pub words: CommandWords,
    /// Words that answer a question as a mark does, and those that take an answer back.
    pub degrees: Degrees,
    /// Words that are only polite when they are the whole message, as [`normalised`] leaves them.
    pub courtesies: BTreeMap<String, Courtesy>,
    /// Questions that are often asked.
    pub faq: Vec<super::faq::Entry>,
}

impl Script {
    /// Reads a whole message as a courtesy.
    pub fn courtesy(&self, message: &str) -> Option<Courtesy> {
        let known = self.courtesies.get(&normalised(message)).copied();
        known.filter(|courtesy| *courtesy != Courtesy::Pause)
    }

    /// Whether a whole message asks for a moment to think.
    pub fn asks_for_time(&self, message: &str) -> bool {
        self.courtesies.get(&normalised(message)) == Some(&Courtesy::Pause)
    }
}

/// What somebody says who is only polite.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Courtesy {
    /// Thanks, a goodbye, or that a message was read.
    Thanks,
    Greeting,
    /// Somebody wants to think first; [`Script::asks_for_time`] tells, as it closes nothing.
    Pause,
}

/// What a repair report consists of (报修单).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RepairForm {
    /// Messages that follow each other within this many seconds are one report.
    pub burst_seconds: u32,
    /// A draft nobody confirms is recalled after this many minutes …
    pub remind_after_minutes: u32,
    /// … and filed unconfirmed after this many, so that no report is lost to silence.
    pub file_after_minutes: u32,
    /// In the order in which missing ones are asked and the summary lists them.
    pub slots: Vec<Slot>,
    /// What says that nobody need come any more, as [`normalised`] leaves it.
    pub over: BTreeSet<String>,
    /// What says so of a ticket that is filed, wherever it stands within the words.
    pub withdrawn: BTreeSet<String>,
    /// What stands before it where it only tells what others said.
    pub hearsay: BTreeSet<String>,
    /// What stands before it where somebody wonders or was mistaken.
    pub doubted: BTreeSet<String>,
    /// What ends a clause that says that there is no hurry.
    pub calm: BTreeSet<String>,
    /// What says of a photo, when it is all that is said, that it shows what was just filed.
    pub shown: BTreeSet<String>,
    /// What asks for the report to be sent as it is, as [`normalised`] leaves it.
    pub send: BTreeSet<String>,
    /// How words begin that are said in place of others, the same way; `…` stands for whatever is between.
    pub correcting: BTreeSet<String>,
    /// What adds to what was said, however the words begin.
    pub besides: BTreeSet<String>,
    pub fix: FixWords,
}

/// What people say of a fix, anywhere within their words, as [`normalised`] leaves it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FixWords {
    /// Denies it, whatever else sounds like a yes: "没人来修啊，怎么就修好了".
    pub undone: BTreeSet<String>,
    /// Denies it where nothing sounds like a yes.
    pub worse: BTreeSet<String>,
    /// Denies it where nothing says besides that it is mended after all: "好了一半". What is not Chinese counts alone.
    pub half: BTreeSet<String>,
    /// Takes back a verdict that was given by mistake, where nothing else is said.
    pub slips: BTreeSet<String>,
    /// Takes back a verdict that did not hold, as a clause of its own.
    pub fails: BTreeSet<String>,
    /// May stand beside these three.
    pub beside: BTreeSet<String>,
    /// Only supposes that it holds.
    pub supposes: BTreeSet<String>,
    /// Puts the verdict off.
    pub puts_off: BTreeSet<String>,
    /// Says that the fault is gone, also where something else was asked since.
    pub mended: BTreeSet<String>,
    /// Is only polite, and sounds as if something went on: "thanks again".
    pub polite: BTreeSet<String>,
}

impl FixWords {
    /// Whether one of `known` stands in a message.
    pub fn any(known: &BTreeSet<String>, message: &str) -> bool {
        let said = normalised(message);
        known.iter().any(|words| said.contains(words.as_str()))
    }

    /// Returns a message without any of `known`.
    pub fn without(known: &BTreeSet<String>, message: &str) -> String {
        known.iter().fold(normalised(message), |said, words| said.replace(words.as_str(), ""))
    }
}

/// What goes on in spite of what was said before, and puts nothing in its place: "唔系好严重，但系好嘈".
const BUT: [&str; 3] = ["但是", "但系", "可是"];

impl RepairForm {
    /// Returns the slot of that id.
    pub fn slot(&self, id: SlotId) -> Option<&Slot> {
        self.slots.iter().find(|slot| slot.id == id)
    }

    /// Whether words are said in place of others: "其实是卫生间", "not the kitchen, the bathroom". What adds to them
    /// takes the place of nothing: "actually the bathroom too".
    pub fn corrects(&self, message: &str) -> bool {
        let said = normalised(message);
        let begins = |pattern: &String| {
            let (head, tail) = pattern.split_once('…').unwrap_or((pattern.as_str(), ""));
            let told = said.strip_prefix(head).filter(|rest| !is_one_word(head, rest));
            told.is_some_and(|rest| holds(&BUT.iter().fold(rest.to_owned(), |rest, but| rest.replace(but, " ")), tail))
        };
        self.correcting.iter().any(begins) && !self.besides.iter().any(|word| holds(&said, word))
    }
}

/// Whether a word stands in a text, and not within a longer Latin one.
fn holds(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(at, found)| {
        let (before, rest) = text.split_at_checked(at).unwrap_or_default();
        let after = rest.strip_prefix(found).unwrap_or_default();
        !is_one_word(before, found) && !is_one_word(found, after)
    })
}

/// Whether a text is parted within a Latin word.
pub fn is_one_word(left: &str, right: &str) -> bool {
    let latin = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    latin(left.chars().next_back()) && latin(right.chars().next())
}

/// One piece of a repair report.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Slot {
    pub id: SlotId,
    /// Asked when the report does not say it. The others are kept when said and never asked.
    pub required: bool,
    /// Concerns only people who are not bound to a unit.
    pub unbound_only: bool,
    /// Text key of the question, also used when the owner wants to correct this piece.
    pub ask_key: String,
    /// Text key of its name in the summary and on the correction buttons.
    pub label_key: String,
    /// Ready answers; empty when only words, voice or a photo will do.
    pub choices: Vec<ChoiceDef>,
}

/// What a slot holds (DOMAIN.md, "Repairs": taken from the report).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SlotId {
    /// What is wrong.
    Symptom,
    /// Room or part of the building.
    Place,
    /// The affected part.
    Component,
    /// Building and room number.
    Address,
    /// Since when.
    Since,
    /// How bad.
    Severity,
    /// Preferred time of the visit.
    WishedTime,
}

impl SlotId {
    /// Every slot.
    pub const ALL: [SlotId; 7] = [
        SlotId::Symptom,
        SlotId::Place,
        SlotId::Component,
        SlotId::Address,
        SlotId::Since,
        SlotId::Severity,
        SlotId::WishedTime,
    ];

    /// Returns the name used in `prompts/repair.toml`.
    pub fn name(self) -> &'static str {
        match self {
            SlotId::Symptom => "symptom",
            SlotId::Place => "place",
            SlotId::Component => "component",
            SlotId::Address => "address",
            SlotId::Since => "since",
            SlotId::Severity => "severity",
            SlotId::WishedTime => "wished_time",
        }
    }
}

/// One ready answer to a question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChoiceDef {
    /// Stored and sent back by the button.
    pub id: String,
    /// Text key of the button.
    pub label_key: String,
}

/// What a person can tell the bot to do, at any moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// Begin, with the token of a QR code as its argument.
    Start,
    /// What can I do here?
    Help,
    /// Report a repair.
    Report,
    /// How far are my tickets?
    Status,
    /// Answer the survey that is due.
    Survey,
    /// Leave what is going on.
    Cancel,
    /// Talk to a person.
    Human,
    /// No more follow-ups.
    Stop,
    /// Follow-ups again, after [`Command::Stop`].
    Resume,
    /// Choose a language; the argument is a tag (`en`).
    Language,
    /// What is kept, and for how long?
    Privacy,
    /// Remove what is known of me.
    Forget,
    /// Go on on another channel, or say who I am by my telephone number.
    Elsewhere,
    /// Pass over this question.
    Skip,
    /// Return to the question before.
    Back,
    /// Correct what was understood.
    Edit,
    /// Another time for somebody to come.
    Reschedule,
    Yes,
    No,
    /// Something that begins with a slash and is none of ours.
    Unknown,
}

impl Command {
    /// Every command that `prompts/commands.toml` defines: all but [`Command::Unknown`].
    pub const ALL: [Command; 19] = [
        Command::Start,
        Command::Help,
        Command::Report,
        Command::Status,
        Command::Survey,
        Command::Cancel,
        Command::Human,
        Command::Stop,
        Command::Resume,
        Command::Language,
        Command::Privacy,
        Command::Forget,
        Command::Elsewhere,
        Command::Skip,
        Command::Back,
        Command::Edit,
        Command::Reschedule,
        Command::Yes,
        Command::No,
    ];

    /// Returns the name used in `prompts/commands.toml`; its description is the text
    /// `command.<name>`.
    pub fn name(self) -> &'static str {
        match self {
            Command::Start => "start",
            Command::Help => "help",
            Command::Report => "report",
            Command::Status => "status",
            Command::Survey => "survey",
            Command::Cancel => "cancel",
            Command::Human => "human",
            Command::Stop => "stop",
            Command::Resume => "resume",
            Command::Language => "language",
            Command::Privacy => "privacy",
            Command::Forget => "forget",
            Command::Elsewhere => "elsewhere",
            Command::Skip => "skip",
            Command::Back => "back",
            Command::Edit => "edit",
            Command::Reschedule => "reschedule",
            Command::Yes => "yes",
            Command::No => "no",
            Command::Unknown => "unknown",
        }
    }
}

/// The words that are commands when they are the whole message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct CommandWords {
    /// What may follow a slash; the keys are as [`normalised`] leaves them.
    pub slashes: BTreeMap<String, Command>,
    /// Plain words, each with the argument it stands for ("english" → `Language`, `en`).
    pub words: BTreeMap<String, (Command, Option<String>)>,
}

impl CommandWords {
    /// Reads a whole message as a command with its argument.
    ///
    /// `/start TOKEN` and `/help@botname` are understood, and so is a plain word when it is all
    /// that was said; case, full-width letters, traditional characters, spaces around and closing
    /// punctuation do not matter. A slash before anything that is not a Latin word is ordinary text, so that nobody's
    /// report is lost to a slip of the finger.
    pub fn command(&self, message: &str) -> Option<(Command, Option<String>)> {
        let message = message.trim();
        let Some(after) = message.strip_prefix(['/', '／']) else {
            return self.plain(&normalised(message));
        };
        let (head, rest) = after.split_once(char::is_whitespace).unwrap_or((after, ""));
        let name = normalised(head.split('@').next().unwrap_or_default());
        let argument = Some(rest.trim()).filter(|rest| !rest.is_empty()).map(str::to_owned);
        if let Some(command) = self.slashes.get(&name) {
            Some((*command, argument))
        } else if let Some((command, meant)) = self.words.get(&name) {
            Some((*command, argument.or_else(|| meant.clone())))
        } else if name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
            && (!name.is_empty() || after.trim().is_empty())
        {
            // A name of which nothing is left was signs: WeChat writes its faces so, `/::@`, and
            // what stands behind one is somebody's report.
            Some((Command::Unknown, None))
        } else {
            None
        }
    }

    /// Reads a plain word, as [`normalised`] leaves it. Who wants out, or another language, may say so with a "please"
    /// before it or a particle behind it; behind an answer one may mean something else (对了).
    fn plain(&self, word: &str) -> Option<(Command, Option<String>)> {
        let known = |word: &str| self.words.get(word).cloned();
        let leaves = |(command, _): &(Command, Option<String>)| {
            matches!(
                command,
                Command::Cancel | Command::Skip | Command::Back | Command::Stop | Command::Human | Command::Language
            )
        };
        known(word).or_else(|| {
            let asked = PLEASE.iter().find_map(|please| word.strip_prefix(please)).map_or(word, str::trim_start);
            let shorter = || PARTICLES.iter().find_map(|particle| asked.strip_suffix(particle)).map(unclosed);
            known(asked).or_else(|| known(shorter()?)).filter(leaves)
        })
    }
}

/// What may open such a word, and changes nothing in it: "please stop", "请说中文".
const PLEASE: [&str; 3] = ["please ", "please,", "请"];

/// What may close a word that asks to be let go, and changes nothing in it: "取消吧", "跳过谢谢".
const PARTICLES: [&str; 8] = ["吧", "了", "啦", "哦", "啊", "呀", "谢谢", " please"];

/// Brings a word into the form in which commands are compared: full-width signs narrow, lower
/// case, traditional characters simplified, straight apostrophes, invisible signs gone, single spaces, no closing
/// punctuation.
pub fn normalised(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for c in text.chars() {
        match narrow(c) {
            c if is_invisible(c) => {}
            c if c.is_whitespace() => {
                if !plain.is_empty() && !plain.ends_with(' ') {
                    plain.push(' ');
                }
            }
            c => plain.extend(simplified(c).to_lowercase()),
        }
    }
    let kept = unclosed(&plain).len();
    plain.truncate(kept);
    plain
}

fn unclosed(text: &str) -> &str {
    text.trim_end_matches(|c: char| c == ' ' || CLOSING.contains(c))
}

const CLOSING: &str = ".,!?;:~…。，、！？；：～";

fn narrow(c: char) -> char {
    match c {
        '\u{ff01}'..='\u{ff5e}' => u32::from(c).checked_sub(0xfee0).and_then(char::from_u32).unwrap_or(c),
        '\u{3000}' => ' ',
        '‘' | '’' => '\'',
        _ => c,
    }
}

/// Zero-width signs, direction marks, variation selectors and control characters other than
/// white space: they come with copied text and mean nothing here.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ad}')
        || (c.is_control() && !c.is_whitespace())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn words() -> CommandWords {
        CommandWords {
            slashes: [("start".to_owned(), Command::Start)].into(),
            words: [
                ("报修".to_owned(), (Command::Report, None)),
                ("english".to_owned(), (Command::Language, Some("en".to_owned()))),
            ]
            .into(),
        }
    }

    #[test]
    fn a_token_keeps_its_letters() {
        let expected = Some((Command::Start, Some("aB-9_z".to_owned())));
        assert_eq!(words().command("/start aB-9_z"), expected);
        assert_eq!(words().command("/Start@Bot   aB-9_z \n"), expected);
    }

    #[test]
    fn a_word_is_a_command_only_when_it_is_all_that_was_said() {
        assert_eq!(words().command("  报修！！"), Some((Command::Report, None)));
        assert_eq!(words().command("ＥＮＧＬＩＳＨ"), Some((Command::Language, Some("en".to_owned()))));
        assert_eq!(words().command("我要报修厨房"), None);
    }

    #[test]
    fn who_wants_out_may_say_it_with_a_particle_behind_it_and_an_answer_with_one_is_text() {
        let mut words = words();
        for (word, command) in [("取消", Command::Cancel), ("跳过", Command::Skip), ("对", Command::Yes)] {
            words.words.insert(word.to_owned(), (command, None));
        }
        for said in ["取消吧", "取消了。", "取消，谢谢", "取消啦！", "请取消", "Please, 取消", "please 取消 please"]
        {
            assert_eq!(words.command(said), Some((Command::Cancel, None)), "{said}");
        }
        assert_eq!(words.command("跳过吧"), Some((Command::Skip, None)));
        assert_eq!(words.command("English, please!"), Some((Command::Language, Some("en".to_owned()))));
        for said in ["对了", "请对", "please 对", "报修了", "取消，谢谢吧", "吧", "please", "请"] {
            assert_eq!(words.command(said), None, "{said}");
        }
    }

    #[test]
    fn an_unknown_slash_is_a_command_we_do_not_know_and_other_words_are_text() {
        assert_eq!(words().command("/settings now"), Some((Command::Unknown, None)));
        assert_eq!(words().command("/报修"), Some((Command::Report, None)));
        assert_eq!(words().command("/厨房漏水"), None);
        for face in ["/::@煤气漏了", "/:@)谢谢师傅", "/:,@P", "/::~ 修好了", "/:?", "/::!", "/ 报修"] {
            assert_eq!(words().command(face), None, "{face}");
        }
        for bare in ["/", " / "] {
            assert_eq!(words().command(bare), Some((Command::Unknown, None)), "{bare:?}");
        }
    }

    #[test]
    fn invisible_signs_do_not_hide_a_word() {
        assert_eq!(normalised("\u{202e}报\u{200b}修\u{feff}\u{7}"), "报修");
        assert_eq!(normalised("I’m busy"), "i'm busy");
    }

    proptest! {
        #[test]
        fn no_message_is_too_odd_to_be_read(message in any::<String>()) {
            let _ = words().command(&message);
            let once = normalised(&message);
            prop_assert_eq!(normalised(&once), once);
        }
    }
}
