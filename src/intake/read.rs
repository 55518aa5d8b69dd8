//! What somebody sent, as it is stored and as what it means to the conversation: words, commands,
//! tokens, buttons, photos, recordings, places. Nothing is decided or recorded here.

use super::message::{InboundBody, MediaRef, Sign};
use super::people::Opened;
use super::{Intake, Scene};
use crate::channel::{Button, ChannelKind, Content, MediaKind, Place, ReceivedFile, plain};
use crate::domain::dialogue::say::Label;
use crate::domain::dialogue::{Choice, Event, Say, State, TokenFault};
use crate::domain::language::Language;
use crate::domain::media::{MOST_CHARACTERS, Refusal};
use crate::domain::script::{Command, normalised};
use crate::domain::text;
use crate::domain::time::Timestamp;
use crate::domain::token;
use crate::domain::understanding::Awaiting;
use crate::store::{self, StoreError, Tx};

/// Characters of a telephone number that are read.
const LONGEST_NUMBER: usize = 32;
/// Characters of a place's name that are read.
const LONGEST_PLACE: usize = 200;

/// What is kept of words that show a token: it opens the door for whoever shows it, and is not kept in the clear.
pub(super) const SHOWN: &str = "/start";

/// What an emoji of a digit ends with.
const KEYCAP: char = '\u{20e3}';
/// One to ten, each in one sign.
const COUNTED: [[char; 10]; 2] =
    [['①', '②', '③', '④', '⑤', '⑥', '⑦', '⑧', '⑨', '⑩'], ['一', '二', '三', '四', '五', '六', '七', '八', '九', '十']];

/// Where the buttons of an answer are words: numbered, unless they are marks.
const NUMBERED: [ChannelKind; 2] = [ChannelKind::Wechat, ChannelKind::Wecom];

/// What a message holds, as it is stored and as it is acted upon.
pub(super) struct Read {
    pub body: InboundBody,
    pub events: Vec<Event>,
    /// Those it came with, each with its id.
    pub files: Vec<ReceivedFile>,
    pub deed: Option<Deed>,
}

/// What concerns more than this conversation.
pub(super) enum Deed {
    /// A link of another conversation was opened here.
    Opened(Opened),
    /// The platform vouches for this telephone number.
    Number(String),
    /// They took back what they had let us know.
    Revoked,
}

impl Read {
    fn of(body: InboundBody, events: Vec<Event>) -> Read {
        Read { body, events, files: Vec::new(), deed: None }
    }
}

/// What a token is for, or what is wrong with it.
enum Token {
    Happens(Box<Event>),
    Opened(Opened),
}

impl Intake {
    /// Returns what a message holds as it came, with its files: nothing is looked up, and nothing understood.
    pub(super) fn as_sent(&self, content: &Content, language: Language) -> (InboundBody, Vec<ReceivedFile>) {
        let words = |text: String| InboundBody { text: Some(text), ..InboundBody::default() };
        let sign = |sign| InboundBody { sign: Some(sign), ..InboundBody::default() };
        let body = match content {
            Content::Text(written) | Content::Edited(written) => words(text::clean(written)),
            Content::Choice(id) => InboundBody { choice: Some(id.clone()), ..InboundBody::default() },
            Content::Media { files, caption } => return with_files(files.clone(), caption.as_deref()),
            Content::Remote { files, caption } => {
                let files = files.iter().map(|file| ReceivedFile::remote(self.clock.new_id(), file.clone())).collect();
                return with_files(files, caption.as_deref());
            }
            Content::Place(place) => words(self.words_of(language, place)),
            Content::OwnNumber(number) => words(text::clean(number).chars().take(LONGEST_NUMBER).collect()),
            Content::Entered { .. } => sign(Sign::Entered),
            Content::Consent { .. } => sign(Sign::Consent),
            Content::Revoked => sign(Sign::Revoked),
            Content::Left => InboundBody { left: true, ..InboundBody::default() },
            Content::Returned => InboundBody { returned: true, ..InboundBody::default() },
            Content::Refused(refusal) => InboundBody { refused: Some(*refusal), ..InboundBody::default() },
        };
        (body, Vec::new())
    }

