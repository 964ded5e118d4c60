//! Follows answers that come one by one. A stream that breaks is opened again where it ended, for as long as one is
//! patient with a server that is away.

mod build_log;
mod events;
mod logs;
mod patience;
mod releases;
mod run;

pub(crate) use build_log::BuildLog;
pub(crate) use events::Events;
pub(crate) use logs::Logs;
pub(crate) use patience::Patience;
pub(crate) use releases::Releases;
pub(crate) use run::Run;

use crate::client::{Authorised, Refused, Server, Stream};
use crate::output::Output;
use std::time::Duration;
use tokio::time::Instant;
use tonic::{Request, Response, Status, Streaming};

/// What is followed, and where its answers have come to.
pub(crate) trait Resumable {
    /// What opens a stream.
    type Question: Clone;
    /// What comes on it.
    type Answer;

    /// Asks for a stream.
    async fn call(
        channel: Authorised,
        request: Request<Self::Question>,
    ) -> Result<Response<Streaming<Self::Answer>>, Status>;

    /// The question of the next stream, which goes on where the last one ended.
    fn question(&mut self) -> Self::Question;

    /// Takes note of an answer; whether it tells what was not told before.
    fn is_new(&mut self, answer: &Self::Answer) -> bool;

    /// The next answer that was not new when it came and has turned out to be.
    fn held(&mut self) -> Option<Self::Answer> {
        None
    }

    /// Whether a stream that ends well ends because there is no more.
    fn ends(&self) -> bool;
}

/// Who follows it.
pub(crate) struct Follower<'a, R: Resumable> {
    server: &'a Server,
    patience: Patience<'a>,
    followed: R,
    /// The stream there is, and since when.
    stream: Option<(Stream<R::Answer>, Instant)>,
}

impl<'a, R: Resumable> Follower<'a, R> {
    /// Follows what a server told of that answered just now.
    pub(crate) fn new(out: &'a Output, server: &'a Server, followed: R) -> Self {
        Self { server, patience: Patience::new(out), followed, stream: None }
    }

    /// The same, when nobody answered yet: a server that is away from the start is told at once.
    pub(crate) async fn open(
        out: &'a Output,
        server: &'a Server,
        followed: R,
    ) -> Result<Self, Refused> {
        let mut follower = Self::new(out, server, followed);
        follower.stream = Some(follower.opened().await?);
        Ok(follower)
    }

    /// The next answer that tells something new; nothing when there is no more.
    pub(crate) async fn next(&mut self) -> Result<Option<R::Answer>, Refused> {
        loop {
            if let Some(answer) = self.followed.held() {
                return Ok(Some(answer));
            }
            match self.answer().await {
                Ok(Some(answer)) if self.followed.is_new(&answer) => {
                    // What comes again on each stream does not renew it: each may break after that.
                    self.patience.answered();
                    return Ok(Some(answer));
                }
                Ok(Some(_)) => {}
                Ok(None) if self.followed.ends() => return Ok(None),
                Ok(None) => self.pause(self.server.gone()).await?,
                Err(refused) => self.pause(refused).await?,
            }
        }
    }

    async fn answer(&mut self) -> Result<Option<R::Answer>, Refused> {
        if self.stream.is_none() {
            self.stream = Some(self.opened().await?);
        }
        let Some((stream, _)) = self.stream.as_mut() else { return Ok(None) };
        stream.next().await
    }

    async fn opened(&mut self) -> Result<(Stream<R::Answer>, Instant), Refused> {
        let stream = self.server.follow(self.followed.question(), R::call).await?;
        Ok((stream, Instant::now()))
    }

    async fn pause(&mut self, broken: Refused) -> Result<(), Refused> {
        let stood = self.stream.take().map_or(Duration::ZERO, |(_, since)| since.elapsed());
        self.patience.pause(broken, stood).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::Format;
    use crate::exit::Exit;

    #[tokio::test(start_paused = true)]
    async fn who_stays_away_is_given_up_after_a_minute() {
        let (out, begun) = (Output::new(Format::Json), Instant::now());
        let server = Server::new("http://127.0.0.1:9", None).expect("an address");
        let mut run = Follower::new(&out, &server, Run::named("runs/7".to_owned()));
        let refused = run.next().await.expect_err("nobody is there");
        assert_eq!(refused.exit(), Exit::Unavailable);
        assert!(begun.elapsed() > Duration::from_mins(1));
    }
}
