//! Not faster than Telegram takes it: so many messages a second in all, one a second in a chat,
//! twenty a minute in a group (protocols §3.6).
//!
//! Not teloxide's throttle: it looks at its queue four times a second, stops the whole bot for one
//! group that was told to wait, and sends again by itself what our outbox has to know of. This
//! counts for one process; several workers may together be too fast, and Telegram then says how
//! long to wait.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// How long a message waits here for its turn; longer, and its job makes room for others.
const PATIENCE: Duration = Duration::from_secs(3);
const MINUTE: Duration = Duration::from_secs(60);
/// So many chats are remembered before those are forgotten that have been quiet.
const MANY: usize = 4_096;

/// How fast messages may follow each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Between any two messages.
    pub gap: Duration,
    /// Between two messages of one chat.
    pub chat_gap: Duration,
    /// Messages a minute in one group.
    pub group_per_minute: usize,
}

impl Default for Limits {
    /// What Telegram asks of every bot: below 30 a second, 1 a second, 20 a minute.
    fn default() -> Limits {
        Limits { gap: Duration::from_millis(34), chat_gap: Duration::from_secs(1), group_per_minute: 20 }
    }
}

/// The pace of one bot.
pub(super) struct Pace(Mutex<Book>);

/// Who was written to when.
struct Book {
    limits: Limits,
    /// Nobody is written to before.
    all: Option<Instant>,
    chats: HashMap<i64, Chat>,
    /// The chat that Telegram last asked us to leave alone, and until when.
    frozen: Option<(i64, Instant)>,
}

struct Chat {
    /// Not written to before.
    next: Instant,
    /// When a group was written to within the last minute.
    recent: VecDeque<Instant>,
}

impl Pace {
    pub(super) fn new(limits: Limits) -> Pace {
        Pace(Mutex::new(Book { limits, all: None, chats: HashMap::new(), frozen: None }))
    }

    /// Waits for a chat's turn and takes it; `Err` says how much longer it would be.
    pub(super) async fn turn(&self, chat: i64) -> Result<(), Duration> {
        let give_up = Instant::now() + PATIENCE;
        loop {
            let now = Instant::now();
            let asked = self.0.lock().unwrap_or_else(PoisonError::into_inner).ask(chat, now);
            match asked {
                Ok(()) => return Ok(()),
                Err(wait) if now + wait <= give_up => tokio::time::sleep(wait).await,
                Err(wait) => return Err(wait),
            }
        }
    }

    /// Leaves a chat alone for a time, as Telegram asked.
    pub(super) fn freeze(&self, chat: i64, pause: Duration) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).freeze(chat, pause, Instant::now());
    }
}

impl Book {
    /// Takes a turn, or says how long it is until one may be had.
    fn ask(&mut self, chat: i64, now: Instant) -> Result<(), Duration> {
        if self.chats.len() >= MANY {
            self.chats.retain(|_, known| known.next > now || known.recent.back().is_some_and(|at| *at + MINUTE > now));
        }
        let Limits { gap, chat_gap, group_per_minute } = self.limits;
        let known = self.chats.entry(chat).or_insert_with(|| Chat { next: now, recent: VecDeque::new() });
        while known.recent.front().is_some_and(|at| *at + MINUTE <= now) {
            known.recent.pop_front();
        }
        let full = known.recent.len() >= group_per_minute;
        let room = known.recent.front().filter(|_| full).map(|oldest| *oldest + MINUTE);
        let earliest = [Some(known.next), room, self.all].into_iter().flatten().max().unwrap_or(now);
        if earliest > now {
            return Err(earliest - now);
        }
        known.next = now + chat_gap;
        if is_group(chat) {
            known.recent.push_back(now);
        }
        self.all = Some(now + gap);
        Ok(())
    }

    /// One chat that is too fast is its own affair; when a second one is told to wait while the
    /// first still does, it is the bot that is too fast.
    fn freeze(&mut self, chat: i64, pause: Duration, now: Instant) {
        let until = now + pause;
        let known = self.chats.entry(chat).or_insert_with(|| Chat { next: now, recent: VecDeque::new() });
        known.next = known.next.max(until);
        if self.frozen.is_some_and(|(other, end)| other != chat && end > now) {
            self.all = self.all.max(Some(until));
        }
        self.frozen = Some((chat, until));
    }
}

/// Groups have negative numbers (protocols §3.3).
fn is_group(chat: i64) -> bool {
    chat < 0
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Has `chats` write as fast as they may for a time; returns when each message went out, in ms.
    fn run(book: &mut Book, chats: &[i64], lasting: Duration) -> Vec<(i64, u128)> {
        let start = Instant::now();
        let mut sent = Vec::new();
        for step in 0..lasting.as_millis() / 2 {
            let now = start + Duration::from_millis(u64::try_from(step * 2).unwrap());
            sent.extend(chats.iter().filter(|chat| book.ask(**chat, now).is_ok()).map(|chat| (*chat, step * 2)));
        }
        sent
    }

    fn book() -> Book {
        Book { limits: Limits::default(), all: None, chats: HashMap::new(), frozen: None }
    }

    #[test]
    fn a_chat_gets_one_message_a_second_and_a_group_twenty_a_minute() {
        let sent = run(&mut book(), &[7], Duration::from_secs(10));
        assert_eq!(sent.len(), 10);
        let sent = run(&mut book(), &[-7], Duration::from_secs(120));
        assert_eq!(sent.len(), 40);
        assert!(sent.windows(21).all(|some| some[20].1 - some[0].1 >= 60_000));
    }

    #[test]
    fn no_second_holds_more_than_thirty_messages() {
        let chats: Vec<i64> = (1..=100).collect();
        let sent = run(&mut book(), &chats, Duration::from_secs(4));
        assert!(sent.len() > 110, "{}", sent.len());
        assert!(sent.windows(31).all(|some| some[30].1 - some[0].1 >= 1_000));
        let first = |chat| sent.iter().filter(|(to, _)| *to == chat).map(|(_, at)| *at).collect::<Vec<_>>();
        assert!(chats.iter().all(|chat| first(*chat).windows(2).all(|two| two[1] - two[0] >= 1_000)));
    }

    #[test]
    fn a_chat_that_is_told_to_wait_holds_nobody_up_but_two_mean_all() {
        let (mut book, now) = (book(), Instant::now());
        book.freeze(-5, Duration::from_secs(40), now);
        assert_eq!(book.ask(-5, now), Err(Duration::from_secs(40)));
        assert_eq!(book.ask(6, now), Ok(()));
        book.freeze(6, Duration::from_secs(20), now);
        assert_eq!(book.ask(7, now + Duration::from_secs(5)), Err(Duration::from_secs(15)));
        assert_eq!(book.ask(7, now + Duration::from_secs(21)), Ok(()));
        assert!(book.ask(-5, now + Duration::from_secs(22)).is_err());
    }

    #[test]
    fn quiet_chats_are_forgotten() {
        let (mut book, now) = (book(), Instant::now());
        for chat in 0..10_000 {
            let at = now + Duration::from_secs(2 * u64::try_from(chat).unwrap());
            assert_eq!(book.ask(chat, at), Ok(()));
        }
        assert!(book.chats.len() <= MANY);
    }
}
