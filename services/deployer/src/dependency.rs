//! Waits for what a service depends on outside its app, before its instances start.

use manifest::{Address, DependencyTarget, Resolved, ResolvedService};
use release::Failure;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout};

/// Pause between two tries.
const PAUSE: Duration = Duration::from_millis(250);
/// How long one try may take.
const TRY: Duration = Duration::from_secs(2);

/// Waits until every outside dependency of `service` accepts connections.
pub(crate) async fn wait(resolved: &Resolved, service: &ResolvedService) -> Result<(), Failure> {
    for dependency in &service.depends_on {
        let within = dependency.within.duration();
        let address = match &dependency.target {
            DependencyTarget::Tcp(address) => host_and_port(address),
            DependencyTarget::Http(url) => host_of(&url.to_string()),
            DependencyTarget::Service(_) => continue,
        };
        let inside = resolved.services.keys().any(|name| address.starts_with(&format!("{name}:")));
        if !inside {
            wait_for(&address, within).await?;
        }
    }
    Ok(())
}

fn host_and_port(address: &Address) -> String {
    address.to_string()
}

/// `host:port` of `http://host[:port]/path`.
fn host_of(url: &str) -> String {
    let rest = url.strip_prefix("http://").unwrap_or(url);
    let host = rest.split('/').next().unwrap_or(rest);
    if host.contains(':') { host.to_owned() } else { format!("{host}:80") }
}

async fn wait_for(address: &str, within: Duration) -> Result<(), Failure> {
    let deadline = Instant::now() + within;
    loop {
        if matches!(timeout(TRY, TcpStream::connect(address)).await, Ok(Ok(_))) {
            return Ok(());
        }
        if Instant::now() >= deadline {
            let message = format!(
                "{address} did not accept a connection within {} s; start it, or correct depends_on",
                within.as_secs()
            );
            return Err(Failure::new("DEPENDENCY_AWAY", message));
        }
        sleep(PAUSE).await;
    }
}
