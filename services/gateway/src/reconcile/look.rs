//! One look at the remote of one app.

use super::compare::{Difference, differences};
use crate::accept::{self, AcceptError, Accepted, Arrival, Wish};
use crate::app::App;
use crate::db;
use crate::git::{self, Credentials, GitError, Remote, SECRETS};
use crate::order::{Before, Movement};
use crate::repository::{InvalidRepository, Repository};
use events::payload::ChangeCause;
use events::{AppName, GitRef, PrincipalName};
use proto::v1::RevealSecretsRequest;
use std::time::Duration;
use tracing::Instrument;
use zeroize::Zeroizing;

/// How long the deployer may take to tell the credentials before the remote is asked without.
const CREDENTIALS: Duration = Duration::from_secs(2);
#[derive(Debug, thiserror::Error)]
enum LookError {
    #[error("read what was seen of {app}")]
    Read { app: AppName, source: sqlx::Error },
    #[error("the repository of {app} is not valid any more")]
    Repository { app: AppName, source: InvalidRepository },
    #[error("list the refs of {app}")]
    Remote { app: AppName, source: GitError },
    #[error("write what was found")]
    Accept(#[source] AcceptError),
}

/// Looks at the remote of `name` and makes a change of every push that was not seen and is not younger than
/// `settle`.
pub(super) async fn look(app: &App, name: &AppName, settle: Duration) {
    let result = match try_look(app, name, settle).await {
        Ok(()) => "ok",
        Err(error) => {
            tracing::warn!(app = %name, error = service::chain(&error), "look at the remote heads");
            "failed"
        }
    };
    app.counts.look(result);
}

async fn try_look(app: &App, name: &AppName, settle: Duration) -> Result<(), LookError> {
    let read = |source| LookError::Read { app: name.clone(), source };
    let Some(row) = db::app::find(&app.pool, name).await.map_err(read)? else { return Ok(()) };
    let known = db::branch_head::all(&app.pool, name).await.map_err(read)?;
    let repository = Repository::parse(&row.repository, &app.config.local_repositories)
        .map_err(|source| LookError::Repository { app: name.clone(), source })?;
    let remote = remote(app, name, &repository)
        .await
        .map_err(|source| LookError::Remote { app: name.clone(), source })?;
    let seen = differences(&known, &remote.heads, settle);
    if seen.is_unsettled {
        app.looks.ask_later(name);
    }
    for difference in seen.differences {
        found(app, name, difference).await?;
    }
    Ok(())
}

async fn found(app: &App, name: &AppName, difference: Difference) -> Result<(), LookError> {
    let Difference { git_ref, after, version } = difference;
    // A trace of its own: nobody told us.
    let span =
        tracing::info_span!(parent: None, "look", otel.name = "look at remote heads", app = %name);
    let wish = match &after {
        None => Err(format!("{git_ref} was deleted")),
        Some(commit) => Ok(Wish {
            commit: commit.clone(),
            cause: ChangeCause::Poll,
            forced: false,
            title: None,
            by: PrincipalName::slipway(),
            environments: Vec::new(),
        }),
    };
    let arrival = Arrival {
        app: name,
        git_ref: &git_ref,
        movement: Movement { before: Before::Unknown, after, pushed_at: None },
        wish,
        delivery: None,
        replays: None,
        only_version: Some(version),
    };
    let written = async {
        let _turn = app.turns.wait(name, &git_ref).await;
        let mut connection = app.connection(name, &git_ref).await?;
        accept::arrival(app, &mut connection, &arrival).await
    };
    let accepted = written.instrument(span).await;
    log(name, &git_ref, &accepted.map_err(LookError::Accept)?);
    app.said();
    Ok(())
}

fn log(name: &AppName, git_ref: &GitRef, accepted: &Accepted) {
    let (outcome, reason) = match accepted {
        Accepted::Change(change) => ("a push that no webhook told", change.commit.to_string()),
        Accepted::Nothing(reason) => ("nothing to do", reason.clone()),
        Accepted::Duplicate(first) => ("a duplicate", first.to_string()),
    };
    tracing::info!(app = %name, git.r#ref = %git_ref, outcome, reason, "found at the remote");
}

/// Where the refs of `repository` are now.
pub(crate) async fn remote(
    app: &App,
    name: &AppName,
    repository: &Repository,
) -> Result<Remote, GitError> {
    let credentials = credentials(app, name).await;
    git::look(repository, &credentials, &app.config.data).await
}

/// What the app has for git, or nothing when the deployer does not answer: many repositories need none.
async fn credentials(app: &App, name: &AppName) -> Credentials {
    let request = app.internal.request(RevealSecretsRequest {
        app: name.to_string(),
        environment: String::new(),
        secrets: SECRETS.map(ToOwned::to_owned).to_vec(),
    });
    let mut secrets = app.secrets.clone();
    let answer = tokio::time::timeout(CREDENTIALS, secrets.reveal_secrets(request)).await;
    let mut values = match answer {
        Ok(Ok(answer)) => answer.into_inner().values,
        Ok(Err(status)) => {
            tracing::debug!(app = %name, code = %status.code(), "no credentials for git");
            return Credentials::default();
        }
        Err(_) => return Credentials::default(),
    };
    let [token, ssh_key] = SECRETS.map(|secret| values.remove(secret).map(Zeroizing::new));
    Credentials { token, ssh_key }
}
