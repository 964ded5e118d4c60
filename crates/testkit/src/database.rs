//! A database of its own for every world.

use sqlx::postgres::PgPoolOptions;
use sqlx::{AssertSqlSafe, Connection, PgConnection, PgPool};
use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::OnceLock;

/// How long a test waits for its database to go.
const PATIENCE: std::time::Duration = std::time::Duration::from_millis(500);

/// An empty database that is gone when this is dropped.
#[derive(Debug)]
pub struct Database {
    cluster: String,
    name: String,
    /// For looks from outside, made once: a look is no reason for a new connection.
    looks: OnceLock<PgPool>,
}

impl Database {
    /// Makes a database in the cluster at `cluster`.
    pub async fn create(cluster: &str) -> Self {
        let name = format!("slipway_test_{}", uuid::Uuid::new_v4().simple());
        let database = Self { cluster: cluster.to_owned(), name, looks: OnceLock::new() };
        database.make().await;
        database
    }

    async fn make(&self) {
        let create = format!("create database {} template template0", self.name);
        self.execute(create).await;
    }

    async fn execute(&self, statement: String) {
        let connection = PgConnection::connect(&self.cluster).await;
        let mut connection = connection.expect("the test cluster answers");
        let done = sqlx::query(AssertSqlSafe(statement)).execute(&mut connection).await;
        done.expect("the cluster does it");
    }

    /// Everything in it, as an administrator keeps it.
    pub fn backup(&self) -> Vec<u8> {
        let mut command = Command::new("pg_dump");
        command.args(["--format=custom", "--dbname", &self.url()]).stdin(Stdio::null());
        let output = command.output().expect("pg_dump is installed");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    }

    /// Everything is as it was when `backup` was made; whoever is connected is thrown out.
    pub async fn restore(&self, backup: &[u8]) {
        self.execute(format!("drop database {} with (force)", self.name)).await;
        self.make().await;
        let mut command = Command::new("pg_restore");
        command.args(["--exit-on-error", "--no-owner", "--dbname", &self.url()]);
        let child = command.stdin(Stdio::piped()).stderr(Stdio::inherit()).spawn();
        let mut child = child.expect("pg_restore is installed");
        let mut input = child.stdin.take().expect("it listens");
        input.write_all(backup).expect("it reads the backup");
        drop(input);
        assert!(child.wait().expect("it ends").success(), "the backup is put back");
    }

    /// Connections of who looks into it, made when they are used.
    pub fn looks(&self) -> PgPool {
        let connect = || {
            let options = PgPoolOptions::new().max_connections(2);
            options.connect_lazy(&self.url()).expect("an address")
        };
        self.looks.get_or_init(connect).clone()
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
