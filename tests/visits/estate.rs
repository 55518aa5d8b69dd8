//! A small estate with its owners, on a real database, by a clock that is stepped from one job to
//! the next.

use std::sync::Arc;
use std::time::Duration;

use huifang::catalog::Catalog;
use huifang::channel::{ChannelKind, Channels, Content, Inbound};
use huifang::clock::Clock;
use huifang::domain::ids::{ContactId, DialogueId, ProjectId, UnitId, VisitId};
use huifang::domain::project::{Project, ProjectKind, Unit};
use huifang::domain::time::Timestamp;
use huifang::domain::token::TokenKey;
use huifang::domain::visit::{Visit, VisitKind};
use huifang::intake::Intake;
use huifang::intake::message::{Button, OutboundBody};
use huifang::jobs::Runner;
use huifang::planner::Planner;
use huifang::store::blobs::Blobs;
use huifang::store::responses::{self, Response};
use huifang::store::thread::{self, Speaker};
use huifang::store::withheld::{self, Withheld};
use huifang::store::{self, Store};
use huifang::tagging::{Lexical, Tagger};

pub(crate) const DAY: Duration = Duration::from_secs(86_400);

/// An instant of local time in Shanghai, `2026-09-29T10:00`.
pub(crate) fn at(text: &str) -> Timestamp {
    Timestamp(format!("{text}:00+08:00").parse::<jiff::Timestamp>().unwrap().as_millisecond())
}

/// An instant in Shanghai, for reading.
pub(crate) fn local(at: Timestamp) -> String {
    let zone = jiff::tz::TimeZone::fixed(jiff::tz::offset(8));
    let zoned = jiff::Timestamp::from_millisecond(at.0).unwrap().to_zoned(zone);
    zoned.strftime("%Y-%m-%d %H:%M").to_string()
}

/// Runs statements in a transaction.
macro_rules! stored {
    ($estate:expr, |$tx:ident| $work:expr) => {
        $estate.runner.store.write(move |$tx| Box::pin(async move { $work })).await.unwrap()
    };
}
/// Runs statements on a snapshot.
macro_rules! found {
    ($estate:expr, |$tx:ident| $work:expr) => {
        $estate.runner.store.read(move |$tx| Box::pin(async move { $work })).await.unwrap()
    };
}
pub(crate) use {found, stored};

pub(crate) struct Estate {
    pub(crate) runner: Runner,
    pub(crate) project: ProjectId,
    key: TokenKey,
    sent: u32,
    _folder: tempfile::TempDir,
}

