//! "Visit plan": the default times, over every kind of project, both tiers and every day of a year.

use std::sync::LazyLock;

use jiff::ToSpan;
use jiff::civil::{Date, date};

use huifang::catalog::Catalog;
use huifang::domain::calendar::Calendar;
use huifang::domain::plan::{Due, Plans, Subject, TermEnd, moved, plan};
use huifang::domain::project::{ProjectKind, Tier, Upkeep};
use huifang::domain::visit::VisitKind;

pub(crate) const KINDS: [ProjectKind; 4] =
    [ProjectKind::Housing, ProjectKind::Infrastructure, ProjectKind::Industrial, ProjectKind::Equipment];
pub(crate) const TIERS: [Tier; 2] = [Tier::Flagship, Tier::Standard];

/// A flat in East China of which nothing special is known.
pub(crate) fn flat(handover: Date) -> Subject<'static> {
    Subject {
        unit: "flat",
        kind: ProjectKind::Housing,
        tier: Tier::Standard,
        region: "华东",
        novel: false,
        handover: Some(handover),
        first_use: None,
        upkeep: None,
        terms: &[],
        heard: None,
    }
}

pub(crate) fn rules() -> (Plans, Calendar) {
    static RULES: LazyLock<(Plans, Calendar)> = LazyLock::new(|| {
        let catalog = Catalog::embedded().unwrap();
        (catalog.plans().clone(), catalog.calendar().clone())
    });
    RULES.clone()
}

/// Calls a check for every kind of project and tier, handed over on every third day of a year.
fn everywhere(check: impl Fn(Date, &[Due])) {
    let (plans, calendar) = rules();
    for kind in KINDS {
        for tier in TIERS {
            for day in 0..122 {
                let handover = date(2025, 11, 1).saturating_add((day * 3).days());
                check(handover, &plan(&plans, &Subject { kind, tier, ..flat(handover) }, &calendar));
            }
        }
    }
}

fn of(kind: VisitKind, dues: &[Due]) -> Vec<&Due> {
    dues.iter().filter(|due| due.kind == kind).collect()
}

#[test]
fn the_first_visit_falls_within_one_month_of_handover() {
    everywhere(|handover, dues| {
        let [first] = of(VisitKind::First, dues)[..] else { panic!("one first visit") };
        assert!(handover < first.due_on && first.due_on <= handover.saturating_add(1.month()), "{handover}: {first:?}");
        assert!(matches!(first.survey.as_str(), "handover" | "equipment"), "{first:?}");
    });
}

#[test]
fn interim_visits_fall_in_months_three_to_six_and_six_to_twelve() {
    everywhere(|handover, dues| {
        let interim = of(VisitKind::Interim, dues);
        let within = |from: i64, to: i64| {
            let span = handover.saturating_add(from.months())..=handover.saturating_add(to.months());
            interim.iter().filter(|due| span.contains(&due.planned_on) && due.due_on <= *span.end()).count()
        };
        assert_eq!(within(3, 6), 1, "{handover}: {interim:?}");
        assert!(within(6, 12) >= 1, "{handover}: {interim:?}");
        assert_eq!(within(3, 12), interim.len());
    });
}

#[test]
fn the_annual_visit_is_planned_for_the_anniversary() {
    everywhere(|handover, dues| {
        let annual = of(VisitKind::Annual, dues);
        let wanted: Vec<_> = (1..=5_i64).map(|year| handover.saturating_add((year * 12).months())).collect();
        assert_eq!(annual.iter().map(|due| due.planned_on).collect::<Vec<_>>(), wanted);
    });
}

#[test]
fn a_maintenance_contract_is_visited_quarterly_or_half_yearly_while_it_runs() {
    let (plans, calendar) = rules();
    let handover = date(2026, 1, 15);
    let visits = |every, until| {
        let subject = Subject { upkeep: Some((every, until)), kind: ProjectKind::Equipment, ..flat(handover) };
        let dues = plan(&plans, &subject, &calendar);
        of(VisitKind::Annual, &dues).iter().map(|due| due.planned_on.to_string()).collect::<Vec<_>>()
    };
    let end = Some(date(2027, 1, 31));
    assert_eq!(visits(Upkeep::Quarterly, end), ["2026-04-15", "2026-07-15", "2026-10-15", "2027-01-15"]);
    assert_eq!(visits(Upkeep::HalfYearly, end), ["2026-07-15", "2027-01-15"]);
    assert_eq!(visits(Upkeep::Annual, None).len(), 10, "a contract without an end is planned for ten years");
}

