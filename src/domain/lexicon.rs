//! The words the service listens for, as plain data: what a phrase means, never what to say.
//!
//! An [`Entry`] is one [`Meaning`] with the [`Pattern`]s that carry it; a concept is a named
//! word list that patterns may share (`@gas`). Nothing here reads a file or matches a text:
//! `crate::catalog::lexicon` parses `prompts/keywords/*.toml` into it and `crate::tagging`
//! compiles it. Read [`pattern`] next for the little language the patterns are written in.

pub mod pattern;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use self::pattern::Pattern;
use super::understanding::{Category, Intent, Urgency};

/// Every word list and every pattern, all languages together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct Lexicon {
    /// Word lists that patterns name with `@`.
    pub concepts: BTreeMap<String, Vec<String>>,
    /// What is listened for.
    pub entries: Vec<Entry>,
    /// What dictation and typing make of a word: it is listened for wherever the word is.
    pub misheard: BTreeMap<String, Vec<String>>,
}

impl Lexicon {
    /// Adds what another file holds; word lists of one name are joined.
    pub fn extend(&mut self, other: Lexicon) {
        for (name, words) in other.concepts {
            self.concepts.entry(name).or_default().extend(words);
        }
        for (word, spellings) in other.misheard {
            self.misheard.entry(word).or_default().extend(spellings);
        }
        self.entries.extend(other.entries);
    }
}

/// One meaning and the ways to say it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    pub meaning: Meaning,
    pub patterns: Vec<Pattern>,
}

/// What a phrase stands for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Meaning {
    /// Mood, from -3 (outrage) to 3 (delight). An `ironic` word of praise turns into its
    /// opposite beside something bad ("修了两个月，真棒").
    Emotion { weight: f64, ironic: bool },
    /// Turns the mood of the words after it; -1 turns it wholly, -0.3 leaves it near neutral.
    Negator { factor: f64 },
    /// Strengthens (> 1) or weakens (< 1) the mood of the word after it.
    Degree { factor: f64 },
    /// May stand between a negator and its word without ending the negator's reach.
    Filler,
    /// A phrase that must not be read word by word ("差不多", "不好意思").
    Mask,
    /// What follows weighs more than what went before (但是, but).
    Contrast,
    /// What follows, up to the next comma, weighs less (虽然, although).
    Concession,
    /// A wish for improvement: marked for staff, bad but mild (希望改善).
    Wish,
    /// Praise beside it is not meant (呵呵, 🙄).
    Sarcasm { weight: f64 },
    /// A part of a building or machine, and the trade it points to.
    Component { category: Category, weight: f64 },
    /// What goes wrong, and the trade it points to, if it points to one.
    Symptom { category: Option<Category>, weight: f64 },
    /// Leads on to another fault (还有, "and also").
    Besides,
    /// What is told beside it came of the fault before (泡坏了, 弄得).
    Therefore,
    /// A piece of a place name.
    Place { kind: PlaceKind },
    /// A situation that needs somebody soon.
    Danger { level: Urgency, kind: DangerKind },
    /// Dangers within its reach are not meant now: a drill, a figure of speech, a settled matter.
    Guard { kind: DangerKind, reach: Reach },
    /// Speaks for an intent with this much weight (negative: against it).
    Intent { intent: Intent, weight: f64 },
    /// Since when.
    Since,
    /// A wished time for a visit.
    WishedTime,
    /// A plain yes.
    Yes,
    /// A plain no.
    No,
    /// Names what is rated: `overall`, `speed`, `skill`, `communication`, `appearance`, `function`, `cleanliness`, `price`.
    Aspect { name: String },
    /// A word that goes before or after a rating ("给", "打", "I'd give").
    Rating,
    /// The rating before it is taken back ("哦不", "make that").
    Correction,
    /// The rating near it is somebody else's, of another time, or denied ("上次给的", "本来想打").
    NotMine,
    /// The number near it is a willingness to recommend.
    Recommend,
    /// The best mark there is (满分, full marks).
    Maximum,
    /// The worst mark there is (最低分, lowest score).
    Minimum,
    /// Marks are taken off (扣, knock off).
    Deduct,
    /// All of the aspects named, or all the others, get the same rating (都, 其他).
    Everything { rest: bool },
    /// What speech recognition makes of a rating; where none is awaited, read as one only by its wording.
    Homophone { value: f64 },
    /// A unit that makes the number before it no rating (楼, 天, 块钱).
    Unit,
}

/// What a piece of a place name is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PlaceKind {
    /// A room or an area that stands alone (主卧, stairwell).
    Room,
    /// A part that names a place only beside a room or a number (天花板, ceiling).
    Part,
    /// A numbered building, floor, unit or flat (3号楼, flat 1203).
    Number,
    /// A word that goes with a place name without moving it elsewhere (里面, small).
    Inside,
    /// A relation that belongs to the place name (靠近, under the).
    Relation,
    /// A side or spot that goes with it (旁边, 那面墙).
    Side,
}

/// Which dangers a guard speaks against.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reach {
    /// Those of its sentence, before and behind it, and those near by.
    #[default]
    Sentence,
    /// As `Sentence`, but not those that come after it and are said to be back: what was settled is not any more.
    Settled,
    /// Those that come after it in its sentence ("if", hearsay).
    After,
    /// Those of its sentence that begin before it ends: what was put right says nothing of what comes after.
    Before,
    /// Only what it shares a character with: it is another word that sounds like danger (麻烦, "smoke alarm").
    Word,
}

/// What sort of danger; a guard of the kind `any` stands against all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DangerKind {
    Any,
    Gas,
    Monoxide,
    Shock,
    Fire,
    Flood,
    Trapped,
    Falling,
    Structure,
    Injury,
    Service,
    Pressure,
}
