//! The line to the server. The client waits for an answer without end and lets nobody at its socket, so a server that
//! vanished, or a network that forgot a connection, would keep queries, their connections and whoever waits for them
//! for ever. Every connection of a pool passes through here, in this process, and is cut when it is not answered.

use sqlx::postgres::PgConnectOptions;
use std::io;
use std::path::PathBuf;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpStream, UnixListener, UnixStream};
use tokio::time::{Instant, sleep, sleep_until, timeout};

/// A server that is well answers within this: twice the time that a statement may take.
const SILENCE: Duration = Duration::from_secs(10);
/// Migrations wait for locks and for tables.
const PATIENCE: Duration = Duration::from_hours(1);
/// How long a server that refuses connections is asked again; less than an `acquire` waits.
const CONNECT: Duration = Duration::from_secs(4);
const CONNECT_PAUSE: Duration = Duration::from_millis(50);
/// The ends of the two lines, by the port that the client is given.
const QUICK: u16 = 1;
const PATIENT: u16 = 2;
/// What the server says when it is done: it is ready for the next query.
const READY: &[u8] = b"Z\0\0\0\x05";
/// Bytes carried at once.
const PART: usize = 16 * 1024;

/// Where the server is.
#[derive(Debug, Clone)]
enum Server {
    Tcp(String, u16),
    Unix(PathBuf),
}

/// The same server at the end of a line that this process serves as long as its runtime lives.
pub(crate) fn open(options: PgConnectOptions) -> io::Result<PgConnectOptions> {
    let server = Server::of(&options);
    // An abstract socket: it has no file that could stay behind.
    let name = format!("\0slipway-postgres-{}", uuid::Uuid::new_v4().simple());
    for (port, silence) in [(QUICK, SILENCE), (PATIENT, PATIENCE)] {
        let listener = UnixListener::bind(format!("{name}/.s.PGSQL.{port}"))?;
        tokio::spawn(serve(listener, server.clone(), silence));
    }
    Ok(options.socket(name).port(QUICK))
}

/// The same with time for a migration; an address without a line has all the time there is.
pub(crate) fn patient(options: &PgConnectOptions) -> PgConnectOptions {
    let options = options.clone();
    if options.get_port() == QUICK { options.port(PATIENT) } else { options }
}

impl Server {
    fn of(options: &PgConnectOptions) -> Self {
        let (host, port) = (options.get_host(), options.get_port());
        let folder = options.get_socket().cloned();
        match folder.or_else(|| host.starts_with('/').then(|| PathBuf::from(host))) {
            Some(folder) => Self::Unix(folder.join(format!(".s.PGSQL.{port}"))),
            None => Self::Tcp(host.to_owned(), port),
        }
    }
}

async fn serve(listener: UnixListener, server: Server, silence: Duration) {
    loop {
        let Ok((client, _)) = listener.accept().await else {
            sleep(CONNECT_PAUSE).await;
            continue;
        };
        // The name can be seen by others on this machine.
        let peer = client.peer_cred().ok().and_then(|peer| peer.pid());
        if peer.and_then(|pid| u32::try_from(pid).ok()) == Some(std::process::id()) {
            tokio::spawn(lead(client, server.clone(), silence));
        }
    }
}

/// Leads one connection to the server; the client sees its end as that of the server.
async fn lead(client: UnixStream, server: Server, silence: Duration) {
    let ended = match server {
        Server::Tcp(host, port) => {
            let address = (host.as_str(), port);
            match connected(|| TcpStream::connect(address)).await {
                Ok(stream) => {
                    // It is only slower without.
                    drop(stream.set_nodelay(true));
                    carry(client, stream, silence).await
                }
                Err(error) => Err(error),
            }
        }
        Server::Unix(path) => match connected(|| UnixStream::connect(&path)).await {
            Ok(stream) => carry(client, stream, silence).await,
            Err(error) => Err(error),
        },
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection to the database is cut");
    }
}

