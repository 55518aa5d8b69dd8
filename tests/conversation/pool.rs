//! Who gets a ticket: by rule, from the pool, passed on, given back; merged and split.

use std::collections::BTreeMap;

use crate::office::{at, window};
use crate::talk::Talk;
use huifang::channel::ChannelKind;
use huifang::desk::{DeskError, Refusal, staff_leaves};
use huifang::domain::alert::Act;
use huifang::domain::contact::Contact;
use huifang::domain::flag::{Flag, FlagKind};
use huifang::domain::ids::{StaffId, TicketId};
use huifang::domain::paper::repair::Repair;
use huifang::domain::paper::{Reader, Taker};
use huifang::domain::sla::{Clock, ClockKind};
use huifang::domain::staff::Role;
use huifang::domain::ticket::{Cause, Status, Ticket};
use huifang::domain::time::Timestamp;
use huifang::domain::understanding::{Category, Urgency};
use huifang::intake::links::Links;
use huifang::papers::facts;
use huifang::store::{self, StoreError};
use insta::assert_snapshot;

pub(crate) async fn leaves(talk: &Talk, who: StaffId) {
    let clock = talk.clock.clone();
    let left = talk.store.write(move |tx| Box::pin(async move { staff_leaves(tx, &clock, who).await }));
    left.await.map_err(|error: StoreError| error).unwrap();
    talk.runner().run_until_idle().await;
}

