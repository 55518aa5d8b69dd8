//! Photos and recordings that lie with WeChat: kept whoever listens.

use huifang::channel::wechat::Mode;
use huifang::intake::message::InboundBody;
use huifang::store;
use huifang::store::media::Media;
use huifang::store::thread::Entry;

use crate::fake_wechat::{FakeWechat, Follower};
use crate::house::{House, fixture};

async fn begun(openid: &str) -> (FakeWechat, House, Follower) {
    let wechat = FakeWechat::start().await;
    let house = House::open(wechat.channels(Mode::Secure)).await;
    let person = Follower::of(&house, openid, true);
    (wechat, house, person)
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
