//! Personal data goes when its owner wishes it, and when the platform's rule is that it goes.

use std::time::Duration;

use huifang::channel::{ChannelKind, Content};
use huifang::domain::contact::Contact;
use huifang::domain::correction::{About, Labels};
use huifang::domain::ids::ContactId;
use huifang::domain::privacy::Retention;
use huifang::domain::understanding::{Category, Intent, Sentiment, Urgency};
use huifang::intake::blob_key;
use huifang::store;
use huifang::store::blobs::Bytes;
use huifang::store::erasures::Erasure;
use huifang::store::outbox::Delivery;
use insta::assert_snapshot;
use sqlx::{Connection, Row as _, SqliteConnection};

use crate::talk::Talk;

async fn wishes(talk: &Talk, contact: ContactId) -> Vec<Erasure> {
    talk.store.read(|tx| Box::pin(async move { store::erasures::list(tx, contact).await })).await.unwrap()
}

/// Every text of every table, to look for words in.
async fn everything(talk: &Talk) -> String {
    let path = talk.folder().join("huifang.db");
    let mut connection = SqliteConnection::connect(&format!("sqlite://{}", path.display())).await.unwrap();
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_sqlx%' ESCAPE '\\'",
    )
    .fetch_all(&mut connection)
    .await
    .unwrap();
    let mut all = String::new();
    for table in tables {
        let sql = sqlx::AssertSqlSafe(format!("SELECT * FROM {table}"));
        for row in sqlx::query(sql).fetch_all(&mut connection).await.unwrap() {
            for at in 0..row.len() {
                if let Ok(Some(text)) = row.try_get_unchecked::<Option<String>, _>(at) {
                    all.push_str(&text);
                    all.push('\n');
                }
            }
        }
    }
    all
}

