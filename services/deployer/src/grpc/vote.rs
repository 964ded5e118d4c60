//! `ApproveRelease` and `RefuseRelease`: what people decide about a release before it begins. Votes are of one
//! release, which never changes; the driver is told in the transaction of the vote that decides.

use super::read::{database, find, show};
use crate::app::App;
use crate::approval;
use crate::db::release::{self, Release};
use crate::db::vote::{self, Kind};
use crate::db::{claim, command, environment};
use ::release::{Input, State};
use events::PrincipalName;
use manifest::VoterName;
use proto::v1::{
    ApproveReleaseRequest, ApproveReleaseResponse, RefuseReleaseRequest, RefuseReleaseResponse,
};
use service::grpc::{replay, status};
use service::principal::{Principal, Role};
use sqlx::PgConnection;
use tonic::{Request, Status};

/// Characters of a reason: it is read in one line.
const LONGEST: usize = 500;

/// Agrees to a release, and puts a freeze aside when that is asked.
pub(super) async fn approve(
    app: &App,
    request: Request<ApproveReleaseRequest>,
) -> Result<ApproveReleaseResponse, Status> {
    let principal = Principal::of(&request)?;
    let request = request.into_inner();
    let found = find(app, &principal, &request.name, Role::Deployer).await?;
    let by = (&principal.name, said("reason", &request.reason)?);
    if request.override_freeze {
        may_override(&principal, &found, by.1)?;
    }
    let mut transaction = app.pool.begin().await.map_err(database)?;
    let before =
        replay::answered(&mut transaction, crate::NAME, &request.request_id, &request).await?;
    if let Some(answer) = before {
        return Ok(answer);
    }
    let release = locked(&mut transaction, &found).await?;
    let is_asked = matches!(release.state, State::AwaitingApproval { .. });
    if is_asked {
        agree(&mut transaction, &release, by).await?;
    } else if !request.override_freeze || !matches!(release.state, State::AwaitingWindow { .. }) {
        return Err(not_asked(&release));
    }
    if request.override_freeze {
        put_aside(&mut transaction, &release, by).await.map_err(database)?;
    }
    let answer = ApproveReleaseResponse { release: Some(named(&release)) };
    replay::record(&mut transaction, crate::NAME, &request.request_id, &request, &answer).await?;
    transaction.commit().await.map_err(database)?;
    app.changed();
    Ok(ApproveReleaseResponse { release: Some(show(app, &release).await?) })
}

/// Refuses a release: it ends.
pub(super) async fn refuse(
    app: &App,
    request: Request<RefuseReleaseRequest>,
) -> Result<RefuseReleaseResponse, Status> {
    let principal = Principal::of(&request)?;
    let request = request.into_inner();
    let found = find(app, &principal, &request.name, Role::Deployer).await?;
    let by = (&principal.name, said("reason", &request.reason)?);
    if by.1.is_empty() {
        return Err(status::invalid("reason", "say why it is refused"));
    }
    let mut transaction = app.pool.begin().await.map_err(database)?;
    let before =
        replay::answered(&mut transaction, crate::NAME, &request.request_id, &request).await?;
    if let Some(answer) = before {
        return Ok(answer);
    }
    let release = locked(&mut transaction, &found).await?;
    if !matches!(release.state, State::AwaitingApproval { .. }) {
        return Err(not_asked(&release));
    }
    let added = vote::add(&mut transaction, release.id, (by.0, Kind::Refuse), by.1).await;
    if added.map_err(database)? {
        let input = Input::Refused { by: by.0.clone(), reason: by.1.to_owned() };
        command::enqueue(&mut transaction, release.id, &input).await.map_err(database)?;
    }
    let answer = RefuseReleaseResponse { release: Some(named(&release)) };
    replay::record(&mut transaction, crate::NAME, &request.request_id, &request, &answer).await?;
    transaction.commit().await.map_err(database)?;
    app.changed();
    Ok(RefuseReleaseResponse { release: Some(show(app, &release).await?) })
}

/// Whether a freeze may be put aside by who asks, for this reason.
fn may_override(principal: &Principal, release: &Release, reason: &str) -> Result<(), Status> {
    principal.require(Role::Admin, Some(&release.app), Some(&release.environment))?;
    if reason.is_empty() {
        return Err(status::invalid("reason", "say why the freeze is put aside"));
    }
    Ok(())
}

