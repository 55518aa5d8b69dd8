//! How soon somebody must move: safety first, then pressing faults, then the rest.
//!
//! A danger counts unless a guard of its kind speaks against it: a drill, a figure of speech,
//! hearsay, a matter that is over. A guard does not reach past a "but", nor does what is over stand
//! against a danger that is said to be back. What is heard of others does not stand against what
//! goes on in one's own home.

use super::matcher::Found;
use super::text::Text;
use crate::domain::lexicon::{DangerKind, Meaning, Reach};
use crate::domain::understanding::{Category, Hazard, Intent, Sentiment, Urgency};

/// The dangers that are meant.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Alarm {
    level: Option<Urgency>,
    /// What the danger is, where one is meant.
    pub hazard: Option<Hazard>,
    /// What the danger would be that something speaks against.
    pub guarded_hazard: Option<Hazard>,
    /// Words of grave danger are there, but something speaks against them.
    pub is_guarded: bool,
    /// A grave danger was settled and is said to be back.
    pub is_anew: bool,
    /// A grave danger is said to be meant, or to be in one's own home, if only by hearsay.
    pub is_vouched: bool,
}

impl Alarm {
    /// Says whether people may come to harm.
    pub(super) fn is_emergency(self) -> bool {
        self.level == Some(Urgency::Emergency)
    }

    /// Says whether something presses, if less than an emergency does.
    pub(super) fn is_pressing(self) -> bool {
        self.level == Some(Urgency::High)
    }
}

/// Returns the urgency of what nothing presses, given what the speaker wants and in which mood.
pub(super) fn usual(intent: Intent, sentiment: Sentiment) -> Urgency {
    match intent {
        Intent::RepairReport | Intent::ProgressQuery | Intent::Complaint | Intent::HumanAgent => Urgency::Normal,
        // Whoever is dissatisfied waits for an answer.
        Intent::SurveyAnswer if sentiment == Sentiment::Negative => Urgency::Normal,
        Intent::SurveyAnswer | Intent::Praise | Intent::Suggestion | Intent::Smalltalk => Urgency::Low,
    }
}

/// So far, in characters, a guard reaches into other sentences.
const NEAR: usize = 40;

/// What says of a danger that it is there now, whatever was before: "上次修好了，今天楼道漏煤气".
const NOW: &[&str] = &[
    "现在",
    "正在",
    "刚才",
    "刚刚",
    "还是",
    "今天",
    "今早",
    "今晚",
    "这会儿",
    "此刻",
    "眼下",
    "now",
    "today",
    "tonight",
    "this morning",
    "this evening",
];

/// What says that a danger is no drill and no joke, whatever was called one before: "误报好几次了，这次真的有烟".
const MEANT: &[&str] = &["真的", "真有", "really", "real"];
/// What stands behind that where somebody does not know it: "是真的吗".
const WONDERS: [char; 4] = ['吗', '么', '?', '假'];

/// How somebody says of themselves that they are in danger.
const SELF: &[&str] = &["i'm", "im", "i am", "we're", "we are"];

/// What names one's own home.
const OWN: &[&str] =
    &["我家", "我们家", "咱家", "咱们家", "俺家", "家里", "屋企", "我屋", "楼道", "这里", "my", "our", "here"];

/// So far, in characters, a guard that only reaches forward does so across a comma.
const AFTER: usize = 9;

/// What says of a settled danger, or of any fault, that it is back or still there.
pub(super) const BACK: &[&str] = &[
    "又",
    "再次",
    "仍",
    "依然",
    "依旧",
    "照样",
    "还在",
    "还有",
    "还漏",
    "还冒",
    "还是有",
    "还是漏",
    "还是冒",
    "仲有",
    "again",
    "still",
    "is back",
    "'s back",
    "came back",
    "come back",
    "comes back",
];
/// So far, in characters, behind the danger it may be said.
const BEHIND: usize = 9;

/// A danger that is named, and how far each guard reaches that speaks against it.
struct Named<'a> {
    find: &'a Found<'a>,
    level: Urgency,
    kind: DangerKind,
    against: Vec<Reach>,
}

