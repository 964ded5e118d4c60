//! `RemoveApp`: what an app runs goes, because the app is deleted.

use super::read::database;
use crate::app::App;
use crate::db::{app_removal, list};
use events::AppName;
use proto::v1::{RemoveAppRequest, RemoveAppResponse};
use service::grpc::{replay, status};
use service::principal::{Principal, Role};
use tonic::{Request, Status};

/// Asks for the app to go. Without `force` only when nothing of it is live or under way.
pub(super) async fn remove(
    app: &App,
    request: Request<RemoveAppRequest>,
) -> Result<RemoveAppResponse, Status> {
    let principal = Principal::of(&request)?;
    principal.require(Role::Admin, None, None)?;
    let request = request.into_inner();
    let name = app_name(&request.name)?;
    let mut transaction = app.pool.begin().await.map_err(database)?;
    let before =
        replay::answered(&mut transaction, crate::NAME, &request.request_id, &request).await?;
    if let Some(answer) = before {
        return Ok(answer);
    }
    app_removal::lock(&mut transaction, &name).await.map_err(database)?;
    let in_use = list::in_use(&mut *transaction, &name).await.map_err(database)?;
    if !request.force && !in_use.is_empty() {
        return Err(status::precondition("APP_IN_USE", in_use_message(&name, &in_use)));
    }
    app_removal::ask(&mut transaction, &name, &principal.name).await.map_err(database)?;
    let answer = RemoveAppResponse {};
    replay::record(&mut transaction, crate::NAME, &request.request_id, &request, &answer).await?;
    transaction.commit().await.map_err(database)?;
    app.changed();
    tracing::info!(slipway.app = %name, by = %principal.name, releases = in_use.len(), "an app goes");
    Ok(answer)
}

fn app_name(name: &str) -> Result<AppName, Status> {
    let found = proto::name::parts(name, "apps/{app}");
    let found = found.map_err(|error| status::invalid("name", error.to_string()))?;
    AppName::parse(found[0]).map_err(|error| status::invalid("name", error.to_string()))
}

fn in_use_message(app: &AppName, in_use: &[list::InUse]) -> String {
    let told: Vec<String> = in_use
        .iter()
        .map(|it| format!("release {} in {} is {}", it.number, it.environment, it.state))
        .collect();
    format!(
        "{app} still runs: {}; delete it with --force, which ends its releases, takes it from users and removes \
         its containers and networks (volumes stay)",
        told.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_runs_and_what_force_does_is_said() {
        let in_use = |number, state: &str| list::InUse {
            environment: "production".to_owned(),
            number,
            state: state.to_owned(),
        };
        let app = AppName::parse("shop").expect("a name");
        insta::assert_snapshot!(
            in_use_message(&app, &[in_use(3, "live"), in_use(4, "starting")]),
            @"shop still runs: release 3 in production is live, release 4 in production is starting; delete it with --force, which ends its releases, takes it from users and removes its containers and networks (volumes stay)"
        );
    }
}
