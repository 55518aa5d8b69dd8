//! What follows a report and a survey: the progress link and its answers, neighbours, winning
//! clients back.

use std::time::Duration;

use huifang::channel::{Content, MediaKind};
use huifang::clock::Clock;
use huifang::desk::{Desk, DeskError, Refusal};
use huifang::domain::access::Scope;
use huifang::domain::dialogue::Event;
use huifang::domain::flag::{Flag, FlagKind};
use huifang::domain::ids::{RecoveryId, StaffId, TicketId, UnitId};
use huifang::domain::project::Unit;
use huifang::domain::recovery::{Recovery, RootCause, Status};
use huifang::domain::staff::{Role, Staff};
use huifang::domain::ticket::Status as TicketStatus;
use huifang::domain::understanding::{Intent, Sentiment, Understanding};
use huifang::intake::links::{Answered, Links};
use huifang::jobs::Runner;
use huifang::store;
use insta::assert_snapshot;

use crate::office::at;
use crate::talk::Talk;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

async fn employs(talk: &Talk, login: &str, role: Role) -> StaffId {
    let person = Staff::new(talk.clock.new_id(), login, role, talk.clock.now());
    let id = person.id;
    let stored = talk.store.write(move |tx| Box::pin(async move { store::staff::insert(tx, &person, "$none").await }));
    stored.await.unwrap();
    id
}

fn desk(talk: &Talk) -> Desk {
    Desk::new(talk.intake.clone())
}

async fn answers_by_link(talk: &Talk, ticket: TicketId, fixed: bool) -> Answered {
    let intake = talk.intake.clone();
    let answered = talk.store.write(move |tx| Box::pin(async move { intake.answer_by_link(tx, ticket, fixed).await }));
    answered.await.unwrap()
}

async fn recoveries(talk: &Talk, under_way: bool) -> Vec<Recovery> {
    let found = talk.store.read(|tx| Box::pin(async move { store::recoveries::list(tx, under_way, 10).await }));
    found.await.unwrap()
}

async fn rates(talk: &mut Talk, value: &str) {
    talk.says("/survey").await;
    for _ in 0..4 {
        talk.taps(value).await;
    }
    talk.taps("跳过").await;
    talk.says("取消").await;
}

/// What came of the jobs that are due, done by hand.
async fn neighbours_are_found(talk: &Talk, ticket: TicketId) {
    let intake = talk.intake.clone();
    let found = talk.store.write(move |tx| Box::pin(async move { intake.find_neighbours(tx, ticket).await }));
    found.await.unwrap();
}

/// The model has judged the words of a ticket.
async fn is_judged(talk: &Talk, ticket: TicketId, sentiment: Sentiment) {
    let intake = talk.intake.clone();
    let judged = Understanding { sentiment, ..Understanding::default() };
    let stored = talk.store.write(move |tx| Box::pin(async move { intake.judge_ticket(tx, ticket, &judged).await }));
    stored.await.unwrap();
}

#[tokio::test]
async fn a_report_that_only_sounds_displeased_is_shown_when_the_model_says_so_and_once() {
    for (sentiment, shown) in [(Sentiment::Neutral, 0), (Sentiment::Negative, 1)] {
        let mut talk = Talk::bound().await;
        talk.says("/report").await;
        talk.says("啪嗒啪嗒的！！").await;
        talk.taps("客厅").await;
        talk.taps("提交").await;
        let [ticket] = talk.tickets().await.try_into().unwrap();
        assert_eq!(ticket.sentiment, Sentiment::Negative, "so it sounds");
        assert!(talk.flagged("negative_feedback").await.is_empty());
        for _ in 0..2 {
            is_judged(&talk, ticket.id, sentiment).await;
        }
        assert_eq!(talk.flagged("negative_feedback").await.len(), shown);
    }
    let mut cross = Talk::bound().await;
    cross.says("/report").await;
    cross.says("水龙头漏水，气死人了，太差劲了").await;
    cross.taps("客厅").await;
    cross.taps("提交").await;
    assert_eq!(cross.flagged("negative_feedback").await.len(), 1, "{}", cross.transcript());
}

async fn reports(talk: &mut Talk) -> TicketId {
    talk.says("卫生间天花板渗水，很严重").await;
    talk.taps("提交").await;
    talk.tickets().await.iter().max_by_key(|ticket| ticket.created_at).unwrap().id
}

#[tokio::test]
async fn the_progress_link_comes_with_the_ticket_and_with_the_question_whether_it_is_fixed() {
    let mut talk = Talk::bound().await;
    talk.intake = talk.intake.clone().with_links(Links::At("https://huifang.example.cn".to_owned()));
    let by = employs(&talk, "wang", Role::Engineer).await;
    let ticket = reports(&mut talk).await;
    desk(&talk).assign(ticket, by, by).await.unwrap();
    desk(&talk).rectify(ticket, "重做防水", Vec::new(), by).await.unwrap();
    talk.says("进度").await;
    let said = talk.transcript();
    let links: Vec<_> = said.lines().filter(|line| line.contains("https://huifang.example.cn/t/")).collect();
    assert_eq!(links.len(), 3, "{said}");
    for link in links {
        let token = link.rsplit('/').next().unwrap();
        assert_eq!(talk.intake.opens(token), Ok(ticket), "{link}");
    }
}

#[tokio::test]
async fn nobody_gets_a_link_where_nobody_said_where_the_service_is() {
    let mut talk = Talk::bound().await;
    reports(&mut talk).await;
    assert!(!talk.transcript().contains("/t/"));
}

