//! The environment that is meant when none is named: the only one that the app has.

use super::known;
use crate::client::Server;
use crate::error::Error;
use crate::print::last;
use proto::v1::ListEnvironmentsRequest;
use proto::v1::release_service_client::ReleaseServiceClient;

/// The environment that is `named`, else the only one of `app`.
pub(super) async fn environment(
    server: &Server,
    app: &str,
    named: Option<String>,
) -> Result<String, Error> {
    if let Some(named) = named {
        return Ok(named);
    }
    let names = environments(server, app).await?;
    known::if_empty(server, Some(app), names.is_empty()).await?;
    match names.as_slice() {
        [] => Err(Error::NotFound(format!("nothing of {app} was released yet"))),
        [one] => Ok(one.clone()),
        many => {
            let many = many.join(", ");
            Err(Error::Usage(format!("{app} has several environments, {many}: say which with -e")))
        }
    }
}

/// The environments of `app` in which something was released.
pub(super) async fn environments(server: &Server, app: &str) -> Result<Vec<String>, Error> {
    let question = ListEnvironmentsRequest {
        parent: proto::name::app(app),
        ..ListEnvironmentsRequest::default()
    };
    let answer = server.ask(question, async |channel, question| {
        ReleaseServiceClient::new(channel).list_environments(question).await
    });
    let all = answer.await?.environments;
    Ok(all.iter().map(|one| last(&one.name).to_owned()).collect())
}