/// A reason without blanks around it.
pub(super) fn said<'a>(field: &str, reason: &'a str) -> Result<&'a str, Status> {
    let reason = reason.trim();
    if reason.chars().count() > LONGEST || reason.contains(char::is_control) {
        return Err(status::invalid(
            field,
            format!("use one line of at most {LONGEST} characters"),
        ));
    }
    Ok(reason)
}

/// The release as it is until the caller's transaction ends: whatever changes it locks its environment.
async fn locked(connection: &mut PgConnection, found: &Release) -> Result<Release, Status> {
    let place = (&found.app, &found.environment);
    environment::lock(connection, place).await.map_err(database)?;
    let release = release::get(connection, found.id).await.map_err(database)?;
    release.ok_or_else(|| status::not_found("release", found.id))
}

async fn agree(
    connection: &mut PgConnection,
    release: &Release,
    (voter, reason): (&PrincipalName, &str),
) -> Result<(), Status> {
    if approval::is_own(&release.origin, voter) {
        let number = release.number;
        let message = format!("{voter} asked for release {number}; somebody else has to agree");
        return Err(status::precondition("SELF_APPROVAL", message));
    }
    if !approval::may_agree(&release.content.resolved, voter) {
        return Err(not_named(release, voter));
    }
    let left = claim::time_left(&mut *connection, release.id).await.map_err(database)?;
    if left.is_some_and(|left| left <= 0.0) {
        let message = format!("the time to agree to release {} is over", release.number);
        return Err(status::precondition("NOT_NOW", message));
    }
    let added = vote::add(connection, release.id, (voter, Kind::Approve), reason).await;
    let is_new = added.map_err(database)?;
    let votes = vote::of_release(&mut *connection, release.id).await.map_err(database)?;
    let is_enough = approval::agreed(&votes) == approval::wanted(&release.content.resolved);
    if is_new && is_enough {
        command::enqueue(connection, release.id, &Input::Approved).await.map_err(database)?;
    }
    Ok(())
}

/// Puts the freeze aside for a release that has not begun; where nothing freezes it, nothing is written.
pub(super) async fn put_aside(
    connection: &mut PgConnection,
    release: &Release,
    (by, reason): (&PrincipalName, &str),
) -> Result<(), sqlx::Error> {
    if !release.plan.window || !release.state.is_waiting() {
        return Ok(());
    }
    let is_new = vote::add(connection, release.id, (by, Kind::OverrideFreeze), reason).await?;
    if is_new && matches!(release.state, State::AwaitingWindow { .. }) {
        command::enqueue(connection, release.id, &Input::WindowOpened).await?;
    }
    Ok(())
}

/// Records who put the soak aside for a release, where one is asked for.
pub(super) async fn vouch(
    connection: &mut PgConnection,
    release: &Release,
    (by, reason): (&PrincipalName, &str),
) -> Result<(), sqlx::Error> {
    if reason.is_empty() || release.content.resolved.promote_from.is_none() {
        return Ok(());
    }
    vote::add(connection, release.id, (by, Kind::OverrideSoak), reason).await.map(drop)
}

fn not_named(release: &Release, voter: &PrincipalName) -> Status {
    let from = approval::from(&release.content.resolved).iter().map(VoterName::as_str);
    let (number, from) = (release.number, from.collect::<Vec<_>>().join(", "));
    let message = format!("{voter} is none of those who may agree to release {number}: {from}");
    status::forbidden("NOT_AN_APPROVER", message)
}

fn not_asked(release: &Release) -> Status {
    let (number, state) = (release.number, release.state.name());
    let message = if matches!(release.state, State::AwaitingWindow { .. }) {
        format!(
            "release {number} waits for its window, not for people; an administrator may put the freeze aside"
        )
    } else {
        format!("release {number} is {state} and does not wait for people")
    };
    status::precondition("NOT_NOW", message)
}

/// What is kept of the answer; what is shown of it is read anew.
pub(super) fn named(release: &Release) -> proto::v1::Release {
    proto::v1::Release {
        name: proto::name::release(&release.app, &release.environment, release.number),
        uid: release.id.to_string(),
        number: release.number,
        ..proto::v1::Release::default()
    }
}
