//! A mail server that speaks as much of SMTP as it takes to be given letters.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use data_encoding::BASE64;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// A mail server that takes everything, or, while it is `busy`, nothing for the moment.
#[derive(Clone, Default)]
pub struct Server {
    letters: Arc<Mutex<Vec<String>>>,
    pub busy: Arc<AtomicBool>,
}

impl Server {
    pub async fn start() -> (Server, u16) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = Server::default();
        let this = server.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let this = this.clone();
                tokio::spawn(async move { this.talk(stream).await });
            }
        });
        (server, port)
    }

    /// RFC 5321, as much of it as a client without extensions needs.
    async fn talk(&self, stream: TcpStream) -> Option<()> {
        let (read, mut write) = stream.into_split();
        let mut lines = BufReader::new(read).lines();
        write.write_all(b"220 mail.example.cn\r\n").await.ok()?;
        while let Some(line) = lines.next_line().await.ok()? {
            let answer = match line.split(' ').next()? {
                "MAIL" if self.busy.load(Ordering::Relaxed) => "451 come back later",
                "DATA" => {
                    write.write_all(b"354 go on\r\n").await.ok()?;
                    let mut letter = String::new();
                    while let Some(line) = lines.next_line().await.ok()?.filter(|line| line != ".") {
                        letter.push_str(&line);
                        letter.push('\n');
                    }
                    self.letters.lock().unwrap().push(letter);
                    "250 taken"
                }
                "QUIT" => "221 bye",
                _ => "250 fine",
            };
            write.write_all(format!("{answer}\r\n").as_bytes()).await.ok()?;
        }
        Some(())
    }

    /// What the letters say, as their reader sees it.
    pub fn texts(&self) -> Vec<String> {
        let read = |letter: &String| {
            let (head, body) = letter.split_once("\n\n").unwrap();
            assert!(head.contains("Message-ID: <") && head.contains("base64"), "{head}");
            String::from_utf8(BASE64.decode(body.replace('\n', "").as_bytes()).unwrap()).unwrap().replace("\r\n", "\n")
        };
        self.letters.lock().unwrap().iter().map(read).collect()
    }
}
