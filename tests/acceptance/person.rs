//! The homeowner: a client of the chat's JSON interface that remembers what it was shown.

use std::fs;
use std::path::Path;

use reqwest::multipart::{Form, Part};
use reqwest::{Client, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::service::{Service, crypto};
use crate::until::until;

/// A message as the interface gives it.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Message {
    pub(crate) seq: i64,
    pub(crate) id: String,
    pub(crate) from: String,
    pub(crate) text: String,
    pub(crate) choices: Vec<Choice>,
    #[serde(default)]
    pub(crate) transcript: Option<String>,
    #[serde(default)]
    pub(crate) keywords: Vec<Value>,
    pub(crate) media: Vec<Value>,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Choice {
    pub(crate) id: String,
    pub(crate) label: String,
}

/// What a post was answered with.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) body: Value,
}

impl Answer {
    /// Returns everything that was said at once.
    pub(crate) fn said(&self) -> String {
        let messages = self.body["messages"].as_array();
        let texts = messages.into_iter().flatten().filter_map(|message| message["text"].as_str());
        texts.collect::<Vec<_>>().join("\n")
    }

    pub(crate) fn is_duplicate(&self) -> bool {
        self.body["duplicate"] == json!(true)
    }
}

/// One thing a person does.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Act {
    Says(String),
    /// Presses the button of that label on the newest message that has one.
    Taps(&'static str),
    /// Presses the button of that id.
    Presses(String),
    /// Sends a recording of the demo.
    Speaks(&'static str),
    /// Sends a photo, perhaps with words.
    Photographs(Option<&'static str>),
}

impl Act {
    /// What it costs on the page: a button is one tap, a text one (send), a recording two (record,
    /// send), a photo two (camera, send).
    fn taps(&self) -> u32 {
        match self {
            Act::Says(_) | Act::Taps(_) | Act::Presses(_) => 1,
            Act::Speaks(_) | Act::Photographs(_) => 2,
        }
    }
}

#[derive(Clone)]
pub(crate) struct Person {
    client: Client,
    url: String,
    /// The secret of the conversation.
    pub(crate) session: String,
    sent: u32,
    pub(crate) taps: u32,
}

impl Person {
    /// Opens the chat page, as nobody yet.
    pub(crate) fn new(service: &Service, name: &str) -> Person {
        crypto();
        let client = Client::builder().no_proxy().build().unwrap();
        let session = format!("acceptance-session-{name}");
        Person { client, url: service.url.clone(), session, sent: 0, taps: 0 }
    }

    /// … and has scanned the code at the door.
    pub(crate) async fn bound(service: &Service, name: &str) -> Person {
        let mut person = Person::new(service, name);
        let answer = person.says(&format!("/start {}", service.token)).await;
        assert!(answer.said().contains("翠湖花园"), "{answer:?}");
        person.taps = 0;
        person
    }

    /// Goes on after the service was started again, at another address.
    pub(crate) fn finds(&mut self, service: &Service) {
        self.url.clone_from(&service.url);
    }

    pub(crate) async fn says(&mut self, words: &str) -> Answer {
        self.does(&Act::Says(words.to_owned())).await
    }

    pub(crate) async fn taps(&mut self, label: &'static str) -> Answer {
        self.does(&Act::Taps(label)).await
    }

    pub(crate) async fn speaks(&mut self, clip: &'static str) -> Answer {
        self.does(&Act::Speaks(clip)).await
    }

    /// Does something once.
    pub(crate) async fn does(&mut self, act: &Act) -> Answer {
        let id = self.next_id();
        self.taps += act.taps();
        let request = self.request(&id, act).await;
        let answer = reply_to(request).await;
        assert_eq!(answer.status, StatusCode::OK, "{act:?}: {answer:?}");
        answer
    }

    /// Returns the message id of the next message.
    pub(crate) fn next_id(&mut self) -> String {
        self.sent += 1;
        format!("m{}", self.sent)
    }

    /// Returns the request of an act, ready to be sent, perhaps more than once under one id.
    pub(crate) async fn request(&self, id: &str, act: &Act) -> reqwest::RequestBuilder {
        match act {
            Act::Says(words) => self.json(&json!({ "session": self.session, "id": id, "text": words })),
            Act::Taps(label) => self.press(id, &self.button(label).await),
            Act::Presses(choice) => self.press(id, choice),
            Act::Speaks(clip) => {
                let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/demo/voices").join(clip);
                self.upload(id, "voice.ogg", "audio/ogg", fs::read(file).unwrap(), None)
            }
            Act::Photographs(caption) => self.upload(id, "leak.jpg", "image/jpeg", photo(), *caption),
        }
    }

    /// Returns an act that means the same later, when other buttons are shown.
    pub(crate) async fn settled(&self, act: &Act) -> Act {
        match act {
            Act::Taps(label) => Act::Presses(self.button(label).await),
            Act::Says(_) | Act::Presses(_) | Act::Speaks(_) | Act::Photographs(_) => act.clone(),
        }
    }

    /// Presses a button by its id.
    pub(crate) fn press(&self, id: &str, choice: &str) -> reqwest::RequestBuilder {
        self.json(&json!({ "session": self.session, "id": id, "choice": choice }))
    }

    pub(crate) fn json(&self, body: &Value) -> reqwest::RequestBuilder {
        self.client.post(format!("{}/chat/api/messages", self.url)).json(body)
    }

    pub(crate) fn upload(
        &self,
        id: &str,
        name: &str,
        content_type: &str,
        bytes: Vec<u8>,
        caption: Option<&str>,
    ) -> reqwest::RequestBuilder {
        let file = Part::bytes(bytes).file_name(name.to_owned()).mime_str(content_type).unwrap();
        let mut form = Form::new().text("session", self.session.clone()).text("id", id.to_owned()).part("file", file);
        if let Some(caption) = caption {
            form = form.text("text", caption.to_owned());
        }
        self.client.post(format!("{}/chat/api/messages", self.url)).multipart(form)
    }

    /// Returns the id of the button of that label on the newest message that has one.
    pub(crate) async fn button(&self, label: &str) -> String {
        let messages = self.history().await;
        let choices = messages.iter().rev().flat_map(|message| &message.choices);
        let found = choices.into_iter().find(|choice| choice.label == label);
        found.unwrap_or_else(|| panic!("no button {label}:\n{}", transcript(&messages))).id.clone()
    }

    /// Returns the whole conversation.
    pub(crate) async fn history(&self) -> Vec<Message> {
        let url = format!("{}/chat/api/messages?session={}", self.url, self.session);
        let response = self.client.get(url).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        let body: Value = response.json().await.unwrap();
        serde_json::from_value(body["messages"].clone()).unwrap()
    }

    /// Waits until the bot says something with `words` in it, after the person's `since`th message
    /// (from 1), and returns what was said.
    pub(crate) async fn hears_after(&self, since: &str, words: &str) -> String {
        until(&format!("the bot to say {words:?} to {}", self.session), async || {
            let messages = self.history().await;
            let at = messages.iter().position(|message| message.from == "you" && message.id == since)?;
            let later = messages.get(at + 1..)?.iter();
            let said = later.filter(|message| message.from == "bot").find(|message| message.text.contains(words))?;
            Some(said.text.clone())
        })
        .await
    }

    /// Waits until the bot says something with `words` in it after the last message.
    pub(crate) async fn hears(&self, words: &str) -> String {
        self.hears_after(&format!("m{}", self.sent), words).await
    }
}

/// Sends a request and reads the answer.
pub(crate) async fn reply_to(request: reqwest::RequestBuilder) -> Answer {
    try_answer(request).await.unwrap()
}

/// … where the service may be killed meanwhile.
pub(crate) async fn try_answer(request: reqwest::RequestBuilder) -> Result<Answer, reqwest::Error> {
    let response = request.send().await?;
    let status = response.status();
    Ok(Answer { status, body: response.json().await? })
}

/// Returns the conversation as lines, for messages of failed tests.
pub(crate) fn transcript(messages: &[Message]) -> String {
    let lines = messages.iter().map(|message| {
        let labels: Vec<_> = message.choices.iter().map(|choice| choice.label.as_str()).collect();
        let heard = message.transcript.as_deref().unwrap_or_default();
        format!("{} {}: {} {heard} {labels:?} {} files", message.seq, message.from, message.text, message.media.len())
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Returns a photo.
pub(crate) fn photo() -> Vec<u8> {
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/audio/photo.jpg")).unwrap()
}
