//! The timetable of an environment is that of its live release.

use crate::db::release::{self, Release};
use crate::db::timetable::{self, Entry};
use crate::db::{environment, list};
use manifest::Job;
use sqlx::{PgConnection, PgPool};

/// Writes when the jobs of `live` are due next, in the transaction that makes it live. What has the times it had
/// before keeps its next one, also one that nobody took yet.
pub(crate) async fn keep(connection: &mut PgConnection, live: &Release) -> Result<(), sqlx::Error> {
    let place = (&live.app, &live.environment);
    let known = timetable::of(&mut *connection, place).await?;
    let now = timetable::now(&mut *connection).await?;
    let jobs = live.content.resolved.jobs.iter().filter(|(_, job)| job.schedule.is_some());
    for (name, job) in jobs.clone() {
        let times = times(job);
        let before = known.iter().find(|entry| entry.job == *name && entry.times == times);
        let next_at = before.map_or_else(|| job.due_after(now), |entry| entry.next_at);
        let entry = Entry { job: name.clone(), release: live.id, times, next_at };
        timetable::set(&mut *connection, place, &entry).await?;
    }
    for gone in known.iter().filter(|entry| jobs.clone().all(|(name, _)| *name != entry.job)) {
        timetable::remove(&mut *connection, place, &gone.job).await?;
    }
    Ok(())
}

/// Schedule and time zone as one text.
fn times(job: &Job) -> String {
    let schedule = job.schedule.as_ref().map(ToString::to_string).unwrap_or_default();
    let zone = job.timezone.as_ref().map_or("UTC", |timezone| timezone.as_str());
    format!("{schedule} {zone}")
}

/// The same for what went live before there were timetables.
pub(super) async fn keep_all(pool: &PgPool) -> Result<(), sqlx::Error> {
    for id in list::live_without_timetable(pool).await? {
        let mut transaction = pool.begin().await?;
        let Some(found) = release::get(&mut *transaction, id).await? else { continue };
        let place = (&found.app, &found.environment);
        environment::lock(&mut transaction, place).await?;
        if release::live(&mut *transaction, place).await? == Some(id) {
            keep(&mut transaction, &found).await?;
        }
        transaction.commit().await?;
    }
    Ok(())
}
