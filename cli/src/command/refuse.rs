//! `slipway refuse`: a person ends a release that waits for people.

use super::awaited::Awaited;
use crate::client::request_id;
use crate::error::Error;
use crate::exit::Exit;
use crate::print;
use crate::session::Session;
use clap::Args;
use proto::v1::RefuseReleaseRequest;
use proto::v1::release_service_client::ReleaseServiceClient;

/// What to refuse: `shop`, or `shop 7`.
#[derive(Debug, Args)]
pub(crate) struct Refuse {
    #[command(flatten)]
    awaited: Awaited,
    /// Why; told to whoever asked for it
    #[arg(long)]
    reason: String,
}

impl Refuse {
    pub(crate) async fn run(self, session: &Session) -> Result<Exit, Error> {
        let server = session.server()?;
        let found = self.awaited.find(&server).await?;
        let request = RefuseReleaseRequest {
            name: found.name,
            reason: self.reason,
            request_id: request_id(),
        };
        let answer = server.ask(request, async |channel, request| {
            ReleaseServiceClient::new(channel).refuse_release(request).await
        });
        let release = answer.await?.release.unwrap_or_default();
        session.out.message(&release, |release| {
            format!("{} is refused, and ends", print::release::title(release))
        })?;
        Ok(Exit::Done)
    }
}
