//! E-mail to staff, by SMTP. Nothing comes in this way.

use std::time::Duration;

use lettre::message::{Mailbox, header::ContentType};
use lettre::transport::smtp::response::Severity;
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};

use super::SendError;
use crate::domain::secret::Secret;

/// How long the server may take to answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// Sends mail to a fixed list of people, or to one of the staff. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Mail {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    /// Who gets what is for everybody; may be nobody.
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
    /// Sets mail up; nothing is connected yet. `to` lists addresses with commas between them; without
    /// it mail goes to members of staff one by one.
    ///
    /// # Errors
    /// Which setting is of no use. The URL is not repeated: it holds a password.
    pub fn new(url: &Secret, from: &str, to: Option<&str>) -> Result<Mail, MailFault> {
        // lettre takes the provider of rustls that the program set up.
        crate::http::provide();
        let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(url.expose()).map_err(|_| MailFault::Url)?;
        let named = to.unwrap_or_default().split(',').filter(|address| !address.trim().is_empty());
        let list = named.map(|to| address("mail_to", to)).collect::<Result<Vec<_>, _>>()?;
        if to.is_some() && list.is_empty() {
            return Err(MailFault::Address { key: "mail_to", address: String::new() });
        }
        let from = address("mail_from", from)?;
        Ok(Mail { transport: transport.timeout(Some(PATIENCE)).build(), from, to: list })
    }

    /// Whether there is a list to send to.
    pub fn has_list(&self) -> bool {
        !self.to.is_empty()
    }

    /// Sends a text to everybody on the list. `id` becomes the Message-ID, the same at every attempt.
    ///
    /// # Errors
    /// Why it was not taken.
    pub async fn send(&self, id: &str, subject: &str, text: &str) -> Result<(), SendError> {
        self.bring(&self.to, id, subject, text).await
    }

    /// Sends a text to one person alone.
    ///
    /// # Errors
    /// Why it was not taken; [`SendError::Refused`] also where the address is none.
    pub async fn send_to(&self, to: &str, id: &str, subject: &str, text: &str) -> Result<(), SendError> {
        // The address is a person's: it is not repeated.
        let to = to.trim().parse().map_err(|_| SendError::Refused("the address on record is none".to_owned()))?;
        self.bring(&[to], id, subject, text).await
    }

    async fn bring(&self, to: &[Mailbox], id: &str, subject: &str, text: &str) -> Result<(), SendError> {
        let domain = self.from.email.domain();
        let mut message = Message::builder()
            .from(self.from.clone())
            .message_id(Some(format!("<{id}@{domain}>")))
            .subject(subject)
            .header(ContentType::TEXT_PLAIN);
        for to in to {
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
        let list = Mail::new(&url, "回访 <bot@example.cn>", Some("a@example.cn, 李工 <b@example.cn>")).unwrap();
        let none = Mail::new(&url, "bot@example.cn", None).unwrap();
        assert!(list.has_list() && !none.has_list());
        let fault = |url: &str, from, to| Mail::new(&Secret::new(url), from, Some(to)).unwrap_err().to_string();
        insta::assert_snapshot!(fault("mail:hunter2", "a@b.cn", "a@b.cn"), @"smtp_url: expected smtps://USER:PASSWORD@HOST or smtp://HOST:PORT?tls=required");
        insta::assert_snapshot!(fault("smtp://h", "nobody", "a@b.cn"), @r#"mail_from: "nobody" is no mail address"#);
        insta::assert_snapshot!(fault("smtp://h", "a@b.cn", " , "), @r#"mail_to: "" is no mail address"#);
    }
}
