//! A database of its own for every world.

use sqlx::{AssertSqlSafe, Connection, PgConnection};

/// How long a test waits for its database to go.
const PATIENCE: std::time::Duration = std::time::Duration::from_millis(500);

/// An empty database that is gone when this is dropped.
#[derive(Debug)]
pub struct Database {
    cluster: String,
    name: String,
}

impl Database {
    /// Makes a database in the cluster at `cluster`.
    pub async fn create(cluster: &str) -> Self {
        let name = format!("slipway_test_{}", uuid::Uuid::new_v4().simple());
        let mut connection =
            PgConnection::connect(cluster).await.expect("the test cluster answers");
        let create = format!("create database {name} template template0");
        sqlx::query(AssertSqlSafe(create)).execute(&mut connection).await.expect("a new database");
        Self { cluster: cluster.to_owned(), name }
    }

    /// The address of this database.
    pub fn url(&self) -> String {
        let (server, _) = self.cluster.rsplit_once('/').expect("an address with a database");
        format!("{server}/{}", self.name)
    }
}

impl Drop for Database {
    #[expect(clippy::print_stderr, reason = "a drop has nobody to tell")]
    fn drop(&mut self) {
        // In a thread of its own, because a drop cannot wait inside the runtime of the test.
        let (cluster, name) = (self.cluster.clone(), self.name.clone());
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(async {
                let mut connection = PgConnection::connect(&cluster).await?;
                let drop = format!("drop database if exists {name} with (force)");
                // The server finishes what it was told also when nobody waits for the answer, and
                // under load that can take a minute.
                let dropping = sqlx::query(AssertSqlSafe(drop)).execute(&mut connection);
                match tokio::time::timeout(PATIENCE, dropping).await {
                    Ok(done) => Ok(done.map(std::mem::drop)?),
                    Err(_) => anyhow::Ok(()),
                }
            })
        });
        if let Ok(Err(error)) = dropped.join() {
            eprintln!("database {} stays: {error:#}", self.name);
        }
    }
}
