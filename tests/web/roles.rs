//! Who may see and do what: every route of the console, asked for by every role, and the same page
//! by people of two regions.

use std::collections::BTreeMap;
use std::time::Duration;

use huifang::clock::Clock;
use huifang::domain::access::Right;
use huifang::domain::flag::{Flag, FlagKind};
use huifang::domain::ids::{ContactId, DialogueId, MediaId, ResponseId, StaffId, TicketId};
use huifang::domain::incident::{self, Incident};
use huifang::domain::recovery::{self, Recovery};
use huifang::domain::staff::{Role, Staff};
use huifang::domain::ticket::{Ticket, TicketKind};
use huifang::domain::understanding::Category;
use huifang::store::inbox::NewInbound;
use huifang::store::media::Media;
use huifang::store::responses::{Answer, NewResponse, Response};
use huifang::store::tickets::Filter;
use huifang::store::{self, Store, StoreError, Tx};
use reqwest::StatusCode;

use crate::console::Session;
use crate::demo::Demo;

/// A thing that is not there: who is let in is told so.
const NOWHERE: &str = "019a0000-0000-7000-8000-000000000000";

async fn open(demo: &Demo) -> Store {
    Store::open(&format!("sqlite:{}", demo.directory().join("data/huifang.db").display())).await.unwrap()
}

/// Somebody of each role and of a region, all with the demo's password.
pub async fn hires(demo: &Demo, people: &[(&'static str, Role, Option<&'static str>)]) {
    let (store, people) = (open(demo).await, people.to_vec());
    let hired = store.write(move |tx| {
        Box::pin(async move {
            let (_, hash) = store::staff::by_login(tx, "demo").await?.unwrap();
            for (login, role, region) in people {
                let new = Staff::new(Clock::system().new_id(), login, role, Clock::system().now());
                store::staff::insert(tx, &Staff { region: region.map(str::to_owned), ..new }, &hash).await?;
            }
            Ok::<_, StoreError>(())
        })
    });
    hired.await.unwrap();
    store.close().await;
}

/// The lines of the table at the door: method, path and right.
fn routes() -> Vec<(String, String, Option<Right>)> {
    let rights: BTreeMap<String, Right> = Right::ALL.into_iter().map(|right| (format!("{right:?}"), right)).collect();
    let table = include_str!("../../src/web/console/access.rs");
    let table = table.split("const ROUTES").nth(1).unwrap().split("];").next().unwrap();
    let line = |line: &str| {
        let mut parts = line.trim().strip_prefix("(\"")?.split('"');
        let (method, _, path) = (parts.next()?, parts.next()?, parts.next()?);
        let needs = parts.next()?;
        let right = needs.split("Right::").nth(1).map(|name| rights[name.trim_end_matches(['(', ')', ','])]);
        Some((method.to_owned(), path.to_owned(), right))
    };
    table.lines().filter_map(line).collect()
}

#[tokio::test]
async fn every_route_of_the_console_is_open_to_the_roles_that_have_the_right_and_to_no_other() {
    let demo = Demo::start();
    let people = Role::ALL.map(|role| (role.name(), role, None));
    hires(&demo, &people).await;
    let routes = routes();
    assert!(routes.len() > 50, "only {} routes were read", routes.len());
    for role in Role::ALL {
        let session = Session::begin_as(&demo, role.name()).await;
        let mut shut = 0;
        for (method, path, right) in &routes {
            let address = path.replace("{id}", NOWHERE).replace("{name}", "all.xlsx");
            let status = match method.as_str() {
                // It never ends.
                _ if path == "/console/events" => StatusCode::OK,
                "GET" => session.get(&address).await.status(),
                // A form without its token: whoever is let in is told that it is none.
                _ => session.submit(&address, &[]).await.status(),
            };
            let may = right.is_none_or(|right| role.has(right));
            assert_eq!(status == StatusCode::FORBIDDEN, !may, "{} {method} {path}: {status}", role.name());
            assert!(may || status == StatusCode::FORBIDDEN);
            shut += usize::from(!may);
        }
        let places = session.get("/console").await.text().await.unwrap();
        for (_, path, right) in routes.iter().filter(|(_, path, _)| places.contains(&format!("<a href=\"{path}\""))) {
            assert!(right.is_none_or(|right| role.has(right)), "{} is shown the way to {path}", role.name());
        }
        assert_eq!(shut == 0, role == Role::Admin, "{}", role.name());
        let all_but_accounts = routes.iter().filter(|(_, _, right)| *right == Some(Right::Accounts)).count();
        assert_eq!(
            shut == all_but_accounts,
            [Role::Manager, Role::Headquarters].contains(&role),
            "{}: all but the accounts",
            role.name()
        );
    }
}

