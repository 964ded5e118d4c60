//! What is asked for by a push, a tag or a person where only proved images are released: it is not passed by asking
//! directly.

use super::decide::{NOT_SOAKED, proved};
use crate::content::Content;
use crate::db::promotion;
use ::release::Failure;
use events::ReleaseId;
use sqlx::PgConnection;

/// The release of the environment that is promoted from which proved the images of `content`, or why it may not be
/// released here; nothing where everything is released.
pub(crate) async fn gate(
    connection: &mut PgConnection,
    content: &Content,
) -> Result<Result<Option<ReleaseId>, Failure>, sqlx::Error> {
    let Some(from) = &content.resolved.promote_from else { return Ok(Ok(None)) };
    let source = (&content.resolved.app, &from.environment);
    let all = promotion::lived(connection, source, None).await?;
    let proved = proved(from, &content.images, &all).map(|lived| Some(lived.id));
    Ok(proved.map_err(|why| Failure::new(NOT_SOAKED, why)))
}
