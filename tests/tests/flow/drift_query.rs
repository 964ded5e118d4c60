//! Data in a database, compared with their reference without a platform.

use sqlx::AssertSqlSafe;
use std::path::{Path, PathBuf};
use stories::{Ran, slipway_alone};
use testkit::{Database, variable};

const ADDRESS: &str = "SLIPWAY_DRIFT_DATABASE_URL";

/// Payments of two days, and queries for them.
struct Payments {
    database: Database,
    folder: tempfile::TempDir,
}

impl Payments {
    async fn start() -> Self {
        let database = Database::create(&variable("SLIPWAY_TEST_DATABASE_URL")).await;
        let payments = Self { database, folder: tempfile::tempdir().expect("a folder") };
        let table = "create table payment as select n % 2 as day, (n * 37 % 100) + 40.0 * (n % 2) as amount, \
                     case when n % 10 < 6 then 'DE' else 'FR' end as country from generate_series(1, 2000) n";
        let made = sqlx::query(AssertSqlSafe(table)).execute(&payments.database.looks()).await;
        made.expect("a table");
        payments
    }

    fn query(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, text).expect("a file");
        path
    }

    fn compared(&self, reference: &Path, current: &Path) -> Ran {
        let (reference, current) = (reference.display(), current.display());
        let line = format!("drift data --reference {reference} --current {current} --output json");
        slipway_alone((ADDRESS, &self.database.url()), &line)
    }
}

#[tokio::test]
async fn what_queries_answer_is_compared() {
    let payments = Payments::start().await;
    let of = |day: u32| format!("select amount, country from payment where day = {day} -- a day\n");
    let [before, now] = [0, 1].map(|day| payments.query(&format!("{day}.sql"), &of(day)));
    let drift = payments.compared(&before, &now);
    assert_eq!(drift.status, 1, "{}", drift.complaint);
    let report: serde_json::Value = serde_json::from_str(&drift.out).expect("JSON");
    let said = |column: usize| report["columns"][column]["verdict"].as_str().expect("a verdict");
    assert_eq!((said(0), said(1)), ("drift", "no_drift"), "{report}");
    assert_eq!(payments.compared(&before, &before).status, 0);
}

#[tokio::test]
async fn a_query_changes_nothing_and_what_is_wrong_is_told_without_the_address() {
    let payments = Payments::start().await;
    let gone = payments.query("gone.sql", "delete from payment returning amount");
    let refused = payments.compared(&gone, &gone).failed();
    assert!(refused.contains("read-only transaction"), "{refused}");
    let unknown = payments.query("unknown.sql", "select nothing from payment");
    let refused = payments.compared(&unknown, &unknown).failed();
    assert!(refused.contains("unknown.sql: the database says: column"), "{refused}");
    let line = format!("drift data --reference {0} --current {0}", unknown.display());
    let refused = slipway_alone(("HOME", "/"), &line).failed();
    assert!(refused.starts_with("2 ") && refused.contains(ADDRESS), "{refused}");
    let refused = slipway_alone((ADDRESS, "postgres://ada:secret@127.0.0.1:1/x"), &line).failed();
    assert!(refused.starts_with("5 ") && !refused.contains("secret"), "{refused}");
}
