//! A message as a letter of mail (RFC 5322): plain text that nobody is asked to answer. Pure.

use super::Message;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use uuid::Uuid;

/// Bytes of a word in a header that is not ASCII, so that it stays within 75 characters when it is encoded.
const WORD: usize = 39;
/// Characters of a line of base64.
const LINE: usize = 76;

/// Who writes to whom.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Envelope<'a> {
    /// The name that is shown; may be empty.
    pub name: &'a str,
    pub from: &'a str,
    pub to: &'a str,
}

/// The letter, with the line ends of mail.
pub(crate) fn letter(envelope: Envelope<'_>, message: &Message, times: i32, id: Uuid) -> String {
    let Envelope { name, from, to } = envelope;
    let domain = from.rsplit('@').next().unwrap_or(from);
    let sender =
        if name.is_empty() { from.to_owned() } else { format!("{} <{from}>", phrase(name)) };
    let (encoding, body) = encoded(&text(message));
    let headers = [
        ("From", sender),
        ("To", to.to_owned()),
        ("Subject", encoded_words(&message.headline(times))),
        ("Date", message.at.to_rfc2822()),
        // The same for every attempt: a server that has it may throw the second away.
        ("Message-ID", format!("<{}@{domain}>", id.simple())),
        ("Auto-Submitted", "auto-generated".to_owned()),
        ("MIME-Version", "1.0".to_owned()),
        ("Content-Type", "text/plain; charset=utf-8".to_owned()),
        ("Content-Transfer-Encoding", encoding.to_owned()),
    ];
    let headers = headers.map(|(name, value)| format!("{name}: {value}"));
    format!("{}\r\n\r\n{body}", headers.join("\r\n"))
}

/// The body.
fn text(message: &Message) -> String {
    let mut parts = vec![message.title.clone()];
    if !message.text.is_empty() {
        parts.push(message.text.clone());
    }
    if !message.excerpt.is_empty() {
        let lines: Vec<String> = message.excerpt.iter().map(|line| format!("    {line}")).collect();
        parts.push(lines.join("\n"));
    }
    let link = message.link.clone().map(|link| ("link", link));
    let facts = message.facts().into_iter().chain(link);
    let facts: Vec<String> = facts.map(|(name, value)| format!("{name}: {value}")).collect();
    parts.push(facts.join("\n"));
    parts.join("\n\n") + "\n"
}

/// A body that every server passes on: as it is when it is ASCII, else as base64.
fn encoded(text: &str) -> (&'static str, String) {
    if text.is_ascii() {
        return ("7bit", text.replace('\n', "\r\n"));
    }
    let encoded = STANDARD.encode(text);
    let lines: Vec<&str> = (0..encoded.len())
        .step_by(LINE)
        .map(|at| &encoded[at..encoded.len().min(at + LINE)])
        .collect();
    ("base64", lines.join("\r\n") + "\r\n")
}

/// A name before an address.
fn phrase(name: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, ' ' | '-' | '_');
    if name.chars().all(plain) { name.to_owned() } else { encoded_words(name) }
}

/// A value of a header: as it is when it is plain, else as words of base64 (RFC 2047). Nothing in it ends the
/// header.
fn encoded_words(text: &str) -> String {
    if text.chars().all(|c| matches!(c, ' '..='~')) {
        return text.to_owned();
    }
    let mut words = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (word, after) = rest.split_at(rest.floor_char_boundary(WORD));
        words.push(format!("=?utf-8?B?{}?=", STANDARD.encode(word)));
        rest = after;
    }
    words.join("\r\n ")
}

#[cfg(test)]
mod tests {
    use super::super::message::tests::failed;
    use super::*;
    use proptest::prelude::*;

    fn written(message: &Message) -> String {
        let envelope =
            Envelope { name: "Slipway", from: "slipway@example.com", to: "ops@example.com" };
        letter(envelope, message, 1, Uuid::nil())
    }

    #[test]
    fn a_failed_release_reads_so() {
        insta::assert_snapshot!(written(&failed()).replace("\r\n", "\n"), @r"
        From: Slipway <slipway@example.com>
        To: ops@example.com
        Subject: shop/production: release 8 failed
        Date: Thu, 1 Jan 1970 00:00:00 +0000
        Message-ID: <00000000000000000000000000000000@example.com>
        Auto-Submitted: auto-generated
        MIME-Version: 1.0
        Content-Type: text/plain; charset=utf-8
        Content-Transfer-Encoding: 7bit

        shop/production: release 8 failed

        MODULE_NOT_FOUND: api cannot import <flask> & exits

            Traceback:
              no ```flask``` <here>

        commit: abababababab of branch main
        by: ada
        more: slipway releases shop production 8
        link: https://github.com/acme/shop/commit/abab
        ");
    }

    #[test]
    fn what_is_not_ascii_is_encoded() {
        let message = Message { title: "Größe ist ✗".to_owned(), ..failed() };
        let letter = written(&message);
        assert!(letter.is_ascii() && letter.contains("Subject: =?utf-8?B?R3LDtsOfZSBpc3Qg4pyX?="));
        assert!(letter.contains("Content-Transfer-Encoding: base64"), "{letter}");
    }

    proptest! {
        #[test]
        fn nothing_makes_a_header_of_its_own(title in "(?s).{0,200}", text in "(?s).{0,200}") {
            let letter = written(&Message { title, text, ..failed() });
            let (head, _) = letter.split_once("\r\n\r\n").unwrap();
            let names: Vec<&str> = head
                .split("\r\n")
                .filter(|line| !line.starts_with(' '))
                .map(|line| line.split(':').next().unwrap())
                .collect();
            prop_assert_eq!(names.len(), 9, "{}", head);
            prop_assert!(head.is_ascii() && !head.replace("\r\n", "").contains(['\r', '\n']));
        }
    }
}
