//! Three years of an estate, job by job: who answers, who does not, who leaves.

use std::collections::BTreeMap;

use huifang::channel::{ChannelKind, Content};
use huifang::domain::visit::{Visit, VisitStatus};
use jiff::civil::time;

use crate::discipline::answers_all;
use crate::estate::{DAY, Estate, at, local};
use crate::numbers::{flat, rules};

/// What becomes of an owner's surveys.
#[derive(Clone, Copy, PartialEq)]
enum Habit {
    Answers,
    Silent,
    Stops,
    Leaves,
    Unknown,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_years_of_an_estate_lose_and_double_no_visit() {
    let (begin, end) = ("2025-01-06T12:00", "2028-01-06T12:00");
    let mut estate = Estate::handed_over("2024-12-20T10:00", begin).await;
    let habits = [Habit::Answers, Habit::Answers, Habit::Silent, Habit::Stops, Habit::Leaves, Habit::Unknown];
    let mut flats = Vec::new();
    for (n, habit) in habits.into_iter().enumerate() {
        let unit = estate.flat(&format!("1-{n}01")).await;
        let who = format!("owner{n}");
        if habit != Habit::Unknown {
            estate.moves_in(&who, unit).await;
        }
        flats.push((unit, who, habit));
    }
    estate.starts().await;
    let mut answered: BTreeMap<String, usize> = BTreeMap::new();
    while estate.goes_on_to_next(at(end)).await {
        for (unit, who, habit) in &flats {
            let open = estate.visits(*unit).await.iter().any(|visit| visit.status == VisitStatus::Sent);
            if !open {
                continue;
            }
            match habit {
                Habit::Answers => {
                    answers_all(&mut estate, who).await;
                    *answered.entry(who.clone()).or_default() += 1;
                }
                Habit::Stops if estate.now() > at("2026-01-01T00:00") => estate.says(who, "退订").await,
                Habit::Leaves if estate.now() > at("2026-01-01T00:00") => {
                    estate.sends(ChannelKind::Web, who, Content::Left).await;
                }
                Habit::Silent | Habit::Stops | Habit::Leaves | Habit::Unknown => {}
            }
        }
    }
    let (plans, calendar) = rules();
    let mut visits: Vec<Visit> = Vec::new();
    for (unit, who, habit) in &flats {
        let own = estate.visits(*unit).await;
        // What the plan wants, without what depends on when somebody was heard.
        let name = unit.to_string();
        let subject = huifang::domain::plan::Subject { unit: &name, ..flat(jiff::civil::date(2024, 12, 20)) };
        let dues = huifang::domain::plan::plan(&plans, &subject, &calendar);
        let in_time = dues.iter().filter(|due| (due.due_on.to_string().as_str()) < "2027-11-01");
        let wanted: Vec<_> = in_time.filter(|due| due.due_on.to_string().as_str() > "2025-01-01").collect();
        assert!(wanted.len() >= 8, "{who}: {wanted:?}");
        for due in wanted {
            let found: Vec<_> = own.iter().filter(|visit| visit.key == due.key).collect();
            assert_eq!(found.len(), 1, "{who}: {}", due.key);
            assert_ne!(found[0].status, VisitStatus::Planned, "{who}: {} was lost", due.key);
        }
        let count = |status| own.iter().filter(|visit| visit.status == status).count();
        match habit {
            Habit::Answers => assert_eq!(count(VisitStatus::Answered), answered[who], "{who}: {own:?}"),
            Habit::Silent => assert_eq!(count(VisitStatus::Answered), 0),
            Habit::Stops => assert!(count(VisitStatus::Skipped) >= 5, "{}", estate.told(*unit).await),
            Habit::Leaves => assert!(count(VisitStatus::Call) >= 5, "{}", estate.told(*unit).await),
            Habit::Unknown => assert!(own.iter().all(|visit| visit.sent_at.is_none())),
        }
        visits.extend(own);
    }
    let mut last: BTreeMap<_, Vec<&Visit>> = BTreeMap::new();
    for visit in visits.iter().filter(|visit| visit.sent_at.is_some()) {
        last.entry(visit.contact_id).or_default().push(visit);
        let sent = visit.sent_at.unwrap();
        let zone = jiff::tz::TimeZone::fixed(jiff::tz::offset(8));
        let zoned = jiff::Timestamp::from_millisecond(sent.0).unwrap().to_zoned(zone);
        assert!((time(9, 0, 0, 0)..time(20, 0, 0, 0)).contains(&zoned.time()), "{}", local(sent));
        assert!(calendar.is_working_day(zoned.date()), "{}", local(sent));
    }
    for (_, mut of_one) in last {
        of_one.sort_by_key(|visit| visit.sent_at);
        for pair in of_one.windows(2) {
            assert!(pair[1].sent_at.unwrap().since(pair[0].sent_at.unwrap()) >= 7 * DAY, "{pair:?}");
        }
    }
    let sent = visits.iter().filter(|visit| visit.sent_at.is_some()).count();
    assert_eq!(estate.responses().await.len(), sent, "each visit asked once");
}
