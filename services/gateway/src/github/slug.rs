//! A repository as GitHub names it. Pure.

/// `owner/name`, in small letters: GitHub does not tell them from capitals.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Slug {
    owner: String,
    name: String,
}

/// Not a repository as GitHub names it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not OWNER/NAME")]
pub(crate) struct InvalidSlug(String);

impl Slug {
    /// The name without its owner.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }
}

impl std::str::FromStr for Slug {
    type Err = InvalidSlug;

    fn from_str(text: &str) -> Result<Self, InvalidSlug> {
        let word = |text: &str| {
            let fits = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
            (1..=100).contains(&text.len()) && text.bytes().all(fits) && !matches!(text, "." | "..")
        };
        let parts = text.split_once('/').filter(|(owner, name)| word(owner) && word(name));
        let (owner, name) = parts.ok_or_else(|| InvalidSlug(text.to_owned()))?;
        Ok(Self { owner: owner.to_ascii_lowercase(), name: name.to_ascii_lowercase() })
    }
}

impl std::fmt::Display for Slug {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.owner, self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_repository_has_an_owner_and_a_name() {
        let slug: Slug = "Acme/Shop.js".parse().expect("a repository");
        assert_eq!(slug.to_string(), "acme/shop.js");
        for text in ["shop", "a/b/c", "a/..", "/b", "a/", "a b/c", "a/b?x"] {
            assert!(text.parse::<Slug>().is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_parses_needs_no_escaping(text in "[ -~]{0,20}/[ -~]{0,20}") {
            if let Ok(slug) = text.parse::<Slug>() {
                let path = format!("/repos/{slug}");
                prop_assert!(path.parse::<http::uri::PathAndQuery>().is_ok());
            }
        }
    }
}
