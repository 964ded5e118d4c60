//! Tokens: who may do what. A token's value is shown once.

use super::{last, table, time, words};
use chrono::{DateTime, Utc};
use proto::v1::{CreateTokenResponse, Grant, Token};

/// Many tokens.
pub(crate) fn list(tokens: &[Token], now: DateTime<Utc>) -> String {
    let head = ["TOKEN", "MAY", "EXPIRES", "LAST USED", "AGE"];
    let mut table = table::Table::new(head, "no tokens");
    for token in tokens {
        table.row([
            last(&token.name).to_owned(),
            token.grants.iter().map(grant).collect::<Vec<_>>().join(", "),
            token.expire_time.as_ref().map_or("never".to_owned(), |at| time::clock(Some(at))),
            time::age(token.last_use_time.as_ref(), now),
            time::age(token.create_time.as_ref(), now),
        ]);
    }
    table.render()
}

fn grant(grant: &Grant) -> String {
    let role = words(grant.role().as_str_name());
    match (grant.app.as_str(), grant.environment.as_str()) {
        ("", "") => role,
        (app, "") => format!("{role} of {app}"),
        ("", environment) => format!("{role} of */{environment}"),
        (app, environment) => format!("{role} of {app}/{environment}"),
    }
}

/// A new token.
pub(crate) fn created(answer: &CreateTokenResponse) -> String {
    format!("{}\nThis token is not shown again: keep it in a file of mode 600.", answer.secret)
}
