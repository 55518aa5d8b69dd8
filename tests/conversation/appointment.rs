//! When somebody comes: offered by staff, chosen by the owner, changed by either.

use std::time::Duration;

use crate::office::{at, window};
use crate::talk::Talk;
use huifang::desk::{By, DeskError};
use huifang::domain::appointment::{InvalidAppointment, Status, Window};
use huifang::domain::dialogue::Event;
use huifang::domain::ids::StaffId;
use huifang::domain::ticket::Ticket;
use huifang::domain::time::Timestamp;
use huifang::domain::understanding::{Intent, Understanding};
use huifang::store;
use insta::assert_snapshot;

async fn offered(talk: &mut Talk) -> (Ticket, StaffId) {
    let engineer = talk.hires("li", |_| {}).await;
    let ticket = talk.reports_a_leak().await;
    talk.desk().take(ticket.id, engineer).await.unwrap();
    let windows = vec![window("23 09:00", "23 12:00"), window("23 14:00", "23 17:00"), window("24 09:00", "24 12:00")];
    talk.desk().offer(ticket.id, windows, engineer).await.unwrap();
    talk.hears().await;
    (ticket, engineer)
}

/// A talk in which the last of the offered times was taken.
async fn agreed() -> (Talk, Ticket) {
    let mut talk = Talk::bound().await;
    let (ticket, _) = offered(&mut talk).await;
    talk.taps("11月24日（周二）09:00–12:00").await;
    (talk, ticket)
}

/// A talk in which the morning of Tuesday and the afternoon of Wednesday are offered.
async fn offered_on_two_days() -> (Talk, Ticket) {
    offered_at(vec![window("24 09:00", "24 12:00"), window("25 14:00", "25 17:00")]).await
}

async fn offered_at(windows: Vec<Window>) -> (Talk, Ticket) {
    let mut talk = Talk::bound().await;
    let engineer = talk.hires("li", |_| {}).await;
    let ticket = talk.reports_a_leak().await;
    talk.desk().take(ticket.id, engineer).await.unwrap();
    talk.desk().offer(ticket.id, windows, engineer).await.unwrap();
    talk.hears().await;
    talk.transcript();
    (talk, ticket)
}

async fn agreed_from(talk: &Talk) -> Option<Timestamp> {
    talk.state().await.meetings.first().and_then(|meeting| meeting.agreed).map(|window| window.from)
}

async fn statuses(talk: &Talk, ticket: &Ticket) -> Vec<Status> {
    let id = ticket.id;
    let found = talk.store.read(|tx| Box::pin(async move { store::appointments::of_ticket(tx, id).await })).await;
    found.map_err(|error: store::StoreError| error).unwrap().into_iter().map(|found| found.status).collect()
}

#[tokio::test]
async fn the_owner_is_told_once_that_somebody_is_on_the_way_however_often_it_is_pressed() {
    let mut talk = Talk::bound().await;
    let engineer = talk.hires("li", |_| {}).await;
    let ticket = talk.reports_a_leak().await;
    talk.desk().take(ticket.id, engineer).await.unwrap();
    let seen = By { staff: engineer, seen: Some(talk.ticket(&ticket).await.updated_at) };
    talk.waits_until(at("21 10:05")).await;
    talk.desk().on_the_way(ticket.id, seen).await.unwrap();
    talk.desk().on_the_way(ticket.id, seen).await.expect("a double click");
    talk.waits_until(at("21 10:20")).await;
    talk.desk().on_the_way(ticket.id, engineer).await.expect("an impatient thumb");
    let old = talk.desk().arrive(ticket.id, seen).await;
    assert!(matches!(old, Err(DeskError::Changed)), "the page of before shows what is no longer so: {old:?}");
    talk.waits_until(at("21 10:40")).await;
    talk.desk().on_the_way(ticket.id, engineer).await.expect("a second start");
    talk.hears().await;
    assert_eq!(talk.transcript().matches("师傅正在路上").count(), 2);
    let history = talk.history(&ticket).await;
    let starts: Vec<_> = history.lines().map(str::trim).filter(|line| line.contains("on_the_way")).collect();
    assert_eq!(starts, ["21 10:05 on_the_way staff {}", "21 10:40 on_the_way staff {}"]);
}

