//! Whether an app is there at all: nothing may be listed because its name was mistyped.

use crate::client::Server;
use crate::error::Error;
use proto::v1::GetAppRequest;
use proto::v1::app_service_client::AppServiceClient;

/// An error when there is no app of this name.
pub(super) async fn app(server: &Server, name: &str) -> Result<(), Error> {
    let question = GetAppRequest { name: proto::name::app(name) };
    let answer = server.ask(question, async |channel, question| {
        AppServiceClient::new(channel).get_app(question).await
    });
    answer.await?;
    Ok(())
}

/// The same, when nothing was found of the app that was named.
pub(super) async fn if_empty(
    server: &Server,
    name: Option<&str>,
    is_empty: bool,
) -> Result<(), Error> {
    match name {
        Some(name) if is_empty => app(server, name).await,
        _ => Ok(()),
    }
}
