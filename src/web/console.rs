//! The staff console: what must be seen now, the tickets, and the pages behind them.
//!
//! Every page but the log-in wants a session ([`session::Staff`]) and the right its line in
//! [`access`] names; every form carries the session's token ([`csrf::Signed`]).

use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use axum::{Router, middleware};

use super::Web;
use super::posted::LARGEST_UPLOAD;

mod access;
mod actions;
mod alert;
mod arrange;
mod board;
mod contact;
mod contacts;
mod conversation;
mod correct;
mod csrf;
mod events;
mod flags;
mod import;
mod incidents;
pub(super) mod language;
mod ledger;
mod login;
mod marks;
mod media;
mod member;
mod paper;
pub mod password;
mod recoveries;
mod response;
mod session;
mod staff;
mod thread;
pub(super) mod throttle;
mod ticket;
mod unreached;
pub(super) mod view;
mod visit;
mod visits;
mod warranty;
mod welcome;
mod work;

/// `/console` and everything below.
pub(super) fn routes(web: &Web) -> Router<Web> {
    let inside = Router::new()
        .route("/console", get(board::show))
        .route("/console/board", get(board::lists))
        .route("/console/events", get(events::follow))
        .route("/console/flags/{id}/seen", post(flags::seen))
        .route("/console/alerts/{id}", get(alert::show).post(alert::press))
        .route("/console/tickets/{id}", get(ticket::show))
        .route("/console/visits", get(visits::show))
        .route("/console/visits/{id}", get(visit::show))
        .route("/console/visits/{id}/record", post(visit::record).layer(DefaultBodyLimit::max(LARGEST_UPLOAD)))
        .route("/console/visits/{id}/papers/{name}", get(paper::of_visit))
        .route("/console/visits/{id}/given_up", post(visit::give_up))
        .route("/console/responses/{id}", get(response::show))
        .route("/console/tickets/{id}/papers/{name}", get(paper::of_ticket))
        .route("/console/responses/{id}/papers/{name}", get(paper::of_response))
        .route("/console/ledger", get(ledger::show))
        .route("/console/ledger.csv", get(ledger::csv))
        .route("/console/ledger.xlsx", get(ledger::xlsx))
        .route("/console/conversations/{id}", get(conversation::show))
        .route("/console/media/{id}", get(media::show))
        .route("/console/contacts", get(contacts::show))
        .merge(contact::routes())
        .merge(actions::routes())
        .merge(arrange::routes())
        .merge(recoveries::routes())
        .merge(incidents::routes())
        .merge(correct::routes())
        .merge(import::routes())
        .merge(staff::routes())
        .merge(member::routes())
        .route_layer(middleware::from_fn_with_state(web.clone(), access::guard));
    Router::new()
        .route("/console/login", get(login::form).post(login::submit))
        .route("/console/logout", post(login::leave))
        .route("/console/welcome/{token}", get(welcome::form).post(welcome::choose))
        .route("/console/language/{tag}", get(language::choose))
        .merge(inside)
}