/// A server that starts refuses for a moment.
async fn connected<T, F: Future<Output = io::Result<T>>>(connect: impl Fn() -> F) -> io::Result<T> {
    let deadline = Instant::now() + CONNECT;
    loop {
        let late = || io::Error::from(io::ErrorKind::TimedOut);
        let tried = tokio::time::timeout_at(deadline, connect()).await;
        match tried.unwrap_or_else(|_| Err(late())) {
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
                if Instant::now() > deadline {
                    return Err(error);
                }
                sleep(CONNECT_PAUSE).await;
            }
            tried => return tried,
        }
    }
}

/// Carries both ways until one side ends, or the server owes an answer for longer than `silence`.
async fn carry(
    client: impl AsyncRead + AsyncWrite,
    server: impl AsyncRead + AsyncWrite,
    silence: Duration,
) -> io::Result<()> {
    let (mut from_client, mut to_client) = tokio::io::split(client);
    let (mut from_server, mut to_server) = tokio::io::split(server);
    let (mut question, mut answer) = (vec![0; PART], vec![0; PART]);
    let mut last = Last::default();
    let mut due = None;
    let late = |_| io::Error::from(io::ErrorKind::TimedOut);
    loop {
        tokio::select! {
            count = from_client.read(&mut question) => {
                let count = count?;
                if count == 0 {
                    return to_server.shutdown().await;
                }
                timeout(silence, to_server.write_all(&question[..count])).await.map_err(late)??;
                due.get_or_insert_with(|| Instant::now() + silence);
            }
            count = from_server.read(&mut answer) => {
                let count = count?;
                if count == 0 {
                    return to_client.shutdown().await;
                }
                let is_done = last.is_done_with(&answer[..count]);
                due = (!is_done).then(|| Instant::now() + silence);
                to_client.write_all(&answer[..count]).await?;
            }
            () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => {
                return Err(io::Error::new(io::ErrorKind::TimedOut, "the database does not answer"));
            }
        }
    }
}

/// The end of what the server said, also where it came in parts.
#[derive(Debug, Default)]
struct Last(Vec<u8>);

impl Last {
    /// Whether the server owes nothing after `part`.
    fn is_done_with(&mut self, part: &[u8]) -> bool {
        // The message and one byte for the state of the transaction.
        let wanted = READY.len() + 1;
        self.0.extend_from_slice(&part[part.len().saturating_sub(wanted)..]);
        let surplus = self.0.len().saturating_sub(wanted);
        self.0.drain(..surplus);
        self.0.len() == wanted && self.0.starts_with(READY)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::duplex;

    #[test]
    fn the_server_is_done_when_it_says_so_however_it_comes() {
        let mut last = Last::default();
        assert!(!last.is_done_with(b"T a row description"));
        assert!(!last.is_done_with(b"D a row Z\0\0"));
        assert!(last.is_done_with(b"\0\x05I"));
        assert!(!last.is_done_with(b"D"));
        assert!(last.is_done_with(b"C done Z\0\0\0\x05T"));
    }

    #[tokio::test(start_paused = true)]
    async fn a_server_that_owes_an_answer_is_given_up() {
        let ((mut client, near), (far, mut server)) = (duplex(64), duplex(64));
        let line = tokio::spawn(carry(near, far, SILENCE));
        client.write_all(b"Q").await.expect("carried");
        server.read_u8().await.expect("carried");
        let started = Instant::now();
        let ended = line.await.expect("it does not panic").expect_err("given up");
        assert_eq!((ended.kind(), started.elapsed()), (io::ErrorKind::TimedOut, SILENCE));
        assert_eq!(client.read(&mut [0]).await.expect("the end"), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn a_server_that_owes_nothing_may_be_silent() {
        let ((mut client, near), (far, mut server)) = (duplex(64), duplex(64));
        let line = tokio::spawn(carry(near, far, SILENCE));
        client.write_all(b"Q").await.expect("carried");
        server.read_u8().await.expect("carried");
        server.write_all(b"Z\0\0\0\x05I").await.expect("carried");
        client.read_exact(&mut [0; 6]).await.expect("carried");
        sleep(SILENCE * 100).await;
        server.write_all(b"A notice").await.expect("carried");
        client.read_exact(&mut [0; 8]).await.expect("carried");
        drop(client);
        line.await.expect("it does not panic").expect("the client left");
    }
}
