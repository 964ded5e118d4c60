//! The pool. Timeouts are set on the server's side, because a query that hangs must not hold a connection; a server
//! that is not there to keep them is given up by the line.

use crate::line;
use sqlx::PgPool;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use std::str::FromStr;
use std::time::Duration;

/// Why there is no pool.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The address is not one.
    #[error("the database address is not valid; use postgres://USER:PASSWORD@HOST:PORT/DATABASE")]
    Address(#[source] sqlx::Error),
    /// There can be no line.
    #[error("make a line to the database")]
    Line(#[source] std::io::Error),
    /// Nobody answers, or not in time.
    #[error("connect to the database as {service} within {seconds} s")]
    Unreachable {
        /// Who wanted to connect.
        service: &'static str,
        /// How long it was tried.
        seconds: u64,
        /// The last answer.
        source: sqlx::Error,
    },
}

/// How long a starting database is waited for.
const PATIENCE: Duration = Duration::from_secs(30);
/// Time between two tries.
const PAUSE: Duration = Duration::from_millis(200);

/// A pool of at most `max_connections` to `url`, named after the service in `pg_stat_activity`. Waits
/// for a database that is starting.
pub async fn connect(
    url: &str,
    service: &'static str,
    max_connections: u32,
) -> Result<PgPool, ConnectError> {
    let options = PgConnectOptions::from_str(url)
        .map_err(ConnectError::Address)?
        .application_name(&format!("slipway-{service}"))
        .options([
            ("statement_timeout", "5s"),
            ("lock_timeout", "2s"),
            ("idle_in_transaction_session_timeout", "10s"),
        ]);
    let options = line::open(options).map_err(ConnectError::Line)?;
    let pool = PgPoolOptions::new()
        .max_connections(max_connections)
        .min_connections(1)
        .acquire_timeout(Duration::from_secs(5))
        .idle_timeout(Duration::from_mins(5))
        .connect_lazy_with(options);
    let started = tokio::time::Instant::now();
    loop {
        let Err(source) = pool.acquire().await else { return Ok(pool) };
        if !crate::error::is_unavailable(&source) || started.elapsed() > PATIENCE {
            return Err(ConnectError::Unreachable { service, seconds: PATIENCE.as_secs(), source });
        }
        tokio::time::sleep(PAUSE).await;
    }
}
