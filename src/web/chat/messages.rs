//! `GET /chat/api/messages`: what was said so far.

use axum::Json;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use serde::Deserialize;

use super::session::ChatSession;
use super::wire::{Choice, History, Media, Message};
use crate::channel::ChannelKind;
use crate::store::dialogues::{self, Dialogue};
use crate::store::thread::{self, Entry};
use crate::store::{StoreError, Tx};
use crate::web::error::WebError;
use crate::web::{Web, stored};

/// Most messages of one answer; ask again from the last one.
const MOST: u32 = 200;

#[derive(Debug, Deserialize)]
pub(super) struct From {
    #[serde(default)]
    pub(super) after: i64,
    pub(super) session: Option<String>,
}

/// Returns the messages after a place in the conversation; nobody's conversation is empty.
pub(super) async fn list(
    State(web): State<Web>,
    Query(from): Query<From>,
    headers: HeaderMap,
) -> Result<Json<History>, WebError> {
    let session = ChatSession::of(from.session.as_deref(), &headers).map_err(|_| WebError::BadSession)?;
    let messages = match session {
        Some(session) => after(&web, &session, from.after).await?,
        None => Vec::new(),
    };
    let last_seq = messages.last().map_or(from.after, |message| message.seq);
    Ok(Json(History { messages, last_seq }))
}

/// Returns what was said after a place in somebody's conversation.
pub(super) async fn after(web: &Web, session: &ChatSession, seq: i64) -> Result<Vec<Message>, WebError> {
    let (address, web_) = (session.address(), web.clone());
    web.store
        .read(|tx| {
            Box::pin(async move {
                let Some(dialogue) = dialogue_of(tx, &address).await? else { return Ok(Vec::new()) };
                let entries = thread::after(tx, dialogue.id, seq, MOST).await?;
                shown(&web_, tx, &entries).await
            })
        })
        .await
}

/// Returns the conversation of an address.
pub(super) async fn dialogue_of(tx: &mut Tx, address: &str) -> Result<Option<Dialogue>, StoreError> {
    dialogues::find_by_address(tx, ChannelKind::Web.name(), address).await
}

/// Returns the messages as clients see them.
pub(super) async fn shown(web: &Web, tx: &mut Tx, entries: &[Entry]) -> Result<Vec<Message>, WebError> {
    let mut messages = Vec::with_capacity(entries.len());
    for entry in entries {
        let body = stored::read(tx, entry).await?;
        let transcript = body.media.iter().find_map(|(_, heard)| heard.as_ref()?.words().map(str::to_owned));
        let keywords = match &transcript {
            Some(words) => stored::keywords_of(&web.intake.tagger, words),
            None => body.keywords,
        };
        let media = body.media.into_iter().map(|(file, _)| Media {
            url: format!("/chat/media/{}", file.id),
            id: file.id,
            kind: file.kind,
            content_type: file.content_type,
        });
        messages.push(Message {
            seq: entry.seq,
            id: entry.external_id.as_deref().map_or_else(|| entry.id.to_string(), given_id),
            from: entry.speaker.into(),
            text: body.text,
            choices: body.choices.into_iter().map(|button| Choice { id: button.id, label: button.label }).collect(),
            media: media.collect(),
            transcript,
            keywords,
            at: entry.at.to_string(),
        });
    }
    Ok(messages)
}

/// The id under which a client's message is unique on the channel: two people may choose the same.
pub(super) fn external_id(address: &str, given: &str, suffix: &str) -> String {
    format!("{}:{given}{suffix}", address.get(..32).unwrap_or(address))
}

/// What the client called its message.
fn given_id(external: &str) -> String {
    external.split_once(':').map_or(external, |(_, given)| given).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_gets_its_own_id_back() {
        assert_eq!(given_id(&external_id(&"a".repeat(64), "my:id", "")), "my:id");
    }
}
