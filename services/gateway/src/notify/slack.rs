//! A message as an incoming webhook of Slack takes it. Pure.

use super::Message;
use super::message::{DECIDE, LOOK};
use serde_json::{Value, json};

/// Characters that a section may have, less than the 3000 that Slack allows: escaping makes text longer.
const SECTION: usize = 2_800;

/// The body of the request.
pub(crate) fn body(message: &Message, times: i32) -> Value {
    let headline = escaped(&message.headline(times), 300);
    let mut said = format!("*{headline}*");
    if !message.text.is_empty() {
        said.push('\n');
        said.push_str(&escaped(&message.text, 1_500));
    }
    let mut blocks = vec![section(&said)];
    if !message.excerpt.is_empty() {
        blocks.push(section(&format!("```{}```", code(&message.excerpt))));
    }
    if let Some(context) = context(message) {
        blocks.push(json!({"type": "context", "elements": [{"type": "mrkdwn", "text": context}]}));
    }
    json!({"text": headline, "blocks": blocks})
}

fn section(text: &str) -> Value {
    json!({"type": "section", "text": {"type": "mrkdwn", "text": text}})
}

/// Facts and link on one line.
fn context(message: &Message) -> Option<String> {
    let fact = |(name, value): &(&str, String)| match (*name, &message.link) {
        ("commit", Some(link)) => {
            format!("<{}|commit {}>", escaped(link, 500), escaped(value, 200))
        }
        (LOOK, _) => format!("<{}|release>", escaped(value, 1_000)),
        (DECIDE, _) => format!("<{}|decide>", escaped(value, 1_000)),
        ("more", _) => format!("`{}`", escaped(value, 200)),
        (name, _) => format!("{name} {}", escaped(value, 200)),
    };
    let facts: Vec<String> = message.facts().iter().map(fact).collect();
    (!facts.is_empty()).then(|| facts.join(" · "))
}

/// As many of the last lines as fit; none of them can end the block.
fn code(lines: &[String]) -> String {
    let mut left = SECTION - 6;
    let mut fitting = Vec::new();
    for line in lines.iter().rev() {
        let line = escaped(&line.replace("```", "'''"), SECTION);
        if line.len() + 1 > left {
            break;
        }
        left -= line.len() + 1;
        fitting.push(line);
    }
    fitting.reverse();
    fitting.join("\n")
}

/// Text that mentions nobody and links nowhere, in at most `longest` bytes and three dots.
fn escaped(text: &str, longest: usize) -> String {
    let mut escaped = String::new();
    for c in text.chars() {
        let (at, mut buffer) = (escaped.len(), [0; 4]);
        escaped.push_str(match c {
            '&' => "&amp;",
            '<' => "&lt;",
            '>' => "&gt;",
            c => c.encode_utf8(&mut buffer),
        });
        if escaped.len() > longest {
            escaped.truncate(at);
            return escaped + "...";
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::super::message::tests::failed;
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_failed_release_reads_so() {
        insta::assert_snapshot!(serde_json::to_string_pretty(&body(&failed(), 1)).unwrap(), @r#"
        {
          "blocks": [
            {
              "text": {
                "text": "*shop/production: release 8 failed*\nMODULE_NOT_FOUND: api cannot import &lt;flask&gt; &amp; exits",
                "type": "mrkdwn"
              },
              "type": "section"
            },
            {
              "text": {
                "text": "```Traceback:\n  no '''flask''' &lt;here&gt;```",
                "type": "mrkdwn"
              },
              "type": "section"
            },
            {
              "elements": [
                {
                  "text": "<https://github.com/acme/shop/commit/abab|commit abababababab of branch main> · by ada · `slipway releases shop production 8`",
                  "type": "mrkdwn"
                }
              ],
              "type": "context"
            }
          ],
          "text": "shop/production: release 8 failed"
        }
        "#);
    }

    proptest! {
        #[test]
        fn no_block_is_too_long(text in "(?s).{0,3000}", lines in proptest::collection::vec(".{0,300}", 0..20)) {
            let body = body(&Message { text, excerpt: lines, ..failed() }, 2);
            for block in body["blocks"].as_array().unwrap() {
                let text = block["text"]["text"].as_str().unwrap_or_default();
                prop_assert!(text.chars().count() <= 3_000, "{text}");
                prop_assert!(!text.contains("<!"));
            }
        }
    }
}
