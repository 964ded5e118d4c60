//! The pages: plain HTML without scripts, that nothing may frame, keep or follow. Pure.

use super::Link;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use proto::v1::Release;
use std::fmt::Write;

/// Nothing is loaded; what is sent goes back to the same page; nobody frames it.
const POLICY: &str =
    "default-src 'none'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/// Asks for a decision.
pub(super) fn ask(link: &Link, release: &Release) -> Response {
    page(StatusCode::OK, &link.title(), &question(link, release))
}

/// Says something about `title`.
pub(super) fn told(status: StatusCode, title: &str, text: &str) -> Response {
    page(status, title, &format!("<p>{}</p>", escaped(text)))
}

fn question(link: &Link, release: &Release) -> String {
    let commit: String = release.commit.chars().take(10).collect();
    let facts = [
        ("commit", commit),
        ("of", release.git_ref.clone()),
        ("cause", release.cause.clone()),
        ("by", release.by.clone()),
        ("config", release.config_hash.chars().take(10).collect()),
    ];
    let facts = facts.iter().filter(|(_, value)| !value.is_empty());
    let images = release.services.iter().filter_map(|service| {
        let image = service.image.as_ref()?;
        Some((service.service.as_str(), &image.digest))
    });
    let mut rows = String::new();
    for (name, value) in facts.map(|(name, value)| (*name, value)).chain(images) {
        let row = write!(rows, "<dt>{}</dt><dd>{}</dd>", escaped(name), escaped(value));
        row.expect("a text takes everything");
    }
    let from =
        release.waiting.as_ref().map_or(&[][..], |waiting| waiting.approvals_from.as_slice());
    let may_agree = from.is_empty() || from.iter().any(|it| it.eq_ignore_ascii_case(&link.voter));
    let (only, agree) = if may_agree {
        (String::new(), "<button name=\"decision\" value=\"approve\">Agree</button> ")
    } else {
        (format!(" Only {} may agree to it.", escaped(&from.join(", "))), "")
    };
    format!(
        "<p>It waits for people.{only} What you decide is recorded as {}.</p><dl>{rows}</dl>\
         <form method=\"post\"><p><label>Why <input name=\"reason\" maxlength=\"500\"></label></p>\
         <p>{agree}<button name=\"decision\" value=\"refuse\">Refuse</button></p></form>",
        escaped(&link.voter)
    )
}

fn page(status: StatusCode, title: &str, body: &str) -> Response {
    let title = escaped(title);
    let html = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><title>{title}</title><h1>{title}</h1>{body}</html>"
    );
    let headers = [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CONTENT_SECURITY_POLICY, POLICY),
        (CACHE_CONTROL, "no-store"),
        (REFERRER_POLICY, "no-referrer"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (status, headers, html).into_response()
}

/// Text that is only text, also within quotes.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::super::link::tests::link;
    use super::*;
    use proptest::prelude::*;
    use proto::v1::{Image, ReleasedService, Waiting};

    fn release(by: &str) -> Release {
        let image = Image { digest: "sha256:abab".to_owned(), ..Image::default() };
        Release {
            commit: "9f3c2a1b4d5e6f".to_owned(),
            git_ref: "refs/heads/main".to_owned(),
            cause: "push".to_owned(),
            by: by.to_owned(),
            services: vec![ReleasedService {
                service: "web".to_owned(),
                image: Some(image),
                ..ReleasedService::default()
            }],
            ..Release::default()
        }
    }

    #[test]
    fn the_question_shows_what_is_decided_and_in_whose_name() {
        insta::assert_snapshot!(question(&link(), &release("ada")), @r#"<p>It waits for people. What you decide is recorded as email:lead@example.com.</p><dl><dt>commit</dt><dd>9f3c2a1b4d</dd><dt>of</dt><dd>refs/heads/main</dd><dt>cause</dt><dd>push</dd><dt>by</dt><dd>ada</dd><dt>web</dt><dd>sha256:abab</dd></dl><form method="post"><p><label>Why <input name="reason" maxlength="500"></label></p><p><button name="decision" value="approve">Agree</button> <button name="decision" value="refuse">Refuse</button></p></form>"#);
    }

    #[test]
    fn who_may_not_agree_is_only_asked_whether_to_refuse() {
        let asked = |from: &[&str]| {
            let approvals_from = from.iter().map(|name| (*name).to_owned()).collect();
            let waiting = Some(Waiting { approvals_from, ..Waiting::default() });
            question(&link(), &Release { waiting, ..release("ada") })
        };
        let others = asked(&["bo", "<eve>"]);
        assert!(others.contains("Only bo, &lt;eve&gt; may agree to it."), "{others}");
        assert!(!others.contains("\"approve\"") && others.contains("\"refuse\""), "{others}");
        let named = asked(&["bo", "email:Lead@example.com"]);
        assert!(named.contains("\"approve\"") && !named.contains("Only"), "{named}");
    }

    #[test]
    fn nothing_may_frame_keep_or_follow_a_page() {
        let page = told(StatusCode::GONE, "shop", "over");
        let header = |name| page.headers().get(name).and_then(|value| value.to_str().ok());
        assert_eq!(page.status(), StatusCode::GONE);
        assert_eq!(header(CACHE_CONTROL), Some("no-store"));
        assert_eq!(header(REFERRER_POLICY), Some("no-referrer"));
        assert!(
            header(CONTENT_SECURITY_POLICY).is_some_and(|it| it.contains("frame-ancestors 'none'"))
        );
    }

    proptest! {
        #[test]
        fn nothing_told_becomes_markup(by in "[<>&\"'a-z]{0,20}") {
            let told = question(&link(), &release(&by));
            prop_assert_eq!(told.matches('<').count(), question(&link(), &release("a")).matches('<').count()
                - if by.is_empty() { 4 } else { 0 });
        }
    }
}
