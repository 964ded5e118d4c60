//! Follows releases and builds to their end.

use crate::client::Server;
use crate::error::Error;
use crate::exit::Exit;
use crate::follow::{self, Follower, Patience};
use crate::output::Output;
use crate::print::{build, json, progress, release};
use crate::screen::Screen;
use crate::session::Session;
use proto::v1::build_service_client::BuildServiceClient;
use proto::v1::{Build, ListBuildsRequest, Release, WatchReleasesRequest, WatchReleasesResponse};
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::time::Instant;

/// How often times on the terminal are brought up to date.
const TICK: Duration = Duration::from_millis(200);
/// How often a build is asked for; builds have no stream of their own.
const POLL: Duration = Duration::from_millis(500);
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

/// What was there when following began. What is newer began since, also when the first that is seen of it is its end: a
/// server that was busy tells only what became of it.
#[derive(Debug, Default)]
struct There {
    /// By app and environment.
    newest: BTreeMap<(String, String), i64>,
    /// All of it was told: only then there is a token that goes on.
    is_whole: bool,
}

impl There {
    /// Whether the release of this answer began since.
    fn began_since(&mut self, release: &Release, resume_token: &str) -> bool {
        let place = (release.app.clone(), release.environment.clone());
        let newest = self.newest.entry(place).or_default();
        // Of a place with many releases not all are told, so that a later one of no known place may be an old one.
        let is_newer = release.number > *newest && (*newest > 0 || release.number == 1);
        let began_since = self.is_whole && is_newer;
        *newest = release.number.max(*newest);
        self.is_whole |= !resume_token.is_empty();
        began_since
    }
}

/// Follows the releases of `parent` that are `wanted` (told whether it began since) until all have ended. Gives up when
/// none was seen within `patience`.
pub(crate) async fn releases(
    session: &Session,
    server: &Server,
    parent: &str,
    patience: Option<Duration>,
    wanted: impl Fn(&Release, bool) -> bool,
) -> Result<Exit, Error> {
    let question = WatchReleasesRequest { parent: parent.to_owned(), ..Default::default() };
    let mut changes = Follower::new(&session.out, server, follow::Releases(question));
    let mut followed = Followed::new(session);
    let (begun, mut there) = (Instant::now(), There::default());
    loop {
        let answer = {
            let mut next = std::pin::pin!(changes.next());
            loop {
                tokio::select! {
                    answer = &mut next => break answer?,
                    () = tokio::time::sleep(TICK) => followed.draw()?,
                }
                let is_late = patience.is_some_and(|patience| begun.elapsed() > patience);
                if followed.releases.is_empty() && is_late {
                    return Err(Error::TimedOut(format!("no release began in {parent}")));
                }
            }
        };
        let Some(WatchReleasesResponse { release: Some(release), resume_token }) = answer else {
            continue;
        };
        let began_since = there.began_since(&release, &resume_token);
        if followed.releases.contains_key(&release.name) || wanted(&release, began_since) {
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
    releases(session, server, &parent, None, |seen, _| seen.name == release.name).await
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
    let mut away = Patience::new(&session.out);
    loop {
        let answer = server.ask(question.clone(), async |channel, question| {
            BuildServiceClient::new(channel).list_builds(question).await
        });
        let answer = match answer.await {
            Ok(answer) => answer,
            Err(refused) => {
                away.pause(refused, Duration::ZERO).await?;
                continue;
            }
        };
        away.answered();
        if let Some(now) = answer.builds.into_iter().next() {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn release(environment: &str, number: i64) -> Release {
        let (app, environment) = ("shop".to_owned(), environment.to_owned());
        Release { app, environment, number, ..Release::default() }
    }

    #[test]
    fn what_is_newer_than_all_that_was_there_began_since() {
        let mut there = There::default();
        assert!(!there.began_since(&release("production", 6), ""));
        assert!(!there.began_since(&release("production", 7), "41"), "the last that was there");
        assert!(!there.began_since(&release("production", 6), "42"), "an old one that changed");
        assert!(there.began_since(&release("production", 8), "43"));
        assert!(!there.began_since(&release("staging", 3), "44"), "one that was not told");
        assert!(there.began_since(&release("testing", 1), "45"), "the first of its place");
    }
}
