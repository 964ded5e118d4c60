//! What stories show of answers, without what differs from run to run.

use testkit::Answer;
use tonic::Status;
use tonic_types::StatusExt;

/// Status and problem document of the router.
pub(crate) fn problem(answer: &Answer) -> String {
    let mut problem = answer.json();
    let id = problem.as_object_mut().and_then(|fields| fields.remove("request_id"));
    assert!(id.is_some(), "a problem names the request: {problem}");
    format!("{} {problem}", answer.status)
}

/// Code and reason of an error of the API.
pub(crate) fn reason(status: &Status) -> String {
    let reason = status.get_details_error_info().map(|info| info.reason).unwrap_or_default();
    format!("{:?} {reason}", status.code())
}

/// Tables of the command line without their last column, if that is an age.
pub(crate) fn ageless(text: &str) -> String {
    let is_age = |cell: &str| cell == "now" || cell.ends_with(" ago");
    let line = |line: &str| match line.rsplit_once("  ") {
        Some((rest, last)) if is_age(last) => rest.trim_end().to_owned(),
        _ => line.to_owned(),
    };
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}
