//! Asks the deployer for repairs and hears what became of them. Each is written before it is asked for, so
//! that a monitor that is killed in the middle knows of it afterwards.

use crate::app::App;
use crate::db::repair::{self, DONE, Kind, Repair};
use crate::place::Place;
use crate::{db, learn, say};
use chrono::TimeDelta;
use proto::v1;

/// A repair that the deployer does not know after this was never begun.
const NEVER_BEGUN: TimeDelta = TimeDelta::seconds(30);

/// What became of asking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Asked {
    /// It goes on, or it is not known yet whether it does.
    GoesOn,
    /// It is done.
    Done,
    /// The deployer said no: code and sentence.
    Refused(String, String),
}

/// Asks for `repair`, which is written already.
pub(crate) async fn ask(app: &App, repair: &Repair) -> Result<Asked, sqlx::Error> {
    let asked = match repair.kind {
        Kind::Routes => app.owner.refresh_routes(&repair.place).await.map(|()| Asked::Done),
        Kind::Replace => app
            .owner
            .repair(request(repair, v1::repair::Kind::Replace))
            .await
            .map(|()| Asked::GoesOn),
        Kind::Restart => app
            .owner
            .repair(request(repair, v1::repair::Kind::Restart))
            .await
            .map(|()| Asked::GoesOn),
    };
    let asked = asked.or_else(|error| match error.refusal() {
        Some(reason) => Ok(Asked::Refused(reason, error.message().to_owned())),
        None => Err(error),
    });
    let asked = asked.unwrap_or_else(|error| {
        tracing::warn!(repair.id = %repair.id, error = service::chain(&error), "not known whether a repair began");
        Asked::GoesOn
    });
    let mut connection = app.pool.acquire().await?;
    let now = app.clock.now();
    match &asked {
        Asked::GoesOn => {}
        Asked::Done => {
            repair::end(&mut connection, repair.id, (DONE, &repair.message), now).await?;
            app.metrics.repaired(repair.kind.as_str(), DONE);
        }
        Asked::Refused(reason, message) => {
            repair::end(&mut connection, repair.id, (reason, message), now).await?;
            app.metrics.repaired(repair.kind.as_str(), reason);
        }
    }
    Ok(asked)
}

fn request(repair: &Repair, kind: v1::repair::Kind) -> v1::RepairInstanceRequest {
    v1::RepairInstanceRequest {
        uid: repair.id.to_string(),
        kind: kind.into(),
        release: format!("releases/{}", repair.release),
        instance: repair.instance.to_string(),
        message: repair.message.clone(),
    }
}

/// Hears what became of the repairs at `place`; returns those that still go on, and whether one does not.
pub(crate) async fn hear(app: &App, place: &Place) -> Result<(Vec<Repair>, bool), sqlx::Error> {
    let open = repair::open(&app.pool, Some(place)).await?;
    let (count, mut going_on) = (open.len(), Vec::new());
    for repair in open {
        let told = match app.owner.repaired(repair.id).await {
            Ok(told) => told,
            Err(error) => {
                tracing::debug!(repair.id = %repair.id, error = service::chain(&error), "nothing is heard of a repair");
                going_on.push(repair);
                continue;
            }
        };
        match told {
            Some(told) if told.ended => ended(app, &repair, &told).await?,
            None if app.clock.now() - repair.started_at > NEVER_BEGUN => {
                never_begun(app, &repair).await?;
            }
            Some(_) | None => going_on.push(repair),
        }
    }
    let ended = going_on.len() < count;
    Ok((going_on, ended))
}

async fn ended(app: &App, repair: &Repair, told: &v1::Repair) -> Result<(), sqlx::Error> {
    let outcome = if told.reason.is_empty() { DONE } else { told.reason.as_str() };
    let mut transaction = app.pool.begin().await?;
    if !repair::end(&mut transaction, repair.id, (outcome, &told.message), app.clock.now()).await? {
        return Ok(());
    }
    if repair.kind == Kind::Restart {
        restarted(&mut transaction, repair, &told.message).await?;
        if outcome == DONE {
            say::restarted(app, &mut transaction, repair, &told.message).await?;
        }
    }
    transaction.commit().await?;
    app.relay.notify_one();
    app.metrics.repaired(repair.kind.as_str(), outcome);
    tracing::info!(repair.id = %repair.id, instance.id = %repair.instance, outcome, message = told.message, "a repair ended");
    // The instance may be another container, or another instance, now.
    if let Err(error) = learn::one(app, &repair.place).await {
        tracing::warn!(error = service::chain(&error), "not known what should run after a repair");
    }
    app.happened.at(repair.place.clone());
    Ok(())
}

async fn never_begun(app: &App, repair: &Repair) -> Result<(), sqlx::Error> {
    let mut transaction = app.pool.begin().await?;
    repair::withdraw(&mut *transaction, repair.id).await?;
    if repair.kind == Kind::Restart {
        restarted(&mut transaction, repair, "its restart never began").await?;
    }
    transaction.commit().await
}

async fn restarted(
    connection: &mut sqlx::PgConnection,
    repair: &Repair,
    message: &str,
) -> Result<(), sqlx::Error> {
    let seat = (repair.service.clone(), repair.replica);
    let mut records = db::liveness::of(&mut *connection, &repair.place).await?;
    let record = records.remove(&seat).unwrap_or_default().restarted(message.to_owned());
    db::liveness::keep(connection, &repair.place, &seat, &record).await
}
