//! One connection on the wire.

use super::Mode;
use super::end::End;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use tokio::io::{AsyncReadExt, AsyncWriteExt, ReadHalf, WriteHalf};
use tokio::sync::watch;

/// Bytes carried at once.
const PART: usize = 64 * 1024;

/// How a connection ends before its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Reset,
    Silence,
}

/// Carries until both sides are done, or the mode of the wire ends it.
pub(super) async fn carry(
    client: End,
    server: End,
    mut modes: watch::Receiver<Mode>,
    cuts: &AtomicU64,
) {
    let (from_client, to_client) = tokio::io::split(client);
    let (from_server, to_server) = tokio::io::split(server);
    let wire = Wire { modes: modes.clone(), cuts, doomed: AtomicBool::new(false) };
    let mut requests = Way { from: from_client, to: to_server };
    let mut answers = Way { from: from_server, to: to_client };
    let fate = tokio::select! {
        carried = async { tokio::try_join!(wire.requests(&mut requests), wire.answers(&mut answers)) } => {
            if carried.is_ok() {
                return;
            }
            Fate::Reset
        }
        fate = fate(&mut modes) => fate,
    };
    let (client, server) = (requests.from.unsplit(answers.to), answers.from.unsplit(requests.to));
    match fate {
        Fate::Reset => {
            client.reset();
            server.reset();
        }
        // Neither side hears of the other again, and neither is told.
        Fate::Silence => std::future::pending().await,
    }
}

async fn fate(modes: &mut watch::Receiver<Mode>) -> Fate {
    let bad = modes.wait_for(|mode| matches!(mode, Mode::Reset | Mode::BlackHole)).await;
    match bad.as_deref() {
        Ok(Mode::BlackHole) => Fate::Silence,
        _ => Fate::Reset,
    }
}

/// One direction.
struct Way {
    from: ReadHalf<End>,
    to: WriteHalf<End>,
}

struct Wire<'a> {
    modes: watch::Receiver<Mode>,
    cuts: &'a AtomicU64,
    /// The next answer is lost.
    doomed: AtomicBool,
}

impl Wire<'_> {
    async fn requests(&self, way: &mut Way) -> io::Result<()> {
        let mut part = vec![0; PART];
        loop {
            let count = way.from.read(&mut part).await?;
            if count == 0 {
                return way.to.shutdown().await;
            }
            let mode = *self.modes.borrow();
            if let Mode::CutAnswers(text) = mode
                && holds(&part[..count], text)
            {
                self.doomed.store(true, Ordering::Relaxed);
            }
            self.pause(mode).await;
            way.to.write_all(&part[..count]).await?;
        }
    }

    async fn answers(&self, way: &mut Way) -> io::Result<()> {
        let mut part = vec![0; PART];
        loop {
            let count = way.from.read(&mut part).await?;
            if count == 0 {
                return way.to.shutdown().await;
            }
            if self.doomed.load(Ordering::Relaxed) {
                self.cuts.fetch_add(1, Ordering::Relaxed);
                return Err(io::ErrorKind::ConnectionReset.into());
            }
            let mode = *self.modes.borrow();
            self.pause(mode).await;
            way.to.write_all(&part[..count]).await?;
        }
    }

    async fn pause(&self, mode: Mode) {
        if let Mode::Slow(pause) = mode {
            tokio::time::sleep(pause).await;
        }
    }
}

fn holds(part: &[u8], text: &str) -> bool {
    text.is_empty() || part.windows(text.len()).any(|window| window == text.as_bytes())
}
