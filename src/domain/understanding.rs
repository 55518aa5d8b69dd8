//! What was understood from one utterance, typed or spoken.
//!
//! Produced by `crate::tagging`, read by [`super::dialogue`] and shown to staff. The field
//! names are those of `huifang analyze`, a stable outside interface.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The mood of an utterance, three classes. A plain repair report is neutral.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum Sentiment {
    Negative,
    #[default]
    Neutral,
    Positive,
}

impl Sentiment {
    /// Every mood.
    pub const ALL: [Sentiment; 3] = [Sentiment::Negative, Sentiment::Neutral, Sentiment::Positive];

    /// Returns the name used in the database, in models and in the API.
    pub fn name(self) -> &'static str {
        match self {
            Sentiment::Negative => "negative",
            Sentiment::Neutral => "neutral",
            Sentiment::Positive => "positive",
        }
    }
}

/// What the speaker wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum Intent {
    /// Something is broken.
    RepairReport,
    /// A verdict on work or service, as asked for by a survey.
    SurveyAnswer,
    /// How far is my ticket?
    ProgressQuery,
    /// Dissatisfaction with people or process.
    Complaint,
    /// Thanks.
    Praise,
    /// A wish for how things could be done better.
    Suggestion,
    /// Wants a person.
    HumanAgent,
    /// Everything else.
    #[default]
    Smalltalk,
}

impl Intent {
    /// Every intent.
    pub const ALL: [Intent; 8] = [
        Intent::RepairReport,
        Intent::SurveyAnswer,
        Intent::ProgressQuery,
        Intent::Complaint,
        Intent::Praise,
        Intent::Suggestion,
        Intent::HumanAgent,
        Intent::Smalltalk,
    ];

    /// Returns the name used in the database, in models and in the API.
    pub fn name(self) -> &'static str {
        match self {
            Intent::RepairReport => "repair_report",
            Intent::SurveyAnswer => "survey_answer",
            Intent::ProgressQuery => "progress_query",
            Intent::Complaint => "complaint",
            Intent::Praise => "praise",
            Intent::Suggestion => "suggestion",
            Intent::HumanAgent => "human_agent",
            Intent::Smalltalk => "smalltalk",
        }
    }
}

/// The trade a fault belongs to (DOMAIN.md, "category").
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Category {
    Leak,
    Crack,
    Electrical,
    Hvac,
    Heating,
    PlumbingDrain,
    DoorWindow,
    FloorTile,
    Elevator,
    FireSafety,
    Noise,
    Other,
}

impl Category {
    /// Every category.
    pub const ALL: [Category; 12] = [
        Category::Leak,
        Category::Crack,
        Category::Electrical,
        Category::Hvac,
        Category::Heating,
        Category::PlumbingDrain,
        Category::DoorWindow,
        Category::FloorTile,
        Category::Elevator,
        Category::FireSafety,
        Category::Noise,
        Category::Other,
    ];

    /// Returns the name used in the database, in templates and in the API; its text is
    /// `category.<name>`.
    pub fn name(self) -> &'static str {
        match self {
            Category::Leak => "leak",
            Category::Crack => "crack",
            Category::Electrical => "electrical",
            Category::Hvac => "hvac",
            Category::Heating => "heating",
            Category::PlumbingDrain => "plumbing_drain",
            Category::DoorWindow => "door_window",
            Category::FloorTile => "floor_tile",
            Category::Elevator => "elevator",
            Category::FireSafety => "fire_safety",
            Category::Noise => "noise",
            Category::Other => "other",
        }
    }

    /// Whether the same people mend both: water that leaks is told as a fault of the pipes as often as not.
    pub fn is_work_of(self, other: Category) -> bool {
        let trade = |category| if category == Category::PlumbingDrain { Category::Leak } else { category };
        trade(self) == trade(other)
    }
}

