//! E-mail to staff, by SMTP. Nothing comes in this way.

use std::time::Duration;

use lettre::message::{Mailbox, header::ContentType};
use lettre::transport::smtp::response::Severity;
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};

use super::SendError;
use crate::domain::secret::Secret;

/// How long the server may take to answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// Sends mail to a fixed list of people. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Mail {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    to: Vec<Mailbox>,
}

/// Why the settings for mail are of no use.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MailFault {
    #[error("smtp_url: expected smtps://USER:PASSWORD@HOST or smtp://HOST:PORT?tls=required")]
    Url,
    #[error("{key}: {address:?} is no mail address")]
    Address { key: &'static str, address: String },
}

impl Mail {
    /// Sets mail up; nothing is connected yet. `to` lists addresses with commas between them.
    ///
    /// # Errors
    /// Which setting is of no use. The URL is not repeated: it holds a password.
    pub fn new(url: &Secret, from: &str, to: &str) -> Result<Mail, MailFault> {
        // lettre takes the provider of rustls that the program set up.
        let _ = crate::http::client(PATIENCE);
        let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(url.expose()).map_err(|_| MailFault::Url)?;
        let to = to.split(',').filter(|address| !address.trim().is_empty()).map(|to| address("mail_to", to));
        let to = to.collect::<Result<Vec<_>, _>>()?;
        if to.is_empty() {
            return Err(MailFault::Address { key: "mail_to", address: String::new() });
        }
        Ok(Mail { transport: transport.timeout(Some(PATIENCE)).build(), from: address("mail_from", from)?, to })
    }

    /// Sends a text to everybody on the list. `id` becomes the Message-ID, the same at every attempt.
    ///
    /// # Errors
    /// Why it was not taken.
    pub async fn send(&self, id: &str, subject: &str, text: &str) -> Result<(), SendError> {
        let domain = self.from.email.domain();
        let mut message = Message::builder()
            .from(self.from.clone())
            .message_id(Some(format!("<{id}@{domain}>")))
            .subject(subject)
            .header(ContentType::TEXT_PLAIN);
        for to in &self.to {
            message = message.to(to.clone());
        }
        let message = message.body(text.to_owned()).map_err(|error| SendError::Refused(error.to_string()))?;
        match self.transport.send(message).await {
            Ok(_) => Ok(()),
            // The server's own words may repeat addresses: only its code is told.
            Err(error) => {
                let said = error.status().map_or_else(|| "no answer".to_owned(), |code| code.to_string());
                let reason = format!("the mail server: {said}");
                match error.status().map(|code| code.severity) {
                    Some(Severity::PermanentNegativeCompletion) => Err(SendError::Refused(reason)),
                    _ => Err(SendError::Later { wait: None, reason }),
                }
            }
        }
    }
}

fn address(key: &'static str, text: &str) -> Result<Mailbox, MailFault> {
    text.trim().parse().map_err(|_| MailFault::Address { key, address: text.trim().to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_with_the_settings_is_named_without_the_password() {
        let url = Secret::new("smtp://me:hunter2@localhost:2525");
        assert!(Mail::new(&url, "回访 <bot@example.cn>", "a@example.cn, 李工 <b@example.cn>").is_ok());
        let fault = |url: &str, from, to| Mail::new(&Secret::new(url), from, to).unwrap_err().to_string();
        insta::assert_snapshot!(fault("mail:hunter2", "a@b.cn", "a@b.cn"), @"smtp_url: expected smtps://USER:PASSWORD@HOST or smtp://HOST:PORT?tls=required");
        insta::assert_snapshot!(fault("smtp://h", "nobody", "a@b.cn"), @r#"mail_from: "nobody" is no mail address"#);
        insta::assert_snapshot!(fault("smtp://h", "a@b.cn", " , "), @r#"mail_to: "" is no mail address"#);
    }
}
