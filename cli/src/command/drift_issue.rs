//! The issues that are filed of drift, told after what drifts.

use crate::client::Server;
use crate::session::Session;
use proto::v1::notification_service_client::NotificationServiceClient;
use proto::v1::{Issue, ListIssuesRequest};

/// Tells where the open issues of `app` are. Who cannot ask for them knows of the drift all the same.
pub(super) async fn tell(session: &Session, server: &Server, app: &str, environment: Option<&str>) {
    let question = ListIssuesRequest { parent: proto::name::app(app) };
    let answer = server.ask(question, async |channel, question| {
        NotificationServiceClient::new(channel).list_issues(question).await
    });
    let Ok(answer) = answer.await else { return };
    let place = environment.map(|environment| proto::name::environment(app, environment));
    let is_meant = |issue: &&Issue| place.as_ref().is_none_or(|it| *it == issue.environment);
    for issue in answer.issues.iter().filter(|issue| issue.open).filter(is_meant) {
        session.out.note(&line(issue));
    }
}

fn line(issue: &Issue) -> String {
    let Issue { kind, url, last_error, .. } = issue;
    if url.is_empty() {
        let why = if last_error.is_empty() { "not yet" } else { last_error };
        return format!("issue of {kind} drift: not filed: {why}");
    }
    format!("issue of {kind} drift: {url}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issue_is_told_with_its_address_or_why_there_is_none() {
        let filed = Issue {
            kind: "data".to_owned(),
            url: "https://github.com/acme/shop/issues/3".to_owned(),
            ..Issue::default()
        };
        assert_eq!(line(&filed), "issue of data drift: https://github.com/acme/shop/issues/3");
        let unfiled = Issue { kind: "data".to_owned(), ..Issue::default() };
        assert_eq!(line(&unfiled), "issue of data drift: not filed: not yet");
    }
}