/// The same address with the first letter of its id written as `%xx`, and with all of them.
fn spellings(address: &str) -> [String; 2] {
    let id = address.split('/').nth(3).unwrap();
    let encoded = |letters: &str| letters.bytes().fold(String::new(), |made, letter| format!("{made}%{letter:02x}"));
    [format!("{}{}", encoded(&id[..1]), &id[1..]), encoded(id)].map(|spelt| address.replacen(id, &spelt, 1))
}

/// A ticket somebody else has, one that nobody has, and a conversation, all of 华东.
async fn of_the_east(demo: &Demo) -> (TicketId, TicketId, DialogueId) {
    let store = open(demo).await;
    let found = store.write(move |tx| {
        Box::pin(async move {
            let projects = store::projects::list(tx).await?;
            let east: Vec<_> =
                projects.into_iter().filter(|project| project.region == "华东").map(|project| project.id).collect();
            let all = store::tickets::list(tx, &Filter { open: Some(true), ..Filter::default() }, 200).await?;
            let ours = |ticket: &&Ticket| ticket.project_id.is_some_and(|project| east.contains(&project));
            let assigned =
                all.iter().filter(ours).find(|ticket| ticket.assignee.is_some() && ticket.dialogue_id.is_some());
            let assigned = assigned.unwrap().clone();
            let pool = match all.iter().filter(ours).find(|ticket| ticket.assignee.is_none()) {
                Some(pool) => pool.id,
                None => {
                    let other = all.iter().filter(ours).find(|ticket| ticket.id != assigned.id).unwrap().clone();
                    let pool = other.release(Clock::system().now()).unwrap();
                    store::tickets::update(tx, &pool).await?;
                    pool.id
                }
            };
            Ok::<_, StoreError>((assigned.id, pool, assigned.dialogue_id.unwrap()))
        })
    });
    let found = found.await.unwrap();
    store.close().await;
    found
}

