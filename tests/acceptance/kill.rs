//! `kill -9` at any point of the main job: nothing is lost, nothing is done twice.

use std::time::Instant;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tempfile::TempDir;

use crate::person::{Person, reply_to, try_answer};
use crate::records::Records;
use crate::script::{Line, assert_filed, script, until_judged};
use crate::service::Service;

/// How many of the messages in flight are answered before the kill.
const SOME: usize = 4;

/// Does the steps from one on, waiting for what is said to each.
async fn goes_through(person: &mut Person, lines: &[Line]) {
    for line in lines {
        person.does(&line.act).await;
        person.hears(line.answer).await;
    }
}

#[tokio::test]
async fn killed_after_every_step_the_conversation_goes_on_where_it_was() {
    let directory = TempDir::new().unwrap();
    let began = Instant::now();
    let mut service = Service::start(directory.path()).await;
    let mut person = Person::new(&service, "killed-after-each");
    let mut starts = vec![service.started_in];
    for line in script(&service.token) {
        let (id, act) = (person.next_id(), person.settled(&line.act).await);
        let first = reply_to(person.request(&id, &act).await).await;
        assert!(!first.is_duplicate());
        // Acknowledged means stored; what it set off (listening, judging) is cut short.
        service.kill().await;
        service = Service::start(directory.path()).await;
        starts.push(service.started_in);
        person.finds(&service);
        let again = reply_to(person.request(&id, &act).await).await;
        assert!(again.is_duplicate(), "{:?}: {again:?}", line.act);
        // What was still being heard at the kill may have been answered since: that comes after.
        let (said, first) = (again.body["messages"].as_array().unwrap(), first.body["messages"].as_array().unwrap());
        assert!(said.starts_with(first), "the same message gets the same answer: {first:?}, then {said:?}");
        person.hears(line.answer).await;
    }
    let records = Records::of(service.directory()).await;
    until_judged(&records, &person).await;
    assert_filed(&records, &person).await;
    println!("{} starts in {:?}, the slowest {:?}", starts.len(), began.elapsed(), starts.iter().max());
}

#[tokio::test]
async fn killed_with_every_step_in_flight_each_conversation_comes_to_one_ticket_and_one_response() {
    let directory = TempDir::new().unwrap();
    let service = Service::start(directory.path()).await;
    let lines = script(&service.token);
    // As many people as steps; the nth has done n steps, and the next one is under way.
    let mut people = Vec::new();
    for at in 0..lines.len() {
        let mut person = Person::new(&service, &format!("killed-in-flight-{at}"));
        goes_through(&mut person, &lines[..at]).await;
        people.push(person);
    }
    let mut in_flight = FuturesUnordered::new();
    let mut sent = Vec::new();
    for (person, line) in people.iter_mut().zip(&lines) {
        let (id, act) = (person.next_id(), person.settled(&line.act).await);
        in_flight.push(try_answer(person.request(&id, &act).await));
        sent.push((id, act));
    }
    // Some answers are here, the other messages are somewhere on their way.
    for _ in 0..SOME {
        in_flight.next().await.unwrap().unwrap();
    }
    service.kill().await;
    let answered = SOME + in_flight.filter(|answer| std::future::ready(answer.is_ok())).count().await;

    let mut service = Service::start(directory.path()).await;
    let records = Records::of(service.directory()).await;
    let mut stored = 0;
    for (at, (person, (id, act))) in people.iter_mut().zip(sent).enumerate() {
        person.finds(&service);
        let again = reply_to(person.request(&id, &act).await).await;
        stored += usize::from(again.is_duplicate());
        person.hears_after(&id, lines[at].answer).await;
        goes_through(person, &lines[at + 1..]).await;
        until_judged(&records, person).await;
        assert_filed(&records, person).await;
    }
    println!("of {} messages in flight {answered} were answered and {stored} stored", people.len());
    assert!(stored >= answered, "what was acknowledged was stored");
    service.assert_alive();
}
