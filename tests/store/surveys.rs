//! Responses, answers and transcripts.

use std::time::Duration;

use huifang::domain::ids::{DialogueId, MediaId, ResponseId};
use huifang::domain::project::{Project, ProjectKind};
use huifang::domain::understanding::{Keyword, Sentiment};
use huifang::store::dialogues::{self, NewDialogue};
use huifang::store::media::{self, Media};
use huifang::store::projects;
use huifang::store::responses::{self, Answer, Filter, NewResponse, Outcome, Progress};
use huifang::store::transcripts::{self, Heard, Hearing};

use crate::database::{Database, is_missing, read, write};

fn new_response(db: &Database, survey: &str) -> NewResponse {
    NewResponse {
        id: db.clock.new_id(),
        survey: survey.to_owned(),
        survey_version: 3,
        contact_id: None,
        unit_id: None,
        project_id: None,
        dialogue_id: None,
        started_at: db.now(),
    }
}

async fn start(db: &Database, new: NewResponse) -> ResponseId {
    let id = new.id;
    write!(db.store, |tx| responses::start(tx, &new).await).unwrap();
    id
}

fn answer(db: &Database, response_id: ResponseId, question: &str, value: f64) -> Answer {
    Answer {
        response_id,
        question: question.to_owned(),
        value: Some(value),
        text: None,
        source: "button".to_owned(),
        media_id: None,
        answered_at: db.now(),
    }
}

async fn voice(db: &Database) -> MediaId {
    recording(db, None).await
}

async fn recording(db: &Database, dialogue_id: Option<DialogueId>) -> MediaId {
    let media = Media {
        id: db.clock.new_id(),
        kind: "voice".to_owned(),
        content_type: "audio/ogg".to_owned(),
        bytes: 1,
        sha256: String::new(),
        key: "voice".to_owned(),
        dialogue_id,
        seconds: Some(1.5),
        created_at: db.now(),
        remote: None,
        lost: None,
    };
    let id = media.id;
    write!(db.store, |tx| media::insert(tx, &media).await).unwrap();
    id
}

pub(crate) async fn an_answer_replaces_the_earlier_one(db: Database) {
    let id = start(&db, new_response(&db, "maintenance")).await;
    let media_id = Some(voice(&db).await);
    let first = answer(&db, id, "overall", 2.0);
    let other = answer(&db, id, "speed", 5.0);
    db.clock.advance(Duration::from_secs(9));
    let spoken = Answer {
        text: Some("四分".to_owned()),
        source: "voice".to_owned(),
        media_id,
        ..answer(&db, id, "overall", 4.0)
    };
    let (kept, replaced) = (other.clone(), spoken.clone());
    write!(db.store, |tx| {
        responses::answer(tx, &first).await?;
        responses::answer(tx, &other).await?;
        responses::answer(tx, &spoken).await
    })
    .unwrap();
    assert_eq!(read!(db.store, |tx| responses::answers(tx, id).await).unwrap(), [kept, replaced]);
}

pub(crate) async fn a_recording_leads_to_the_response_that_was_spoken_in_it(db: Database) {
    let contact = db.contact().await;
    let talk = NewDialogue { contact_id: Some(contact), ..db.new_dialogue("a") };
    let dialogue = Some(write!(db.store, |tx| dialogues::find_or_create(tx, &talk).await).unwrap().id);
    let (spoken, other) = (recording(&db, dialogue).await, recording(&db, dialogue).await);
    let new = |db: &Database| NewResponse {
        contact_id: Some(contact),
        dialogue_id: dialogue,
        ..new_response(db, "maintenance")
    };
    let (id, silent) = (start(&db, new(&db)).await, start(&db, new(&db)).await);
    let overall = Answer { media_id: Some(spoken), ..answer(&db, id, "overall", 4.0) };
    let speed = Answer { media_id: Some(spoken), ..answer(&db, id, "speed", 5.0) };
    let pressed = answer(&db, silent, "overall", 2.0);
    write!(db.store, |tx| {
        responses::answer(tx, &overall).await?;
        responses::answer(tx, &speed).await?;
        responses::answer(tx, &pressed).await
    })
    .unwrap();
    let found =
        read!(db.store, |tx| Ok((responses::of_media(tx, spoken).await?, responses::of_media(tx, other).await?)));
    assert_eq!(found.unwrap(), (vec![id], Vec::new()));
}

