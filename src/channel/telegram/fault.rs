//! What the Bot API's refusals mean for a message, for a file and for asking for updates
//! (protocols §3.1, §3.5, §3.6).

use std::time::Duration;

use serde::Deserialize;
use serde::de::IntoDeserializer;
use serde::de::value::{Error, StrDeserializer};
use teloxide::ApiError;

use super::api::CallError;
use crate::channel::{FetchError, SendError};

/// How long to wait with what only an operator can put right.
const UNTIL_PUT_RIGHT: Duration = Duration::from_secs(5 * 60);

/// Why there are no updates. The words are for the operator.
#[derive(Debug, thiserror::Error)]
pub enum PollError {
    /// Telegram calls somebody by webhook; it does not do both.
    #[error("a webhook is set, so Telegram hands out no updates")]
    Webhook,
    /// Somebody else asks with the same token.
    #[error(
        "another program asks Telegram for the updates of the same bot: with mode = \"polling\" there may be one \
         process only; end the other, or use mode = \"webhook\""
    )]
    Another,
    #[error("{reason}")]
    Later { wait: Option<Duration>, reason: String },
}

/// What a failed call means for a message.
pub(super) fn of_sending(error: CallError) -> SendError {
    let reason = error.to_string();
    match error {
        CallError::NotSent(..) => SendError::Later { wait: None, reason },
        CallError::Unanswered(..) => SendError::Uncertain(reason),
        CallError::Refused { moved_to: Some(chat), .. } => SendError::Moved { address: chat.to_string() },
        CallError::Refused { retry_after: Some(wait), .. } => SendError::Later { wait: Some(wait), reason },
        CallError::Refused { code, description, .. } => match code {
            401 | 404 => SendError::Later { wait: Some(UNTIL_PUT_RIGHT), reason: unauthorised(&description) },
            403 => SendError::Unreachable(reason),
            409 | 429 | 500.. => SendError::Later { wait: None, reason },
            _ if is_nobody(&description) => SendError::Unreachable(reason),
            _ => SendError::Refused(reason),
        },
    }
}

/// What a failed `getFile` means for a file.
pub(super) fn of_fetching(error: CallError) -> FetchError {
    let reason = error.to_string();
    match error {
        CallError::NotSent(..) | CallError::Unanswered(..) => FetchError::Later { wait: None, reason },
        CallError::Refused { retry_after: Some(wait), .. } => FetchError::Later { wait: Some(wait), reason },
        CallError::Refused { code, description, .. } => match code {
            401 | 404 => FetchError::Later { wait: Some(UNTIL_PUT_RIGHT), reason: unauthorised(&description) },
            _ if description.to_ascii_lowercase().contains("file is too big") => FetchError::TooLarge,
            400 | 403 => FetchError::Gone(reason),
            _ => FetchError::Later { wait: None, reason },
        },
    }
}

/// What a failed question for updates means.
pub(super) fn of_polling(error: CallError) -> PollError {
    let reason = error.to_string();
    match error {
        CallError::Refused { code: 409, description, .. } if description.contains("webhook") => PollError::Webhook,
        CallError::Refused { code: 409, .. } => PollError::Another,
        CallError::Refused { code: 401 | 404, description, .. } => {
            PollError::Later { wait: Some(UNTIL_PUT_RIGHT), reason: unauthorised(&description) }
        }
        other => PollError::Later { wait: other.retry_after(), reason },
    }
}

fn unauthorised(description: &str) -> String {
    format!(
        "Telegram does not know the bot ({description}): put the token that @BotFather shows into [telegram] token, \
         and look whether [telegram] api_url is right"
    )
}

/// Whether a 400 says that there is nobody to write to: the account is gone, or never wrote to us.
fn is_nobody(description: &str) -> bool {
    let words: StrDeserializer<'_, Error> = description.into_deserializer();
    let known = ApiError::deserialize(words);
    matches!(
        known,
        Ok(ApiError::ChatNotFound
            | ApiError::UserNotFound
            | ApiError::GroupDeactivated
            | ApiError::UserDeactivated
            | ApiError::BotBlocked
            | ApiError::BotKicked
            | ApiError::CantInitiateConversation
            | ApiError::CantTalkWithBots)
    ) || description.contains("PEER_ID_INVALID")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(code: u16, description: &str) -> CallError {
        CallError::Refused { code, description: description.to_owned(), retry_after: None, moved_to: None }
    }

    #[test]
    fn each_refusal_says_what_to_do_with_the_message() {
        let fate = |code, description| match of_sending(refused(code, description)) {
            SendError::Later { .. } => "later",
            SendError::Uncertain(_) => "uncertain",
            SendError::Unreachable(_) => "unreachable",
            SendError::Refused(_) => "refused",
            SendError::Moved { .. } => "moved",
        };
        assert_eq!(fate(403, "Forbidden: bot was blocked by the user"), "unreachable");
        assert_eq!(fate(403, "Forbidden: user is deactivated"), "unreachable");
        assert_eq!(fate(403, "Forbidden: words that are new"), "unreachable");
        assert_eq!(fate(400, "Bad Request: chat not found"), "unreachable");
        assert_eq!(fate(400, "Bad Request: PEER_ID_INVALID"), "unreachable");
        assert_eq!(fate(400, "Bad Request: message text is empty"), "refused");
        assert_eq!(fate(400, "Bad Request: BUTTON_DATA_INVALID"), "refused");
        assert_eq!(fate(401, "Unauthorized"), "later");
        assert_eq!(fate(500, "Internal Server Error"), "later");
        let moved = CallError::Refused {
            code: 400,
            description: "Bad Request: group chat was upgraded to a supergroup chat".to_owned(),
            retry_after: None,
            moved_to: Some(-1_001_234_567_890),
        };
        assert!(matches!(of_sending(moved), SendError::Moved { address } if address == "-1001234567890"));
        let lost = CallError::Unanswered("api.telegram.org".to_owned(), "timed out".to_owned());
        assert!(matches!(of_sending(lost), SendError::Uncertain(_)));
        let unsent = CallError::NotSent("api.telegram.org".to_owned(), "refused".to_owned());
        assert!(matches!(of_sending(unsent), SendError::Later { wait: None, .. }));
    }

    #[test]
    fn a_pause_that_telegram_asks_for_is_kept() {
        let error = CallError::Refused {
            code: 429,
            description: "Too Many Requests: retry after 5".to_owned(),
            retry_after: Some(Duration::from_secs(5)),
            moved_to: None,
        };
        assert!(matches!(of_sending(error), SendError::Later { wait: Some(wait), .. } if wait.as_secs() == 5));
    }

    #[test]
    fn a_file_is_gone_too_large_or_to_be_asked_for_again() {
        let gone = refused(400, "Bad Request: wrong file_id or the file is temporarily unavailable");
        assert!(matches!(of_fetching(gone), FetchError::Gone(_)));
        assert!(matches!(of_fetching(refused(400, "Bad Request: file is too big")), FetchError::TooLarge));
        assert!(matches!(of_fetching(refused(502, "Bad Gateway")), FetchError::Later { .. }));
    }

    #[test]
    fn the_two_conflicts_of_asking_for_updates_are_told_apart() {
        let webhook = "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the \
                       webhook first";
        assert!(matches!(of_polling(refused(409, webhook)), PollError::Webhook));
        let other = "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running";
        assert!(matches!(of_polling(refused(409, other)), PollError::Another));
    }
}
