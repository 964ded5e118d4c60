//! Which variables hold secrets, told by their names and values.

/// Parts of names that say it, however they are put together.
const WORDS: [&str; 8] =
    ["PASSWORD", "PASSWD", "PASS", "SECRET", "SECRETS", "TOKEN", "CREDENTIALS", "DSN"];
/// What makes a `KEY` one that opens something.
const KEYS: [&str; 8] =
    ["API", "ACCESS", "PRIVATE", "ENCRYPTION", "MASTER", "SIGNING", "AUTH", "LICENSE"];

/// Whether a variable of this name and value should not stand in a file of the repository.
pub(crate) fn is_secret(name: &str, value: &str) -> bool {
    let name = name.to_ascii_uppercase();
    let parts: Vec<&str> = name.split('_').collect();
    let is_file = parts.last() == Some(&"FILE");
    let is_key = parts.contains(&"KEY") && parts.iter().any(|part| KEYS.contains(part));
    let said = parts.iter().any(|part| WORDS.contains(part)) || is_key;
    (said && !is_file && !is_switch(value)) || has_password(value)
}

/// `true`, `3600`: no secret, whatever its name says.
fn is_switch(value: &str) -> bool {
    matches!(value, "true" | "false" | "yes" | "no" | "on" | "off")
        || (value.len() < 6 && value.bytes().all(|b| b.is_ascii_digit()))
}

/// `postgres://user:password@host`
fn has_password(value: &str) -> bool {
    let Some((_, rest)) = value.split_once("://") else { return false };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let user = authority.rsplit_once('@').map(|(user, _)| user);
    user.and_then(|user| user.split_once(':')).is_some_and(|(_, password)| !password.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_known_by_name_or_password() {
        for (name, value) in [
            ("POSTGRES_PASSWORD", "postgres"),
            ("SECRET_KEY_BASE", "0123456789"),
            ("api_key", "k"),
            ("DATABASE_URL", "postgres://u:p@db/x"),
        ] {
            assert!(is_secret(name, value), "{name}");
        }
        for (name, value) in [
            ("TOKENIZERS_PARALLELISM", "false"),
            ("TOKEN_TTL", "3600"),
            ("POSTGRES_PASSWORD_FILE", "/run/secrets/db"),
            ("DATABASE_URL", "postgres://db/x"),
            ("KEYBOARD", "qwerty"),
        ] {
            assert!(!is_secret(name, value), "{name}");
        }
    }
}