/// Looks for dangers that no guard speaks against.
pub(super) fn read(text: &Text, found: &[Found]) -> Alarm {
    let around = Around::new(text, found);
    let named = found.iter().filter_map(|find| match find.meaning {
        Meaning::Danger { level, kind } => {
            Some(Named { find, level: *level, kind: *kind, against: around.against(find, *kind) })
        }
        _ => None,
    });
    let (guarded, dangers): (Vec<Named>, Vec<Named>) = named.partition(|danger| !danger.against.is_empty());
    let is_grave = |danger: &&Named| danger.level == Urgency::Emergency;
    let worst = |dangers: &[Named]| {
        // Another word that sounds like danger names none.
        let named = dangers.iter().filter(is_grave).filter(|danger| !danger.against.contains(&Reach::Word));
        named.map(|danger| hazard(danger.kind, found)).min_by_key(|hazard| deadliness(*hazard))
    };
    Alarm {
        level: dangers.iter().map(|danger| danger.level).max(),
        hazard: worst(&dangers),
        guarded_hazard: worst(&guarded),
        is_guarded: guarded.iter().any(|danger| is_grave(&danger)),
        is_anew: dangers.iter().chain(&guarded).filter(is_grave).any(|danger| around.is_anew(danger)),
        is_vouched: dangers.iter().chain(&guarded).filter(is_grave).any(|danger| around.is_vouched(danger)),
    }
}

fn hazard(kind: DangerKind, found: &[Found]) -> Hazard {
    match kind {
        DangerKind::Gas => Hazard::Gas,
        DangerKind::Monoxide => Hazard::Co,
        DangerKind::Shock => Hazard::Electric,
        DangerKind::Fire => Hazard::Fire,
        DangerKind::Flood => Hazard::Flood,
        DangerKind::Trapped => {
            let lift = |find: &Found| matches!(find.meaning, Meaning::Component { category: Category::Elevator, .. });
            if found.iter().any(lift) { Hazard::Lift } else { Hazard::Other }
        }
        DangerKind::Falling => Hazard::Falling,
        DangerKind::Structure => Hazard::Structure,
        DangerKind::Any | DangerKind::Injury | DangerKind::Service | DangerKind::Pressure => Hazard::Other,
    }
}

/// Where several dangers are named, the words against the deadliest are said first.
fn deadliness(hazard: Hazard) -> u8 {
    match hazard {
        Hazard::Gas => 0,
        Hazard::Co => 1,
        Hazard::Fire => 2,
        Hazard::Electric => 3,
        Hazard::Lift => 4,
        Hazard::Structure => 5,
        Hazard::Falling => 6,
        Hazard::Flood => 7,
        Hazard::Other => 8,
    }
}

/// What may speak against a danger, and for it.
struct Around<'a> {
    text: &'a Text<'a>,
    found: &'a [Found<'a>],
    contrasts: Vec<&'a Found<'a>>,
    /// Where it is said that something is back.
    returns: Vec<(usize, usize)>,
    /// Where it is said that something is meant.
    meant: Vec<(usize, usize)>,
    /// Where one's own home is named.
    own: Vec<(usize, usize)>,
    /// Where somebody speaks of themselves.
    speakers: Vec<(usize, usize)>,
}

