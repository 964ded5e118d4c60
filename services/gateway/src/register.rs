//! What an app is registered with: a repository that answers, a default branch that is there, a policy
//! that is valid.

use crate::app::App;
use crate::git::{GitError, Remote};
use crate::reconcile;
use crate::repository::Repository;
use events::{AppName, GitRef};
use service::grpc::status;
use tonic::Status;
use zeroize::Zeroizing;

/// Used when the repository has no branch yet and none is given.
const DEFAULT_BRANCH: &str = "main";

/// The repository in the field `app.repository`.
pub(crate) fn repository(app: &App, address: &str) -> Result<Repository, Status> {
    Repository::parse(address, &app.config.local_repositories)
        .map_err(|error| status::invalid("app.repository", error.to_string()))
}

/// Where the refs of the repository are; says what git said when it does not answer.
pub(crate) async fn remote(
    app: &App,
    name: &AppName,
    repository: &Repository,
) -> Result<Remote, Status> {
    reconcile::remote(app, name, repository).await.map_err(|error| match error {
        GitError::Refused(said) => status::precondition(
            "REPOSITORY_UNREACHABLE",
            format!(
                "the repository cannot be read; if it is private, give `slipway app add` a --git-token-file or \
                 --git-ssh-key-file, or set the secret GIT_TOKEN or GIT_SSH_KEY of an app that is there; \
                 git says: {said}"
            ),
        ),
        GitError::Slow { .. } => status::unavailable("REPOSITORY_SLOW", error.to_string()),
        GitError::Start(_) | GitError::Credentials(_) => status::internal(&error),
    })
}

/// The default branch: the given one if it is there, else what the remote says.
pub(crate) fn default_branch(given: &str, remote: &Remote) -> Result<String, Status> {
    let field = "app.default_branch";
    if given.is_empty() {
        return Ok(remote.default_branch.clone().unwrap_or_else(|| DEFAULT_BRANCH.to_owned()));
    }
    let branch =
        GitRef::branch(given).map_err(|error| status::invalid(field, error.to_string()))?;
    // A repository without any commit may be registered before the first push.
    if remote.heads.is_empty() || remote.heads.contains_key(&branch) {
        return Ok(given.to_owned());
    }
    Err(status::invalid(field, format!("there is no branch {given} in the repository")))
}

/// The policy in the field `app.policy`, if it is one for this app.
pub(crate) fn policy(name: &AppName, text: &str) -> Result<(), Status> {
    if text.is_empty() {
        return Ok(());
    }
    let policy =
        manifest::parse(text).map_err(|error| status::invalid("app.policy", error.to_string()))?;
    if policy.app == *name {
        return Ok(());
    }
    Err(status::invalid("app.policy", format!("it is the policy of the app {}", policy.app)))
}

/// The webhook secret to use: the given one, or a new random one.
pub(crate) fn webhook_secret(given: &str) -> Result<Zeroizing<String>, Status> {
    match given.len() {
        0 => Ok(Zeroizing::new(hex::encode(rand::random::<[u8; 32]>()))),
        16..=128 => Ok(Zeroizing::new(given.to_owned())),
        _ => Err(status::invalid("webhook_secret", "use 16 to 128 bytes")),
    }
}
