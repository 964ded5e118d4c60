//! Secrets: names and versions, never values.

use super::{last, table, time};
use chrono::{DateTime, Utc};
use proto::v1::Secret;

/// Many secrets.
pub(crate) fn list(secrets: &[Secret], now: DateTime<Utc>) -> String {
    let head = ["SECRET", "ENVIRONMENT", "VERSION", "BY", "AGE"];
    let mut table = table::Table::new(head, "no secrets");
    for secret in secrets {
        table.row([
            last(&secret.name).to_owned(),
            environment(secret),
            secret.version.to_string(),
            secret.by.clone(),
            time::age(secret.create_time.as_ref(), now),
        ]);
    }
    table.render()
}

fn environment(secret: &Secret) -> String {
    let pattern = "apps/{app}/environments/{environment}/secrets/{secret}";
    let parts = proto::name::parts(&secret.name, pattern);
    parts.map_or_else(|_| "all".to_owned(), |parts| parts[1].to_owned())
}

/// A secret that was set.
pub(crate) fn set(secret: &Secret) -> String {
    format!(
        "{} is set, version {}; releases made from now on use it",
        last(&secret.name),
        secret.version
    )
}
