//! Data in a database: what a query answers is copied into a file of our own, which is read like every other one and
//! goes with this.
//!
//! Nothing is changed there: the query runs in a transaction that only reads. The address, which has a password in it,
//! comes from the environment or from a file, never from the command line.

use super::readable::Readable;
use futures_util::TryStreamExt;
use service::{Env, EnvError};
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection, PgConnection};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::io::AsyncWriteExt;

/// Where the address of the database is.
const ADDRESS: &str = "SLIPWAY_DRIFT_DATABASE_URL";
/// How long a database may take to let us in.
const PATIENCE: Duration = Duration::from_secs(10);
/// How files with a query end.
const QUERY: &str = "sql";

/// Why a query has no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum QueryError {
    /// The file with the query.
    #[error("read {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// The environment.
    #[error(transparent)]
    Environment(#[from] EnvError),
    /// It is not said where to ask.
    #[error(
        "{}: a query needs a database: put its address into the variable {name}, or into the first line of a file \
         that {name}_FILE names",
        path.display(),
        name = ADDRESS
    )]
    NoDatabase {
        /// The file with the query.
        path: PathBuf,
    },
    /// What is said is no address. It is not shown, for there is a password in it.
    #[error("{} is not valid; use postgres://USER:PASSWORD@HOST:PORT/DATABASE", ADDRESS)]
    Address,
    /// The database does not let us in.
    #[error("connect to the database of {}", ADDRESS)]
    Connect(#[source] sqlx::Error),
    /// Nor says why.
    #[error("the database of {} does not answer within {} s", ADDRESS, PATIENCE.as_secs())]
    Silent,
    /// It does not do what the query says.
    #[error("{}: the database says: {said}", path.display())]
    Ask {
        /// The file with the query.
        path: PathBuf,
        /// What it answers.
        said: String,
    },
    /// There is no room for the answer.
    #[error("{}: keep what the database answers", path.display())]
    Keep {
        /// The file with the query.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
}

impl QueryError {
    /// The database is not there, and may be later.
    pub(crate) fn is_away(&self) -> bool {
        matches!(self, Self::Connect(_) | Self::Silent)
    }
}

/// Whether the file at `path` holds a query.
pub(super) fn is_query(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case(QUERY))
}

/// The answer to the query in the file at `path`.
pub(super) async fn answer(path: &Path) -> Result<Readable, QueryError> {
    let read = |source| QueryError::Read { path: path.to_owned(), source };
    let statement = statement(&std::fs::read_to_string(path).map_err(read)?);
    let mut connection = connect(path).await?;
    let keep = |source| QueryError::Keep { path: path.to_owned(), source };
    let answer = Readable::new_copy(path, ".csv").map_err(keep)?;
    copy(&mut connection, (path, &statement), answer.path()).await?;
    // All is there; how the line ends does not matter.
    drop(connection.close().await);
    Ok(answer)
}

/// Copies what the database answers, as it comes.
async fn copy(
    connection: &mut PgConnection,
    (path, statement): (&Path, &str),
    into: &Path,
) -> Result<(), QueryError> {
    let ask = |error: sqlx::Error| {
        let said = error.as_database_error().map(|said| said.message().to_owned());
        QueryError::Ask { path: path.to_owned(), said: said.unwrap_or_else(|| error.to_string()) }
    };
    let keep = |source| QueryError::Keep { path: path.to_owned(), source };
    let mut transaction = connection.begin_with("begin read only").await.map_err(ask)?;
    let mut file = tokio::fs::File::create(into).await.map_err(keep)?;
    let mut rows = transaction.copy_out_raw(statement).await.map_err(ask)?;
    while let Some(row) = rows.try_next().await.map_err(ask)? {
        file.write_all(&row).await.map_err(keep)?;
    }
    drop(rows);
    file.flush().await.map_err(keep)?;
    transaction.rollback().await.map_err(ask)
}

async fn connect(path: &Path) -> Result<PgConnection, QueryError> {
    let mut env = Env::process();
    let address = env.optional_secret(ADDRESS);
    let address = env.finish(|| Some(address))?;
    let address = address.ok_or_else(|| QueryError::NoDatabase { path: path.to_owned() })?;
    let options: PgConnectOptions = address.expose().parse().map_err(|_| QueryError::Address)?;
    let options = options.application_name("slipway-drift");
    let connected = tokio::time::timeout(PATIENCE, PgConnection::connect_with(&options)).await;
    connected.map_err(|_| QueryError::Silent)?.map_err(QueryError::Connect)
}

/// What copies the answer to `query` as CSV. A comment in its last line ends there.
fn statement(query: &str) -> String {
    let query = query.trim().trim_end_matches(';');
    format!("copy (\n{query}\n) to stdout (format csv, header)")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_ends_where_its_file_does() {
        let wanted = "copy (\nselect 1 -- all\n) to stdout (format csv, header)";
        for query in ["select 1 -- all", "\n select 1 -- all\n", "select 1 -- all;\n"] {
            assert_eq!(statement(query), wanted, "{query:?}");
        }
    }

    #[test]
    fn a_query_is_told_by_its_name() {
        let names = ["today.sql", "TODAY.SQL", "sql/today.csv", "sql"];
        assert_eq!(names.map(|name| is_query(Path::new(name))), [true, true, false, false]);
    }
}
