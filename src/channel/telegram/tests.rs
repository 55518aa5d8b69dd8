//! The settings of a bot, and what it shows of itself.

use super::*;

const TOKEN: &str = "123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw";

fn config(token: &str) -> TelegramConfig {
    TelegramConfig { token: Some(Secret::new(token)), ..TelegramConfig::default() }
}

fn fault(config: &TelegramConfig) -> String {
    Telegram::new(config).unwrap_err().to_string()
}

#[test]
fn without_a_token_the_channel_is_off() {
    assert!(Telegram::new(&TelegramConfig::default()).unwrap().is_none());
    assert!(Telegram::new(&config("")).unwrap().is_none());
    assert!(Telegram::new(&config(TOKEN)).unwrap().is_some());
}

#[test]
fn what_is_half_set_or_malformed_is_said_without_showing_it() {
    let secret = Some(Secret::new("abc"));
    insta::assert_snapshot!(
        fault(&TelegramConfig { secret_token: secret, ..TelegramConfig::default() }),
        @"[telegram] token is missing, though secret_token is set: put the token there that @BotFather gave"
    );
    for token in ["hunter2", "12:", ":AA", "12:a b", "x2:AA", "12:AA/../me"] {
        assert_eq!(fault(&config(token)), "[telegram] token: expected NUMBER:LETTERS as @BotFather gives it");
    }
    let long = "a".repeat(257);
    for secret in ["has space", "ümlaut", long.as_str()] {
        let config = TelegramConfig { secret_token: Some(Secret::new(secret)), ..config(TOKEN) };
        assert_eq!(fault(&config), "[telegram] secret_token: expected 1 to 256 of A-Z, a-z, 0-9, _ and -");
    }
    for api_url in ["api.telegram.org", "ftp://x", "file:///etc", "", "data:x"] {
        let config = TelegramConfig { api_url: api_url.to_owned(), ..config(TOKEN) };
        assert_eq!(fault(&config), "[telegram] api_url: expected https://HOST or http://HOST:PORT");
    }
    assert!(fault(&TelegramConfig { max_connections: 0, ..config(TOKEN) }).ends_with("expected 1 to 100, not 0"));
}

#[test]
fn the_webhook_has_a_secret_even_where_none_is_set() {
    let bot = Telegram::new(&config(TOKEN)).unwrap().unwrap();
    let again = Telegram::new(&config(TOKEN)).unwrap().unwrap();
    let secret = bot.secret.expose();
    assert!(is_secret_token(secret) && secret.len() == 43);
    assert_eq!(secret, again.secret.expose(), "the same on every replica");
    assert!(bot.admits(Some(secret.as_bytes())));
    for wrong in [None, Some(b"".as_slice()), Some(b"x"), Some(&secret.as_bytes()[1..]), Some(TOKEN.as_bytes())] {
        assert!(!bot.admits(wrong));
    }
    let other = Telegram::new(&config("123456789:BBB")).unwrap().unwrap();
    assert_ne!(other.secret.expose(), secret);
    let own = TelegramConfig { secret_token: Some(Secret::new("own_Secret-1")), ..config(TOKEN) };
    assert!(Telegram::new(&own).unwrap().unwrap().admits(Some(b"own_Secret-1")));
}

#[test]
fn a_bot_shows_neither_its_token_nor_its_secret() {
    let bot = Telegram::new(&config(TOKEN)).unwrap().unwrap();
    assert_eq!(format!("{bot:?}"), "Telegram { mode: Webhook, .. }");
    assert!(!format!("{:?}", config(TOKEN)).contains("AAH"));
}

#[test]
fn a_pressed_button_is_answered_by_a_method_in_the_response() {
    assert_eq!(
        Telegram::answer_in_response("4382bfdwdsb323b2d9").to_string(),
        r#"{"callback_query_id":"4382bfdwdsb323b2d9","method":"answerCallbackQuery"}"#
    );
    let typed = serde_json::to_value(AnswerCallbackQuery::new(CallbackQueryId("x".to_owned()))).unwrap();
    assert_eq!(typed, serde_json::json!({ "callback_query_id": "x" }), "as teloxide writes it");
}
