//! What the service stored, read from its database while it runs.

use std::path::Path;

use data_encoding::HEXLOWER;
use huifang::domain::flag::Flag;
use huifang::domain::ids::{DialogueId, UnitId};
use huifang::domain::ticket::Ticket;
use huifang::domain::token::TokenKey;
use huifang::store::media::Media;
use huifang::store::responses::{Answer, Response};
use huifang::store::transcripts::Transcript;
use huifang::store::{self, Store, StoreError};
use sha2::{Digest, Sha256};

use crate::person::Person;

const MANY: u32 = 10_000;

pub(crate) struct Records(Store);

impl Records {
    pub(crate) async fn of(directory: &Path) -> Records {
        let url = format!("sqlite:{}", directory.join("huifang.db").display());
        Records(Store::open(&url).await.unwrap())
    }

    pub(crate) async fn dialogue(&self, person: &Person) -> DialogueId {
        let address = HEXLOWER.encode(&Sha256::digest(person.session.as_bytes()));
        let found =
            self.0.read(|tx| Box::pin(async move { store::dialogues::find_by_address(tx, "web", &address).await }));
        found.await.unwrap().expect("the person has a conversation").id
    }

    pub(crate) async fn tickets(&self, person: &Person) -> Vec<Ticket> {
        let dialogue = self.dialogue(person).await;
        let all = store::tickets::Filter::default();
        let all = self.0.read(|tx| Box::pin(async move { store::tickets::list(tx, &all, MANY).await })).await;
        all.unwrap().into_iter().filter(|ticket| ticket.dialogue_id == Some(dialogue)).collect()
    }

    pub(crate) async fn responses(&self, person: &Person) -> Vec<Response> {
        let dialogue = self.dialogue(person).await;
        let all = store::responses::Filter::default();
        let all = self.0.read(|tx| Box::pin(async move { store::responses::list(tx, &all, MANY).await })).await;
        all.unwrap().into_iter().filter(|response| response.dialogue_id == Some(dialogue)).collect()
    }

    pub(crate) async fn answers(&self, response: &Response) -> Vec<Answer> {
        let id = response.id;
        self.0.read(|tx| Box::pin(async move { store::responses::answers(tx, id).await })).await.unwrap()
    }

    pub(crate) async fn media_of(&self, ticket: &Ticket) -> Vec<Media> {
        let id = ticket.id;
        self.0.read(|tx| Box::pin(async move { store::media::list_for_ticket(tx, id).await })).await.unwrap()
    }

    pub(crate) async fn transcript(&self, media: huifang::domain::ids::MediaId) -> Option<Transcript> {
        self.0.read(|tx| Box::pin(async move { store::transcripts::find(tx, media).await })).await.unwrap()
    }

    pub(crate) async fn flags(&self, person: &Person) -> Vec<Flag> {
        let dialogue = self.dialogue(person).await;
        let all = self.0.read(|tx| Box::pin(async move { store::flags::list_open(tx, MANY).await })).await.unwrap();
        all.into_iter().filter(|flag| flag.dialogue_id == Some(dialogue)).collect()
    }

    /// Returns the key the service signs with and the flat the demo's visitor lives in.
    pub(crate) async fn key_and_flat(&self) -> (TokenKey, UnitId) {
        let key = self.setting("token_key").await;
        let key: [u8; 32] = HEXLOWER.decode(key.as_bytes()).unwrap().try_into().unwrap();
        (TokenKey::new(key), self.setting("demo_visitor_unit").await.parse().unwrap())
    }

    async fn setting(&self, name: &'static str) -> String {
        let found: Result<Option<String>, StoreError> =
            self.0.read(|tx| Box::pin(async move { store::settings::get(tx, name).await })).await;
        found.unwrap().unwrap()
    }
}
