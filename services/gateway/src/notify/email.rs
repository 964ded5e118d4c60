//! A message as mail. The server is the platform's, named by its operator; without TLS only on this machine.

use super::letter::{Envelope, letter};
use super::send::Notification;
use super::smtp::{Account, Conversation, SmtpError};
use http::Uri;
use manifest::Email;
use outgoing::{Outgoing, SendError};
use service::Secret;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use zeroize::Zeroizing;

/// How long the server may take for a letter.
const LONGEST: Duration = Duration::from_secs(30);

/// How a connection to the server is kept private.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tls {
    /// From the first byte, `smtps://`.
    Always,
    /// From a command on, `?tls=required`.
    Started,
    /// Not at all: the server is this machine.
    Never,
}

/// How mail is sent.
#[derive(Clone)]
pub struct Mail {
    host: String,
    port: u16,
    tls: Tls,
    account: Option<Account>,
    /// The name that letters show.
    name: String,
    from: Email,
}

impl std::fmt::Debug for Mail {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Mail").field("host", &self.host).finish_non_exhaustive()
    }
}

/// Why mail cannot be sent as it is set. Never the address: it may hold a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidMail {
    /// Not the address of a server.
    #[error("it is not smtps://USER:PASSWORD@HOST or smtp://USER:PASSWORD@HOST:587?tls=required")]
    Url,
    /// A password would be read by anybody on the way.
    #[error("without tls=required it must be on this machine: 127.0.0.1, [::1] or localhost")]
    Plain,
    /// Not an address of mail.
    #[error("it is not an address, as Slipway <slipway@example.com>")]
    From,
}

