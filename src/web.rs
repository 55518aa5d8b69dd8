//! Everything that is reached by HTTP: the chat page and its JSON interface, the staff console,
//! health and metrics.
//!
//! A handler parses, calls the use case (`crate::intake`, `crate::desk`) or reads the store, and
//! draws; it decides nothing. Only this module knows axum and askama. Read [`chat`] and
//! [`console`] next; what every answer carries stands in `headers`, what an error looks like in
//! [`error`].

use std::net::SocketAddr;
use std::sync::Arc;

pub use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware;
use axum::response::Redirect;
use axum::routing::get;
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::net::TcpListener;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, SemaphorePermit};
use tokio_util::sync::CancellationToken;
use tower_http::catch_panic::CatchPanicLayer;

use crate::catalog::Catalog;
use crate::channel::Channels;
use crate::clock::Clock;
use crate::desk::Desk;
use crate::domain::language::Language;
use crate::intake::Intake;
use crate::simulator::stage::Stage;
use crate::speech::Listener;
use crate::speech::service::Trouble;
use crate::store::Store;
use crate::store::blobs::Blobs;

mod alert;
mod api;
mod assets;
pub mod chat;
pub mod console;
mod cookie;
mod demo;
pub mod error;
mod headers;
mod health;
mod job;
mod live;
mod openapi;
mod origin;
mod papers;
mod peer;
mod posted;
mod progress;
mod range;
mod secret;
mod stored;
mod webhooks;
mod words;

use console::password::{Checker, HashError};
use console::throttle::Throttle;
pub use peer::TrustedProxies;
pub use words::Words;

/// A form or a JSON body may be this large; uploads have their own limit.
const LARGEST_BODY: usize = 1024 * 1024;

/// Messages with files that are read at once; each holds one file in memory at most.
const UPLOADS: usize = 16;
/// When to come back if there are so many, in seconds.
const UPLOADS_FULL: u64 = 5;

/// Papers that are written at once; each holds its photos, and has a thread to itself.
const PAPERS: usize = 4;
/// When to come back if there are so many, in seconds.
const PAPERS_FULL: u64 = 5;

/// When to come back if as many follow their conversations as may, in seconds.
const FOLLOWERS_FULL: u64 = 5;

/// What the pages need of the rest of the program.
#[derive(Clone)]
pub struct Parts {
    pub store: Store,
    pub blobs: Blobs,
    pub catalog: Arc<Catalog>,
    pub intake: Intake,
    /// The platforms whose webhooks are served.
    pub channels: Channels,
    pub desk: Desk,
    pub clock: Clock,
    /// Where people reach the service (`[server] public_url`); `https` makes cookies secure.
    pub public_url: String,
    /// Proxies that say for whom they ask (`[server] trusted_proxies`).
    pub trusted_proxies: TrustedProxies,
    /// Whether everything shown is made up.
    pub demo: bool,
    /// Ready voice messages to try, offered on the chat page.
    pub clips: Vec<chat::Clip>,
    /// The platforms that are played, and the page that shows them; in the demo alone.
    pub stage: Option<Arc<Stage>>,
    pub models: Models,
    pub metrics: PrometheusHandle,
    /// Ends the live connections when the program stops.
    pub stop: CancellationToken,
}

/// What listens and judges; the console says where something is missing.
#[derive(Debug, Clone)]
pub struct Models {
    /// `None` when there is no usable speech model.
    pub listener: Option<Listener>,
    /// Whether the operator wants none.
    pub speech_off: bool,
    /// Whether a model that understands text was wanted and could not be used.
    pub mood_failed: bool,
}

impl Models {
    /// Returns the keys of what the console has to say.
    fn lacking(&self) -> Vec<&'static str> {
        let speech = match &self.listener {
            None if self.speech_off => Some("web.console.lacking.speech_off"),
            None => Some("web.console.lacking.speech"),
            Some(listener) => listener.trouble().map(|trouble| match trouble {
                Trouble::Refuses(_) => "web.console.lacking.service",
                Trouble::Fails(_) => "web.console.lacking.service_fails",
            }),
        };
        speech.into_iter().chain(self.mood_failed.then_some("web.console.lacking.mood")).collect()
    }
}

/// The state of every handler, cheap to clone.
#[derive(Clone)]
pub(crate) struct Web(Arc<Shared>);

pub(crate) struct Shared {
    parts: Parts,
    checker: Checker,
    throttle: Throttle,
    uploads: Arc<Semaphore>,
    papers: Semaphore,
    followers: live::Followers,
}

impl std::ops::Deref for Web {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0.parts
    }
}

impl Web {
    fn words(&self, language: Language) -> Words {
        Words::new(Arc::clone(&self.catalog), language, self.intake.zone().clone())
    }

    fn https(&self) -> bool {
        self.public_url.starts_with("https:")
    }

    /// Takes a place among the uploads, held until it is dropped.
    fn upload(&self) -> Result<OwnedSemaphorePermit, error::WebError> {
        Arc::clone(&self.0.uploads).try_acquire_owned().map_err(|_| error::WebError::TooMany(UPLOADS_FULL))
    }

    /// Takes a place among the papers that are being written, held until it is dropped.
    fn paper(&self) -> Result<SemaphorePermit<'_>, error::WebError> {
        self.0.papers.try_acquire().map_err(|_| error::WebError::TooMany(PAPERS_FULL))
    }

    /// Takes a place among those who follow a conversation of the chat, held until it is dropped.
    fn follower(&self, address: String) -> Result<live::Place, error::WebError> {
        self.0.followers.admit(address).ok_or(error::WebError::TooMany(FOLLOWERS_FULL))
    }

    fn checker(&self) -> &Checker {
        &self.0.checker
    }

    fn throttle(&self) -> &Throttle {
        &self.0.throttle
    }
}

/// Builds the routes of the whole site.
///
/// # Errors
/// If the machine gives no randomness.
pub fn router(parts: Parts) -> Result<Router, HashError> {
    let web = Web(Arc::new(Shared {
        parts,
        checker: Checker::new()?,
        throttle: Throttle::default(),
        uploads: Arc::new(Semaphore::new(UPLOADS)),
        papers: Semaphore::new(PAPERS),
        followers: live::Followers::default(),
    }));
    let https = headers::Https(web.https());
    let routes = Router::new()
        .route("/", get(|| async { Redirect::to("/chat") }))
        .merge(chat::routes())
        .merge(console::routes(&web))
        .merge(demo::routes())
        .merge(progress::routes())
        .merge(health::routes())
        .merge(openapi::routes())
        .merge(job::routes())
        .merge(alert::routes())
        .merge(webhooks::routes())
        .merge(api::routes())
        .fallback(|| async { error::WebError::NotFound })
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .layer(middleware::from_fn_with_state(web.clone(), origin::check))
        .layer(middleware::from_fn_with_state(web.clone(), error::draw))
        .with_state(web);
    Ok(routes
        .merge(assets::routes())
        .layer(CatchPanicLayer::new())
        .layer(middleware::from_fn_with_state(https, headers::protect)))
}

/// Answers requests until `stop` resolves; connections under way are finished first.
///
/// # Errors
/// When the listener breaks down.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    stop: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    // The address of the other end is what failed log-ins are counted by.
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, service).with_graceful_shutdown(stop).await
}
