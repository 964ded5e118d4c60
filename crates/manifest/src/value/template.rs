//! Texts in which something stands for a release, and addresses of what answers over HTTP.

use crate::grammar::text;

/// What stands for a release in a text, and is replaced by what it is.
const PLACEHOLDERS: [&str; 3] = ["release", "number", "instances"];
const NO_PLACEHOLDER: &str =
    "it reads the same of both releases: name one with `{release}`, `{number}` or `{instances}`";
const OTHER_PLACEHOLDER: &str = "there is only `{release}`, `{number}` and `{instances}`";
const URL: &str = "write http://HOST:PORT/PATH or https://HOST/PATH, without user and password";
/// Bytes of it that proxies let pass.
const LONGEST: usize = 2000;

text!(
    /// An address of http or https.
    Url, "a URL",
    |url| if is_url(url) && !url.contains(['?', '#', '{']) { Ok(()) } else { Err(URL) },
    "http://localhost"
);

text!(
    /// A query that names a release.
    QueryTemplate, "a query",
    |query| if query.len() > LONGEST { Err("use at most 2000 bytes") } else { names_a_release(query) },
    "{release}"
);

text!(
    /// An address that names a release.
    UrlTemplate, "a URL",
    |url| if is_url(url) && !url.contains('#') { names_a_release(url) } else { Err(URL) },
    "http://localhost/{release}"
);

/// A release, as texts name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// Its uid.
    pub release: String,
    /// Its number.
    pub number: String,
    /// The addresses of its instances, with `|` between them: an alternative of regular expressions.
    pub instances: String,
}

impl Named {
    fn fill(&self, text: &str) -> String {
        let text = text.replace("{release}", &self.release).replace("{number}", &self.number);
        text.replace("{instances}", &self.instances)
    }
}

impl QueryTemplate {
    /// The query of this release.
    pub fn of(&self, named: &Named) -> String {
        named.fill(&self.0)
    }
}

impl UrlTemplate {
    /// The address of this release.
    pub fn of(&self, named: &Named) -> String {
        named.fill(&self.0).replace('|', "%7C")
    }
}

fn is_url(url: &str) -> bool {
    let rest = url.strip_prefix("http://").or_else(|| url.strip_prefix("https://"));
    let host = rest.and_then(|rest| rest.split(['/', '?', '#']).next()).unwrap_or_default();
    let plain = |b: u8| b.is_ascii_graphic() && !b"\"<>\\^`|".contains(&b);
    !host.is_empty() && !host.contains(['@', '{']) && url.len() <= LONGEST && url.bytes().all(plain)
}

/// Words in braces are placeholders; queries have other things in braces, too.
fn names_a_release(text: &str) -> Result<(), &'static str> {
    let is_word =
        |word: &&str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
    let inside = text.split('{').skip(1).filter_map(|rest| Some(rest.split_once('}')?.0));
    let mut words = inside.filter(is_word).peekable();
    if words.peek().is_none() {
        return Err(NO_PLACEHOLDER);
    }
    if words.all(|word| PLACEHOLDERS.contains(&word)) { Ok(()) } else { Err(OTHER_PLACEHOLDER) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn two() -> Named {
        Named {
            release: "0197".to_owned(),
            number: "7".to_owned(),
            instances: "10.0.0.5:80|10.0.0.6:80".to_owned(),
        }
    }

    #[test]
    fn a_query_names_a_release_among_other_braces() {
        let text = r#"avg(queue{job="shop",instance=~"{instances}",code=~"5.{2}"})"#;
        let query = QueryTemplate::parse(text).expect("a query");
        let wanted = r#"avg(queue{job="shop",instance=~"10.0.0.5:80|10.0.0.6:80",code=~"5.{2}"})"#;
        assert_eq!(query.of(&two()), wanted);
    }

    #[test]
    fn what_names_none_or_another_thing_is_refused() {
        let refused = |text: &str| QueryTemplate::parse(text).expect_err("refused").to_string();
        assert!(refused("avg(queue)").contains("the same of both"));
        assert!(refused("q{r=\"{relase}\"} + q{r=\"{release}\"}").contains("there is only"));
    }

    #[test]
    fn an_address_is_whole_and_without_a_password() {
        let url = UrlTemplate::parse("https://bi.example.com/sales?of={number}&at={instances}");
        let wanted = "https://bi.example.com/sales?of=7&at=10.0.0.5:80%7C10.0.0.6:80";
        assert_eq!(url.expect("an address").of(&two()), wanted);
        for bad in
            ["", "bi/{release}", "ftp://bi/{release}", "http:///{release}", "http://a b/{release}"]
        {
            assert!(UrlTemplate::parse(bad).is_err(), "{bad}");
        }
        assert!(UrlTemplate::parse("https://ada:pw@bi/{release}").is_err());
        assert!(UrlTemplate::parse("https://{release}.example.com/").is_err(), "hosts are fixed");
        assert!(
            Url::parse("http://prometheus:9090").is_ok() && Url::parse("http://p/a?b").is_err()
        );
    }

    proptest::proptest! {
        #[test]
        fn an_address_that_is_taken_stays_one_line(text in "https?://[a-z{}/?=&#@| %]{0,40}") {
            let Ok(url) = UrlTemplate::parse(&text) else { return Ok(()) };
            let filled = url.of(&two());
            proptest::prop_assert!(filled.bytes().all(|b| b.is_ascii_graphic() && b != b'|'), "{}", filled);
        }
    }
}
