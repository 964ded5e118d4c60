//! Follows releases and builds to their end. A stream that breaks is resumed where it was.

use crate::client::{Refused, Server, Stream};
use crate::error::Error;
use crate::exit::Exit;
use crate::output::Output;
use crate::print::{build, json, progress, release};
use crate::screen::Screen;
use crate::session::Session;
use proto::v1::build_service_client::BuildServiceClient;
use proto::v1::release_service_client::ReleaseServiceClient;
use proto::v1::{Build, ListBuildsRequest, Release, WatchReleasesRequest, WatchReleasesResponse};
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::time::Instant;

/// How often times on the terminal are brought up to date.
const TICK: Duration = Duration::from_millis(200);
/// How often a build is asked for; builds have no stream of their own.
const POLL: Duration = Duration::from_millis(500);
/// How long a server may be away while a release is followed.
const AWAY: Duration = Duration::from_mins(1);
/// Pause before a broken stream is opened again.
const PAUSE: Duration = Duration::from_millis(500);

/// The changes of releases, resumed when the server went away for a while.
#[derive(Debug)]
struct Releases<'a> {
    server: &'a Server,
    question: WatchReleasesRequest,
    stream: Option<Stream<WatchReleasesResponse>>,
    last_seen: Instant,
}

impl<'a> Releases<'a> {
    fn of(server: &'a Server, parent: &str) -> Self {
        let question =
            WatchReleasesRequest { parent: parent.to_owned(), resume_token: String::new() };
        Self { server, question, stream: None, last_seen: Instant::now() }
    }

    /// The next release that changed.
    async fn next(&mut self) -> Result<Release, Refused> {
        loop {
            let broken = match self.step().await {
                Ok(Some(release)) => return Ok(release),
                Ok(None) => continue,
                Err(refused) => refused,
            };
            if !broken.passes() || self.last_seen.elapsed() > AWAY {
                return Err(broken);
            }
            self.stream = None;
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn step(&mut self) -> Result<Option<Release>, Refused> {
        if self.stream.is_none() {
            let opened = self.server.follow(self.question.clone(), async |channel, question| {
                ReleaseServiceClient::new(channel).watch_releases(question).await
            });
            self.stream = Some(opened.await?);
        }
        let Some(stream) = self.stream.as_mut() else { return Ok(None) };
        let Some(answer) = stream.next().await? else {
            self.stream = None;
            tokio::time::sleep(PAUSE).await;
            return Ok(None);
        };
        self.last_seen = Instant::now();
        self.question.resume_token = answer.resume_token;
        Ok(answer.release)
    }
}

/// What was followed so far, and how it is shown.
struct Followed<'a> {
    session: &'a Session,
    screen: Screen<'a>,
    releases: BTreeMap<String, Release>,
}

impl<'a> Followed<'a> {
    fn new(session: &'a Session) -> Self {
        Self { session, screen: Screen::new(&session.out), releases: BTreeMap::new() }
    }

    fn take(&mut self, release: Release) -> Result<(), Error> {
        let before = self.releases.get(&release.name);
        if self.session.out.is_json() {
            self.session.out.text(&json::line(&release))?;
        } else if !self.session.out.can_redraw() {
            lines(&self.session.out, &progress::news(before, &release, self.session.now()))?;
        }
        self.releases.insert(release.name.clone(), release);
        self.draw()
    }

    fn draw(&mut self) -> Result<(), Error> {
        if !self.session.out.can_redraw() {
            return Ok(());
        }
        let now = self.session.now();
        let lines: Vec<_> =
            self.releases.values().flat_map(|release| progress::block(release, now)).collect();
        self.screen.draw(&lines)
    }

    /// The worst outcome, once everything that was followed has ended.
    fn outcome(&self) -> Option<Exit> {
        let exits = self.releases.values().map(|release| release::outcome(release.state()));
        let exits = exits.collect::<Option<Vec<_>>>()?;
        let worst = |wanted| exits.contains(&wanted).then_some(wanted);
        worst(Exit::Failed).or(worst(Exit::Interrupted)).or(exits.first().copied())
    }
}

fn lines(out: &Output, lines: &[String]) -> Result<(), Error> {
    lines.iter().try_for_each(|line| out.text(line))
}

/// Follows the releases of `parent` that are `wanted` until all have ended. Gives up when none was seen
/// within `patience`.
pub(crate) async fn releases(
    session: &Session,
    server: &Server,
    parent: &str,
    patience: Option<Duration>,
    wanted: impl Fn(&Release) -> bool,
) -> Result<Exit, Error> {
    let mut changes = Releases::of(server, parent);
    let mut followed = Followed::new(session);
    let begun = Instant::now();
    loop {
        let release = {
            let mut next = std::pin::pin!(changes.next());
            loop {
                tokio::select! {
                    release = &mut next => break release?,
                    () = tokio::time::sleep(TICK) => followed.draw()?,
                }
                let is_late = patience.is_some_and(|patience| begun.elapsed() > patience);
                if followed.releases.is_empty() && is_late {
                    return Err(Error::TimedOut(format!("no release began in {parent}")));
                }
            }
        };
        if followed.releases.contains_key(&release.name) || wanted(&release) {
            followed.take(release)?;
        }
        if let Some(exit) = followed.outcome() {
            return Ok(exit);
        }
    }
}

/// Follows one release to its end.
pub(crate) async fn release(
    session: &Session,
    server: &Server,
    release: &Release,
) -> Result<Exit, Error> {
    let parent = proto::name::environment(&release.app, &release.environment);
    releases(session, server, &parent, None, |seen| seen.name == release.name).await
}

/// Follows the build of a change to its end; gives up when nobody builds it within `patience`.
pub(crate) async fn build(
    session: &Session,
    server: &Server,
    app: &str,
    change: &str,
    patience: Duration,
) -> Result<Build, Error> {
    let question = ListBuildsRequest {
        parent: proto::name::app(app),
        page_size: 1,
        change: change.to_owned(),
        ..ListBuildsRequest::default()
    };
    let begun = Instant::now();
    let mut before: Option<Build> = None;
    loop {
        let answer = server.ask(question.clone(), async |channel, question| {
            BuildServiceClient::new(channel).list_builds(question).await
        });
        if let Some(now) = answer.await?.builds.into_iter().next() {
            tell(session, before.as_ref(), &now)?;
            if build::exit(now.state()).is_some() {
                return Ok(now);
            }
            before = Some(now);
        } else if begun.elapsed() > patience {
            return Err(Error::TimedOut(format!("nobody builds {change}")));
        }
        tokio::time::sleep(POLL).await;
    }
}

fn tell(session: &Session, before: Option<&Build>, now: &Build) -> Result<(), Error> {
    if !session.out.is_json() {
        return lines(&session.out, &build::news(before, now, session.now()));
    }
    if before == Some(now) { Ok(()) } else { session.out.text(&json::line(now)) }
}
