//! Danger: safety words first, filed before anything is asked.

use crate::talk::Talk;
use insta::assert_snapshot;

#[tokio::test]
async fn gas_is_answered_with_safety_words_and_filed_at_once() {
    let mut talk = Talk::bound().await;
    talk.says("厨房有很重的煤气味").await;
    assert_snapshot!(talk.transcript(), @r"
    » 厨房有很重的煤气味
      闻到燃气味：别开关任何电器，别点火，别在屋里打电话。打开门窗，顺手能关就关燃气阀，马上离开，到室外再拨 400-000-0000。已登记紧急工单 HF2611-0001，值班人员已收到通知。
    ");
    let tickets = talk.tickets().await;
    assert_eq!((tickets.len(), talk.taps), (1, 0));
    assert!(talk.flags().await.iter().any(|flag| flag.kind.name() == "emergency"));
}

#[tokio::test]
async fn an_emergency_by_voice_without_a_place_is_filed_first_and_then_asked() {
    let mut talk = Talk::begin().await;
    talk.speaks("插座冒火花了").await;
    talk.says("客厅").await;
    talk.says("翠湖花园3栋").await;
    assert_snapshot!(talk.transcript(), @r"
    » [语音]
      收到，正在听…
      我听到：插座冒火花了
      着火先走：叫上家人，弯腰捂住口鼻，走楼梯，别乘电梯，随手关门，到安全处拨 119，再拨 400-000-0000。不要返回取东西。紧急工单 HF2611-0001 已登记。
      在哪个位置？
      [厨房] [卫生间] [客厅] [卧室] [阳台] [走廊/公共区域] [机房/设备] [其他位置]
    » 客厅
      请告诉我小区、楼栋和房号，方便师傅上门。
    » 翠湖花园3栋
      已补充到工单 HF2611-0001。
    ");
    assert_eq!(talk.tickets().await.len(), 1);
}

#[tokio::test]
async fn danger_breaks_the_silence_while_a_person_has_the_conversation() {
    let mut talk = Talk::bound().await;
    talk.says("人工").await;
    talk.says("在吗").await;
    talk.says("电梯里困了两个人").await;
    assert_snapshot!(talk.transcript(), @r"
    » 人工
      好的，已通知工作人员，接下来由人回复您，自动回复先停下。
    » 在吗
    » 电梯里困了两个人
      别慌，别扒门，别跳。按轿厢里的警铃或通话键，靠壁站稳等救援。请拨 400-000-0000，有人不适拨 120。紧急工单 HF2611-0001 已登记，值班人员已收到通知。
    ");
    assert_eq!(talk.tickets().await.len(), 1);
    assert!(talk.state().await.handed_over());
}
