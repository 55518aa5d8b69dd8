//! A subcontractor works one ticket by a link, without an account.

use std::time::Duration;

use crate::pool::leaves;
use crate::talk::Talk;
use huifang::desk::links::{Job, Key, LinkError, LinkFault};
use huifang::desk::{Desk, DeskError};
use huifang::domain::ids::{StaffId, SubcontractorId};
use huifang::domain::subcontractor::Subcontractor;
use huifang::domain::ticket::{Status, Ticket};
use huifang::store::{self, StoreError};
use insta::assert_snapshot;

fn key(token: &str, mark: Option<&str>) -> Key {
    Key { token_hash: token.to_owned(), mark: mark.map(str::to_owned) }
}

async fn sent(talk: &mut Talk) -> (Ticket, StaffId, SubcontractorId) {
    let engineer = talk.hires("li", |_| {}).await;
    let ticket = talk.reports_a_leak().await;
    let firm = Subcontractor::new(talk.clock.new_id(), "安居防水");
    let id = firm.id;
    let stored = talk.store.write(move |tx| Box::pin(async move { store::subcontractors::save(tx, &firm).await }));
    stored.await.map_err(|error: StoreError| error).unwrap();
    talk.desk().send_firm(ticket.id, id, "token-1".repeat(4), engineer).await.unwrap();
    (ticket, engineer, id)
}

async fn opened(talk: &Talk, key: Key) -> Result<Job, LinkFault> {
    let desk: Desk = talk.desk();
    let read = talk.store.read(|tx| Box::pin(async move { desk.job(tx, &key).await })).await;
    read.map_err(|error| match error {
        LinkError::Fault(fault) => fault,
        LinkError::Desk(error) => panic!("{error}"),
    })
}

