//! `slipway explain`: the story of a release, its cause and what to do next.

use super::known;
use crate::client::Server;
use crate::error::Error;
use crate::exit::Exit;
use crate::print;
use crate::session::Session;
use clap::Args;
use proto::v1::build_service_client::BuildServiceClient;
use proto::v1::release_service_client::ReleaseServiceClient;
use proto::v1::{
    GetBuildRequest, GetReleaseRequest, GetReleaseResponse, Image, ListReleasesRequest,
};
use std::collections::BTreeMap;

/// Which release: `shop production 7`.
#[derive(Debug, Args)]
pub(crate) struct Explain {
    /// Name of the app
    app: String,
    /// The environment; where the app was released last when left out
    environment: Option<String>,
    /// Number of the release; the newest one when left out
    number: Option<i64>,
}

impl Explain {
    pub(crate) async fn run(self, session: &Session) -> Result<Exit, Error> {
        let server = session.server()?;
        let name = match (&self.environment, self.number) {
            (Some(environment), Some(number)) => {
                proto::name::release(&self.app, environment, number)
            }
            (environment, _) => newest(&server, &self.app, environment.as_deref()).await?,
        };
        let answer = server.ask(GetReleaseRequest { name }, async |channel, question| {
            ReleaseServiceClient::new(channel).get_release(question).await
        });
        let mut answer = answer.await?;
        tell_sizes(&server, &mut answer).await;
        session.out.message(&answer, |answer| print::explain::story(answer, session.now()))?;
        Ok(Exit::Done)
    }
}

async fn newest(server: &Server, app: &str, environment: Option<&str>) -> Result<String, Error> {
    let parent = match environment {
        Some(environment) => proto::name::environment(app, environment),
        None => proto::name::app(app),
    };
    let question = ListReleasesRequest { parent, page_size: 1, page_token: String::new() };
    let answer = server.ask(question, async |channel, question| {
        ReleaseServiceClient::new(channel).list_releases(question).await
    });
    let newest = answer.await?.releases.into_iter().next();
    known::if_empty(server, Some(app), newest.is_none()).await?;
    let none = || Error::NotFound(format!("{app} has no release there yet"));
    newest.map(|release| release.name).ok_or_else(none)
}

/// Writes the sizes of images where builds know them. A story without sizes is a story.
async fn tell_sizes(server: &Server, answer: &mut GetReleaseResponse) {
    let mut sizes = BTreeMap::new();
    let builds = answer.release.iter().map(|release| release.build.clone());
    let builds = builds.chain(answer.comparison.iter().map(|before| before.build.clone()));
    for name in builds.filter(|name| !name.is_empty()).collect::<Vec<_>>() {
        let build = server.ask(GetBuildRequest { name }, async |channel, question| {
            BuildServiceClient::new(channel).get_build(question).await
        });
        let Ok(build) = build.await else { continue };
        let services = build.build.unwrap_or_default().services;
        let images = services.into_iter().filter_map(|service| service.image);
        sizes.extend(images.map(|image| (image.digest, image.size_bytes)));
    }
    for image in images_of(answer) {
        image.size_bytes = sizes.get(&image.digest).copied().unwrap_or(image.size_bytes);
    }
}

fn images_of(answer: &mut GetReleaseResponse) -> impl Iterator<Item = &mut Image> {
    let released = answer.release.iter_mut().flat_map(|release| &mut release.services);
    let released = released.filter_map(|service| service.image.as_mut());
    let compared = answer.comparison.iter_mut().flat_map(|before| &mut before.images);
    released.chain(compared.flat_map(|change| change.before.iter_mut().chain(&mut change.after)))
}
