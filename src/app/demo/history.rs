//! Projects, flats, staff and half a year of history for the demo, from `assets/demo/register.toml`
//! and `assets/demo/history.toml`, all in one transaction.
//!
//! Read [`super::past`] for what the history consists of and [`super::teller`] for how it becomes rows.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Context as _;
use serde::Deserialize;

use super::past::Past;
use super::teller::{Place, Recording, Setting, Teller};
use crate::domain::dialogue::Binding;
use crate::domain::ids::{SubcontractorId, UnitId};
use crate::domain::project::{Project, ProjectKind, Tier, Unit, Upkeep};
use crate::domain::staff::{Role, Staff};
use crate::domain::subcontractor::Subcontractor;
use crate::domain::time::Timestamp;
use crate::domain::understanding::Category;
use crate::domain::warranty::{Span, Term};
use crate::intake::{Intake, blob_key};
use crate::store::blobs::Blobs;
use crate::store::{self, StoreError, Tx};

/// What the demo's staff logs in with.
pub(super) const LOGIN: &str = "demo";
/// The setting that names the flat the visitor lives in; its presence means the data is complete.
pub(super) const VISITOR_UNIT: &str = "demo_visitor_unit";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Register {
    project: Vec<ProjectEntry>,
    staff: Vec<StaffEntry>,
    firm: Vec<FirmEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ProjectEntry {
    code: String,
    name: String,
    team: String,
    /// A login.
    engineer: String,
    kind: ProjectKind,
    region: String,
    tier: Tier,
    handover_days_ago: u64,
    manager: String,
    vocabulary: Vec<String>,
    maintained_days: Option<u64>,
    maintained_every: Option<Upkeep>,
    #[serde(default)]
    term: Vec<TermEntry>,
    #[serde(default)]
    firm: Vec<DidEntry>,
    unit: Vec<UnitEntry>,
}

/// What the contract agrees beyond the law.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TermEntry {
    component: String,
    months: u32,
}

