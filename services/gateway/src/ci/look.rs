//! One look at what CI says of a commit, remembered for a moment.

use super::Verdict;
use super::verdict::verdict;
use crate::app::App;
use crate::db;
use crate::github::ci::Seen;
use crate::github::{Client, GitHubError, Slug};
use events::{AppName, CommitSha, skip};
use parking_lot::Mutex;
use std::collections::HashMap;
use std::time::Duration;
use tokio::time::Instant;

/// What was seen is good for so long, unless a webhook says that it changed: the poll that catches what no webhook told.
const FRESH: Duration = Duration::from_secs(20);
/// What nobody asks for any more is forgotten after so long.
const KEPT: Duration = Duration::from_mins(10);

/// What the message of a commit says of CI.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Said {
    /// It was not read yet.
    Unread,
    Nothing,
    /// There is none for it.
    Skip(&'static str),
}

/// What is known of one commit.
#[derive(Debug, Clone)]
struct Known {
    said: Said,
    /// Or why it is not known.
    seen: Result<Seen, String>,
    at: Instant,
    is_stale: bool,
}

/// What was seen of commits lately.
#[derive(Debug, Default)]
pub(crate) struct Looks {
    known: Mutex<HashMap<(AppName, CommitSha), Known>>,
    /// One look at a time: GitHub wants no more.
    turn: tokio::sync::Mutex<()>,
}

impl Looks {
    /// A webhook says that something changed for `commit`: the next who asks looks.
    pub(crate) fn hint(&self, app: &AppName, commit: &CommitSha) {
        if let Some(known) = self.known.lock().get_mut(&(app.clone(), commit.clone())) {
            known.is_stale = true;
        }
    }

    /// What is known and good for now; else what the commit says of CI, and from here on hints count for the next look.
    fn begin(&self, key: &(AppName, CommitSha)) -> Result<Known, Said> {
        let mut all = self.known.lock();
        all.retain(|_, known| known.at.elapsed() < KEPT);
        let known = all.entry(key.clone()).or_insert_with(|| Known {
            said: Said::Unread,
            seen: Err("nobody looked yet".to_owned()),
            at: Instant::now(),
            is_stale: true,
        });
        if !known.is_stale && known.at.elapsed() < FRESH {
            return Ok(known.clone());
        }
        known.is_stale = false;
        Err(known.said)
    }

    fn end(&self, key: &(AppName, CommitSha), said: Said, seen: &Result<Seen, String>) {
        if let Some(known) = self.known.lock().get_mut(key) {
            (known.said, known.seen, known.at) = (said, seen.clone(), Instant::now());
        }
    }
}

/// Whether what is `required` of `commit` is green.
pub(crate) async fn look(
    app: &App,
    name: &AppName,
    commit: &CommitSha,
    required: &[String],
) -> Result<Option<Verdict>, sqlx::Error> {
    let Some(row) = db::app::find(&app.pool, name).await? else { return Ok(None) };
    let Some(client) = &app.github else {
        let message =
            "GitHub is not asked: set SLIPWAY_GITHUB_TOKEN or a GitHub App, or remove wait_for_ci";
        return Ok(Some(Verdict::Unknown(message.to_owned())));
    };
    let Some(slug) = client.settings().slug(name, &row.repository) else {
        let message = format!("{} is not at the GitHub that is asked", row.repository);
        return Ok(Some(Verdict::Unknown(message)));
    };
    let key = (name.clone(), commit.clone());
    let _turn = app.ci.turn.lock().await;
    let (said, seen) = match app.ci.begin(&key) {
        Ok(known) => (known.said, known.seen),
        Err(said) => {
            let (said, seen) = ask(client, &slug, commit, said).await;
            app.ci.end(&key, said, &seen);
            (said, seen)
        }
    };
    Ok(Some(match (said, seen) {
        (Said::Skip(word), _) => Verdict::Green(format!("not waited for: the commit says {word}")),
        (Said::Unread | Said::Nothing, Ok(seen)) => verdict(required, &seen),
        // Whoever waits has a deadline.
        (Said::Unread | Said::Nothing, Err(why)) => Verdict::Pending(why),
    }))
}

/// Looks; what went wrong is kept as well: what refuses is not asked more often than what answers.
async fn ask(
    client: &Client,
    slug: &Slug,
    commit: &CommitSha,
    mut said: Said,
) -> (Said, Result<Seen, String>) {
    let seen = read(client, slug, commit, &mut said).await.map_err(|error| {
        let error = service::chain(&error);
        tracing::warn!(github.repository = %slug, git.commit = %commit, error, "CI is not known now");
        error
    });
    (said, seen)
}

async fn read(
    client: &Client,
    slug: &Slug,
    commit: &CommitSha,
    said: &mut Said,
) -> Result<Seen, GitHubError> {
    if *said == Said::Unread {
        let message = client.commit_message(slug, commit).await?;
        *said = skip::ci_word(&message).map_or(Said::Nothing, Said::Skip);
    }
    if *said == Said::Nothing { client.ci(slug, commit).await } else { Ok(Seen::default()) }
}
