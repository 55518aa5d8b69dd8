//! Three years of many units through the whole pipeline, by a stepped clock: plan, policy, survey,
//! answer or reminder, expiry, call list. Nothing is lost, nothing comes twice.
//!
//! The small one runs with the others. The large one is a measure, for a machine with time:
//! `cargo test --release --test visits -- --ignored --nocapture three_years_of_ten_thousand`
//! (`HUIFANG_UNITS=1000` for fewer; `TMPDIR=/dev/shm` where the disk is slow).

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use huifang::channel::{ChannelKind, Content};
use huifang::domain::access::Scope;
use huifang::domain::ids::{ContactId, UnitId};
use huifang::domain::plan::{Subject, plan};
use huifang::domain::project::Unit;
use huifang::domain::visit::{Visit, VisitKind, VisitStatus};
use huifang::store;
use jiff::civil::{date, time};

use crate::estate::{DAY, Estate, at, found, local, stored};
use crate::numbers::{flat, rules};

/// What becomes of an owner's surveys.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Habit {
    Answers,
    /// The first time with hard marks.
    Complains,
    Silent,
    /// Says stop after a year.
    Stops,
    /// Blocks us after a year.
    Leaves,
    /// Nobody lives there whom we know.
    Unknown,
}

impl Habit {
    fn of(n: usize) -> Habit {
        match n % 10 {
            0..=4 if n % 50 == 1 => Habit::Complains,
            0..=4 => Habit::Answers,
            5..=6 => Habit::Silent,
            7 => Habit::Stops,
            8 => Habit::Leaves,
            _ => Habit::Unknown,
        }
    }
}

/// What came of it all.
#[derive(Debug, Default)]
struct Tally {
    visits: usize,
    sent: usize,
    answered: usize,
    called: usize,
    skipped: usize,
    jobs: usize,
}

/// Lives through three years with so many units; the clock jumps at least `grain` ahead.
async fn three_years_of(count: usize, grain: Duration) -> Tally {
    let (begin, end) = (at("2025-01-06T12:00"), at("2028-01-06T12:00"));
    let mut estate = Estate::handed_over("2024-12-20T10:00", "2025-01-06T12:00").await;
    let units: Vec<UnitId> = (0..count).map(|_| estate.runner.clock.new_id()).collect();
    let rows: Vec<Unit> =
        units.iter().enumerate().map(|(n, id)| Unit::new(*id, estate.project, format!("1-{n}"))).collect();
    stored!(estate, |tx| store::units::save_all(tx, &rows.iter().collect::<Vec<_>>()).await);
    let mut owners: BTreeMap<ContactId, (String, Habit)> = BTreeMap::new();
    for (n, unit) in units.iter().enumerate().filter(|(n, _)| Habit::of(*n) != Habit::Unknown) {
        let who = format!("owner{n}");
        let contact = estate.moves_in_by(ChannelKind::Web, &who, *unit).await;
        owners.insert(contact, (who, Habit::of(n)));
    }
    estate.starts().await;
    let mut tally = Tally::default();
    loop {
        tally.jobs += estate.runner.run_until_idle().await;
        let asked = found!(estate, |tx| store::visits::list(tx, VisitStatus::Sent, &Scope::default(), 5000).await);
        for visit in asked {
            let (who, habit) = owners[&visit.contact_id.unwrap()].clone();
            let first = visit.kind == VisitKind::First;
            match habit {
                Habit::Answers => answer(&mut estate, &who, &visit, ["5", "5", "9"]).await,
                Habit::Complains if first => answer(&mut estate, &who, &visit, ["1", "2", "2"]).await,
                Habit::Complains => answer(&mut estate, &who, &visit, ["4", "4", "8"]).await,
                Habit::Stops if estate.now() > begin + 365 * DAY => estate.says(&who, "退订").await,
                Habit::Leaves if estate.now() > begin + 365 * DAY => {
                    estate.sends(ChannelKind::Web, &who, Content::Left).await;
                }
                Habit::Stops | Habit::Leaves | Habit::Silent | Habit::Unknown => {}
            }
        }
        let next = found!(estate, |tx| store::jobs::next_run_at(tx).await).filter(|next| *next <= end);
        let Some(next) = next else { break };
        let to = next.max(estate.now() + grain).min(end);
        estate.runner.clock.advance(to.since(estate.now()));
    }
    check(&estate, &units, &mut tally).await;
    tally
}