fn fault(result: Result<(), LinkError>) -> LinkFault {
    match result {
        Err(LinkError::Fault(fault)) => fault,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_firm_accepts_comes_and_rectifies_with_a_photo_without_an_account() {
    let mut talk = Talk::bound().await;
    let (ticket, engineer, firm) = sent(&mut talk).await;
    let token = "token-1".repeat(4);
    let desk = talk.desk();
    let job = opened(&talk, key(&token, None)).await.unwrap();
    assert_eq!((job.accepted, job.firm.id), (false, firm));
    let early = desk.firm_arrives(key(&token, None)).await;
    assert!(matches!(early, Err(LinkError::Desk(DeskError::Changed))), "it is accepted first: {early:?}");
    let mark = desk.firm_accepts(key(&token, None)).await.unwrap();
    let ours = || key(&token, Some(&mark));
    assert!(opened(&talk, ours()).await.unwrap().accepted);
    assert_eq!(desk.firm_accepts(ours()).await.unwrap(), mark, "twice is once");
    assert!(!opened(&talk, ours()).await.unwrap().on_the_way);
    desk.firm_sets_out(ours()).await.unwrap();
    assert!(opened(&talk, ours()).await.unwrap().on_the_way, "the page says so");
    desk.firm_sets_out(ours()).await.expect("once more, by a page that stood still");
    desk.firm_arrives(ours()).await.unwrap();
    let mute = desk.firm_rectifies(ours(), " ", Vec::new()).await;
    assert!(matches!(mute, Err(LinkError::Desk(DeskError::Needed(_)))), "{mute:?}");
    let photo = talk.photo();
    desk.firm_rectifies(ours(), "重做了防水层", vec![photo]).await.unwrap();
    talk.hears().await;
    talk.taps("没修好").await;
    desk.firm_rectifies(ours(), "又补了一遍", Vec::new()).await.unwrap();
    talk.hears().await;
    talk.taps("已修好").await;
    assert_eq!(opened(&talk, ours()).await, Err(LinkFault::Done));
    assert_eq!(fault(desk.firm_arrives(ours()).await), LinkFault::Done, "a used link");
    let done = talk.ticket(&ticket).await;
    assert_eq!((done.status, done.assignee, done.subcontractor_id), (Status::Closed, Some(engineer), Some(firm)));
    assert_snapshot!(talk.history(&ticket).await, @r#"
    21 10:00 reported client 
    21 10:00 firm_sent staff {"to":"安居防水"}
    21 10:00 firm_accepted firm {"link":"token-1token-1to"}
    21 10:00 on_the_way firm {}
    21 10:00 on_site firm {}
    21 10:00 rectified firm {"media":["01a1fbd5-0c70-7000-8000-000000000021"],"text":"重做了防水层"}
    21 10:00 reopened client {}
    21 10:00 rectified firm {"media":[],"text":"又补了一遍"}
    21 10:00 verified client {}
    "#);
    assert_snapshot!(talk.transcript(), @r"
      工单 HF2611-0001：师傅正在路上，请留意电话和敲门。
      工单 HF2611-0001 的师傅说已经修好，您看修好了吗？
      [已修好] [没修好]
    » [没修好]
      抱歉没修好。工单 HF2611-0001 已重新打开并提高优先级，正在通知主管。
      工单 HF2611-0001 的师傅说已经修好，您看修好了吗？
      [已修好] [没修好]
    » [已修好]
      太好了，工单 HF2611-0001 完成。谢谢您。
    ");
}

#[tokio::test]
async fn a_signed_link_that_is_expired_used_taken_back_or_forwarded_opens_nothing_and_says_why() {
    let mut talk = Talk::bound().await;
    let (ticket, engineer, firm) = sent(&mut talk).await;
    let token = "token-1".repeat(4);
    let desk = talk.desk();
    assert_eq!(opened(&talk, key("token-2", None)).await, Err(LinkFault::Unknown));
    let mark = desk.firm_accepts(key(&token, None)).await.unwrap();
    assert_eq!(opened(&talk, key(&token, None)).await, Err(LinkFault::Elsewhere), "passed on after it was accepted");
    assert_eq!(opened(&talk, key(&token, Some("forged"))).await, Err(LinkFault::Elsewhere));
    assert_eq!(fault(desk.firm_arrives(key(&token, None)).await), LinkFault::Elsewhere);
    desk.send_firm(ticket.id, firm, "token-3".to_owned(), engineer).await.unwrap();
    assert_eq!(opened(&talk, key(&token, Some(&mark))).await, Err(LinkFault::Withdrawn), "another one was sent");
    assert!(opened(&talk, key("token-3", None)).await.is_ok(), "which nobody has accepted");
    talk.clock.advance(Duration::from_secs(14 * 86_400));
    assert_eq!(opened(&talk, key("token-3", None)).await, Err(LinkFault::Expired));
    assert_eq!(fault(desk.firm_accepts(key("token-3", None)).await.map(drop)), LinkFault::Expired);
}

#[tokio::test]
async fn a_telephone_that_never_got_the_answer_to_its_acceptance_still_has_the_job() {
    let mut talk = Talk::bound().await;
    sent(&mut talk).await;
    let token = "token-1".repeat(4);
    let desk = talk.desk();
    let own = || key(&token, Some("what-the-page-gave-it"));
    let other = || key(&token, Some("what-another-page-gave"));
    assert!(!opened(&talk, own()).await.unwrap().accepted);
    assert!(!opened(&talk, other()).await.unwrap().accepted, "a firm finds its man");
    let lost = desk.firm_accepts(own()).await.unwrap();
    assert!(opened(&talk, own()).await.unwrap().accepted);
    assert_eq!(desk.firm_accepts(own()).await.unwrap(), lost, "twice is once");
    desk.firm_arrives(own()).await.unwrap();
    assert!(opened(&talk, key(&token, Some(&lost))).await.unwrap().accepted);
    for stranger in [other(), key(&token, None), key(&token, Some(&token))] {
        assert_eq!(opened(&talk, stranger).await, Err(LinkFault::Elsewhere), "passed on");
    }
}

#[tokio::test]
async fn a_firm_that_gives_it_back_is_flagged_and_its_link_is_void() {
    let mut talk = Talk::bound().await;
    let (ticket, engineer, _) = sent(&mut talk).await;
    let token = "token-1".repeat(4);
    talk.desk().firm_declines(key(&token, None), "这周没有人").await.unwrap();
    assert_eq!(opened(&talk, key(&token, None)).await, Err(LinkFault::Withdrawn));
    assert_eq!(talk.flagged("ticket_returned").await.len(), 1);
    let back = talk.ticket(&ticket).await;
    assert_eq!((back.subcontractor_id, back.assignee), (None, Some(engineer)), "somebody of ours still has it");
}

#[tokio::test]
async fn a_firms_link_is_void_once_the_ticket_is_back_in_the_pool() {
    for has_left in [false, true] {
        let mut talk = Talk::bound().await;
        let (ticket, engineer, _) = sent(&mut talk).await;
        let token = "token-1".repeat(4);
        let desk = talk.desk();
        let mark = desk.firm_accepts(key(&token, None)).await.unwrap();
        let ours = || key(&token, Some(&mark));
        assert!(opened(&talk, ours()).await.is_ok());
        if has_left {
            leaves(&talk, engineer).await;
        } else {
            desk.release(ticket.id, "我今天请假", engineer).await.unwrap();
        }
        let back = talk.ticket(&ticket).await;
        assert_eq!((back.status, back.assignee, back.subcontractor_id), (Status::Reported, None, None));
        assert_eq!(opened(&talk, ours()).await, Err(LinkFault::Withdrawn), "left: {has_left}");
        assert_eq!(fault(desk.firm_arrives(ours()).await), LinkFault::Withdrawn, "left: {has_left}");
    }
}