#[tokio::test]
async fn an_answer_on_the_progress_page_is_told_in_the_chat_and_may_be_taken_back_there() {
    let mut talk = Talk::bound().await;
    let by = employs(&talk, "wang", Role::Engineer).await;
    let ticket = reports(&mut talk).await;
    assert_eq!(answers_by_link(&talk, ticket, true).await, Answered::TooLate, "nothing is fixed yet");
    desk(&talk).assign(ticket, by, by).await.unwrap();
    desk(&talk).rectify(ticket, "重做防水", Vec::new(), by).await.unwrap();
    talk.transcript();
    assert_eq!(answers_by_link(&talk, ticket, true).await, Answered::Noted);
    assert_eq!(answers_by_link(&talk, ticket, false).await, Answered::TooLate, "the link was used already");
    let dialogue = talk.dialogue().await;
    talk.happens(dialogue, Event::Choice { id: format!("fix:{ticket}:no") }).await;
    assert_snapshot!(talk.transcript(), @r"
      工单 HF2611-0001 的师傅说已经修好，您看修好了吗？
      [已修好] [没修好]
      太好了，工单 HF2611-0001 完成。谢谢您。
      抱歉没修好。工单 HF2611-0001 已重新打开并提高优先级，正在通知主管。
    ");
    assert_eq!(talk.tickets().await[0].status, TicketStatus::Reopened);
    let events = talk.store.read(|tx| Box::pin(async move { store::tickets::events(tx, ticket).await })).await.unwrap();
    let kinds: Vec<_> = events.iter().map(|event| event.kind.as_str()).collect();
    assert_eq!(kinds, ["reported", "assigned", "rectified", "answered_by_link", "verified", "reopened"]);
}

async fn neighbour(talk: &Talk, room: &str) -> UnitId {
    let (id, home) = (talk.clock.new_id::<UnitId>(), talk.unit);
    let room = room.to_owned();
    let settled = talk.store.write(move |tx| {
        Box::pin(async move {
            let own = store::units::find(tx, home).await?.unwrap();
            let unit = Unit { room: Some(room.clone()), ..Unit::new(id, own.project_id, format!("3栋2单元{room}")) };
            store::units::insert(tx, &Unit { building: own.building, unit: own.unit, ..unit }).await
        })
    });
    settled.await.unwrap();
    id
}

#[tokio::test]
async fn a_neighbour_who_reports_the_same_is_told_so_and_all_hear_when_it_is_mended() {
    let mut talk = Talk::bound().await;
    let by = employs(&talk, "wang", Role::Engineer).await;
    let first = reports(&mut talk).await;
    neighbours_are_found(&talk, first).await;
    talk.unit = neighbour(&talk, "1301").await;
    talk.moves_to("neighbour");
    talk.binds().await;
    talk.transcript();
    let second = reports(&mut talk).await;
    neighbours_are_found(&talk, second).await;
    neighbours_are_found(&talk, second).await;
    talk.listens().await;
    let said = talk.transcript();
    assert!(said.contains("您的邻居也反映了同样的问题（共 2 户），我们正在统一处理，编号 IN2611-01。"), "{said}");
    assert_eq!(said.matches("IN2611-01").count(), 1, "told once");
    let incidents = talk
        .store
        .read(|tx| Box::pin(async move { store::incidents::list(tx, &Scope::default(), 10).await }))
        .await
        .unwrap();
    desk(&talk).incident_fixed(incidents[0].id, "主管道已更换", by).await.unwrap();
    talk.listens().await;
    assert_snapshot!(talk.transcript(), @r"
      好消息：编号 IN2611-01 的共性问题已统一处理完。您家如果还有问题，请直接告诉我们。
      工单 HF2611-0002 的师傅说已经修好，您看修好了吗？
      [已修好] [没修好]
    ");
    let stand: Vec<_> = talk.tickets().await.iter().map(|ticket| ticket.status).collect();
    assert_eq!(stand, [TicketStatus::Rectified; 2]);
    talk.moves_to("somebody");
    talk.listens().await;
    assert!(talk.transcript().contains("工单 HF2611-0001 的师傅说已经修好"));
}

#[tokio::test]
async fn a_report_that_was_refused_hears_nothing_of_the_end_of_a_fault_it_is_no_part_of() {
    let mut talk = Talk::bound().await;
    let by = employs(&talk, "wang", Role::Engineer).await;
    let first = reports(&mut talk).await;
    talk.unit = neighbour(&talk, "1301").await;
    talk.moves_to("neighbour");
    talk.binds().await;
    let second = reports(&mut talk).await;
    neighbours_are_found(&talk, first).await;
    neighbours_are_found(&talk, second).await;
    desk(&talk).refuse(second, Refusal::Rejected, "不是渗水，是空调冷凝水", by).await.unwrap();
    talk.listens().await;
    talk.transcript();
    let incidents = talk
        .store
        .read(|tx| Box::pin(async move { store::incidents::list(tx, &Scope::default(), 10).await }))
        .await
        .unwrap();
    desk(&talk).incident_fixed(incidents[0].id, "主管道已更换", by).await.unwrap();
    talk.listens().await;
    assert_eq!(talk.transcript(), "");
    talk.moves_to("somebody");
    talk.listens().await;
    assert!(talk.transcript().contains("编号 IN2611-01 的共性问题已统一处理完"));
}

#[tokio::test]
async fn who_lives_where_a_fault_is_known_may_file_it_with_one_tap() {
    let mut talk = Talk::bound().await;
    let first = reports(&mut talk).await;
    talk.unit = neighbour(&talk, "1301").await;
    talk.moves_to("neighbour");
    talk.binds().await;
    let second = reports(&mut talk).await;
    neighbours_are_found(&talk, first).await;
    neighbours_are_found(&talk, second).await;
    talk.unit = neighbour(&talk, "1401").await;
    talk.moves_to("third");
    talk.binds().await;
    talk.transcript();
    talk.says("我家渗水了").await;
    talk.taps("我家也是").await;
    assert_snapshot!(talk.transcript(), @r"
    » 我家渗水了
      您这栋楼已有住户反映渗漏，我们正在处理。您家也有同样情况的话，点一下就能登记。
      在哪个位置？
      [我家也是] [厨房] [卫生间] [客厅] [卧室] [阳台] [走廊/公共区域] [机房/设备] [其他位置]
    » [我家也是]
      已登记，工单号 HF2611-0003。工作人员会尽快联系您，回复“进度”随时可查。
    ");
    let third = talk.tickets().await.iter().max_by_key(|ticket| ticket.created_at).unwrap().id;
    neighbours_are_found(&talk, third).await;
    let flags = talk.flags().await;
    let batch: Vec<_> = flags.iter().filter(|flag| flag.kind == FlagKind::BatchDefect).collect();
    assert_eq!(batch.iter().map(|flag| flag.detail.as_str()).collect::<Vec<_>>(), ["incident=IN2611-01"]);
}

async fn change<T: Send + 'static>(
    talk: &Talk,
    work: impl AsyncFnOnce(Desk, RecoveryId) -> Result<T, DeskError>,
) -> Result<T, DeskError> {
    let id = recoveries(talk, true).await[0].id;
    work(desk(talk), id).await
}

#[tokio::test]
async fn a_dissatisfied_client_is_given_to_the_projects_engineer_with_a_deadline_and_won_back() {
    let mut talk = Talk::bound().await;
    let engineer = employs(&talk, "wang", Role::Engineer).await;
    employs(&talk, "li", Role::Agent).await;
    let set = format!("UPDATE projects SET engineer_id = '{engineer}', team = '甲'");
    talk.execute(&set).await;
    rates(&mut talk, "1").await;
    let begun = recoveries(&talk, true).await.remove(0);
    assert_eq!((begun.status, begun.person, begun.first_score), (Status::Open, Some(engineer), 1.0));
    assert_eq!(begun.deadline_at.since(begun.created_at), DAY * 7);
    assert!(talk.flags().await.iter().any(|flag| flag.kind == FlagKind::NegativeFeedback));
    let refused = change(&talk, async |desk, id| desk.second_visit(id, engineer).await).await.unwrap_err();
    assert_eq!(refused.to_string(), "a recovery that is open cannot be visited");
    let review = async |desk: Desk, id| desk.review(id, RootCause::Process, "派单太慢，已改流程", engineer).await;
    change(&talk, review).await.unwrap();
    change(&talk, async |desk, id| desk.second_visit(id, engineer).await).await.unwrap();
    let visiting = recoveries(&talk, true).await.remove(0);
    assert_eq!(visiting.status, Status::Visiting);
    // The planner sends the visit; its answer is a response like any other.
    let visit = visiting.visit_id.unwrap();
    talk.clock.advance(DAY * 8);
    talk.says("/survey").await;
    let response = talk.responses().await[0].id;
    talk.execute(&format!("UPDATE visits SET response_id = '{response}' WHERE id = '{visit}'")).await;
    for value in ["4", "5", "4", "4"] {
        talk.taps(value).await;
    }
    talk.taps("跳过").await;
    let ended = recoveries(&talk, false).await.remove(0);
    assert_eq!((ended.status, ended.second_score), (Status::Recovered, Some(4.3)));
    assert!(recoveries(&talk, true).await.is_empty());
}

#[tokio::test]
async fn a_recovery_is_given_only_to_somebody_who_may_see_recoveries() {
    let mut talk = Talk::bound().await;
    let agent = employs(&talk, "li", Role::Agent).await;
    let firm = employs(&talk, "firm", Role::Subcontractor).await;
    rates(&mut talk, "1").await;
    let before = recoveries(&talk, true).await.remove(0).person;
    let refused = change(&talk, async |desk, id| desk.give_recovery(id, firm, agent).await).await;
    assert!(matches!(refused, Err(DeskError::Needed(_))), "{refused:?}");
    assert_eq!(recoveries(&talk, true).await.remove(0).person, before);
    change(&talk, async |desk, id| desk.give_recovery(id, agent, agent).await).await.unwrap();
    assert_eq!(recoveries(&talk, true).await.remove(0).person, Some(agent));
}

#[tokio::test]
async fn a_dissatisfied_client_of_no_project_is_done_with_after_the_review() {
    let mut talk = Talk::bound().await;
    let by = employs(&talk, "li", Role::Agent).await;
    rates(&mut talk, "1").await;
    talk.execute("UPDATE recoveries SET project_id = NULL, unit_id = NULL").await;
    let review = async |desk: Desk, id| desk.review(id, RootCause::Process, "没人回电话", by).await;
    change(&talk, review).await.unwrap();
    let mute = change(&talk, async |desk, id| desk.end_recovery(id, " ", by).await).await;
    assert!(matches!(mute, Err(DeskError::Needed(_))), "{mute:?}");
    change(&talk, async |desk, id| desk.end_recovery(id, "已电话致歉", by).await).await.unwrap();
    assert!(recoveries(&talk, true).await.is_empty());
    let ended = recoveries(&talk, false).await.remove(0);
    assert_eq!((ended.status, ended.review.as_deref()), (Status::Unmeasured, Some("没人回电话\n已电话致歉")));
}

#[tokio::test]
async fn a_neutral_client_is_asked_why_by_an_agent_within_a_deadline() {
    let mut talk = Talk::bound().await;
    let agent = employs(&talk, "li", Role::Agent).await;
    rates(&mut talk, "3").await;
    let begun = recoveries(&talk, true).await.remove(0);
    assert_eq!((begun.status, begun.person), (Status::ToAsk, Some(agent)));
    assert_eq!(begun.deadline_at.since(begun.created_at), DAY * 3);
    talk.clock.advance(DAY * 3);
    let (intake, id) = (talk.intake.clone(), begun.id);
    let due = talk.store.write(move |tx| Box::pin(async move { intake.recovery_due(tx, id).await }));
    due.await.unwrap();
    assert!(talk.flags().await.iter().any(|flag| flag.kind == FlagKind::RecoveryOverdue));
    change(&talk, async |desk, id| desk.asked_why(id, "觉得响应慢", agent).await).await.unwrap();
    assert_eq!(recoveries(&talk, false).await[0].status, Status::Asked);
}

#[tokio::test]
async fn a_deadline_is_told_by_a_worker_whose_clock_is_behind_the_databases() {
    let mut talk = Talk::bound().await;
    employs(&talk, "li", Role::Agent).await;
    rates(&mut talk, "3").await;
    let deadline = recoveries(&talk, true).await[0].deadline_at;
    talk.clock.advance((deadline - Duration::from_millis(300)).since(talk.clock.now()));
    // Jobs are given by one clock and done by another, as where several machines share a database.
    let clock = Clock::manual(deadline + Duration::from_millis(100));
    Runner { clock, ..talk.runner() }.run_until_idle().await;
    assert!(talk.clock.now() < deadline, "it is behind");
    assert_eq!(talk.flags().await.iter().filter(|flag| flag.kind == FlagKind::RecoveryOverdue).count(), 1);
}

#[tokio::test]
async fn a_satisfied_client_is_offered_what_the_house_offers_unless_they_want_no_letters() {
    let mut talk = Talk::bound().await;
    let agent = employs(&talk, "li", Role::Agent).await;
    rates(&mut talk, "5").await;
    assert!(recoveries(&talk, true).await.is_empty());
    let response = talk.responses().await[0].id;
    talk.transcript();
    desk(&talk).invite(response, "recommend", agent).await.unwrap();
    talk.listens().await;
    assert_snapshot!(talk.transcript(), @"  谢谢您一直以来的认可。如果身边有人也在找放心的施工和维修，欢迎把我们推荐给他们。");
    assert!(matches!(desk(&talk).invite(response, "gold", agent).await, Err(DeskError::NotFound("offer"))));
    talk.says("退订").await;
    let refused = desk(&talk).invite(response, "upkeep", agent).await.unwrap_err();
    assert_eq!(refused.to_string(), "a client who may be written to is needed");
}

/// The rows of the log of what was not sent, and what waits.
async fn withheld(talk: &Talk) -> Vec<String> {
    let read = talk.store.read(|tx| Box::pin(async move { store::withheld::list(tx, None, None, 50).await })).await;
    let rows = read.map_err(|error: store::StoreError| error).unwrap();
    rows.into_iter().filter(|row| row.detail == "offer").map(|row| row.rule.name().to_owned()).collect()
}

#[tokio::test]
async fn a_satisfied_client_is_invited_by_itself_once_and_within_the_hours() {
    let mut talk = Talk::bound().await;
    let agent = employs(&talk, "li", Role::Agent).await;
    // Saturday, ten in the morning: twenty hours later is Sunday at six.
    rates(&mut talk, "5").await;
    let response = talk.responses().await[0].id;
    talk.transcript();
    talk.waits_until(at("22 08:59")).await;
    assert_eq!(talk.transcript(), "", "not at six in the morning");
    assert_eq!(withheld(&talk).await, ["quiet_hours"]);
    talk.waits_until(at("22 09:01")).await;
    assert_snapshot!(talk.transcript(), @"
      谢谢您一直以来的认可。如果身边有人也在找放心的施工和维修，欢迎把我们推荐给他们。
      不想再收到这类消息，回复“退订”就行。
    ");
    let again = desk(&talk).invite(response, "recommend", agent).await;
    assert!(matches!(again, Err(DeskError::Changed)), "{again:?}");
    // The next good answer, a week later, is no reason to ask once more.
    talk.clock.advance(DAY * 7);
    rates(&mut talk, "5").await;
    talk.transcript();
    talk.clock.advance(DAY * 3);
    talk.runner().run_until_idle().await;
    talk.listens().await;
    assert_eq!(talk.transcript(), "");
}

#[tokio::test]
async fn an_invitation_waits_for_a_repair_and_never_comes_after_unsubscribing_or_a_bad_answer() {
    let mut talk = Talk::bound().await;
    let by = employs(&talk, "wang", Role::Engineer).await;
    rates(&mut talk, "5").await;
    let ticket = reports(&mut talk).await;
    talk.waits_until(at("22 12:00")).await;
    assert!(!talk.transcript().contains("推荐给他们"), "somebody whose home leaks is not asked to recommend us");
    assert_eq!(withheld(&talk).await, ["busy"]);
    desk(&talk).refuse(ticket, huifang::desk::Refusal::Cancelled, "自己修好了", by).await.unwrap();
    talk.waits_until(at("23 12:00")).await;
    assert!(talk.transcript().contains("推荐给他们"));

    let mut talk = Talk::bound().await;
    rates(&mut talk, "5").await;
    talk.says("退订").await;
    talk.waits_until(at("24 12:00")).await;
    assert!(!talk.transcript().contains("推荐给他们"));
    assert_eq!(withheld(&talk).await, ["opted_out"]);

    let mut talk = Talk::bound().await;
    rates(&mut talk, "5").await;
    talk.passes(60);
    rates(&mut talk, "1").await;
    talk.waits_until(at("24 12:00")).await;
    assert!(!talk.transcript().contains("推荐给他们"), "the latest answer counts");
}

#[tokio::test]
async fn whoever_contradicts_their_good_marks_is_not_invited_to_recommend_us() {
    let mut talk = Talk::bound().await;
    talk.says("/survey").await;
    for _ in 0..4 {
        talk.taps("5").await;
    }
    talk.taps("跳过").await;
    talk.says("师傅态度很差，拖了三天才来").await;
    assert!(talk.flags().await.iter().any(|flag| flag.kind == FlagKind::ScoreTextConflict));
    assert!(talk.tickets().await.is_empty(), "no repair holds it up");
    talk.waits_until(at("26 12:00")).await;
    assert!(!talk.transcript().contains("推荐给他们"));
    assert!(withheld(&talk).await.is_empty(), "nor later");
}

#[tokio::test]
async fn a_repair_of_something_else_does_not_make_up_for_hard_words() {
    let mut talk = Talk::bound().await;
    let by = employs(&talk, "wang", Role::Engineer).await;
    talk.says("/survey").await;
    for _ in 0..4 {
        talk.taps("5").await;
    }
    talk.taps("跳过").await;
    talk.says("师傅态度很差，拖了三天才来").await;
    talk.clock.advance(Duration::from_secs(3600));
    let ticket = reports(&mut talk).await;
    desk(&talk).refuse(ticket, huifang::desk::Refusal::Cancelled, "自己修好了", by).await.unwrap();
    talk.waits_until(at("26 12:00")).await;
    assert!(!talk.transcript().contains("推荐给他们"));
}

#[tokio::test]
async fn a_complaint_and_a_praise_say_which_department_they_are_for() {
    let mut talk = Talk::bound().await;
    talk.says("我要投诉，师傅乱收费，还要加钱").await;
    talk.says("谢谢，王师傅修得真好").await;
    let flags = talk.flags().await;
    let to = |kind| flags.iter().find(|flag| flag.kind == kind).map(|flag| flag.detail.clone());
    assert_eq!(to(FlagKind::Complaint).as_deref(), Some("department=finance"));
    assert_eq!(to(FlagKind::Praise).as_deref(), Some("department=marketing"));
}

#[tokio::test]
async fn a_common_question_is_answered_and_a_person_is_one_tap_away() {
    let mut talk = Talk::bound().await;
    talk.says("房子的防水质保是几年？").await;
    talk.taps("清楚了").await;
    talk.says("保修期内上门要钱吗").await;
    talk.taps("没有，找人工").await;
    assert_snapshot!(talk.transcript(), @r"
    » 房子的防水质保是几年？
      从竣工验收日算起：地基和主体结构按设计年限；屋面、卫生间、外墙防水 5 年；供热、供冷 2 个采暖/供冷期；电气、给排水、设备安装和装修 2 年。合同另有约定的按合同。
      这样说清楚了吗？
      [清楚了] [没有，找人工]
    » [清楚了]
      好的，还有什么随时问我。
    » 保修期内上门要钱吗
      保修期内、非人为损坏的，维修和上门都不收费。要收费的，师傅会事先说明，您同意了才修。
      这样说清楚了吗？
      [清楚了] [没有，找人工]
    » [没有，找人工]
      好的，转由工作人员回复您，自动回复先停下。夜里可能要等到早上；有危险请直接说，我马上处理。
    ");
    assert!(talk.flags().await.iter().any(|flag| flag.kind == FlagKind::PersonRequested));
}

/// A talk with a fault that was reported an hour ago.
async fn reported_an_hour_ago() -> (Talk, TicketId) {
    let mut talk = Talk::bound().await;
    let ticket = reports(&mut talk).await;
    talk.passes(60);
    (talk, ticket)
}

/// A fault of theirs, reported an hour ago, that staff says is mended.
async fn mended(talk: &mut Talk) -> TicketId {
    let by = employs(talk, "wang", Role::Engineer).await;
    let ticket = reports(talk).await;
    talk.passes(60);
    desk(talk).assign(ticket, by, by).await.unwrap();
    desk(talk).rectify(ticket, "重做防水", Vec::new(), by).await.unwrap();
    talk.hears().await;
    talk.transcript();
    ticket
}

/// A talk in which words answer whether it is fixed.
async fn says_of_the_fix(words: &str) -> Talk {
    let mut talk = Talk::bound().await;
    mended(&mut talk).await;
    talk.says(words).await;
    talk
}

#[tokio::test]
async fn a_fix_that_was_asked_about_may_still_be_denied_after_other_words() {
    for words in ["没修好", "还在渗水"] {
        let mut talk = says_of_the_fix("进度").await;
        talk.says(words).await;
        let [ticket] = talk.tickets().await.try_into().unwrap();
        assert_eq!(ticket.status, TicketStatus::Reopened, "{}", talk.transcript());
        assert!(ticket.description.ends_with(words), "{}", ticket.description);
    }
}

#[tokio::test]
async fn a_no_that_is_not_about_the_fix_and_a_fault_elsewhere_deny_nothing() {
    for words in ["没有，谢谢", "不用了", "厨房又漏水了"] {
        let mut talk = Talk::bound().await;
        let fixed = mended(&mut talk).await;
        talk.says("进度").await;
        talk.says(words).await;
        let ticket = talk.tickets().await.into_iter().find(|ticket| ticket.id == fixed).unwrap();
        assert_eq!(ticket.status, TicketStatus::Rectified, "{}", talk.transcript());
    }
}

#[tokio::test]
async fn a_photo_sent_while_it_is_asked_whether_it_is_fixed_belongs_to_that_ticket() {
    let mut talk = Talk::bound().await;
    mended(&mut talk).await;
    talk.sends_photo().await;
    talk.says("没修好").await;
    let [ticket] = talk.tickets().await.try_into().unwrap();
    assert_eq!((ticket.status, talk.media_of(&ticket).await), (TicketStatus::Reopened, 1), "{}", talk.transcript());
}

#[tokio::test]
async fn a_fix_is_denied_in_whatever_words() {
    let said = [
        "没整好",
        "冇整好",
        "根本没换好",
        "门还没装好",
        "还是有点滴",
        "师傅还没来过啊",
        "没人来修啊，怎么就修好了？",
        "修的什么玩意 更严重了",
        "这也叫修好了",
    ];
    for words in said {
        let mut talk = says_of_the_fix(words).await;
        let [ticket] = talk.tickets().await.try_into().unwrap();
        assert_eq!(ticket.status, TicketStatus::Reopened, "{}", talk.transcript());
    }
    let mut talk = Talk::bound().await;
    mended(&mut talk).await;
    let caption = "你看看这样叫修好了？";
    let photo = Content::Media { files: vec![talk.file(MediaKind::Photo)], caption: Some(caption.to_owned()) };
    talk.shows(photo, caption).await;
    let [ticket] = talk.tickets().await.try_into().unwrap();
    assert_eq!((ticket.status, talk.media_of(&ticket).await), (TicketStatus::Reopened, 1), "{}", talk.transcript());
    assert_eq!(ticket.description.matches(caption).count(), 1, "{}", ticket.description);
}

#[tokio::test]
async fn an_edited_message_calls_no_fix_done_that_was_asked_about_after_it() {
    let mut talk = Talk::bound().await;
    mended(&mut talk).await;
    talk.transcript();
    talk.shows(Content::Edited("已经修好了".to_owned()), "[改为] 已经修好了").await;
    let said = talk.transcript();
    assert!(said.contains("您看修好了吗") && said.contains("[已修好] [没修好]"), "{said}");
    assert_eq!(talk.tickets().await[0].status, TicketStatus::Rectified);
    talk.says("已经修好了").await;
    assert_eq!(talk.tickets().await[0].status, TicketStatus::Closed, "{}", talk.transcript());
    // What it says besides is heard all the same.
    let mut talk = Talk::bound().await;
    mended(&mut talk).await;
    let words = "修是修好了，但是把墙弄脏了";
    talk.shows(Content::Edited(words.to_owned()), "[改为]").await;
    let ticket = talk.tickets().await.remove(0);
    assert_eq!(ticket.status, TicketStatus::Rectified, "{}", talk.transcript());
    assert!(ticket.description.ends_with(words), "{}", ticket.description);
    assert_eq!(talk.flagged("negative_feedback").await.len(), 1);
}

#[tokio::test]
async fn what_a_verdict_says_besides_stays_with_the_ticket() {
    let said = [
        ("修是修好了 但是把墙弄脏了", TicketStatus::Closed, true),
        ("水龙头好了，可是现在下水管又漏了", TicketStatus::Reopened, false),
    ];
    for (words, status, noted) in said {
        let mut talk = Talk::bound().await;
        let fixed = mended(&mut talk).await;
        talk.says(words).await;
        let [ticket] = talk.tickets().await.try_into().unwrap();
        let answer = talk.transcript();
        assert_eq!(ticket.status, status, "{answer}");
        assert!(ticket.description.ends_with(words), "{}", ticket.description);
        assert_eq!(answer.contains("另一件事也记在工单里了"), noted, "{answer}");
        let bad = |flag: &Flag| flag.kind == FlagKind::NegativeFeedback && flag.ticket_id == Some(fixed);
        assert!(!noted || talk.flags().await.iter().any(bad));
    }
    let talk = says_of_the_fix("已经修好了，谢谢").await;
    let [ticket] = talk.tickets().await.try_into().unwrap();
    assert_eq!(ticket.status, TicketStatus::Closed);
    assert!(!ticket.description.contains("谢谢"), "a plain answer adds nothing");
}

#[tokio::test]
async fn who_is_not_sure_yet_whether_it_is_fixed_is_given_time() {
    for words in ["好像好了吧，再观察两天", "应该可以了吧", "还没来得及看"] {
        let mut talk = says_of_the_fix(words).await;
        let said = talk.transcript();
        assert!(said.contains("不急") && said.contains("[已修好] [没修好]"), "{said}");
        assert_eq!(talk.tickets().await[0].status, TicketStatus::Rectified, "{said}");
        talk.taps("已修好").await;
        assert_eq!(talk.tickets().await[0].status, TicketStatus::Closed, "{}", talk.transcript());
    }
}

#[tokio::test]
async fn a_fault_told_with_a_question_is_no_reason_to_give_time() {
    for words in ["空调还是不冷，能不能再来一趟", "时不时还在漏", "有没有人管啊，水龙头又松了"]
    {
        let mut talk = says_of_the_fix(words).await;
        assert_eq!(talk.tickets().await[0].status, TicketStatus::Reopened, "{}", talk.transcript());
    }
    let said = [
        "又堵了，能不能今天来",
        "灯还是不亮，你们看要不要换个灯",
        "动不动就停机",
        "能不能开发票",
        "你们还来不来了",
        "我想取消，行不行",
    ];
    for words in said {
        let mut talk = says_of_the_fix(words).await;
        let said = talk.transcript();
        assert!(!said.contains("不急"), "{said}");
    }
}

#[tokio::test]
async fn what_works_no_more_or_not_for_long_closes_no_ticket() {
    let said = [
        "It's not working again",
        "没恢复正常",
        "又没法正常用了",
        "又不太正常",
        "正常了一天又这样了",
        "恢复不了正常",
        "一会儿又能用了，一会儿又停了",
        "请尽快恢复正常",
        "nothing works again",
        "nothing is working again",
        "it works for an hour then dies again",
        "working on and off again",
        "dont works again",
        "I want it working again",
    ];
    for words in said {
        let mut talk = says_of_the_fix(words).await;
        assert_ne!(talk.tickets().await[0].status, TicketStatus::Closed, "{words}: {}", talk.transcript());
    }
}

#[tokio::test]
async fn a_fix_that_was_asked_about_may_still_be_confirmed_after_other_words() {
    for (between, words) in [("进度", "可以了"), ("进度", "好了"), ("要收费吗？", "整好咗，唔该晒")]
    {
        let mut talk = says_of_the_fix(between).await;
        talk.says(words).await;
        assert_eq!(talk.tickets().await[0].status, TicketStatus::Closed, "{}", talk.transcript());
    }
    // What only says that it was read confirms nothing.
    let mut talk = says_of_the_fix("进度").await;
    talk.says("好的").await;
    assert_eq!(talk.tickets().await[0].status, TicketStatus::Rectified, "{}", talk.transcript());
}

#[tokio::test]
async fn who_needs_nobody_any_more_is_told_that_staff_knows() {
    let said = [
        "不用修了 我自己弄好了",
        "不用来了，我自己修好了",
        "撤销工单",
        "取消工单",
        "不用派人上门了",
        "我跟师傅说了不用来了",
        "算了不修了",
        "不修了",
    ];
    for words in said {
        let (mut talk, filed) = reported_an_hour_ago().await;
        talk.transcript();
        talk.says(words).await;
        let said = talk.transcript();
        assert!(said.contains("工单 HF2611-0001 不用上门的事已转告工作人员"), "{said}");
        let [ticket] = talk.tickets().await.try_into().unwrap();
        assert!(ticket.description.ends_with(words), "{}", ticket.description);
        let flags = talk.flags().await;
        let asked = |flag: &Flag| flag.kind == FlagKind::PersonRequested && flag.ticket_id == Some(filed);
        assert!(flags.iter().any(asked), "{flags:?}");
        assert!(!flags.iter().any(|flag| flag.kind == FlagKind::Praise), "{flags:?}");
    }
    // To the question whether it is fixed it is a yes; another time is none.
    let mut talk = says_of_the_fix("不用来了，我自己修好了").await;
    assert_eq!(talk.tickets().await[0].status, TicketStatus::Closed, "{}", talk.transcript());
    let mut talk = Talk::bound().await;
    reports(&mut talk).await;
    talk.says("今天不用来了，明天下午来吧").await;
    assert!(!talk.transcript().contains("不用上门"));
}

/// Says words about what was reported an hour ago, and returns whether staff was told of them with that ticket.
async fn is_called_off(words: &str) -> bool {
    let (mut talk, filed) = reported_an_hour_ago().await;
    talk.says(words).await;
    let flags = talk.flags().await;
    flags.iter().any(|flag| flag.kind == FlagKind::PersonRequested && flag.ticket_id == Some(filed))
}

#[tokio::test]
async fn a_repair_is_called_off_in_many_words_and_by_a_question() {
    let said = [
        "please cancel my repair",
        "I would like to cancel my repair request",
        "can I cancel my repair?",
        "能取消报修吗",
        "我不想修了，取消吧",
        "撤销",
        "把报修撤了吧",
        "请你把报修取消了",
        "唔使嚟啦，搞掂咗",
    ];
    for words in said {
        let (mut talk, filed) = reported_an_hour_ago().await;
        talk.transcript();
        talk.says(words).await;
        let said = talk.transcript();
        let told = said.contains("不用上门的事已转告工作人员") || said.contains("nobody need come");
        assert!(told, "{words}: {said}");
        let asked = |flag: &Flag| flag.kind == FlagKind::PersonRequested && flag.ticket_id == Some(filed);
        assert!(talk.flags().await.iter().any(asked), "{words}: {said}");
    }
    let said = [
        "不想修两次",
        "don't cancel my repair",
        "要钱我就不修了",
        "要钱我就不想修了",
        "你们把报修取消了",
        "报修取消了吗",
        "cancel my repair appointment",
        "no need to come early, I'm home all day",
        "唔使嚟咁早",
    ];
    for words in said {
        let (mut talk, _) = reported_an_hour_ago().await;
        talk.transcript();
        talk.says(words).await;
        let said = talk.transcript();
        assert!(!said.contains("不用上门的事") && !said.contains("nobody need"), "{words}: {said}");
    }
}

#[tokio::test]
async fn who_forbids_it_asks_why_or_cites_others_calls_nobody_off() {
    let said = [
        "请不要取消上门，我在家",
        "别取消上门，我在家等着",
        "Please don't cancel the visit",
        "I did not cancel the repair",
        "为什么取消上门了，我没有取消",
        "不用派上次那个师傅了，换一个",
        "师傅看了说不用修了，可我觉得还有缝",
        "我没说取消上门",
        "我妈说不用来了，其实要来的",
    ];
    for words in said {
        assert!(!is_called_off(words).await, "{words}");
    }
    // Nor do they say that it is fixed.
    for words in ["别取消上门，我在家等着", "不修了"] {
        let mut talk = says_of_the_fix(words).await;
        assert_eq!(talk.tickets().await[0].status, TicketStatus::Rectified, "{}", talk.transcript());
    }
}

#[tokio::test]
async fn words_against_calling_a_visit_off_are_kept_with_the_ticket() {
    for words in ["别取消上门", "Please don't cancel", "我没说取消上门", "我妈说不用来了，其实要来的"]
    {
        let (mut talk, _) = reported_an_hour_ago().await;
        talk.says(words).await;
        let [ticket] = talk.tickets().await.try_into().unwrap();
        assert!(ticket.description.ends_with(words), "{}", talk.transcript());
    }
}

#[tokio::test]
async fn words_against_calling_a_visit_off_may_be_tired_of_waiting_or_complain() {
    let (mut talk, _) = reported_an_hour_ago().await;
    let words = "我没说不用来了，等了三天都没人来";
    talk.says(words).await;
    let said = talk.transcript();
    assert!(said.contains("让您久等了"), "{said}");
    assert!(talk.tickets().await[0].description.ends_with(words), "{said}");
    for words in ["我没取消报修，凭什么给我关了，我要投诉", "别取消，师傅昨天态度特别差，我要投诉他"]
    {
        let (mut talk, filed) = reported_an_hour_ago().await;
        complains(&mut talk, words).await;
        let tickets = talk.tickets().await;
        assert_eq!(tickets.len(), 2, "{}", talk.transcript());
        let kept = tickets.iter().find(|ticket| ticket.id == filed).unwrap();
        assert!(kept.description.ends_with(words), "{}", kept.description);
    }
    // Who misses it, or cannot do it, speaks for it.
    for words in ["怎么还没取消", "I can't cancel"] {
        let (mut talk, _) = reported_an_hour_ago().await;
        talk.transcript();
        talk.says(words).await;
        let said = talk.transcript();
        assert!(!said.contains("已补充到工单") && !said.to_lowercase().contains("added to"), "{said}");
    }
}

#[tokio::test]
async fn a_fault_that_is_named_and_said_to_be_over_is_the_one_that_was_reported() {
    assert!(is_called_off("卫生间漏水，昨天自己好了").await);
    let said = [
        "厨房漏水，昨天自己好了",
        "卫生间漏水昨天自己好了，今天又漏了",
        "卫生间漏水，我把总阀关了，现在不漏了",
        "卫生间漏水我关了阀，现在自己好了",
        "卫生间漏水了，昨天那个灯自己好了",
        "卫生间漏水修了三次，你们不用来了",
    ];
    for words in said {
        assert!(!is_called_off(words).await, "{words}");
    }
}

#[tokio::test]
async fn a_fault_that_came_back_or_is_of_another_trade_calls_no_ticket_off() {
    let said = [
        "卧室空调昨天自己好了，今天彻底不制冷了",
        "厨房灯有时候自己好了，有时候不亮",
        "卫生间漏水，以为自己好了，今天更厉害了",
        "卧室空调自己好了",
    ];
    for words in said {
        assert!(!is_called_off(words).await, "{words}");
    }
    assert!(is_called_off("漏水的地方自己好了").await);
}

#[tokio::test]
async fn good_news_of_a_fix_is_no_denial_of_it() {
    let said = [
        "Not leaking any more, thanks again",
        "No leaks so far, thanks again",
        "It works, no leak again so far",
        "没再漏了，又麻烦你们了",
        "现在没有再漏了，又观察了两天都正常",
        "It's working again now",
    ];
    for words in said {
        let mut talk = says_of_the_fix(words).await;
        assert_eq!(talk.tickets().await[0].status, TicketStatus::Closed, "{}", talk.transcript());
    }
    for words in ["没再漏，但是下水还是慢", "No leaks, but the door is still stuck", "不漏才怪", "不知道", "改天再说"]
    {
        let mut talk = says_of_the_fix(words).await;
        assert_ne!(talk.tickets().await[0].status, TicketStatus::Closed, "{words}: {}", talk.transcript());
    }
    for words in ["修了没两天又漏了", "It is leaking again, thanks", "不过还是渗水"] {
        let mut talk = says_of_the_fix(words).await;
        assert_eq!(talk.tickets().await[0].status, TicketStatus::Reopened, "{}", talk.transcript());
    }
}

#[tokio::test]
async fn who_is_in_no_hurry_or_sees_somebody_come_is_not_impatient() {
    let said = [
        "No hurry",
        "no need to hurry",
        "take your time",
        "I'm not in a hurry",
        "不着急，不用加急",
        "师傅快来了",
        "我没催",
        "不是催你们",
        "不算太慢了",
    ];
    for words in said {
        let (mut talk, _) = reported_an_hour_ago().await;
        talk.says(words).await;
        let [ticket] = talk.tickets().await.try_into().unwrap();
        assert!(!ticket.description.ends_with(words), "{}", talk.transcript());
        assert!(talk.flagged("person_requested").await.is_empty(), "{words}");
    }
}

#[tokio::test]
async fn who_urges_with_a_no_in_it_is_not_taken_for_patient() {
    let said = [
        "别让我再催了",
        "我都不想催了",
        "怎么不给我加急",
        "不加急不行了",
        "别太慢了",
        "不能太慢",
        "我不是催过了吗",
        "不是我要催，水都漫出来了",
    ];
    for words in said {
        let (mut talk, _) = reported_an_hour_ago().await;
        talk.transcript();
        talk.says(words).await;
        let said = talk.transcript();
        assert!(!said.contains("随时跟我说"), "{said}");
    }
}

/// Words that the model takes for a complaint.
async fn complains(talk: &mut Talk, words: &str) {
    let (dialogue, text) = (talk.dialogue().await, words.to_owned());
    let understood = talk.intake.understand(&text, &talk.state().await);
    let understood =
        Understanding { intent: Intent::Complaint, sentiment: Sentiment::Negative, confidence: 0.95, ..understood };
    talk.happens(dialogue, Event::Text { text, understood }).await;
}

#[tokio::test]
async fn a_complaint_of_other_matters_is_not_one_of_the_wait() {
    for words in ["小区的狗没人管", "保安没人管", "网太慢了", "电话没人接，客服太差"] {
        let (mut talk, filed) = reported_an_hour_ago().await;
        talk.transcript();
        complains(&mut talk, words).await;
        let said = talk.transcript();
        let tickets = talk.tickets().await;
        let first = tickets.iter().find(|ticket| ticket.id == filed).unwrap();
        assert!(!first.description.ends_with(words) && !said.contains("让您久等了"), "{said}");
    }
}

#[tokio::test]
async fn a_first_fault_told_angrily_is_a_report() {
    let mut talk = Talk::bound().await;
    talk.says("东西坏了三天了，烦死了").await;
    assert!(!talk.transcript().contains("您目前没有未完成的工单。"));
}

#[tokio::test]
async fn a_long_hum_under_a_summary_is_read_to_its_end() {
    let mut talk = Talk::bound().await;
    talk.says("卫生间天花板渗水，很严重").await;
    // Taken apart in every way there is, this would go on for years.
    talk.says(&format!("{}猫", "嗯".repeat(90))).await;
    assert!(talk.tickets().await.is_empty(), "{}", talk.transcript());
}

#[tokio::test]
async fn who_is_tired_of_waiting_is_shown_to_staff_and_told_how_far_it_is() {
    for words in ["都三天了还没人来", "工单怎么还没处理", "催一下", "加急", "怎么这么慢"] {
        let (mut talk, filed) = reported_an_hour_ago().await;
        talk.transcript();
        talk.says(words).await;
        let said = talk.transcript();
        assert!(said.contains("让您久等了") && said.contains("您的工单"), "{said}");
        let [ticket] = talk.tickets().await.try_into().unwrap();
        assert!(ticket.description.ends_with(words), "{}", ticket.description);
        let told = |flag: &Flag| {
            matches!(flag.kind, FlagKind::NegativeFeedback | FlagKind::PersonRequested) && flag.ticket_id == Some(filed)
        };
        assert!(talk.flags().await.iter().any(told), "{said}");
    }
    let mut talk = Talk::bound().await;
    talk.says("我报修三天了还没人来!!!").await;
    let said = talk.transcript();
    assert!(said.contains("您目前没有未完成的工单。") && said.contains("[找人工]"), "{said}");
    assert!(talk.flags().await.iter().any(|flag| flag.kind == FlagKind::PersonRequested));
    // Who only asks is only told.
    let mut talk = Talk::bound().await;
    reports(&mut talk).await;
    talk.transcript();
    talk.says("修到哪一步了").await;
    assert!(!talk.transcript().contains("让您久等了"));
}

#[tokio::test]
async fn what_a_repair_costs_is_no_complaint_and_a_wish_to_report_is_heard() {
    let mut talk = Talk::bound().await;
    for words in ["要收费吗？", "修这个要收钱吗", "发票怎么开", "还在保修期吗"] {
        talk.says(words).await;
        let said = talk.transcript();
        assert!(said.contains("[清楚了] [没有，找人工]"), "{said}");
    }
    talk.says("帮我报个修").await;
    assert!(talk.transcript().contains("请说说哪里坏了"));
}
#[tokio::test]
async fn another_fault_told_with_the_verdict_is_a_report_of_its_own() {
    let said = [
        ("好了，但是卫生间马桶堵了", "部件：马桶"),
        ("修好了，不过厨房灯又不亮了", "部件：灯"),
        ("好了。另外阳台的门关不上", "问题：关不上"),
        ("好了，但是厨房也漏水了", "位置：厨房"),
        ("yes it's fixed, but the toilet is blocked now", "Where is it?"),
        ("fixed thanks. Also the hallway light is out", "Problem: light is out"),
        ("fixed thanks. Also the hallway radiator is cold", "Problem: the hallway radiator is cold"),
    ];
    for (words, asked) in said {
        let mut talk = says_of_the_fix(words).await;
        let answer = talk.transcript();
        assert_eq!(talk.tickets().await[0].status, TicketStatus::Closed, "{answer}");
        assert!(answer.contains("HF2611-0001") && answer.contains(asked), "{answer}");
    }
}

#[tokio::test]
async fn half_a_fix_is_none_however_it_is_said() {
    let said = [
        "好了，就是卫生间还有点渗水",
        "修好了，但是漏水还是有一点",
        "好了一半",
        "根本没修",
        "修完更不行了，水都不出了",
        "师傅说明天还要来一次",
        "晚上还是有声音",
        "it still runs at night",
        "partly",
        "the dripping has stopped but the ceiling is still damp",
    ];
    for words in said {
        let mut talk = says_of_the_fix(words).await;
        let [ticket] = talk.tickets().await.try_into().unwrap();
        assert_eq!(ticket.status, TicketStatus::Reopened, "{}", talk.transcript());
        assert!(ticket.description.ends_with(words), "{}", ticket.description);
    }
    for words in ["still works, thanks", "还是很感谢"] {
        let mut talk = says_of_the_fix(words).await;
        assert_eq!(talk.tickets().await[0].status, TicketStatus::Rectified, "{}", talk.transcript());
    }
}

#[tokio::test]
async fn who_is_displeased_when_asked_about_the_fix_is_asked_again_and_staff_hears_of_it() {
    for words in ["呵呵，修得可真好，一开就漏", "等了三天才来", "still waiting for the plumber"] {
        let mut talk = says_of_the_fix(words).await;
        let [ticket] = talk.tickets().await.try_into().unwrap();
        let answer = talk.transcript();
        assert_eq!(ticket.status, TicketStatus::Rectified, "{answer}");
        assert!(ticket.description.ends_with(words), "{}", ticket.description);
        assert_eq!(talk.flagged("negative_feedback").await.len(), 1, "{answer}");
        assert!(answer.contains("[已修好] [没修好]") || answer.contains("[Fixed] [Not fixed]"), "{answer}");
    }
    // What somebody did is another matter.
    let talk = says_of_the_fix("师傅态度很差").await;
    assert_eq!(talk.flagged("complaint").await.len(), 1);
}

#[tokio::test]
async fn a_verdict_may_be_taken_back_in_words_for_a_moment() {
    for words in ["点错了，没修好", "不对，还在漏", "又漏了", "我刚试了，不行", "pressed the wrong button"]
    {
        let mut talk = Talk::bound().await;
        mended(&mut talk).await;
        talk.taps("已修好").await;
        talk.says(words).await;
        let [ticket] = talk.tickets().await.try_into().unwrap();
        assert_eq!(ticket.status, TicketStatus::Reopened, "{}", talk.transcript());
    }
    let mut talk = Talk::bound().await;
    mended(&mut talk).await;
    talk.taps("已修好").await;
    talk.says("厨房也漏水").await;
    assert_eq!(talk.tickets().await[0].status, TicketStatus::Closed, "another room");
    let mut talk = Talk::bound().await;
    mended(&mut talk).await;
    talk.taps("已修好").await;
    talk.passes(11);
    talk.says("又漏了").await;
    assert_eq!(talk.tickets().await[0].status, TicketStatus::Closed, "that is a report by now");
}

#[tokio::test]
async fn what_stands_behind_a_but_is_shown_to_staff_also_where_it_names_nothing_bad() {
    let mut talk = says_of_the_fix("不漏了，但是水压变小了").await;
    let answer = talk.transcript();
    assert_eq!(talk.tickets().await[0].status, TicketStatus::Closed, "{answer}");
    assert!(answer.contains("另一件事也记在工单里了"), "{answer}");
    assert_eq!(talk.flagged("negative_feedback").await.len(), 1);
}

/// Words that the models take for praise, said to the question whether it is fixed.
async fn sounds_pleased_with_the_fix(words: &str) -> Talk {
    let mut talk = Talk::bound().await;
    mended(&mut talk).await;
    let (dialogue, text) = (talk.dialogue().await, words.to_owned());
    let understood = talk.intake.understand(&text, &talk.state().await);
    let understood = Understanding { intent: Intent::Praise, sentiment: Sentiment::Positive, ..understood };
    talk.happens(dialogue, Event::Text { text, understood }).await;
    talk
}

#[tokio::test]
async fn what_only_sounds_like_praise_of_a_fix_is_no_answer_and_it_is_asked_again() {
    for (words, thanked) in [("师傅都没跟我说，我哪知道", false), ("师傅态度很好，很专业", true)]
    {
        let mut talk = sounds_pleased_with_the_fix(words).await;
        let said = talk.transcript();
        assert_eq!(said.contains("谢谢您的肯定"), thanked, "{said}");
        assert!(said.ends_with("[已修好] [没修好]"), "{said}");
        assert_eq!(talk.tickets().await[0].status, TicketStatus::Rectified, "{said}");
        assert_eq!(talk.flagged("praise").await.len(), usize::from(thanked), "{said}");
        talk.taps("已修好").await;
        assert_eq!(talk.tickets().await[0].status, TicketStatus::Closed, "{}", talk.transcript());
    }
}

#[tokio::test]
async fn who_tried_what_was_mended_and_praises_it_says_that_it_is_fixed() {
    for words in ["试了一下，不错", "试过了，很好", "I tried it, works perfectly"] {
        let mut talk = sounds_pleased_with_the_fix(words).await;
        assert_eq!(talk.tickets().await[0].status, TicketStatus::Closed, "{}", talk.transcript());
    }
    // What was not tried yet is no such verdict.
    let mut talk = sounds_pleased_with_the_fix("还没试过，看着不错").await;
    assert_ne!(talk.tickets().await[0].status, TicketStatus::Closed, "{}", talk.transcript());
}

/// A talk in which words follow a yes to whether it is fixed.
async fn says_after_a_yes(words: &str) -> Talk {
    let mut talk = Talk::bound().await;
    mended(&mut talk).await;
    talk.taps("已修好").await;
    talk.says(words).await;
    talk
}

/// Whether staff hears that the repair asked about first is not mended.
async fn is_reopened(talk: &Talk) -> bool {
    talk.tickets().await.iter().any(|ticket| ticket.status == TicketStatus::Reopened)
}

#[tokio::test]
async fn only_words_that_say_nothing_else_take_a_verdict_back() {
    let taken_back = [
        "还是不行",
        "没用啊",
        "又不行了",
        "不行不行，还是堵着",
        "刚试了一下没用",
        "it does not work",
        "哦点错了",
        "不好意思，点错了",
        "我按错了，其实没修好",
        "点错了",
        "选错了",
        "wait no",
        "actually no",
        "sorry, pressed it by mistake",
        "不对，还是慢",
        "完全不行啊",
        "一点都不行",
        "就是不行",
        "好像不行",
        "真的不行",
        "根本不行",
        "根本没用",
        "一点用没有",
        "没有用",
        "不管用",
        "it really doesn't work",
        "it doesn't work properly",
        "问题还在",
        "老问题还在",
        "毛病还在，师傅走了",
        "this doesn't work, water is still standing",
        "不行，你们再来一趟吧",
    ];
    for words in taken_back {
        let mut talk = says_after_a_yes(words).await;
        assert!(is_reopened(&talk).await, "{words}: {}", talk.transcript());
    }
    let of_something_else = [
        "客厅空调不制冷，不行",
        "卧室门锁不行",
        "热水器不行",
        "客厅空调遥控没用",
        "卧室插座没用",
        "the living room light doesn't work",
        "the intercom doesn't work",
        "the payment link doesn't work",
        "by accident I broke the shelf",
        "I sent the photo by mistake",
        "没用什么材料吧",
        "没用多少钱吧",
        "用了一下，没用漏",
        "如果不行我再说",
        "明天不行",
        "周四上门不行",
        "给个好评行不行",
        "不是不行，是很好",
        "发票抬头写错了，选错了公司",
        "选错了评分",
        "你们这个评价页面点不开，没用",
        "不行，钱要付吗",
        "师傅还在",
        "保修卡还在",
        "付款问题还在",
    ];
    for words in of_something_else {
        let mut talk = says_after_a_yes(words).await;
        assert!(!is_reopened(&talk).await, "{words}: {}", talk.transcript());
    }
}

#[tokio::test]
async fn half_a_fix_that_was_made_whole_or_is_asked_about_denies_nothing() {
    let said = [
        "根本没想到这么快就修好了",
        "根本没问题了，谢谢",
        "根本没花多长时间就好了",
        "压根不漏了",
        "那个师傅根本没收钱，修好了，很好",
        "先修了一半，今天全修好了",
        "之前好了一半，现在全好了",
        "修了一半停电了，后来修好了",
        "好了，还要来收费吗",
        "师傅还要来吗",
        "还要来签字吗",
        "不需要还要来一趟吧，好了",
        "fixed, your ladder is still there",
        "yes it's fixed, the old part is still there though",
        "it was only half done yesterday but today it's all fixed",
        "half of it was done by my husband, now it's fixed",
        "partly my fault, but fixed now",
        "not all of it was covered but it's fixed",
    ];
    for words in said {
        let mut talk = says_of_the_fix(words).await;
        assert!(!is_reopened(&talk).await, "{words}: {}", talk.transcript());
    }
    let denied = [
        "根本没修，怎么就修好了",
        "师傅压根没来，就说修好了",
        "好了一半，还是慢",
        "it's only partly fixed",
        "half fixed",
        "fixed but only partly",
        "冇人嚟过喎",
    ];
    for words in denied {
        let mut talk = says_of_the_fix(words).await;
        assert!(is_reopened(&talk).await, "{words}: {}", talk.transcript());
    }
}

#[tokio::test]
async fn what_is_still_so_beside_the_fault_denies_no_fix() {
    let said = [
        "我还在上班，晚上看看",
        "我还在外地，没看",
        "师傅还在修",
        "师傅还是很慢",
        "工具还在我家，来拿一下",
        "通了，不过师傅的手套还在这",
        "还在观察",
        "凉快了，还在保修期吧",
        "现在还是凉的",
        "一直还在吹冷风，没事",
        "漏水还有保修吗",
        "漏水修好了还有赠品吗",
        "still testing",
        "they are still here",
        "it's still under warranty, works well",
        "the leak is fixed. Still need the receipt",
        "yes all good, still there was some dirt left but fine",
        "leak fixed but still waiting for the invoice",
        "the leak stopped, the stain is still there",
        "the tap leak is sorted, I still have your towel",
    ];
    for words in said {
        let mut talk = says_of_the_fix(words).await;
        assert!(!is_reopened(&talk).await, "{words}: {}", talk.transcript());
    }
    let denied = [
        "还是很慢",
        "现在还是有点热",
        "漏水还在漏",
        "漏水还是有一点",
        "its still slow",
        "partly, one side still slow",
        "the leak is still there",
        "leaking again this morning",
    ];
    for words in denied {
        let mut talk = says_of_the_fix(words).await;
        assert!(is_reopened(&talk).await, "{words}: {}", talk.transcript());
    }
}

#[tokio::test]
async fn what_was_mended_as_well_or_is_only_asked_about_is_no_fault_besides() {
    let said = [
        "好了，厨房的灯也亮了",
        "修好了，走廊灯也一起修了",
        "修好了，师傅顺手把卧室的灯也换了",
        "修好了，厨房那个水龙头也不滴了",
        "好了，卧室空调现在也制冷了",
        "好了，厨房之前堵的也通了",
        "好了，厨房漏水要不要钱",
        "好了，卧室窗户要是坏了也找你们吗",
        "好了，厨房的灯本来也坏了，师傅一起弄好了",
        "好了，厨房的灯之前不亮，师傅也修好了",
        "好了，厨房以前老堵现在也不堵了",
        "fixed, he also fixed the bathroom light",
        "yes, also thanks for the kitchen tap",
    ];
    for words in said {
        let mut talk = says_of_the_fix(words).await;
        let answer = talk.transcript();
        assert_eq!(talk.tickets().await[0].status, TicketStatus::Closed, "{answer}");
        assert!(!answer.contains("请您看一下") && !answer.contains("Please check"), "{answer}");
    }
}

#[tokio::test]
async fn good_news_that_sounds_displeased_is_asked_about_again_and_shown_to_nobody() {
    let said = [
        "the leak is gone, thanks again",
        "the drip has stopped, thanks again for coming",
        "stopped dripping",
        "leak sorted, will you send the survey again",
    ];
    for words in said {
        let mut talk = Talk::bound().await;
        mended(&mut talk).await;
        complains(&mut talk, words).await;
        let answer = talk.transcript();
        assert!(!is_reopened(&talk).await, "{answer}");
        assert!(talk.flagged("negative_feedback").await.is_empty(), "{answer}");
    }
    // Who has yet to look is given time.
    let mut talk = says_of_the_fix("still haven't had a chance to look").await;
    assert!(!is_reopened(&talk).await, "{}", talk.transcript());
    assert!(talk.flagged("negative_feedback").await.is_empty());
}

#[tokio::test]
async fn a_few_displeased_words_about_a_fix_are_kept_and_it_is_asked_again() {
    let mut talk = Talk::bound().await;
    mended(&mut talk).await;
    complains(&mut talk, "还差一点").await;
    let answer = talk.transcript();
    let [ticket] = talk.tickets().await.try_into().unwrap();
    assert!(ticket.description.ends_with("还差一点"), "{}", ticket.description);
    assert!(answer.contains("[已修好] [没修好]"), "{answer}");
    assert_eq!(talk.flagged("negative_feedback").await.len(), 1);
}

#[tokio::test]
async fn that_nothing_drips_any_more_is_a_yes_though_it_begins_with_a_no() {
    for words in ["no more drips", "no leak", "no drip, thanks again", "no more leaking"] {
        let mut talk = says_of_the_fix(words).await;
        assert_eq!(talk.tickets().await[0].status, TicketStatus::Closed, "{words}: {}", talk.transcript());
    }
    for words in ["no, still leaking", "no leak, but it drips at night"] {
        let mut talk = says_of_the_fix(words).await;
        assert_ne!(talk.tickets().await[0].status, TicketStatus::Closed, "{words}: {}", talk.transcript());
    }
}

#[tokio::test]
async fn a_complaint_about_the_service_is_one_beside_a_repair_and_takes_no_danger_in() {
    let (mut talk, filed) = reported_an_hour_ago().await;
    complains(&mut talk, "你们客服电话永远打不通").await;
    let tickets = talk.tickets().await;
    assert_eq!(tickets.len(), 2, "{}", talk.transcript());
    assert!(tickets.iter().all(|ticket| ticket.id != filed || !ticket.description.contains("客服")));
    let (dialogue, text) = (talk.dialogue().await, "家里有股怪味".to_owned());
    let understood = talk.intake.understand(&text, &talk.state().await);
    let understood = Understanding { danger_unsure: true, ..understood };
    talk.happens(dialogue, Event::Text { text, understood }).await;
    let written = talk.tickets().await.iter().any(|ticket| ticket.description.contains("客服电话永远打不通\n家里"));
    assert!(!written, "{}", talk.transcript());
}

#[tokio::test]
async fn a_no_of_another_room_denies_no_fix() {
    for words in ["卧室灯不行", "卧室插座没用"] {
        let mut talk = says_of_the_fix(words).await;
        assert!(!is_reopened(&talk).await, "{words}: {}", talk.transcript());
    }
    for words in ["不行", "没修好"] {
        let mut talk = says_of_the_fix(words).await;
        assert!(is_reopened(&talk).await, "{words}: {}", talk.transcript());
    }
}

#[tokio::test]
async fn who_says_that_it_is_nearly_done_closes_no_ticket() {
    for words in ["师傅还在弄，快好了", "马上好", "快好了"] {
        let mut talk = says_of_the_fix(words).await;
        assert_eq!(talk.tickets().await[0].status, TicketStatus::Rectified, "{words}: {}", talk.transcript());
    }
}
