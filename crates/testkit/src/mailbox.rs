//! A mail server at the wire: takes letters over SMTP, in the order RFC 5321 wants, and keeps them. One with TLS takes
//! them only after STARTTLS.

use crate::eventually;
use crate::tls::acceptor;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader, Lines};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::task::AbortOnDropHandle;

/// What is waited for comes within this.
const PATIENCE: Duration = Duration::from_mins(3);

/// A letter with its envelope.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Letter {
    /// Who sent it.
    pub from: String,
    /// Whom it is for.
    pub to: Vec<String>,
    /// Headers and body, with plain line ends.
    pub text: String,
}

/// A mail server.
#[derive(Debug)]
pub struct Mailbox {
    address: SocketAddr,
    tls: bool,
    letters: Arc<Mutex<Vec<Letter>>>,
    _serving: AbortOnDropHandle<()>,
}

impl Mailbox {
    /// Listens on this machine.
    pub async fn start() -> Self {
        Self::with(false).await
    }

    /// The same with TLS from a command on, whose certificate [`crate::AUTHORITY`] gave.
    pub async fn start_tls() -> Self {
        Self::with(true).await
    }

    async fn with(tls: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("bound");
        let letters = Arc::<Mutex<Vec<Letter>>>::default();
        let kept = Arc::clone(&letters);
        let serving = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(meet(stream, tls, Arc::clone(&kept)));
            }
        });
        Self { address, tls, letters, _serving: AbortOnDropHandle::new(serving) }
    }

    /// Where letters are taken.
    pub fn url(&self) -> String {
        let query = if self.tls { "/?tls=required" } else { "" };
        format!("smtp://{}{query}", self.address)
    }

    /// Waits until so many letters are there.
    pub async fn until_received(&self, count: usize) -> Vec<Letter> {
        eventually(&format!("{count} letters"), PATIENCE, async || {
            let letters = self.letters.lock().unwrap_or_else(PoisonError::into_inner).clone();
            Some(letters).filter(|letters| letters.len() >= count)
        })
        .await
    }
}

/// Greets, and goes on over TLS where that is wanted.
async fn meet(
    mut stream: TcpStream,
    tls: bool,
    letters: Arc<Mutex<Vec<Letter>>>,
) -> std::io::Result<()> {
    stream.write_all(b"220 mail.example.com ESMTP\r\n").await?;
    if !tls {
        return converse(stream, letters).await;
    }
    let mut lines = BufReader::new(&mut stream).lines();
    while let Some(line) = lines.next_line().await? {
        let answer = match line.split(' ').next() {
            Some("EHLO") => "250-mail.example.com\r\n250 STARTTLS",
            Some("STARTTLS") => break,
            _ => "530 Must issue a STARTTLS command first",
        };
        lines.get_mut().write_all(format!("{answer}\r\n").as_bytes()).await?;
    }
    drop(lines);
    stream.write_all(b"220 go ahead\r\n").await?;
    converse(acceptor().accept(stream).await?, letters).await
}

/// Until the client ends; what is out of order is refused.
async fn converse(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    letters: Arc<Mutex<Vec<Letter>>>,
) -> std::io::Result<()> {
    let (reader, mut writer) = tokio::io::split(stream);
    let mut lines = BufReader::new(reader).lines();
    let mut letter = Letter::default();
    while let Some(line) = lines.next_line().await? {
        let verb = line.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
        let path = line.split_once('<').and_then(|(_, rest)| rest.split_once('>'));
        let path = path.map(|(path, _)| path.to_owned()).unwrap_or_default();
        let answer = match verb.as_str() {
            "EHLO" => "250-mail.example.com\r\n250 8BITMIME",
            "MAIL" if letter.from.is_empty() => {
                letter.from = path;
                "250 OK"
            }
            "RCPT" if !letter.from.is_empty() => {
                letter.to.push(path);
                "250 OK"
            }
            "DATA" if !letter.to.is_empty() => {
                writer.write_all(b"354 go on\r\n").await?;
                letter.text = text(&mut lines).await?;
                letters
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .push(std::mem::take(&mut letter));
                "250 OK"
            }
            "QUIT" => "221 bye",
            _ => "503 bad sequence of commands",
        };
        writer.write_all(format!("{answer}\r\n").as_bytes()).await?;
    }
    Ok(())
}

/// What is sent up to the line with a dot.
async fn text(lines: &mut Lines<BufReader<impl AsyncRead + Unpin>>) -> std::io::Result<String> {
    let mut text = String::new();
    while let Some(line) = lines.next_line().await?.filter(|line| line != ".") {
        text.push_str(line.strip_prefix('.').unwrap_or(&line));
        text.push('\n');
    }
    Ok(text)
}
