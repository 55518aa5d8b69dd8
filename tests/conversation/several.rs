//! Several faults in one message: each trade gets a report of its own, and what belongs together stays one.

use crate::talk::Talk;
use huifang::domain::understanding::{Category, Urgency};
use insta::assert_snapshot;

#[tokio::test]
async fn faults_for_different_trades_are_reported_one_after_the_other() {
    let mut talk = Talk::bound().await;
    talk.says("厨房水管漏水，卧室空调也不制冷，还有大门锁坏了").await;
    talk.taps("提交").await;
    talk.taps("提交").await;
    talk.says("入户门").await;
    talk.taps("提交").await;
    assert_snapshot!(talk.transcript(), @r"
    » 厨房水管漏水，卧室空调也不制冷，还有大门锁坏了
      请您看一下：
      类别：渗漏
      问题：漏水
      位置：厨房
      部件：水管
      这一单提交后，接着为您登记“卧室空调也不制冷”。
      这一单提交后，接着为您登记“大门锁坏了”。
      这样提交可以吗？
      [提交] [改一改] [不报了]
    » [提交]
      已登记，工单号 HF2611-0001。工作人员会尽快联系您，回复“进度”随时可查。
      等师傅时：接住水，挪开怕水的东西；水靠近灯或插座，关掉那一路电，别碰。楼上漏下来的，请楼上先停水。漏得更大，马上告诉我。
      接着登记“卧室空调也不制冷”。
      请您看一下：
      类别：空调通风
      问题：不制冷
      位置：卧室
      部件：空调
      这一单提交后，接着为您登记“大门锁坏了”。
      这样提交可以吗？
      [提交] [改一改] [不报了]
    » [提交]
      已登记，工单号 HF2611-0002。工作人员会尽快联系您，回复“进度”随时可查。
      接着登记“大门锁坏了”。
      在哪个位置？
      [厨房] [卫生间] [客厅] [卧室] [阳台] [走廊/公共区域] [机房/设备] [其他位置]
    » 入户门
      请您看一下：
      类别：门窗
      问题：坏了
      位置：入户门
      部件：大门
      这样提交可以吗？
      [提交] [改一改] [不报了]
    » [提交]
      已登记，工单号 HF2611-0003。工作人员会尽快联系您，回复“进度”随时可查。
    ");
    let filed: Vec<_> = talk.tickets().await.into_iter().map(|ticket| (ticket.category, ticket.description)).collect();
    assert_eq!(filed.len(), 3, "{filed:?}");
    let of =
        |category: Category| filed.iter().find(|(known, _)| *known == Some(category)).map(|(_, said)| said.as_str());
    assert!(of(Category::Hvac).is_some_and(|said| said.contains("不制冷") && !said.contains("漏水")), "{filed:?}");
}

#[tokio::test]
async fn who_leaves_a_report_of_several_faults_is_left_in_peace() {
    let mut talk = Talk::bound().await;
    talk.says("厨房水管漏水，卧室空调也不制冷").await;
    talk.taps("不报了").await;
    assert_snapshot!(talk.transcript(), @r"
    » 厨房水管漏水，卧室空调也不制冷
      请您看一下：
      类别：渗漏
      问题：漏水
      位置：厨房
      部件：水管
      这一单提交后，接着为您登记“卧室空调也不制冷”。
      这样提交可以吗？
      [提交] [改一改] [不报了]
    » [不报了]
      好的，这次不报。需要时再找我。
    ");
    assert!(talk.tickets().await.is_empty());
}

#[tokio::test]
async fn a_report_of_several_faults_that_nobody_confirms_is_filed_with_all_that_was_said() {
    let mut talk = Talk::bound().await;
    talk.says("厨房水管漏水，卧室空调也不制冷").await;
    talk.passes(121);
    talk.runner().run_until_idle().await;
    talk.hears().await;
    let said: Vec<_> = talk.tickets().await.into_iter().map(|ticket| ticket.description).collect();
    assert!(said.join("\n").contains("不制冷") && said.join("\n").contains("漏水"), "{said:?}");
}

#[tokio::test]
async fn several_faults_are_reported_in_english_as_well() {
    let mut talk = Talk::bound().await;
    talk.says("/language en").await;
    talk.transcript();
    talk.says("The kitchen tap is leaking. Also, the air conditioner in the bedroom does not cool.").await;
    assert_snapshot!(talk.transcript(), @r"
    » The kitchen tap is leaking. Also, the air conditioner in the
      Please check:
      Type: Plumbing and drains
      Problem: leak
      Place: kitchen
      Part: tap
      Once this is sent, I'll report “the air conditioner in the bedroom does not cool” as well.
      Shall I send it like this?
      [Send] [Change] [Do not report]
    ");
}

#[tokio::test]
async fn what_a_leak_has_done_is_no_report_of_its_own() {
    for words in ["卫生间漏水，把楼下的墙皮都泡掉了", "空调漏水，地板都泡起来了", "水管爆了，所以停水了"]
    {
        let mut talk = Talk::bound().await;
        talk.says(words).await;
        assert!(!talk.transcript().contains("接着为您登记"), "{words}");
    }
}

#[tokio::test]
async fn an_alarm_within_a_report_for_another_trade_stands_alone() {
    let mut talk = Talk::bound().await;
    talk.says("厨房水槽下水慢，客厅灯不亮").await;
    talk.says("卧室有人触电了，快来人").await;
    let said = talk.transcript();
    assert!(said.contains("紧急工单") && !said.contains("接着登记"), "{said}");
    let tickets = talk.tickets().await;
    let alarm = tickets.iter().find(|ticket| ticket.urgency == Urgency::Emergency).unwrap();
    assert_eq!(alarm.category, Some(Category::Electrical), "{said}");
    assert!(alarm.location.as_deref().is_some_and(|place| !place.contains("水槽")), "{:?}", alarm.location);
    let other = tickets.iter().find(|ticket| ticket.urgency != Urgency::Emergency).unwrap();
    assert!(other.description.contains("下水慢") && other.description.contains("灯不亮"), "{}", other.description);
    assert_eq!(tickets.len(), 2);
}

#[tokio::test]
async fn a_fault_that_got_worse_is_no_praise() {
    let mut talk = Talk::bound().await;
    talk.says("卫生间漏水，以为自己好了，今天更厉害了").await;
    assert!(talk.transcript().contains("请您看一下"));
    assert!(talk.flags().await.is_empty());
}

#[tokio::test]
async fn a_fault_that_is_told_of_twice_is_reported_once() {
    let mut talk = Talk::bound().await;
    talk.says("厨房水管漏水，卧室空调也不制冷").await;
    talk.says("厨房水管漏水，卧室空调也不制冷").await;
    let said = talk.transcript();
    let last = said.rsplit("» ").next().unwrap();
    assert_eq!(last.matches("接着为您登记").count(), 1, "{said}");
}

#[tokio::test]
async fn the_third_fault_of_the_first_one_s_trade_gets_a_report_of_its_own() {
    let mut talk = Talk::bound().await;
    talk.says("厨房水龙头漏水，客厅灯不亮，卫生间马桶堵了").await;
    for _ in 0..3 {
        talk.taps("提交").await;
    }
    let trades: Vec<_> = talk.tickets().await.into_iter().map(|ticket| (ticket.location, ticket.component)).collect();
    assert_eq!(trades.len(), 3, "{trades:?}");
    for (place, part) in [("厨房", "水龙头"), ("客厅", "灯"), ("卫生间", "马桶")] {
        assert!(trades.contains(&(Some(place.to_owned()), Some(part.to_owned()))), "{trades:?}");
    }
}
