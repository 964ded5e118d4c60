//! The parts of an image reference.

/// The registry host of `reference`; `docker.io` when it names none.
pub fn host(reference: &str) -> &str {
    match reference.split_once('/') {
        Some((first, _)) if first.contains(['.', ':']) || first == "localhost" => first,
        _ => "docker.io",
    }
}

/// `reference` without tag and digest.
pub fn repository(reference: &str) -> &str {
    let name = reference.split_once('@').map_or(reference, |(name, _)| name);
    match name.rsplit_once(':') {
        Some((repository, tag)) if !tag.contains('/') => repository,
        _ => name,
    }
}

/// A loopback registry speaks http without TLS, as engines take it too.
pub fn is_loopback(host: &str) -> bool {
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name).trim_matches(['[', ']']);
    let address: Option<std::net::IpAddr> = name.parse().ok();
    name == "localhost" || address.is_some_and(|address| address.is_loopback())
}

/// Of the digests an image is known by (`repository@sha256:...`), the one at the registry of `reference`.
pub fn digest_for(reference: &str, digests: &[String]) -> Option<String> {
    if let Some((_, digest)) = reference.split_once('@') {
        return Some(digest.to_owned());
    }
    let known = digests.iter().filter_map(|known| known.split_once('@'));
    let wanted = familiar(repository(reference));
    known.filter(|(name, _)| familiar(name) == wanted).map(|(_, digest)| digest.to_owned()).next()
}

/// The short form of names at the public registry.
fn familiar(repository: &str) -> &str {
    let short = repository.strip_prefix("docker.io/").unwrap_or(repository);
    short.strip_prefix("library/").unwrap_or(short)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn parts_are_found() {
        assert_eq!(host("python:3.11"), "docker.io");
        assert_eq!(host("ghcr.io/a/b:1"), "ghcr.io");
        assert_eq!(host("localhost/a"), "localhost");
        assert_eq!(repository("127.0.0.1:5000/a:v1"), "127.0.0.1:5000/a");
        assert_eq!(repository("127.0.0.1:5000/a@sha256:00"), "127.0.0.1:5000/a");
        assert!(
            is_loopback("127.0.0.1:5000") && is_loopback("localhost") && is_loopback("[::1]:5")
        );
        assert!(!is_loopback("10.0.0.1:5000") && !is_loopback("ghcr.io"));
    }

    #[test]
    fn the_digest_is_the_one_of_the_same_repository() {
        let known = ["other/a@sha256:1".to_owned(), "python@sha256:2".to_owned()];
        assert_eq!(digest_for("docker.io/library/python:3", &known).as_deref(), Some("sha256:2"));
        assert_eq!(digest_for("mine/python:3", &known), None);
        assert_eq!(digest_for("a@sha256:9", &[]).as_deref(), Some("sha256:9"));
    }

    proptest! {
        #[test]
        fn any_text_has_parts(text in ".{0,60}") {
            prop_assert!(text.starts_with(repository(&text)));
            prop_assert!(!host(&text).is_empty() || text.starts_with('/'));
        }
    }
}
