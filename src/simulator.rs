//! The platforms, played on this machine: a Bot API server with Telegram behind it, a WeChat Official
//! Account with its followers. They keep to the protocols as strictly as the real ones (protocols §1, §3):
//! their tokens, limits, refusals and pushes. `huifang demo` and the tests talk to the same ones.
//!
//! They listen on the loopback address alone, with credentials that are made up, and know nothing of
//! conversations: what goes wrong on purpose belongs to the tests (`tests/platforms/fake_*.rs`). Read
//! [`telegram`] and [`wechat`] next, then [`stage`], which `crate::web` shows.

use std::io;
use std::net::Ipv4Addr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use axum::Router;
use tokio::net::TcpListener;

pub mod stage;
pub mod telegram;
pub mod tokens;
pub mod wechat;

/// Takes a free port that nothing but this machine reaches; returns `http://127.0.0.1:PORT` with it.
async fn listen() -> io::Result<(TcpListener, String)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let url = format!("http://{}", listener.local_addr()?);
    Ok((listener, url))
}

/// Answers there, as long as the program runs.
fn serve(listener: TcpListener, router: Router) {
    tokio::spawn(async move { axum::serve(listener, router).await });
}

/// Most that a platform remembers of one thing: a demonstration may run for weeks.
const MOST_REMEMBERED: usize = 10_000;

/// Remembers one more; of too many the older half is forgotten.
fn remember<T>(list: &mut Vec<T>, item: T) {
    if list.len() >= MOST_REMEMBERED {
        list.drain(..MOST_REMEMBERED / 2);
    }
    list.push(item);
}

/// What a platform remembers; a request that broke off spoils it for nobody.
fn locked<T>(memory: &Mutex<T>) -> MutexGuard<'_, T> {
    memory.lock().unwrap_or_else(PoisonError::into_inner)
}
