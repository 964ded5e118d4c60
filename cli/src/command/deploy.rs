//! `slipway deploy`: a ref of the repository, which is built first, or images, which are released as they are.

use super::known;
use crate::client::{Server, request_id};
use crate::error::Error;
use crate::exit::Exit;
use crate::print;
use crate::session::Session;
use crate::watch;
use clap::Args;
use events::{Digest, ServiceName};
use proto::v1::app_service_client::AppServiceClient;
use proto::v1::release_service_client::ReleaseServiceClient;
use proto::v1::{
    Build, CreateChangeRequest, CreateReleaseRequest, GetEnvironmentRequest, Image, Release,
};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tonic::Code;

/// How long until a build or a release must have begun: the sweeps of the platform run every few seconds.
const BEGINS: Duration = Duration::from_mins(1);

/// How long until a release must have begun when the images of the build are live already: then only
/// another configuration makes one, and that is decided with the end of the build.
const NOTHING_NEW: Duration = Duration::from_secs(10);

/// What to deploy where.
#[derive(Debug, Args)]
pub(crate) struct Deploy {
    /// Name of the app
    app: String,
    /// Where to
    environment: String,
    /// Branch, tag or full ref to build and deploy [default: the head of the default branch]
    #[arg(long = "ref", value_name = "REF", conflicts_with_all = ["image", "manifest", "force"])]
    git_ref: Option<String>,
    /// Release this image of a service without building; services not named keep theirs
    #[arg(long, value_name = "SERVICE=IMAGE@DIGEST", value_parser = image)]
    image: Vec<(String, String)>,
    /// A slipway.yaml to use with the images instead of the configuration that is live
    #[arg(long, value_name = "FILE")]
    manifest: Option<PathBuf>,
    /// With --image or --manifest: deploy although the content is live already or was rolled back
    #[arg(long)]
    force: bool,
    /// Begin although a freeze holds releases, with this reason; for administrators, and images only
    #[arg(long, value_name = "REASON")]
    override_freeze: Option<String>,
    /// Release although the images were not live where they are promoted from, with this reason; for administrators,
    /// and images only
    #[arg(long, value_name = "REASON")]
    override_soak: Option<String>,
    /// Follow the release to its end; the exit status is its outcome
    #[arg(long, short)]
    wait: bool,
}

/// `api=127.0.0.1:5000/shop/api@sha256:...`
pub(crate) fn image(text: &str) -> Result<(String, String), String> {
    let usage = || "use SERVICE=REPOSITORY@sha256:...".to_owned();
    let (service, image) = text.split_once('=').ok_or_else(usage)?;
    let by_tag = || format!("{}, because a tag can be moved", usage());
    let (repository, digest) = image.rsplit_once('@').ok_or_else(by_tag)?;
    let service = ServiceName::parse(service).map_err(|error| error.to_string())?;
    Digest::parse(digest).map_err(|error| error.to_string())?;
    if repository.is_empty() || repository.contains(|c: char| c.is_whitespace() || c == '@') {
        return Err(usage());
    }
    Ok((service.to_string(), image.to_owned()))
}

/// The text of a manifest; empty without a file.
pub(crate) fn manifest(path: Option<&Path>) -> Result<String, Error> {
    let Some(path) = path else { return Ok(String::new()) };
    std::fs::read_to_string(path)
        .map_err(|source| Error::Read { path: path.display().to_string(), source })
}

impl Deploy {
    pub(crate) async fn run(self, session: &Session) -> Result<Exit, Error> {
        let server = session.server()?;
        if self.image.is_empty() && self.manifest.is_none() {
            if self.override_freeze.is_some() {
                let message = "--override-freeze goes with --image or --manifest; what is built waits, and then \
                               `slipway approve APP --override-freeze --reason REASON` lets it begin";
                return Err(Error::Usage(message.to_owned()));
            }
            if self.override_soak.is_some() {
                let message = "--override-soak goes with --image or --manifest; what is built is promoted with \
                               `slipway promote APP --from ENVIRONMENT --to ENVIRONMENT --override-soak REASON`";
                return Err(Error::Usage(message.to_owned()));
            }
            if self.force {
                let how = "--force goes with --image or --manifest; what is built may go out again \
                            once `slipway unpin` allows its content";
                return Err(Error::Usage(how.to_owned()));
            }
            self.change(session, &server).await
        } else {
            self.images(session, &server).await
        }
    }