/// Which firm did a trade.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DidEntry {
    name: String,
    trade: Category,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FirmEntry {
    name: String,
    phone: String,
    region: Option<String>,
    trades: Vec<Category>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct UnitEntry {
    building: Option<String>,
    unit: Option<String>,
    room: String,
    label: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StaffEntry {
    login: String,
    name: String,
    role: Role,
    region: Option<String>,
    team: Option<String>,
    #[serde(default)]
    skills: Vec<Category>,
}

/// Fills an empty database in one transaction; does nothing to one that is filled, except that the
/// password is set to the one printed.
pub(super) async fn fill(intake: &Intake, blobs: &Blobs, hash: &str) -> anyhow::Result<()> {
    let register: Register =
        toml::from_str(include_str!("../../../assets/demo/register.toml")).context("assets/demo/register.toml")?;
    let past = Past::embedded()?;
    let filled = intake.store.read(|tx| Box::pin(store::settings::get(tx, VISITOR_UNIT))).await;
    let filled = filled.map_err(|error: StoreError| error)?.is_some();
    // Bytes lie in the media store before the row that names them.
    let recordings = if filled { BTreeMap::new() } else { keep_recordings(intake, blobs, &past).await? };
    let (teller, hash) = (intake.clone(), hash.to_owned());
    intake
        .store
        .write(move |tx| {
            Box::pin(async move {
                if store::settings::get(tx, VISITOR_UNIT).await?.is_some() {
                    if let Some((staff, _)) = store::staff::by_login(tx, LOGIN).await? {
                        store::staff::set_password(tx, staff.id, &hash).await?;
                    }
                    return Ok(());
                }
                let now = teller.clock.now();
                let staff = employ(tx, &teller, register.staff, &hash, now).await?;
                let firms = engage(tx, &teller, register.firm).await?;
                let mut places = BTreeMap::new();
                let mut visitor = None;
                for entry in register.project {
                    let known = Known { staff: &staff, firms: &firms };
                    build(tx, &teller, entry, known, now, &mut places, &mut visitor).await?;
                }
                let setting = Setting { now, places, staff, recordings };
                Teller::new(teller, &past, setting)?.tell(tx, &past).await?;
                let visitor = visitor.context("assets/demo/register.toml names no flat")?;
                store::settings::put(tx, VISITOR_UNIT, &visitor.to_string()).await?;
                Ok::<(), anyhow::Error>(())
            })
        })
        .await
        .context("the demo data could not be stored")
}

async fn employ(
    tx: &mut Tx,
    intake: &Intake,
    entries: Vec<StaffEntry>,
    hash: &str,
    now: Timestamp,
) -> anyhow::Result<BTreeMap<String, Staff>> {
    let mut staff = BTreeMap::new();
    for entry in entries {
        let person = Staff {
            name: entry.name,
            region: entry.region,
            team: entry.team,
            skills: entry.skills,
            ..Staff::new(intake.clock.new_id(), entry.login, entry.role, now)
        };
        store::staff::insert(tx, &person, hash).await?;
        staff.insert(person.login.clone(), person);
    }
    Ok(staff)
}

async fn engage(
    tx: &mut Tx,
    intake: &Intake,
    entries: Vec<FirmEntry>,
) -> anyhow::Result<BTreeMap<String, SubcontractorId>> {
    let mut firms = BTreeMap::new();
    for entry in entries {
        let firm = Subcontractor {
            phone: Some(entry.phone),
            region: entry.region,
            trades: entry.trades,
            ..Subcontractor::new(intake.clock.new_id(), entry.name)
        };
        store::subcontractors::save(tx, &firm).await?;
        firms.insert(firm.name, firm.id);
    }
    Ok(firms)
}

/// Who a project may name.
#[derive(Clone, Copy)]
struct Known<'a> {
    staff: &'a BTreeMap<String, Staff>,
    firms: &'a BTreeMap<String, SubcontractorId>,
}

/// Stores a project with its units; the first unit of all is the visitor's.
async fn build(
    tx: &mut Tx,
    intake: &Intake,
    entry: ProjectEntry,
    known: Known<'_>,
    now: Timestamp,
    places: &mut BTreeMap<String, Place>,
    visitor: &mut Option<UnitId>,
) -> anyhow::Result<()> {
    let engineer = known.staff.get(&entry.engineer).cloned();
    let engineer = engineer.with_context(|| format!("nobody logs in as {}", entry.engineer))?;
    let project = Project {
        code: Some(entry.code),
        team: Some(entry.team),
        engineer_id: Some(engineer.id),
        maintained_until: entry.maintained_days.map(|days| now + Duration::from_secs(days * 86_400)),
        maintained_every: entry.maintained_every,
        region: entry.region,
        tier: entry.tier,
        handover_at: Some(now - Duration::from_secs(entry.handover_days_ago * 86_400)),
        manager: Some(entry.manager),
        vocabulary: entry.vocabulary,
        ..Project::new(intake.clock.new_id(), entry.name, entry.kind)
    };
    store::projects::insert(tx, &project).await?;
    for TermEntry { component, months } in entry.term {
        let term = Term { component, span: Span::Months(months) };
        store::warranty_terms::save(tx, project.id, &term).await?;
    }
    for DidEntry { name, trade } in entry.firm {
        let firm = known.firms.get(&name).with_context(|| format!("there is no firm {name}"))?;
        store::subcontractors::engage(tx, project.id, Some(trade), *firm).await?;
    }
    for unit in entry.unit {
        let parts = [unit.building.as_deref(), unit.unit.as_deref(), Some(unit.room.as_str())];
        let unit = Unit {
            code: Some(parts.into_iter().flatten().collect::<Vec<_>>().join("-")),
            building: unit.building,
            unit: unit.unit,
            room: Some(unit.room),
            ..Unit::new(intake.clock.new_id(), project.id, unit.label)
        };
        store::units::insert(tx, &unit).await?;
        visitor.get_or_insert(unit.id);
        let label = format!("{} {}", project.name, unit.label);
        let binding = Binding { unit: unit.id, project: project.id, label };
        places.insert(unit.label, Place { binding, engineer: engineer.clone() });
    }
    Ok(())
}

async fn keep_recordings(intake: &Intake, blobs: &Blobs, past: &Past) -> anyhow::Result<BTreeMap<String, Recording>> {
    let mut recordings = BTreeMap::new();
    for clip in super::clips()? {
        let file = format!("{}.ogg", clip.id);
        if past.recordings().any(|wanted| wanted == file) {
            let recording = Recording { id: intake.clock.new_id(), words: clip.label, bytes: clip.bytes };
            blobs.put(&blob_key(recording.id), recording.bytes.clone()).await.context("the demo's recordings")?;
            recordings.insert(file, recording);
        }
    }
    Ok(recordings)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::sync::Arc;

    use super::*;
    use crate::catalog::{self, Catalog};
    use crate::clock::Clock;
    use crate::domain::flag::{Flag, FlagKind};
    use crate::domain::ticket::{Status, Ticket};
    use crate::domain::token::TokenKey;
    use crate::store::responses::{Progress, Response};
    use crate::store::{Store, flags, responses, tickets};
    use crate::tagging::{Lexical, Tagger};

    /// Everything a second fill could have changed.
    #[derive(Debug, PartialEq)]
    struct Filled {
        changes: i64,
        tickets: Vec<Ticket>,
        responses: Vec<Response>,
        open: Vec<Flag>,
        units: usize,
        dialogues: usize,
    }

    async fn everything(store: &Store) -> Filled {
        store
            .read(|tx| {
                Box::pin(async move {
                    Ok::<_, StoreError>(Filled {
                        changes: flags::last_seq(tx).await?,
                        tickets: tickets::list(tx, &tickets::Filter::default(), 500).await?,
                        responses: responses::list(tx, &responses::Filter::default(), 500).await?,
                        open: flags::list_open(tx, 500).await?,
                        units: store::units::list(tx, None).await?.len(),
                        dialogues: store::dialogues::list(tx, false, 500).await?.len()
                            + store::dialogues::list(tx, true, 500).await?.len(),
                    })
                })
            })
            .await
            .unwrap()
    }

    /// Returns the kinds and times of a ticket's history, and whether its conversation says its number.
    async fn told(store: &Store, ticket: &Ticket) -> (Vec<(String, Timestamp)>, bool) {
        let (id, dialogue, number) = (ticket.id, ticket.dialogue_id.unwrap(), ticket.number.clone());
        store
            .read(|tx| {
                Box::pin(async move {
                    let events = tickets::events(tx, id).await?;
                    let talk = store::thread::latest(tx, dialogue, 500).await?;
                    let said = talk.iter().any(|entry| entry.body.contains(&number));
                    Ok::<_, StoreError>((events.into_iter().map(|event| (event.kind, event.at)).collect(), said))
                })
            })
            .await
            .unwrap()
    }

    /// Whether one of a ticket's clocks still runs; `None` if it has none.
    async fn clocks_run(store: &Store, ticket: &Ticket) -> Option<bool> {
        let id = ticket.id;
        let clocks =
            store.read(move |tx| Box::pin(async move { store::clocks::of_ticket(tx, id).await })).await.unwrap();
        (!clocks.is_empty()).then(|| clocks.iter().any(|clock| clock.stopped_at.is_none()))
    }

    async fn points_at_something(store: &Store, flag: &Flag) -> bool {
        let flag = flag.clone();
        store
            .read(|tx| {
                Box::pin(async move {
                    let ticket = match flag.ticket_id {
                        Some(id) => tickets::find(tx, id).await?.is_some(),
                        None => true,
                    };
                    let response = match flag.response_id {
                        Some(id) => responses::find(tx, id).await?.is_some(),
                        None => true,
                    };
                    let dialogue = match flag.dialogue_id {
                        Some(id) => store::dialogues::find(tx, id).await?.is_some(),
                        None => false,
                    };
                    Ok::<_, StoreError>(ticket && response && dialogue)
                })
            })
            .await
            .unwrap()
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_fresh_database_is_filled_once_with_half_a_year() {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::open(&format!("sqlite:{}", directory.path().join("demo.db").display())).await.unwrap();
        store.migrate().await.unwrap();
        let blobs = Blobs::open(&format!("file:{}", directory.path().join("media").display())).unwrap();
        let lexical = Lexical::new(&catalog::lexicon::embedded().unwrap()).unwrap();
        let intake = Intake::new(
            store.clone(),
            Arc::new(Catalog::embedded().unwrap()),
            Arc::new(Tagger::by_rules(lexical)),
            // Shortly after midnight in China: the current day has no room for anything yet.
            Clock::manual(Timestamp(1_763_654_460_000)),
            TokenKey::new([7; 32]),
            "110".to_owned(),
        );
        let now = intake.clock.now();
        fill(&intake, &blobs, "first").await.unwrap();
        let filled = everything(&store).await;

        let judged = filled.tickets.iter().filter(|ticket| ticket.in_warranty.is_some()).count();
        assert!(judged * 2 > filled.tickets.len(), "of {judged} tickets it is known whether they are in warranty");
        assert_eq!((filled.units, filled.dialogues), (30, 25));
        assert_eq!((filled.tickets.len(), filled.responses.len()), (47, 47));
        let states: BTreeSet<Status> = filled.tickets.iter().map(|ticket| ticket.status).collect();
        let not_there: Vec<_> = Status::ALL.into_iter().filter(|status| !states.contains(status)).collect();
        assert_eq!(not_there, [Status::Merged]);
        for ticket in &filled.tickets {
            let (events, said) = told(&store, ticket).await;
            assert!(events.is_sorted_by_key(|(_, at)| *at), "{}: {events:?}", ticket.number);
            assert!(events.iter().all(|(_, at)| *at <= now && *at >= ticket.created_at), "{}", ticket.number);
            assert_eq!(events.first().map(|(kind, _)| kind.as_str()), Some("reported"));
            assert_eq!(events.last().map(|(_, at)| *at), Some(ticket.updated_at));
            assert!(said, "the client was not told the number {}", ticket.number);
            for keyword in &ticket.keywords {
                let span: String =
                    ticket.description.chars().skip(keyword.start).take(keyword.end - keyword.start).collect();
                assert_eq!(span, keyword.text);
            }
        }
        for ticket in &filled.tickets {
            let runs = clocks_run(&store, ticket).await;
            let worked = [Status::Reported, Status::Assigned, Status::OnSite, Status::Reopened];
            assert_eq!(runs, Some(worked.contains(&ticket.status)), "the clocks of {}", ticket.number);
            assert!(ticket.expected_at.is_some(), "{} has a date in the ledger", ticket.number);
        }
        let surveys: BTreeSet<&str> = filled.responses.iter().map(|response| response.survey.as_str()).collect();
        assert_eq!(surveys.into_iter().collect::<Vec<_>>(), ["handover", "maintenance", "post_repair", "routine"]);
        assert!(filled.responses.iter().all(|found| found.progress == Progress::Complete && found.score.is_some()));
        assert!(filled.responses.iter().filter(|found| !found.keywords.is_empty()).count() > 25);

        let mut kinds: Vec<&str> = filled.open.iter().map(|flag| flag.kind.name()).collect();
        kinds.sort_unstable();
        // One of each kind but a message that could not be delivered, nobody asked for more time, and
        // what only clocks and neighbours raise.
        let absent = [
            FlagKind::DeliveryFailed,
            FlagKind::ExtensionRequested,
            FlagKind::RecoveryOverdue,
            FlagKind::TeamReview,
            FlagKind::BatchDefect,
            FlagKind::Praise,
            FlagKind::SlaWarning,
            FlagKind::SlaMissed,
            FlagKind::AppointmentDeclined,
            FlagKind::TicketReturned,
            FlagKind::TaskReturned,
        ];
        let all = FlagKind::ALL.into_iter().filter(|kind| !absent.contains(kind));
        let mut expected: Vec<&str> = all.map(FlagKind::name).collect();
        expected.sort_unstable();
        assert_eq!(kinds, expected);
        for flag in &filled.open {
            assert!(points_at_something(&store, flag).await, "{flag:?}");
        }

        fill(&intake, &blobs, "second").await.unwrap();
        assert_eq!(everything(&store).await, filled);
        let password = store.read(|tx| Box::pin(store::staff::by_login(tx, LOGIN))).await;
        let password = password.map_err(|error: StoreError| error).unwrap().map(|(_, hash)| hash);
        assert_eq!(password.as_deref(), Some("second"));
    }
}