#[test]
fn a_machine_is_visited_within_seven_days_of_first_use() {
    let (plans, calendar) = rules();
    for day in 0..365 {
        let first_use = date(2025, 11, 1).saturating_add(day.days());
        let subject =
            Subject { kind: ProjectKind::Equipment, first_use: Some(first_use), handover: None, ..flat(first_use) };
        let dues = plan(&plans, &subject, &calendar);
        let [due] = of(VisitKind::FirstUse, &dues)[..] else { panic!("one visit") };
        let latest = first_use.saturating_add(7.days());
        let all_free = calendar.next_working_day(first_use) > latest;
        assert!(first_use <= due.due_on && (due.due_on <= latest || all_free), "{first_use}: {due:?}");
    }
}

#[test]
fn the_seasons_of_the_region_have_their_visits() {
    let (plans, calendar) = rules();
    let seasonal = |region, tier| {
        let dues = plan(&plans, &Subject { region, tier, ..flat(date(2026, 1, 10)) }, &calendar);
        let two_years = of(VisitKind::Seasonal, &dues).into_iter().filter(|due| due.planned_on < date(2027, 6, 1));
        two_years.map(|due| format!("{} {}", due.planned_on, due.key)).collect::<Vec<_>>().join("\n")
    };
    insta::assert_snapshot!(seasonal("华东", Tier::Standard), @"2026-07-25 flat:seasonal:rain_after_2026");
    insta::assert_snapshot!(seasonal("华东", Tier::Flagship), @r"
    2026-05-18 flat:seasonal:cooling_before_2026
    2026-05-20 flat:seasonal:rain_before_2026
    2026-07-25 flat:seasonal:rain_after_2026
    2027-05-18 flat:seasonal:cooling_before_2027
    2027-05-20 flat:seasonal:rain_before_2027
    ");
    insta::assert_snapshot!(seasonal("华北", Tier::Standard), @r"
    2026-09-10 flat:seasonal:rain_after_2026
    2026-11-01 flat:seasonal:heating_before_2026
    ");
}

#[test]
fn before_each_warranty_term_ends_there_is_one_visit_for_all_that_ends_that_day() {
    let (plans, calendar) = rules();
    let end = |component: &str, ends_on| TermEnd { component: component.to_owned(), ends_on };
    let terms = [
        end("plumbing", date(2028, 1, 10)),
        end("electrical", date(2028, 1, 10)),
        end("waterproofing", date(2031, 1, 10)),
    ];
    for tier in TIERS {
        let dues = plan(&plans, &Subject { terms: &terms, tier, ..flat(date(2026, 1, 10)) }, &calendar);
        let before = of(VisitKind::PreExpiry, &dues);
        let keys: Vec<_> = before.iter().map(|due| due.key.as_str()).collect();
        assert_eq!(keys, ["flat:pre_expiry:electrical", "flat:pre_expiry:waterproofing"]);
        for due in before {
            let (components, end) = due.expiring.as_ref().unwrap();
            assert!(due.due_on < *end, "{due:?}");
            assert_eq!(components.len(), if *end == date(2028, 1, 10) { 2 } else { 1 });
        }
    }
}

#[test]
fn works_with_something_new_have_technical_visits() {
    let (plans, calendar) = rules();
    let count = |novel| {
        let dues = plan(&plans, &Subject { novel, ..flat(date(2026, 1, 10)) }, &calendar);
        of(VisitKind::Technical, &dues).len()
    };
    assert_eq!((count(true), count(false)), (2, 0));
}

#[test]
fn a_flagship_has_a_denser_plan_than_a_standard_project() {
    let (plans, calendar) = rules();
    for kind in KINDS {
        let count = |tier| {
            let dues = plan(&plans, &Subject { kind, tier, ..flat(date(2026, 1, 10)) }, &calendar);
            dues.iter().filter(|due| due.planned_on < date(2027, 1, 10)).count()
        };
        assert!(count(Tier::Flagship) > count(Tier::Standard), "{kind:?}");
    }
}

#[test]
fn after_a_repair_and_after_a_recovery_the_visit_falls_within_one_week() {
    let (plans, calendar) = rules();
    for kind in [VisitKind::PostRepair, VisitKind::Second] {
        let rule = &plans.after[&kind];
        assert_eq!(rule.latest_days, 7, "{kind:?}");
        for day in 0..730 {
            let closed = date(2025, 1, 1).saturating_add(day.days());
            let latest = closed.saturating_add(i64::from(rule.latest_days).days());
            let first = closed.saturating_add(1.day());
            let wanted = closed.saturating_add(i64::from(rule.days).days());
            let due = moved(wanted, Some((first, latest)), &calendar);
            // Within the week of a long holiday there is no day to ask.
            let all_free = calendar.next_working_day(first) > latest;
            assert!(first <= due && (due <= latest || all_free), "{closed}: {due}");
        }
    }
}

#[test]
fn clients_silent_for_fourteen_months_are_visited() {
    let (plans, calendar) = rules();
    let handover = date(2024, 3, 1);
    let silent = |heard| {
        let dues = plan(&plans, &Subject { heard, ..flat(handover) }, &calendar);
        dues.into_iter().find(|due| due.key.contains(":silent_")).map(|due| due.planned_on)
    };
    assert_eq!(silent(Some(date(2025, 9, 3))), Some(date(2026, 11, 3)), "fourteen months");
    assert_eq!(silent(None), None, "nobody is known there");
}

#[test]
fn each_month_one_of_a_hundred_units_is_drawn_and_always_the_same() {
    let (plans, calendar) = rules();
    let draw = |plans: &Plans, name: &str| {
        let dues = plan(plans, &Subject { unit: name, ..flat(date(2024, 3, 1)) }, &calendar);
        let drawn = dues.into_iter().filter(|due| due.key.contains(":sample_"));
        drawn.map(|due| (due.key, due.planned_on, due.survey)).collect::<Vec<_>>()
    };
    let all = |plans: &Plans| (0..1000).flat_map(|n| draw(plans, &format!("unit{n}"))).collect::<Vec<_>>();
    let drawn = all(&plans);
    assert_eq!(drawn, all(&plans), "the same on every machine");
    // 119 months of a thousand units: about 1190, whoever draws.
    assert!((1050..1330).contains(&drawn.len()), "{}", drawn.len());
    for (key, on, survey) in &drawn {
        assert!(key.ends_with(&on.strftime(":sample_%Y_%m").to_string()), "{key}: {on}, once a month and within it");
        assert_eq!(survey, "sample");
    }
    let mut other = plans.clone();
    other.outreach.sample_seed.push('2');
    let again = all(&other);
    let both = again.iter().filter(|one| drawn.contains(one)).count();
    assert!((1050..1330).contains(&again.len()) && both < 60, "another seed draws others: {both}");
}

#[test]
fn machines_are_asked_about_machines_and_their_contracts_about_the_service() {
    let (plans, calendar) = rules();
    let first_use = Some(date(2026, 1, 12));
    let asked = |kind, upkeep| {
        let dues = plan(&plans, &Subject { kind, upkeep, first_use, ..flat(date(2026, 1, 10)) }, &calendar);
        let named = dues.iter().filter(|due| !due.key.contains(":sample_"));
        let mut named: Vec<_> = named.map(|due| format!("{} {}", due.kind.name(), due.survey)).collect();
        named.sort();
        named.dedup();
        named.join(", ")
    };
    let contract = Some((Upkeep::HalfYearly, None));
    insta::assert_snapshot!(asked(ProjectKind::Housing, None), @"annual routine, first handover, interim routine, seasonal routine");
    insta::assert_snapshot!(asked(ProjectKind::Equipment, None), @"annual equipment, first equipment, first_use equipment, interim equipment");
    insta::assert_snapshot!(asked(ProjectKind::Equipment, contract), @"annual maintenance, first equipment, first_use maintenance, interim equipment");
    insta::assert_snapshot!(asked(ProjectKind::Industrial, None), @"annual equipment, first equipment, first_use equipment, interim equipment, seasonal equipment");
    for kind in KINDS {
        let special = plans.survey_for(kind, &plans.after[&VisitKind::Special].survey);
        assert_eq!(special == "equipment", matches!(kind, ProjectKind::Equipment | ProjectKind::Industrial));
    }
}

#[test]
fn a_visit_due_on_national_day_moves_behind_it_and_never_past_its_deadline() {
    let (_, calendar) = rules();
    assert_eq!(moved(date(2026, 10, 1), None, &calendar), date(2026, 10, 8));
    assert_eq!(moved(date(2026, 10, 3), Some((date(2026, 9, 20), date(2026, 10, 5))), &calendar), date(2026, 9, 30));
    let all_free = Some((date(2026, 10, 1), date(2026, 10, 5)));
    assert_eq!(moved(date(2026, 10, 3), all_free, &calendar), date(2026, 10, 8));
    assert_eq!(moved(date(2026, 10, 10), None, &calendar), date(2026, 10, 10), "a Saturday that is worked");
}
