//! Tells people that the engine's disk gets full: those of every app, once for each level that it rises to, in the
//! transaction that notes it.

use crate::db::{disk, list};
use chrono::{DateTime, Utc};
use events::payload::DiskV1;
use events::{AppName, EventId, EventType};
use service::pressure::{Level, settled};
use sqlx::PgConnection;
use std::collections::BTreeSet;

/// What programs know it by.
const REASON: &str = "DISK_FILLED";

/// Says that `percent` are in use, where that is more than was told; whether it is.
pub async fn tell(
    connection: &mut PgConnection,
    percent: u64,
    now: DateTime<Utc>,
) -> Result<bool, sqlx::Error> {
    let told = disk::told(connection).await?;
    let level = settled(percent, told);
    if level == told {
        return Ok(false);
    }
    disk::tell(connection, level).await?;
    if level < told {
        return Ok(false);
    }
    let there = list::environments_there(&mut *connection).await?;
    let apps: BTreeSet<String> = there.into_iter().map(|(app, _)| app).collect();
    for app in apps {
        say(connection, &app, (level, percent), now).await?;
    }
    Ok(true)
}

async fn say(
    connection: &mut PgConnection,
    app: &str,
    (level, percent): (Level, u64),
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    let app = AppName::parse(app).map_err(|error| sqlx::Error::Decode(error.into()))?;
    let payload = DiskV1 {
        app: app.clone(),
        level: level.as_str().to_owned(),
        used_percent: percent,
        reason: REASON.to_owned(),
        message: message(level, percent),
    };
    let identity = (EventId::new(service::new_id()), now);
    let envelope = bus::envelope(crate::NAME, EventType::DiskFilled, &app, &payload, identity);
    let envelope = envelope.map_err(|error| sqlx::Error::Encode(error.into()))?;
    pg::outbox::enqueue(connection, crate::NAME, &envelope).await
}

fn message(level: Level, percent: u64) -> String {
    let what = match level {
        Level::Calm | Level::High => "see what `slipway gc` would remove",
        Level::Full => "what nothing needs is removed every ten minutes now; make room",
        Level::Brimming => {
            "what nothing needs is removed every minute, with the caches that no release mounts; engines \
             begin to fail here"
        }
    };
    format!("the engine's disk is {percent} % full: {what}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_says_what_happens_now() {
        let told = [(Level::High, 80), (Level::Full, 91), (Level::Brimming, 99)];
        let told = told.map(|(level, percent)| message(level, percent)).join("\n");
        insta::assert_snapshot!(told, @r"
        the engine's disk is 80 % full: see what `slipway gc` would remove
        the engine's disk is 91 % full: what nothing needs is removed every ten minutes now; make room
        the engine's disk is 99 % full: what nothing needs is removed every minute, with the caches that no release mounts; engines begin to fail here
        ");
    }
}