pub(crate) async fn a_response_keeps_its_first_completion_and_its_last_outcome(db: Database) {
    let id = start(&db, new_response(&db, "maintenance")).await;
    let first = db.now();
    let outcome = Outcome { score: Some(1.5), band: Some("dissatisfied".to_owned()), nps: Some(0) };
    write!(db.store, |tx| responses::complete(tx, id, &outcome, first).await).unwrap();
    db.clock.advance(Duration::from_mins(1));
    let later = db.now();
    let corrected = Outcome { score: Some(4.2), band: Some("satisfied".to_owned()), nps: Some(10) };
    write!(db.store, |tx| responses::complete(tx, id, &corrected, later).await).unwrap();
    assert!(!write!(db.store, |tx| responses::expire(tx, id).await).unwrap());
    let found = read!(db.store, |tx| responses::find(tx, id).await).unwrap().unwrap();
    assert_eq!((found.progress, found.completed_at), (Progress::Complete, Some(first)));
    assert_eq!((found.score, found.band.as_deref(), found.nps), (Some(4.2), Some("satisfied"), Some(10)));
    assert_eq!((found.survey.as_str(), found.survey_version), ("maintenance", 3));
}

pub(crate) async fn an_anonymous_response_knows_no_contact(db: Database) {
    let contact = db.contact().await;
    let known = start(&db, NewResponse { contact_id: Some(contact), ..new_response(&db, "handover") }).await;
    let anonymous = start(&db, new_response(&db, "handover")).await;
    let (known, anonymous) = read!(db.store, |tx| Ok((
        responses::find(tx, known).await?.unwrap(),
        responses::find(tx, anonymous).await?.unwrap()
    )))
    .unwrap();
    assert_eq!((known.contact_id, anonymous.contact_id), (Some(contact), None));
    let row = Project::new(db.clock.new_id(), "翠湖花园", ProjectKind::Housing);
    let project = row.id;
    write!(db.store, |tx| projects::insert(tx, &row).await).unwrap();
    let (named, id) = (known.id, anonymous.id);
    write!(db.store, |tx| responses::set_place(tx, id, None, Some(project)).await).unwrap();
    let (is_named, is_anonymous, placed) = read!(db.store, |tx| Ok((
        responses::is_anonymous(tx, named).await?,
        responses::is_anonymous(tx, id).await?,
        responses::find(tx, id).await?.unwrap()
    )))
    .unwrap();
    assert!(!is_named && is_anonymous);
    assert_eq!((placed.project_id, placed.unit_id), (Some(project), None), "only the project is known");
}

pub(crate) async fn comments_are_added_not_replaced(db: Database) {
    let id = start(&db, new_response(&db, "routine")).await;
    let keyword =
        Keyword {
            text: "敷衍".to_owned(), start: 2, end: 4, polarity: Sentiment::Negative, why: "敷衍".to_owned()
        };
    let keywords = vec![keyword];
    let marked = keywords.clone();
    write!(db.store, |tx| {
        responses::add_comment(tx, id, "还行", Sentiment::Neutral, &[]).await?;
        responses::add_comment(tx, id, "有点敷衍", Sentiment::Negative, &marked).await
    })
    .unwrap();
    let found = read!(db.store, |tx| responses::find(tx, id).await).unwrap().unwrap();
    assert_eq!((found.comment.as_deref(), found.sentiment), (Some("还行\n有点敷衍"), Some(Sentiment::Negative)));
    assert_eq!(found.keywords, keywords);
    let other = db.clock.new_id();
    let nowhere = write!(db.store, |tx| responses::add_comment(tx, other, "x", Sentiment::Neutral, &[]).await);
    assert!(is_missing(&nowhere, "responses"));
}