/// Answers by what people type, without reading the questions.
async fn answer(estate: &mut Estate, who: &str, visit: &Visit, marks: [&str; 3]) {
    let marks = if visit.survey == "sample" { &marks[..1] } else { &marks[..] };
    for mark in marks {
        estate.says(who, mark).await;
    }
    if visit.survey != "handover" {
        estate.says(who, "跳过").await;
    }
}

async fn check(estate: &Estate, units: &[UnitId], tally: &mut Tally) {
    let (plans, calendar) = rules();
    let zone = jiff::tz::TimeZone::fixed(jiff::tz::offset(8));
    let mut sent_to: BTreeMap<ContactId, Vec<Visit>> = BTreeMap::new();
    let mut linked = 0;
    for (n, unit) in units.iter().enumerate() {
        let own = estate.visits(*unit).await;
        let name = unit.to_string();
        // What depends on when somebody was heard is left out.
        let dues = plan(&plans, &Subject { unit: &name, ..flat(date(2024, 12, 20)) }, &calendar);
        for due in dues.iter().filter(|due| date(2025, 1, 10) < due.due_on && due.due_on < date(2027, 11, 1)) {
            let found: Vec<_> = own.iter().filter(|visit| visit.key == due.key).collect();
            assert_eq!(found.len(), 1, "{}", due.key);
            assert_ne!(found[0].status, VisitStatus::Planned, "{} was lost", due.key);
            assert_ne!(found[0].status, VisitStatus::Cancelled, "{} was lost", due.key);
        }
        let at = |status| own.iter().filter(|visit| visit.status == status).count();
        let habit = Habit::of(n);
        match habit {
            // What was asked is answered; in between a wait for leave is no loss.
            Habit::Answers | Habit::Complains => {
                assert_eq!(at(VisitStatus::Call) + at(VisitStatus::Reminded), 0, "{}", estate.told(*unit).await);
            }
            Habit::Silent => assert_eq!(at(VisitStatus::Answered), 0),
            Habit::Stops => assert!(at(VisitStatus::Skipped) >= 3, "{}", estate.told(*unit).await),
            Habit::Leaves => assert!(at(VisitStatus::Call) >= 5, "{}", estate.told(*unit).await),
            Habit::Unknown => assert!(own.iter().all(|visit| visit.sent_at.is_none())),
        }
        tally.visits += own.len();
        tally.answered += at(VisitStatus::Answered);
        tally.called += at(VisitStatus::Call);
        tally.skipped += at(VisitStatus::Skipped);
        for visit in own.into_iter().filter(|visit| visit.sent_at.is_some()) {
            let sent = visit.sent_at.unwrap();
            let zoned = jiff::Timestamp::from_millisecond(sent.0).unwrap().to_zoned(zone.clone());
            assert!((time(9, 0, 0, 0)..time(20, 0, 0, 0)).contains(&zoned.time()), "{}", local(sent));
            assert!(calendar.is_working_day(zoned.date()), "{}", local(sent));
            linked += usize::from(visit.survey != "sample" && visit.response_id.is_some());
            tally.sent += 1;
            sent_to.entry(visit.contact_id.unwrap()).or_default().push(visit);
        }
    }
    let mut named = 0;
    for of_one in sent_to.values_mut() {
        of_one.sort_by_key(|visit| visit.sent_at);
        for pair in of_one.windows(2) {
            assert!(pair[1].sent_at.unwrap().since(pair[0].sent_at.unwrap()) >= 7 * DAY, "{pair:?}");
        }
        named += of_one.iter().filter(|visit| visit.survey != "sample").count();
    }
    assert_eq!(linked, named, "each visit asked has its response");
    let asked = found!(estate, |tx| store::responses::list(tx, &store::responses::Filter::default(), u32::MAX).await);
    assert_eq!(asked.len(), tally.sent, "each visit asked once");
    let dead = found!(estate, |tx| store::jobs::count(tx, store::jobs::JobStatus::Dead).await);
    assert_eq!(dead, 0, "no job was given up");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_years_of_eighty_units_lose_and_double_no_visit() {
    let tally = three_years_of(80, Duration::from_secs(3600)).await;
    assert!(tally.sent > 80 * 6 && tally.answered > 40 * 7 && tally.called > 24 * 7, "{tally:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measure: minutes in release"]
async fn three_years_of_ten_thousand_units_lose_and_double_no_visit() {
    let count = std::env::var("HUIFANG_UNITS").ok().and_then(|count| count.parse().ok()).unwrap_or(10_000);
    let began = Instant::now();
    let tally = three_years_of(count, Duration::from_secs(4 * 3600)).await;
    println!("{count} units, three years: {:.0} s, {tally:?}", began.elapsed().as_secs_f64());
}
