//! What staff put right, beside what was recognised.

use std::time::Duration;

use huifang::domain::correction::{About, Labels};
use huifang::domain::ids::{DialogueId, StaffId, TicketId};
use huifang::domain::ticket::{Ticket, TicketKind};
use huifang::domain::understanding::{Category, Intent, Sentiment, Urgency};
use huifang::store::corrections::{self, Verdict, Wording};
use huifang::store::media::{self, Media};
use huifang::store::responses::{self, NewResponse};
use huifang::store::transcripts::{self, Heard};
use huifang::store::{StoreError, tickets};

use crate::database::{Database, read, write};

const RECOGNISED: Labels = Labels {
    sentiment: Sentiment::Negative,
    intent: Intent::Complaint,
    category: Some(Category::Leak),
    urgency: Urgency::Normal,
};

async fn ticket(db: &Database, description: &str) -> TicketId {
    let contact = db.contact().await;
    let ticket = Ticket {
        description: description.to_owned(),
        ..Ticket::reported(db.clock.new_id(), TicketKind::Repair, contact, db.now())
    };
    write!(db.store, |tx| tickets::file(tx, ticket).await).unwrap().id
}

fn verdict(db: &Database, about: About, by: StaffId, corrected: Labels) -> Verdict {
    Verdict {
        id: db.clock.new_id(),
        about,
        words: "墙角返潮，麻烦看看".to_owned(),
        original: RECOGNISED,
        corrected,
        by,
        at: db.now(),
    }
}

pub(crate) async fn of_several_verdicts_the_latest_counts_and_none_is_lost(db: Database) {
    let (first_by, then_by) = (db.staff("li").await, db.staff("wang").await);
    let about = About::Ticket(ticket(&db, "墙角返潮，麻烦看看").await);
    let first = verdict(&db, about, first_by, Labels { category: None, ..RECOGNISED });
    db.clock.advance(Duration::from_secs(5));
    let then = verdict(&db, about, then_by, Labels { sentiment: Sentiment::Neutral, ..RECOGNISED });
    let (a, b) = (first.clone(), then.clone());
    write!(db.store, |tx| {
        corrections::add_verdict(tx, &a).await?;
        corrections::add_verdict(tx, &b).await
    })
    .unwrap();
    assert_eq!(read!(db.store, |tx| corrections::verdict(tx, about).await).unwrap(), Some(then.clone()));
    assert_eq!(read!(db.store, |tx| corrections::verdicts(tx).await).unwrap(), [first, then]);
    let other = About::Ticket(db.clock.new_id());
    assert_eq!(read!(db.store, |tx| corrections::verdict(tx, other).await).unwrap(), None);
}

pub(crate) async fn a_verdict_may_be_about_the_comment_of_a_response(db: Database) {
    let by = db.staff("li").await;
    let new = NewResponse {
        id: db.clock.new_id(),
        survey: "routine".to_owned(),
        survey_version: 1,
        contact_id: None,
        unit_id: None,
        project_id: None,
        dialogue_id: None,
        started_at: db.now(),
    };
    let about = About::Response(new.id);
    let said = verdict(&db, about, by, RECOGNISED);
    let stored = said.clone();
    write!(db.store, |tx| {
        responses::start(tx, &new).await?;
        corrections::add_verdict(tx, &stored).await
    })
    .unwrap();
    assert_eq!(read!(db.store, |tx| corrections::verdict(tx, about).await).unwrap(), Some(said));
}

