//! The pages staff works with, looked at by a real Chromium on a phone and at a desk: nothing scrolls
//! sideways, nothing is too small for a thumb, nothing is untranslated, no list is empty without a word.

use std::time::Duration;

use huifang::clock::Clock;
use huifang::domain::flag::{Flag, FlagKind};
use huifang::domain::ids::{DialogueId, IncidentId, RecoveryId, TicketId, VisitId};
use huifang::domain::incident::{self, Incident};
use huifang::domain::reach::Shut;
use huifang::domain::recovery::{Recovery, RootCause, Status};
use huifang::domain::understanding::Category;
use huifang::domain::visit::{Reason, Visit, VisitKind};
use huifang::store::outbox::{self, Author, Delivery, NewOutbound};
use huifang::store::responses::Filter;
use huifang::store::{self, Store, StoreError, Tx};
use serde_json::json;

use crate::chromium::{Stage, Window};

const DAY: Duration = Duration::from_secs(86_400);

/// Makes the conversation that is shown a long one, with a word in each message that is read out, not shown.
const LONG_TALK: &str = "
    const thread = document.querySelector('.thread');
    for (const line of [...thread.children, ...Array(99).fill(thread.lastElementChild)]) {
        const copy = thread.appendChild(line.cloneNode(true));
        copy.append(Object.assign(document.createElement('span'), { className: 'visually-hidden', textContent: 'why' }));
    }";

/// What there is to look at.
struct Sights {
    recoveries: Vec<RecoveryId>,
    incident: IncidentId,
    visits: Vec<VisitId>,
    ticket: TicketId,
    dialogue: DialogueId,
    response: String,
}

/// Puts into the running program's database what its demo data lacks.
async fn arrange(stage: &Stage) -> Sights {
    let path = stage.demo.directory().join("data/huifang.db");
    let store = Store::open(&format!("sqlite:{}", path.display())).await.unwrap();
    let clock = Clock::system();
    let arranged = store.write(move |tx| {
        Box::pin(async move {
            let now = clock.now();
            let staff = store::staff::list(tx).await?;
            let project =
                store::projects::list(tx).await?.into_iter().find(|project| project.region == "华东").unwrap();
            let units = store::units::list(tx, Some(project.id)).await?;
            let responses = store::responses::list(tx, &Filter::default(), 50).await?;
            let mut recoveries = Vec::new();
            let of = [Status::Open, Status::Reviewed, Status::ToAsk, Status::Recovered, Status::Lost, Status::Asked];
            for (n, (status, response)) in (1_u32..).zip(of.into_iter().zip(&responses)) {
                let ended = !status.is_open();
                let recovery = Recovery {
                    id: clock.new_id(),
                    response_id: response.id,
                    contact_id: response.contact_id,
                    unit_id: response.unit_id,
                    project_id: Some(project.id),
                    status,
                    person: staff.get(n as usize % staff.len()).map(|person| person.id),
                    deadline_at: if n % 2 == 0 { now + DAY * n } else { now - DAY * n },
                    root_cause: (status != Status::Open && status != Status::ToAsk).then_some(RootCause::Process),
                    review: ended.then(|| "派单太慢，已改流程；李工道歉并补做了防水。".to_owned()),
                    visit_id: None,
                    first_score: if status == Status::ToAsk || status == Status::Asked { 3.0 } else { 1.8 },
                    second_score: ended.then_some(4.3),
                    created_at: now - DAY * 9,
                    ended_at: ended.then_some(now - DAY),
                };
                if store::recoveries::open(tx, &recovery).await? {
                    store::recoveries::update(tx, &recovery).await?;
                    recoveries.push(recovery.id);
                }
            }
            let tickets = store::tickets::list(tx, &store::tickets::Filter::default(), 50).await?;
            let incident = Incident {
                id: clock.new_id(),
                number: String::new(),
                project_id: project.id,
                building: Some("3栋".to_owned()),
                category: Category::Leak,
                component: Some("排水立管".to_owned()),
                status: incident::Status::Open,
                opened_at: now - DAY * 2,
                ended_at: None,
            };
            let incident = store::incidents::open(tx, incident).await?;
            for ticket in tickets.iter().filter(|ticket| ticket.project_id == Some(project.id)).take(4) {
                store::incidents::join(tx, ticket.id, incident.id).await?;
            }
            let mut visits = Vec::new();
            for (n, unit) in (1_u32..).zip(units.iter().take(3)) {
                let id = clock.new_id();
                let mut visit =
                    Visit::planned(id, format!("look:{n}"), VisitKind::Annual, project.id, "handover".to_owned(), now);
                visit.unit_id = Some(unit.id);
                store::visits::insert(tx, &visit).await?;
                store::visits::update(tx, &visit.call(Reason::Unanswered, now).unwrap()).await?;
                visits.push(id);
            }
            let open = tickets.iter().find(|ticket| ticket.status.is_open() && ticket.dialogue_id.is_some()).unwrap();
            let response = responses.iter().find(|response| response.comment.is_some()).unwrap().id.to_string();
            let (ticket, dialogue) = (open.id, open.dialogue_id.unwrap());
            lose_words(tx, dialogue, &clock).await?;
            for n in 0..120 {
                let kind = if n % 2 == 0 { FlagKind::SlaMissed } else { FlagKind::SlaWarning };
                let flag = Flag::raised(clock.new_id(), kind, now - Duration::from_secs(60 * n));
                store::flags::raise(tx, &Flag { ticket_id: Some(ticket), ..flag }).await?;
            }
            Ok::<_, StoreError>(Sights { recoveries, incident: incident.id, visits, ticket, dialogue, response })
        })
    });
    let arranged = arranged.await.unwrap();
    store.close().await;
    arranged
}

