//! What the captured traffic of a release is compared with: the file that its commit names, read once, unless it is the
//! one that was read last. A window that somebody accepted stays until a commit brings another file.

use super::counts::{Columns, Kept};
use super::{declared, worse};
use crate::app::App;
use crate::builder::ReferenceError;
use crate::db::reference::New;
use crate::db::verdict::Verdict;
use crate::deployer::DeployerError;
use crate::place::Place;
use crate::{db, say_data};
use dataset::{Table, TableError};
use drift::{Outline, Summary};
use events::ReleaseId;
use manifest::DataDrift;
use sqlx::PgConnection;
use std::collections::BTreeSet;
use std::path::Path;
use uuid::Uuid;

/// Why it is not known now what is compared with.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReferError {
    #[error("keep what is compared with")]
    Database(#[from] sqlx::Error),
    #[error(transparent)]
    Deployer(#[from] DeployerError),
    #[error(transparent)]
    Builder(#[from] ReferenceError),
}

/// What was found of a file.
struct Read {
    columns: Columns,
    rows: u64,
}

/// Notes when data of `place` are compared and what with, as its live release wants it.
pub(crate) async fn keep(app: &App, place: &Place) -> Result<(), ReferError> {
    let Some(verdict) = db::verdict::get(&app.pool, place).await? else { return Ok(()) };
    let (Some(release), Some(data)) = (verdict.release, verdict.policy.data.clone()) else {
        return end(app, place).await;
    };
    let mut connection = app.pool.acquire().await?;
    let next_at = data.schedule.due_after(db::data_watch::now(&mut *connection).await?);
    db::data_watch::keep(&mut connection, place, &data.schedule.to_string(), next_at).await?;
    let known = db::data_watch::get(&mut *connection, place).await?;
    drop(connection);
    if known.is_none_or(|known| known.release == Some(release)) {
        return Ok(());
    }
    look_for(app, &verdict, release, &data).await
}

/// Nothing is captured there any more; what was told of it is over.
async fn end(app: &App, place: &Place) -> Result<(), ReferError> {
    let mut transaction = app.pool.begin().await?;
    let Some(watched) = db::data_watch::lock(&mut transaction, place).await? else {
        return Ok(());
    };
    if let Some(release) = watched.release.filter(|_| !watched.told.is_empty()) {
        say_data::data_cleared(app, &mut transaction, place, release).await?;
    }
    worse::end(app, &mut transaction, (place, &watched)).await?;
    db::data_watch::forget(&mut *transaction, place).await?;
    transaction.commit().await?;
    app.relay.notify_one();
    Ok(())
}

async fn look_for(
    app: &App,
    verdict: &Verdict,
    release: ReleaseId,
    data: &DataDrift,
) -> Result<(), ReferError> {
    let place = &verdict.place;
    let build = app.deployer.release(release).await?.map(|live| live.build).unwrap_or_default();
    if build.is_empty() {
        let why = "no build made this release, so that its reference cannot be read";
        return settle(app, place, release, Err(why.to_owned())).await;
    }
    let known = db::reference::last_object(&app.pool, place).await?;
    let file = app.samples.folder.join(format!("{}.reference", Uuid::simple(service::new_id())));
    std::fs::create_dir_all(&app.samples.folder).map_err(ReferenceError::Keep)?;
    let found = app.builder.reference(&build, known.clone(), &file).await;
    let outcome = match found {
        Err(ReferenceError::None(why)) => Err(why),
        Err(error) => {
            remove(&file);
            return Err(error.into());
        }
        Ok(found) if Some(&found.object) == known.as_ref() => Ok(None),
        Ok(found) => {
            let (path, columns) = (file.clone(), declared(&data.capture));
            let read = tokio::task::spawn_blocking(move || read(&path, &columns)).await;
            match read.unwrap_or_else(|_| Err("reading it failed".to_owned())) {
                Ok(read) => Ok(Some((found, read))),
                Err(why) => Err(format!("{}: {why}", found.path)),
            }
        }
    };
    remove(&file);
    let number = verdict.release_number;
    let outcome = outcome.map(|new| {
        new.map(|(found, read)| (found.object, format!("{} of #{number}", found.path), read))
    });
    settle(app, place, release, outcome).await
}

fn remove(file: &Path) {
    if let Err(error) = std::fs::remove_file(file)
        && error.kind() != std::io::ErrorKind::NotFound
    {
        tracing::warn!(%error, "what was read stays");
    }
}

/// Writes what came of looking for the reference of a release: another one, the same as before, or why there is none.
async fn settle(
    app: &App,
    place: &Place,
    release: ReleaseId,
    outcome: Result<Option<(String, String, Read)>, String>,
) -> Result<(), ReferError> {
    let mut transaction = app.pool.begin().await?;
    let watched = db::data_watch::lock(&mut transaction, place).await?;
    if watched.is_none_or(|watched| watched.release == Some(release)) {
        return Ok(());
    }
    let (reference, problem) = match outcome {
        Ok(None) => (None, String::new()),
        Ok(Some((object, source, read))) => {
            let new = New {
                id: service::new_id(),
                object: Some(&object),
                source: &source,
                columns: &read.columns,
                rows: read.rows,
                by: "slipway",
                reason: "",
                at: app.clock.now(),
            };
            (Some(add(&mut transaction, place, &new).await?), String::new())
        }
        Err(why) => {
            tracing::warn!(%place, release.id = %release, why, "data are compared with nothing");
            (None, why)
        }
    };
    db::data_watch::refer(&mut transaction, place, Some(release), reference, &problem).await?;
    transaction.commit().await?;
    Ok(())
}

async fn add(
    connection: &mut PgConnection,
    place: &Place,
    new: &New<'_>,
) -> Result<Uuid, sqlx::Error> {
    let version = db::reference::add(connection, place, new).await?;
    tracing::info!(%place, version, source = new.source, rows = new.rows, "data are compared with it");
    Ok(new.id)
}

/// The `declared` columns of a file as counts.
fn read(path: &Path, declared: &BTreeSet<String>) -> Result<Read, String> {
    let why = |error: TableError| {
        // Where we put it is of no interest to those who wrote it.
        let prefix = format!("{}: ", path.display());
        service::chain(&error).replace(&prefix, "")
    };
    let table = Table::open(path).map_err(why)?;
    let names = table.names().iter().filter(|name| declared.contains(*name));
    let names: Vec<&str> = names.map(String::as_str).collect();
    if names.is_empty() {
        let declared: Vec<&str> = declared.iter().map(String::as_str).collect();
        return Err(format!("there is no column of {}", declared.join(", ")));
    }
    let (mut columns, mut rows) = (Columns::new(), 0);
    for names in names.chunks(table.at_once().max(1)) {
        for (name, column) in names.iter().zip(table.read(names).map_err(why)?) {
            let Some(column) = column else { continue };
            let outline = Outline::of(&column);
            let summary = Summary::of(&outline, &column);
            rows = rows.max(summary.rows());
            columns.insert((*name).to_owned(), Kept { outline, summary });
        }
    }
    Ok(Read { columns, rows })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn of_text(text: &str) -> Result<Read, String> {
        let mut file = tempfile::NamedTempFile::new().expect("a file");
        file.write_all(text.as_bytes()).expect("is written");
        read(file.path(), &["amount", "country"].map(str::to_owned).into())
    }

    #[test]
    fn only_declared_columns_are_kept() {
        let read = of_text("id,amount,name\n1,2.5,Ada\n2,3.5,Bob\n").expect("readable");
        let columns: Vec<&str> = read.columns.keys().map(String::as_str).collect();
        assert_eq!((columns, read.rows), (vec!["amount"], 2));
        let json = serde_json::to_string(&read.columns).expect("JSON");
        assert!(!json.contains("Ada"), "{json}");
    }

    #[test]
    fn what_is_wrong_is_said_without_our_path() {
        let why = |text| of_text(text).err().expect("refused");
        insta::assert_snapshot!(why("a,b\n1,2\n"), @"there is no column of amount, country");
        insta::assert_snapshot!(why("amount,country\n1\n"), @"row 1 has 1 cells, the head has 2; put cells with commas or line breaks in quotes");
    }
}
