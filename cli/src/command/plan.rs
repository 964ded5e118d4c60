//! `slipway plan`: what a deploy would do. Without an app it reads a slipway.yaml and needs no server; with
//! one it asks the platform, which knows what is live.

use super::known;
use crate::client::request_id;
use crate::command::deploy::{image, manifest};
use crate::error::Error;
use crate::exit::Exit;
use crate::manifest_file;
use crate::session::Session;
use clap::Args;
use events::EnvironmentName;
use proto::v1::CreateReleaseRequest;
use proto::v1::release_service_client::ReleaseServiceClient;
use std::path::{Path, PathBuf};

/// Of what.
#[derive(Debug, Args)]
pub(crate) struct Plan {
    /// The file [default: slipway.yaml, or with --app the configuration that is live]
    file: Option<PathBuf>,
    /// Only this environment
    #[arg(long, short)]
    environment: Option<String>,
    /// Ask the platform, and compare with what is live of this app; wants --environment
    #[arg(long, requires = "environment")]
    app: Option<String>,
    /// With this image of a service
    #[arg(long, value_name = "SERVICE=IMAGE@DIGEST", value_parser = image, requires = "app")]
    image: Vec<(String, String)>,
}

impl Plan {
    pub(crate) async fn run(self, session: &Session) -> Result<Exit, Error> {
        match (self.app.clone(), self.environment.clone()) {
            (Some(app), Some(environment)) => self.ask(session, (&app, &environment)).await,
            _ => self.offline(session),
        }
    }

    async fn ask(self, session: &Session, (app, environment): (&str, &str)) -> Result<Exit, Error> {
        let server = session.server()?;
        // A file may name an environment that nobody has heard of.
        let named = Some(environment).filter(|_| self.file.is_none());
        known::place(&server, app, named).await?;
        let request = CreateReleaseRequest {
            parent: proto::name::environment(app, environment),
            images: self.image.into_iter().collect(),
            manifest: manifest(self.file.as_deref())?,
            request_id: request_id(),
            validate_only: true,
            force: false,
            override_freeze: String::new(),
            override_soak: String::new(),
        };
        let answer = server.ask(request, async |channel, request| {
            ReleaseServiceClient::new(channel).create_release(request).await
        });
        let answer = answer.await?;
        let is_json = session.out.is_json();
        session.out.text(if is_json { &answer.plan_json } else { &answer.plan })?;
        Ok(Exit::Done)
    }

    fn offline(self, session: &Session) -> Result<Exit, Error> {
        let file = self.file.as_deref().unwrap_or(Path::new("slipway.yaml"));
        let manifest = match manifest_file::read(file)? {
            Ok(manifest) => manifest,
            Err(problems) => {
                manifest_file::tell(&session.out, file, &problems)?;
                return Ok(Exit::Usage);
            }
        };
        let wanted = self.environment.as_deref().map(EnvironmentName::parse).transpose();
        let wanted = wanted.map_err(|error| Error::Usage(error.to_string()))?;
        let all: Vec<_> = manifest.environments.keys().collect();
        let environments = match &wanted {
            Some(wanted) if !all.contains(&wanted) => {
                let all: Vec<&str> = all.into_iter().map(EnvironmentName::as_str).collect();
                let help = manifest::suggestion(wanted.as_str(), &all);
                let what = format!("environment {wanted} in {}", file.display());
                return Err(Error::Unknown { what, help });
            }
            Some(wanted) => vec![wanted],
            None => all,
        };
        let mut plans = Vec::new();
        for environment in environments {
            let resolved = manifest::resolve(&manifest, &manifest, environment);
            let resolved = resolved.map_err(|error| Error::Usage(error.to_string()))?;
            let mut plan = manifest::plan(&resolved, None);
            let closed = manifest::closed(&resolved.freeze, session.now());
            plan.frozen = closed.map(|closed| closed.to_string());
            plans.push(plan);
        }
        if session.out.is_json() {
            session.out.text(&format!("{:#}", serde_json::json!(plans)))?;
        } else {
            let told: Vec<_> = plans.iter().map(ToString::to_string).collect();
            session.out.text(&told.join("\n\n"))?;
        }
        Ok(Exit::Done)
    }
}
