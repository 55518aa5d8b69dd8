//! The other side of a conversation: staff, the jobs of the service, and what the ticket shows of both.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use huifang::catalog::Catalog;
use huifang::channel::{Channels, MediaKind, ReceivedFile};
use huifang::desk::Desk;
use huifang::domain::appointment::Window;
use huifang::domain::ids::StaffId;
use huifang::domain::sla::Clock;
use huifang::domain::staff::{Role, Staff};
use huifang::domain::ticket::{Actor, Ticket};
use huifang::domain::time::Timestamp;
use huifang::jobs::Runner;
use huifang::store;
use huifang::store::blobs::Blobs;
use huifang::tagging::{Lexical, Tagger};

use crate::talk::Talk;

/// A local time of November 2026 in Shanghai, such as `23 10:30`.
pub(crate) fn at(text: &str) -> Timestamp {
    let (day, time) = text.split_once(' ').unwrap();
    let written = format!("2026-11-{day}T{time}:00+08:00");
    Timestamp(written.parse::<jiff::Timestamp>().unwrap().as_millisecond())
}

pub(crate) fn window(from: &str, until: &str) -> Window {
    Window { from: at(from), until: at(until) }
}

impl Talk {
    pub(crate) fn desk(&self) -> Desk {
        Desk::new(self.intake.clone())
    }

    /// Somebody begins to work here.
    pub(crate) async fn hires(&self, login: &str, change: impl FnOnce(&mut Staff)) -> StaffId {
        let mut person = Staff::new(self.clock.new_id(), login, Role::Engineer, self.clock.now());
        change(&mut person);
        let id = person.id;
        let hired = self.store.write(move |tx| Box::pin(async move { store::staff::insert(tx, &person, "-").await }));
        hired.await.unwrap();
        id
    }

    /// Reports a leak and returns its ticket.
    pub(crate) async fn reports_a_leak(&mut self) -> Ticket {
        self.says("主卧卫生间天花板在滴水").await;
        self.taps("提交").await;
        self.transcript();
        self.tickets().await.remove(0)
    }

    /// Time passes, and every job that falls due meanwhile is done at its time.
    pub(crate) async fn waits_until(&mut self, until: Timestamp) {
        let runner = self.runner();
        loop {
            runner.run_until_idle().await;
            let next = self.store.read(|tx| Box::pin(async move { store::jobs::next_run_at(tx).await })).await;
            let next: Option<Timestamp> = next.map_err(|error: store::StoreError| error).unwrap();
            match next.filter(|at| *at <= until) {
                Some(at) => self.clock.advance(at.since(self.clock.now())),
                None => break,
            }
        }
        self.clock.advance(until.since(self.clock.now()));
        self.hears().await;
    }

    /// The jobs of the service.
    pub(crate) fn runner(&self) -> Runner {
        let lexicon = huifang::catalog::lexicon::embedded().unwrap();
        Runner {
            store: self.store.clone(),
            clock: self.clock.clone(),
            intake: self.intake.clone(),
            blobs: Blobs::open(&format!("file:{}", self.folder().display())).unwrap(),
            channels: Channels::default(),
            alerts: None,
            catalog: Arc::new(Catalog::embedded().unwrap()),
            listener: None,
            tagger: Arc::new(Tagger::by_rules(Lexical::new(&lexicon).unwrap())),
        }
    }

    pub(crate) fn photo(&self) -> ReceivedFile {
        ReceivedFile {
            id: self.clock.new_id(),
            kind: MediaKind::Photo,
            content_type: "image/jpeg".to_owned(),
            bytes: 1000,
            sha256: "0".repeat(64),
            recognition: None,
            remote: None,
        }
    }

    pub(crate) async fn clocks(&self, ticket: &Ticket) -> Vec<Clock> {
        let id = ticket.id;
        let found = self.store.read(|tx| Box::pin(async move { store::clocks::of_ticket(tx, id).await })).await;
        found.map_err(|error: store::StoreError| error).unwrap()
    }

    /// The history of a ticket: when, what, who, details.
    pub(crate) async fn history(&self, ticket: &Ticket) -> String {
        let id = ticket.id;
        let events = self.store.read(|tx| Box::pin(async move { store::tickets::events(tx, id).await })).await;
        let events = events.map_err(|error: store::StoreError| error).unwrap();
        let mut written = String::new();
        for event in events {
            let who = match event.actor {
                Actor::Staff(_) => "staff".to_owned(),
                Actor::Firm(_) => "firm".to_owned(),
                other => other.to_string(),
            };
            let local = jiff::Timestamp::from_millisecond(event.at.0).unwrap();
            let local = local.to_zoned(jiff::tz::TimeZone::get("Asia/Shanghai").unwrap()).strftime("%d %H:%M");
            let body = if event.kind == "reported" { String::new() } else { event.body };
            let _ = writeln!(written, "{local} {} {who} {body}", event.kind);
        }
        written.trim_end().to_owned()
    }

    pub(crate) async fn ticket(&self, ticket: &Ticket) -> Ticket {
        self.tickets().await.into_iter().find(|found| found.id == ticket.id).unwrap()
    }

    /// The flags of a kind, by their details.
    pub(crate) async fn flagged(&self, kind: &str) -> Vec<String> {
        let mut flags = self.flags().await;
        flags.reverse();
        flags.into_iter().filter(|flag| flag.kind.name() == kind).map(|flag| flag.detail).collect()
    }

    pub(crate) fn passes(&self, minutes: u64) {
        self.clock.advance(Duration::from_secs(minutes * 60));
    }
}