/// How soon somebody must move. Ordered: `Low < Normal < High < Emergency`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum Urgency {
    Low,
    #[default]
    Normal,
    High,
    /// People may come to harm: safety words first, staff called at any hour.
    Emergency,
}

impl Urgency {
    /// Every degree, the least pressing first.
    pub const ALL: [Urgency; 4] = [Urgency::Low, Urgency::Normal, Urgency::High, Urgency::Emergency];

    /// Returns the name used in the database, in `prompts/` and in the API.
    pub fn name(self) -> &'static str {
        match self {
            Urgency::Low => "low",
            Urgency::Normal => "normal",
            Urgency::High => "high",
            Urgency::Emergency => "emergency",
        }
    }
}

/// The kind of danger in an emergency; it decides which safety words are said first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Hazard {
    Gas,
    Electric,
    Fire,
    Flood,
    /// People shut in a lift.
    Lift,
    /// Something heavy came down or is about to.
    Falling,
    /// Walls, ceilings or the ground on the move.
    Structure,
    /// People unwell beside a running heater or boiler (carbon monoxide).
    Co,
    Other,
}

impl Hazard {
    /// Returns the name under which the safety words stand in `prompts/`: `emergency.<name>`.
    pub fn name(self) -> &'static str {
        match self {
            Hazard::Gas => "gas",
            Hazard::Electric => "electric",
            Hazard::Fire => "fire",
            Hazard::Flood => "flood",
            Hazard::Lift => "lift",
            Hazard::Falling => "falling",
            Hazard::Structure => "structure",
            Hazard::Co => "co",
            Hazard::Other => "other",
        }
    }
}

/// The answer the conversation is waiting for; it decides how a bare "四" or "是分" is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Default)]
pub enum Awaiting {
    #[default]
    #[serde(rename = "none")]
    Nothing,
    #[serde(rename = "score_1_5")]
    Score5,
    #[serde(rename = "score_1_10")]
    Score10,
    #[serde(rename = "nps_0_10")]
    Nps,
}

/// A marked piece of the text that carries mood, and why it was marked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Keyword {
    /// The substring itself.
    pub text: String,
    /// First character, counted in Unicode scalar values from the start of the utterance.
    pub start: usize,
    /// One past the last character, in the same count.
    pub end: usize,
    /// The mood it carries after negation, degree, contrast and wish were taken into account.
    pub polarity: Sentiment,
    /// The rule that decided, in a notation that the console puts into words: `不太 + 满意 → negative`.
    pub why: String,
}

impl Keyword {
    /// Stands in `why` where no word of the lexicon decided but how the whole is worded.
    pub const BY_WORDING: &str = "wording";
    /// Stands in `why` behind praise that is sarcasm.
    pub const TURNED: &str = "(meant the other way)";
}

/// So sure must the verdict be that words are displeased where none of them is known to be bad.
const BEYOND_DOUBT: f64 = 0.8;

