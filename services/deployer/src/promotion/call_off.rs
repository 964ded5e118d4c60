//! What was promoted and has not begun is called off when what it was promoted from is taken back.

use crate::db::release::Release;
use crate::db::{command, promotion};
use ::release::Input;
use sqlx::PgConnection;

/// Ends what waits because of `left`, which `successor` took back, and pins it: nobody agrees to it by mistake.
pub(crate) async fn call_off(
    connection: &mut PgConnection,
    left: &Release,
    successor: &Release,
) -> Result<(), sqlx::Error> {
    for id in promotion::waiting(&mut *connection, left.id).await? {
        let reason = format!(
            "it was promoted from release {} of {}, which was rolled back there",
            left.number, left.environment
        );
        let input = Input::Rollback { by: successor.origin.by.clone(), reason };
        command::enqueue(connection, id, &input).await?;
    }
    Ok(())
}
