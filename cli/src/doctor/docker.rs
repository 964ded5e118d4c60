//! The Docker engine.

use super::Finding;
use crate::http;
use serde::Deserialize;

/// What the engine tells about itself.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Version {
    version: String,
    api_version: String,
}

/// The oldest API that does: engine 20.10.
const MINIMUM: (u32, u32) = (1, 41);
const NAME: &str = "Docker";
const INSTALL: &str = "install it (apt-get install docker.io) and see that it runs; DOCKER_HOST \
                       names another engine";

/// Whether the engine answers and is new enough.
#[expect(
    clippy::disallowed_methods,
    reason = "the caller's own engine, as the docker program finds it"
)]
pub(super) async fn engine() -> Finding {
    let host = std::env::var("DOCKER_HOST").ok().filter(|host| !host.is_empty());
    let host = host.unwrap_or_else(|| "unix:///var/run/docker.sock".to_owned());
    let address = match host.split_once("://") {
        Some(("unix", path)) => format!("unix:{path}"),
        Some(("tcp" | "http", address)) => address.to_owned(),
        _ => {
            return Finding::fail(
                NAME,
                format!("{host} is not understood"),
                "use unix:// or tcp://",
            );
        }
    };
    let answer = match http::get(&address, "/version").await {
        Ok(answer) => answer,
        Err(error) => return Finding::fail(NAME, format!("{host}: {error}"), INSTALL),
    };
    match serde_json::from_str::<Version>(&answer.body) {
        Ok(version) if is_new_enough(&version.api_version) => {
            Finding::ok(NAME, format!("{} at {host}", version.version))
        }
        Ok(version) => Finding::fail(
            NAME,
            format!("{} at {host} is too old", version.version),
            "install 20.10 or newer",
        ),
        Err(_) => Finding::fail(NAME, format!("{host} answers {}", answer.status), INSTALL),
    }
}

fn is_new_enough(api: &str) -> bool {
    let parts = api.split_once('.');
    let version = parts.and_then(|(major, minor)| Some((major.parse().ok()?, minor.parse().ok()?)));
    version.is_some_and(|version: (u32, u32)| version >= MINIMUM)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_engine_must_be_20_10_or_newer() {
        assert_eq!(["1.40", "1.41", "1.51", "?"].map(is_new_enough), [false, true, true, false]);
    }
}
