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
    for words in ["不报了", "算了", "never mind", "都不报了"] {
        let mut talk = Talk::bound().await;
        talk.says("厨房水管漏水，卧室空调也不制冷").await;
        talk.says(words).await;
        talk.says("好的").await;
        assert!(talk.tickets().await.is_empty(), "{}", talk.transcript());
    }
}

#[tokio::test]
async fn who_lets_the_first_of_several_faults_go_is_asked_about_the_next() {
    let mut talk = Talk::bound().await;
    talk.says("厨房水管漏水，卧室空调也不制冷").await;
    talk.transcript();
    talk.says("第一个不用了").await;
    let said = talk.transcript();
    assert!(said.contains("这一项不报了") && said.contains("接着登记“卧室空调也不制冷”"), "{said}");
    assert!(said.contains("类别：空调通风"), "{said}");
}

#[tokio::test]
async fn words_about_the_parts_of_a_waiting_fault_neither_drop_it_nor_file_the_one_that_stands() {
    for words in ["灯泡我有，不用", "旧灯不要了", "灯不用换新的，修好就行"] {
        let mut talk = Talk::bound().await;
        talk.says("厨房水管漏水，客厅灯不亮").await;
        talk.transcript();
        talk.says(words).await;
        let said = talk.transcript();
        assert!(!said.contains("”不报了"), "{said}");
        assert!(talk.tickets().await.is_empty(), "{said}");
    }
}

#[tokio::test]
async fn the_cause_that_is_told_at_the_summary_is_no_fault_of_its_own() {
    let mut talk = Talk::bound().await;
    talk.says("客厅墙皮脱落").await;
    talk.says("是卫生间漏水泡的").await;
    assert!(!talk.transcript().contains("接着为您登记"));
}

#[tokio::test]
async fn one_of_several_faults_is_left_out_when_it_is_named() {
    for words in ["第二个不用报了", "空调不用修了"] {
        let mut talk = Talk::bound().await;
        talk.says("厨房水管漏水，卧室空调也不制冷，客厅灯不亮").await;
        talk.transcript();
        talk.says(words).await;
        let said = talk.transcript();
        assert!(said.contains("“卧室空调也不制冷”不报了"), "{said}");
        talk.taps("提交").await;
        talk.taps("提交").await;
        let parts: Vec<_> = talk.tickets().await.into_iter().map(|ticket| ticket.component).collect();
        assert_eq!(parts.len(), 2, "{parts:?}");
        assert!(!parts.contains(&Some("空调".to_owned())), "{parts:?}");
    }
}

#[tokio::test]
async fn the_first_one_drops_nothing_once_it_is_filed() {
    let mut talk = Talk::bound().await;
    talk.says("厨房水龙头滴水，还有客厅灯不亮，另外马桶堵了").await;
    talk.taps("提交").await;
    talk.says("第一个不用了").await;
    talk.taps("提交").await;
    let parts: Vec<_> = talk.tickets().await.into_iter().filter_map(|ticket| ticket.component).collect();
    assert!(parts.contains(&"灯".to_owned()), "{parts:?}: {}", talk.transcript());
}

#[tokio::test]
async fn a_fault_is_dropped_only_where_words_say_so_and_nothing_else() {
    for (words, dropped) in [
        ("第二个不用了", true),
        ("空调又好了，不用管了", true),
        ("空调上个月你们才修好了，又不制冷", false),
        ("空调邻居说没事了，但还是不制冷", false),
        ("第二天不用来了", false),
        ("空调先别急，等我看看", false),
    ] {
        let mut talk = Talk::bound().await;
        talk.says("厨房水管漏水，卧室空调也不制冷").await;
        talk.transcript();
        talk.says(words).await;
        let said = talk.transcript();
        assert_eq!(said.contains("“卧室空调也不制冷”不报了"), dropped, "{said}");
        assert!(!said.contains("部件：水管 / 空调"), "{said}");
    }
    for (words, dropped) in [("forget the AC", true), ("drop by the kitchen first", false)] {
        let mut talk = Talk::bound().await;
        talk.says("the kitchen tap leaks and bedroom AC doesn't cool").await;
        talk.transcript();
        talk.says(words).await;
        let said = talk.transcript();
        assert_eq!(said.contains("I'll report “bedroom AC doesn't cool”"), !dropped, "{said}");
    }
}

