//! What the captured traffic of a release is compared with: the file that its commit names, read once, unless it is the
//! one that was read last and no other columns are declared. A window that somebody accepted stays until a commit brings
//! another file.

use super::counts::{Columns, Kept};
use super::{count, declared, worse};
use crate::app::App;
use crate::builder::ReferenceError;
use crate::db::reference::{LastFile, New};
use crate::db::verdict::Verdict;
use crate::deployer::DeployerError;
use crate::place::Place;
use crate::{db, say_data};
use chrono::{DateTime, Utc};
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

/// A file that was read.
struct NewlyRead {
    /// What git knows it by.
    object: String,
    source: String,
    /// The columns that were looked for in it.
    looked_for: Vec<String>,
    read: Read,
    /// It was read before, for other columns.
    is_known: bool,
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
    let declared = declared(&data.capture);
    let last = db::reference::last_file(&app.pool, place).await?;
    let known = known(last.as_ref(), &declared);
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
            let (path, columns) = (file.clone(), declared.clone());
            let read = tokio::task::spawn_blocking(move || read(&path, &columns)).await;
            match read.unwrap_or_else(|_| Err("reading it failed".to_owned())) {
                Ok(read) => Ok(Some(NewlyRead {
                    is_known: last.is_some_and(|last| last.object == found.object),
                    source: format!("{} of #{}", found.path, verdict.release_number),
                    object: found.object,
                    looked_for: declared.into_iter().collect(),
                    read,
                })),
                Err(why) => Err(format!("{}: {why}", found.path)),
            }
        }
    };
    remove(&file);
    settle(app, place, release, outcome).await
}

