//! Our own NATS: events on disk, synced before they are acknowledged, behind a password.

use super::plan::{Program, Tier};
use super::ready::Ready;
use super::settings::Settings;
use super::{Account, Error, Layout, files, programs};
use nix::sys::signal::Signal;
use std::collections::BTreeMap;
use std::path::Path;

/// The oldest version that will do: it has the stream settings the bus asks for.
pub(crate) const MINIMUM: (u32, u32) = (2, 12);

/// The version of the program at `path`: `2.15.1` of `nats-server: v2.15.1`.
pub(crate) fn version(path: &Path) -> Option<String> {
    let said = programs::says(path, "--version")?;
    Some(said.trim().rsplit_once('v')?.1.to_owned())
}

/// Whether a version will do.
pub(super) fn is_new_enough(version: &str) -> bool {
    let mut parts = version.split('.').map(str::parse::<u32>);
    match (parts.next(), parts.next()) {
        (Some(Ok(major)), Some(Ok(minor))) => (major, minor) >= MINIMUM,
        _ => false,
    }
}

/// The configuration. Every key of `jetstream` has a line of its own: on one line the server reads the
/// others as part of the first value.
fn configuration(port: u16, password: &str, store: &str) -> String {
    format!(
        "listen: \"127.0.0.1:{port}\"\n\
         server_name: slipway\n\
         authorization {{\n  user: slipway\n  password: \"{password}\"\n}}\n\
         jetstream {{\n  store_dir: \"{store}\"\n  max_file_store: 8GB\n  max_memory_store: 64MB\n  \
         sync_interval: always\n}}\n"
    )
}

/// How clients reach it.
pub(super) fn url(settings: &Settings, password: &str) -> String {
    format!("nats://slipway:{password}@127.0.0.1:{}", settings.nats_port)
}

/// Writes the configuration and says how to start the program.
pub(super) fn prepare(
    program: &Path,
    layout: &Layout,
    settings: &Settings,
    account: Option<&Account>,
    password: &str,
) -> Result<Program, Error> {
    let home = layout.home("nats");
    files::directory(&home, 0o700)?;
    let path = home.join("nats.conf");
    let store = home.join("store").display().to_string();
    files::replace(&path, configuration(settings.nats_port, password, &store).as_bytes())?;
    if let Some(account) = account {
        // The link that names it may be open to everybody where the program itself is not.
        let real = program.canonicalize().map_err(Error::file("find", program))?;
        account.can_enter(&real).map_err(|_| Error::ClosedProgram {
            path: real.display().to_string(),
            account: account.name.clone(),
        })?;
        account.own(&home)?;
        account.own(&path)?;
    }
    Ok(Program {
        name: "nats",
        argv: vec![
            program.display().to_string(),
            "--config".to_owned(),
            path.display().to_string(),
        ],
        env: BTreeMap::new(),
        account: account.cloned(),
        ready: Ready::Nats { port: settings.nats_port },
        stop: Signal::SIGTERM,
        tier: Tier::Bus,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_from_2_12_on_will_do() {
        for (version, will_do) in
            [("2.9.10", false), ("2.11.9", false), ("2.12.0", true), ("3.0", true), ("x", false)]
        {
            assert_eq!(is_new_enough(version), will_do, "{version}");
        }
    }

    #[test]
    fn events_are_synced_before_they_are_acknowledged() {
        insta::assert_snapshot!(configuration(8811, "hunter2", "/data/nats/store"), @r#"
        listen: "127.0.0.1:8811"
        server_name: slipway
        authorization {
          user: slipway
          password: "hunter2"
        }
        jetstream {
          store_dir: "/data/nats/store"
          max_file_store: 8GB
          max_memory_store: 64MB
          sync_interval: always
        }
        "#);
    }
}