#[tokio::test]
async fn several_faults_are_sent_or_given_up_together_in_plain_words() {
    for (words, filed) in [("都提交", 1), ("全部提交", 1), ("一起提交", 1), ("两个都不用修了", 0)] {
        let mut talk = Talk::bound().await;
        talk.says("厨房水管漏水，卧室空调也不制冷").await;
        talk.transcript();
        talk.says(words).await;
        let said = talk.transcript();
        assert_eq!(talk.tickets().await.len(), filed, "{said}");
        assert_eq!(said.contains("接着登记"), filed == 1, "{said}");
    }
}

#[tokio::test]
async fn a_fault_that_comes_to_mind_at_the_summary_waits_and_is_not_mixed_in() {
    for words in ["哦对了，厨房水龙头也滴水", "是的，还有厨房水龙头也滴水", "oh and the kitchen tap drips"]
    {
        let mut talk = Talk::bound().await;
        talk.says("卧室空调不制冷").await;
        talk.transcript();
        talk.says(words).await;
        let said = talk.transcript();
        let told = said.contains("接着为您登记“") || said.contains("I'll report “");
        assert!(told && !said.contains(" / "), "{said}");
        assert!(talk.tickets().await.is_empty(), "{said}");
    }
}

#[tokio::test]
async fn another_fault_told_of_while_one_is_agreed_to_gets_a_report_of_its_own() {
    let mut talk = Talk::bound().await;
    talk.says("卧室空调不制冷").await;
    talk.transcript();
    talk.says("另外客厅灯不亮").await;
    let said = talk.transcript();
    assert!(said.contains("接着为您登记“客厅灯不亮”") && said.contains("位置：卧室\n"), "{said}");
    talk.taps("提交").await;
    talk.taps("提交").await;
    let tickets = talk.tickets().await;
    assert_eq!(tickets.len(), 2, "{}", talk.transcript());
    let light = tickets.iter().find(|ticket| ticket.category == Some(Category::Electrical)).unwrap();
    assert_eq!((light.location.as_deref(), light.component.as_deref()), (Some("客厅"), Some("灯")));
    // What the leak has done is seen by who mends it.
    let mut talk = Talk::bound().await;
    talk.says("卫生间漏水").await;
    talk.says("客厅墙面也掉皮了").await;
    assert!(!talk.transcript().contains("接着为您登记"));
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
async fn another_fault_told_where_the_place_is_asked_waits_and_the_question_stands() {
    for (fault, other, place, filed) in [
        (
            "the toilet is blocked",
            "and the bedroom window won't close",
            "in the bathroom",
            [("bathroom", "toilet"), ("bedroom window", "window")],
        ),
        ("马桶堵了", "卧室的窗户关不上", "在卫生间", [("卫生间", "马桶"), ("卧室的窗户", "窗户")]),
        (
            "the glass is cracked now",
            "now the kitchen tap drips",
            "in the study",
            [("study", "glass"), ("kitchen", "tap")],
        ),
    ] {
        let mut talk = Talk::bound().await;
        talk.says(fault).await;
        talk.transcript();
        talk.says(other).await;
        let said = talk.transcript();
        assert!(said.contains("Where is it?") || said.contains("在哪个位置？"), "{said}");
        assert!(said.contains("I'll report “") || said.contains("接着为您登记“"), "{said}");
        talk.says(place).await;
        talk.says("submit").await;
        talk.says("submit").await;
        let tickets = talk.tickets().await;
        let parts: Vec<_> =
            tickets.iter().map(|ticket| (ticket.location.as_deref(), ticket.component.as_deref())).collect();
        assert_eq!(parts.len(), 2, "{}", talk.transcript());
        for (place, part) in filed {
            assert!(parts.contains(&(Some(place), Some(part))), "{parts:?}");
        }
    }
    // So it does where the address is asked.
    let mut talk = Talk::begin().await;
    talk.says("厨房水管漏水").await;
    talk.transcript();
    talk.says("客厅灯不亮").await;
    let said = talk.transcript();
    assert!(said.contains("请告诉我小区") && said.contains("接着为您登记“客厅灯不亮”"), "{said}");
    talk.says("阳光花园3栋502").await;
    let said = talk.transcript();
    assert!(said.contains("问题：漏水\n") && said.contains("部件：水管\n"), "{said}");
}

#[tokio::test]
async fn a_room_told_before_another_fault_answers_where_the_first_one_is() {
    let mut talk = Talk::bound().await;
    talk.says("马桶堵了").await;
    talk.transcript();
    talk.says("卫生间，卧室的窗户也关不上").await;
    let said = talk.transcript();
    assert!(said.contains("位置：卫生间\n") && said.contains("部件：马桶\n"), "{said}");
    assert!(said.contains("接着为您登记“卧室的窗户也关不上”"), "{said}");
}

#[tokio::test]
async fn who_tells_of_the_same_fault_with_its_place_answers_where_it_is() {
    for (fault, words, place) in [
        ("漏水了", "卧室，窗户那里漏", "位置：卧室"),
        ("漏水了", "卧室空调滴水", "位置：卧室"),
        ("马桶堵了", "卫生间，冲不下去", "位置：卫生间"),
        ("the toilet is blocked", "in the bathroom, it won't flush", "Place: bathroom"),
        // Another fault of the same part says where it is.
        ("墙面开裂", "厨房的墙渗水", "位置：厨房的墙"),
        ("灯不亮", "卫生间 漏水把灯弄坏了", "位置：卫生间"),
    ] {
        let mut talk = Talk::bound().await;
        talk.says(fault).await;
        talk.transcript();
        talk.says(words).await;
        let said = talk.transcript();
        assert!(said.lines().any(|line| line.trim() == place), "{said}");
        assert!(!said.contains("I'll report “") && !said.contains("接着为您登记“"), "{said}");
    }
}

#[tokio::test]
async fn a_fault_that_only_says_which_place_is_meant_is_no_fault_of_its_own() {
    for (fault, words, place) in [
        ("门关不上", "马桶漏水的那个厕所", "位置：厕所"),
        ("灯不亮", "就是漏水的那个卫生间", "位置：卫生间"),
        ("开关坏了", "漏水的那面墙上", "位置：漏水的那面墙上"),
        ("空调不制冷", "窗户漏风的那间", "位置：窗户漏风的那间"),
        ("插座没电", "水槽漏水那边的", "位置：水槽漏水那边的"),
        ("the light is out", "bathroom with the leaking toilet", "Place: bathroom"),
        ("the switch is broken", "by the dripping tap in the kitchen", "Place: kitchen"),
        (
            "the switch is broken",
            "the room where the window won't close",
            "Place: the room where the window won't close",
        ),
    ] {
        let mut talk = Talk::bound().await;
        talk.says(fault).await;
        talk.transcript();
        talk.says(words).await;
        let said = talk.transcript();
        assert!(said.lines().any(|line| line.trim() == place), "{words}: {said}");
        assert!(!said.contains("I'll report “") && !said.contains("接着为您登记“"), "{words}: {said}");
    }
    // A fault that is named beside a place, or called a problem, is one.
    for (fault, words) in
        [("the light is out", "and the tap by the kitchen window drips"), ("灯不亮", "厨房水龙头漏水的那个问题也要修")]
    {
        let mut talk = Talk::bound().await;
        talk.says(fault).await;
        talk.transcript();
        talk.says(words).await;
        let said = talk.transcript();
        assert!(said.contains("I'll report “") || said.contains("接着为您登记“"), "{words}: {said}");
    }
}

#[tokio::test]
async fn a_room_told_behind_another_fault_answers_where_the_first_one_is() {
    for (fault, words, place, other) in [
        ("插座没电", "冰箱不制冷了，厨房", "位置：厨房", "接着为您登记“冰箱不制冷了”"),
        ("水管漏", "灯都不亮了，卫生间。", "位置：卫生间", "接着为您登记“灯都不亮了”"),
    ] {
        let mut talk = Talk::bound().await;
        talk.says(fault).await;
        talk.transcript();
        talk.says(words).await;
        let said = talk.transcript();
        assert!(said.lines().any(|line| line.trim() == place) && said.contains(other), "{said}");
    }
}

#[tokio::test]
async fn how_to_get_in_is_neither_an_address_nor_a_fault_of_its_own() {
    let mut talk = Talk::begin().await;
    talk.says("厨房水龙头滴水").await;
    talk.transcript();
    talk.says("门禁坏了，打电话我下来接").await;
    let said = talk.transcript();
    assert!(said.contains("请告诉我小区") && !said.contains("接着为您登记“"), "{said}");
    talk.says("电梯坏了要爬楼，3栋502").await;
    let said = talk.transcript();
    for line in ["问题：滴水", "位置：厨房", "部件：水龙头", "地址：3栋502"] {
        assert!(said.lines().any(|known| known.trim() == line), "{line}: {said}");
    }
}

#[tokio::test]
async fn a_part_that_it_is_not_joins_no_report_and_one_that_it_is_takes_its_place() {
    for (fault, words, part) in [
        ("客厅空调不制冷", "不是灯的问题", "部件：空调"),
        ("the kitchen tap drips", "it's not the handle that leaks", "Part: tap"),
        ("the kitchen tap drips", "it's the pipe not the tap", "Part: pipe"),
    ] {
        let mut talk = Talk::bound().await;
        talk.says(fault).await;
        talk.transcript();
        talk.says(words).await;
        let said = talk.transcript();
        assert!(said.lines().any(|line| line.trim() == part), "{words}: {said}");
    }
}

#[tokio::test]
async fn what_is_said_in_spite_of_it_takes_the_place_of_nothing() {
    for (fault, words, kept) in [
        ("客厅空调不制冷", "唔系好严重，但系好嘈", "问题：不制冷"),
        ("客厅空调不制冷", "不是很严重，但是很吵", "问题：不制冷"),
    ] {
        let mut talk = Talk::bound().await;
        talk.says(fault).await;
        talk.transcript();
        talk.says(words).await;
        let said = talk.transcript();
        assert!(said.lines().any(|line| line.trim().starts_with(kept)), "{words}: {said}");
    }
}

#[tokio::test]
async fn a_light_that_is_out_and_a_tap_that_drips_are_two_reports() {
    let mut talk = Talk::bound().await;
    talk.says("the hallway light is out and the kitchen tap drips").await;
    let said = talk.transcript();
    for line in ["Problem: light is out", "Place: hallway", "Part: light"] {
        assert!(said.lines().any(|known| known.trim() == line), "{line}: {said}");
    }
    assert!(said.contains("I'll report “kitchen tap drips” as well"), "{said}");
    talk.says("skip the light").await;
    let said = talk.transcript();
    for line in ["Problem: drip", "Place: kitchen", "Part: tap"] {
        assert!(said.lines().any(|known| known.trim() == line), "{line}: {said}");
    }
    // What is wrong with the first may be said in words we do not know.
    let mut talk = Talk::bound().await;
    talk.says("the hallway radiator is cold and the kitchen tap drips").await;
    let said = talk.transcript();
    assert!(said.contains("Problem: the hallway radiator is cold\n"), "{said}");
    assert!(said.contains("I'll report “kitchen tap drips” as well"), "{said}");
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

#[tokio::test]
async fn a_time_that_is_wished_with_several_faults_is_kept_with_each() {
    let mut talk = Talk::bound().await;
    talk.says("厨房水管漏水，卧室空调也不制冷，周六上午来").await;
    talk.taps("提交").await;
    talk.taps("提交").await;
    let wished: Vec<_> = talk.tickets().await.into_iter().map(|ticket| ticket.wished_time).collect();
    assert_eq!(wished, [Some("周六上午来".to_owned()), Some("周六上午来".to_owned())]);
}

#[tokio::test]
async fn a_fault_whose_words_name_a_time_of_its_own_does_not_get_that_of_the_first_one() {
    let mut talk = Talk::bound().await;
    talk.says("厨房漏水周六上午来，客厅灯不亮周日来").await;
    talk.taps("提交").await;
    talk.taps("提交").await;
    let tickets = talk.tickets().await;
    let light = tickets.iter().find(|ticket| ticket.category == Some(Category::Electrical)).unwrap();
    assert_ne!(light.wished_time.as_deref(), Some("周六上午来"));
    assert!(light.description.contains("周日来"), "{}", light.description);
}

#[tokio::test]
async fn faults_of_two_buildings_or_machines_in_one_message_are_reported_one_after_the_other() {
    for (words, places) in [
        ("3号楼电梯不走了，5号楼门禁坏了", ["3号楼电梯", "5号楼"]),
        ("1号电梯异响，2号电梯也异响", ["1号电梯", "2号电梯"]),
    ] {
        let mut talk = Talk::bound().await;
        talk.says(words).await;
        talk.taps("提交").await;
        talk.taps("提交").await;
        let filed: Vec<_> = talk.tickets().await.into_iter().filter_map(|ticket| ticket.location).collect();
        assert_eq!(filed.len(), 2, "{filed:?}: {}", talk.transcript());
        assert!(places.iter().all(|place| filed.contains(&(*place).to_owned())), "{filed:?}");
    }
    // What is said once of both is one report, and its place names both.
    let mut talk = Talk::bound().await;
    talk.says("A栋和B栋的电梯都停了").await;
    let said = talk.transcript();
    assert!(said.contains("位置：A栋和B栋的电梯") && !said.contains("接着为您登记"), "{said}");
}
