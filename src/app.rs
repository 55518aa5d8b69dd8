//! The whole program put together from its settings, and run until it is told to stop.
//!
//! This is the only place that knows every part. Parts that are missing (a model) leave the rest
//! running: [`App::build`] says in the log what is not there and what follows from it.

pub mod demo;
pub mod telegram;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::catalog::{self, Catalog};
use crate::channel::http::{Http, HttpConfig};
use crate::channel::mail::Mail;
use crate::channel::telegram::Telegram;
use crate::channel::wechat::Wechat;
use crate::channel::wecom::Wecom;
use crate::channel::wecom::robot::Robot;
use crate::channel::{ChannelKind, Channels};
use crate::clock::Clock;
use crate::config::Config;
use crate::config::sections::POLICE;
use crate::desk::Desk;
use crate::domain::alert::{QuietHours, Target};
use crate::domain::policy::{PATIENCE, Policy};
use crate::domain::privacy::Retention;
use crate::domain::token::TokenKey;
use crate::intake::Intake;
use crate::intake::links::Links;
use crate::jobs::Runner;
use crate::jobs::alert::Alerts;
use crate::simulator::stage::Stage;
use crate::speech::Listener;
use crate::store::blobs::Blobs;
use crate::store::{self, Store};
use crate::tagging::{Lexical, Tagger};
use crate::web;

/// Where the key that signs unit tokens lies in the settings table.
const TOKEN_KEY: &str = "token_key";
/// How long what is running may take to finish after the signal to stop.
const GRACE: Duration = Duration::from_secs(10);

/// What a process does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Role {
    /// Everything.
    All,
    /// Answers requests.
    Web,
    /// Does the jobs: listening, tagging, timers.
    Worker,
}

/// The parts of a running service.
pub struct App {
    pub store: Store,
    pub intake: Intake,
    pub runner: Runner,
    pub channels: Channels,
    pub key: TokenKey,
    catalog: Arc<Catalog>,
    clock: Clock,
    blobs: Blobs,
    metrics: PrometheusHandle,
    public_url: String,
    trusted_proxies: web::TrustedProxies,
    clips: Vec<web::chat::Clip>,
    stage: Option<Arc<Stage>>,
    models: web::Models,
    demo: bool,
}

