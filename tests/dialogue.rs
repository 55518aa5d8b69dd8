//! Properties of the conversation engine: whatever happens, in whatever order, it does not panic,
//! loses no answer and no file, and can be put to sleep and woken between any two events.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::collections::BTreeMap;
use std::sync::LazyLock;
use std::time::Duration;

use huifang::catalog::Catalog;
use huifang::domain::dialogue::{
    Activity, Arg, Binding, Choice, Ctx, Effect, Event, NotHeard, OpenIncident, OpenTicket, Say, State, Timer,
    TokenFault, step,
};
use huifang::domain::ids::{DialogueId, MediaId, ProjectId, ResponseId, TicketId, UnitId};
use huifang::domain::language::Language;
use huifang::domain::media::Refusal;
use huifang::domain::script::SlotId;
use huifang::domain::ticket::TicketKind;
use huifang::domain::time::Timestamp;
use huifang::domain::understanding::{Category, Hazard, Intent, Keyword, Sentiment, Understanding, Urgency};
use proptest::prelude::*;
use uuid::Uuid;

static CATALOG: LazyLock<Catalog> = LazyLock::new(|| Catalog::embedded().unwrap());

/// One event, with the choices it needs made against the state it meets.
#[derive(Debug, Clone)]
enum Happening {
    Words {
        text: String,
        understood: Box<Understanding>,
        voice: bool,
    },
    /// A message that was sent before is edited.
    Edited(String, Box<Understanding>),
    /// The n-th of the buttons on offer.
    Button(usize),
    /// A button of nowhere.
    Forged(String),
    Photos(u8),
    Voice,
    Silence(NotHeard),
    Refused(Refusal),
    Bound,
    Token(TokenFault),
    Invited(String),
    Announced(String),
    FixClaimed,
    Informed,
    Elapsed(u8),
    Staff(bool),
    /// They go on elsewhere.
    Moves,
    NumberShown(bool),
    Later(u16),
}

fn happenings() -> impl Strategy<Value = Happening> {
    prop_oneof![
        6 => (texts(), understandings(), any::<bool>())
            .prop_map(|(text, understood, voice)| Happening::Words { text, understood: Box::new(understood), voice }),
        1 => (texts(), understandings())
            .prop_map(|(text, understood)| Happening::Edited(text, Box::new(understood))),
        6 => (0_usize..12).prop_map(Happening::Button),
        1 => "[a-z0-9:]{0,20}".prop_map(Happening::Forged),
        2 => (1_u8..4).prop_map(Happening::Photos),
        2 => Just(Happening::Voice),
        1 => prop_oneof![Just(NotHeard::NoSpeech), Just(NotHeard::TooLong), Just(NotHeard::Unreadable), Just(NotHeard::Failed)]
            .prop_map(Happening::Silence),
        1 => prop_oneof![Just(Refusal::TooLarge), Just(Refusal::UnknownKind), Just(Refusal::TooLong), Just(Refusal::Empty)]
            .prop_map(Happening::Refused),
        1 => Just(Happening::Bound),
        1 => prop_oneof![Just(TokenFault::Unknown), Just(TokenFault::Expired)].prop_map(Happening::Token),
        2 => prop_oneof![Just("maintenance"), Just("handover"), Just("post_repair"), Just("routine"), Just("none of ours")]
            .prop_map(|id| Happening::Invited(id.to_owned())),
        1 => prop_oneof![Just("maintenance"), Just("routine"), Just("none of ours")]
            .prop_map(|id| Happening::Announced(id.to_owned())),
        1 => Just(Happening::FixClaimed),
        1 => Just(Happening::Informed),
        1 => (0_u8..4).prop_map(Happening::Elapsed),
        1 => any::<bool>().prop_map(Happening::Staff),
        1 => Just(Happening::Moves),
        1 => any::<bool>().prop_map(Happening::NumberShown),
        1 => any::<u16>().prop_map(Happening::Later),
    ]
}

