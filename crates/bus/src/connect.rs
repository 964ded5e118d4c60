//! The connection. A server that is too old is refused, because it would silently ignore what we ask.

use crate::counts::Counts;
use crate::link::Connects;
use async_nats::{ToServerAddrs, jetstream};
use service::metrics::Metrics;
use std::sync::Arc;
use std::time::Duration;

/// The oldest server that knows `persist_mode` and strict requests.
const OLDEST: (u32, u32) = (2, 12);
/// How long a starting server is waited for.
const PATIENCE: Duration = Duration::from_secs(30);

/// Why there is no bus.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// Nobody answers, or the credentials are wrong.
    #[error("connect to NATS as {service}")]
    Unreachable {
        /// Who wanted to connect.
        service: &'static str,
        /// The answer.
        source: async_nats::ConnectError,
    },
    /// Nobody answers in time.
    #[error("no NATS server answered {service} within {seconds} s")]
    Silent {
        /// Who wanted to connect.
        service: &'static str,
        /// How long it was waited.
        seconds: u64,
    },
    /// The server is too old.
    #[error("nats-server {version} is too old: 2.12 or newer is needed")]
    TooOld {
        /// What it says it is.
        version: String,
    },
    /// A stream could not be made or is not as asked.
    #[error("set up stream {stream}: {reason}")]
    Stream {
        /// The stream.
        stream: &'static str,
        /// What is wrong.
        reason: String,
    },
}

/// A connection to JetStream with its streams in place.
#[derive(Debug, Clone)]
pub struct Bus {
    pub(crate) client: async_nats::Client,
    pub(crate) jetstream: jetstream::Context,
    pub(crate) service: &'static str,
    pub(crate) connects: Connects,
    pub(crate) counts: Counts,
}

impl Bus {
    /// Connects as `service`, waits for a server that is starting, and makes the streams if need be.
    pub async fn connect(url: &str, service: &'static str) -> Result<Self, ConnectError> {
        let (connected, connects) = Connects::new();
        let connected = Arc::new(connected);
        let mut options = async_nats::ConnectOptions::new()
            .name(format!("slipway-{service}"))
            .retry_on_initial_connect()
            .ping_interval(Duration::from_secs(5))
            .request_timeout(Some(Duration::from_secs(5)))
            .event_callback(move |event| {
                if matches!(event, async_nats::Event::Connected) {
                    connected.send_modify(|count| *count += 1);
                }
                std::future::ready(())
            });
        // The client knows them in the address, but sends only those among its options.
        if let Some((user, password)) = credentials(url) {
            options = options.user_and_password(user, password);
        }
        let client = options
            .connect(url.split(',').collect::<Vec<_>>())
            .await
            .map_err(|source| ConnectError::Unreachable { service, source })?;
        tokio::time::timeout(PATIENCE, client.flush())
            .await
            .map_err(|_| ConnectError::Silent { service, seconds: PATIENCE.as_secs() })?
            .map_err(|_| ConnectError::Silent { service, seconds: PATIENCE.as_secs() })?;
        let version = client.server_info().version;
        if !is_new_enough(&version) {
            return Err(ConnectError::TooOld { version });
        }
        let jetstream = jetstream::new(client.clone());
        let bus = Self { jetstream, client, service, connects, counts: Counts::default() };
        bus.ensure_streams().await?;
        Ok(bus)
    }

    /// The same, with what is counted of events among `metrics`.
    #[must_use]
    pub fn measured(self, metrics: &Metrics) -> Self {
        self.counts.register(metrics);
        self
    }

    /// The connection is up.
    pub fn is_connected(&self) -> bool {
        self.client.connection_state() == async_nats::connection::State::Connected
    }
}

/// User and password in the first of the addresses in `url`.
fn credentials(url: &str) -> Option<(String, String)> {
    let first = url.split(',').next()?.to_server_addrs().ok()?.next()?;
    Some((first.username()?.to_owned(), first.password()?.to_owned()))
}

fn is_new_enough(version: &str) -> bool {
    let mut numbers = version.split('.').map(|part| part.parse::<u32>().unwrap_or(0));
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0)) >= OLDEST
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_come_from_the_address() {
        let given = credentials("nats://slipway:hunter2@127.0.0.1:4222,nats://127.0.0.1:4223");
        assert_eq!(given, Some(("slipway".to_owned(), "hunter2".to_owned())));
        assert_eq!(credentials("nats://127.0.0.1:4222"), None);
    }

    #[test]
    fn servers_before_2_12_are_refused() {
        for good in ["2.12.0", "2.15.1", "3.0.0", "2.12.8-RC.1"] {
            assert!(is_new_enough(good), "{good}");
        }
        for bad in ["2.9.10", "2.11.11", "1.4.1", "", "unknown"] {
            assert!(!is_new_enough(bad), "{bad}");
        }
    }
}