impl App {
    /// Opens the database and the media store, brings the schema up to date, loads prompts and models.
    ///
    /// # Errors
    /// When something the service cannot do without is missing: the database, the media store,
    /// sound prompts.
    pub async fn build(config: &Config, demo: bool) -> anyhow::Result<App> {
        let metrics = PrometheusBuilder::new().install_recorder().context("metrics could not be set up")?;
        let clock = Clock::system();
        let url = &config.database.url;
        let store = Store::open(url.expose()).await.with_context(|| format!("[database] url = {url}"))?;
        store.migrate().await.with_context(|| format!("[database] url = {url}"))?;
        let blobs = Blobs::open(&config.media.url).context("[media] url")?;
        let catalog = Arc::new(Catalog::embedded().map_err(|faults| {
            anyhow::anyhow!("prompts: {}", faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))
        })?);
        let lexicon = catalog::lexicon::embedded().context("prompts/keywords")?;
        let lexical = Lexical::new(&lexicon).context("prompts/keywords")?;
        let (listener, tagger) = tokio::join!(listener(config), tagger(config, lexical));
        let (tagger, mood_failed) = tagger?;
        let tagger = Arc::new(tagger);
        let models = web::Models { listener: listener.clone(), speech_off: config.speech.is_off(), mood_failed };
        let key = token_key(&store).await?;
        let phone = config.policy.emergency_phone.clone().unwrap_or_else(|| POLICE.to_owned());
        let intake =
            Intake::new(store.clone(), Arc::clone(&catalog), Arc::clone(&tagger), clock.clone(), key.clone(), phone);
        let intake = intake.with_links(match &config.server.public_url {
            Some(url) => Links::At(url.clone()),
            None => Links::OnThisHost,
        });
        let channels = Channels {
            telegram: Telegram::new(&config.telegram)?,
            wechat: Wechat::new(&config.wechat, clock.clone())?,
            wecom: Wecom::new(&config.wecom, clock.clone())?,
            http: Http::new(&config.http, clock.clone()).context("[http]")?,
        };
        let alerts = alerts(config, &clock)?;
        let intake = if alerts.is_some() { intake.with_alerts() } else { intake };
        let intake = intake.with_policy(policy(config)).with_retention(retention(config));
        let intake = intake.with_ways(channels.ways(ChannelKind::Wechat));
        let runner = Runner {
            store: store.clone(),
            clock: clock.clone(),
            intake: intake.clone(),
            blobs: blobs.clone(),
            channels: channels.clone(),
            alerts: alerts.map(Arc::new),
            catalog: Arc::clone(&catalog),
            listener,
            tagger,
        };
        let clips = if demo { demo::clips().context("assets/demo/voices")? } else { Vec::new() };
        let public_url = config.server.public_url();
        Ok(App {
            store,
            intake,
            runner,
            channels,
            key,
            catalog,
            clock,
            blobs,
            metrics,
            public_url,
            trusted_proxies: config.server.trusted_proxies.clone(),
            clips,
            stage: None,
            models,
            demo,
        })
    }

    /// Shows the platforms that are played.
    pub fn with_stage(self, stage: Stage) -> App {
        App { stage: Some(Arc::new(stage)), ..self }
    }

    /// Serves until `stop` resolves; then takes no new work, finishes what is running, and returns. Requests are
    /// answered where there is a `listener`: a worker needs none.
    ///
    /// # Errors
    /// When a part breaks down: the others then finish as if it had been asked to stop, and whoever looks after the
    /// process may begin it anew. A service that answers and delivers nothing would be worse than none.
    pub async fn serve(
        self,
        role: Role,
        listener: Option<TcpListener>,
        stop: impl Future<Output = ()> + Send,
    ) -> anyhow::Result<()> {
        let cancel = CancellationToken::new();
        let mut parts = JoinSet::new();
        if role != Role::Web {
            let running = self.runner.clone().run(cancel.child_token());
            parts.spawn(async {
                running.await;
                Ok(())
            });
        }
        if let Some(listener) = listener {
            let router = web::router(web::Parts {
                store: self.store.clone(),
                blobs: self.blobs.clone(),
                catalog: Arc::clone(&self.catalog),
                intake: self.intake.clone(),
                channels: self.channels.clone(),
                desk: Desk::new(self.intake.clone()),
                clock: self.clock.clone(),
                public_url: self.public_url.clone(),
                trusted_proxies: self.trusted_proxies.clone(),
                demo: self.demo,
                clips: self.clips.clone(),
                stage: self.stage.clone(),
                models: self.models.clone(),
                metrics: self.metrics.clone(),
                stop: cancel.child_token(),
            })?;
            parts.spawn(axum_serve(listener, router, cancel.clone()));
        }
        if let Some(bot) = self.channels.telegram.clone() {
            let service = telegram::Service { bot, intake: self.intake.clone(), public_url: self.public_url.clone() };
            let running = service.run(role, cancel.child_token());
            parts.spawn(async {
                running.await;
                Ok(())
            });
        }
        let broken = stopped_or_broken(stop, &mut parts).await;
        tracing::info!("stopping: what is running is finished first");
        cancel.cancel();
        let finish = stopped_or_broken(std::future::pending(), &mut parts);
        let finished = tokio::time::timeout(GRACE, finish).await.unwrap_or_else(|_| {
            let grace = GRACE.as_secs();
            tracing::warn!("not everything ended in {grace} s; jobs are taken up again at the next start");
            Ok(())
        });
        self.store.close().await;
        broken.and(finished)
    }
}

/// Resolves when it is time to stop, when no part is left, or with the error of a part that broke down.
async fn stopped_or_broken(
    stop: impl Future<Output = ()> + Send,
    parts: &mut JoinSet<anyhow::Result<()>>,
) -> anyhow::Result<()> {
    let mut stop = std::pin::pin!(stop);
    loop {
        tokio::select! {
            () = &mut stop => return Ok(()),
            ended = parts.join_next() => match ended {
                Some(ended) => ended.context("a part of the service ended badly")??,
                None => return Ok(()),
            },
        }
    }
}

async fn axum_serve(listener: TcpListener, router: web::Router, stopping: CancellationToken) -> anyhow::Result<()> {
    web::serve(listener, router, async move { stopping.cancelled().await }).await.context("the web server broke down")
}

/// Resolves when the process is asked to stop (SIGINT, SIGTERM).
pub async fn asked_to_stop() {
    let interrupted = tokio::signal::ctrl_c();
    let terminated = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => {
                signal.recv().await;
            }
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        _ = interrupted => {}
        () = terminated => {}
    }
}

/// Loads the speech model. Without one recordings are kept and a person listens.
async fn listener(config: &Config) -> Option<Listener> {
    if config.speech.is_off() {
        tracing::info!("speech recognition is switched off: recordings wait for a person");
        return None;
    }
    let speech = config.speech.clone();
    let worker = std::env::current_exe().ok()?;
    let loaded = tokio::task::spawn_blocking(move || Listener::new(&speech, worker)).await;
    match loaded {
        Ok(Ok(listener)) => {
            // The start does not wait for another machine.
            let trial = listener.clone();
            tokio::spawn(async move {
                if let Err(error) = trial.try_out().await {
                    tracing::error!("speech recognition does not work at present: {error}");
                }
            });
            Some(listener)
        }
        Ok(Err(error)) => {
            tracing::error!("no speech recognition: {error}; recordings are kept for a person to listen to");
            None
        }
        Err(error) => {
            tracing::error!("no speech recognition: loading it failed: {error}");
            None
        }
    }
}