#[tokio::test]
async fn the_owner_picks_one_of_3_windows_is_reminded_the_evening_before_and_told_who_is_on_the_way() {
    let mut talk = Talk::bound().await;
    let (ticket, engineer) = offered(&mut talk).await;
    talk.taps("11月24日（周二）09:00–12:00").await;
    talk.waits_until(at("24 08:30")).await;
    talk.desk().on_the_way(ticket.id, engineer).await.unwrap();
    talk.desk().arrive(ticket.id, engineer).await.unwrap();
    talk.hears().await;
    assert_snapshot!(talk.transcript(), @r"
      工单 HF2611-0001：师傅可以这几个时间上门，您看哪个方便？
      [11月23日（周一）09:00–12:00] [11月23日（周一）14:00–17:00] [11月24日（周二）09:00–12:00] [都不行]
    » [11月24日（周二）09:00–12:00]
      好的，工单 HF2611-0001 约在 11月24日（周二）09:00–12:00，师傅会按时上门。
      [改时间]
      提醒您：11月24日（周二）09:00–12:00，工单 HF2611-0001 的师傅上门。
      [改时间]
      工单 HF2611-0001：师傅正在路上，请留意电话和敲门。
    ");
    assert_eq!(statuses(&talk, &ticket).await, [Status::Kept]);
    assert_snapshot!(talk.history(&ticket).await, @r#"
    21 10:00 reported client 
    21 10:00 taken staff {}
    21 10:00 appointment_offered staff {"windows":[{"from":1795395600000,"until":1795406400000},{"from":1795413600000,"until":1795424400000},{"from":1795482000000,"until":1795492800000}]}
    21 10:00 appointment_agreed client {"windows":[{"from":1795482000000,"until":1795492800000}]}
    24 00:00 sla_warning system {"again":0,"clock":"on_site","percent":50}
    24 00:00 escalated system {"to":"li"}
    24 08:30 on_the_way staff {}
    24 08:30 on_site staff {}
    "#);
}

#[tokio::test]
async fn who_could_not_be_reminded_the_evening_before_is_reminded_in_the_morning_with_the_right_day() {
    let mut talk = Talk::bound().await;
    offered(&mut talk).await;
    talk.taps("11月24日（周二）09:00–12:00").await;
    talk.transcript();
    // The service was down at six in the evening.
    talk.clock.advance(at("24 02:00").since(talk.clock.now()));
    talk.runner().run_until_idle().await;
    talk.hears().await;
    assert_eq!(talk.transcript(), "", "nobody is woken by it");
    talk.waits_until(at("24 09:01")).await;
    let said = talk.transcript();
    assert!(said.contains("提醒您：11月24日（周二）09:00–12:00，工单 HF2611-0001 的师傅上门。"), "{said}");
}

#[tokio::test]
async fn none_of_them_is_answered_with_a_wish_and_staff_offers_anew() {
    let mut talk = Talk::bound().await;
    let (ticket, engineer) = offered(&mut talk).await;
    talk.taps("都不行").await;
    talk.says("周三晚上七点以后").await;
    let again = vec![window("25 19:00", "25 20:30")];
    talk.desk().offer(ticket.id, again, engineer).await.unwrap();
    talk.hears().await;
    talk.says("好的").await;
    assert_snapshot!(talk.transcript(), @r"
      工单 HF2611-0001：师傅可以这几个时间上门，您看哪个方便？
      [11月23日（周一）09:00–12:00] [11月23日（周一）14:00–17:00] [11月24日（周二）09:00–12:00] [都不行]
    » [都不行]
      没关系。您哪天、几点方便？直接说就行。
    » 周三晚上七点以后
      记下了：周三晚上七点以后。会有人再和您约时间。
      工单 HF2611-0001：师傅可以这几个时间上门，您看哪个方便？
      [11月25日（周三）19:00–20:30] [都不行]
    » 好的
      好的，工单 HF2611-0001 约在 11月25日（周三）19:00–20:30，师傅会按时上门。
      [改时间]
    ");
    assert_eq!(talk.ticket(&ticket).await.wished_time.as_deref(), Some("周三晚上七点以后"));
    assert_eq!(statuses(&talk, &ticket).await, [Status::Agreed, Status::Declined]);
    assert_eq!(talk.flagged("appointment_declined").await.len(), 1);
}

#[tokio::test]
async fn an_offer_stands_beside_a_survey_and_does_not_interrupt_it() {
    let mut talk = Talk::bound().await;
    let engineer = talk.hires("li", |_| {}).await;
    let ticket = talk.reports_a_leak().await;
    talk.says("评价").await;
    talk.desk().offer(ticket.id, vec![window("23 09:00", "23 12:00")], engineer).await.unwrap();
    talk.hears().await;
    let morning = talk.button("11月23日（周一）09:00–12:00");
    talk.says("4").await;
    talk.presses(&morning).await;
    talk.says("5").await;
    assert_snapshot!(talk.transcript(), @r"
    » 评价
      想听听您对我们服务的看法，五个小问题，一分钟就好。点按钮、打字、语音都行。
      （1/5）总体来说，您满意吗？
      1 分很不满意，5 分非常满意
      [1] [2] [3] [4] [5]
      工单 HF2611-0001：师傅可以这几个时间上门，您看哪个方便？
      [11月23日（周一）09:00–12:00] [都不行]
    » 4
      （2/5）响应快不快，到得及时吗？
      1 分很不满意，5 分非常满意
      [1] [2] [3] [4] [5]
    » [appt:01a1fbd5-1440-7000-8000-00000000001f:0]
      好的，工单 HF2611-0001 约在 11月23日（周一）09:00–12:00，师傅会按时上门。
      [改时间]
    » 5
      （3/5）技术怎么样，问题解决了吗？
      1 分很不满意，5 分非常满意
      [1] [2] [3] [4] [5]
    ");
    assert_eq!(statuses(&talk, &ticket).await, [Status::Agreed]);
}

#[tokio::test]
async fn the_owner_changes_an_agreed_time_in_words() {
    let mut talk = Talk::bound().await;
    let (ticket, _) = offered(&mut talk).await;
    talk.says("1").await;
    talk.transcript();
    talk.says("改时间").await;
    talk.says("厨房也漏水了").await;
    talk.taps("不报了").await;
    talk.says("周末都可以").await;
    assert_snapshot!(talk.transcript(), @r"
    » 改时间
      没关系。您哪天、几点方便？直接说就行。
    » 厨房也漏水了
      请您看一下：
      类别：渗漏
      问题：漏水
      位置：厨房
      这样提交可以吗？
      [提交] [改一改] [不报了]
    » [不报了]
      好的，这次不报。需要时再找我。
    » 周末都可以
      记下了：周末都可以。会有人再和您约时间。
    ");
    assert_eq!(statuses(&talk, &ticket).await, [Status::Declined]);
    // The reminder of the time that was given back stays silent.
    talk.waits_until(at("23 12:00")).await;
    assert_eq!(talk.transcript(), "");
}

#[tokio::test]
async fn a_window_that_is_over_or_taken_back_is_answered_in_words() {
    let mut talk = Talk::bound().await;
    let (ticket, engineer) = offered(&mut talk).await;
    let first = talk.button("11月23日（周一）09:00–12:00");
    talk.waits_until(at("23 12:30")).await;
    talk.transcript();
    talk.presses(&first).await;
    talk.desk().agree(ticket.id, window("24 09:00", "24 10:00"), engineer).await.unwrap();
    talk.desk().withdraw(ticket.id, engineer).await.unwrap();
    talk.hears().await;
    talk.presses(&first).await;
    let again = talk.desk().withdraw(ticket.id, engineer).await;
    assert!(matches!(again, Err(DeskError::Changed)), "{again:?}");
    assert_snapshot!(talk.transcript().replace(&first, "appt:…:0"), @r"
    » [appt:…:0]
      这个时间已经过了。您哪天、几点方便？直接说就行。
      工单 HF2611-0001 约好了：11月24日（周二）09:00–10:00 师傅上门。
      [改时间]
      工单 HF2611-0001 原来约的时间取消了，会有人再和您约。
    » [appt:…:0]
      这个按钮已经过时了。请点最新一条消息下面的按钮，或者直接说。
    ");
    let past = talk.desk().offer(ticket.id, vec![window("20 09:00", "20 10:00")], engineer).await;
    assert!(matches!(past, Err(DeskError::Appointment(_))), "{past:?}");
}

#[tokio::test]
async fn a_time_of_next_year_is_offered_with_its_year_and_a_far_one_not_at_all() {
    let mut talk = Talk::bound().await;
    let (ticket, engineer) = offered(&mut talk).await;
    talk.transcript();
    let days_later = |days: u64| {
        let (later, monday) = (Duration::from_hours(24 * days), window("23 09:00", "23 12:00"));
        Window { from: monday.from + later, until: monday.until + later }
    };
    talk.desk().offer(ticket.id, vec![days_later(70)], engineer).await.unwrap();
    talk.hears().await;
    assert!(talk.transcript().contains("[2027年2月1日（周一）09:00–12:00]"));
    let far = talk.desk().offer(ticket.id, vec![days_later(365)], engineer).await;
    assert!(matches!(far, Err(DeskError::Appointment(InvalidAppointment::TooFar))), "{far:?}");
}

#[tokio::test]
async fn whoever_was_there_before_the_agreed_day_is_not_announced_for_it() {
    for mended in [false, true] {
        let mut talk = Talk::bound().await;
        let (ticket, engineer) = offered(&mut talk).await;
        talk.taps("11月24日（周二）09:00–12:00").await;
        let change = talk.button("改时间");
        talk.waits_until(at("22 10:00")).await;
        talk.transcript();
        if mended {
            talk.desk().rectify(ticket.id, "换了密封圈", Vec::new(), engineer).await.unwrap();
        } else {
            talk.desk().arrive(ticket.id, engineer).await.unwrap();
        }
        talk.hears().await;
        let said = talk.transcript();
        assert_eq!((said.is_empty(), said.contains("您看修好了吗")), (!mended, mended), "{said}");
        talk.waits_until(at("23 19:00")).await;
        let evening = talk.transcript();
        assert!(!evening.contains("提醒您"), "{evening}");
        talk.presses(&change).await;
        let answer = talk.transcript();
        assert!(answer.contains("这个按钮已经过时了"), "no wish is asked for that nobody would hear of: {answer}");
        assert_eq!(statuses(&talk, &ticket).await, [Status::Kept]);
    }
}

#[tokio::test]
async fn who_is_asked_when_it_suits_is_asked_no_more_once_somebody_is_there_and_a_survey_goes_on() {
    let mut talk = Talk::bound().await;
    let (ticket, engineer) = offered(&mut talk).await;
    let first = talk.button("11月23日（周一）09:00–12:00");
    talk.taps("都不行").await;
    talk.says("评价").await;
    talk.transcript();
    talk.desk().arrive(ticket.id, engineer).await.unwrap();
    talk.hears().await;
    assert_eq!(talk.transcript(), "", "nothing is said about it");
    talk.says("4").await;
    let next = talk.transcript();
    assert!(next.contains("（2/5）"), "{next}");
    talk.presses(&first).await;
    let answer = talk.transcript();
    assert!(answer.contains("这个按钮已经过时了"), "{answer}");
    assert!(talk.state().await.meetings.is_empty(), "no wish is waited for");
}

#[tokio::test]
async fn nobody_is_announced_whose_time_no_longer_stands_whatever_the_conversation_remembers() {
    let mut talk = Talk::bound().await;
    offered(&mut talk).await;
    talk.taps("11月24日（周二）09:00–12:00").await;
    talk.execute("UPDATE appointments SET status = 'cancelled'").await;
    talk.transcript();
    talk.waits_until(at("24 10:00")).await;
    let said = talk.transcript();
    assert!(!said.contains("提醒您"), "{said}");
}

#[tokio::test]
async fn it_works_in_english() {
    let mut talk = Talk::bound().await;
    let engineer = talk.hires("li", |_| {}).await;
    talk.says("The kitchen tap is dripping since yesterday").await;
    talk.taps("Send").await;
    let ticket = talk.tickets().await.remove(0);
    talk.transcript();
    talk.desk().offer(ticket.id, vec![window("23 09:00", "23 12:00")], engineer).await.unwrap();
    talk.hears().await;
    talk.taps("Mon 23 Nov, 09:00–12:00").await;
    talk.says("reschedule").await;
    talk.says("any evening this week").await;
    assert_snapshot!(talk.transcript(), @r"
      HF2611-0001: a technician can come at these times. Which one suits you?
      [Mon 23 Nov, 09:00–12:00] [None of them]
    » [Mon 23 Nov, 09:00–12:00]
      All right, HF2611-0001: a technician comes on Mon 23 Nov, 09:00–12:00.
      [Another time]
    » reschedule
      No problem. Which day and time would suit you? Just say it.
    » any evening this week
      Noted: any evening this week. Someone will arrange a time with you.
    ");
}

#[tokio::test]
async fn who_asks_whether_the_time_can_be_changed_is_asked_when_and_heard() {
    let mut talk = Talk::bound().await;
    let (ticket, _) = offered(&mut talk).await;
    talk.taps("11月23日（周一）09:00–12:00").await;
    talk.transcript();
    talk.says("明天不在家，可以改时间吗").await;
    talk.says("周六上午").await;
    assert_snapshot!(talk.transcript(), @r"
    » 明天不在家，可以改时间吗
      没关系。您哪天、几点方便？直接说就行。
    » 周六上午
      记下了：周六上午。会有人再和您约时间。
    ");
    assert_eq!(talk.ticket(&ticket).await.wished_time.as_deref(), Some("周六上午"));
    // Where no time is agreed on, none is asked for.
    talk.says("可以改时间吗").await;
    assert_snapshot!(talk.transcript(), @r"
    » 可以改时间吗
      可以改。约好时间以后，回复“改时间”就行；现在就想说好的，回复“人工”，同事会和您约。
      这样说清楚了吗？
      [清楚了] [没有，找人工]
    ");
}

#[tokio::test]
async fn a_time_that_was_offered_is_taken_in_words() {
    let picks = [
        ("第二个", "23 14:00"),
        ("后天下午可以", "23 14:00"),
        ("周二上午", "24 09:00"),
        ("都行", "23 09:00"),
        ("什么时候都行", "23 09:00"),
        ("24号", "24 09:00"),
        ("23号下午吧", "23 14:00"),
        ("二十四号可以", "24 09:00"),
        ("周二吧", "24 09:00"),
        ("下周二行吗", "24 09:00"),
        ("后面那个", "24 09:00"),
        ("中间那个", "23 14:00"),
        ("早一点的那个", "23 09:00"),
        ("下午的", "23 14:00"),
        ("明天没空，周二可以", "24 09:00"),
        ("the 24th", "24 09:00"),
        ("the second one", "23 14:00"),
        ("the earlier one", "23 09:00"),
        ("Tuesday is fine", "24 09:00"),
        ("随你们", "23 09:00"),
        ("听你们的", "23 09:00"),
        ("周二上午可以，不急", "24 09:00"),
        ("周二上午可以，提前打个电话", "24 09:00"),
        ("周二上午行，不用打电话", "24 09:00"),
        ("Tuesday is fine, don't call before", "24 09:00"),
        ("周一我有事，周二可以", "24 09:00"),
        ("24号行，家里没人抽烟", "24 09:00"),
        ("can't wait, 24th please", "24 09:00"),
        ("24th works, can't wait", "24 09:00"),
        ("时间都合适", "23 09:00"),
        ("都没问题", "23 09:00"),
        ("都没意见", "23 09:00"),
        ("哪个都行", "23 09:00"),
        ("both work", "23 09:00"),
        ("both are fine", "23 09:00"),
        ("either is fine", "23 09:00"),
        ("up to you", "23 09:00"),
        ("直接来就行", "23 09:00"),
        ("你们定的就行", "23 09:00"),
        ("你们定就行", "23 09:00"),
        ("23号不行，其他都可以", "24 09:00"),
        ("除了23号都行", "24 09:00"),
        ("any time except Monday", "24 09:00"),
        ("either, but not Monday", "24 09:00"),
        ("24号我出差，爸妈在家，可以来", "24 09:00"),
        ("两个都好", "23 09:00"),
        ("whichever comes earlier", "23 09:00"),
        ("any time but Monday", "24 09:00"),
    ];
    for (words, from) in picks {
        let mut talk = Talk::bound().await;
        offered(&mut talk).await;
        talk.says(words).await;
        let said = talk.transcript();
        let agreed = talk.state().await.meetings[0].agreed;
        assert_eq!(agreed.map(|window| window.from), Some(at(from)), "{words}: {said}");
    }
}

#[tokio::test]
async fn another_time_named_instead_of_those_offered_is_a_wish_and_files_nothing() {
    let wishes = [
        "都不方便，我周末才在家",
        "后天晚上可以",
        "周三下午",
        "26号下午可以",
        "周五吧",
        "太晚了，能早点吗",
        "不方便，上班呢，周末行吗",
    ];
    for words in wishes {
        let mut talk = Talk::bound().await;
        let (ticket, _) = offered(&mut talk).await;
        talk.says(words).await;
        let said = talk.transcript();
        assert!(said.contains("会有人再和您约时间"), "{said}");
        assert_eq!(talk.ticket(&ticket).await.wished_time.as_deref(), Some(words));
        assert_eq!(statuses(&talk, &ticket).await, [Status::Declined]);
        assert_eq!(talk.tickets().await.len(), 1);
    }
}

#[tokio::test]
async fn an_hour_that_one_offered_window_holds_takes_it_and_is_passed_on() {
    let hours = [
        ("周二十点", "24 09:00"),
        ("那就周二上午10点吧", "24 09:00"),
        ("Tuesday at 10", "24 09:00"),
        ("Tuesday 10-11am", "24 09:00"),
        ("十点可以", "24 09:00"),
        ("周二10点到11点", "24 09:00"),
        ("周二10点以后", "24 09:00"),
        ("12点前", "24 09:00"),
        ("周二最晚十一点", "24 09:00"),
        ("10点不行，11点可以", "24 09:00"),
        ("周二可以，但是我十点前不在家", "24 09:00"),
        ("第一个，十点", "24 09:00"),
        ("下午三点可以", "25 14:00"),
        ("周三3点半行吗", "25 14:00"),
        ("第二个，下午三点", "25 14:00"),
        ("after 3", "25 14:00"),
    ];
    for (words, from) in hours {
        let (mut talk, ticket) = offered_on_two_days().await;
        talk.says(words).await;
        let said = talk.transcript();
        assert_eq!(agreed_from(&talk).await, Some(at(from)), "{words}: {said}");
        let label = if from.starts_with("24") { "09:00–12:00" } else { "14:00–17:00" };
        assert!(said.contains(label), "which one is booked is told, {words}: {said}");
        assert!(said.contains("已补充到工单") || said.contains("Added to"), "{words}: {said}");
        let history = talk.history(&ticket).await;
        assert!(history.contains(words), "{words}: {history}");
        assert_eq!(talk.flagged("person_requested").await.len(), 1, "{words}");
    }
}

#[tokio::test]
async fn a_window_that_is_named_as_a_whole_is_taken_and_nothing_is_passed_on() {
    for words in ["周二9点到12点", "周二 9:00–12:00", "9am-12pm on Tuesday", "周二可以", "周二上午"] {
        let (mut talk, ticket) = offered_on_two_days().await;
        talk.says(words).await;
        let said = talk.transcript();
        assert_eq!(agreed_from(&talk).await, Some(at("24 09:00")), "{words}: {said}");
        let history = talk.history(&ticket).await;
        assert!(!history.contains(words), "{words}: {history}");
        assert_eq!(talk.flagged("person_requested").await.len(), 0, "{words}");
    }
}

#[tokio::test]
async fn an_hour_that_no_offered_window_surely_holds_is_a_wish_for_another_time() {
    for words in [
        "周二下午三点",
        "周二八点",
        "周二12点",
        "周二8点到10点",
        "周二11点以后",
        "周二最晚十点",
        "周二一点",
        "周三五点以后",
        "只有十点前",
        "before 9",
        "after 5",
        "上午可以，下午三点我要出门",
    ] {
        let (mut talk, ticket) = offered_on_two_days().await;
        talk.says(words).await;
        let said = talk.transcript();
        assert!(said.contains("会有人再和您约时间"), "{words}: {said}");
        assert_eq!(statuses(&talk, &ticket).await, [Status::Declined], "{words}: {said}");
        assert_eq!(talk.ticket(&ticket).await.wished_time.as_deref(), Some(words));
    }
}

#[tokio::test]
async fn who_names_an_hour_that_two_offered_windows_hold_is_asked_which_and_the_hour_is_kept() {
    for words in ["十点", "周一10点以后", "10点以后都可以"] {
        let mut talk = Talk::bound().await;
        let (ticket, _) = offered(&mut talk).await;
        talk.transcript();
        talk.says(words).await;
        let said = talk.transcript();
        assert!(said.contains("哪个方便"), "{words}: {said}");
        assert_eq!(statuses(&talk, &ticket).await, [Status::Offered], "{words}");
        let history = talk.history(&ticket).await;
        assert!(history.contains(words), "{words}: {history}");
        talk.says("3").await;
        assert_eq!(agreed_from(&talk).await, Some(at("24 09:00")), "{words}: {}", talk.transcript());
    }
}

#[tokio::test]
async fn an_hour_of_another_offered_window_moves_the_agreed_time_on_its_day_alone() {
    let mut talk = Talk::bound().await;
    let (ticket, _) = offered(&mut talk).await;
    talk.taps("11月23日（周一）09:00–12:00").await;
    talk.says("能不能下午三点来").await;
    let said = talk.transcript();
    assert_eq!(agreed_from(&talk).await, Some(at("23 14:00")), "{said}");
    assert!(talk.history(&ticket).await.contains("能不能下午三点来"), "{said}");
    // On Tuesday nothing was offered for the afternoon: nobody is sent on Monday for that.
    for words in ["能不能下午三点来", "能不能下午来"] {
        let (mut talk, ticket) = agreed().await;
        talk.says(words).await;
        let said = talk.transcript();
        assert_eq!(statuses(&talk, &ticket).await, [Status::Declined], "{words}: {said}");
        assert_eq!(talk.ticket(&ticket).await.wished_time.as_deref(), Some(words));
    }
}

/// Ways to ask for another time without naming it.
const CHANGES: [&str; 10] = [
    "改",
    "改一下",
    "我要改",
    "改时间",
    "改下时间",
    "换个时间",
    "换个时间吧",
    "时间能换吗",
    "改第二日得唔得",
    "change",
];

#[tokio::test]
async fn who_wants_another_time_in_whatever_words_is_asked_when_it_suits() {
    for words in CHANGES {
        for is_agreed in [false, true] {
            let mut talk = Talk::bound().await;
            let (ticket, _) = offered(&mut talk).await;
            if is_agreed {
                talk.taps("11月24日（周二）09:00–12:00").await;
            }
            talk.transcript();
            talk.says(words).await;
            let said = talk.transcript();
            assert!(said.contains("您哪天、几点方便"), "{words}, {is_agreed}: {said}");
            assert_eq!(statuses(&talk, &ticket).await, [Status::Declined], "{words}, {is_agreed}");
            talk.says("周五上午").await;
            assert_eq!(talk.ticket(&ticket).await.wished_time.as_deref(), Some("周五上午"), "{words}, {is_agreed}");
        }
    }
}

#[tokio::test]
async fn a_bare_word_for_a_change_that_may_be_about_anything_shows_the_agreed_time_with_its_button() {
    let (mut talk, ticket) = agreed().await;
    talk.says("进度").await;
    talk.transcript();
    talk.says("改").await;
    let said = talk.transcript();
    assert!(said.contains("约好了：11月24日") && said.contains("[改时间]"), "{said}");
    assert_eq!(statuses(&talk, &ticket).await, [Status::Agreed]);
}

#[tokio::test]
async fn who_wants_no_other_time_keeps_the_agreed_one() {
    for words in ["不用改时间了", "别改时间"] {
        let (mut talk, ticket) = agreed().await;
        talk.transcript();
        talk.says(words).await;
        let said = talk.transcript();
        assert!(said.contains("约好了：11月24日"), "{words}: {said}");
        assert_eq!(statuses(&talk, &ticket).await, [Status::Agreed], "{words}: {said}");
    }
}

#[tokio::test]
async fn an_agreed_time_is_changed_to_the_one_that_is_named_with_it() {
    let (mut talk, _) = agreed().await;
    talk.says("改周一下午").await;
    assert_eq!(agreed_from(&talk).await, Some(at("23 14:00")), "{}", talk.transcript());
    for words in ["改周五上午", "改一下，周五上午", "能改周五上午吗"] {
        let (mut talk, ticket) = agreed().await;
        talk.says(words).await;
        let said = talk.transcript();
        assert_eq!(statuses(&talk, &ticket).await, [Status::Declined], "{words}: {said}");
        assert_eq!(talk.ticket(&ticket).await.wished_time.as_deref(), Some(words));
    }
}

#[tokio::test]
async fn who_says_only_that_nobody_is_to_come_keeps_the_ticket_and_is_told_how_to_arrange_another_time() {
    for words in ["别来了", "先别来了", "不用来了", "你们先别过来了", "暂时不用上门了", "唔使嚟喇", "no need to come"]
    {
        let (mut talk, ticket) = agreed().await;
        talk.transcript();
        talk.says(words).await;
        let said = talk.transcript();
        assert!(said.contains("师傅不上门了") || said.contains("nobody comes on"), "{words}: {said}");
        assert_is_put_off(&mut talk, &ticket, words).await;
        let mut talk = Talk::bound().await;
        let (ticket, _) = offered(&mut talk).await;
        talk.transcript();
        talk.says(words).await;
        let said = talk.transcript();
        assert!(said.contains("工单 HF2611-0001 还留着") || said.contains("HF2611-0001 stays open"), "{words}: {said}");
        assert_is_put_off(&mut talk, &ticket, words).await;
    }
}

/// Nobody comes, staff is not told that the repair is off, and the next time that is named is a wish.
async fn assert_is_put_off(talk: &mut Talk, ticket: &Ticket, words: &str) {
    assert_eq!(statuses(talk, ticket).await, [Status::Declined], "{words}");
    assert_eq!(talk.flagged("appointment_declined").await.len(), 1, "{words}");
    assert_eq!(talk.flagged("person_requested").await.len(), 0, "{words}");
    assert!(talk.ticket(ticket).await.status.is_open(), "{words}");
    talk.says("周五上午").await;
    assert_eq!(talk.ticket(ticket).await.wished_time.as_deref(), Some("周五上午"), "{words}");
}

#[tokio::test]
async fn who_needs_nobody_any_more_or_not_on_one_day_or_on_another_is_told_apart() {
    for words in ["不用来了，我自己修好了", "不用修了"] {
        let mut talk = Talk::bound().await;
        offered(&mut talk).await;
        talk.says(words).await;
        let said = talk.transcript();
        assert!(said.contains("不用上门的事已转告"), "{words}: {said}");
        assert_eq!(talk.flagged("person_requested").await.len(), 1, "{words}");
    }
    for words in ["周二不用来了", "24号别来"] {
        let mut talk = Talk::bound().await;
        let (ticket, _) = offered(&mut talk).await;
        talk.transcript();
        talk.says(words).await;
        let said = talk.transcript();
        assert!(said.contains("哪个方便"), "{words}: {said}");
        assert_eq!(statuses(&talk, &ticket).await, [Status::Offered], "{words}");
        assert_eq!(talk.flagged("person_requested").await.len(), 0, "{words}");
    }
    let mut talk = Talk::bound().await;
    let (ticket, _) = offered(&mut talk).await;
    talk.says("先别来了，周五上午再来").await;
    let wished = talk.ticket(&ticket).await.wished_time;
    assert_eq!(wished.as_deref(), Some("先别来了，周五上午再来"), "{}", talk.transcript());
}

#[tokio::test]
async fn a_yes_and_a_no_in_cantonese_answer_the_one_time_that_is_offered() {
    for (words, status) in [
        ("呢个时间得", Status::Agreed),
        ("呢個時間得", Status::Agreed),
        ("得", Status::Agreed),
        ("几时都得", Status::Agreed),
        ("周二得唔得", Status::Agreed),
        ("唔得", Status::Declined),
        ("呢个时间唔得", Status::Declined),
        ("改第二日得唔得", Status::Declined),
    ] {
        let (mut talk, ticket) = offered_at(vec![window("24 09:00", "24 12:00")]).await;
        talk.says(words).await;
        let said = talk.transcript();
        assert_eq!(statuses(&talk, &ticket).await, [status], "{words}: {said}");
        assert_eq!(said.contains("您哪天、几点方便"), status == Status::Declined, "{words}: {said}");
        assert_eq!(talk.tickets().await.len(), 1, "{words}: {said}");
    }
    for words in ["唔得", "不行", "呢个时间唔得"] {
        let (mut talk, ticket) = agreed().await;
        talk.transcript();
        talk.says(words).await;
        let said = talk.transcript();
        assert!(said.contains("您哪天、几点方便"), "{words}: {said}");
        assert_eq!(statuses(&talk, &ticket).await, [Status::Declined], "{words}");
    }
}

#[tokio::test]
async fn an_offer_stays_open_whatever_is_asked_in_between() {
    for asked in ["师傅贵姓", "进度", "要收费吗？", "谢谢"] {
        for words in ["24号上午可以", "周二吧"] {
            let mut talk = Talk::bound().await;
            offered(&mut talk).await;
            talk.says(asked).await;
            assert_eq!(talk.flagged("praise").await.len(), 0, "{asked}");
            talk.says(words).await;
            let said = talk.transcript();
            let agreed = talk.state().await.meetings[0].agreed;
            assert_eq!(agreed.map(|window| window.from), Some(at("24 09:00")), "{asked}, {words}: {said}");
        }
    }
}

#[tokio::test]
async fn who_does_not_say_clearly_which_time_is_asked_again() {
    for words in [
        "上午",
        "下周可以",
        "师傅贵姓",
        "嘿嘿",
        "我们都在家，但是24号不行",
        "其他时间都没问题，24号不行",
        "其他都合适，就24号不行",
        "都行，除了24号",
    ] {
        let mut talk = Talk::bound().await;
        let (ticket, _) = offered(&mut talk).await;
        talk.transcript();
        talk.says(words).await;
        let said = talk.transcript();
        assert!(said.contains("哪个方便") && said.contains("[11月24日（周二）09:00–12:00]"), "{words}: {said}");
        assert_eq!(statuses(&talk, &ticket).await, [Status::Offered], "{words}");
        talk.says("3").await;
        assert_eq!(statuses(&talk, &ticket).await, [Status::Agreed], "{words}");
    }
}

#[tokio::test]
async fn a_time_that_is_agreed_on_is_told_to_who_asks_and_given_up_for_another_day_only() {
    let mut talk = Talk::bound().await;
    let (ticket, _) = offered(&mut talk).await;
    talk.taps("11月23日（周一）09:00–12:00").await;
    talk.transcript();
    for (words, answer) in [
        ("师傅几点到", "约好了：11月23日（周一）09:00–12:00"),
        ("进度", "约好 11月23日（周一）09:00–12:00 师傅上门"),
        ("明天我不在家", "约好了：11月23日（周一）09:00–12:00"),
    ] {
        talk.says(words).await;
        let said = talk.transcript();
        assert!(said.contains(answer), "{words}: {said}");
        assert_eq!(statuses(&talk, &ticket).await, [Status::Agreed], "{words}");
    }
    talk.says("我不在家，钥匙在物业").await;
    assert_eq!(statuses(&talk, &ticket).await, [Status::Agreed], "somebody can come all the same");
    talk.says("周一我不在家，周二上午可以").await;
    assert_eq!(talk.state().await.meetings[0].agreed.map(|window| window.from), Some(at("24 09:00")));
    talk.transcript();
    talk.says("改到周六下午可以吗").await;
    let said = talk.transcript();
    assert!(said.contains("记下了：改到周六下午可以吗"), "{said}");
    assert_eq!(statuses(&talk, &ticket).await, [Status::Declined]);
}

#[tokio::test]
async fn who_is_out_on_the_day_that_is_agreed_on_is_asked_for_another() {
    for words in ["明天我不在家", "那天我没空", "明天能换个时间吗"] {
        let mut talk = Talk::bound().await;
        let (ticket, _) = offered(&mut talk).await;
        talk.taps("11月23日（周一）09:00–12:00").await;
        talk.waits_until(at("22 10:00")).await;
        talk.transcript();
        talk.says(words).await;
        let said = talk.transcript();
        assert!(said.contains("您哪天、几点方便"), "{words}: {said}");
        assert_eq!(statuses(&talk, &ticket).await, [Status::Declined], "{words}");
        talk.says("26号下午可以").await;
        assert_eq!(talk.ticket(&ticket).await.wished_time.as_deref(), Some("26号下午可以"), "{words}");
    }
}

#[tokio::test]
async fn times_are_taken_and_moved_in_english_words() {
    let mut talk = Talk::bound().await;
    let engineer = talk.hires("li", |_| {}).await;
    talk.says("The kitchen tap is dripping since yesterday").await;
    talk.taps("Send").await;
    let ticket = talk.tickets().await.remove(0);
    let windows = vec![window("23 09:00", "23 12:00"), window("25 14:00", "25 17:00")];
    talk.desk().offer(ticket.id, windows, engineer).await.unwrap();
    talk.hears().await;
    talk.says("the 25th").await;
    assert_eq!(talk.state().await.meetings[0].agreed.map(|window| window.from), Some(at("25 14:00")));
    talk.transcript();
    talk.says("Can we make it Friday afternoon?").await;
    let said = talk.transcript();
    assert!(said.contains("Noted: Can we make it Friday afternoon. Someone"), "{said}");
    assert_eq!(statuses(&talk, &ticket).await, [Status::Declined]);
}

#[tokio::test]
async fn a_date_that_is_wished_with_a_report_is_kept_with_it() {
    let mut talk = Talk::bound().await;
    talk.says("厨房水龙头漏水，25号下午在家").await;
    talk.taps("提交").await;
    assert_eq!(talk.tickets().await.remove(0).wished_time.as_deref(), Some("25号下午在家"));
}

#[tokio::test]
async fn who_says_that_none_of_the_offered_times_suits_is_asked_for_another_and_complains_of_nothing() {
    let refusals = [
        "两个都不合适",
        "时间都不合适",
        "这两天我都在外地",
        "I can't do either",
        "those don't work for me",
        "none of these times suit me",
    ];
    for words in refusals {
        let mut talk = Talk::bound().await;
        let (ticket, _) = offered(&mut talk).await;
        talk.says(words).await;
        let said = talk.transcript();
        assert_eq!(statuses(&talk, &ticket).await, [Status::Declined], "{words}: {said}");
        assert_eq!(talk.tickets().await.len(), 1, "{words}");
        assert_eq!(talk.flagged("praise").await.len(), 0, "{words}");
        talk.says("30号以后都行").await;
        assert_eq!(talk.ticket(&ticket).await.wished_time.as_deref(), Some("30号以后都行"), "{words}");
    }
}

#[tokio::test]
async fn an_excuse_that_names_an_offered_day_books_nobody_for_it() {
    for words in ["24号我上班", "24号要接孩子", "我24号在医院陪床", "24号上午有课", "I'm at work on the 24th"]
    {
        let mut talk = Talk::bound().await;
        let (ticket, _) = offered(&mut talk).await;
        talk.says(words).await;
        let said = talk.transcript();
        assert!(!statuses(&talk, &ticket).await.contains(&Status::Agreed), "{words}: {said}");
        assert_eq!(talk.tickets().await.len(), 1, "{words}: {said}");
    }
    for words in ["24号我不上班，可以", "24号上午吧，我在家上班"] {
        let mut talk = Talk::bound().await;
        let (ticket, _) = offered(&mut talk).await;
        talk.says(words).await;
        assert_eq!(statuses(&talk, &ticket).await, [Status::Agreed], "{words}: {}", talk.transcript());
    }
}

#[tokio::test]
async fn what_only_sounds_like_a_no_leaves_an_agreed_time_as_it_is() {
    let harmless = [
        "That won't be a problem",
        "That won't be necessary, thanks",
        "没事，我不在意",
        "晚一点没关系，我不在乎",
        "别出差错",
        "没时间限制",
        "师傅有事打我电话",
        "My husband can't be there but I will",
        "I can't come down to open the gate, code is 4411",
        "can't come to the door, it's unlocked",
        "I'm away from my phone until noon",
        "车来不了",
    ];
    for words in harmless {
        let mut talk = Talk::bound().await;
        let (ticket, _) = offered(&mut talk).await;
        talk.taps("11月23日（周一）09:00–12:00").await;
        talk.says(words).await;
        let said = talk.transcript();
        assert_eq!(statuses(&talk, &ticket).await, [Status::Agreed], "{words}: {said}");
    }
}

#[tokio::test]
async fn who_asks_about_the_agreed_time_is_told_it_and_can_change_it() {
    for words in ["我不在家怎么办", "what time was that again?"] {
        let mut talk = Talk::bound().await;
        let (ticket, _) = offered(&mut talk).await;
        talk.taps("11月23日（周一）09:00–12:00").await;
        talk.says("中文").await;
        talk.transcript();
        talk.says(words).await;
        let said = talk.transcript();
        assert!(said.contains("09:00–12:00") && said.contains("[改时间]"), "{words}: {said}");
        assert_eq!(statuses(&talk, &ticket).await, [Status::Agreed], "{words}");
    }
}

#[tokio::test]
async fn times_that_are_added_to_a_wish_are_kept_with_the_same_ticket() {
    for (first, more) in [("改到周末", "周六上午"), ("26号能来吗？", "急，今天晚上行不行")] {
        let mut talk = Talk::bound().await;
        let (ticket, _) = offered(&mut talk).await;
        talk.taps("11月23日（周一）09:00–12:00").await;
        talk.says(first).await;
        talk.says(more).await;
        let said = talk.transcript();
        let both = format!("{first} / {more}");
        assert!(said.contains(&format!("记下了：{both}。会有人再和您约时间")), "{said}");
        assert!(!said.contains("？。"), "{said}");
        assert_eq!(talk.ticket(&ticket).await.wished_time.as_deref(), Some(both.as_str()), "{first}");
        // Later it may be said of anything.
        talk.waits_until(at("21 10:30")).await;
        talk.says("周日上午").await;
        assert_eq!(talk.ticket(&ticket).await.wished_time.as_deref(), Some(both.as_str()), "{first}");
    }
}

#[tokio::test]
async fn a_short_correction_of_a_wish_takes_the_place_of_none_before_it() {
    let (mut talk, ticket) = agreed().await;
    for words in ["I need to reschedule", "next Monday morning", "or Tuesday", "sorry Monday is fine"] {
        talk.says(words).await;
    }
    let wished = talk.ticket(&ticket).await.wished_time;
    let expected = "next Monday morning / or Tuesday / sorry Monday is fine";
    assert_eq!(wished.as_deref(), Some(expected), "{}", talk.transcript());
}

#[tokio::test]
async fn one_of_the_offered_times_is_taken_by_its_place_whatever_was_said_since() {
    for (words, from) in [("第一个", "23 09:00"), ("晚一点的那个", "24 09:00")] {
        let mut talk = Talk::bound().await;
        offered(&mut talk).await;
        talk.says("进度").await;
        talk.says(words).await;
        let said = talk.transcript();
        let agreed = talk.state().await.meetings[0].agreed;
        assert_eq!(agreed.map(|window| window.from), Some(at(from)), "{words}: {said}");
    }
}

#[tokio::test]
async fn who_has_something_else_on_the_agreed_day_is_asked_for_another() {
    let (mut talk, ticket) = agreed().await;
    talk.transcript();
    talk.says("24号我有事").await;
    let said = talk.transcript();
    assert!(said.contains("您哪天、几点方便"), "{said}");
    assert_eq!(statuses(&talk, &ticket).await, [Status::Declined]);
}

#[tokio::test]
async fn an_earlier_time_is_wished_and_the_agreed_one_stands_until_staff_finds_it() {
    let (mut talk, ticket) = agreed().await;
    talk.transcript();
    talk.says("能提前一点吗").await;
    let said = talk.transcript();
    assert!(said.contains("记下了：能提前一点吗") && said.contains("约好了：11月24日"), "{said}");
    assert_eq!(talk.ticket(&ticket).await.wished_time.as_deref(), Some("能提前一点吗"));
    assert_eq!(statuses(&talk, &ticket).await, [Status::Agreed]);
    assert_eq!(talk.flagged("person_requested").await.len(), 1);
}

#[tokio::test]
async fn a_suggestion_reaches_who_mends_the_one_ticket_that_is_open() {
    let mut talk = Talk::bound().await;
    let (ticket, _) = offered(&mut talk).await;
    talk.waits_until(at("21 10:30")).await;
    talk.transcript();
    talk.says("建议师傅来之前先打个电话").await;
    let said = talk.transcript();
    assert!(said.contains(&ticket.number), "{said}");
    let history = talk.history(&ticket).await;
    assert!(history.contains("建议师傅来之前先打个电话"), "{history}");
}

#[tokio::test]
async fn who_has_no_time_at_the_evening_before_is_asked_for_another_day() {
    for words in ["没空", "I'm busy", "no time"] {
        let (mut talk, ticket) = agreed().await;
        talk.waits_until(at("23 19:00")).await;
        talk.transcript();
        talk.says(words).await;
        let said = talk.transcript();
        assert_eq!(statuses(&talk, &ticket).await, [Status::Declined], "{words}: {said}");
    }
}

#[tokio::test]
async fn who_cannot_be_there_after_all_gives_the_agreed_time_back() {
    for words in [
        "我来不了",
        "24号来不了",
        "家里有事",
        "something came up, can't make it",
        "I'm away that day",
        "my mother died, I can't make it",
        "my wife is in labour, can't make it",
        "儿子家长会，我不在家",
        "我出差，我儿子上学",
        "家里没人，不能把钥匙给你们",
        "I lost my key, can't be home",
        "保姆没空，没人开门",
        "爸妈都出差了，家里一个人也没有",
        "老人不在家",
        "儿子要上班",
        "my husband can't make it",
        "my wife won't be home",
    ] {
        let (mut talk, ticket) = agreed().await;
        talk.says(words).await;
        let said = talk.transcript();
        assert_eq!(statuses(&talk, &ticket).await, [Status::Declined], "{words}: {said}");
    }
}

#[tokio::test]
async fn who_is_out_and_leaves_somebody_at_home_keeps_the_time_and_who_comes_is_told() {
    for words in [
        "我在外地，爸妈在家",
        "I'm away, my parents are in",
        "我不在家，钥匙在物业",
        "我老婆出差了，我在家等",
        "我妈来不了了，我自己在家",
        "我要上班，物业有钥匙",
        "neighbour has the key, I'm away",
        "可能走不开",
        "我有时候走不开，多敲几下门",
    ] {
        let (mut talk, ticket) = agreed().await;
        talk.says(words).await;
        let said = talk.transcript();
        assert_eq!(statuses(&talk, &ticket).await, [Status::Agreed], "{words}: {said}");
        let history = talk.history(&ticket).await;
        assert!(history.contains(words), "{words}: {history}");
    }
}

#[tokio::test]
async fn who_may_be_out_keeps_the_time_and_staff_is_told_to_ask() {
    for (words, flags) in
        [("可能没空", 1), ("24号可能不在家", 1), ("可能没空，我妈在家", 0), ("我不在家，钥匙在物业", 0)]
    {
        let (mut talk, ticket) = agreed().await;
        talk.says(words).await;
        let said = talk.transcript();
        assert_eq!(statuses(&talk, &ticket).await, [Status::Agreed], "{words}: {said}");
        assert_eq!(talk.flagged("person_requested").await.len(), flags, "{words}: {said}");
    }
}

#[tokio::test]
async fn who_scolds_the_offered_times_takes_none_of_them_and_staff_sees_it() {
    let mut talk = Talk::bound().await;
    let (ticket, _) = offered(&mut talk).await;
    talk.transcript();
    talk.says("你们定的什么破时间").await;
    let said = talk.transcript();
    assert!(said.contains("哪个方便"), "{said}");
    assert_eq!(statuses(&talk, &ticket).await, [Status::Offered]);
    assert_eq!(talk.flagged("negative_feedback").await.len(), 1);
    // A day among such words is not taken either, unless they say that it suits.
    for words in ["你们排的什么烂时间，24号我上班", "什么鬼，24号还要等几天"] {
        talk.says(words).await;
        assert_eq!(statuses(&talk, &ticket).await, [Status::Offered], "{words}: {}", talk.transcript());
    }
}

/// Says words that sound to the models as if a person was wished for.
async fn sounds_like_asking_for_a_person(talk: &mut Talk, words: &str) {
    let (dialogue, text) = (talk.dialogue().await, words.to_owned());
    let understood = Understanding { intent: Intent::HumanAgent, ..Understanding::default() };
    talk.happens(dialogue, Event::Text { text, understood }).await;
}

#[tokio::test]
async fn who_says_when_to_come_is_not_handed_to_a_person_for_how_it_sounds() {
    for (words, from) in
        [("有事打我电话，24号可以", "24 09:00"), ("直接来就行", "23 09:00"), ("直接过来吧", "23 09:00")]
    {
        let mut talk = Talk::bound().await;
        offered(&mut talk).await;
        sounds_like_asking_for_a_person(&mut talk, words).await;
        let said = talk.transcript();
        let agreed = talk.state().await.meetings[0].agreed;
        assert_eq!(agreed.map(|window| window.from), Some(at(from)), "{words}: {said}");
    }
    for words in [
        "24号可以，转人工吧",
        "24号给我打电话",
        "叫你们经理来",
        "叫个人跟我打电话，周二行",
        "24号可以，我有话要跟你们讲，找个管事的",
        "都可以，你们派人联系我吧",
        "随便，反正我要找人说理",
        "直接来个人谈",
        "put me through to support, Tuesday works",
        "I want to chat with a real one, any time",
    ] {
        let mut talk = Talk::bound().await;
        let (ticket, _) = offered(&mut talk).await;
        sounds_like_asking_for_a_person(&mut talk, words).await;
        assert!(talk.state().await.handed_over(), "{words}");
        assert_eq!(statuses(&talk, &ticket).await, [Status::Offered], "{words}");
    }
}

#[tokio::test]
async fn a_time_that_was_taken_is_changed_for_another_of_those_offered() {
    for words in ["不对，第一个", "还是第一个吧", "no, the first one"] {
        let mut talk = Talk::bound().await;
        let (ticket, _) = offered(&mut talk).await;
        talk.says("第二个").await;
        talk.says(words).await;
        let said = talk.transcript();
        let agreed = talk.state().await.meetings[0].agreed;
        assert_eq!(agreed.map(|window| window.from), Some(at("23 09:00")), "{words}: {said}");
        assert_eq!(statuses(&talk, &ticket).await, [Status::Agreed], "{words}");
    }
}

#[tokio::test]
async fn an_ordinal_of_something_else_does_not_move_the_agreed_time() {
    for words in [
        "不对，是第二单元",
        "不是一楼，是第二层",
        "改一下地址，第二栋",
        "换第二个水龙头",
        "no, the second floor",
        "还是按第二方案修",
        "it is the second time, sorry",
    ] {
        let mut talk = Talk::bound().await;
        offered(&mut talk).await;
        talk.says("第一个").await;
        talk.says(words).await;
        let said = talk.transcript();
        let agreed = talk.state().await.meetings[0].agreed;
        assert_eq!(agreed.map(|window| window.from), Some(at("23 09:00")), "{words}: {said}");
    }
}

#[tokio::test]
async fn who_wants_the_time_back_that_was_given_back_calls_nothing_off() {
    for words in ["不对，我能来", "算了，就24号吧", "没事了，照旧"] {
        let (mut talk, ticket) = agreed().await;
        talk.says("我来不了").await;
        talk.transcript();
        talk.says(words).await;
        let said = talk.transcript();
        assert!(!said.contains("不用上门的事"), "{words}: {said}");
        assert_eq!(talk.ticket(&ticket).await.wished_time.as_deref(), Some(words), "{said}");
    }
}

#[tokio::test]
async fn a_visit_that_is_called_off_in_plain_words_is_given_back_and_another_time_is_asked_for() {
    for words in [
        "cancel the appointment please",
        "I need to cancel Tuesday",
        "please cancel my appointment",
        "cancel the visit",
        "I have to cancel",
        "Something came up so I have to cancel",
        "Can I cancel my appointment?",
        "please don't come on Tuesday",
        "取消预约",
        "取消",
        "我要取消周二的上门",
        "能不能取消24号的预约",
        "周二不用来了",
    ] {
        let (mut talk, ticket) = agreed().await;
        talk.transcript();
        talk.says(words).await;
        let said = talk.transcript();
        assert_eq!(statuses(&talk, &ticket).await, [Status::Declined], "{words}: {said}");
        assert!(said.contains("师傅不上门了") || said.contains("nobody comes on"), "{words}: {said}");
        assert_eq!(talk.flagged("appointment_declined").await.len(), 1, "{words}");
        assert_eq!(talk.flagged("person_requested").await.len(), 0, "{words}");
        assert_eq!(talk.tickets().await.len(), 1, "{words}");
        talk.says("周五上午").await;
        assert_eq!(talk.ticket(&ticket).await.wished_time.as_deref(), Some("周五上午"), "{words}");
        talk.waits_until(at("24 10:00")).await;
        let later = talk.transcript();
        assert!(!later.contains("提醒您") && !later.contains("A reminder"), "{words}: {later}");
    }
}

#[tokio::test]
async fn who_calls_a_visit_off_and_says_when_it_suits_is_heard_at_once() {
    let (mut talk, ticket) = agreed().await;
    talk.says("取消周二的，周五上午可以").await;
    let said = talk.transcript();
    assert!(said.contains("会有人再和您约时间"), "{said}");
    assert_eq!(statuses(&talk, &ticket).await, [Status::Declined]);
    // One that was offered before is taken.
    let (mut talk, ticket) = agreed().await;
    talk.says("取消周二的，周一下午可以").await;
    let agreed = talk.state().await.meetings[0].agreed;
    assert_eq!(agreed.map(|window| window.from), Some(at("23 14:00")), "{}", talk.transcript());
    assert_eq!(statuses(&talk, &ticket).await, [Status::Agreed]);
}

#[tokio::test]
async fn who_says_that_nobody_is_in_gives_the_agreed_time_back_and_complains_of_nothing() {
    for words in [
        "nobody will be home",
        "No one is going to be in",
        "nobody's home on Tuesday",
        "都没人在家",
        "那天家里没人",
        "我家没有人在",
        "我照常上班，家里没人",
    ] {
        let (mut talk, ticket) = agreed().await;
        talk.says(words).await;
        let said = talk.transcript();
        assert_eq!(statuses(&talk, &ticket).await, [Status::Declined], "{words}: {said}");
        assert_eq!(talk.tickets().await.len(), 1, "{words}");
    }
    for words in
        ["nobody will be using the shower", "nobody will be home but the key is under the mat", "家里没有人抽烟"]
    {
        let (mut talk, ticket) = agreed().await;
        talk.says(words).await;
        let said = talk.transcript();
        assert_eq!(statuses(&talk, &ticket).await, [Status::Agreed], "{words}: {said}");
    }
}

#[tokio::test]
async fn what_calls_no_visit_off_leaves_the_agreed_time_as_it_is() {
    for words in [
        "别取消周二的上门",
        "please don't cancel",
        "I don't need to cancel my appointment",
        "I'll cancel my dentist appointment",
        "if I cancel the appointment, who pays?",
        "你们取消了预约吗？",
        "取消预约要收费吗？",
        "取消今天的预约",
        "别来太早",
        "算了",
    ] {
        let (mut talk, ticket) = agreed().await;
        talk.says(words).await;
        let said = talk.transcript();
        assert_eq!(statuses(&talk, &ticket).await, [Status::Agreed], "{words}: {said}");
    }
    // Who asks how is shown the button.
    let (mut talk, ticket) = agreed().await;
    talk.transcript();
    talk.says("怎么取消预约").await;
    let said = talk.transcript();
    assert!(said.contains("约好了：11月24日") && said.contains("[改时间]"), "{said}");
    assert_eq!(statuses(&talk, &ticket).await, [Status::Agreed]);
}

#[tokio::test]
async fn one_word_below_a_menu_leaves_the_menu_and_not_the_visit() {
    let (mut talk, ticket) = agreed().await;
    talk.says("你好").await;
    talk.says("取消").await;
    assert_eq!(statuses(&talk, &ticket).await, [Status::Agreed], "{}", talk.transcript());
}

#[tokio::test]
async fn nobody_is_announced_for_a_repair_that_was_called_off_and_staff_hears_of_it_once() {
    for words in ["取消报修", "不用修了", "cancel the repair", "取消上门，已经修好了"] {
        let (mut talk, ticket) = agreed().await;
        talk.says(words).await;
        let said = talk.transcript();
        assert_eq!(statuses(&talk, &ticket).await, [Status::Declined], "{words}: {said}");
        assert_eq!(talk.flagged("person_requested").await.len(), 1, "{words}: {said}");
        assert_eq!(talk.flagged("appointment_declined").await.len(), 0, "{words}");
        let history = talk.history(&ticket).await;
        assert!(history.contains("appointment_cancelled client"), "{words}: {history}");
        assert!(talk.state().await.meetings.is_empty(), "{words}");
        talk.waits_until(at("24 10:00")).await;
        let later = talk.transcript();
        assert!(!later.contains("提醒您") && !later.contains("A reminder"), "{words}: {later}");
    }
}

#[tokio::test]
async fn an_hour_within_the_agreed_time_is_noted_for_who_comes_and_the_time_stands() {
    for words in [
        "can he come at 11?",
        "能不能11点来",
        "上午十点半可以吗",
        "周二10点以后来行吗",
        "11点来吧",
        "I'm not home until 10, can he come at 11?",
    ] {
        let (mut talk, ticket) = agreed().await;
        talk.says(words).await;
        let said = talk.transcript();
        assert_eq!(statuses(&talk, &ticket).await, [Status::Agreed], "{words}: {said}");
        let history = talk.history(&ticket).await;
        assert!(history.contains(words), "{words}: {history}");
        assert_eq!(talk.flagged("person_requested").await.len(), 1, "{words}");
        talk.says("ok never mind, as agreed then").await;
        let said = talk.transcript();
        assert!(said.contains("09:00–12:00"), "{words}: {said}");
        assert_eq!(statuses(&talk, &ticket).await, [Status::Agreed], "{words}");
        assert_eq!(talk.flagged("praise").await.len(), 0, "{words}");
    }
    for words in ["能不能下午3点来", "能不能周三11点来", "can he come at 8?"] {
        let (mut talk, ticket) = agreed().await;
        talk.says(words).await;
        let said = talk.transcript();
        assert_eq!(statuses(&talk, &ticket).await, [Status::Declined], "{words}: {said}");
    }
}

#[tokio::test]
async fn a_time_that_was_given_back_a_moment_ago_is_taken_again_and_staff_is_told() {
    for (gives_back, words) in [
        ("Can we make it Friday afternoon?", "ok never mind, as agreed then"),
        ("改到周六下午可以吗", "还是按原来的时间吧"),
        ("我要取消周二的上门", "算了，不取消了"),
        ("我来不了", "没事了，照旧"),
        ("取消报修", "还是要修的，按原来的时间来"),
    ] {
        let (mut talk, ticket) = agreed().await;
        talk.says(gives_back).await;
        assert_eq!(statuses(&talk, &ticket).await, [Status::Declined], "{gives_back}: {}", talk.transcript());
        talk.says(words).await;
        let said = talk.transcript();
        assert_eq!(statuses(&talk, &ticket).await, [Status::Agreed], "{words}: {said}");
        assert!(said.contains("11月24日（周二）09:00–12:00"), "{words}: {said}");
        assert_eq!(talk.flagged("person_requested").await.len(), 1, "{words}");
        let wished = talk.ticket(&ticket).await.wished_time.unwrap_or_default();
        assert!(wished.ends_with(words), "{words}: {wished}");
        talk.waits_until(at("23 19:00")).await;
        let evening = talk.transcript();
        assert!(evening.contains("提醒您") || evening.contains("A reminder"), "{words}: {evening}");
    }
}

#[tokio::test]
async fn a_time_that_was_given_back_is_not_taken_again_later_or_once_others_are_offered() {
    let (mut talk, ticket) = agreed().await;
    talk.says("取消预约").await;
    talk.waits_until(at("21 10:30")).await;
    talk.says("还是按原来的时间吧").await;
    assert_eq!(statuses(&talk, &ticket).await, [Status::Declined], "{}", talk.transcript());
    assert_eq!(talk.ticket(&ticket).await.wished_time.as_deref(), Some("还是按原来的时间吧"));
    let mut talk = Talk::bound().await;
    let (ticket, engineer) = offered(&mut talk).await;
    talk.taps("11月24日（周二）09:00–12:00").await;
    talk.says("取消预约").await;
    talk.desk().offer(ticket.id, vec![window("25 09:00", "25 12:00")], engineer).await.unwrap();
    talk.hears().await;
    talk.says("还是按原来的时间吧").await;
    let said = talk.transcript();
    assert_eq!(statuses(&talk, &ticket).await.last(), Some(&Status::Declined), "{said}");
    assert!(!statuses(&talk, &ticket).await.contains(&Status::Agreed), "{said}");
}

#[tokio::test]
async fn a_bare_excuse_on_the_agreed_day_gives_the_time_back() {
    for words in [
        "周二上班",
        "周二加班",
        "24号有课",
        "周二临时值班",
        "周二上班去不了家",
        "周二不太方便",
        "周二不行了",
        "周二不成",
        "周二没法在家",
        "周二家里没大人",
        "cant make it",
        "cant make tuesday anymore",
        "i'll be out tuesday",
        "tuesday doesn't work anymore",
        "tuesday is no good",
        "have to work tuesday",
    ] {
        let (mut talk, ticket) = agreed().await;
        talk.says(words).await;
        let said = talk.transcript();
        assert_eq!(statuses(&talk, &ticket).await, [Status::Declined], "{words}: {said}");
        assert_eq!(talk.flagged("appointment_declined").await.len(), 1, "{words}: {said}");
    }
    for words in ["周二上班前来", "周二在家上班", "周二下午加班", "周二我不上班", "24号不用脱鞋"]
    {
        let (mut talk, ticket) = agreed().await;
        talk.says(words).await;
        let said = talk.transcript();
        assert_eq!(statuses(&talk, &ticket).await, [Status::Agreed], "{words}: {said}");
    }
}

#[tokio::test]
async fn what_may_speak_against_the_agreed_time_is_shown_to_staff_and_not_only_noted() {
    for words in [
        "家里10点前没人",
        "10点前家里没人",
        "nobody home until 10",
        "no one's home before 10",
        "rather thursday",
        "push it back a day",
        "如果下雨就别来了",
        "after 5 please",
        "after 1pm please",
        "五点以后来",
        "下午一点以后来",
        "晚上来吧",
    ] {
        let (mut talk, ticket) = agreed().await;
        talk.waits_until(at("21 10:30")).await;
        talk.transcript();
        talk.says(words).await;
        let said = talk.transcript();
        assert_eq!(statuses(&talk, &ticket).await, [Status::Agreed], "{words}: {said}");
        assert_eq!(talk.flagged("person_requested").await.len(), 1, "{words}: {said}");
        assert!(said.contains("09:00–12:00"), "{words}: {said}");
    }
    for words in [
        "不用脱鞋",
        "家里有狗别怕",
        "周二有课，我妈在家",
        "航班取消了，周二我在家",
        "外卖取消了，不好意思刚才发错",
        "周二别来太晚",
        "后天我上班",
        "周五我上班",
        "没说不用来啊",
        "我没说别来",
    ] {
        let (mut talk, ticket) = agreed().await;
        talk.says(words).await;
        let said = talk.transcript();
        assert_eq!(statuses(&talk, &ticket).await, [Status::Agreed], "{words}: {said}");
        assert_eq!(talk.flagged("person_requested").await.len(), 0, "{words}: {said}");
    }
}

#[tokio::test]
async fn who_is_out_on_all_the_offered_days_is_asked_for_another() {
    for words in ["I'm at work both days", "cant do either sorry"] {
        let mut talk = Talk::bound().await;
        let (ticket, _) = offered(&mut talk).await;
        talk.says(words).await;
        assert_eq!(statuses(&talk, &ticket).await, [Status::Declined], "{words}: {}", talk.transcript());
    }
}

#[tokio::test]
async fn a_visit_stands_where_calling_it_off_is_taken_back_asked_about_or_meant_of_something_else() {
    for words in [
        "周二别来，哦不对，照常来吧",
        "想取消，算了不取消了",
        "本来要取消预约的，现在不用了",
        "I wanted to cancel but please come after all",
        "可以取消预约吗？会不会扣钱",
        "取消预约会怎么样",
        "can I cancel my visit if I fix it myself?",
        "可能要取消预约，晚点确认",
        "we may have to cancel",
        "下雨的话预约就取消吧",
        "No need to come on Wednesday, Tuesday is fine",
        "周二别来两个人，地方小",
        "不用来接我，我认识路",
        "no need to come up, I'll meet you downstairs on Tuesday",
        "I cancel my meeting so I'll be home for the visit",
        "约好的聚会取消了，周二在家",
        "我的另一个预约取消了，周二随时",
        "上次没人在家不好意思，这次在",
        "nobody home next door, don't ring there",
        "家里没人会用",
        "上午家里没人在用水",
        "邻居家没人，别敲错了",
        "don't come Tuesday, wait no, do come",
        "cancel the visit. no wait, keep it",
    ] {
        let (mut talk, ticket) = agreed().await;
        talk.says(words).await;
        let said = talk.transcript();
        assert_eq!(statuses(&talk, &ticket).await, [Status::Agreed], "{words}: {said}");
        assert_eq!(talk.flagged("appointment_declined").await.len(), 0, "{words}: {said}");
    }
}

#[tokio::test]
async fn a_visit_that_was_called_off_by_mistake_stands_again() {
    for (gives_back, words) in [
        ("取消预约", "点错了"),
        ("取消预约", "选错了"),
        ("周二不在家", "点错了"),
        ("please cancel my appointment", "oops wrong"),
    ] {
        let (mut talk, ticket) = agreed().await;
        talk.says(gives_back).await;
        assert_eq!(statuses(&talk, &ticket).await, [Status::Declined], "{gives_back}: {}", talk.transcript());
        talk.says(words).await;
        assert_eq!(statuses(&talk, &ticket).await, [Status::Agreed], "{words}: {}", talk.transcript());
    }
    let (mut talk, ticket) = agreed().await;
    talk.says("please cancel my appointment").await;
    talk.says("sorry i meant keep it").await;
    assert_eq!(statuses(&talk, &ticket).await, [Status::Agreed], "{}", talk.transcript());
}

#[tokio::test]
async fn the_day_that_is_named_last_is_taken_and_a_question_takes_none() {
    for (words, from) in [
        ("周一上午有会，周二吧", "24 09:00"),
        ("周一上午送孩子，周二可以", "24 09:00"),
        ("Monday morning I have a meeting, Tuesday then", "24 09:00"),
        ("周二在家开会，可以来", "24 09:00"),
        ("周二接孩子前可以", "24 09:00"),
        ("周二值班回来可以", "24 09:00"),
    ] {
        let mut talk = Talk::bound().await;
        let (ticket, _) = offered(&mut talk).await;
        talk.says(words).await;
        let said = talk.transcript();
        assert_eq!(statuses(&talk, &ticket).await, [Status::Agreed], "{words}: {said}");
        let agreed = talk.state().await.meetings[0].agreed;
        assert_eq!(agreed.map(|window| window.from), Some(at(from)), "{words}: {said}");
    }
    for words in ["周二下雨还来吗", "周二还来吗", "周二收费吗"] {
        let mut talk = Talk::bound().await;
        let (ticket, _) = offered(&mut talk).await;
        talk.says(words).await;
        assert_eq!(statuses(&talk, &ticket).await, [Status::Offered], "{words}: {}", talk.transcript());
    }
}

#[tokio::test]
async fn who_calls_a_visit_off_and_scolds_is_heard_for_both() {
    let (mut talk, ticket) = agreed().await;
    talk.says("你们别来了，太差劲了").await;
    let said = talk.transcript();
    assert_eq!(statuses(&talk, &ticket).await, [Status::Declined], "{said}");
    assert_eq!(talk.flagged("complaint").await.len(), 1, "{said}");
}

#[tokio::test]
async fn this_visit_is_called_off_by_that_word() {
    for words in ["取消这次预约", "取消这次上门", "取消本次预约", "pls cancel"] {
        let (mut talk, ticket) = agreed().await;
        talk.says(words).await;
        assert_eq!(statuses(&talk, &ticket).await, [Status::Declined], "{words}: {}", talk.transcript());
    }
}

#[tokio::test]
async fn the_day_of_a_visit_that_was_called_off_takes_it_again_and_another_part_of_it_does_not() {
    for (gives_back, words) in [
        ("取消预约", "算了还是周二吧"),
        ("取消预约", "还是周二吧"),
        ("取消周二的", "周二可以了"),
        ("cancel my appointment", "ok Tuesday is fine after all"),
    ] {
        let (mut talk, ticket) = agreed().await;
        talk.says(gives_back).await;
        talk.says(words).await;
        assert_eq!(statuses(&talk, &ticket).await, [Status::Agreed], "{words}: {}", talk.transcript());
    }
    for words in ["还是周二下午吧", "还是周三吧", "周二"] {
        let (mut talk, ticket) = agreed().await;
        talk.says("取消预约").await;
        talk.says(words).await;
        assert_eq!(statuses(&talk, &ticket).await, [Status::Declined], "{words}: {}", talk.transcript());
    }
}

#[tokio::test]
async fn a_time_that_is_excused_is_not_taken() {
    for words in ["周二上午有会", "周二返工", "Tuesday morning I have a meeting", "Tuesday I work"] {
        let (mut talk, ticket) = offered_on_two_days().await;
        talk.says(words).await;
        assert_ne!(statuses(&talk, &ticket).await, [Status::Agreed], "{words}: {}", talk.transcript());
    }
    for (words, from) in [("周二我要上班所以约周三正好", "25 14:00"), ("周二上午9点到12点可以", "24 09:00")]
    {
        let (mut talk, _) = offered_on_two_days().await;
        talk.says(words).await;
        assert_eq!(agreed_from(&talk).await, Some(at(from)), "{words}: {}", talk.transcript());
    }
}
