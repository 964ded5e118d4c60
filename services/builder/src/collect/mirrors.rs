//! Copies of repositories that no app builds from any more. A mirror is a cache: what is removed wrongly comes back.

use super::{CollectError, Item, Kind};
use crate::app::App;
use crate::db::needed;
use crate::git::repository::Repository;
use std::collections::BTreeMap;

/// Judges every mirror, and removes those of apps that are gone if `really`.
pub(super) async fn collect(app: &App, really: bool) -> Result<Vec<Item>, CollectError> {
    // In this order: a mirror is made for an app that is registered.
    let mirrors = app.mirrors.list().await;
    let registered = app.peers.apps().await;
    let registered = registered
        .map_err(|source| CollectError::Peer { service: "gateway", source: Box::new(source) })?;
    let mut users: BTreeMap<_, Vec<&str>> = BTreeMap::new();
    for (name, repository) in &registered {
        let allowed = &app.config.local_repositories;
        let Ok(repository) = Repository::parse(repository, allowed) else { continue };
        users.entry(app.mirrors.directory_of(&repository)).or_default().push(name);
    }
    let building = needed::building(&app.pool).await?;
    let is_calm = building.iter().all(|name| registered.contains_key(name));
    let mut items = Vec::with_capacity(mirrors.len());
    for (directory, size) in mirrors {
        let users = users.get(&directory).map(|names| names.join(", "));
        let (mut removed, mut reason) = match users {
            Some(names) => (false, format!("{names} builds from it")),
            None if is_calm => (true, "no app builds from it".to_owned()),
            None => (false, "a build of an app that is gone goes on".to_owned()),
        };
        if really
            && removed
            && let Err(error) = tokio::fs::remove_dir_all(&directory).await
        {
            tracing::warn!(%error, directory = %directory.display(), "a mirror is not removed");
            (removed, reason) = (false, format!("it could not be removed: {error}"));
        }
        let id = directory.display().to_string();
        let name = directory.file_name().unwrap_or_default().to_string_lossy().into_owned();
        items.push(Item { kind: Kind::Mirror, name, id, size, removed, reason });
    }
    Ok(items)
}