#[tokio::test]
async fn a_region_is_seen_by_its_own_people_and_the_pool_by_its_engineers() {
    let demo = Demo::start();
    hires(
        &demo,
        &[
            ("boss-east", Role::Manager, Some("华东")),
            ("boss-south", Role::Manager, Some("华南")),
            ("eng-east", Role::Engineer, Some("华东")),
            ("eng-south", Role::Engineer, Some("华南")),
            ("firm", Role::Subcontractor, None),
        ],
    )
    .await;
    let (assigned, pool, dialogue) = of_the_east(&demo).await;
    let pages = [
        format!("/console/tickets/{assigned}"),
        format!("/console/tickets/{pool}"),
        format!("/console/conversations/{dialogue}"),
    ];
    let mut seen = BTreeMap::new();
    for login in ["boss-east", "boss-south", "eng-east", "eng-south", "firm", "wanglan"] {
        let session = Session::begin_as(&demo, login).await;
        let mut row = Vec::new();
        for page in &pages {
            let status = session.get(page).await.status();
            for spelt in spellings(page) {
                assert_eq!(session.get(&spelt).await.status(), status, "{login}: {spelt}");
            }
            row.push(status.as_u16());
        }
        let board = session.get("/console/board?status=all").await.text().await.unwrap();
        let listed = [assigned, pool].map(|ticket| board.contains(&format!("/console/tickets/{ticket}")));
        assert_eq!(listed, [row[0] == 200, row[1] == 200], "{login}: the board shows what may be opened");
        seen.insert(login, row);
    }
    insta::assert_snapshot!(seen.iter().map(|(who, row)| format!("{who} {row:?}")).collect::<Vec<_>>().join("\n"), @r"
    boss-east [200, 200, 200]
    boss-south [403, 403, 403]
    eng-east [403, 200, 403]
    eng-south [403, 403, 403]
    firm [403, 403, 403]
    wanglan [200, 200, 200]
    ");
    let south = Session::begin_as(&demo, "eng-south").await;
    let refused = south.get(&pages[0]).await.text().await.unwrap();
    assert!(refused.contains("不在您的职责范围内") && refused.contains("/console/ledger"), "{refused}");
    assert!(!refused.contains("/console/import"));
    let take = format!("/console/tickets/{pool}/take");
    let fields = [("csrf", south.csrf.as_str())];
    assert_eq!(south.submit(&take, &fields).await.status(), StatusCode::FORBIDDEN);
    for spelt in spellings(&take) {
        assert_eq!(south.submit(&spelt, &fields).await.status(), StatusCode::FORBIDDEN, "{spelt}");
    }
    let east = Session::begin_as(&demo, "eng-east").await;
    let page = east.get(&pages[1]).await.text().await.unwrap();
    assert!(
        page.contains(&take) && !page.contains("/merge") && !page.contains("/note"),
        "only what is allowed is offered"
    );
    assert_eq!(east.submit(&take, &[("csrf", east.csrf.as_str())]).await.status(), StatusCode::SEE_OTHER);
    let page = east.get(&pages[1]).await.text().await.unwrap();
    assert!(page.contains("/note") && page.contains("/transfer") && !page.contains("/merge"), "theirs now");
}

#[tokio::test]
async fn who_acts_on_a_ticket_a_moment_too_late_is_told_that_it_changed_hands() {
    let demo = Demo::start();
    hires(&demo, &[("boss-east", Role::Manager, Some("华东")), ("eng-east", Role::Engineer, Some("华东"))]).await;
    let (_, pool, _) = of_the_east(&demo).await;
    let page = format!("/console/tickets/{pool}");
    let take = format!("{page}/take");
    let engineer = Session::begin_as(&demo, "eng-east").await;
    assert_eq!(engineer.get(&page).await.status(), StatusCode::OK);
    let boss = Session::begin_as(&demo, "boss-east").await;
    assert_eq!(boss.submit(&take, &[("csrf", boss.csrf.as_str())]).await.status(), StatusCode::SEE_OTHER);
    let late = engineer.submit(&take, &[("csrf", engineer.csrf.as_str())]).await;
    assert_eq!(late.status(), StatusCode::CONFLICT);
    let told = late.text().await.unwrap();
    assert!(told.contains("刚刚换了人负责") && told.contains("/console/ledger"), "{told}");
    assert_eq!(engineer.get(&page).await.status(), StatusCode::FORBIDDEN, "it is not theirs to see");
}

/// By what a form names somebody of the staff.
async fn id_of(demo: &Demo, login: &'static str) -> String {
    let store = open(demo).await;
    let found = store.read(move |tx| Box::pin(async move { store::staff::by_login(tx, login).await })).await;
    let (person, _) = found.map_err(|error: StoreError| error).unwrap().unwrap();
    store.close().await;
    person.id.to_string()
}

#[tokio::test]
async fn who_hands_a_ticket_on_comes_back_to_it_or_to_the_board_where_it_is_no_more_theirs_to_see() {
    let demo = Demo::start();
    hires(
        &demo,
        &[
            ("boss-east", Role::Manager, Some("华东")),
            ("eng-east", Role::Engineer, Some("华东")),
            ("eng-south", Role::Engineer, Some("华南")),
            ("firm", Role::Subcontractor, None),
        ],
    )
    .await;
    let (_, pool, _) = of_the_east(&demo).await;
    let page = format!("/console/tickets/{pool}");
    let hands_on = async |session: &Session, act: &str, to: &str| {
        let fields = [("csrf", session.csrf.as_str()), ("staff", to), ("reason", "holiday")];
        let answer = session.submit(&format!("{page}/{act}"), &fields).await;
        assert_eq!(answer.status(), StatusCode::SEE_OTHER, "{act} {to}");
        let back = answer.headers()["location"].to_str().unwrap().to_owned();
        assert_eq!(session.get(&back).await.status(), StatusCode::OK, "{act} {to}: {back}");
        back
    };
    let (east, south, firm) =
        (id_of(&demo, "eng-east").await, id_of(&demo, "eng-south").await, id_of(&demo, "firm").await);
    let boss = Session::begin_as(&demo, "boss-east").await;
    assert_eq!(hands_on(&boss, "transfer", &east).await, page, "a manager sees whoever has it");
    let engineer = Session::begin_as(&demo, "eng-east").await;
    assert_eq!(hands_on(&engineer, "transfer", &south).await, "/console");
    assert_eq!(hands_on(&boss, "transfer", &firm).await, page);
    let subcontractor = Session::begin_as(&demo, "firm").await;
    assert_eq!(hands_on(&subcontractor, "release", "").await, "/console");
    assert_eq!(hands_on(&boss, "transfer", &east).await, page);
    assert_eq!(hands_on(&engineer, "release", "").await, page, "it lies in the pool of their region");
}

/// A client with a flat and an open ticket.
struct Client {
    contact: ContactId,
    ticket: TicketId,
    number: String,
}

const SOUTH_PHONE: &str = "13900008888";

/// Returns two clients of 华东 and one of 华南, whose telephone is known.
async fn neighbours(demo: &Demo) -> ([Client; 2], Client) {
    let store = open(demo).await;
    let found = store.write(move |tx| {
        Box::pin(async move {
            let mut clients = BTreeMap::<String, Vec<Client>>::new();
            for ticket in store::tickets::list(tx, &Filter { open: Some(true), ..Filter::default() }, 200).await? {
                let Some(project) = ticket.project_id else { continue };
                let region = store::projects::find(tx, project).await?.unwrap().region;
                let homes = store::contact_units::list(tx, ticket.contact_id).await?;
                let here = clients.entry(region).or_default();
                let new = here.iter().all(|client| client.contact != ticket.contact_id);
                if new && !homes.is_empty() && homes.iter().all(|home| home.project_id == project) {
                    here.push(Client { contact: ticket.contact_id, ticket: ticket.id, number: ticket.number });
                }
            }
            let mut east = clients.remove("华东").unwrap().into_iter();
            let south = clients.remove("华南").unwrap().remove(0);
            store::contacts::show_phone(tx, south.contact, SOUTH_PHONE, Clock::system().now()).await?;
            Ok::<_, StoreError>(([east.next().unwrap(), east.next().unwrap()], south))
        })
    });
    let found = found.await.unwrap();
    store.close().await;
    found
}

#[tokio::test]
async fn what_a_form_names_besides_its_address_is_not_there_for_those_of_another_region() {
    let demo = Demo::start();
    let ([wang, other], far) = neighbours(&demo).await;
    let zhou = Session::begin_as(&demo, "zhoumin").await;
    let page = format!("/console/contacts/{}", far.contact);
    assert_eq!(zhou.get(&page).await.status(), StatusCode::FORBIDDEN);
    for spelt in spellings(&format!("{page}/forget")) {
        let fields = [("csrf", zhou.csrf.as_str()), ("sure", "yes")];
        assert_eq!(zhou.submit(&spelt, &fields).await.status(), StatusCode::FORBIDDEN, "{spelt}");
    }

    let unite = format!("/console/contacts/{}/unite", wang.contact);
    for named in [far.contact.to_string(), format!("/console/contacts/{}", far.contact), SOUTH_PHONE.to_owned()] {
        let fields = [("csrf", zhou.csrf.as_str()), ("other", named.as_str()), ("sure", "yes")];
        assert_eq!(zhou.submit(&unite, &fields).await.status(), StatusCode::NOT_FOUND, "{named}");
    }
    let nobody = [("csrf", zhou.csrf.as_str()), ("other", NOWHERE), ("sure", "yes")];
    assert_eq!(zhou.submit(&unite, &nobody).await.status(), StatusCode::NOT_FOUND, "as of nobody at all");

    let merge = format!("/console/tickets/{}/merge", wang.ticket);
    let into = |number: &str| [("csrf", zhou.csrf.clone()), ("into", number.to_owned()), ("reason", "same".to_owned())];
    let post = async |fields: [(&str, String); 3]| {
        let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        zhou.submit(&merge, &fields).await.status()
    };
    assert_eq!(post(into(&far.number)).await, StatusCode::NOT_FOUND);
    assert_eq!(post(into(&far.number.to_lowercase())).await, StatusCode::NOT_FOUND);
    assert_eq!(post(into("HF0001-0001")).await, StatusCode::NOT_FOUND, "as of none at all");

    let store = open(&demo).await;
    let found = store.read(move |tx| {
        Box::pin(async move {
            let joined = store::contacts::find(tx, far.contact).await?.unwrap().merged_into;
            let merged = store::tickets::find(tx, wang.ticket).await?.unwrap().merged_into;
            let words = store::tickets::find(tx, far.ticket).await?.unwrap().description;
            Ok::<_, StoreError>((joined, merged, words))
        })
    });
    let (joined, merged, words) = found.await.unwrap();
    store.close().await;
    assert_eq!((joined, merged), (None, None));
    assert!(!words.contains("[HF"), "{words}");

    // What is of their own region they may name.
    assert_eq!(post(into(&other.number)).await, StatusCode::SEE_OTHER);
    let fields = [("csrf", zhou.csrf.as_str()), ("other", &*other.contact.to_string()), ("sure", "yes")];
    assert_eq!(zhou.submit(&unite, &fields).await.status(), StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn the_number_of_a_ticket_leads_to_it_for_whoever_may_see_it() {
    let demo = Demo::start();
    let ([wang, _], far) = neighbours(&demo).await;
    let zhou = Session::begin_as(&demo, "zhoumin").await;
    let asked = async |number: &str| zhou.get(&format!("/console/contacts?q={number}")).await;
    for typed in [wang.number.clone(), wang.number.to_lowercase(), wang.number.replace('-', "")] {
        let answer = asked(&typed).await;
        assert_eq!(answer.status(), StatusCode::SEE_OTHER, "{typed}");
        let there = answer.headers()["location"].to_str().unwrap();
        assert_eq!(there, format!("/console/tickets/{}", wang.ticket), "{typed}");
    }
    for typed in [far.number.as_str(), "HF0001-0001"] {
        let answer = asked(typed).await;
        assert_eq!(answer.status(), StatusCode::OK, "{typed}");
        assert!(answer.text().await.unwrap().contains("没有找到"), "{typed}");
    }
}

/// A client of a region who was won back.
async fn won_back(demo: &Demo, region: &'static str) {
    let store = open(demo).await;
    let written = store.write(move |tx| {
        Box::pin(async move {
            let (clock, projects) = (Clock::system(), store::projects::list(tx).await?);
            let project = projects.into_iter().find(|project| project.region == region).unwrap().id;
            let response = NewResponse {
                id: clock.new_id(),
                survey: "maintenance".to_owned(),
                survey_version: 1,
                contact_id: None,
                unit_id: None,
                project_id: Some(project),
                dialogue_id: None,
                started_at: clock.now(),
            };
            store::responses::start(tx, &response).await?;
            let recovery = Recovery {
                id: clock.new_id(),
                response_id: response.id,
                contact_id: None,
                unit_id: None,
                project_id: Some(project),
                status: recovery::Status::Recovered,
                person: None,
                deadline_at: clock.now(),
                root_cause: None,
                review: None,
                visit_id: None,
                first_score: 1.5,
                second_score: Some(4.5),
                created_at: clock.now(),
                ended_at: Some(clock.now()),
            };
            store::recoveries::open(tx, &recovery).await
        })
    });
    written.await.map_err(|error: StoreError| error).unwrap();
    store.close().await;
}

#[tokio::test]
async fn the_rate_of_recovery_is_that_of_the_region_of_whoever_asks() {
    let demo = Demo::start();
    hires(&demo, &[("boss-east", Role::Manager, Some("华东")), ("boss-south", Role::Manager, Some("华南"))]).await;
    let measured = async |login: &str| {
        let page = Session::begin_as(&demo, login).await.get("/console/recoveries").await.text().await.unwrap();
        page.split("<dd>").nth(2).unwrap().split('<').next().unwrap().to_owned()
    };
    assert_eq!(measured("demo").await, "0 / 0");
    won_back(&demo, "华南").await;
    assert_eq!(measured("demo").await, "1 / 1");
    assert_eq!(measured("boss-south").await, "1 / 1");
    assert_eq!(measured("boss-east").await, "0 / 0", "a figure of another region");
}

/// A fault of two homes of 华东, with the flag that warns of it.
struct Shared {
    /// Its page, as a link names it.
    link: String,
    number: String,
    project: String,
    /// One of its tickets.
    ticket: TicketId,
}

async fn shared_fault(demo: &Demo) -> Shared {
    let store = open(demo).await;
    let made = store.write(move |tx| {
        Box::pin(async move {
            let (clock, now) = (Clock::system(), Clock::system().now());
            let open = Filter { open: Some(true), ..Filter::default() };
            let projects = store::projects::list(tx).await?;
            let east = projects.into_iter().find(|project| project.region == "华东").unwrap();
            let all = store::tickets::list(tx, &open, 200).await?;
            let ours = |ticket: &&Ticket| ticket.project_id == Some(east.id) && ticket.assignee.is_some();
            let first = all.iter().filter(ours).find(|ticket| ticket.unit_id.is_some()).unwrap();
            let other = |ticket: &&Ticket| ticket.unit_id.is_some() && ticket.unit_id != first.unit_id;
            let second = all.iter().filter(ours).find(other).unwrap();
            let incident = Incident {
                id: clock.new_id(),
                number: String::new(),
                project_id: east.id,
                building: Some("2".to_owned()),
                category: Category::Leak,
                component: None,
                status: incident::Status::Open,
                opened_at: now,
                ended_at: None,
            };
            let incident = store::incidents::open(tx, incident).await?;
            for ticket in [first.id, second.id] {
                store::incidents::join(tx, ticket, incident.id).await?;
            }
            let flag = Flag::raised(clock.new_id(), FlagKind::BatchDefect, now);
            store::flags::raise(tx, &Flag { detail: format!("incident={}", incident.number), ..flag }).await?;
            let link = format!("href=\"/console/incidents/{}\"", incident.id);
            Ok::<_, StoreError>(Shared { link, number: incident.number, project: east.name, ticket: first.id })
        })
    });
    let made = made.await.unwrap();
    store.close().await;
    made
}

#[tokio::test]
async fn a_fault_of_several_homes_is_one_step_away_for_whoever_may_see_it_and_a_number_for_others() {
    let demo = Demo::start();
    hires(
        &demo,
        &[
            ("boss-east", Role::Manager, Some("华东")),
            ("boss-south", Role::Manager, Some("华南")),
            ("firm", Role::Subcontractor, None),
        ],
    )
    .await;
    let Shared { link, number, project, ticket } = shared_fault(&demo).await;
    let (east, south) = (Session::begin_as(&demo, "boss-east").await, Session::begin_as(&demo, "boss-south").await);
    let flag = async |session: &Session| {
        let board = session.get("/console").await.text().await.unwrap();
        let flag = board.split("<li class=\"flag").find(|flag| flag.contains("疑似批量缺陷")).unwrap();
        flag.split("</li>").next().unwrap().to_owned()
    };
    let shown = flag(&east).await;
    assert!(shown.contains(&link) && shown.contains(&number), "{shown}");
    assert!(shown.contains(&format!("{project} 2栋")) && shown.contains("渗漏 · 2 户"), "{shown}");
    let shown = flag(&south).await;
    assert!(shown.contains(&number) && !shown.contains(&link) && !shown.contains(&project), "{shown}");

    let page = format!("/console/tickets/{ticket}");
    for path in [page.as_str(), "/console/ledger"] {
        let shown = east.get(path).await.text().await.unwrap();
        assert!(shown.contains(&link) && shown.contains(&number), "{path}: {shown}");
    }
    let to = id_of(&demo, "firm").await;
    let hands_on = [("csrf", east.csrf.as_str()), ("staff", to.as_str()), ("reason", "holiday")];
    assert_eq!(east.submit(&format!("{page}/transfer"), &hands_on).await.status(), StatusCode::SEE_OTHER);
    let firm = Session::begin_as(&demo, "firm").await;
    for path in [page.as_str(), "/console/ledger"] {
        let shown = firm.get(path).await;
        assert_eq!(shown.status(), StatusCode::OK, "{path}");
        assert!(!shown.text().await.unwrap().contains(&link), "{path} leads to a page that is not theirs");
    }
    assert!(firm.get("/console/ledger").await.text().await.unwrap().contains(&number));
}

#[tokio::test]
async fn an_emergency_stays_on_the_board_however_much_is_newer_elsewhere() {
    let demo = Demo::start();
    let ([near, _], far) = neighbours(&demo).await;
    let store = open(&demo).await;
    let raised = store.write(move |tx| {
        Box::pin(async move {
            let clock = Clock::system();
            let now = clock.now();
            let mut gas = Flag::raised(clock.new_id(), FlagKind::Emergency, now - Duration::from_secs(3 * 86_400));
            gas.ticket_id = Some(far.ticket);
            store::flags::raise(tx, &gas).await?;
            for n in 0..450 {
                let mut late = Flag::raised(clock.new_id(), FlagKind::SlaWarning, now - Duration::from_secs(n));
                late.ticket_id = Some(near.ticket);
                store::flags::raise(tx, &late).await?;
            }
            Ok::<_, StoreError>(gas.id)
        })
    });
    let gas = format!("data-key=\"{}\"", raised.await.unwrap());
    store.close().await;
    hires(&demo, &[("boss-south", Role::Manager, Some("华南"))]).await;
    for login in ["demo", "boss-south"] {
        let board = Session::begin_as(&demo, login).await.get("/console/board").await.text().await.unwrap();
        let place = board.find(&gas).unwrap_or_else(|| panic!("{login} does not see the emergency"));
        let other = board.find("<li class=\"flag \"").unwrap_or(board.len());
        assert!(place < other, "{login}: an emergency comes before what is none");
        let shown = board.matches("<li class=\"flag").count();
        let count = board.split("<span class=\"count").nth(1).unwrap().split(['>', '<']).nth(1).unwrap();
        let count: usize = count.parse().unwrap();
        if login == "demo" {
            assert!(count > 450, "{count} are said to be open");
            assert_eq!(shown, 100);
            assert!(board.contains("只显示前 100 条"), "the board says that it shows not all");
        } else {
            assert_eq!(count, shown, "all of a region that has few");
            assert!(!board.contains("只显示前 100 条"));
        }
    }
    // What warned of the clocks of a ticket goes with it.
    let session = Session::begin(&demo).await;
    let fields = [("csrf", session.csrf.as_str()), ("reason", "withdrawn")];
    let closed = session.submit(&format!("/console/tickets/{}/close", near.ticket), &fields).await;
    assert_eq!(closed.status(), StatusCode::SEE_OTHER);
    let board = session.get("/console/board").await.text().await.unwrap();
    assert!(board.matches("data-key=").count() < 100 && !board.contains("只显示前 100 条"), "{board}");
}

/// What a client answered, where they write, and the recording of an answer.
struct Answered {
    dialogue: DialogueId,
    response: ResponseId,
    recording: MediaId,
}

/// The latest response of somebody in a project of an engineer who has no open ticket.
async fn without_ticket(tx: &mut Tx, engineer: &str) -> Result<Response, StoreError> {
    let (engineer, _) = store::staff::by_login(tx, engineer).await?.unwrap();
    for response in store::responses::list(tx, &store::responses::Filter::default(), 200).await? {
        let (Some(unit), Some(contact), Some(_)) = (response.unit_id, response.contact_id, response.dialogue_id) else {
            continue;
        };
        // In some seasons the demo has just sent a survey that nobody has answered yet.
        if store::responses::answers(tx, response.id).await?.is_empty() {
            continue;
        }
        let project = store::units::find(tx, unit).await?.unwrap().project_id;
        let theirs = store::projects::find(tx, project).await?.unwrap().engineer_id == Some(engineer.id);
        if theirs && store::tickets::open_for_contact(tx, contact).await?.is_empty() {
            return Ok(response);
        }
    }
    panic!("everybody has an open ticket")
}

/// Makes the first answer of such a response one that was spoken.
async fn answers_by_voice(demo: &Demo, engineer: &'static str) -> Answered {
    let store = open(demo).await;
    let written = store.write(move |tx| {
        Box::pin(async move {
            let clock = Clock::system();
            let response = without_ticket(tx, engineer).await?;
            let mut files = Vec::new();
            for ticket in store::tickets::list(tx, &Filter { open: Some(true), ..Filter::default() }, 200).await? {
                files.extend(store::media::list_for_ticket(tx, ticket.id).await?);
            }
            let known = files.into_iter().find(|file| file.kind == "voice").unwrap();
            let file = Media { id: clock.new_id(), dialogue_id: response.dialogue_id, ..known };
            store::media::insert(tx, &file).await?;
            store::transcripts::pending(tx, file.id, None, clock.now()).await?;
            let first = store::responses::answers(tx, response.id).await?.remove(0);
            let spoken = Answer { source: "voice".to_owned(), media_id: Some(file.id), ..first };
            store::responses::answer(tx, &spoken).await?;
            let dialogue = response.dialogue_id.unwrap();
            Ok::<_, StoreError>(Answered { dialogue, response: response.id, recording: file.id })
        })
    });
    let answered = written.await.unwrap();
    store.close().await;
    answered
}

/// The person of a response reports something, which an engineer gets.
async fn reports(demo: &Demo, response: ResponseId, engineer: &'static str) -> TicketId {
    let store = open(demo).await;
    let filed = store.write(move |tx| {
        Box::pin(async move {
            let (clock, now) = (Clock::system(), Clock::system().now());
            let of = store::responses::find(tx, response).await?.unwrap();
            let (engineer, _) = store::staff::by_login(tx, engineer).await?.unwrap();
            let project = store::units::find(tx, of.unit_id.unwrap()).await?.unwrap().project_id;
            let new = Ticket::reported(clock.new_id(), TicketKind::Repair, of.contact_id.unwrap(), now);
            let (unit_id, dialogue_id) = (of.unit_id, of.dialogue_id);
            let new = Ticket { unit_id, project_id: Some(project), dialogue_id, ..new };
            let filed = store::tickets::file(tx, new.assign(engineer.id, now).unwrap()).await?;
            Ok::<_, StoreError>(filed.id)
        })
    });
    let filed = filed.await.unwrap();
    store.close().await;
    filed
}

/// The person of a conversation writes.
async fn writes(demo: &Demo, dialogue: DialogueId, words: &'static str) {
    let store = open(demo).await;
    let new = NewInbound {
        id: Clock::system().new_id(),
        channel: "web".to_owned(),
        external_id: words.to_owned(),
        dialogue_id: dialogue,
        kind: "text".to_owned(),
        body: serde_json::json!({ "text": words }).to_string(),
        received_at: Clock::system().now(),
    };
    let written = store.write(move |tx| Box::pin(async move { store::inbox::remember(tx, &new).await }));
    written.await.map_err(|error: StoreError| error).unwrap();
    store.close().await;
}

#[tokio::test]
async fn a_page_shows_no_conversation_and_offers_no_answer_that_the_door_refuses() {
    let demo = Demo::start();
    let Answered { dialogue, response, recording } = answers_by_voice(&demo, "lijun").await;
    let (answers, talk) = (format!("/console/responses/{response}"), format!("/console/conversations/{dialogue}"));
    let media = format!("/console/media/{recording}");
    let (engineer, manager) = (Session::begin_as(&demo, "lijun").await, Session::begin_as(&demo, "zhoumin").await);
    let read = async |session: &Session, path: &str| {
        let answer = session.get(path).await;
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        answer.text().await.unwrap()
    };
    writes(&demo, dialogue, "周末都在家").await;
    let holds = |page: &str, words: &str| [page.contains(words), page.contains(&format!("{talk}/reply"))];

    // What was answered is theirs, with its recording; the conversation is not.
    assert_eq!(engineer.get(&talk).await.status(), StatusCode::FORBIDDEN);
    let page = read(&engineer, &answers).await;
    assert_eq!(holds(&page, "周末都在家"), [false, false]);
    assert!(page.contains(&format!("src=\"{media}\"")), "{page}");
    assert_eq!(engineer.get(&media).await.status(), StatusCode::OK);
    assert!(page.contains(&format!("action=\"{media}/transcript\"")), "{page}");
    let heard = [("csrf", engineer.csrf.as_str()), ("text", "four"), ("back", answers.as_str())];
    assert_eq!(engineer.submit(&format!("{media}/transcript"), &heard).await.status(), StatusCode::SEE_OTHER);
    assert_eq!(holds(&read(&manager, &answers).await, "周末都在家"), [true, true]);

    // It is theirs as long as the person has a ticket with them.
    let id = reports(&demo, response, "lijun").await;
    let ticket = format!("/console/tickets/{id}");
    for path in [&ticket, &answers, &talk] {
        assert_eq!(holds(&read(&engineer, path).await, "周末都在家"), [true, true], "{path}");
    }
    let fields = [("csrf", manager.csrf.as_str()), ("reason", "withdrawn")];
    assert_eq!(manager.submit(&format!("{ticket}/close"), &fields).await.status(), StatusCode::SEE_OTHER);
    writes(&demo, dialogue, "下周搬走了").await;
    assert_eq!(engineer.get(&talk).await.status(), StatusCode::FORBIDDEN);
    for path in [&ticket, &answers] {
        assert_eq!(holds(&read(&engineer, path).await, "下周搬走了"), [false, false], "{path}");
        assert_eq!(holds(&read(&manager, path).await, "下周搬走了"), [true, true], "{path}");
    }
}

/// How far a page is told at once that a conversation has come which it follows; 0: nothing of it.
async fn follows(demo: &Demo, login: &str, dialogue: DialogueId) -> i64 {
    let session = Session::begin_as(demo, login).await;
    let mut live = session.get(&format!("/console/events?dialogue={dialogue}")).await;
    let mut told = String::new();
    while !told.contains("\n\n") {
        let chunk = live.chunk().await.unwrap().unwrap();
        told.push_str(std::str::from_utf8(&chunk).unwrap());
    }
    told.split("data: ").nth(1).unwrap().split('.').nth(1).unwrap().parse().unwrap()
}

/// Gives all that is open of the person of a conversation to somebody, or puts it into the pool.
async fn gives(demo: &Demo, dialogue: DialogueId, to: Option<StaffId>) {
    let store = open(demo).await;
    let given = store.write(move |tx| {
        Box::pin(async move {
            let contact = store::dialogues::find(tx, dialogue).await?.unwrap().contact_id.unwrap();
            for ticket in store::tickets::open_for_contact(tx, contact).await? {
                store::tickets::update(tx, &Ticket { assignee: to, ..ticket }).await?;
            }
            Ok::<_, StoreError>(())
        })
    });
    given.await.unwrap();
    store.close().await;
}

#[tokio::test]
async fn whoever_sees_neither_a_conversation_nor_a_ticket_of_it_is_told_nothing_of_it() {
    let demo = Demo::start();
    hires(
        &demo,
        &[
            ("boss-east", Role::Manager, Some("华东")),
            ("boss-south", Role::Manager, Some("华南")),
            ("eng-east", Role::Engineer, Some("华东")),
        ],
    )
    .await;
    let (_, _, dialogue) = of_the_east(&demo).await;
    let boss: StaffId = id_of(&demo, "boss-east").await.parse().unwrap();
    gives(&demo, dialogue, Some(boss)).await;
    let told = async |login: &'static str| follows(&demo, login, dialogue).await > 0;
    assert!(told("boss-east").await, "it is of their region");
    assert!(!told("boss-south").await && !told("eng-east").await);
    gives(&demo, dialogue, None).await;
    assert!(told("eng-east").await, "the page of a ticket in the pool shows what was said");
    assert!(!told("boss-south").await);
}