fn texts() -> impl Strategy<Value = String> {
    prop_oneof![
        prop::sample::select(vec![
            "/start",
            "/help",
            "/report",
            "/status",
            "/survey",
            "/cancel",
            "/human",
            "/stop",
            "/language",
            "/privacy",
            "/elsewhere",
            "/nonsense",
            "报修",
            "进度",
            "取消",
            "人工",
            "退订",
            "跳过",
            "上一题",
            "对",
            "不对",
            "改",
            "4",
            "11",
            "0",
            "-1",
            "四分",
            "厨房",
            "厨房漏水",
            "😀",
            "yes",
            "no",
            "skip",
        ])
        .prop_map(str::to_owned),
        "\\PC{0,30}",
    ]
}

fn understandings() -> impl Strategy<Value = Understanding> {
    let intents = prop::sample::select(vec![
        Intent::RepairReport,
        Intent::SurveyAnswer,
        Intent::ProgressQuery,
        Intent::Complaint,
        Intent::Praise,
        Intent::Suggestion,
        Intent::HumanAgent,
        Intent::Smalltalk,
        Intent::Smalltalk,
    ]);
    let urgencies =
        prop::sample::select(vec![Urgency::Low, Urgency::Normal, Urgency::Normal, Urgency::High, Urgency::Emergency]);
    let moods = prop::sample::select(vec![Sentiment::Negative, Sentiment::Neutral, Sentiment::Positive]);
    let words = || prop::option::of(prop::sample::select(vec!["厨房", "水龙头", "漏水"]).prop_map(str::to_owned));
    (
        (intents, urgencies, moods, prop::option::of(prop::sample::select(Category::ALL.to_vec()))),
        (prop::option::of(0_u8..12), prop::option::of(0_u8..12), any::<bool>(), prop::option::of(any::<bool>())),
        (words(), words(), words(), prop::option::of(Just(Hazard::Gas)), any::<bool>()),
    )
        .prop_map(
            |(
                (intent, urgency, sentiment, category),
                (score, nps, score_unclear, affirmed),
                (location, component, symptom, hazard, danger_unsure),
            )| {
                Understanding {
                    intent,
                    urgency,
                    sentiment,
                    category,
                    hazard,
                    danger_unsure,
                    score: score.map(f64::from),
                    score10: score.map(f64::from),
                    nps,
                    score_unclear,
                    affirmed,
                    location,
                    component,
                    symptom,
                    ..Understanding::default()
                }
            },
        )
}

/// A conversation with everything it decided so far.
struct World {
    state: State,
    now: Timestamp,
    minted: u128,
    photos: Vec<MediaId>,
    /// Files and answers as the effects carried them out.
    filed: Vec<MediaId>,
    answers: BTreeMap<(ResponseId, String), Option<f64>>,
}

impl World {
    fn new() -> World {
        World {
            state: State::new(Language::Chinese),
            now: Timestamp(1_795_226_400_000),
            minted: 0,
            photos: Vec::new(),
            filed: Vec::new(),
            answers: BTreeMap::new(),
        }
    }

    fn id(&mut self) -> Uuid {
        self.minted += 1;
        Uuid::from_u128(self.minted)
    }

