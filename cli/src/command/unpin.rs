//! `slipway unpin`: lets automatic triggers deploy again what was rolled back.

use crate::client::{Server, request_id};
use crate::error::Error;
use crate::exit::Exit;
use crate::print;
use crate::session::Session;
use clap::Args;
use proto::v1::release_service_client::ReleaseServiceClient;
use proto::v1::{ListReleasesRequest, UnpinReleaseRequest};

/// Which release.
#[derive(Debug, Args)]
pub(crate) struct Unpin {
    /// Name of the app
    app: String,
    /// The environment
    environment: String,
    /// Number of the release [default: the latest that is pinned]
    number: Option<i64>,
}

impl Unpin {
    pub(crate) async fn run(self, session: &Session) -> Result<Exit, Error> {
        let server = session.server()?;
        let parent = proto::name::environment(&self.app, &self.environment);
        let name = if let Some(number) = self.number {
            proto::name::release(&self.app, &self.environment, number)
        } else {
            let none = format!("no release of {}/{} is pinned", self.app, self.environment);
            latest_pinned(&server, parent).await?.ok_or(Error::NotFound(none))?
        };
        let request = UnpinReleaseRequest { name, request_id: request_id() };
        let answer = server.ask(request, async |channel, request| {
            ReleaseServiceClient::new(channel).unpin_release(request).await
        });
        let release = answer.await?.release.unwrap_or_default();
        session.out.message(&release, |release| {
            format!("{} is no longer pinned", print::release::title(release))
        })?;
        Ok(Exit::Done)
    }
}

async fn latest_pinned(server: &Server, parent: String) -> Result<Option<String>, Error> {
    let question = ListReleasesRequest { parent, page_size: 500, page_token: String::new() };
    let answer = server.ask(question, async |channel, question| {
        ReleaseServiceClient::new(channel).list_releases(question).await
    });
    let pinned = answer.await?.releases.into_iter().find(|release| release.pinned);
    Ok(pinned.map(|release| release.name))
}
