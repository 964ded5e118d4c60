//! A stored delivery handled again, because a person asked. It makes a change even if its commit was seen
//! before; it moves the head of its ref only when it is the newest.

use crate::accept::{self, AcceptError, Arrival};
use crate::app::App;
use crate::db::delivery::{Delivery, Outcome};
use crate::hooks::meaning::{self, Meaning};
use crate::provider::ContentType;
use crate::sources::Source;
use http::{HeaderMap, HeaderName, HeaderValue};
use sqlx::PgConnection;

/// What becomes of the delivery now. The caller stores it and commits.
pub(crate) async fn replay(
    app: &App,
    connection: &mut PgConnection,
    source: &Source,
    delivery: &Delivery,
    headers: &serde_json::Value,
    body: &[u8],
) -> Result<Outcome, AcceptError> {
    let Some(content) = ContentType::of(&header_map(headers)) else {
        return Ok(Outcome::Ignored("its content type is not understood".to_owned()));
    };
    let understood = source.provider.understand(&delivery.event, content, body);
    let (git_ref, movement, wish) = match meaning::of(understood, source.repository.as_ref()) {
        Meaning::Moved { git_ref, movement, wish } => (git_ref, movement, wish),
        Meaning::Nothing { reason, look } => {
            if let Some(look) = look {
                look.ask(app, &source.app);
            }
            return Ok(Outcome::Ignored(reason));
        }
    };
    let arrival = Arrival {
        app: &source.app,
        git_ref: &git_ref,
        movement,
        wish,
        delivery: None,
        replays: Some(delivery.id),
        only_version: None,
    };
    Ok(match accept::asked(app, connection, &arrival).await? {
        Ok(change) => Outcome::Accepted(change.id),
        Err(reason) => Outcome::Ignored(reason),
    })
}

fn header_map(headers: &serde_json::Value) -> HeaderMap {
    let fields = headers.as_object().into_iter().flatten();
    fields
        .filter_map(|(name, value)| {
            let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
            Some((name, HeaderValue::from_str(value.as_str()?).ok()?))
        })
        .collect()
}
