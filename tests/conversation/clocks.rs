//! The three clocks of a ticket, from its report to its end.

use std::time::Duration;

use crate::office::at;
use crate::talk::Talk;
use huifang::desk::{By, DeskError};
use huifang::domain::sla::ClockKind;
use huifang::domain::staff::Role;
use huifang::domain::ticket::Status;
use huifang::store;
use insta::assert_snapshot;

#[tokio::test]
async fn a_ticket_that_nobody_touches_is_warned_of_at_50_80_and_100_percent_and_climbs_the_ladder() {
    // Saturday 10:00: the first clock goes by office hours, the others by working days.
    let mut talk = Talk::bound().await;
    let ticket = talk.reports_a_leak().await;
    talk.waits_until(at("30 00:00")).await;
    assert_snapshot!(talk.history(&ticket).await, @r#"
    21 10:00 reported client 
    23 10:00 sla_warning system {"again":0,"clock":"response","percent":50}
    23 10:36 sla_warning system {"again":0,"clock":"response","percent":80}
    23 11:00 sla_missed system {"again":0,"clock":"response","percent":100}
    24 00:00 sla_warning system {"again":0,"clock":"on_site","percent":50}
    24 14:24 sla_warning system {"again":0,"clock":"on_site","percent":80}
    25 00:00 sla_missed system {"again":0,"clock":"on_site","percent":100}
    26 12:00 sla_warning system {"again":0,"clock":"rectified","percent":50}
    "#);
    assert_snapshot!(talk.flagged("sla_missed").await.join("\n"), @r"
    clock=response percent=100 tell=engineer,manager,headquarters
    clock=on_site percent=100 tell=engineer,manager,headquarters
    ");
    assert_eq!(talk.flagged("sla_warning").await.len(), 5);
    assert_eq!(talk.ticket(&ticket).await.expected_at, Some(at("02 00:00") + Duration::from_secs(30 * 86_400)));
}

#[tokio::test]
async fn at_each_level_the_right_people_are_told_each_once_also_over_a_restart() {
    let mut talk = Talk::bound().await;
    let of = |role: Role, region: Option<&'static str>| {
        move |person: &mut huifang::domain::staff::Staff| {
            person.role = role;
            person.region = region.map(str::to_owned);
        }
    };
    let li = talk.hires("li", of(Role::Engineer, Some("华东"))).await;
    talk.hires("zhou", of(Role::Manager, Some("华东"))).await;
    talk.hires("chen", of(Role::Manager, Some("华南"))).await;
    talk.hires("wu", of(Role::Headquarters, None)).await;
    talk.hires("wang", of(Role::Agent, None)).await;
    let ticket = talk.reports_a_leak().await;
    talk.desk().take(ticket.id, li).await.unwrap();
    talk.waits_until(at("23 10:30")).await;
    talk.restart().await;
    talk.waits_until(at("23 11:30")).await;
    talk.runner().run_until_idle().await;
    assert_snapshot!(talk.history(&ticket).await, @r#"
    21 10:00 reported client 
    21 10:00 taken staff {}
    23 10:00 sla_warning system {"again":0,"clock":"response","percent":50}
    23 10:00 escalated system {"to":"li"}
    23 10:36 sla_warning system {"again":0,"clock":"response","percent":80}
    23 10:36 escalated system {"to":"li · zhou"}
    23 11:00 sla_missed system {"again":0,"clock":"response","percent":100}
    23 11:00 escalated system {"to":"li · zhou · wu"}
    "#);
}

#[tokio::test]
async fn a_warning_comes_once_though_its_job_runs_twice_the_service_restarts_and_the_clock_jumps() {
    let mut talk = Talk::bound().await;
    let ticket = talk.reports_a_leak().await;
    talk.waits_until(at("23 10:10")).await;
    let warn = async |talk: &Talk, round: u32| {
        let now = talk.clock.now();
        let row = store::jobs::NewJob {
            id: talk.clock.new_id(),
            kind: "sla_warning".to_owned(),
            payload: format!(
                r#"{{"kind":"sla_warning","ticket":"{}","clock":"response","round":{round},"percent":50}}"#,
                ticket.id
            ),
            lane: None,
            dedupe_key: None,
            run_at: now,
            max_attempts: 8,
            created_at: now,
        };
        let owed = talk.store.write(move |tx| Box::pin(async move { store::jobs::enqueue(tx, &row).await }));
        owed.await.map_err(|error: store::StoreError| error).unwrap();
        assert_eq!(talk.runner().run_until_idle().await, 1);
    };
    warn(&talk, 0).await;
    talk.restart().await;
    warn(&talk, 0).await;
    warn(&talk, 7).await;
    assert_eq!(talk.flagged("sla_warning").await, ["clock=response percent=50 tell=engineer"]);
    // Down for two days: what fell due meanwhile is told in its order, once.
    talk.clock.advance(Duration::from_secs(2 * 86_400));
    talk.runner().run_until_idle().await;
    talk.runner().run_until_idle().await;
    let told = [talk.flagged("sla_warning").await, talk.flagged("sla_missed").await].concat();
    assert_snapshot!(told.join("\n"), @r"
    clock=response percent=50 tell=engineer
    clock=response percent=80 tell=engineer,manager
    clock=on_site percent=50 tell=engineer
    clock=on_site percent=80 tell=engineer,manager
    clock=response percent=100 tell=engineer,manager,headquarters
    clock=on_site percent=100 tell=engineer,manager,headquarters
    ");
}

#[tokio::test]
async fn phone_response_stops_when_staff_answers_or_has_called() {
    let mut talk = Talk::bound().await;
    let manager = talk.hires("chen", |person| person.role = Role::Manager).await;
    let running = async |talk: &Talk, ticket| {
        let clocks = talk.clocks(ticket).await;
        clocks.iter().filter(|clock| clock.is_running()).map(|clock| clock.kind.name()).collect::<Vec<_>>().join(" ")
    };
    let first = talk.reports_a_leak().await;
    assert_eq!(running(&talk, &first).await, "response on_site rectified");
    talk.desk().called(first.id, "电话已联系，下午去看", manager).await.unwrap();
    assert_eq!(running(&talk, &first).await, "on_site rectified");
    talk.says("客厅插座没电了").await;
    talk.taps("提交").await;
    let second = talk.tickets().await.into_iter().find(|ticket| ticket.id != first.id).unwrap();
    assert_eq!(running(&talk, &second).await, "response on_site rectified");
    let dialogue = talk.dialogue().await;
    talk.desk().reply(dialogue, "您好，马上安排", manager).await.unwrap();
    assert_eq!(running(&talk, &second).await, "on_site rectified");
    talk.waits_until(at("23 18:00")).await;
    assert!(talk.flagged("sla_missed").await.is_empty(), "whoever was answered is not missed");
}

#[tokio::test]
async fn the_whole_way_stops_every_clock_and_a_rejected_fix_starts_two_again() {
    let mut talk = Talk::bound().await;
    let engineer = talk.hires("li", |_| {}).await;
    let ticket = talk.reports_a_leak().await;
    let desk = talk.desk();
    desk.take(ticket.id, engineer).await.unwrap();
    talk.passes(60);
    desk.arrive(ticket.id, engineer).await.unwrap();
    talk.passes(60);
    let photo = talk.photo();
    desk.rectify(ticket.id, "", vec![photo], engineer).await.unwrap();
    talk.hears().await;
    assert_eq!(talk.media_of(&ticket).await, 1, "the photo is the evidence");
    assert!(talk.clocks(&ticket).await.iter().all(|clock| clock.stopped_at.is_some()));
    talk.taps("没修好").await;
    let reopened = talk.ticket(&ticket).await;
    assert_eq!((reopened.status, reopened.priority, reopened.reopened), (Status::Reopened, 1, 1));
    let again: Vec<_> =
        talk.clocks(&ticket).await.into_iter().filter(huifang::domain::sla::Clock::is_running).collect();
    let rounds: Vec<_> = again.iter().map(|clock| (clock.kind, clock.round)).collect();
    assert_eq!(rounds, [(ClockKind::OnSite, 1), (ClockKind::Rectified, 1)]);
    assert!(talk.flags().await.iter().any(|flag| flag.kind.name() == "fix_rejected"), "the manager is told");
    desk.assign(ticket.id, engineer, engineer).await.unwrap();
    desk.rectify(ticket.id, "换了密封圈", Vec::new(), engineer).await.unwrap();
    talk.hears().await;
    talk.taps("已修好").await;
    assert_eq!(talk.ticket(&ticket).await.status, Status::Closed);
    talk.waits_until(at("30 00:00")).await;
    assert!(talk.flagged("sla_missed").await.is_empty());
}

#[tokio::test]
async fn silence_is_asked_about_after_3_days_and_closes_as_unverified_after_7() {
    let mut talk = Talk::bound().await;
    let engineer = talk.hires("li", |_| {}).await;
    let ticket = talk.reports_a_leak().await;
    talk.desk().take(ticket.id, engineer).await.unwrap();
    talk.desk().rectify(ticket.id, "换了阀芯", Vec::new(), engineer).await.unwrap();
    talk.waits_until(at("24 09:59")).await;
    talk.transcript();
    talk.waits_until(at("29 10:01")).await;
    assert_snapshot!(talk.transcript(), @r"
      工单 HF2611-0001 修好了吗？请点一下。再过 4 天没有回复，就先结案，之后没修好随时告诉我。
      [已修好] [没修好]
      一直没等到您的回复，工单 HF2611-0001 先结案了。要是没修好，随时点下面或告诉我。
      [没修好]
    ");
    let closed = talk.ticket(&ticket).await;
    assert_eq!((closed.status, closed.unverified), (Status::Closed, true));
    talk.taps("没修好").await;
    assert_eq!(talk.ticket(&ticket).await.status, Status::Reopened, "the owner can still say so");
}

#[tokio::test]
async fn what_fell_due_while_the_service_was_down_is_not_said_at_the_hour_of_the_night_at_which_it_comes_up() {
    let mut talk = Talk::bound().await;
    let engineer = talk.hires("li", |_| {}).await;
    let ticket = talk.reports_a_leak().await;
    talk.desk().take(ticket.id, engineer).await.unwrap();
    talk.desk().rectify(ticket.id, "换了阀芯", Vec::new(), engineer).await.unwrap();
    talk.hears().await;
    talk.transcript();
    // Down from the 21st on: the question of the 25th was not put.
    talk.clock.advance(at("26 02:00").since(talk.clock.now()));
    talk.runner().run_until_idle().await;
    talk.hears().await;
    assert_eq!(talk.transcript(), "");
    talk.waits_until(at("26 08:59")).await;
    assert_eq!(talk.transcript(), "");
    talk.waits_until(at("26 09:01")).await;
    let said = talk.transcript();
    assert_eq!(said.matches("工单 HF2611-0001 修好了吗？").count(), 1, "{said}");
    talk.waits_until(at("30 09:59")).await;
    assert_eq!(talk.ticket(&ticket).await.status, Status::Rectified, "they have four days from then on");
    talk.waits_until(at("30 10:01")).await;
    assert_eq!(talk.ticket(&ticket).await.status, Status::Closed);
}

#[tokio::test]
async fn nobody_loses_the_days_to_answer_because_the_service_was_down_when_they_were_to_be_asked() {
    let mut talk = Talk::bound().await;
    let engineer = talk.hires("li", |_| {}).await;
    let ticket = talk.reports_a_leak().await;
    talk.desk().take(ticket.id, engineer).await.unwrap();
    talk.desk().rectify(ticket.id, "换了阀芯", Vec::new(), engineer).await.unwrap();
    talk.hears().await;
    talk.transcript();
    // Down from the 21st on: by then the ticket was to be closed, and nobody was asked on the 25th.
    talk.clock.advance(at("29 12:00").since(talk.clock.now()));
    talk.runner().run_until_idle().await;
    talk.hears().await;
    let said = talk.transcript();
    assert_eq!(said.matches("再过 4 天没有回复，就先结案").count(), 1, "{said}");
    assert!(!said.contains("先结案了"), "{said}");
    // The 4th of December.
    let fourth = |time: &str| at(&format!("04 {time}")) + Duration::from_secs(30 * 86_400);
    talk.waits_until(fourth("09:59")).await;
    assert_eq!(talk.ticket(&ticket).await.status, Status::Rectified);
    talk.waits_until(fourth("10:01")).await;
    let closed = talk.ticket(&ticket).await;
    assert_eq!((closed.status, closed.unverified), (Status::Closed, true));
    let history = talk.history(&ticket).await;
    assert_eq!(history.matches("owner_reminded").count(), 1, "{history}");
}

#[tokio::test]
async fn whoever_answers_in_time_is_not_asked_again() {
    let mut talk = Talk::bound().await;
    let engineer = talk.hires("li", |_| {}).await;
    let ticket = talk.reports_a_leak().await;
    talk.desk().take(ticket.id, engineer).await.unwrap();
    talk.desk().rectify(ticket.id, "换了阀芯", Vec::new(), engineer).await.unwrap();
    talk.hears().await;
    talk.taps("没修好").await;
    talk.desk().assign(ticket.id, engineer, engineer).await.unwrap();
    talk.waits_until(at("23 12:00")).await;
    talk.desk().rectify(ticket.id, "又换了密封圈", Vec::new(), engineer).await.unwrap();
    talk.hears().await;
    talk.transcript();
    // The reminder of the first fix finds another one.
    talk.waits_until(at("25 12:00")).await;
    assert_eq!(talk.transcript(), "");
    talk.taps("已修好").await;
    talk.transcript();
    talk.waits_until(at("30 23:00")).await;
    assert_eq!(talk.transcript(), "");
}

#[tokio::test]
async fn a_pause_moves_the_deadline_and_keeps_what_was_used() {
    let mut talk = Talk::bound().await;
    let engineer = talk.hires("li", |_| {}).await;
    let ticket = talk.reports_a_leak().await;
    let desk = talk.desk();
    talk.waits_until(at("23 10:30")).await;
    let refused = desk.pause(ticket.id, ClockKind::Response, "  ", engineer).await;
    assert!(matches!(refused, Err(DeskError::Needed("a reason"))), "{refused:?}");
    desk.pause(ticket.id, ClockKind::Response, "业主出差", engineer).await.unwrap();
    let refused = desk.pause(ticket.id, ClockKind::Response, "再停", engineer).await;
    assert!(matches!(refused, Err(DeskError::Clock(_))), "{refused:?}");
    talk.waits_until(at("25 09:00")).await;
    assert_eq!(talk.flagged("sla_warning").await.len(), 3, "50 % of the response, 50 and 80 % of on site");
    assert_eq!(talk.flagged("sla_missed").await, ["clock=on_site percent=100 tell=engineer,manager,headquarters"]);
    desk.resume(ticket.id, ClockKind::Response, engineer).await.unwrap();
    let clocks = talk.clocks(&ticket).await;
    let response = clocks.iter().find(|clock| clock.kind == ClockKind::Response).unwrap();
    assert_eq!((response.due_at, response.round), (at("25 09:30"), 1));
    talk.waits_until(at("25 09:31")).await;
    let told = [talk.flagged("sla_warning").await, talk.flagged("sla_missed").await].concat();
    let response: Vec<_> = told.iter().filter(|detail| detail.contains("response")).collect();
    assert_eq!(
        response,
        [
            "clock=response percent=50 tell=engineer",
            "clock=response percent=80 tell=engineer,manager",
            "clock=response percent=100 tell=engineer,manager,headquarters"
        ],
        "each once"
    );
}

#[tokio::test]
async fn of_two_staff_acting_at_once_the_second_is_told() {
    let mut talk = Talk::bound().await;
    let (li, wang) = (talk.hires("li", |_| {}).await, talk.hires("wang", |_| {}).await);
    let ticket = talk.reports_a_leak().await;
    let seen = Some(ticket.updated_at);
    talk.passes(1);
    talk.desk().take(ticket.id, By { staff: li, seen }).await.unwrap();
    let late = talk.desk().take(ticket.id, By { staff: wang, seen }).await;
    assert!(matches!(late, Err(DeskError::Changed)), "{late:?}");
    let late = talk.desk().assign(ticket.id, wang, By { staff: wang, seen }).await;
    assert!(matches!(late, Err(DeskError::Changed)), "{late:?}");
    assert_eq!(talk.ticket(&ticket).await.assignee, Some(li));
}
