//! Conversations beside reports and surveys: a person asked for, a recording nobody could read.

use std::time::Duration;

use super::super::past::TalkEntry;
use super::Teller;
use super::said::{Line, Spoken};
use crate::domain::dialogue::Mode;
use crate::domain::flag::FlagKind;
use crate::intake::message::{InboundBody, OutboundBody};
use crate::store::thread::Speaker;
use crate::store::{self, Tx};

/// Between two messages.
const PAUSE: Duration = Duration::from_secs(120);

impl Teller {
    pub(super) async fn talk(&mut self, tx: &mut Tx, entry: &TalkEntry) -> anyhow::Result<()> {
        let person = self.person(&entry.contact)?;
        let began = entry.at.on(self.midnight);
        let mut at = began;
        if let Some(file) = &entry.voice {
            let (media, _) = self.keep_recording(tx, file, &person, at).await?;
            store::transcripts::failed(tx, media.id, at).await?;
            let body = InboundBody { media: vec![media], ..InboundBody::default() };
            self.spoken.push(Spoken { at, person: entry.contact.clone(), line: Line::Client(Box::new(body)) });
        }
        for (speaker, said) in &entry.lines {
            match speaker {
                Speaker::Client => self.hear(&entry.contact, at, said),
                Speaker::Bot => self.say(&entry.contact, at, said, &[]),
                Speaker::Staff => {
                    let body = OutboundBody { text: said.clone(), ..OutboundBody::default() };
                    self.spoken.push(Spoken { at, person: entry.contact.clone(), line: Line::Staff(body) });
                }
            }
            at = at + PAUSE;
        }
        let flag = if entry.voice.is_some() {
            Some(FlagKind::VoiceUnheard)
        } else {
            entry.lines.iter().any(|(_, said)| said == "human.requested").then_some(FlagKind::PersonRequested)
        };
        let answered = entry.lines.iter().any(|(speaker, _)| *speaker == Speaker::Staff);
        if let Some(kind) = flag {
            let by = self.first_line.id;
            self.flag(tx, kind, &person, began, |flag| {
                if answered {
                    flag.seen_at = Some(began + PAUSE);
                    flag.seen_by = Some(by);
                }
            })
            .await?;
        }
        if entry.handed_over
            && let Some(person) = self.people.get_mut(&entry.contact)
        {
            person.state.mode = Mode::WithPerson { since: began };
        }
        Ok(())
    }
}
