//! Who is told that the disk gets full, and how often.

use deployer::disk::tell;
use sqlx::PgPool;
use testkit::{Database, variable};

static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!();

/// Events in the outbox after the disk was so full.
async fn said(pool: &PgPool, percent: u64) -> i64 {
    let mut transaction = pool.begin().await.unwrap();
    tell(&mut transaction, percent, chrono::DateTime::UNIX_EPOCH).await.unwrap();
    transaction.commit().await.unwrap();
    let count = "select count(*) from bus.outbox where subject like '%.disk.filled'";
    sqlx::query_scalar(count).fetch_one(pool).await.unwrap()
}

#[tokio::test]
async fn every_app_is_told_once_for_each_level_that_the_disk_rises_to() {
    let database = Database::create(&variable("SLIPWAY_TEST_DATABASE_URL")).await;
    let pool = pg::connect(&database.url(), "deployer", 2).await.unwrap();
    pg::migrate_bus(&pool).await.unwrap();
    pg::migrate(&pool, "deployer", &MIGRATOR).await.unwrap();
    let insert = "insert into deployer.environment (app, environment, traffic, candidate_token)
                  values ('shop', 'staging', '{}', 't'), ('shop', 'production', '{}', 't'),
                         ('blog', 'production', '{}', 't')";
    sqlx::query(insert).execute(&pool).await.unwrap();
    let mut told = Vec::new();
    for percent in [79, 85, 86, 78, 85, 91, 70, 96] {
        told.push(said(&pool, percent).await);
    }
    assert_eq!(told, [0, 2, 2, 2, 2, 4, 4, 6]);
}