/// How long what is done with is kept, as the operator set it.
fn retention(config: &Config) -> Retention {
    let policy = &config.policy;
    let minutes = |minutes: u32| Duration::from_secs(60 * u64::from(minutes));
    Retention {
        on_request: minutes(policy.forget_after_minutes),
        after_leaving: minutes(60 * u32::from(policy.forget_left_after_hours)),
        done_jobs: minutes(24 * 60 * u32::from(policy.keep_done_jobs_days)),
    }
}

/// The rules for what goes out unasked, as the operator set them.
fn policy(config: &Config) -> Policy {
    let policy = &config.policy;
    let quiet = QuietHours { from: policy.quiet_from, to: policy.quiet_to, zone: policy.time_zone.clone() };
    let survey_gap = Duration::from_secs(86_400 * u64::from(policy.survey_gap_days));
    Policy { quiet, survey_gap, patience: PATIENCE }
}

/// Reads where staff is told of flags; `None` where nothing is set up.
pub(crate) fn alerts(config: &Config, clock: &Clock) -> anyhow::Result<Option<Alerts>> {
    let set = &config.alerts;
    let mail = match (&set.smtp_url, &set.mail_from, &set.mail_to) {
        (None, None, None) => None,
        (Some(url), Some(from), to) => Some(Mail::new(url, from, to.as_deref()).context("[alerts]")?),
        _ => anyhow::bail!("[alerts]: mail needs smtp_url and mail_from, and mail_to for a list that gets all of it"),
    };
    if set.webhook_url.is_some() != set.webhook_secret.is_some() {
        anyhow::bail!("[alerts]: a webhook needs webhook_url and webhook_secret");
    }
    if let Some(chat) = &set.telegram_chat {
        if config.telegram.token.is_none() {
            anyhow::bail!("[alerts]: telegram_chat needs [telegram] token");
        }
        // The channel knows chats by their numbers alone, and a button says no other.
        if chat.parse::<i64>().is_err() {
            anyhow::bail!("[alerts] telegram_chat: expected the number of a chat, such as -1001234567890");
        }
    }
    let callback_url = set.webhook_url.clone();
    let webhook = HttpConfig {
        secret: set.webhook_secret.clone(),
        secrets: Vec::new(),
        callback_url,
        allow_private: config.http.allow_private,
    };
    let webhook = Http::new(&webhook, clock.clone()).context("[alerts] webhook_url and webhook_secret")?;
    let robot = Robot::new(&config.wecom, clock.clone())?;
    let quiet = policy(config).quiet;
    let alerts = Alerts {
        telegram_chat: set.telegram_chat.clone(),
        mail,
        robot,
        webhook,
        rules: set.rules.clone(),
        quiet,
        on_call: set.on_call.clone(),
        language: set.language,
        ways: set.ways.clone(),
        public_url: config.server.public_url(),
    };
    let places = alerts.set_up();
    let one_by_one = config.telegram.token.is_some() || config.wecom.is_app() || alerts.mail.is_some();
    let reached = |target: &Target| match target {
        Target::Staff => one_by_one,
        place => places.contains(place),
    };
    if let Some(rule) = set.rules.iter().find(|rule| !reached(&rule.to)) {
        anyhow::bail!("[alerts] rules: a rule sends to {:?}, which is not set up", rule.to.name());
    }
    if set.rules.iter().any(|rule| rule.to != Target::Staff && !rule.roles.is_empty()) {
        anyhow::bail!("[alerts] rules: roles belong to rules with to = \"staff\"");
    }
    // The ladder tells people by themselves wherever there is a way.
    Ok((!places.is_empty() || one_by_one).then_some(alerts))
}

/// Loads the models that understand text, and says whether one is wanted and cannot be used: without them the keyword
/// lexicon judges alone.
async fn tagger(config: &Config, lexical: Lexical) -> anyhow::Result<(Tagger, bool)> {
    let config = config.tagging.clone();
    let open = move || Tagger::open(lexical, &config.judges());
    let (tagger, faults) = tokio::task::spawn_blocking(open).await?;
    for fault in &faults {
        tracing::error!("{fault}; going on without it");
    }
    Ok((tagger, !faults.is_empty()))
}

/// Returns the key that signs unit tokens; made at the first start and kept in the database, so
/// that all replicas share it.
///
/// # Errors
/// When the database is out of reach, or holds something else in its place.
pub async fn token_key(store: &Store) -> anyhow::Result<TokenKey> {
    let mut fresh = [0; 32];
    getrandom::fill(&mut fresh).context("the machine gives no randomness")?;
    let fresh = data_encoding::HEXLOWER.encode(&fresh);
    let kept = store
        .write(move |tx| Box::pin(async move { store::settings::put_if_absent(tx, TOKEN_KEY, &fresh).await }))
        .await?;
    let bytes = data_encoding::HEXLOWER.decode(kept.as_bytes()).ok().and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
    bytes.map(TokenKey::new).context("the settings table holds no usable token_key: remove that row and start again")
}
