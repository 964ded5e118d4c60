//! What the database allows, whatever the code does.

use sqlx::PgPool;
use testkit::{Database, variable};

static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!();

struct World {
    pool: PgPool,
    _database: Database,
}

impl World {
    async fn new() -> Self {
        let database = Database::create(&variable("SLIPWAY_TEST_DATABASE_URL")).await;
        let pool = pg::connect(&database.url(), "deployer", 2).await.unwrap();
        pg::migrate(&pool, "deployer", &MIGRATOR).await.unwrap();
        for environment in ["staging", "production"] {
            let insert =
                "insert into deployer.environment (app, environment, traffic, candidate_token)
                          values ('shop', $1, '{}', 't')";
            sqlx::query(insert).bind(environment).execute(&pool).await.unwrap();
        }
        Self { pool, _database: database }
    }

    /// Writes a release; answers the name of the constraint that was in the way.
    async fn release(&self, environment: &str, number: i64, state: &str) -> Option<String> {
        let insert = "insert into deployer.release
                          (id, app, environment, number, content, content_hash, plan, origin, state)
                      values ($1, 'shop', $2, $3, '{}', '', '{}', '{}', jsonb_build_object('state', $4::text))";
        let written = sqlx::query(insert)
            .bind(service::new_id())
            .bind(environment)
            .bind(number)
            .bind(state)
            .execute(&self.pool)
            .await;
        let error = written.err()?;
        Some(pg::error::constraint(&error).unwrap_or("another error").to_owned())
    }
}

#[tokio::test]
async fn the_database_allows_one_live_release() {
    let world = World::new().await;
    assert_eq!(world.release("production", 1, "live").await, None);
    let refused = world.release("production", 2, "live").await;
    assert_eq!(refused.as_deref(), Some("release_one_live"));
    assert_eq!(world.release("staging", 1, "live").await, None);
    assert_eq!(world.release("production", 2, "retained").await, None);
}

#[tokio::test]
async fn the_database_allows_one_moving_release() {
    let world = World::new().await;
    assert_eq!(world.release("production", 1, "baking").await, None);
    for state in ["preparing", "starting", "shifting", "settling", "rolling_back", "stuck"] {
        let refused = world.release("production", 2, state).await;
        assert_eq!(refused.as_deref(), Some("release_one_moving"), "{state}");
    }
    assert_eq!(world.release("production", 2, "queued").await, None);
    assert_eq!(world.release("production", 3, "failed").await, None);
}

#[tokio::test]
async fn the_database_allows_one_claimant_of_a_route() {
    let world = World::new().await;
    let claim = async |environment: &str, path: &str| {
        let insert = "insert into deployer.route_claim (host, path_prefix, app, environment)
                      values ('shop.example.com', $1, 'shop', $2)";
        let written = sqlx::query(insert).bind(path).bind(environment).execute(&world.pool).await;
        written.err().and_then(|error| pg::error::constraint(&error).map(str::to_owned))
    };
    assert_eq!(claim("production", "/").await, None);
    assert_eq!(claim("staging", "/").await.as_deref(), Some("route_claim_pkey"));
    assert_eq!(claim("staging", "/api").await, None);
}