pub(crate) async fn responses_are_listed_by_filter(db: Database) {
    let contact = db.contact().await;
    let first = start(&db, NewResponse { contact_id: Some(contact), ..new_response(&db, "handover") }).await;
    db.clock.advance(Duration::from_secs(1));
    let cutoff = db.now();
    let second = start(&db, new_response(&db, "routine")).await;
    let outcome = Outcome { score: Some(5.0), band: Some("satisfied".to_owned()), nps: None };
    write!(db.store, |tx| responses::complete(tx, second, &outcome, cutoff).await).unwrap();
    let expectations = [
        (Filter::default(), vec![second, first]),
        (Filter { survey: Some("routine".to_owned()), ..Filter::default() }, vec![second]),
        (Filter { progress: Some(Progress::Open), ..Filter::default() }, vec![first]),
        (Filter { band: Some("satisfied".to_owned()), ..Filter::default() }, vec![second]),
        (Filter { contact_id: Some(contact), ..Filter::default() }, vec![first]),
        (Filter { from: Some(cutoff), ..Filter::default() }, vec![second]),
        (Filter { until: Some(cutoff), ..Filter::default() }, vec![first]),
    ];
    for (filter, expected) in expectations {
        let shown = filter.clone();
        let found = read!(db.store, |tx| responses::list(tx, &filter, 10).await).unwrap();
        assert_eq!(found.iter().map(|response| response.id).collect::<Vec<_>>(), expected, "{shown:?}");
    }
}

pub(crate) async fn a_transcript_goes_from_pending_to_heard_to_corrected(db: Database) {
    let (media, now) = (voice(&db).await, db.now());
    let words = Heard {
        text: "卫生间漏水".to_owned(),
        raw_text: "衛生間漏水".to_owned(),
        language: "zh".to_owned(),
        confidence: 0.75,
        model: "tiny-zh".to_owned(),
    };
    write!(db.store, |tx| transcripts::pending(tx, media, Some("卫生间漏税"), now).await).unwrap();
    let pending = read!(db.store, |tx| transcripts::find(tx, media).await).unwrap().unwrap();
    assert_eq!((pending.hearing, pending.words()), (Hearing::Pending, None));
    write!(db.store, |tx| {
        transcripts::heard(tx, media, &words, now).await?;
        // A second notice of the same voice message changes nothing.
        transcripts::pending(tx, media, None, now).await
    })
    .unwrap();
    let heard = read!(db.store, |tx| transcripts::find(tx, media).await).unwrap().unwrap();
    assert_eq!((heard.hearing, heard.words(), heard.confidence), (Hearing::Heard, Some("卫生间漏水"), Some(0.75)));
    write!(db.store, |tx| transcripts::correct(tx, media, "阳台漏水", now).await).unwrap();
    let corrected = read!(db.store, |tx| transcripts::find(tx, media).await).unwrap().unwrap();
    assert_eq!((corrected.words(), corrected.text.as_deref()), (Some("阳台漏水"), Some("卫生间漏水")));
    assert_eq!(corrected.recognition.as_deref(), Some("卫生间漏税"));
    assert_eq!(corrected.raw_text.as_deref(), Some("衛生間漏水"));
}

pub(crate) async fn a_transcript_may_end_with_nothing_or_failed(db: Database) {
    let (silent, broken, now) = (voice(&db).await, voice(&db).await, db.now());
    write!(db.store, |tx| {
        transcripts::pending(tx, silent, None, now).await?;
        transcripts::pending(tx, broken, None, now).await?;
        transcripts::nothing(tx, silent, now).await?;
        transcripts::failed(tx, broken, now).await
    })
    .unwrap();
    let (silent, broken) = read!(db.store, |tx| Ok((
        transcripts::find(tx, silent).await?.unwrap().hearing,
        transcripts::find(tx, broken).await?.unwrap().hearing
    )))
    .unwrap();
    assert_eq!((silent, broken), (Hearing::Nothing, Hearing::Failed));
    let other = db.clock.new_id();
    assert!(is_missing(&write!(db.store, |tx| transcripts::nothing(tx, other, now).await), "transcripts"));
}