#[tokio::test]
async fn a_new_ticket_goes_to_whoever_can_do_it_in_the_region_and_has_the_least() {
    let mut talk = Talk::bound().await;
    let far = |person: &mut huifang::domain::staff::Staff| {
        person.region = Some("华南".to_owned());
        person.skills = vec![Category::Leak];
    };
    talk.hires("zhao", far).await;
    let wang = talk.hires("wang", |person| person.skills = vec![Category::Leak, Category::Electrical]).await;
    let ticket = talk.reports_a_leak().await;
    assert_eq!((ticket.status, ticket.assignee), (Status::Assigned, Some(wang)));
    assert_snapshot!(talk.history(&ticket).await, @r#"
    21 10:00 reported client 
    21 10:00 assigned system {"to":"wang","why":"skill"}
    "#);
    let li = talk.hires("li", |person| person.skills = vec![Category::Leak]).await;
    let second = {
        talk.says("阳台也漏水").await;
        talk.taps("提交").await;
        talk.tickets().await
    };
    assert!(second.iter().any(|ticket| ticket.assignee == Some(li)), "wang has one already");
}

#[tokio::test]
async fn an_engineer_who_has_left_leaves_nothing_behind_but_the_pool() {
    let mut talk = Talk::bound().await;
    let wang = talk.hires("wang", |person| person.skills = vec![Category::Leak]).await;
    let ticket = talk.reports_a_leak().await;
    leaves(&talk, wang).await;
    let back = talk.ticket(&ticket).await;
    assert_eq!((back.status, back.assignee), (Status::Reported, None));
    assert_eq!(talk.flagged("ticket_returned").await.len(), 1);
    let gone = talk.desk().assign(ticket.id, wang, wang).await;
    assert!(matches!(gone, Err(DeskError::Left)), "{gone:?}");
    leaves(&talk, wang).await;
    assert_eq!(talk.flagged("ticket_returned").await.len(), 1, "leaving twice is leaving once");
}

#[tokio::test]
async fn the_buttons_of_an_old_alert_do_nothing_to_a_ticket_that_has_ended() {
    let mut talk = Talk::bound().await;
    let wang = talk.hires("wang", |person| person.skills = vec![Category::Leak]).await;
    let ticket = talk.reports_a_leak().await;
    let (id, desk) = (ticket.id, talk.desk());
    let raised = Flag::raised(talk.clock.new_id(), FlagKind::TicketReturned, talk.clock.now());
    let flag = Flag { ticket_id: Some(id), ..raised };
    let alert = flag.id;
    let told = talk.store.write(move |tx| Box::pin(async move { store::flags::raise(tx, &flag).await }));
    told.await.map_err(|error: StoreError| error).unwrap();
    let presses = async |act: Act, at: &str| desk.act_on_alert(alert, wang, act, None, format!("{act:?} {at}")).await;
    presses(Act::Phoned, "while it is theirs").await.unwrap();
    desk.refuse(id, Refusal::Cancelled, "业主自己修了", wang).await.unwrap();
    let before = talk.history(&ticket).await;
    for act in [Act::Phoned, Act::Extend, Act::Arrived, Act::Take] {
        let refused = presses(act, "afterwards").await;
        assert!(matches!(refused, Err(DeskError::Changed | DeskError::Transition(_))), "{act:?}: {refused:?}");
    }
    assert_eq!(talk.history(&ticket).await, before);
    assert_eq!(talk.flagged("extension_requested").await.len(), 0);
}

#[tokio::test]
async fn whoever_takes_over_from_an_engineer_who_has_left_is_told_of_the_appointment() {
    let mut talk = Talk::bound().await;
    let wang = talk.hires("wang", |person| person.skills = vec![Category::Leak]).await;
    let ticket = talk.reports_a_leak().await;
    let window = window("24 09:00", "24 12:00");
    talk.desk().agree(ticket.id, window, wang).await.unwrap();
    leaves(&talk, wang).await;
    assert_eq!(talk.flagged("ticket_returned").await, [format!("appointment={}", window.from.0)]);
    let id = ticket.id;
    let kept = talk.store.read(|tx| Box::pin(async move { store::appointments::open_of_ticket(tx, id).await })).await;
    let kept = kept.map_err(|error: StoreError| error).unwrap().unwrap();
    assert_eq!(kept.agreed, Some(window), "the owner was promised somebody, and still is");
}

#[tokio::test]
async fn what_an_engineer_who_has_left_owed_clients_goes_to_the_manager_and_visits_are_nobodys() {
    let mut talk = Talk::bound().await;
    let wang = talk.hires("wang", |_| {}).await;
    let zhou =
        talk.hires("zhou", |person| (person.role, person.region) = (Role::Manager, Some("华东".to_owned()))).await;
    talk.hires("chen", |person| (person.role, person.region) = (Role::Manager, Some("华南".to_owned()))).await;
    talk.execute(&format!("UPDATE projects SET engineer_id = '{wang}'")).await;
    talk.says("/survey").await;
    for _ in 0..4 {
        talk.taps("1").await;
    }
    talk.taps("跳过").await;
    let owed = async |talk: &Talk| {
        let read = talk.store.read(|tx| Box::pin(async move { store::recoveries::list(tx, true, 10).await })).await;
        read.map_err(|error: StoreError| error).unwrap().remove(0)
    };
    assert_eq!(owed(&talk).await.person, Some(wang));
    let planned = format!(
        "INSERT INTO visits (id, key, kind, project_id, survey, status, planned_at, due_at, assignee, created_at, \
         updated_at) SELECT '019a0000-0000-7000-8000-000000000001', 'k', 'annual', id, 'routine', 'call', 1, 1, \
         '{wang}', 1, 1 FROM projects LIMIT 1"
    );
    talk.execute(&planned).await;
    leaves(&talk, wang).await;
    assert_eq!(owed(&talk).await.person, Some(zhou), "the region's manager");
    let told = talk.flagged("task_returned").await;
    assert!(
        told.iter().any(|detail| detail.contains("dissatisfied")) && told.iter().any(|detail| detail == "visits=1"),
        "{told:?}"
    );
    leaves(&talk, wang).await;
    assert_eq!(talk.flagged("task_returned").await.len(), 2, "leaving twice is leaving once");
}

#[tokio::test]
async fn somebody_who_is_only_marked_as_gone_loses_their_tickets_at_the_next_warning() {
    let mut talk = Talk::bound().await;
    let wang = talk.hires("wang", |person| person.skills = vec![Category::Leak]).await;
    let ticket = talk.reports_a_leak().await;
    let gone = talk.store.write(move |tx| Box::pin(async move { store::staff::set_active(tx, wang, false).await }));
    gone.await.map_err(|error: StoreError| error).unwrap();
    talk.waits_until(at("23 09:59")).await;
    assert_eq!(talk.ticket(&ticket).await.assignee, Some(wang));
    talk.waits_until(at("23 10:01")).await;
    assert_eq!(talk.ticket(&ticket).await.assignee, None);
    assert_eq!(talk.flagged("ticket_returned").await.len(), 1);
}

#[tokio::test]
async fn a_ticket_is_taken_accepted_passed_on_and_given_back_with_reasons() {
    let mut talk = Talk::bound().await;
    let (li, wang) = (talk.hires("li", |_| {}).await, talk.hires("wang", |_| {}).await);
    let ticket = talk.reports_a_leak().await;
    let desk = talk.desk();
    assert_eq!(ticket.assignee, None, "nobody can do it by rule: it lies in the pool");
    desk.take(ticket.id, li).await.unwrap();
    let late = desk.take(ticket.id, wang).await;
    assert!(matches!(late, Err(DeskError::Changed)), "{late:?}");
    desk.accept(ticket.id, li).await.unwrap();
    let stranger = desk.accept(ticket.id, wang).await;
    assert!(matches!(stranger, Err(DeskError::Changed)), "{stranger:?}");
    let mute = desk.transfer(ticket.id, wang, "", li).await;
    assert!(matches!(mute, Err(DeskError::Needed("a reason"))), "{mute:?}");
    desk.transfer(ticket.id, wang, "我今天请假", li).await.unwrap();
    desk.release(ticket.id, "要专业防水队", wang).await.unwrap();
    assert_snapshot!(talk.history(&ticket).await, @r#"
    21 10:00 reported client 
    21 10:00 taken staff {}
    21 10:00 accepted staff {}
    21 10:00 transferred staff {"text":"我今天请假","to":"wang"}
    21 10:00 released staff {"text":"要专业防水队"}
    "#);
    assert_eq!(talk.ticket(&ticket).await.status, Status::Reported);
}

#[tokio::test]
async fn two_tickets_of_one_fault_become_one_and_one_of_two_faults_becomes_two() {
    let mut talk = Talk::bound().await;
    let li = talk.hires("li", |_| {}).await;
    let first = talk.reports_a_leak().await;
    talk.passes(60);
    talk.says("客厅插座没电了").await;
    talk.taps("提交").await;
    talk.transcript();
    let second = talk.tickets().await.into_iter().find(|ticket| ticket.id != first.id).unwrap();
    let desk = talk.desk();
    let nowhere = desk.merge(second.id, "HF2611-0099", "同一个问题", li).await;
    assert!(matches!(nowhere, Err(DeskError::NotFound(_))), "{nowhere:?}");
    let itself = desk.merge(second.id, &second.number, "同一个问题", li).await;
    assert!(matches!(itself, Err(DeskError::Needed(_))), "{itself:?}");
    desk.merge(second.id, &first.number.to_lowercase(), "同一个问题", li).await.unwrap();
    let new = desk.split(first.id, "厨房水龙头也在滴水", None, li).await.unwrap();
    talk.hears().await;
    assert_snapshot!(talk.transcript(), @r"
    工单 HF2611-0002 和 HF2611-0001 是同一个问题，已合在一起处理，进度看 HF2611-0001。
    为了分开处理，从工单 HF2611-0001 另开了一张：HF2611-0003。
    ");
    let merged = talk.ticket(&second).await;
    assert_eq!((merged.status, merged.merged_into), (Status::Merged, Some(first.id)));
    assert!(talk.clocks(&second).await.iter().all(|clock| clock.stopped_at.is_some()));
    let target = talk.ticket(&first).await;
    assert!(target.description.contains("[HF2611-0002] 客厅插座没电了"), "{}", target.description);
    assert_eq!((new.unit_id, new.dialogue_id), (first.unit_id, first.dialogue_id));
    assert_eq!(talk.clocks(&new).await.len(), 3);
    let ended = desk.merge(first.id, &second.number, "反过来", li).await;
    assert!(matches!(ended, Err(DeskError::IntoEnded(Status::Merged))), "{ended:?}");
}

/// Somebody of a name reports something, with a photo; returns the ticket.
async fn reports(talk: &mut Talk, address: &str, name: &'static str, words: &str) -> Ticket {
    talk.turns_to(ChannelKind::Telegram, address).await;
    talk.binds().await;
    talk.says(words).await;
    talk.sends_photo().await;
    talk.taps("提交").await;
    let contact = talk.whose().await;
    let known = talk.store.write(move |tx| {
        Box::pin(async move {
            let person = store::contacts::find(tx, contact).await?.unwrap();
            store::contacts::save_all(tx, &[&Contact { name: Some(name.to_owned()), ..person }]).await
        })
    });
    known.await.unwrap();
    talk.tickets().await.into_iter().find(|ticket| ticket.contact_id == contact).unwrap()
}

async fn on_paper(talk: &Talk, ticket: TicketId, reader: Reader) -> Repair {
    let found = talk.store.read(move |tx| Box::pin(async move { facts::repair(tx, ticket, reader).await }));
    found.await.unwrap().unwrap()
}

#[tokio::test]
async fn a_paper_behind_a_link_holds_nothing_of_the_neighbours_whose_tickets_were_merged_into_it() {
    let mut talk = Talk::begin().await;
    let li = talk.hires("li", |_| {}).await;
    let first = reports(&mut talk, "11111111", "赵小甲", "主卧卫生间天花板在滴水").await;
    let second = reports(&mut talk, "22222222", "钱小乙", "厨房水龙头漏水").await;
    let third = reports(&mut talk, "33333333", "孙小丙", "客厅插座没电了").await;
    let desk = talk.desk();
    desk.merge(third.id, &second.number, "同一处", li).await.unwrap();
    // Whoever was merged into adds something: it stands below the words of the other.
    let id = second.id;
    let more = talk.store.write(move |tx| {
        Box::pin(async move {
            let mut ticket = store::tickets::load_for_update(tx, id).await?.unwrap();
            ticket.description.push_str("\n现在更严重了");
            store::tickets::update(tx, &ticket).await
        })
    });
    more.await.unwrap();
    desk.merge(second.id, &first.number, "同一处", li).await.unwrap();

    let senders = |repair: &Repair| -> Vec<Taker> { repair.photos.iter().map(|photo| photo.by.clone()).collect() };
    let client = |name: &str| Taker::Client(Some(name.to_owned()));
    let behind = on_paper(&talk, first.id, Reader::Link).await;
    assert_eq!(behind.description, format!("{}\n[{}]", first.description, second.number));
    assert_eq!(senders(&behind), [client("赵小甲")]);
    let staffs = on_paper(&talk, first.id, Reader::Staff).await;
    for words in [second.description.as_str(), third.description.as_str(), "现在更严重了"] {
        assert!(staffs.description.contains(words), "{}", staffs.description);
    }
    assert_eq!(senders(&staffs), ["赵小甲", "钱小乙", "孙小丙"].map(client), "everybody by their own name");
}

/// Two people report one leak; the ticket of the first is merged into that of the second, which is then rectified.
/// Returns both, and the first person writes on.
async fn shares(talk: &mut Talk) -> [Ticket; 2] {
    talk.intake = talk.intake.clone().with_links(Links::OnThisHost);
    let li = talk.hires("li", |_| {}).await;
    talk.says("主卧卫生间天花板在滴水").await;
    talk.taps("提交").await;
    let [theirs] = talk.tickets().await.try_into().unwrap();
    talk.moves_to("another");
    talk.binds().await;
    talk.says("厨房水龙头漏水").await;
    talk.taps("提交").await;
    let other = talk.tickets().await.into_iter().find(|ticket| ticket.id != theirs.id).unwrap();
    let desk = talk.desk();
    desk.merge(theirs.id, &other.number, "同一根管子", li).await.unwrap();
    desk.assign(other.id, li, li).await.unwrap();
    desk.rectify(other.id, "换了水管", Vec::new(), li).await.unwrap();
    talk.runner().run_until_idle().await;
    talk.moves_to("somebody");
    talk.hears().await;
    [theirs, other]
}

#[tokio::test]
async fn whoever_shares_a_ticket_hears_of_the_fix_sees_how_it_stands_and_may_deny_it() {
    let mut talk = Talk::bound().await;
    let [theirs, other] = shares(&mut talk).await;
    let said = talk.transcript();
    assert!(said.contains(&format!("工单 {} 的师傅说已经修好，您看修好了吗？", other.number)), "{said}");
    talk.says("进度").await;
    let said = talk.transcript();
    assert!(said.contains(&other.number) && !said.contains("厨房"), "{said}");
    assert!(!said.contains("/t/"), "the page shows what the other said: {said}");
    talk.says("没修好").await;
    let reopened = talk.ticket(&other).await;
    assert_eq!(reopened.status, Status::Reopened, "{}", talk.transcript());
    assert_eq!(talk.tickets().await.len(), 2, "nothing new was filed");
    assert!(reopened.description.ends_with(&format!("[{}] 没修好", theirs.number)), "{}", reopened.description);
    let behind = on_paper(&talk, other.id, Reader::Link).await;
    assert!(!behind.description.contains("没修好"), "the other is shown none of it: {}", behind.description);
    assert!(!talk.history(&other).await.contains("没修好"), "{}", talk.history(&other).await);
    assert!(talk.history(&theirs).await.contains("没修好"), "{}", talk.history(&theirs).await);
}

#[tokio::test]
async fn that_a_shared_ticket_is_mended_its_owner_says() {
    let mut talk = Talk::bound().await;
    let [_, other] = shares(&mut talk).await;
    talk.transcript();
    talk.taps("已修好").await;
    let said = talk.transcript();
    assert!(said.contains("等报修的那一户也确认修好") && !said.contains("完成"), "nothing is done yet: {said}");
    assert_eq!(talk.ticket(&other).await.status, Status::Rectified);
    assert!(talk.history(&other).await.contains("verified_by_another client"), "{}", talk.history(&other).await);
}

#[tokio::test]
async fn that_a_shared_ticket_was_opened_again_the_other_home_hears() {
    let mut talk = Talk::bound().await;
    let [_, other] = shares(&mut talk).await;
    let news = format!("工单 {}：另一户说没修好，师傅会再来。", other.number);
    talk.says("没修好").await;
    talk.runner().run_until_idle().await;
    talk.hears().await;
    let said = talk.transcript();
    assert!(!said.contains(&news), "who said it is told nothing twice: {said}");
    talk.moves_to("another");
    talk.hears().await;
    let said = talk.transcript();
    assert!(said.contains(&news), "the owner: {said}");

    let li = talk.hires("zhang", |_| {}).await;
    let desk = talk.desk();
    desk.assign(other.id, li, li).await.unwrap();
    desk.rectify(other.id, "又换了一个接头", Vec::new(), li).await.unwrap();
    talk.runner().run_until_idle().await;
    talk.hears().await;
    talk.says("没修好").await;
    talk.runner().run_until_idle().await;
    talk.transcript();
    talk.moves_to("somebody");
    talk.hears().await;
    let said = talk.transcript();
    assert_eq!(said.matches(&news).count(), 1, "whoever shares it: {said}");
}

#[tokio::test]
async fn whoever_shares_a_ticket_hears_that_it_was_struck_off() {
    let mut talk = Talk::bound().await;
    let [_, other] = shares(&mut talk).await;
    talk.says("没修好").await;
    talk.transcript();
    let wang = talk.hires("wang", |_| {}).await;
    talk.desk().refuse(other.id, Refusal::Cancelled, "业主自己修了", wang).await.unwrap();
    talk.runner().run_until_idle().await;
    talk.hears().await;
    let said = talk.transcript();
    assert!(said.contains(&format!("工单 {} 已取消。", other.number)), "{said}");
    talk.says("进度").await;
    assert!(!talk.transcript().contains(&other.number));
}

#[tokio::test]
async fn an_emergency_that_is_merged_into_a_milder_ticket_takes_its_deadlines_along() {
    let mut talk = Talk::bound().await;
    let li = talk.hires("li", |_| {}).await;
    let mild = talk.reports_a_leak().await;
    talk.desk().pause(mild.id, ClockKind::Rectified, "等配件", li).await.unwrap();
    talk.passes(60);
    talk.says("厨房有很重的煤气味").await;
    let danger = talk.tickets().await.into_iter().find(|ticket| ticket.id != mild.id).unwrap();
    assert_eq!(danger.urgency, Urgency::Emergency);
    let due = async |talk: &Talk, ticket: &Ticket| -> BTreeMap<ClockKind, Timestamp> {
        talk.clocks(ticket).await.into_iter().map(|clock| (clock.kind, clock.due_at)).collect()
    };
    let promised = due(&talk, &danger).await;
    talk.passes(5);
    talk.desk().merge(danger.id, &mild.number, "同一处管道", li).await.unwrap();
    assert_eq!(due(&talk, &mild).await, promised, "what was promised for the emergency holds");
    assert!(talk.clocks(&mild).await.iter().all(Clock::is_running), "the pause was for the milder fault");
    assert_eq!(talk.ticket(&mild).await.expected_at, promised.get(&ClockKind::Rectified).copied());
    talk.waits_until(*promised.get(&ClockKind::OnSite).unwrap()).await;
    let missed = talk.flagged("sla_missed").await;
    assert!(missed.iter().any(|detail| detail.starts_with("clock=on_site percent=100")), "{missed:?}");
}

#[tokio::test]
async fn cancelling_and_refusing_need_a_reason_and_the_owner_is_told() {
    let mut talk = Talk::bound().await;
    let li = talk.hires("li", |_| {}).await;
    let first = talk.reports_a_leak().await;
    let mute = talk.desk().refuse(first.id, Refusal::Cancelled, " ", li).await;
    assert!(matches!(mute, Err(DeskError::Needed("a reason"))), "{mute:?}");
    talk.desk().refuse(first.id, Refusal::Cancelled, "业主说已经自己修了", li).await.unwrap();
    talk.hears().await;
    assert_snapshot!(talk.transcript(), @"  工单 HF2611-0001 已取消。有疑问请回复“人工”。");
    let second = talk.reports_a_leak().await;
    talk.desk().set_cause(second.id, Some(Cause::Misuse), li).await.unwrap();
    talk.desk().expect(second.id, at("28 18:00"), li).await.unwrap();
    talk.desk().refuse(second.id, Refusal::Rejected, "使用不当", li).await.unwrap();
    talk.hears().await;
    assert_snapshot!(talk.transcript(), @"  工单 HF2611-0002 不在我们的维修范围内，没有受理。有疑问请回复“人工”。");
    let refused = talk.ticket(&second).await;
    assert_eq!((refused.status, refused.cause), (Status::Rejected, Some(Cause::Misuse)));
    assert_eq!(refused.expected_at, Some(at("28 18:00")));
    talk.waits_until(at("30 00:00")).await;
    assert!(talk.flagged("sla_missed").await.is_empty());
}

#[tokio::test]
async fn a_complaint_lies_in_the_pool_with_the_managers_as_candidates() {
    let mut talk = Talk::bound().await;
    talk.hires("li", |_| {}).await;
    let chen = talk.hires("chen", |person| person.role = Role::Manager).await;
    talk.says("你们就是踢皮球，推来推去没人管").await;
    let complaint = talk.tickets().await.remove(0);
    assert_eq!(complaint.assignee, None);
    let (desk, ticket) = (talk.desk(), complaint.clone());
    let read = talk.store.read(|tx| Box::pin(async move { desk.candidates(tx, &ticket).await })).await;
    let candidates = read.map_err(|error: store::StoreError| error).unwrap();
    assert_eq!(candidates.first().map(|candidate| candidate.staff), Some(chen));
    assert_eq!(talk.clocks(&complaint).await.len(), 2, "nobody has to come to a complaint");
}