/// What git knows the `last` file by, if nothing is `declared` that was not looked for in it. Pure.
fn known(last: Option<&LastFile>, declared: &BTreeSet<String>) -> Option<String> {
    let is_whole = |last: &&LastFile| declared.iter().all(|name| last.looked_for.contains(name));
    last.filter(is_whole).map(|last| last.object.clone())
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
    outcome: Result<Option<NewlyRead>, String>,
) -> Result<(), ReferError> {
    let mut transaction = app.pool.begin().await?;
    let watched = db::data_watch::lock(&mut transaction, place).await?;
    let Some(watched) = watched.filter(|watched| watched.release != Some(release)) else {
        return Ok(());
    };
    let (reference, problem) = match outcome {
        Ok(None) => (None, String::new()),
        Ok(Some(file)) => {
            let compared = (watched.reference, app.clock.now());
            (Some(follow(&mut transaction, place, file, compared).await?), String::new())
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

/// Keeps a file as the next version; what is compared with from then on. A window that was accepted of the `compared` stays
/// when the file is no other, with the columns that it has not.
async fn follow(
    connection: &mut PgConnection,
    place: &Place,
    file: NewlyRead,
    (compared, at): (Option<Uuid>, DateTime<Utc>),
) -> Result<Uuid, sqlx::Error> {
    let new = New {
        id: service::new_id(),
        object: Some(&file.object),
        source: &file.source,
        looked_for: &file.looked_for,
        columns: &file.read.columns,
        rows: file.read.rows,
        by: "slipway",
        reason: "",
        at,
    };
    let id = add(connection, place, &new).await?;
    let before = match compared.filter(|_| file.is_known) {
        Some(before) => {
            let before = db::reference::get(&mut *connection, before).await;
            count::readable(place, before)?.flatten()
        }
        None => None,
    };
    let Some(window) = before.filter(|before| before.object.is_none()) else { return Ok(id) };
    let mut columns = file.read.columns;
    columns.retain(|name, _| !window.columns.contains_key(name));
    if columns.is_empty() {
        return Ok(window.id);
    }
    let names: Vec<&str> = columns.keys().map(String::as_str).collect();
    let source = format!("{}; {} of {}", window.source, names.join(", "), file.source);
    columns.extend(window.columns);
    let new = New {
        id: service::new_id(),
        object: None,
        source: &source,
        looked_for: &[],
        columns: &columns,
        rows: u64::try_from(window.rows).unwrap_or_default(),
        by: "slipway",
        reason: "columns that were declared since it was accepted",
        at,
    };
    add(connection, place, &new).await
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
    use crate::data::tests::{Kept, release};
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
    fn names(columns: &[&str]) -> Vec<String> {
        columns.iter().map(|&name| name.to_owned()).collect()
    }

    /// These columns were looked for in the file of release 7, and found.
    fn file(columns: &[&str], is_known: bool) -> NewlyRead {
        let text = format!("{}\n{}\n", columns.join(","), vec!["1"; columns.len()].join(","));
        let mut file = tempfile::NamedTempFile::new().expect("a file");
        file.write_all(text.as_bytes()).expect("is written");
        let looked_for = names(columns);
        let read = read(file.path(), &looked_for.iter().cloned().collect()).expect("readable");
        let (object, source) = ("0b1ec7".to_owned(), "r.csv of #7".to_owned());
        NewlyRead { object, source, looked_for, read, is_known }
    }

    /// What is compared with when that came of looking for the reference of a release.
    async fn compared(
        kept: &Kept,
        number: i64,
        outcome: Result<Option<NewlyRead>, String>,
    ) -> (i32, Vec<String>, String) {
        let place = kept.lives("production", number).await;
        settle(&kept.app, &place, release(number), outcome).await.expect("settled");
        let pool = &kept.app.pool;
        let watched = db::data_watch::get(pool, &place).await.expect("rows").expect("watched");
        let id = watched.reference.expect("there is a reference");
        let reference = db::reference::get(pool, id).await.expect("rows").expect("it is kept");
        (reference.version, reference.columns.into_keys().collect(), reference.source)
    }

    #[test]
    fn a_file_is_known_as_long_as_nothing_else_is_declared() {
        let last =
            LastFile { object: "0b1ec7".to_owned(), looked_for: names(&["amount", "class"]) };
        let known = |columns: &[&str]| known(Some(&last), &names(columns).into_iter().collect());
        assert_eq!(known(&["amount"]), Some("0b1ec7".to_owned()));
        assert_eq!(known(&["amount", "class"]), Some("0b1ec7".to_owned()));
        assert_eq!(known(&["amount", "country"]), None);
    }

    #[tokio::test]
    async fn a_column_that_is_declared_later_is_read_from_the_same_file() {
        let kept = Kept::start().await;
        let first = compared(&kept, 7, Ok(Some(file(&["amount"], false)))).await;
        assert_eq!(first, (1, names(&["amount"]), "r.csv of #7".to_owned()));
        assert_eq!(compared(&kept, 8, Ok(None)).await, first, "the same file");
        let (version, columns, _) =
            compared(&kept, 9, Ok(Some(file(&["amount", "class"], true)))).await;
        assert_eq!((version, columns), (2, names(&["amount", "class"])));
    }

    #[tokio::test]
    async fn a_window_that_was_accepted_gets_the_columns_that_it_has_not() {
        let kept = Kept::start().await;
        compared(&kept, 7, Ok(Some(file(&["amount"], false)))).await;
        let place = kept.lives("production", 7).await;
        let mut connection = kept.app.pool.acquire().await.expect("a connection");
        let accepted = New {
            id: service::new_id(),
            object: None,
            source: "captured",
            looked_for: &[],
            columns: &file(&["amount"], false).read.columns,
            rows: 300,
            by: "ana",
            reason: "new market",
            at: kept.app.clock.now(),
        };
        let id = add(&mut connection, &place, &accepted).await.expect("accepted");
        let refers = db::data_watch::refer(&mut connection, &place, None, Some(id), "").await;
        refers.expect("it is compared with");
        drop(connection);
        let (version, columns, source) =
            compared(&kept, 8, Ok(Some(file(&["amount", "class"], true)))).await;
        assert_eq!((version, columns), (4, names(&["amount", "class"])));
        assert_eq!(source, "captured; class of r.csv of #7");
        let last = db::reference::last_file(&kept.app.pool, &place).await.expect("rows");
        let last = last.expect("there is a file");
        assert_eq!(last.looked_for, names(&["amount", "class"]), "it is read no more for them");
        // Another file ends what was accepted.
        let (version, _, source) = compared(&kept, 9, Ok(Some(file(&["amount"], false)))).await;
        assert_eq!((version, source.as_str()), (5, "r.csv of #7"));
    }
}
