//! `huifang qr`: sheets of codes, each of which binds to its own unit.

use data_encoding::HEXLOWER;
use huifang::clock::Clock;
use huifang::domain::ids::{ProjectId, UnitId};
use huifang::domain::project::{Project, ProjectKind, Unit};
use huifang::domain::token::TokenKey;
use huifang::store::{self, Store};

use crate::fake_kf::ACCOUNT;
use crate::fake_telegram::{FakeTelegram, TOKEN};
use crate::fake_wechat::{APP_ID, APP_SECRET, FakeWechat, KEY};
use crate::fake_wecom::{self, FakeWecom};
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

/// What a reader that is not ours finds in the codes of a drawing, in their order.
fn read(svg: &str) -> Vec<String> {
    const SCALE: usize = 4;
    let document = roxmltree::Document::parse(svg).unwrap();
    let paths = document.descendants().filter_map(|node| node.attribute("d"));
    let codes = paths.map(|path| {
        // M{column} {row}h{length}v1h-{length}z
        let stretch = |part: &str| {
            let (at, rest) = part.split_once('h').unwrap();
            let (column, row) = at.split_once(' ').unwrap();
            let number = |text: &str| text.parse::<usize>().unwrap();
            (number(column), number(row), number(rest.split_once('v').unwrap().0))
        };
        let dark: Vec<_> = path.split('M').filter(|part| !part.is_empty()).map(stretch).collect();
        let side = dark.iter().map(|(_, row, _)| row + 1).max().unwrap() + 8;
        let at = |pixel: usize| (pixel / SCALE).checked_sub(4);
        let shade = |x: usize, y: usize| match (at(x), at(y)) {
            (Some(x), Some(y))
                if dark.iter().any(|(from, row, long)| *row == y && (*from..from + long).contains(&x)) =>
            {
                0
            }
            _ => 255,
        };
        let mut picture = rqrr::PreparedImage::prepare_from_greyscale(side * SCALE, side * SCALE, shade);
        picture.detect_grids()[0].decode().unwrap().1
    });
    codes.collect()
}

#[tokio::test]
async fn a_sheet_holds_a_code_for_every_unit_of_a_project_and_channel() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).display().to_string();
    let url = format!("sqlite:{}", at("huifang.db"));
    let store = Store::open(&url).await.unwrap();
    store.migrate().await.unwrap();
    let units = project(&store, 14).await;
    let (telegram, wechat, wecom) = (FakeTelegram::start().await, FakeWechat::start().await, FakeWecom::start().await);
    wecom.opens_account();
    let agent = fake_wecom::AGENT.to_string();
    let set = [
        ("HUIFANG_DATABASE__URL", url.as_str()),
        ("HUIFANG_TELEGRAM__TOKEN", TOKEN),
        ("HUIFANG_TELEGRAM__API_URL", telegram.url.as_str()),
        ("HUIFANG_WECHAT__API_URL", wechat.url.as_str()),
        ("HUIFANG_WECHAT__APP_ID", APP_ID),
        ("HUIFANG_WECHAT__APP_SECRET", APP_SECRET),
        ("HUIFANG_WECHAT__TOKEN", "spamtest"),
        ("HUIFANG_WECHAT__ENCODING_AES_KEY", KEY),
        ("HUIFANG_WECOM__API_URL", wecom.url.as_str()),
        ("HUIFANG_WECOM__CORP_ID", fake_wecom::CORP_ID),
        ("HUIFANG_WECOM__AGENT_ID", agent.as_str()),
        ("HUIFANG_WECOM__SECRET", fake_wecom::SECRET),
        ("HUIFANG_WECOM__TOKEN", fake_wecom::TOKEN),
        ("HUIFANG_WECOM__ENCODING_AES_KEY", fake_wecom::KEY),
    ];
    let draw = async |channel: &str, file: &str| {
        let arguments = ["qr", "--project", "CH-1", "--channel", channel, &at(file)];
        program(&set, &arguments, "").await
    };
    for (channel, file) in [("telegram", "a.svg"), ("web", "b.pdf"), ("wechat", "c.svg"), ("wecom_kf", "d.svg")] {
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

    // Each code leads to its own unit, whatever it leads through; customer service is asked for one link alone.
    for (file, before) in [
        ("a.svg", "https://t.me/huifang_bot?start="),
        ("d.svg", "https://work.weixin.qq.com/kf/AJ2GCA?enc_scene=ENC&scene_param="),
    ] {
        let drawn = read(&std::fs::read_to_string(at(file)).unwrap());
        let unit = |content: &String| key.verify(content.strip_prefix(before).unwrap(), Clock::system().now()).unwrap();
        assert_eq!(drawn.iter().map(unit).collect::<Vec<_>>(), units, "{file}");
    }
    assert_eq!(wecom.at_desk(|desk| desk.links), 1);
    for (name, status) in [("翠湖花园客服", "exit 0"), (ACCOUNT, "exit 0"), ("别处", "exit 1")] {
        let file = at("e.svg");
        let arguments = ["qr", "--project", "CH-1", "--channel", "wecom_kf", "--account", name, &file];
        assert!(program(&set, &arguments, "").await.ends_with(status), "{name}");
    }

    for (arguments, status) in [
        (vec!["qr", "--project", "CH-2", "--channel", "web", "d.svg"], "exit 1"),
        (vec!["qr", "--project", "CH-1", "--channel", "web", "d.png"], "exit 1"),
        (vec!["qr", "--project", "CH-1", "--channel", "fax", "d.svg"], "exit 2"),
    ] {
        assert!(program(&set, &arguments, "").await.ends_with(status), "{arguments:?}");
    }
}
