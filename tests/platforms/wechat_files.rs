//! Photos and recordings that lie with WeChat: kept whoever listens, asked for again when they are lost.

use std::time::Duration;

use axum::http::StatusCode;
use huifang::channel::wechat::Mode;
use huifang::intake::message::InboundBody;
use huifang::store;
use huifang::store::media::Media;
use huifang::store::thread::Entry;

use crate::fake_wechat::{FakeWechat, Follower, Push};
use crate::house::{House, fixture};

async fn begun(openid: &str) -> (FakeWechat, House, Follower) {
    let wechat = FakeWechat::start().await;
    let house = House::open(wechat.channels(Mode::Secure)).await;
    let person = Follower::of(&house, openid, true);
    (wechat, house, person)
}

fn photo(person: &Follower, id: &str) -> Push {
    person.message("image", &format!("<PicUrl>http://x</PicUrl><MediaId>{id}</MediaId>"))
}

/// What was said in somebody's conversation.
async fn thread(house: &House, person: &Follower) -> Vec<Entry> {
    let openid = person.openid.clone();
    let read = house.runner.store.read(|tx| {
        Box::pin(async move {
            let found = store::dialogues::find_by_address(tx, "wechat", &openid).await?.unwrap();
            store::thread::latest(tx, found.id, 50).await
        })
    });
    read.await.unwrap()
}

/// What is known of the files somebody sent.
async fn files(house: &House, person: &Follower) -> Vec<Media> {
    let entries = thread(house, person).await;
    let read = house.runner.store.read(|tx| {
        Box::pin(async move {
            let mut files = Vec::new();
            for entry in entries {
                let body: InboundBody = serde_json::from_str(&entry.body).unwrap();
                for file in body.media {
                    files.push(store::media::find(tx, file.id).await?.unwrap());
                }
            }
            Ok::<_, store::StoreError>(files)
        })
    });
    read.await.unwrap()
}

/// From now on this is where the conversation stands, readable or not; returns where it stood.
async fn stands(house: &House, person: &Follower, state: &str) -> String {
    let (openid, state, now) = (person.openid.clone(), state.to_owned(), house.clock.now());
    let changed = house.runner.store.write(move |tx| {
        Box::pin(async move {
            let found = store::dialogues::find_by_address(tx, "wechat", &openid).await?.unwrap();
            store::dialogues::save(tx, found.id, &state, found.handed_over, now).await?;
            Ok::<_, store::StoreError>(found.state)
        })
    });
    changed.await.unwrap()
}

/// What was given up is taken on again.
async fn replay(house: &House) {
    let now = house.clock.now();
    let again = house.runner.store.write(move |tx| {
        Box::pin(async move {
            for job in store::jobs::list_dead(tx, 10).await? {
                store::jobs::replay(tx, job.id, now).await?;
            }
            Ok::<_, store::StoreError>(())
        })
    });
    again.await.unwrap();
}

#[tokio::test]
async fn without_a_model_a_recording_is_kept_and_a_person_listens() {
    let (wechat, mut house, person) = begun("oUNHEARD").await;
    house.runner.listener = None;
    wechat.keeps("silence", fixture("silence.ogg"));
    person.deliver(&person.voice("silence", "silence")).await;
    house.works().await;
    let files = files(&house, &person).await;
    assert_eq!((files.len(), house.files_kept()), (1, 1));
    assert!(!files[0].sha256.is_empty() && files[0].lost.is_none(), "{files:?}");
    assert_eq!(house.flags().await, ["voice_unheard"]);
    assert!(wechat.texts().concat().contains("会有同事来听"), "{:?}", wechat.texts());
}

#[tokio::test]
async fn files_that_the_platform_did_not_give_for_hours_are_asked_for_again() {
    let (wechat, house, person) = begun("oHOURS").await;
    wechat.keeps("photo", fixture("photo.jpg"));
    wechat.keeps("silence", fixture("silence.ogg"));
    wechat.is_away(true);
    person.deliver(&photo(&person, "photo")).await;
    person.deliver(&person.voice("silence", "silence")).await;
    for _ in 0..40 {
        house.runner.run_until_idle().await;
        house.clock.advance(Duration::from_secs(30 * 60));
    }
    let said = thread(&house, &person).await.into_iter().map(|entry| entry.body).collect::<String>();
    assert_eq!(said.matches("取不到").count(), 2, "{said}");
    assert!(!said.contains("会有同事来听"), "there is nothing to listen to: {said}");
    let files = files(&house, &person).await;
    assert!(files.len() == 2 && files.iter().all(|file| file.lost.is_some()), "{files:?}");
}

#[tokio::test]
async fn a_loss_is_noted_together_with_telling_of_it() {
    let (wechat, house, person) = begun("oTOGETHER").await;
    person.deliver(&photo(&person, "no-picture")).await;
    let stood = stands(&house, &person, "nothing that could be told").await;
    house.works().await;
    assert_eq!(files(&house, &person).await[0].lost, None);
    stands(&house, &person, &stood).await;
    replay(&house).await;
    house.works().await;
    assert!(wechat.texts().concat().contains("取不到"), "{:?}", wechat.texts());
    assert!(files(&house, &person).await[0].lost.is_some());
}

#[tokio::test]
async fn what_can_never_be_taken_in_is_acknowledged_kept_and_shown_to_staff() {
    let (_wechat, house, person) = begun("oSPOILT").await;
    person.says("您好").await;
    stands(&house, &person, "no state of ours").await;
    let push = person.message("text", "<Content>厨房漏水</Content>");
    for _ in 0..2 {
        let reply = person.deliver(&push).await;
        assert_eq!(
            (reply.status, reply.raw.as_str()),
            (StatusCode::OK, "success"),
            "else it would come again and be dropped"
        );
    }
    assert_eq!(house.flags().await, ["person_requested"]);
    let kept = thread(&house, &person).await.iter().filter(|entry| entry.body.contains("厨房漏水")).count();
    assert_eq!(kept, 1);
}
