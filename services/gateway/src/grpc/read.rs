//! Reading requests: names as types, errors as statuses, what a principal may see.

use crate::accept::AcceptError;
use events::AppName;
use proto::name;
use service::grpc::status;
use service::principal::Principal;
use tonic::Status;

/// The app that `text` in `field` names, as `apps/shop`.
pub(super) fn app_name(field: &str, text: &str) -> Result<AppName, Status> {
    let parts = name::parts(text, "apps/{app}");
    let parts = parts.map_err(|error| status::invalid(field, error.to_string()))?;
    AppName::parse(parts[0]).map_err(|error| status::invalid(field, error.to_string()))
}

/// The last part of a name of `pattern` with one part, in the field `name`.
pub(super) fn last_part<'a>(text: &'a str, pattern: &'static str) -> Result<&'a str, Status> {
    let parts = name::parts(text, pattern);
    parts.map(|parts| parts[0]).map_err(|error| status::invalid("name", error.to_string()))
}

/// A failed query as a status.
#[expect(clippy::needless_pass_by_value, reason = "the shape that map_err wants")]
pub(super) fn database(error: sqlx::Error) -> Status {
    status::database(&error)
}

/// A failed insert as a status: there may be such a row already.
pub(super) fn taken(error: &sqlx::Error, kind: &str, name: impl std::fmt::Display) -> Status {
    if pg::error::is_unique_violation(error) {
        return status::already_exists(kind, name);
    }
    status::database(error)
}

/// A failed arrival as a status.
#[expect(clippy::needless_pass_by_value, reason = "the shape that map_err wants")]
pub(super) fn not_accepted(error: AcceptError) -> Status {
    if error.is_temporary() {
        status::unavailable("NOT_DURABLE", "the change cannot be stored now")
    } else {
        status::internal(&error)
    }
}

/// Refuses who may not know of the app.
pub(super) fn must_see(principal: &Principal, app: &AppName) -> Result<(), Status> {
    if principal.sees(app, None) {
        return Ok(());
    }
    Err(status::denied(format!("{} may not see {app}", principal.name)))
}

/// The apps a principal sees; nothing means all.
pub(super) fn visible(principal: &Principal) -> Option<Vec<String>> {
    principal
        .grants
        .iter()
        .map(|grant| grant.app.as_ref().map(ToString::to_string))
        .collect::<Option<Vec<String>>>()
}