impl<'a> Around<'a> {
    fn new(text: &'a Text<'a>, found: &'a [Found<'a>]) -> Around<'a> {
        let contrasts = found.iter().filter(|find| matches!(find.meaning, Meaning::Contrast)).collect();
        let returns = [spans_of(text, BACK), spans_of(text, NOW)].concat();
        let [meant, own, speakers] = [MEANT, OWN, SELF].map(|words| spans_of(text, words));
        Around { text, found, contrasts, returns, meant, own, speakers }
    }

    /// Returns how far each guard reaches that speaks against a danger.
    fn against(&self, danger: &Found, kind: DangerKind) -> Vec<Reach> {
        let speaks = |(guard, reach): &(&Found, Reach)| match reach {
            Reach::Word => guard.overlaps(danger),
            Reach::After => guard.start <= danger.start && self.follows(guard, danger) && !self.turned(guard, danger),
            Reach::Before => guard.end > danger.start && self.together(guard, danger) && !self.turned(guard, danger),
            Reach::Sentence => self.reaches(guard, danger) && !self.is_meant(guard, danger),
            Reach::Settled => self.reaches(guard, danger) && !self.is_back(guard, danger) && !self.is_of(guard, danger),
        };
        self.guards(kind).filter(speaks).map(|(_, reach)| reach).collect()
    }

    /// Says whether a danger was settled and is back, and nothing else speaks against it.
    fn is_anew(&self, danger: &Named) -> bool {
        let back = |(guard, reach): (&Found, Reach)| reach == Reach::Settled && self.is_back(guard, danger.find);
        danger.against.iter().all(|reach| *reach == Reach::Settled) && self.guards(danger.kind).any(back)
    }

    /// "昨天刚修好了，今天又漏电了", "It was fixed. I smell gas again".
    fn is_back(&self, settled: &Found, danger: &Found) -> bool {
        let last = danger.end.saturating_sub(1);
        let said = |(start, end): &(usize, usize)| {
            let behind = *end <= danger.end + BEHIND && self.text.same_clause(last, *start);
            *start >= settled.end && (*end <= danger.end || behind)
        };
        settled.end <= danger.start && self.near(settled, danger) && self.returns.iter().any(said)
    }

    /// "上次修好的插座冒烟了" tells of what was mended that it is a danger now.
    fn is_of(&self, settled: &Found, danger: &Found) -> bool {
        settled.end <= danger.start && self.text.char(settled.end) == '的'
    }

    /// "不是演练，是真的着火了", "The alarm was a drill, this is a real fire".
    fn is_meant(&self, guard: &Found, danger: &Found) -> bool {
        let said = |(start, end): &(usize, usize)| {
            *start >= guard.end && *end <= danger.end && self.text.same_clause(*start, danger.start)
        };
        self.meant.iter().any(said)
    }

    /// "群里说楼道着火了", "真的着火了": whatever else is only heard of, this had better be asked about.
    fn is_vouched(&self, danger: &Named) -> bool {
        let heard = |(guard, reach): (&Found, Reach)| {
            reach == Reach::After && guard.end <= danger.find.start && self.follows(guard, danger.find)
        };
        let hearsay = danger.against.iter().all(|reach| *reach == Reach::After);
        let spoken = danger.against.is_empty() || hearsay && self.guards(danger.kind).any(heard);
        let at_home = danger.kind != DangerKind::Injury && self.is_own(danger.find);
        let trapped =
            danger.kind == DangerKind::Trapped && danger.against.is_empty() && self.is_of_speaker(danger.find);
        spoken && (at_home || self.is_real(danger.find)) || trapped
    }

    /// Whether it is said in the clause of a danger that it is meant: "真的着火了", "着火了是真的".
    fn is_real(&self, danger: &Found) -> bool {
        let said = |(start, end): &(usize, usize)| {
            let near = *end <= danger.end + BEHIND && !WONDERS.contains(&self.text.char(*end));
            (*end <= danger.end || near) && self.text.same_clause(*start, danger.start)
        };
        self.meant.iter().any(said)
    }

    /// Whether the words for a danger begin with who is in it, who says so: "I'm trapped".
    fn is_of_speaker(&self, danger: &Found) -> bool {
        self.speakers.iter().any(|(start, _)| *start == danger.start)
    }

    /// Whether one's own home is named in the clause of a danger.
    fn is_own(&self, danger: &Found) -> bool {
        self.own.iter().any(|(start, _)| self.text.same_clause(*start, danger.start))
    }

    fn guards(&self, kind: DangerKind) -> impl Iterator<Item = (&'a Found<'a>, Reach)> {
        self.found.iter().filter_map(move |find| match find.meaning {
            Meaning::Guard { kind: against, reach } if *against == DangerKind::Any || *against == kind => {
                Some((find, *reach))
            }
            _ => None,
        })
    }

    fn reaches(&self, guard: &Found, danger: &Found) -> bool {
        guard.overlaps(danger) || self.near(guard, danger) && !self.turned(guard, danger)
    }

    /// "听说你们24小时，我家煤气漏了" tells of a home of one's own.
    fn follows(&self, guard: &Found, danger: &Found) -> bool {
        let (low, high) = between(guard, danger);
        let near = high.saturating_sub(low) <= AFTER && (guard.end > danger.start || !self.is_own(danger));
        (near || self.text.same_clause(guard.start, danger.start)) && self.together(guard, danger)
    }

    fn near(&self, guard: &Found, danger: &Found) -> bool {
        let (low, high) = between(guard, danger);
        high.saturating_sub(low) <= NEAR || self.together(guard, danger)
    }

    fn together(&self, guard: &Found, danger: &Found) -> bool {
        self.text.same_sentence(guard.start, danger.start)
    }

    fn turned(&self, guard: &Found, danger: &Found) -> bool {
        let (low, high) = between(guard, danger);
        self.contrasts.iter().any(|find| find.start >= low && find.end <= high)
    }
}

/// Returns where any of these words stands; a Latin one as a whole word.
pub(super) fn spans_of(text: &Text, words: &[&str]) -> Vec<(usize, usize)> {
    let glued = |inner: char, outer: char| inner.is_ascii_alphabetic() && outer.is_ascii_alphabetic();
    let mut spans = Vec::new();
    for word in words {
        for (byte, _) in text.folded.match_indices(word) {
            let (start, end) = text.chars_of(byte, byte + word.len());
            if !glued(text.char(start), text.before(start)) && !glued(text.before(end), text.char(end)) {
                spans.push((start, end));
            }
        }
    }
    spans
}

/// Returns where the first of two ends and the second begins.
fn between(guard: &Found, danger: &Found) -> (usize, usize) {
    if guard.start < danger.start { (guard.end, danger.start) } else { (danger.end, guard.start) }
}
