//! One letter over SMTP (RFC 5321): greeting, who we are, TLS, account, envelope, text. Answers are bounded.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufStream};
use zeroize::Zeroizing;

/// Bytes of a line that is read.
const LINE: u64 = 2048;
/// Lines of an answer.
const LINES: usize = 100;
/// What we call ourselves: an address says nothing that is not on the connection already.
const NAME: &str = "[127.0.0.1]";

/// Why a letter was not taken. Says nothing of the account.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SmtpError {
    #[error("talk to the mail server")]
    Io(#[from] std::io::Error),
    #[error("the mail server ended the conversation")]
    Ended,
    #[error("the mail server does not speak SMTP")]
    Speech,
    #[error("the mail server answered {code} to {command}")]
    Refused { command: &'static str, code: u16 },
    #[error("the mail server offers no TLS")]
    NoTls,
}

/// Name and password.
#[derive(Clone)]
pub(crate) struct Account {
    pub user: String,
    pub password: Zeroizing<String>,
}

/// A conversation with a mail server.
pub(crate) struct Conversation<S> {
    stream: BufStream<S>,
    /// What the server can do, in capitals.
    offers: Vec<String>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Conversation<S> {
    /// Begins with the greeting of the server.
    pub(crate) async fn begin(stream: S) -> Result<Self, SmtpError> {
        let mut conversation = Self { stream: BufStream::new(stream), offers: Vec::new() };
        conversation.expect("the connection", 220).await?;
        conversation.introduce().await?;
        Ok(conversation)
    }

    /// Goes on over a connection that became another, where the server says nothing first.
    pub(crate) async fn resume(stream: S) -> Result<Self, SmtpError> {
        let mut conversation = Self { stream: BufStream::new(stream), offers: Vec::new() };
        conversation.introduce().await?;
        Ok(conversation)
    }

    async fn introduce(&mut self) -> Result<(), SmtpError> {
        self.write(&format!("EHLO {NAME}")).await?;
        let offers = self.expect("EHLO", 250).await?;
        self.offers = offers.iter().map(|line| line.to_ascii_uppercase()).collect();
        Ok(())
    }

    /// The bare connection, ready for TLS. What the server sent too early is not read: it was not encrypted.
    pub(crate) async fn start_tls(mut self) -> Result<S, SmtpError> {
        if !self.offers.iter().any(|offer| offer == "STARTTLS") {
            return Err(SmtpError::NoTls);
        }
        self.write("STARTTLS").await?;
        self.expect("STARTTLS", 220).await?;
        Ok(self.stream.into_inner())
    }

    /// Says who we are to the server.
    pub(crate) async fn log_in(&mut self, account: &Account) -> Result<(), SmtpError> {
        let plain = Zeroizing::new(format!("\0{}\0{}", account.user, *account.password));
        let line = Zeroizing::new(format!("AUTH PLAIN {}", STANDARD.encode(plain.as_bytes())));
        self.write(&line).await?;
        self.expect("AUTH", 235).await.map(drop)
    }

    /// Hands a letter over.
    pub(crate) async fn send(
        &mut self,
        from: &str,
        to: &str,
        letter: &str,
    ) -> Result<(), SmtpError> {
        self.write(&format!("MAIL FROM:<{from}>")).await?;
        self.expect("MAIL", 250).await?;
        self.write(&format!("RCPT TO:<{to}>")).await?;
        self.expect("RCPT", 250).await?;
        self.write("DATA").await?;
        self.expect("DATA", 354).await?;
        self.write(&format!("{}.", stuffed(letter))).await?;
        self.expect("the letter", 250).await?;
        // The letter is theirs now, whatever becomes of the farewell.
        drop(self.write("QUIT").await);
        Ok(())
    }

    async fn write(&mut self, line: &str) -> Result<(), SmtpError> {
        self.stream.write_all(line.as_bytes()).await?;
        self.stream.write_all(b"\r\n").await?;
        Ok(self.stream.flush().await?)
    }

    /// The lines of an answer, which must have this code.
    async fn expect(
        &mut self,
        command: &'static str,
        wanted: u16,
    ) -> Result<Vec<String>, SmtpError> {
        let mut lines = Vec::new();
        for _ in 0..LINES {
            let line = self.line().await?;
            let code = line.get(..3).and_then(|code| code.parse().ok()).ok_or(SmtpError::Speech)?;
            lines.push(line.get(4..).unwrap_or_default().to_owned());
            if line.as_bytes().get(3) == Some(&b'-') {
                continue;
            }
            return if code == wanted {
                Ok(lines)
            } else {
                Err(SmtpError::Refused { command, code })
            };
        }
        Err(SmtpError::Speech)
    }

    async fn line(&mut self) -> Result<String, SmtpError> {
        let mut line = Vec::new();
        (&mut self.stream).take(LINE).read_until(b'\n', &mut line).await?;
        if line.is_empty() {
            return Err(SmtpError::Ended);
        }
        if line.last() != Some(&b'\n') {
            return Err(SmtpError::Speech);
        }
        Ok(String::from_utf8_lossy(&line).trim_end().to_owned())
    }
}

/// A letter of whole lines, in which no line is the dot that ends it.
fn stuffed(letter: &str) -> String {
    let line = |line: &str| {
        if line.starts_with('.') { format!(".{line}\r\n") } else { format!("{line}\r\n") }
    };
    letter.lines().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::duplex;

    /// What the client says to a server that answers so, and how it ends.
    async fn talked(answers: &'static str) -> (String, Result<(), String>) {
        let (ours, mut theirs) = duplex(64 << 10);
        theirs.write_all(answers.as_bytes()).await.expect("it fits");
        let ended = async {
            let mut conversation = Conversation::begin(ours).await?;
            let account = Account { user: "ada".into(), password: Zeroizing::new("pw".into()) };
            conversation.log_in(&account).await?;
            conversation
                .send("a@example.com", "b@example.com", "Subject: x\r\n\r\n.\r\n..\r\n")
                .await
        };
        let ended = ended.await.map_err(|error| error.to_string());
        let mut said = String::new();
        theirs.read_to_string(&mut said).await.expect("text");
        (said, ended)
    }

    #[tokio::test]
    async fn a_letter_is_handed_over() {
        let answers = "220 hello\r\n250-mail\r\n250 AUTH PLAIN\r\n235 ok\r\n250 ok\r\n250 ok\r\n354 go\r\n250 ok\r\n";
        let (said, ended) = talked(answers).await;
        assert_eq!(ended, Ok(()));
        insta::assert_snapshot!(said.replace("\r\n", "\n"), @r"
        EHLO [127.0.0.1]
        AUTH PLAIN AGFkYQBwdw==
        MAIL FROM:<a@example.com>
        RCPT TO:<b@example.com>
        DATA
        Subject: x

        ..
        ...
        .
        QUIT
        ");
    }

    #[tokio::test]
    async fn a_refusal_names_the_command_and_not_the_account() {
        let (_, ended) = talked("220 hello\r\n250 mail\r\n535 no ada\r\n").await;
        assert_eq!(ended, Err("the mail server answered 535 to AUTH".to_owned()));
        let (_, ended) = talked("HTTP/1.1 400 Bad Request\r\n").await;
        assert_eq!(ended, Err("the mail server does not speak SMTP".to_owned()));
    }
}
