//! `huifang qr`: sheets of codes, each of which binds to its own unit.

use data_encoding::HEXLOWER;
use huifang::clock::Clock;
use huifang::domain::ids::{ProjectId, UnitId};
use huifang::domain::project::{Project, ProjectKind, Unit};
use huifang::domain::token::TokenKey;
use huifang::store::{self, Store};

use crate::fake_telegram::{FakeTelegram, TOKEN};
use crate::fake_wechat::{APP_ID, APP_SECRET, FakeWechat, KEY};
use crate::house::program;

async fn project(store: &Store, count: usize) -> Vec<UnitId> {
    let clock = Clock::system();
    let project: ProjectId = clock.new_id();
    let units: Vec<UnitId> = (0..count).map(|_| clock.new_id()).collect();
    let ids = units.clone();
    let stored = store.write(move |tx| {
        Box::pin(async move {
            let code = Some("CH-1".to_owned());
            let row = Project { code, ..Project::new(project, "翠湖花园", ProjectKind::Housing) };
            store::projects::insert(tx, &row).await?;
            for (number, id) in (1201..).zip(ids) {
                store::units::insert(tx, &Unit::new(id, project, format!("3栋2单元{number}"))).await?;
            }
            Ok::<_, store::StoreError>(())
        })
    });
    stored.await.unwrap();
    units
}

#[tokio::test]
async fn a_sheet_holds_a_code_for_every_unit_of_a_project_and_channel() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).display().to_string();
    let url = format!("sqlite:{}", at("huifang.db"));
    let store = Store::open(&url).await.unwrap();
    store.migrate().await.unwrap();
    let units = project(&store, 14).await;
    let (telegram, wechat) = (FakeTelegram::start().await, FakeWechat::start().await);
    let set = [
        ("HUIFANG_DATABASE__URL", url.as_str()),
        ("HUIFANG_TELEGRAM__TOKEN", TOKEN),
        ("HUIFANG_TELEGRAM__API_URL", telegram.url.as_str()),
        ("HUIFANG_WECHAT__API_URL", wechat.url.as_str()),
        ("HUIFANG_WECHAT__APP_ID", APP_ID),
        ("HUIFANG_WECHAT__APP_SECRET", APP_SECRET),
        ("HUIFANG_WECHAT__TOKEN", "spamtest"),
        ("HUIFANG_WECHAT__ENCODING_AES_KEY", KEY),
    ];
    let draw = async |channel: &str, file: &str| {
        let arguments = ["qr", "--project", "CH-1", "--channel", channel, &at(file)];
        program(&set, &arguments, "").await
    };
    for (channel, file) in [("telegram", "a.svg"), ("web", "b.pdf"), ("wechat", "c.svg")] {
        let said = draw(channel, file).await;
        assert!(said.starts_with("14 codes on 2 sheets: ") && said.ends_with("exit 0"), "{said}");
    }
    let pictures = ["qr", "--project", "CH-1", "--channel", "web", "--format", "png", &at("pictures")];
    assert!(program(&set, &pictures, "").await.ends_with("exit 0"));
    let mut names: Vec<_> = std::fs::read_dir(at("pictures"))
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!((names.len(), names[0].as_str()), (14, "0001-3栋2单元1201.png"));
    let svg = std::fs::read_to_string(at("a.svg")).unwrap();
    assert!((1201..1215).all(|number| svg.contains(&format!("3栋2单元{number}"))));
    assert!(std::fs::read(at("b.pdf")).unwrap().starts_with(b"%PDF-"));

    // What WeChat is asked to put into its codes binds to the units, one each.
    let key = store.read(|tx| Box::pin(async move { store::settings::get(tx, "token_key").await })).await;
    let key = HEXLOWER.decode(key.map_err(|error: store::StoreError| error).unwrap().unwrap().as_bytes()).unwrap();
    let key = TokenKey::new(key.try_into().unwrap());
    let scene = |body: &serde_json::Value| {
        assert_eq!(body["action_name"], "QR_LIMIT_STR_SCENE");
        key.verify(body["action_info"]["scene"]["scene_str"].as_str().unwrap(), Clock::system().now()).unwrap()
    };
    assert_eq!(wechat.taken("qrcode/create").iter().map(scene).collect::<Vec<_>>(), units);

    for (arguments, status) in [
        (vec!["qr", "--project", "CH-2", "--channel", "web", "d.svg"], "exit 1"),
        (vec!["qr", "--project", "CH-1", "--channel", "web", "d.png"], "exit 1"),
        (vec!["qr", "--project", "CH-1", "--channel", "fax", "d.svg"], "exit 2"),
    ] {
        assert!(program(&set, &arguments, "").await.ends_with(status), "{arguments:?}");
    }
}