#[tokio::test]
async fn whoever_asks_to_be_forgotten_says_so_twice_and_is() {
    let mut talk = Talk::begin().await;
    talk.turns_to(ChannelKind::Telegram, "97531864").await;
    talk.binds().await;
    talk.says("厨房水龙头漏水，我叫王小敏，三天前开始的，电话13800138000").await;
    let photo = talk.sends_photo().await;
    talk.speaks("麻烦快一点，王小敏").await;
    talk.taps("提交").await;
    let (blobs, key) = (talk.runner().blobs, blob_key(photo));
    blobs.put(&key, Bytes::from_static(b"a face")).await.unwrap();
    let contact = talk.whose().await;
    talk.transcript();

    talk.says("删除我的资料").await;
    talk.taps("不删除").await;
    talk.presses("forget:yes").await;
    assert_eq!(wishes(&talk, contact).await, [], "the button was gone");
    talk.says("删除我的资料").await;
    talk.taps("删除我的资料").await;
    assert_snapshot!(talk.transcript(), @r"
    » 删除我的资料
      要删除您的姓名、电话、账号，以及发来的文字、语音和照片吗？一小时内删完，不能恢复；没修完的报修会按房号继续处理，但不再通知您。
      [删除我的资料] [不删除]
    » [不删除]
      好的，什么都没有删。
    » [forget:yes]
      这个按钮已经过时了。请点最新一条消息下面的按钮，或者直接说。
    » 删除我的资料
      要删除您的姓名、电话、账号，以及发来的文字、语音和照片吗？一小时内删完，不能恢复；没修完的报修会按房号继续处理，但不再通知您。
      [删除我的资料] [不删除]
    » [删除我的资料]
      好的，一小时内全部删除，这期间再发来的也会一起删掉。一小时后再联系我们，会当作新用户接待；有危险请直接拨打 400-000-0000。
    ");
    assert_eq!(wishes(&talk, contact).await[0].done_at, None);
    let before = everything(&talk).await;
    for word in ["王小敏", "97531864", "13800138000"] {
        assert!(before.contains(word), "{word}");
    }
    assert!(blobs.get(&key).await.is_ok());

    talk.clock.advance(Duration::from_secs(11 * 60));
    talk.runner().run_until_idle().await;
    let after = everything(&talk).await;
    for word in ["王小敏", "97531864", "13800138000", "三天前", "麻烦快一点"] {
        assert!(!after.contains(word), "{word} is still there");
    }
    assert!(blobs.get(&key).await.is_err(), "the photo's bytes");
    let tickets = talk.tickets().await;
    assert_eq!(tickets.len(), 1, "the ticket stays, with its flat");
    assert_eq!((tickets[0].unit_id, tickets[0].description.as_str()), (Some(talk.unit), ""));
    let done = wishes(&talk, contact).await.remove(0);
    assert!(done.done_at.is_some() && done.messages > 5 && done.files == 2, "{done:?}");

    // Whoever writes from there again is somebody new.
    talk.moves_to("97531864");
    talk.shows(Content::Text("你好".to_owned()), "你好").await;
    assert_ne!(talk.whose().await, contact);
}

/// Three conversations of somebody of whom each time a name and a number were written down; the earliest first.
async fn three_of_one(talk: &mut Talk) -> [ContactId; 3] {
    let mut known = Vec::new();
    for (address, name, phone) in [
        ("11111111", "赵小甲", "13100000001"),
        ("22222222", "钱小乙", "13100000002"),
        ("33333333", "孙小丙", "13100000003"),
    ] {
        talk.turns_to(ChannelKind::Telegram, address).await;
        talk.says("你好").await;
        let contact = talk.whose().await;
        let written = talk.store.write(move |tx| {
            Box::pin(async move {
                let person = store::contacts::find(tx, contact).await?.unwrap();
                let (name, phone) = (Some(name.to_owned()), Some(phone.to_owned()));
                store::contacts::save_all(tx, &[&Contact { name, phone, ..person }]).await
            })
        });
        written.await.unwrap();
        known.push(contact);
    }
    known.try_into().unwrap()
}

const OF_THE_THREE: [&str; 9] =
    ["11111111", "22222222", "33333333", "赵小甲", "钱小乙", "孙小丙", "13100000001", "13100000002", "13100000003"];

#[tokio::test]
async fn whoever_became_part_of_somebody_who_became_part_of_another_is_forgotten_with_them() {
    let mut talk = Talk::begin().await;
    let [first, second, third] = three_of_one(&mut talk).await;
    let (desk, li) = (talk.desk(), talk.hires("li", |_| {}).await);
    assert_eq!(desk.unite(third, second, li).await.unwrap(), second);
    assert_eq!(desk.unite(second, first, li).await.unwrap(), first);
    let before = everything(&talk).await;
    for word in OF_THE_THREE {
        assert!(before.contains(word), "{word}");
    }
    desk.forget(first, li).await.unwrap();
    talk.runner().run_until_idle().await;
    let after = everything(&talk).await;
    for word in OF_THE_THREE {
        assert!(!after.contains(word), "{word} is still there");
    }
}

#[tokio::test]
async fn a_wish_to_be_forgotten_goes_along_through_two_merges() {
    let mut talk = Talk::begin().await;
    let [first, second, third] = three_of_one(&mut talk).await;
    talk.says("删除我的资料").await;
    talk.taps("删除我的资料").await;
    let (desk, li) = (talk.desk(), talk.hires("li", |_| {}).await);
    desk.unite(third, second, li).await.unwrap();
    desk.unite(second, first, li).await.unwrap();
    talk.passes(11);
    talk.runner().run_until_idle().await;
    let after = everything(&talk).await;
    for word in OF_THE_THREE {
        assert!(!after.contains(word), "{word} is still there");
    }
}

#[tokio::test]
async fn what_staff_heard_anew_and_what_went_to_a_neighbours_ticket_goes_with_its_owner() {
    let mut talk = Talk::begin().await;
    let li = talk.hires("li", |_| {}).await;
    talk.turns_to(ChannelKind::Telegram, "11111111").await;
    talk.binds().await;
    talk.says("楼道天花板滴水，邻居也看到了").await;
    talk.taps("提交").await;
    let neighbours = talk.tickets().await.remove(0);

    talk.turns_to(ChannelKind::Telegram, "97531864").await;
    talk.binds().await;
    talk.says("楼道漏水，我叫王小敏").await;
    let voice = talk.sends_voice().await;
    talk.is_heard(voice, "王小明").await;
    talk.taps("提交").await;
    let contact = talk.whose().await;
    let own = talk.tickets().await.into_iter().find(|ticket| ticket.contact_id == contact).unwrap();
    let desk = talk.desk();
    desk.merge(own.id, &neighbours.number, "同一处", li).await.unwrap();
    desk.correct_transcript(voice, "我住1201，王小敏", li).await.unwrap();
    let labels = Labels {
        sentiment: Sentiment::Neutral,
        intent: Intent::RepairReport,
        category: Some(Category::Leak),
        urgency: Urgency::Normal,
    };
    desk.correct_labels(About::Ticket(neighbours.id), labels, li).await.unwrap();
    talk.runner().run_until_idle().await;
    let words = ["王小敏", "王小明", "楼道漏水", "我住1201"];
    let before = everything(&talk).await;
    for word in words {
        assert!(before.contains(word), "{word}");
    }
    let kept = talk.ticket(&neighbours).await.description;
    assert!(kept.contains(&format!("[{}] 楼道漏水", own.number)), "{kept}");

    desk.forget(contact, li).await.unwrap();
    talk.runner().run_until_idle().await;
    let after = everything(&talk).await;
    for word in words {
        assert!(!after.contains(word), "{word} is still there");
    }
    let kept = talk.ticket(&neighbours).await;
    assert_eq!(kept.description, format!("楼道天花板滴水，邻居也看到了\n[{}]", own.number));
    assert!(after.contains("同一处"), "what staff wrote is theirs");
}

#[tokio::test]
async fn a_recording_that_waits_is_not_listened_to_once_its_owner_is_forgotten() {
    let mut talk = Talk::begin().await;
    talk.turns_to(ChannelKind::Wechat, "oAbCdEf").await;
    talk.binds().await;
    talk.sends_voice().await;
    // The recogniser is busy until after they took back their consent.
    talk.execute("UPDATE jobs SET run_at = run_at + 600000 WHERE kind = 'transcribe'").await;
    talk.shows(Content::Revoked, "[撤回授权]").await;
    talk.runner().run_until_idle().await;
    let said = async || {
        let all = talk.store.read(|tx| Box::pin(async move { store::outbox::list(tx, Delivery::Pending, 100).await }));
        all.await.unwrap().len()
    };
    assert_eq!(said().await, 0);
    talk.passes(11);
    assert!(talk.runner().run_until_idle().await > 0, "its turn has come");
    assert_eq!(said().await, 0, "nothing is said to somebody who is gone");
    assert_eq!(talk.flags().await, []);
}

#[tokio::test]
async fn who_unfollows_on_wechat_is_forgotten_there_a_day_later_unless_they_come_back() {
    let mut talk = Talk::begin().await;
    talk.turns_to(ChannelKind::Wechat, "oAbCdEf").await;
    talk.binds().await;
    talk.says("我是王小敏").await;
    let contact = talk.whose().await;
    talk.shows(Content::Left, "[取消关注]").await;
    let after_leaving = Retention::default().after_leaving;
    assert_eq!(after_leaving, Duration::from_secs(24 * 3600));
    talk.clock.advance(after_leaving.saturating_sub(Duration::from_secs(60)));
    talk.runner().run_until_idle().await;
    talk.says("我又回来了").await;
    talk.clock.advance(Duration::from_secs(120));
    talk.runner().run_until_idle().await;
    assert!(everything(&talk).await.contains("王小敏"), "they came back");

    talk.shows(Content::Left, "[取消关注]").await;
    talk.clock.advance(after_leaving);
    talk.runner().run_until_idle().await;
    let after = everything(&talk).await;
    assert!(!after.contains("王小敏") && !after.contains("oAbCdEf"));
    let wishes = wishes(&talk, contact).await;
    assert_eq!(
        wishes.iter().map(|wish| (wish.why.name(), wish.messages > 0)).collect::<Vec<_>>(),
        [("left", true), ("left", false)]
    );
}

#[tokio::test]
async fn who_unfollows_on_wechat_again_has_the_whole_day_anew() {
    const HOUR: Duration = Duration::from_secs(3600);
    let mut talk = Talk::begin().await;
    talk.turns_to(ChannelKind::Wechat, "oAbCdEf").await;
    talk.binds().await;
    talk.says("我是王小敏").await;
    talk.shows(Content::Left, "[取消关注]").await;
    talk.clock.advance(22 * HOUR);
    talk.says("我又回来了").await;
    talk.clock.advance(HOUR);
    talk.shows(Content::Left, "[取消关注]").await;
    talk.clock.advance(HOUR);
    talk.runner().run_until_idle().await;
    assert!(everything(&talk).await.contains("王小敏"), "a day after the first time, they had come back");
    talk.clock.advance(23 * HOUR);
    talk.runner().run_until_idle().await;
    let after = everything(&talk).await;
    assert!(!after.contains("王小敏") && !after.contains("oAbCdEf"), "a day after the second");
}

#[tokio::test]
async fn who_takes_back_their_consent_on_wechat_is_forgotten_there_at_once_whatever_they_do_next() {
    let mut talk = Talk::begin().await;
    talk.turns_to(ChannelKind::Wechat, "oAbCdEf").await;
    talk.binds().await;
    talk.says("厨房水龙头漏水，我叫王小敏，三天前开始的").await;
    talk.taps("提交").await;
    let contact = talk.whose().await;
    assert!(talk.contact(contact).await.consent_at.is_some());
    let answers = talk.transcript().lines().count();
    talk.shows(Content::Revoked, "[撤回授权]").await;
    assert!(talk.transcript().lines().count() <= 1, "nothing is said to it, after {answers} lines");
    talk.says("我叫王小敏，还有一件事").await;
    talk.runner().run_until_idle().await;
    let after = everything(&talk).await;
    assert!(!after.contains("王小敏") && !after.contains("三天前") && !after.contains("oAbCdEf"), "{after}");
    assert_eq!(talk.contact(contact).await.consent_at, None);
    let tickets = talk.tickets().await;
    assert_eq!(tickets.len(), 1, "the ticket stays, with its flat");
    assert_eq!((tickets[0].unit_id, tickets[0].description.as_str()), (Some(talk.unit), ""));
    let wishes = wishes(&talk, contact).await;
    assert!(matches!(&wishes[..], [done] if done.why.name() == "revoked" && done.done_at.is_some()), "{wishes:?}");
}

#[tokio::test]
async fn who_blocks_the_bot_cannot_be_reached_and_keeps_their_data() {
    let mut talk = Talk::begin().await;
    talk.turns_to(ChannelKind::Telegram, "97531864").await;
    talk.says("我是王小敏").await;
    talk.shows(Content::Left, "[拉黑]").await;
    talk.clock.advance(Retention::default().after_leaving * 3);
    talk.runner().run_until_idle().await;
    let dialogue = talk.dialogue().await;
    let found = talk.store.read(|tx| Box::pin(async move { store::dialogues::find(tx, dialogue).await })).await;
    assert!(found.unwrap().unwrap().left_at.is_some() && everything(&talk).await.contains("王小敏"));
}

#[tokio::test]
async fn the_button_alone_removes_and_to_a_yes_in_words_it_is_asked_once_more() {
    let said = [
        "是的",
        "确认",
        "好的，谢谢",
        "删了吧",
        "都清除掉",
        "怎么还不删",
        "不用留着",
        "不要保留",
        "要不删了吧",
        "yes",
        "ok do it",
        "delete it",
        "go ahead",
        "don't keep it",
        "no need to keep them, delete",
    ];
    for words in said {
        let mut talk = Talk::bound().await;
        let contact = talk.whose().await;
        talk.says("删除我的资料").await;
        talk.transcript();
        talk.says(words).await;
        let said = talk.transcript();
        assert!(said.contains("[删除我的资料] [不删除]") || said.contains("[Delete my data] [Keep it]"), "{said}");
        assert_eq!(wishes(&talk, contact).await, [], "{said}");
        assert!(talk.tickets().await.is_empty(), "{said}");
    }
}

#[tokio::test]
async fn a_no_in_words_keeps_everything() {
    let said = ["不用了", "不要删", "先别删了", "不，留着", "算了", "no", "no wait don't delete me", "never mind"];
    for words in said {
        let mut talk = Talk::bound().await;
        let contact = talk.whose().await;
        talk.says("删除我的资料").await;
        talk.transcript();
        talk.says(words).await;
        let said = talk.transcript();
        assert!(said.contains("什么都没有删") || said.contains("nothing was deleted"), "{said}");
        talk.presses("forget:yes").await;
        assert_eq!(wishes(&talk, contact).await, [], "{said}");
        assert!(talk.tickets().await.is_empty(), "{said}");
    }
    // A survey that goes on is not what they leave.
    let mut talk = Talk::bound().await;
    talk.says("/survey").await;
    talk.says("删除我的资料").await;
    talk.transcript();
    talk.says("算了").await;
    let said = talk.transcript();
    assert!(said.contains("什么都没有删") && said.contains("（1/5）"), "{said}");
}

#[tokio::test]
async fn who_speaks_of_something_else_when_asked_about_being_forgotten_is_heard() {
    let mut talk = Talk::bound().await;
    talk.says("删除我的资料").await;
    talk.transcript();
    talk.says("厨房水龙头漏水").await;
    let said = talk.transcript();
    assert!(said.contains("[提交]"), "{said}");
    // "No one" is no no.
    let mut talk = Talk::bound().await;
    talk.says("/forget").await;
    talk.says("no one came to fix the tap, terrible service").await;
    let said = talk.transcript();
    assert_eq!(talk.flagged("complaint").await.len(), 1, "{said}");
}