    fn event(&mut self, happening: Happening) -> Option<Event> {
        Some(match happening {
            Happening::Words { text, understood, voice: false } => Event::Text { text, understood: *understood },
            Happening::Words { text, understood, voice: true } => {
                let media = self.state.listening.first().copied().unwrap_or(MediaId(self.id()));
                Event::Transcribed { media, text, understood: *understood, in_part: self.minted.is_multiple_of(2) }
            }
            Happening::Edited(text, understood) => Event::Edited { text, understood: *understood },
            Happening::Button(at) => {
                let offered: &Choice = self.state.offered.get(at.checked_rem(self.state.offered.len())?)?;
                Event::Choice { id: offered.id.clone() }
            }
            Happening::Forged(id) => Event::Choice { id },
            Happening::Photos(count) => {
                let media: Vec<_> = (0..count).map(|_| MediaId(self.id())).collect();
                self.photos.extend(&media);
                Event::Photos { media, caption: None }
            }
            Happening::Voice => Event::Voice { media: MediaId(self.id()) },
            Happening::Silence(why) => {
                let media = self.state.listening.first().copied().unwrap_or(MediaId(self.id()));
                Event::NotHeard { media, why }
            }
            Happening::Refused(refusal) => Event::Refused(refusal),
            Happening::Bound => {
                let (unit, project) = (UnitId(self.id()), ProjectId(self.id()));
                Event::Bound(Binding { unit, project, label: "3栋".to_owned() })
            }
            Happening::Token(fault) => Event::TokenRefused(fault),
            Happening::Announced(survey) => {
                Event::SurveyAnnounced { response: ResponseId(self.id()), survey, intro: None }
            }
            Happening::Invited(survey) => Event::SurveyInvited { response: ResponseId(self.id()), survey, intro: None },
            Happening::FixClaimed => Event::FixClaimed { ticket: TicketId(self.id()), number: "HF1".to_owned() },
            Happening::Informed => Event::Notified(Say::new("care.offer.recommend")),
            Happening::Elapsed(which) => Event::Elapsed(self.timer(which)),
            Happening::Staff(true) => Event::StaffSpoke,
            Happening::Staff(false) => Event::HandedBack,
            Happening::Moves => {
                let to = DialogueId(self.id());
                Event::CameFrom(Box::new(self.state.hand_on(to)))
            }
            Happening::NumberShown(joined) => Event::NumberShown { joined, binding: None },
            Happening::Later(minutes) => {
                self.now = self.now + Duration::from_secs(u64::from(minutes) * 60);
                return None;
            }
        })
    }

    fn timer(&mut self, which: u8) -> Timer {
        let ticket = match &self.state.activity {
            Activity::Reporting(report) => report.ticket,
            _ => TicketId(self.id()),
        };
        let response = match &self.state.activity {
            Activity::Surveying(run) => run.response,
            _ => ResponseId(self.id()),
        };
        match which {
            0 => Timer::ReportReminder { ticket },
            1 => Timer::ReportUnconfirmed { ticket },
            2 => Timer::SurveyReminder { response },
            _ => Timer::SurveyExpiry { response },
        }
    }

    fn happens(&mut self, happening: Happening) -> Result<(), TestCaseError> {
        let Some(event) = self.event(happening) else { return Ok(()) };
        let tickets = [OpenTicket {
            id: TicketId(Uuid::from_u128(9)),
            number: "HF1".to_owned(),
            kind: TicketKind::Repair,
            status: "reported",
            category: None,
            location: None,
            shared: false,
        }];
        let incidents = [OpenIncident { category: Category::Leak }];
        let (fresh, script) = (self.id(), CATALOG.script());
        let ctx = Ctx { now: self.now, fresh, script, tickets: &tickets, incidents: &incidents };
        // Asleep and awake again between any two events.
        let asleep = serde_json::to_string(&self.state).unwrap();
        let awake: State = serde_json::from_str(&asleep).unwrap();
        prop_assert_eq!(&awake, &self.state);
        let spoken = matches!(&event, Event::Text { .. } | Event::Edited { .. } | Event::Choice { .. });
        let spoken = spoken && !self.state.handed_over();
        let decided = step(awake, event, &ctx);
        self.state = decided.state;
        let mut said = 0;
        for effect in decided.effects {
            match effect {
                Effect::Say(say) => {
                    said += 1;
                    check_texts(&say)?;
                }
                Effect::RecordAnswer { response, answer, .. } => {
                    self.answers.insert((response, answer.question), answer.value);
                }
                Effect::FileTicket { draft, .. } => self.filed.extend(draft.media),
                Effect::AddToTicket { media, .. } | Effect::AddComment { media, .. } => self.filed.extend(media),
                _ => {}
            }
        }
        // Whoever says something hears something, at once or when the recording before it is heard.
        prop_assert!(
            !spoken || said > 0 || !self.state.listening.is_empty(),
            "silence after an event in {:?}",
            self.state.activity
        );
        self.nothing_is_lost()
    }