pub(crate) async fn what_a_person_heard_stands_beside_what_was_recognised(db: Database) {
    let (by, now) = (db.staff("li").await, db.now());
    let id = ticket(&db, "主卧漏税\n还有阳台漏税").await;
    let file = Media {
        id: db.clock.new_id(),
        kind: "voice".to_owned(),
        content_type: "audio/ogg".to_owned(),
        bytes: 1,
        sha256: String::new(),
        key: "voice".to_owned(),
        dialogue_id: None,
        seconds: Some(1.5),
        created_at: now,
        remote: None,
        lost: None,
    };
    let recording = file.id;
    let heard = Heard {
        text: "主卧漏税".to_owned(),
        raw_text: "主臥漏稅".to_owned(),
        language: "zh-CN".to_owned(),
        confidence: 0.5,
        model: "tiny".to_owned(),
    };
    let wording = Wording {
        id: db.clock.new_id(),
        media_id: recording,
        original: Some("主卧漏税".to_owned()),
        corrected: "主卧漏水".to_owned(),
        by,
        at: now,
    };
    let stored = wording.clone();
    write!(db.store, |tx| {
        media::insert(tx, &file).await?;
        tickets::attach_media(tx, id, recording).await?;
        transcripts::pending(tx, recording, None, now).await?;
        transcripts::heard(tx, recording, &heard, now).await?;
        transcripts::correct(tx, recording, "主卧漏水", now).await?;
        corrections::add_wording(tx, &stored).await
    })
    .unwrap();
    let (found, all, owners, words, ticket) = read!(db.store, |tx| Ok((
        corrections::wording(tx, recording).await?,
        corrections::wordings(tx).await?,
        tickets::of_media(tx, recording).await?,
        transcripts::corrected_words(tx, id, "主卧漏税\n还有阳台漏税").await?,
        tickets::find(tx, id).await?.unwrap()
    )))
    .unwrap();
    assert_eq!((found, all), (Some(wording.clone()), vec![wording]));
    assert_eq!(owners, [id]);
    assert_eq!(words, "主卧漏水\n还有阳台漏税", "only what stands in the recording is put right");
    assert_eq!(ticket.description, "主卧漏税\n还有阳台漏税", "the original stays");
    assert_eq!(read!(db.store, |tx| corrections::verdicts(tx).await).unwrap(), [], "it is no verdict");
}

pub(crate) async fn a_recording_waits_for_a_person_until_its_words_are_written_down(db: Database) {
    let (now, dialogue, other) = (db.now(), db.dialogue("a").await, db.dialogue("b").await);
    let recording = |lost: Option<&str>| Media {
        id: db.clock.new_id(),
        kind: "voice".to_owned(),
        content_type: "audio/ogg".to_owned(),
        bytes: 1,
        sha256: "0".repeat(64),
        key: "voice".to_owned(),
        dialogue_id: Some(dialogue),
        seconds: None,
        created_at: now,
        remote: None,
        lost: lost.map(str::to_owned),
    };
    let (unheard, gone) = (recording(None), recording(Some("404")));
    let id = unheard.id;
    write!(db.store, |tx| {
        for file in [&unheard, &gone] {
            media::insert(tx, file).await?;
            transcripts::pending(tx, file.id, None, now).await?;
            transcripts::failed(tx, file.id, now).await?;
        }
        Ok(())
    })
    .unwrap();
    let waits = async |of: DialogueId| read!(db.store, |tx| transcripts::any_given_up(tx, of).await).unwrap();
    assert_eq!((waits(dialogue).await, waits(other).await), (true, false));
    write!(db.store, |tx| transcripts::correct(tx, id, "漏水", now).await).unwrap();
    assert!(!waits(dialogue).await, "nobody can listen to what is lost");
}

pub(crate) async fn a_correction_needs_a_matter_and_somebody_who_makes_it(db: Database) {
    let by = db.staff("li").await;
    let about = About::Ticket(ticket(&db, "漏水").await);
    let nothing = verdict(&db, About::Ticket(db.clock.new_id()), by, RECOGNISED);
    let nobody = verdict(&db, about, db.clock.new_id(), RECOGNISED);
    for wrong in [nothing, nobody] {
        let result = write!(db.store, |tx| corrections::add_verdict(tx, &wrong).await);
        assert!(matches!(result, Err(StoreError::Database(_))), "{result:?}");
    }
    assert_eq!(read!(db.store, |tx| corrections::verdicts(tx).await).unwrap(), []);
}