/// Everything understood from one utterance.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct Understanding {
    pub sentiment: Sentiment,
    /// From -1 (bad) to 1 (good).
    pub polarity: f64,
    /// From 0 to 1: how sure the merged verdict is.
    pub confidence: f64,
    pub keywords: Vec<Keyword>,
    pub intent: Intent,
    pub category: Option<Category>,
    pub urgency: Urgency,
    /// What the danger is, when `urgency` is [`Urgency::Emergency`] or, if words name it, when it must be asked
    /// about.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub hazard: Option<Hazard>,
    /// Danger is neither named nor out of the question: the conversation asks whether anybody is at
    /// risk. Not part of the outside interface.
    #[serde(skip)]
    pub danger_unsure: bool,
    /// A stated score on 1–5 ("四分", "4 stars", "8/10" is not one: see `score10`).
    pub score: Option<f64>,
    /// A stated score on 1–10.
    pub score10: Option<f64>,
    /// A stated willingness to recommend, 0–10.
    pub nps: Option<u8>,
    /// Scores by aspect when several are rated in one utterance: `speed`, `skill`,
    /// `communication`, `overall`, `appearance`, `function`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub dims: BTreeMap<String, f64>,
    /// The score was a range or a wavering ("三四分吧"): ask which.
    #[serde(skip_serializing_if = "is_false", default)]
    pub score_unclear: bool,
    /// Where, as the speaker put it: an exact substring ("主卧卫生间天花板").
    pub location: Option<String>,
    /// Another place that is named beside it: the room, where `location` is the address of a home. Not part of the
    /// outside interface.
    #[serde(skip)]
    pub room: Option<String>,
    /// The part that is affected, an exact substring ("水龙头").
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub component: Option<String>,
    /// What it does, an exact substring ("漏水").
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub symptom: Option<String>,
    /// Since when, an exact substring ("昨天晚上").
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub since: Option<String>,
    /// A wished time for the visit, an exact substring ("周六上午").
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub wished_time: Option<String>,
    /// A plain yes ("修好了", "对", "好的") or no ("没修好", "不对") when the utterance is one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub affirmed: Option<bool>,
    /// Faults to be mended apart that the same message tells of; trade, place, part and symptom above are those of
    /// the first one.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub further: Vec<Fault>,
    /// It is said in place of something said before: a message that was edited, "其实是卫生间". Known to the
    /// conversation alone: no part of the outside interface.
    #[serde(skip_serializing_if = "is_false", default)]
    pub corrects: bool,
}

impl Understanding {
    /// Whether a word of it is known to be bad, so that displeasure is more than how the whole is worded.
    pub fn names_bad(&self) -> bool {
        self.bad_words().next().is_some()
    }

    /// Returns its words that are known to be bad.
    pub fn bad_words(&self) -> impl Iterator<Item = &Keyword> {
        self.known_words(Sentiment::Negative)
    }

    /// Returns its words that are known to be good.
    pub fn good_words(&self) -> impl Iterator<Item = &Keyword> {
        self.known_words(Sentiment::Positive)
    }

    /// Whether a word of it is known to be good, and none to be bad.
    pub fn only_names_good(&self) -> bool {
        self.good_words().next().is_some() && !self.names_bad()
    }

    fn known_words(&self, polarity: Sentiment) -> impl Iterator<Item = &Keyword> {
        let known = |word: &&Keyword| !word.why.starts_with(Keyword::BY_WORDING);
        self.keywords.iter().filter(move |word| word.polarity == polarity).filter(known)
    }

    /// Whether it is displeased beyond doubt, also where none of its words is known to be bad.
    pub fn is_surely_negative(&self) -> bool {
        self.sentiment == Sentiment::Negative && self.confidence >= BEYOND_DOUBT
    }
}

/// One of several faults in a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// The words that tell of it, an exact substring.
    pub text: String,
    pub category: Option<Category>,
    #[serde(default)]
    pub urgency: Urgency,
    /// As in [`Understanding`].
    pub location: Option<String>,
    pub component: Option<String>,
    pub symptom: Option<String>,
}

impl Fault {
    /// Whether it is for other people than the other, or in another room where something else is wrong.
    pub fn is_of_another_trade_or_room(&self, other: &Fault) -> bool {
        let trades = self.category.zip(other.category);
        let elsewhere = differ(self.location.as_deref(), other.location.as_deref())
            && differ(self.symptom.as_deref(), other.symptom.as_deref());
        trades.is_some_and(|(here, there)| !here.is_work_of(there)) || elsewhere
    }

    /// Whether it is the same, told again.
    pub fn is_same(&self, other: &Fault) -> bool {
        self.category == other.category && self.location == other.location && self.component == other.component
    }
}

/// Whether two places, parts or symptoms are both named, and neither names the other.
pub fn differ(here: Option<&str>, there: Option<&str>) -> bool {
    here.zip(there).is_some_and(|(here, there)| !here.contains(there) && !there.contains(here))
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature serde asks for")]
fn is_false(value: &bool) -> bool {
    !*value
}