    /// What the conversation holds as answered was recorded, value by value.
    fn nothing_is_lost(&self) -> Result<(), TestCaseError> {
        let run = match &self.state.activity {
            Activity::Surveying(run) => Some(run),
            Activity::Reporting(report) => report.resume.as_deref(),
            _ => self.state.parked.as_deref(),
        };
        for answer in run.iter().flat_map(|run| &run.answers) {
            let recorded = run.and_then(|run| self.answers.get(&(run.response, answer.question.clone())));
            prop_assert_eq!(recorded, Some(&answer.value));
        }
        Ok(())
    }
}

/// Every key that is said exists, with every placeholder filled in, in every language; a button
/// fits Telegram's 64 bytes.
fn check_texts(say: &Say) -> Result<(), TestCaseError> {
    for key in say.keys() {
        prop_assert!(CATALOG.has(key), "there is no text {key}");
    }
    if let Some(wanted) = CATALOG.placeholders(&say.key) {
        for name in wanted {
            prop_assert!(say.args.contains_key(name), "{} lacks {name}", say.key);
        }
    }
    for line in &say.lines {
        check_texts(line)?;
    }
    for choice in &say.choices {
        prop_assert!(choice.id.len() <= 64, "{} is too long", choice.id);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_sequence_of_events_panics_or_loses_an_answer(events in prop::collection::vec(happenings(), 1..60)) {
        let mut world = World::new();
        for event in events {
            world.happens(event)?;
        }
    }
}

/// Tells the bot something, and returns the keys of what it says with what else it does.
fn tells(state: &mut State, minted: u128, event: Event) -> (Vec<String>, Vec<Effect>) {
    let ctx = Ctx {
        now: Timestamp(1_795_226_400_000),
        fresh: Uuid::from_u128(minted),
        script: CATALOG.script(),
        tickets: &[],
        incidents: &[],
    };
    let decided = step(state.clone(), event, &ctx);
    *state = decided.state;
    let said = decided.effects.iter().filter_map(|effect| match effect {
        Effect::Say(say) => Some(say.keys().into_iter().map(str::to_owned)),
        _ => None,
    });
    (said.flatten().collect(), decided.effects)
}

fn doubtful(text: &str) -> Event {
    let understood = Understanding {
        intent: Intent::RepairReport,
        category: Some(Category::Crack),
        symptom: Some("裂缝变大".to_owned()),
        danger_unsure: true,
        ..Understanding::default()
    };
    Event::Text { text: text.to_owned(), understood }
}

fn place() -> Event {
    let understood = Understanding { location: Some("客厅".to_owned()), ..Understanding::default() };
    Event::Text { text: "客厅".to_owned(), understood }
}

fn presses(id: &str) -> Event {
    Event::Choice { id: id.to_owned() }
}

fn files_emergency(effects: &[Effect]) -> bool {
    effects
        .iter()
        .any(|effect| matches!(effect, Effect::FileTicket { draft, .. } if draft.urgency == Urgency::Emergency))
}

#[test]
fn where_danger_is_unsure_it_is_asked_first_and_then_all_goes_on() {
    let mut state = State::new(Language::Chinese);
    let (said, effects) = tells(&mut state, 1, doubtful("墙上的裂缝好像变大了"));
    assert_eq!(said, ["danger.ask", "danger.yes", "danger.no"]);
    assert!(!files_emergency(&effects));
    let (said, effects) = tells(&mut state, 2, presses("danger:no"));
    assert!(said.iter().any(|key| key.starts_with("repair.")), "{said:?}");
    assert!(!files_emergency(&effects));
    let (said, _) = tells(&mut state, 3, doubtful("客厅那面墙"));
    assert!(!said.contains(&"danger.ask".to_owned()), "nobody is asked twice: {said:?}");
}

#[test]
fn a_doubt_that_is_confirmed_is_an_emergency_with_what_was_said() {
    let mut state = State::new(Language::Chinese);
    tells(&mut state, 1, doubtful("墙上的裂缝好像变大了"));
    let (said, effects) = tells(&mut state, 2, presses("danger:yes"));
    assert_eq!(said.first().map(String::as_str), Some("emergency.falling"), "{said:?}");
    let filed = effects.iter().find_map(|effect| match effect {
        Effect::FileTicket { draft, .. } => Some((draft.urgency, draft.description.as_str())),
        _ => None,
    });
    assert_eq!(filed, Some((Urgency::Emergency, "墙上的裂缝好像变大了")));
    let (said, effects) = tells(&mut state, 3, presses("danger:yes"));
    assert!(said.contains(&"choice_gone".to_owned()) && !files_emergency(&effects), "pressed twice: {said:?}");
}

#[test]
fn that_somebody_is_in_danger_counts_after_other_words_and_after_a_no() {
    for between in [place(), presses("danger:no")] {
        let mut state = State::new(Language::Chinese);
        tells(&mut state, 1, doubtful("墙上的裂缝好像变大了"));
        tells(&mut state, 2, between);
        let (said, effects) = tells(&mut state, 3, presses("danger:yes"));
        assert_eq!(said.first().map(String::as_str), Some("emergency.falling"), "{said:?}");
        assert!(files_emergency(&effects), "{effects:?}");
        let (said, effects) = tells(&mut state, 4, presses("danger:yes"));
        assert!(said.contains(&"choice_gone".to_owned()) && !files_emergency(&effects), "pressed twice: {said:?}");
    }
    let mut state = State::new(Language::Chinese);
    tells(&mut state, 1, doubtful("墙上的裂缝好像变大了"));
    tells(&mut state, 2, place());
    let (said, _) = tells(&mut state, 3, presses("danger:no"));
    assert!(said.contains(&"choice_gone".to_owned()), "there is nothing to deny any more: {said:?}");
}

#[test]
fn a_fix_that_is_denied_in_words_that_sound_like_danger_is_opened_again_and_alarms_nobody() {
    let fixed = TicketId(Uuid::from_u128(9));
    let said = [
        ("还在漏", Some(Hazard::Flood), false),
        ("嗯，还在漏水", None, false),
        ("没修好，还在漏，水管爆了，到处都是水", Some(Hazard::Flood), true),
        ("还在漏，有煤气味", Some(Hazard::Gas), true),
    ];
    for (text, hazard, alarms) in said {
        let mut state = State::new(Language::Chinese);
        tells(&mut state, 1, Event::FixClaimed { ticket: fixed, number: "HF1".to_owned() });
        let understood = Understanding {
            intent: Intent::RepairReport,
            urgency: Urgency::Emergency,
            hazard,
            affirmed: Some(false),
            ..Understanding::default()
        };
        let (said, effects) = tells(&mut state, 2, Event::Text { text: text.to_owned(), understood });
        let opens = |effect: &Effect| matches!(effect, Effect::RejectFix { ticket } if *ticket == fixed);
        let keeps = |effect: &Effect| matches!(effect, Effect::AddToTicket { ticket, .. } if *ticket == fixed);
        assert_eq!(files_emergency(&effects), alarms, "{text}: {said:?}");
        assert_eq!(effects.iter().any(opens), !alarms, "{text}: {said:?}");
        assert_eq!(effects.iter().any(keeps), !alarms, "{text}: {said:?}");
    }
}

#[test]
fn what_is_taken_for_a_complaint_is_filed_as_one_only_where_it_is_plain() {
    let bad = Keyword {
        text: "太差".to_owned(),
        start: 0,
        end: 2,
        polarity: Sentiment::Negative,
        why: "太 + 差 → negative".to_owned(),
    };
    let worded = Keyword { why: format!("{} → negative", Keyword::BY_WORDING), ..bad.clone() };
    let said = [
        ("太差了", vec![bad], 0.6, None, true),
        ("我要投诉", vec![], 0.4, None, true),
        ("来了三趟都这样", vec![worded.clone()], 0.95, None, true),
        ("要收费吗", vec![worded.clone()], 0.95, None, false),
        ("现在不漏了", vec![worded.clone()], 0.95, Some(true), false),
        ("电话换了，打13800001111", vec![worded], 0.5, None, false),
    ];
    for (text, keywords, confidence, affirmed, files) in said {
        for intent in [Intent::Complaint, Intent::SurveyAnswer] {
            let understood = Understanding {
                intent,
                sentiment: Sentiment::Negative,
                keywords: keywords.clone(),
                confidence,
                affirmed,
                ..Understanding::default()
            };
            let mut state = State::new(Language::Chinese);
            let (said, effects) = tells(&mut state, 1, Event::Text { text: text.to_owned(), understood });
            let filed = effects.iter().any(|effect| matches!(effect, Effect::FileTicket { .. }));
            assert_eq!(filed, files, "{text}: {said:?}");
        }
    }
}

#[test]
fn a_first_fault_that_sounds_like_a_complaint_is_a_report() {
    let bad = |text: &str| Keyword {
        text: text.to_owned(),
        start: 0,
        end: text.chars().count(),
        polarity: Sentiment::Negative,
        why: format!("{text} → negative"),
    };
    let said = [
        ("There is a problem with my toilet", vec![bad("problem with my toilet")], "toilet", None, true),
        ("My door doesn't work", vec![bad("doesn't work")], "door", Some("doesn't work"), true),
        ("My door is broken and your people are rude", vec![bad("rude")], "door", Some("broken"), false),
        ("A complaint: there is a problem with my door", vec![bad("problem")], "door", None, false),
    ];
    for (text, keywords, component, symptom, reports) in said {
        let understood = Understanding {
            intent: Intent::Complaint,
            sentiment: Sentiment::Negative,
            confidence: 0.9,
            keywords,
            component: Some(component.to_owned()),
            symptom: symptom.map(str::to_owned),
            ..Understanding::default()
        };
        let mut state = State::new(Language::English);
        let (said, effects) = tells(&mut state, 1, Event::Text { text: text.to_owned(), understood });
        let filed = effects.iter().any(|effect| matches!(effect, Effect::FileTicket { .. }));
        let begun = matches!(state.activity, Activity::Reporting(_));
        assert_eq!((filed, begun), (!reports, reports), "{text}: {said:?}");
    }
}

#[test]
fn only_praise_is_thanked_for() {
    let word = |text: &str, polarity: Sentiment, why: &str| Keyword {
        text: text.to_owned(),
        start: 0,
        end: text.chars().count(),
        polarity,
        why: format!("{why} → {}", polarity.name()),
    };
    let good = |text: &str, why: &str| word(text, Sentiment::Positive, why);
    for (text, keywords, thanked) in [
        ("师傅人很好", vec![good("师傅人很好", "人很好")], true),
        ("棒", vec![good("棒", Keyword::BY_WORDING)], true),
        ("it vibrates a lot", vec![good("it vibrates a lot", Keyword::BY_WORDING)], false),
        ("not great", vec![word("not great", Sentiment::Negative, "not + great")], false),
    ] {
        let understood = Understanding {
            intent: Intent::SurveyAnswer,
            sentiment: Sentiment::Positive,
            confidence: 0.9,
            keywords,
            ..Understanding::default()
        };
        let mut state = State::new(Language::English);
        let (said, _) = tells(&mut state, 1, Event::Text { text: text.to_owned(), understood });
        assert_eq!(said == ["praise.thanks"], thanked, "{text}: {said:?}");
    }
}

#[test]
fn a_room_alone_is_no_fault_and_has_no_trade() {
    let understood = Understanding {
        intent: Intent::RepairReport,
        category: Some(Category::DoorWindow),
        location: Some("bedroom".to_owned()),
        ..Understanding::default()
    };
    let mut state = State::new(Language::English);
    let (said, _) = tells(&mut state, 1, Event::Text { text: "The bedroom".to_owned(), understood });
    assert_eq!(said, ["report.ask_what"]);
    assert_eq!(gathered(&state), [None, Some(Arg::Text("bedroom".to_owned())), None]);
    let Activity::Reporting(report) = &state.activity else { panic!("{:?}", state.activity) };
    assert_eq!(report.category, None);
}

#[test]
fn whether_anybody_is_in_danger_is_asked_again_where_the_conversation_goes_on() {
    let mut state = State::new(Language::Chinese);
    tells(&mut state, 1, doubtful("墙上的裂缝好像变大了"));
    let left = state.hand_on(DialogueId(Uuid::from_u128(2)));
    let mut state = State::new(Language::Chinese);
    let (said, _) = tells(&mut state, 3, Event::CameFrom(Box::new(left)));
    assert_eq!(said, ["elsewhere.here", "danger.ask", "danger.yes", "danger.no"]);
    let (said, effects) = tells(&mut state, 4, presses("danger:yes"));
    assert!(said.contains(&"emergency.falling".to_owned()) && files_emergency(&effects), "{said:?}");
}

#[test]
fn who_does_not_answer_about_danger_is_treated_as_ever() {
    let mut asked = State::new(Language::Chinese);
    let mut plain = asked.clone();
    tells(&mut asked, 1, doubtful("墙上的裂缝好像变大了"));
    let Event::Text { text, mut understood } = doubtful("墙上的裂缝好像变大了") else { unreachable!() };
    understood.danger_unsure = false;
    tells(&mut plain, 1, Event::Text { text, understood });
    assert_eq!(tells(&mut asked, 2, place()), tells(&mut plain, 2, place()));
    assert_eq!(asked.activity, plain.activity);
}

fn leak() -> Event {
    let understood = Understanding {
        intent: Intent::RepairReport,
        category: Some(Category::Leak),
        location: Some("厨房".to_owned()),
        component: Some("水管".to_owned()),
        symptom: Some("漏水".to_owned()),
        ..Understanding::default()
    };
    Event::Text { text: "厨房水管漏水".to_owned(), understood }
}

fn address(intent: Intent) -> Event {
    let location = Some("3栋2单元1201".to_owned());
    let understood = Understanding { intent, location, ..Understanding::default() };
    Event::Text { text: "翠湖花园3栋2单元1201".to_owned(), understood }
}

/// Returns what a report under way holds: address, place, symptom.
fn gathered(state: &State) -> [Option<Arg>; 3] {
    [SlotId::Address, SlotId::Place, SlotId::Symptom].map(|slot| match &state.activity {
        Activity::Reporting(report) => report.slots.get(&slot).cloned(),
        _ => None,
    })
}

#[test]
fn an_address_answers_where_somebody_lives_whatever_else_it_sounds_like() {
    for intent in [Intent::ProgressQuery, Intent::Complaint, Intent::Smalltalk] {
        let mut state = State::new(Language::Chinese);
        let (said, _) = tells(&mut state, 1, leak());
        assert_eq!(said, ["report.ask_address"]);
        let (said, _) = tells(&mut state, 2, address(intent));
        assert!(said.contains(&"report.confirm".to_owned()), "{intent:?}: {said:?}");
        let expected = ["翠湖花园3栋2单元1201", "厨房", "漏水"].map(|piece| Some(Arg::Text(piece.to_owned())));
        assert_eq!(gathered(&state), expected);
    }
}

#[test]
fn an_address_that_comes_first_is_no_fault_and_a_fault_is_no_address() {
    for intent in [Intent::RepairReport, Intent::ProgressQuery, Intent::Smalltalk] {
        let mut state = State::new(Language::Chinese);
        let (said, _) = tells(&mut state, 1, address(intent));
        assert_eq!(said, ["report.ask_what"], "{intent:?}");
        let (said, _) = tells(&mut state, 2, leak());
        assert!(said.contains(&"report.confirm".to_owned()), "{intent:?}: {said:?}");
        let expected = ["翠湖花园3栋2单元1201", "厨房", "漏水"].map(|piece| Some(Arg::Text(piece.to_owned())));
        assert_eq!(gathered(&state), expected);
    }
    // More of the fault where the address is asked for: it is asked again.
    let mut state = State::new(Language::Chinese);
    tells(&mut state, 1, leak());
    let (said, _) = tells(&mut state, 2, leak());
    assert_eq!(said, ["report.ask_address"]);
    assert_eq!(gathered(&state)[0], None);
}