    /// Turns what a message holds into what is stored of it and what it means.
    pub(super) async fn read(&self, tx: &mut Tx, scene: &Scene, content: Content) -> Result<Read, StoreError> {
        let (body, files) = self.as_sent(&content, scene.state.language);
        Ok(match content {
            Content::Text(_) => self.read_words(tx, scene, body, false).await?,
            Content::Edited(_) => self.read_words(tx, scene, body, true).await?,
            Content::Choice(id) => {
                let body = InboundBody { text: self.label_of(&scene.state, &id), ..body };
                // A button of somebody else's is answered as one that is gone: it says nothing, and does nothing.
                let id = if self.is_theirs(tx, scene, &id).await? { id } else { "gone".to_owned() };
                Read::of(body, vec![Event::Choice { id }])
            }
            Content::Media { .. } | Content::Remote { .. } => self.read_files(scene, body, files),
            Content::Place(_) => {
                let words = body.text.clone().unwrap_or_default();
                let understood = self.understand(&words, &scene.state);
                let body = InboundBody { understood: Some(understood.clone()), ..body };
                Read::of(body, vec![Event::Text { text: words, understood }])
            }
            Content::Entered { token, .. } => {
                let words = format!("/start {}", token.unwrap_or_default());
                match self.token_of(tx, &words, scene.now).await? {
                    Some(Token::Happens(event)) => Read::of(body, vec![*event]),
                    Some(Token::Opened(opened)) => {
                        Read { deed: Some(Deed::Opened(opened)), ..Read::of(body, Vec::new()) }
                    }
                    None => {
                        let understood = self.understand(SHOWN, &scene.state);
                        Read::of(body, vec![Event::Text { understood, text: SHOWN.to_owned() }])
                    }
                }
            }
            Content::OwnNumber(_) => {
                let number = body.text.clone().unwrap_or_default();
                Read { deed: Some(Deed::Number(number)), ..Read::of(body, Vec::new()) }
            }
            Content::Revoked => Read { deed: Some(Deed::Revoked), ..Read::of(body, Vec::new()) },
            Content::Consent { .. } | Content::Left | Content::Returned => Read::of(body, Vec::new()),
            Content::Refused(refusal) => Read::of(body, vec![Event::Refused(refusal)]),
        })
    }

    /// Reads what was written, or put in place of what was.
    async fn read_words(
        &self,
        tx: &mut Tx,
        scene: &Scene,
        mut body: InboundBody,
        edited: bool,
    ) -> Result<Read, StoreError> {
        let words = body.text.clone().unwrap_or_default();
        let event = if words.is_empty() {
            Event::Refused(Refusal::Empty)
        } else if words.chars().count() > MOST_CHARACTERS {
            Event::Refused(Refusal::TooLong)
        } else if let Some(token) = self.token_of(tx, &words, scene.now).await? {
            body.text = Some(SHOWN.to_owned());
            match token {
                Token::Happens(event) => *event,
                Token::Opened(opened) => {
                    let deed = Some(Deed::Opened(opened));
                    return Ok(Read { deed, ..Read::of(body, Vec::new()) });
                }
            }
        } else if let Some(id) = self.offered(scene, &words).filter(|id| !edited || !is_answer(id)) {
            Event::Choice { id }
        } else {
            let mut understood = self.understand(&words, &scene.state);
            understood.corrects |= edited;
            body.understood = Some(understood.clone());
            if edited { Event::Edited { text: words, understood } } else { Event::Text { text: words, understood } }
        };
        Ok(Read::of(body, vec![event]))
    }

    /// Whether a button that names a ticket or a visit names one of the person who pressed it, or one that carries on
    /// with theirs.
    async fn is_theirs(&self, tx: &mut Tx, scene: &Scene, choice: &str) -> Result<bool, StoreError> {
        let mut parts = choice.split(':');
        let whose = match (parts.next(), parts.next()) {
            (Some("fix"), Some(id)) => match id.parse() {
                Ok(id) => {
                    let Some(ticket) = store::tickets::find(tx, id).await? else { return Ok(false) };
                    let shared = Intake::shared_by(tx, &ticket, scene.contact).await?;
                    return Ok(shared.is_some() || ticket.contact_id == scene.contact);
                }
                Err(_) => None,
            },
            (Some("visit"), Some(id)) => match id.parse() {
                Ok(id) => store::visits::find(tx, id).await?.and_then(|visit| visit.contact_id),
                Err(_) => None,
            },
            _ => return Ok(true),
        };
        Ok(whose == Some(scene.contact))
    }

    /// Says in words where a place is: it then goes the way of a typed address.
    fn words_of(&self, language: Language, place: &Place) -> String {
        let at = format!("{:.5}, {:.5}", place.latitude, place.longitude);
        let label = place.label.as_deref().map(text::clean).filter(|label| !label.is_empty());
        let label: String = label.iter().flat_map(|label| label.chars()).take(LONGEST_PLACE).collect();
        let (key, args) = if label.is_empty() {
            ("place.point", vec![("at", at)])
        } else {
            ("place.named", vec![("at", at), ("label", label)])
        };
        let args = args.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        self.catalog.text(language, key, &args)
    }

    fn read_files(&self, scene: &Scene, mut body: InboundBody, files: Vec<ReceivedFile>) -> Read {
        let caption = body.text.clone().map(|words| {
            let understood = self.understand(&words, &scene.state);
            (words, understood)
        });
        body.understood = caption.as_ref().map(|(_, understood)| understood.clone());
        let of_kind = |kind| files.iter().filter(move |file| file.kind == kind).map(|file| file.id);
        let photos: Vec<_> = of_kind(MediaKind::Photo).collect();
        // Recordings first, so that a summary waits for what they say.
        let mut events: Vec<Event> = of_kind(MediaKind::Voice).map(|media| Event::Voice { media }).collect();
        match (photos.is_empty(), caption) {
            (false, caption) => events.push(Event::Photos { media: photos, caption }),
            (true, Some((text, understood))) => events.push(Event::Text { text, understood }),
            (true, None) => {}
        }
        Read { body, events, files, deed: None }
    }

