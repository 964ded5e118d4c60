//! `slipway gc`: what builds and releases left, and why it stays or goes.

use crate::client::request_id;
use crate::error::Error;
use crate::exit::Exit;
use crate::print::collected;
use crate::session::Session;
use clap::Args;
use proto::v1::build_service_client::BuildServiceClient;
use proto::v1::release_service_client::ReleaseServiceClient;
use proto::v1::{CollectBuildsRequest, CollectReleasesRequest};
use std::time::Duration;

/// An engine takes seconds for a large image.
const PATIENCE: Duration = Duration::from_mins(30);

/// Whether only to look.
#[derive(Debug, Args)]
pub(crate) struct Gc {
    /// Remove what nothing needs; without it nothing is removed
    #[arg(long)]
    apply: bool,
}

impl Gc {
    pub(crate) async fn run(self, session: &Session) -> Result<Exit, Error> {
        let server = session.server()?;
        let validate_only = !self.apply;
        // In this order: a container holds its image.
        let request = CollectReleasesRequest { validate_only, request_id: request_id() };
        let releases = server.ask_within(PATIENCE, request, async |channel, request| {
            ReleaseServiceClient::new(channel).collect_releases(request).await
        });
        let mut items = releases.await?.items;
        let request = CollectBuildsRequest { validate_only, request_id: request_id() };
        let builds = server.ask_within(PATIENCE, request, async |channel, request| {
            BuildServiceClient::new(channel).collect_builds(request).await
        });
        items.extend(builds.await?.items);
        if session.out.is_json() {
            for item in &items {
                session.out.item(item, |item| item.name.clone())?;
            }
        } else {
            session.out.text(&collected::list(&items, self.apply))?;
        }
        Ok(Exit::Done)
    }
}
