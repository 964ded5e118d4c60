//! Logs of builds, app by app: those that are older than logs are kept go, as they do every hour.

use super::{CollectError, Item, Kind};
use crate::app::App;
use crate::db::build_log::{self, KEPT_DAYS};

/// Counts the logs of every app, and removes the old ones if `really`.
pub(super) async fn collect(app: &App, really: bool) -> Result<Vec<Item>, CollectError> {
    let found = build_log::sizes(&app.pool, KEPT_DAYS).await?;
    if really {
        build_log::delete_older(&app.pool, KEPT_DAYS).await?;
    }
    let item = |found: build_log::Size| Item {
        kind: Kind::Log,
        name: format!("{} of {}", counted(found.builds), found.app),
        id: found.app,
        size: found.bytes,
        removed: found.old,
        reason: if found.old {
            format!("older than {KEPT_DAYS} days")
        } else {
            format!("younger than {KEPT_DAYS} days")
        },
    };
    Ok(found.into_iter().map(item).collect())
}

fn counted(builds: i64) -> String {
    if builds == 1 { "1 build".to_owned() } else { format!("{builds} builds") }
}