/// Why a letter was not sent.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MailError {
    #[error("SLIPWAY_SMTP_URL and SLIPWAY_SMTP_FROM are not set")]
    Nowhere,
    #[error("reach the mail server")]
    Connect(#[source] std::io::Error),
    #[error("agree on TLS with the mail server")]
    Tls(#[source] SendError),
    #[error("hand the letter over")]
    Conversation(#[from] SmtpError),
    #[error("the mail server did not take the letter within {} s", LONGEST.as_secs())]
    Slow,
}

impl Mail {
    /// Mail through the server at `url`, from `from`.
    pub fn parse(url: &Secret, from: &str) -> Result<Self, InvalidMail> {
        let (name, from) = sender(from)?;
        let uri: Uri = url.expose().parse().map_err(|_| InvalidMail::Url)?;
        let authority = uri.authority().ok_or(InvalidMail::Url)?;
        let host = authority.host();
        let here = matches!(host, "127.0.0.1" | "[::1]" | "localhost");
        let started = uri.query().is_some_and(|query| query == "tls=required");
        let (tls, port) = match uri.scheme_str() {
            Some("smtps") => (Tls::Always, 465),
            Some("smtp") if started => (Tls::Started, 587),
            Some("smtp") if here => (Tls::Never, 25),
            Some("smtp") => return Err(InvalidMail::Plain),
            _ => return Err(InvalidMail::Url),
        };
        let account = authority.as_str().rsplit_once('@').map(|(account, _)| account);
        Ok(Self {
            host: host.trim_start_matches('[').trim_end_matches(']').to_owned(),
            port: authority.port_u16().unwrap_or(port),
            tls,
            account: account.map(self::account).transpose()?,
            name,
            from,
        })
    }
}

/// A name, if there is one, and an address.
fn sender(text: &str) -> Result<(String, Email), InvalidMail> {
    let (name, address) = match text.trim().split_once('<') {
        Some((name, rest)) => (name.trim(), rest.strip_suffix('>').ok_or(InvalidMail::From)?),
        None => ("", text.trim()),
    };
    let address = Email::parse(address).map_err(|_| InvalidMail::From)?;
    Ok((name.trim_matches('"').to_owned(), address))
}

/// `USER:PASSWORD`, each with `%` and two digits for what cannot stand there.
fn account(text: &str) -> Result<Account, InvalidMail> {
    let (user, password) = text.split_once(':').ok_or(InvalidMail::Url)?;
    let decoded = |text: &str| decoded(text).ok_or(InvalidMail::Url);
    Ok(Account { user: decoded(user)?, password: Zeroizing::new(decoded(password)?) })
}

fn decoded(text: &str) -> Option<String> {
    let mut parts = text.split('%');
    let mut bytes = parts.next()?.as_bytes().to_vec();
    for part in parts {
        bytes.push(u8::from_str_radix(part.get(..2)?, 16).ok()?);
        bytes.extend(part.get(2..)?.bytes());
    }
    String::from_utf8(bytes).ok()
}

/// Sends one letter.
pub(super) async fn send(
    outgoing: &Outgoing,
    mail: &Mail,
    to: &str,
    notification: &Notification,
) -> Result<(), MailError> {
    let sent = tokio::time::timeout(LONGEST, deliver(outgoing, mail, to, notification));
    sent.await.map_err(|_| MailError::Slow)?
}

async fn deliver(
    outgoing: &Outgoing,
    mail: &Mail,
    to: &str,
    notification: &Notification,
) -> Result<(), MailError> {
    let stream = TcpStream::connect((mail.host.as_str(), mail.port)).await;
    let stream = stream.map_err(MailError::Connect)?;
    match mail.tls {
        Tls::Never => hand_over(Conversation::begin(stream).await?, mail, to, notification).await,
        Tls::Always => {
            let stream = outgoing.secure(&mail.host, stream).await.map_err(MailError::Tls)?;
            hand_over(Conversation::begin(stream).await?, mail, to, notification).await
        }
        Tls::Started => {
            let stream = Conversation::begin(stream).await?.start_tls().await?;
            let stream = outgoing.secure(&mail.host, stream).await.map_err(MailError::Tls)?;
            hand_over(Conversation::resume(stream).await?, mail, to, notification).await
        }
    }
}

async fn hand_over<S: AsyncRead + AsyncWrite + Unpin>(
    mut conversation: Conversation<S>,
    mail: &Mail,
    to: &str,
    notification: &Notification,
) -> Result<(), MailError> {
    if let Some(account) = &mail.account {
        conversation.log_in(account).await?;
    }
    let from = mail.from.as_str();
    let envelope = Envelope { name: &mail.name, from, to };
    let letter = letter(envelope, &notification.message, notification.times, notification.id);
    Ok(conversation.send(from, to, &letter).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mail(url: &str) -> Result<Mail, InvalidMail> {
        Mail::parse(&Secret::new(url), "Slipway <slipway@example.com>")
    }

    #[test]
    fn a_server_is_read_with_its_account() {
        let mail = mail("smtp://ada%40example.com:p%3Aw@mail.example.com?tls=required").unwrap();
        assert_eq!(
            (mail.host.as_str(), mail.port, mail.tls),
            ("mail.example.com", 587, Tls::Started)
        );
        let account = mail.account.unwrap();
        assert_eq!((account.user.as_str(), account.password.as_str()), ("ada@example.com", "p:w"));
        assert_eq!((mail.name.as_str(), mail.from.as_str()), ("Slipway", "slipway@example.com"));
    }

    #[test]
    fn a_password_does_not_travel_openly() {
        let refused = |url: &str| mail(url).expect_err("refused");
        assert_eq!(refused("smtp://ada:pw@mail.example.com:25"), InvalidMail::Plain);
        assert_eq!(refused("https://mail.example.com"), InvalidMail::Url);
        assert_eq!(refused("smtps://ada@mail.example.com"), InvalidMail::Url);
        assert_eq!(mail("smtp://[::1]:2525").unwrap().host, "::1");
        let nobody = Mail::parse(&Secret::new("smtp://127.0.0.1"), "nobody");
        assert_eq!(nobody.expect_err("refused"), InvalidMail::From);
    }
}