/// Words of staff that did not arrive, or nobody knows whether they did.
async fn lose_words(tx: &mut Tx, dialogue: DialogueId, clock: &Clock) -> Result<(), StoreError> {
    let mut said = Vec::new();
    for words in ["师傅明早九点到，请留人。", "到了请给师傅开一下单元门。", "楼下的车位给师傅留了吗？"]
    {
        let new = NewOutbound {
            id: clock.new_id(),
            dialogue_id: dialogue,
            author: Author::Staff,
            body: json!({ "text": words }).to_string(),
            status: Delivery::Pending,
            not_before: None,
            created_at: clock.now(),
            reply_to: None,
        };
        outbox::push(tx, &new).await?;
        said.push(new.id);
    }
    outbox::mark_withheld(tx, said[0], Shut::TooLate.reason()).await?;
    outbox::mark_failed(tx, said[1], "WeChat refused it: errcode 45047 (out of response count limit)").await?;
    outbox::mark_uncertain(tx, said[2], "no answer within 10 s").await
}

/// What a thumb cannot hit on a phone.
async fn small_targets(window: &Window) -> serde_json::Value {
    window
        .run(
            "return Array.from(document.querySelectorAll('main button, main a.button, main input, main select, main summary, main .tabs a'))
                .filter((e) => e.offsetParent && !['hidden', 'checkbox'].includes(e.type))
                .filter((e) => e.getBoundingClientRect().height < 40)
                .map((e) => e.outerHTML.slice(0, 90))",
        )
        .await
}

async fn looks(stage: &Stage, sights: &Sights, phone: bool, language: &str) {
    let (width, height, name) = if phone { (390, 3000, "phone") } else { (1280, 2000, "desk") };
    let window = stage.window(width, height, None, &[&format!("--accept-lang={language}")]).await;
    stage.log_in(&window).await;
    let mut pages = vec![
        ("board", "/console".to_owned()),
        ("recoveries", "/console/recoveries".to_owned()),
        ("recoveries-ended", "/console/recoveries?list=ended".to_owned()),
        ("quality", "/console/recoveries?list=quality".to_owned()),
        ("incidents", "/console/incidents".to_owned()),
        ("incident", format!("/console/incidents/{}", sights.incident)),
        ("ledger", "/console/ledger".to_owned()),
        ("ledger-empty", "/console/ledger?from=2001-01-01&until=2001-01-02".to_owned()),
        ("visits-call", "/console/visits?list=call".to_owned()),
        ("visits-due", "/console/visits?list=due".to_owned()),
        ("visits-ended", "/console/visits?list=ended".to_owned()),
        ("visits-withheld", "/console/visits?list=withheld".to_owned()),
        ("visit", format!("/console/visits/{}", sights.visits[0])),
        ("import", "/console/import".to_owned()),
        ("ticket", format!("/console/tickets/{}", sights.ticket)),
        ("conversation", format!("/console/conversations/{}", sights.dialogue)),
        ("response", format!("/console/responses/{}", sights.response)),
    ];
    for (id, n) in sights.recoveries.iter().zip(1..) {
        pages.push((
            ["recovery-1", "recovery-2", "recovery-3", "recovery-4", "recovery-5", "recovery-6"][n - 1],
            format!("/console/recoveries/{id}"),
        ));
    }
    for (page, path) in pages {
        window.page.goto(&format!("{}{path}", stage.demo.url)).await.unwrap();
        window.sees("main h1, main h2").await;
        window.run("document.querySelectorAll('details').forEach((details) => (details.open = true))").await;
        if page == "conversation" {
            window.run(LONG_TALK).await;
        }
        window.picture(&format!("look-{name}-{language}-{page}")).await;
        window.is_sound().await;
        if phone {
            assert_eq!(small_targets(&window).await, json!([]), "{page}: too small for a thumb");
        }
        let words = window.run("return document.querySelector('main').innerText").await;
        let words = words.as_str().unwrap();
        assert!(!words.contains("web.") && !words.contains('{'), "{page}: {words}");
        assert!(words.chars().count() > 20, "{page} says nothing: {words}");
    }
    window.close().await;
}

#[tokio::test]
async fn the_pages_of_the_closed_loop_fit_a_phone_and_a_desk_in_both_languages() {
    let Some(stage) = Stage::set() else { return };
    let sights = arrange(&stage).await;
    assert_eq!(sights.recoveries.len(), 6, "the demo has answers enough");
    for language in ["zh-CN", "en"] {
        for phone in [true, false] {
            looks(&stage, &sights, phone, language).await;
        }
    }
}
