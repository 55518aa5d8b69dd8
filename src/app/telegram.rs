//! What the service does with Telegram besides answering it: webhook and commands are set at the
//! start, and where no webhook can reach this machine, updates are asked for.
//!
//! Nothing of it stops the rest of the service: what does not work is said in the log and tried again.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::Role;
use crate::catalog::Catalog;
use crate::channel::telegram::update::Update;
use crate::channel::telegram::{Menu, Mode, PollError, Telegram};
use crate::desk::{Desk, HeardStaff};
use crate::domain::language::Language;
use crate::domain::script::Command;
use crate::intake::Intake;
use crate::intake::people::TELEGRAM_NAME;
use crate::store::{StoreError, settings};

/// The first pause after something failed; each next one is twice as long …
const PAUSE: Duration = Duration::from_secs(1);
/// … up to this.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// Commands that are answers rather than things to begin with.
const NOT_OFFERED: [Command; 6] =
    [Command::Start, Command::Skip, Command::Back, Command::Edit, Command::Yes, Command::No];

/// The bot, and what it needs of the service.
pub struct Service {
    pub bot: Telegram,
    pub intake: Intake,
    /// Where Telegram finds the webhook.
    pub public_url: String,
}

impl Service {
    /// Registers the bot, then asks for updates if that is how they come, until cancelled. In a
    /// process that only answers requests nothing is asked for, in one that only works nothing is
    /// registered that calls it.
    pub async fn run(self, role: Role, cancel: CancellationToken) {
        let polls = self.bot.mode() == Mode::Polling;
        if polls == (role == Role::Web) && role != Role::All {
            return;
        }
        tokio::select! {
            () = cancel.cancelled() => return,
            () = self.register() => {}
        }
        if polls {
            poll(&self.bot, &self.intake, &cancel).await;
        }
    }

    async fn register(&self) {
        let menu = menu(&self.intake.catalog);
        let mut pause = PAUSE;
        loop {
            let told = self.bot.register(&self.public_url, &menu).await;
            for left in &told.left {
                tracing::error!("Telegram: {left}");
            }
            if !told.again {
                self.remember_name().await;
                tracing::info!("Telegram: {}", told.done.join("; "));
                return;
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }
}

impl Service {
    /// Keeps the bot's name, which links into Telegram begin with.
    async fn remember_name(&self) {
        let name = match self.bot.name().await {
            Ok(name) => name,
            Err(error) => return tracing::warn!(%error, "Telegram: the bot's name is not known: {error}"),
        };
        let kept =
            self.intake.store.write(move |tx| Box::pin(async move { settings::put(tx, TELEGRAM_NAME, &name).await }));
        if let Err(error) = kept.await {
            tracing::warn!(%error, "Telegram: the bot's name could not be kept: {error}");
        }
    }
}

/// Asks for updates until cancelled. The next are asked for, and the last thereby acknowledged,
/// only when those are on disk (protocols §3.1); whatever comes twice is applied once.
pub async fn poll(bot: &Telegram, intake: &Intake, cancel: &CancellationToken) {
    let (mut next, mut pause) = (0, PAUSE);
    loop {
        let began = Instant::now();
        let asked = tokio::select! {
            () = cancel.cancelled() => return,
            asked = bot.updates(next) => asked,
        };
        let wait = match asked {
            // A server that does not wait until there is something would be asked without a pause.
            Ok(updates) if updates.is_empty() => (began.elapsed() < PAUSE).then_some(Some(PAUSE)),
            Ok(updates) => take(bot, intake, updates, &mut next).await.err().map(|cause| {
                tracing::error!(%cause, "an update could not be stored; Telegram will be asked for it again");
                None
            }),
            Err(PollError::Webhook) => {
                tracing::warn!(
                    "Telegram: a webhook was set for this bot; it is taken away, since updates are asked for"
                );
                bot.delete_webhook().await.err().map(|cause| {
                    tracing::error!("Telegram: the webhook could not be taken away: {cause}");
                    None
                })
            }
            Err(error) => {
                tracing::error!("Telegram: {error}");
                Some(if let PollError::Later { wait, .. } = error { wait } else { None })
            }
        };
        let Some(wanted) = wait else {
            pause = PAUSE;
            continue;
        };
        tokio::select! {
            () = cancel.cancelled() => return,
            () = tokio::time::sleep(wanted.unwrap_or(pause)) => {}
        }
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// Takes updates in, in their order, up to the first for which nothing can be stored; `next` is moved
/// behind each that was. What cannot be stored however often it comes holds up nobody else's.
async fn take(bot: &Telegram, intake: &Intake, updates: Vec<Update>, next: &mut i64) -> Result<(), StoreError> {
    for update in updates {
        let heard = match &update.staff {
            Some(says) => match Desk::new(intake.clone()).hear_staff(says).await {
                Err(cause) if cause.is_local() => {
                    let (id, kind) = (update.id, update.kind);
                    tracing::error!(update.id = id, kind, %cause, "update {id}, {kind} of staff, was passed over: {cause}");
                    HeardStaff::Done
                }
                heard => heard?,
            },
            None => HeardStaff::NotStaff,
        };
        if heard == HeardStaff::NotStaff {
            for inbound in update.inbound {
                intake.receive_or_park(inbound).await?;
            }
        }
        if let HeardStaff::Answered(answer) = heard {
            let bot = bot.clone();
            tokio::spawn(async move {
                if let Err(error) = bot.answer(&answer).await {
                    tracing::warn!("Telegram: a member of staff was not told what became of it: {error}");
                }
            });
        } else if let Some(query) = update.query {
            let bot = bot.clone();
            tokio::spawn(async move {
                if let Err(error) = bot.answer_query(&query).await {
                    tracing::debug!("Telegram: a pressed button was not told that it was seen: {error}");
                }
            });
        }
        // Not the highest so far: after a quiet week Telegram begins anew anywhere (protocols §3.3).
        if update.id > 0 {
            *next = update.id.saturating_add(1);
        }
    }
    Ok(())
}

/// The commands as Telegram lists them: in each of our languages, and in the first for all others.
pub fn menu(catalog: &Catalog) -> Menu {
    let slashes = &catalog.script().words.slashes;
    let offered = |language| {
        let shown = Command::ALL.into_iter().filter(|command| !NOT_OFFERED.contains(command));
        shown
            .filter(|command| slashes.get(command.name()) == Some(command))
            .map(|command| {
                let what = catalog.text(language, &format!("command.{}", command.name()), &BTreeMap::new());
                (command.name().to_owned(), what)
            })
            .collect()
    };
    let code = |language: Language| language.tag().split('-').next().unwrap_or_default();
    let mut menu: Menu = Language::ALL.into_iter().map(|language| (Some(code(language)), offered(language))).collect();
    menu.insert(None, offered(Language::default()));
    menu
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_commands_are_offered_in_each_language_as_telegram_takes_them() {
        let menu = menu(&Catalog::embedded().unwrap());
        assert_eq!(menu.keys().copied().collect::<Vec<_>>(), [None, Some("en"), Some("zh")]);
        for commands in menu.values() {
            assert!((5..=100).contains(&commands.len()));
            let well_named =
                |name: &str| name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
            assert!(commands.iter().all(|(name, what)| well_named(name) && (1..=256).contains(&what.chars().count())));
        }
        assert_eq!(menu[&None], menu[&Some("zh")]);
        assert!(menu[&Some("en")].contains(&("report".to_owned(), "Report a repair".to_owned())));
    }
}
