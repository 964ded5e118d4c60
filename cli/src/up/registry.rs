//! Our own image registry, for this machine only.

use super::plan::{Program, Tier};
use super::ready::Ready;
use super::settings::Settings;
use super::{Account, Error, Layout, files};
use nix::sys::signal::Signal;
use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::path::Path;

/// The configuration. There is no cache: with one, the registry goes on saying that it has layers which a
/// garbage collection removed.
fn configuration(port: u16, secret: &str, store: &str) -> String {
    format!(
        "version: 0.1\n\
         log:\n  level: warn\n  accesslog:\n    disabled: true\n\
         storage:\n  filesystem:\n    rootdirectory: {store:?}\n  delete:\n    enabled: true\n\
         http:\n  addr: \"127.0.0.1:{port}\"\n  secret: {secret:?}\n"
    )
}

/// What images are named after.
pub(super) fn address(settings: &Settings) -> String {
    format!("127.0.0.1:{}", settings.registry_port)
}

/// Writes the configuration and says how to start the program.
pub(super) fn prepare(
    program: &Path,
    layout: &Layout,
    settings: &Settings,
    account: Option<&Account>,
    secret: &str,
) -> Result<Program, Error> {
    let home = layout.home("registry");
    files::directory(&home, 0o700)?;
    let path = home.join("config.yml");
    let store = home.join("store").display().to_string();
    files::replace(&path, configuration(settings.registry_port, secret, &store).as_bytes())?;
    if let Some(account) = account {
        account.own(&home)?;
        account.own(&path)?;
    }
    Ok(Program {
        name: "registry",
        argv: vec![program.display().to_string(), "serve".to_owned(), path.display().to_string()],
        env: BTreeMap::from([("OTEL_TRACES_EXPORTER".to_owned(), "none".to_owned())]),
        account: account.cloned(),
        ready: Ready::Http {
            address: (Ipv4Addr::LOCALHOST, settings.registry_port).into(),
            path: "/v2/",
        },
        stop: Signal::SIGTERM,
        tier: Tier::Registry,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_registry_has_no_cache_and_can_delete() {
        insta::assert_snapshot!(configuration(8812, "hunter2", "/data/registry/store"), @r#"
        version: 0.1
        log:
          level: warn
          accesslog:
            disabled: true
        storage:
          filesystem:
            rootdirectory: "/data/registry/store"
          delete:
            enabled: true
        http:
          addr: "127.0.0.1:8812"
          secret: "hunter2"
        "#);
    }
}
