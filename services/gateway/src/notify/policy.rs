//! The policy of an app: the one it was given, or that of its default branch, as the newest build that read it
//! knows it. Who is told is asked for when something happened; nothing is kept that could be old.

use crate::app::App;
use crate::db;
use events::AppName;
use manifest::Manifest;
use proto::v1::build_service_client::BuildServiceClient;
use proto::v1::{Build, GetBuildRequest, ListBuildsRequest};
use tonic::transport::Channel;

/// How many builds are looked at: one may have failed before it read the policy.
const BUILDS: i32 = 10;

/// Why the policy is not known.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PolicyError {
    #[error("ask the builder for the policy of {app}")]
    Ask { app: AppName, source: Box<tonic::Status> },
    #[error("the policy of {app} is not valid")]
    Invalid { app: AppName, source: manifest::Invalid },
}

/// The policy; nothing when no build has read one yet.
pub(crate) async fn of(app: &App, row: &db::app::App) -> Result<Option<Manifest>, PolicyError> {
    let text = if row.policy.is_empty() {
        let built = of_builds(app, &row.name).await;
        built.map_err(|source| PolicyError::Ask {
            app: row.name.clone(),
            source: Box::new(source),
        })?
    } else {
        Some(row.policy.clone())
    };
    let parsed = text.map(|text| manifest::parse(&text)).transpose();
    parsed.map_err(|source| PolicyError::Invalid { app: row.name.clone(), source })
}

async fn of_builds(app: &App, name: &AppName) -> Result<Option<String>, tonic::Status> {
    let mut builder = app.builds.clone();
    let request = ListBuildsRequest {
        parent: proto::name::app(name),
        page_size: BUILDS,
        ..ListBuildsRequest::default()
    };
    let listed = builder.list_builds(app.internal.request(request)).await?.into_inner();
    for Build { name, .. } in listed.builds {
        if let Some(policy) = of_build(app, &mut builder, name).await? {
            return Ok(Some(policy));
        }
    }
    Ok(None)
}

async fn of_build(
    app: &App,
    builder: &mut BuildServiceClient<Channel>,
    name: String,
) -> Result<Option<String>, tonic::Status> {
    let answer = builder.get_build(app.internal.request(GetBuildRequest { name })).await;
    match answer {
        Ok(answer) => {
            let policy = answer.into_inner().build.map(|build| build.policy);
            Ok(policy.filter(|policy| !policy.is_empty()))
        }
        // It went between the two questions.
        Err(status) if status.code() == tonic::Code::NotFound => Ok(None),
        Err(status) => Err(status),
    }
}