    async fn images(self, session: &Session, server: &Server) -> Result<Exit, Error> {
        let request = CreateReleaseRequest {
            parent: proto::name::environment(&self.app, &self.environment),
            manifest: manifest(self.manifest.as_deref())?,
            images: self.image.into_iter().collect::<HashMap<_, _>>(),
            request_id: request_id(),
            validate_only: false,
            force: self.force,
            override_freeze: self.override_freeze.unwrap_or_default(),
            override_soak: self.override_soak.unwrap_or_default(),
        };
        let answer = server.ask(request, async |channel, request| {
            ReleaseServiceClient::new(channel).create_release(request).await
        });
        let release = match answer.await {
            Ok(answer) => answer.release.unwrap_or_default(),
            Err(refused) => {
                return Err(
                    known::or_unknown(server, refused, (&self.app, &self.environment)).await
                );
            }
        };
        told(session, server, &release, self.wait).await
    }

    async fn change(self, session: &Session, server: &Server) -> Result<Exit, Error> {
        let request = CreateChangeRequest {
            parent: proto::name::app(&self.app),
            git_ref: self.git_ref.clone().unwrap_or_default(),
            environments: vec![self.environment.clone()],
            request_id: request_id(),
        };
        let answer = server.ask(request, async |channel, request| {
            AppServiceClient::new(channel).create_change(request).await
        });
        let place = (self.app.as_str(), self.environment.as_str());
        let change = match answer.await {
            Ok(answer) => answer.change.unwrap_or_default(),
            Err(refused) => return Err(known::or_unknown(server, refused, place).await),
        };
        if !self.wait || !session.out.is_json() {
            session.out.message(&change, |change| {
                let (commit, full) =
                    (print::short(&change.commit), print::git_ref(&change.git_ref));
                format!("{commit} ({full}) will be built")
            })?;
        }
        // Of an environment that nobody has heard of the build tells whether it is there now.
        if !self.wait && known::environment(server, place.0, place.1).await.is_ok() {
            return Ok(Exit::Done);
        }
        let build = watch::build(session, server, &self.app, &change.name, BEGINS).await?;
        match print::build::exit(build.state()) {
            Some(Exit::Done) if self.wait => self.release_of(session, server, &build).await,
            Some(Exit::Done) => Ok(Exit::Done),
            bad => {
                known::environment(server, place.0, place.1).await?;
                Ok(bad.unwrap_or(Exit::Failed))
            }
        }
    }

    /// Follows the release that is made of `build`. None is made when its content is live already.
    async fn release_of(
        &self,
        session: &Session,
        server: &Server,
        build: &Build,
    ) -> Result<Exit, Error> {
        let parent = proto::name::environment(&self.app, &self.environment);
        let live = live(server, parent.clone()).await?.filter(|live| has_images_of(live, build));
        let patience = if live.is_some() { NOTHING_NEW } else { BEGINS };
        let is_ours = |release: &Release, _| release.build == build.name;
        match (watch::releases(session, server, &parent, Some(patience), is_ours).await, live) {
            (Err(Error::TimedOut(_)), Some(live)) => {
                session.out.note(&format!(
                    "nothing to release: {} is live with the same images and configuration",
                    print::release::title(&live)
                ));
                Ok(Exit::Done)
            }
            (outcome, _) => outcome,
        }
    }
}

/// The release that is live in an environment, if there ever was one.
async fn live(server: &Server, name: String) -> Result<Option<Release>, Error> {
    let answer = server.ask(GetEnvironmentRequest { name }, async |channel, question| {
        ReleaseServiceClient::new(channel).get_environment(question).await
    });
    match answer.await {
        Ok(answer) => Ok(answer.environment.unwrap_or_default().live),
        Err(refused) if refused.code() == Code::NotFound => Ok(None),
        Err(refused) => Err(refused.into()),
    }
}

/// Whether every image of `build` is one of `live`.
fn has_images_of(live: &Release, build: &Build) -> bool {
    let digest = |image: Option<&Image>| image.map(|image| image.digest.clone());
    build.services.iter().all(|built| {
        let same = live.services.iter().find(|one| one.service == built.service);
        same.is_some_and(|same| digest(same.image.as_ref()) == digest(built.image.as_ref()))
    })
}

/// Tells of a release that was made, and follows it when that is wanted.
pub(crate) async fn told(
    session: &Session,
    server: &Server,
    release: &Release,
    wait: bool,
) -> Result<Exit, Error> {
    if wait {
        return watch::release(session, server, release).await;
    }
    session.out.message(release, |release| {
        format!("{} is {}", print::release::title(release), print::release::state(release))
    })?;
    Ok(Exit::Done)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn an_image_is_read_as_it_is_written(
            service in "[a-z]([a-z0-9-]{0,10}[a-z0-9])?", repository in "[a-z0-9.:/_=-]{1,30}", hex in "[0-9a-f]{64}",
        ) {
            let told = format!("{repository}@sha256:{hex}");
            prop_assert_eq!(image(&format!("{service}={told}")), Ok((service, told)));
        }

        #[test]
        fn what_is_no_image_is_refused_and_never_guessed(text in "\\PC{0,40}") {
            prop_assert!(image(&text).is_err(), "{text:?} has no digest of 64 digits");
        }
    }
}