impl Estate {
    /// An estate in East China that was handed over then; it is `now`.
    pub(crate) async fn handed_over(handover: &str, now: &str) -> Estate {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name).display().to_string();
        let store = Store::open(&format!("sqlite:{}", path("huifang.db"))).await.unwrap();
        store.migrate().await.unwrap();
        let clock = Clock::manual(at(now));
        let catalog = Arc::new(Catalog::embedded().unwrap());
        let lexicon = huifang::catalog::lexicon::embedded().unwrap();
        let tagger = Arc::new(Tagger::by_rules(Lexical::new(&lexicon).unwrap()));
        let key = TokenKey::new([7; 32]);
        let (c, t) = (Arc::clone(&catalog), Arc::clone(&tagger));
        let intake = Intake::new(store.clone(), c, t, clock.clone(), key.clone(), "110".to_owned());
        let blobs = Blobs::open(&format!("file:{}", path("media"))).unwrap();
        let project: ProjectId = clock.new_id();
        let row = Project {
            region: "华东".to_owned(),
            handover_at: Some(at(handover)),
            ..Project::new(project, "翠湖花园", ProjectKind::Housing)
        };
        store.write(move |tx| Box::pin(async move { store::projects::insert(tx, &row).await })).await.unwrap();
        let (channels, alerts, listener) = (Channels::default(), None, None);
        let runner = Runner { store, clock, intake, blobs, channels, alerts, catalog, listener, tagger };
        Estate { runner, project, key, sent: 0, _folder: folder }
    }

    pub(crate) async fn flat(&self, label: &str) -> UnitId {
        let (id, project, label): (UnitId, _, _) = (self.runner.clock.new_id(), self.project, label.to_owned());
        stored!(self, |tx| store::units::insert(tx, &Unit::new(id, project, label)).await);
        id
    }

    /// Somebody scans the code of a flat.
    pub(crate) async fn moves_in(&mut self, who: &str, unit: UnitId) -> ContactId {
        self.moves_in_by(ChannelKind::Web, who, unit).await
    }

    pub(crate) async fn moves_in_by(&mut self, channel: ChannelKind, who: &str, unit: UnitId) -> ContactId {
        let token = self.key.sign(unit, self.now() + DAY);
        self.sends(channel, who, Content::Text(format!("/start {token}"))).await;
        let address = who.to_owned();
        let name = channel.name();
        let found = found!(self, |tx| store::dialogues::find_by_address(tx, name, &address).await);
        found.unwrap().contact_id.unwrap()
    }

    pub(crate) async fn says(&mut self, who: &str, words: &str) {
        self.sends(ChannelKind::Web, who, Content::Text(words.to_owned())).await;
    }

    pub(crate) async fn taps(&mut self, who: &str, button: &str) {
        self.sends(ChannelKind::Web, who, Content::Choice(button.to_owned())).await;
    }

    pub(crate) async fn sends(&mut self, channel: ChannelKind, who: &str, content: Content) {
        self.sent += 1;
        let external_id = format!("m{}", self.sent);
        let inbound = Inbound { channel, address: who.to_owned(), external_id, language: None, content };
        self.runner.intake.receive(inbound).await.unwrap();
    }

    /// Plans today's visits by hand, without owing tomorrow's planning.
    pub(crate) async fn plan(&self) {
        let planner = self.planner();
        stored!(self, |tx| {
            store::visits::plan_all_anew(tx).await?;
            while planner.plan_page(tx).await?.is_some() {}
            planner.plan_repairs(tx).await
        });
    }

    /// Plans from now on every day, as the service does from its start.
    pub(crate) async fn starts(&self) {
        self.runner.keep_planning().await.unwrap();
    }

    /// Goes on to an instant, doing every job at the time at which it falls due.
    pub(crate) async fn goes_on_to(&self, end: Timestamp) {
        while self.goes_on_to_next(end).await {}
    }

    /// Does what falls due next, if it is before `end`; otherwise it is `end` then.
    pub(crate) async fn goes_on_to_next(&self, end: Timestamp) -> bool {
        self.runner.run_until_idle().await;
        let next = found!(self, |tx| store::jobs::next_run_at(tx).await);
        let until = next.filter(|next| *next <= end);
        let clock = &self.runner.clock;
        let is_later = |next: Timestamp| next > clock.now();
        assert!(
            until.is_none_or(is_later),
            "at {} work is due that nobody gets: time stands still",
            local(clock.now())
        );
        clock.advance(until.unwrap_or(end).since(clock.now()));
        self.runner.run_until_idle().await;
        until.is_some()
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.runner.clock.now()
    }

    pub(crate) async fn visits(&self, unit: UnitId) -> Vec<Visit> {
        found!(self, |tx| store::visits::list_for_unit(tx, unit).await)
    }

    /// The visits of a unit as lines: status, when it was sent or is due, name, reason.
    pub(crate) async fn told(&self, unit: UnitId) -> String {
        let line = |visit: &Visit| {
            let name = visit.key.split_once(':').map(|(_, name)| name.to_owned()).unwrap_or_default();
            let when = local(visit.sent_at.unwrap_or(visit.due_at));
            let reason = visit.reason.map(|reason| format!(" ({})", reason.name())).unwrap_or_default();
            format!("{} {when} {name}{reason}", visit.status.name())
        };
        self.visits(unit).await.iter().map(line).collect::<Vec<_>>().join("\n")
    }

    pub(crate) async fn visit(&self, unit: UnitId, kind: VisitKind) -> Visit {
        self.visits(unit).await.into_iter().find(|visit| visit.kind == kind).unwrap()
    }

    pub(crate) async fn why_not(&self, visit: VisitId) -> Vec<Withheld> {
        found!(self, |tx| withheld::list(tx, Some(visit), None, 50).await)
    }

    pub(crate) async fn responses(&self) -> Vec<Response> {
        found!(self, |tx| responses::list(tx, &responses::Filter::default(), 1000).await)
    }

    pub(crate) async fn dialogue(&self, who: &str) -> DialogueId {
        let address = who.to_owned();
        let found = found!(self, |tx| store::dialogues::find_by_address(tx, "web", &address).await);
        found.unwrap().id
    }

    /// The last thing that was said to somebody, and its buttons.
    pub(crate) async fn heard(&self, who: &str) -> (String, Vec<Button>) {
        let dialogue = self.dialogue(who).await;
        let said = found!(self, |tx| thread::after(tx, dialogue, 0, 1000).await);
        let last = said.into_iter().rev().find(|entry| entry.speaker != Speaker::Client).unwrap();
        let body: OutboundBody = serde_json::from_str(&last.body).unwrap();
        (body.text, body.choices)
    }

    pub(crate) fn planner(&self) -> Planner {
        Planner::new(self.runner.intake.clone())
    }
}
