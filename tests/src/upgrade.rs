//! The database as the programs of the release before would have left it: their schema, and rows that fit it.

use crate::World;
use sqlx::migrate::Migrator;
use sqlx::{AssertSqlSafe, PgPool};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// The migrations of the release before, as `sha256sum` writes them. A release adds its own, and changes none.
pub const RELEASED: &str = include_str!("../released-migrations.sha256");
const ROWS: &str = include_str!("upgrade/rows.sql");

/// A migration that was released.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Migration<'a> {
    /// Its SHA-256, in hexadecimal digits.
    pub hash: &'a str,
    /// Its path from the root.
    pub path: &'a str,
}

impl<'a> Migration<'a> {
    /// A line of the list.
    pub fn read(line: &'a str) -> Option<Self> {
        let (hash, path) = line.split_once("  ")?;
        Some(Self { hash, path })
    }

    /// The folder it lies in.
    pub fn folder(&self) -> &'a str {
        self.path.rsplit_once('/').map_or("", |(folder, _)| folder)
    }

    /// The schema it is of, which is named after its owner; the shared one is the crate `pg`'s.
    pub fn schema(&self) -> &'a str {
        let owner = self.path.split('/').nth(1).unwrap_or_default();
        if owner == "pg" { "bus" } else { owner }
    }

    /// Its number.
    pub fn version(&self) -> Option<i64> {
        self.path.rsplit('/').next()?.split('_').next()?.parse().ok()
    }
}

/// All that were released.
pub fn released() -> impl Iterator<Item = Migration<'static>> {
    RELEASED.lines().filter_map(Migration::read)
}

impl World {
    /// Every schema becomes the one of the release before, with the rows that are there. Nobody may use it meanwhile.
    pub async fn becomes_the_release_before(&self) {
        let pool = PgPool::connect(&self.database_url()).await.expect("the database");
        let mut schemas: BTreeMap<(&'static str, &'static str), BTreeSet<i64>> = BTreeMap::new();
        for it in released() {
            schemas.entry((it.schema(), it.folder())).or_default().extend(it.version());
        }
        for ((schema, folder), versions) in schemas {
            execute(&pool, format!("alter schema {schema} rename to {schema}_after")).await;
            let migrator = Box::leak(Box::new(only(folder, &versions).await));
            pg::migrate(&pool, schema, migrator).await.expect("the schema of the release before");
            execute(&pool, ROWS.replace("SCHEMA", schema)).await;
        }
        pool.close().await;
    }
}

async fn only(folder: &str, versions: &BTreeSet<i64>) -> Migrator {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(folder);
    let all = Migrator::new(folder).await.expect("migrations");
    let released = all.iter().filter(|migration| versions.contains(&migration.version));
    Migrator::with_migrations(released.cloned().collect())
}

async fn execute(pool: &PgPool, statements: String) {
    sqlx::raw_sql(AssertSqlSafe(statements)).execute(pool).await.expect("the database does it");
}