    /// Returns the token that words show: `/start TOKEN`.
    pub(super) fn token_in(&self, words: &str) -> Option<String> {
        match self.catalog.script().words.command(words) {
            Some((Command::Start, token)) => token,
            _ => None,
        }
    }

    /// Reads `/start TOKEN`.
    async fn token_of(&self, tx: &mut Tx, words: &str, now: Timestamp) -> Result<Option<Token>, StoreError> {
        let happens = |event| Ok(Some(Token::Happens(Box::new(event))));
        let Some(token) = self.token_in(words) else { return Ok(None) };
        if token::is_elsewhere_token(&token) {
            return match self.opened(&token, now) {
                Ok(opened) => Ok(Some(Token::Opened(opened))),
                Err(_) => happens(Event::Notified(Say::new("elsewhere.expired"))),
            };
        }
        let unit = match self.tokens.verify(&token, now) {
            Ok(unit) => unit,
            Err(fault) => return happens(Event::TokenRefused(fault)),
        };
        let Some(unit) = store::units::find(tx, unit).await? else {
            return happens(Event::TokenRefused(TokenFault::Unknown));
        };
        happens(Event::Bound(Intake::binding_of(tx, unit).await?))
    }

    /// Reads a typed label, or the number of a button, as its button: not every platform shows buttons.
    /// Where a mark is awaited a number is the mark, unless the buttons were written with their numbers
    /// before them ([`plain`]); after staff wrote, it answers them.
    fn offered(&self, scene: &Scene, words: &str) -> Option<String> {
        let (state, said) = (&scene.state, normalised(words));
        let by_label = state.offered.iter().find(|choice| match &choice.label {
            Label::Text(_) => false,
            Label::Key(_) => normalised(&self.label(state.language, &choice.label)) == said,
        });
        let written =
            |choice: &Choice| Button { id: choice.id.clone(), label: self.label(state.language, &choice.label) };
        let marks = || plain::are_marks(&state.offered.iter().map(written).collect::<Vec<_>>());
        let numbered = NUMBERED.iter().any(|channel| channel.name() == scene.channel) && !marks();
        let numeric = state.awaiting() != Awaiting::Nothing && !numbered;
        let by_number = || {
            // "１", "1.", "1、", "(1)": as it is written before the button, or as a keyboard has it.
            let typed = said.trim_matches(['(', ')']).parse::<usize>().ok().filter(|_| !numeric);
            // Where a mark is awaited, "四" and "4️⃣" are read as marks.
            let spelt = || spelt_number(&said).filter(|_| state.awaiting() == Awaiting::Nothing);
            let at = typed.or_else(spelt).filter(|_| !state.interrupted)?;
            state.offered.get(at.checked_sub(1)?)
        };
        by_label.or_else(by_number).map(|choice| choice.id.clone())
    }

    fn label_of(&self, state: &State, id: &str) -> Option<String> {
        state.offered.iter().find(|choice| choice.id == id).map(|choice| self.label(state.language, &choice.label))
    }

    pub(crate) fn label(&self, language: Language, label: &Label) -> String {
        match label {
            Label::Text(text) => text.clone(),
            Label::Key(key) => self.catalog.text(language, key, &std::collections::BTreeMap::new()),
        }
    }
}

/// What files hold, with the words that came along.
fn with_files(files: Vec<ReceivedFile>, caption: Option<&str>) -> (InboundBody, Vec<ReceivedFile>) {
    let caption = caption.map(text::clean).filter(|caption| !caption.is_empty());
    let body = InboundBody {
        text: caption.map(|words| words.chars().take(MOST_CHARACTERS).collect()),
        media: files.iter().map(MediaRef::from).collect(),
        ..InboundBody::default()
    };
    (body, files)
}

/// Whether a button answers a question of a survey, or whether a fix holds. An edited message presses none of these: it
/// may have been sent before that was asked.
fn is_answer(button: &str) -> bool {
    button.starts_with("fix:") || button.starts_with('q')
}

/// Reads the number of a button as telephones and people write it: "1️⃣", "②", "二", "第二个", "选2".
fn spelt_number(said: &str) -> Option<usize> {
    let bare = said.trim_start_matches(['选', '第']);
    // "3号" is a building, and "两个" how many there are: it takes the word before the number to pick something.
    let bare = if bare.len() < said.len() { bare.trim_end_matches(['个', '项', '号']) } else { bare };
    let bare = bare.trim_end_matches(KEYCAP);
    let mut signs = bare.chars();
    let position = |sign: char| COUNTED.iter().find_map(|row| row.iter().position(|known| *known == sign));
    match (signs.next(), signs.next()) {
        (Some(sign), None) => position(sign).map(|before| before + 1).or_else(|| bare.parse().ok()),
        _ => bare.parse().ok(),
    }
}
