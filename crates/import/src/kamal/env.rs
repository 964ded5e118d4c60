//! Variables: clear ones, and the names of secret ones.

use crate::form::Service;
use crate::ledger::Ledger;
use crate::place::Place;
use crate::suspect;
use crate::tree::Word;

/// Host names that other names take the place of.
pub(super) type Renamed = Vec<(String, String)>;

/// Gives `service` the variables at `place`.
pub(super) fn read(
    place: Option<Place<'_>>,
    service: &mut Service,
    renamed: &Renamed,
    ledger: &mut Ledger,
) {
    let Some(place) = place else { return };
    let parted = ["clear", "secret", "tags"].iter().any(|key| place.get(key).is_some());
    let clear = if parted { place.get("clear") } else { Some(place.clone()) };
    for (name, value) in clear.map_or_else(Vec::new, |clear| clear.entries()) {
        one(name, &value, service, renamed, ledger);
    }
    for secret in place.get("secret").map_or_else(Vec::new, |secret| secret.one_or_many()) {
        let Some(text) = secret.text() else { continue };
        let (name, alias) = text.split_once(':').unwrap_or((text, ""));
        if !alias.is_empty() {
            let why = format!("a secret has one name here, and {alias} is called {name}");
            ledger.changed(&secret, why, "set it under this name");
        }
        service.give(Word::from(name, &secret));
    }
    if let Some(tags) = place.get("tags").filter(|_| parted) {
        let why = "all instances of a service have the same variables";
        ledger.left(&tags, why, "make services of those that differ");
    }
}

fn one(
    name: &str,
    value: &Place<'_>,
    service: &mut Service,
    renamed: &Renamed,
    ledger: &mut Ledger,
) {
    let Some(text) = value.text() else { return };
    if suspect::is_secret(name, text) {
        let why = "it looks like a secret, which does not stand in the manifest";
        ledger.changed(value, why, &format!("set {name} with `slipway secret set`"));
        return service.give(Word::from(name, value));
    }
    let mut ours = text.to_owned();
    for (theirs, name) in renamed {
        ours = with_host(&ours, theirs, name);
    }
    if ours != text {
        let why = format!("the accessory is reached by another name here: {ours}");
        ledger.changed(value, why, "check the address");
    }
    service.set(Word::new(name), Word::from(ours, value));
}

/// `text` with the host name `theirs` replaced, where it stands alone.
fn with_host(text: &str, theirs: &str, ours: &str) -> String {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_' || c == '.';
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(theirs) {
        let (before, after) = (&rest[..at], &rest[at + theirs.len()..]);
        let alone = !before.ends_with(is_name) && !after.starts_with(is_name);
        out.push_str(before);
        out.push_str(if alone { ours } else { theirs });
        rest = after;
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_host_names_are_replaced() {
        assert_eq!(with_host("shop-db", "shop-db", "db"), "db");
        assert_eq!(with_host("tcp://shop-db:5432/x", "shop-db", "db"), "tcp://db:5432/x");
        assert_eq!(with_host("my-shop-db.example", "shop-db", "db"), "my-shop-db.example");
    }
}
