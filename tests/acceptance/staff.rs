//! A member of staff at the console.

use std::time::Duration;

use reqwest::{Client, Response, StatusCode};

use crate::service::Service;

pub(crate) struct Staff {
    client: Client,
    url: String,
}

impl Staff {
    /// Logs in by the form, as the demo printed it.
    pub(crate) async fn logs_in(service: &Service) -> Staff {
        crate::service::crypto();
        let client = Client::builder().no_proxy().cookie_store(true).build().unwrap();
        let staff = Staff { client, url: service.url.clone() };
        let refused = staff.client.get(format!("{}/console/board", staff.url)).send().await.unwrap();
        assert_eq!(refused.status(), StatusCode::UNAUTHORIZED, "nobody sees the board without a log-in");
        let form = format!("login={}&password={}", service.login, service.password);
        let answer = staff
            .client
            .post(format!("{}/console/login", staff.url))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(form)
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        assert_eq!(answer.url().path(), "/console", "the log-in leads to the board");
        staff
    }

    /// Returns a page of the console.
    pub(crate) async fn page(&self, path: &str) -> String {
        let answer = self.client.get(format!("{}{path}", self.url)).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        answer.text().await.unwrap()
    }

    /// Posts a form with its anti-forgery token.
    pub(crate) async fn submits(&self, path: &str, csrf: &str) -> StatusCode {
        let form = self.client.post(format!("{}{path}", self.url));
        let form = form.header("content-type", "application/x-www-form-urlencoded").body(format!("csrf={csrf}"));
        form.send().await.unwrap().status()
    }

    /// Follows the live events of the console.
    pub(crate) async fn follows(&self) -> Live {
        let response = self.client.get(format!("{}/console/events", self.url)).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        Live { response, read: String::new() }
    }
}

/// A live connection.
pub(crate) struct Live {
    response: Response,
    read: String,
}

impl Live {
    /// Waits until the console says that something changed.
    pub(crate) async fn changes(&mut self, patience: Duration) {
        let waited = tokio::time::timeout(patience, async {
            loop {
                if let Some(end) = self.read.find("\n\n") {
                    let event: String = self.read.drain(..end + 2).collect();
                    if event.contains("event: change") {
                        return;
                    }
                } else {
                    let chunk = self.response.chunk().await.unwrap().expect("the connection stays open");
                    self.read.push_str(std::str::from_utf8(&chunk).unwrap());
                }
            }
        });
        waited.await.expect("the console tells of a change");
    }
}
