//! The engine's build cache: told, because it takes room, and left alone. It is not labelled as ours, others who build
//! there have the same one, and the engine itself keeps it within limits.

use super::{Item, Kind};
use crate::app::App;

/// What it takes.
pub(super) async fn collect(app: &App) -> Item {
    let size = app.engine.build_cache().await;
    let unknown = if size.is_none() { "; the engine does not say what it takes" } else { "" };
    Item {
        kind: Kind::BuildCache,
        name: "the engine's build cache".to_owned(),
        id: "build-cache".to_owned(),
        size: size.unwrap_or_default(),
        removed: false,
        reason: format!("the engine's own, within `builder.gc` of its daemon.json{unknown}"),
    }
}
