//! References to images in registries.

use crate::grammar::text;

text!(
    /// An image in a registry, by tag or digest: `ghcr.io/mlflow/mlflow:v2.14.1`.
    ImageReference, "an image",
    |image| {
        if is_reference(image) {
            Ok(())
        } else {
            Err("write [REGISTRY/]NAME[:TAG][@sha256:DIGEST], in lower case")
        }
    },
    "x"
);

impl ImageReference {
    /// Everything before the tag and the digest.
    pub fn repository(&self) -> &str {
        split(&self.0).0
    }

    /// The tag, if one is written.
    pub fn tag(&self) -> Option<&str> {
        split(&self.0).1
    }

    /// The digest, if one is written.
    pub fn digest(&self) -> Option<events::Digest> {
        split(&self.0).2.and_then(|digest| events::Digest::parse(digest).ok())
    }
}

/// Repository, tag and digest.
fn split(image: &str) -> (&str, Option<&str>, Option<&str>) {
    let (image, digest) = match image.split_once('@') {
        Some((image, digest)) => (image, Some(digest)),
        None => (image, None),
    };
    // A colon before the last slash belongs to the port of the registry.
    match image.rsplit_once(':') {
        Some((repository, tag)) if !tag.contains('/') => (repository, Some(tag), digest),
        _ => (image, None, digest),
    }
}

fn is_reference(image: &str) -> bool {
    let (repository, tag, digest) = split(image);
    let mut parts = repository.split('/');
    let first = parts.next().unwrap_or_default();
    let is_registry = first.contains(['.', ':']) || first == "localhost";
    let first_good =
        if is_registry && repository.contains('/') { is_host(first) } else { is_component(first) };
    image.len() <= 512
        && first_good
        && parts.all(is_component)
        && tag.is_none_or(is_tag)
        && digest.is_none_or(|digest| events::Digest::parse(digest).is_ok())
}

fn is_host(host: &str) -> bool {
    let (name, port) = host.split_once(':').unwrap_or((host, "1"));
    super::Port::parse(port).is_ok()
        && !name.is_empty()
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'.')
        && !name.starts_with(['-', '.'])
}

fn is_component(part: &str) -> bool {
    let ends = |c: Option<char>| c.is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    ends(part.chars().next())
        && ends(part.chars().last())
        && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-".contains(&b))
}

fn is_tag(tag: &str) -> bool {
    (1..=128).contains(&tag.len())
        && !tag.starts_with(['.', '-'])
        && tag.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(image: &str) -> Option<(String, Option<String>)> {
        let image = ImageReference::parse(image).ok()?;
        Some((image.repository().to_owned(), image.tag().map(str::to_owned)))
    }

    #[test]
    fn ports_are_not_tags() {
        assert_eq!(parts("redis"), Some(("redis".into(), None)));
        assert_eq!(parts("localhost:5000/a/b"), Some(("localhost:5000/a/b".into(), None)));
        assert_eq!(parts("ghcr.io/a/b:v1"), Some(("ghcr.io/a/b".into(), Some("v1".into()))));
    }

    #[test]
    fn a_digest_is_kept_apart() {
        let digest = format!("sha256:{}", "0a".repeat(32));
        let image = ImageReference::parse(&format!("redis:7@{digest}")).expect("is a reference");
        assert_eq!(image.digest().map(|d| d.to_string()), Some(digest));
        assert_eq!((image.repository(), image.tag()), ("redis", Some("7")));
    }

    #[test]
    fn what_no_registry_takes_is_refused() {
        for bad in
            ["", "A/b", "a:", "a@sha256:1", "a b", "a//b", "-a", "https://a/b", "a:b:c", "a/-b"]
        {
            assert!(ImageReference::parse(bad).is_err(), "{bad:?} must be refused");
        }
    }
}
