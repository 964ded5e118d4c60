//! `slipway approve`: a person agrees to a release that waits, or puts the freeze aside that holds it.

use super::awaited::Awaited;
use crate::client::request_id;
use crate::error::Error;
use crate::exit::Exit;
use crate::print;
use crate::session::Session;
use clap::Args;
use proto::v1::ApproveReleaseRequest;
use proto::v1::release_service_client::ReleaseServiceClient;

/// What to agree to: `shop`, or `shop 7`.
#[derive(Debug, Args)]
pub(crate) struct Approve {
    #[command(flatten)]
    awaited: Awaited,
    /// Why; shown with the release
    #[arg(long)]
    reason: Option<String>,
    /// Let it begin although a freeze holds it; for administrators
    #[arg(long, requires = "reason")]
    override_freeze: bool,
}

impl Approve {
    pub(crate) async fn run(self, session: &Session) -> Result<Exit, Error> {
        let server = session.server()?;
        let found = self.awaited.find(&server).await?;
        let request = ApproveReleaseRequest {
            name: found.name,
            reason: self.reason.unwrap_or_default(),
            override_freeze: self.override_freeze,
            request_id: request_id(),
        };
        let answer = server.ask(request, async |channel, request| {
            ReleaseServiceClient::new(channel).approve_release(request).await
        });
        let release = answer.await?.release.unwrap_or_default();
        session.out.message(&release, |release| {
            let (title, content) =
                (print::release::title(release), print::release::content(release));
            let mut lines = vec![format!("{title}, {content}")];
            lines.extend(print::waiting::lines(release));
            lines.join("\n")
        })?;
        Ok(Exit::Done)
    }
}
