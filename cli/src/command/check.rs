//! `slipway check`: is this slipway.yaml valid, for every environment in it. Needs no server.

use crate::error::Error;
use crate::exit::Exit;
use crate::manifest_file;
use crate::output::complain;
use crate::session::Session;
use clap::Args;
use manifest::Manifest;
use std::error::Error as _;
use std::path::PathBuf;

/// Which file.
#[derive(Debug, Args)]
pub(crate) struct Check {
    /// The file
    #[arg(default_value = "slipway.yaml")]
    file: PathBuf,
}

impl Check {
    pub(crate) fn run(self, session: &Session) -> Result<Exit, Error> {
        let manifest = match manifest_file::read(&self.file)? {
            Ok(manifest) => manifest,
            Err(problems) => {
                manifest_file::tell(&session.out, &self.file, &problems)?;
                return Ok(Exit::Usage);
            }
        };
        let unfit = unfit(&manifest);
        if session.out.is_json() {
            let said = serde_json::json!({
                "file": self.file.display().to_string(), "problems": [], "environments": unfit
            });
            session.out.text(&format!("{said:#}"))?;
        } else {
            for why in &unfit {
                complain(why);
            }
        }
        if !unfit.is_empty() {
            return Ok(Exit::Usage);
        }
        let (services, environments) = (manifest.services.len(), manifest.environments.len());
        session.out.note(&format!(
            "{} is valid: app {}, {}, {}",
            self.file.display(),
            manifest.app,
            counted(services, "service"),
            counted(environments, "environment")
        ));
        for (name, environment) in &manifest.environments {
            if let Some(from) = &environment.promote_from {
                session
                    .out
                    .note(&format!("{name} takes {from}; what is pushed there waits for that too"));
            }
        }
        Ok(Exit::Done)
    }
}

fn counted(count: usize, what: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {what}{plural}")
}

/// Why some environments cannot be released to.
fn unfit(manifest: &Manifest) -> Vec<String> {
    let environments = manifest.environments.keys();
    let errors = environments.filter_map(|name| manifest::resolve(manifest, manifest, name).err());
    let told = errors.map(|error| match error.source() {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    });
    told.collect()
}
