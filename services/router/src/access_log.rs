//! The log of requests: one JSON object per line, written by a thread of its own.
//!
//! Invariant: a request never waits for the log. Workers hand over whole buffers; when the thread cannot keep up,
//! they are dropped and counted.

use crate::config::LogTarget;
use std::cell::RefCell;
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::Notify;

/// Lines are handed over when there are this many bytes.
const BUFFER: usize = 32 * 1024;
/// Or when the oldest is this old.
const PATIENCE: Duration = Duration::from_millis(50);
/// Buffers the thread may lag behind: 8 MiB.
const LAG: usize = 256;

/// The thread that writes, and how to reach it.
#[derive(Debug)]
pub(crate) struct Writer {
    sender: SyncSender<Vec<u8>>,
    dropped: Arc<AtomicU64>,
    thread: JoinHandle<()>,
}

/// The lines of one worker.
#[derive(Debug)]
pub(crate) struct Lines {
    buffer: RefCell<Vec<u8>>,
    sender: SyncSender<Vec<u8>>,
    dropped: Arc<AtomicU64>,
    first: Notify,
}

impl Writer {
    /// Starts writing; nothing when requests are not to be logged.
    pub(crate) fn start(target: &LogTarget, dropped: Arc<AtomicU64>) -> io::Result<Option<Self>> {
        let out: Box<dyn Write + Send> = match target {
            LogTarget::Off => return Ok(None),
            LogTarget::Stderr => Box::new(io::stderr()),
            LogTarget::File(path) => {
                Box::new(OpenOptions::new().create(true).append(true).open(path)?)
            }
        };
        let (sender, receiver) = sync_channel(LAG);
        let name = "access-log".to_owned();
        let thread = std::thread::Builder::new().name(name).spawn(|| write(out, receiver))?;
        Ok(Some(Self { sender, dropped, thread }))
    }

    /// The lines of another worker.
    pub(crate) fn lines(&self) -> Lines {
        Lines {
            buffer: RefCell::new(Vec::with_capacity(BUFFER)),
            sender: self.sender.clone(),
            dropped: self.dropped.clone(),
            first: Notify::new(),
        }
    }

    /// Ends when all that was handed over is written; all workers have ended before.
    pub(crate) fn finish(self) {
        drop(self.sender);
        if self.thread.join().is_err() {
            tracing::error!("the thread that writes the access log has panicked");
        }
    }
}

fn write(mut out: Box<dyn Write + Send>, receiver: Receiver<Vec<u8>>) {
    let mut works = true;
    for lines in receiver {
        let written = out.write_all(&lines);
        if let (Err(error), true) = (&written, works) {
            tracing::error!(error = error as &dyn std::error::Error, "writing the access log");
        }
        works = written.is_ok();
    }
}

impl Lines {
    /// Adds a line.
    pub(crate) fn push(&self, line: impl FnOnce(&mut Vec<u8>)) {
        let mut buffer = self.buffer.borrow_mut();
        if buffer.is_empty() {
            self.first.notify_one();
        }
        line(&mut buffer);
        if buffer.len() >= BUFFER {
            self.hand_over(&mut buffer);
        }
    }

    /// Hands over what lies around too long, for ever.
    pub(crate) async fn flush_in_time(&self) {
        loop {
            self.first.notified().await;
            tokio::time::sleep(PATIENCE).await;
            self.flush();
        }
    }

    pub(crate) fn flush(&self) {
        let mut buffer = self.buffer.borrow_mut();
        if !buffer.is_empty() {
            self.hand_over(&mut buffer);
        }
    }

    fn hand_over(&self, buffer: &mut Vec<u8>) {
        let lines = std::mem::replace(buffer, Vec::with_capacity(BUFFER + 1024));
        if let Err(refused) = self.sender.try_send(lines) {
            let (std::sync::mpsc::TrySendError::Full(lines)
            | std::sync::mpsc::TrySendError::Disconnected(lines)) = refused;
            let count = lines.split(|&b| b == b'\n').count() - 1;
            self.dropped.fetch_add(u64::try_from(count).unwrap_or(u64::MAX), Relaxed);
        }
    }
}

impl Drop for Lines {
    fn drop(&mut self) {
        self.flush();
    }
}

/// The last digit of a number.
pub(crate) fn digit(number: u64) -> u8 {
    b'0' + u8::try_from(number % 10).unwrap_or_default()
}

/// Writes a number; the formatting machinery would take longer than all the rest of a line.
pub(crate) fn number(line: &mut Vec<u8>, number: u64) {
    let mut digits = [0; 20];
    let mut first = digits.len();
    let mut left = number;
    loop {
        first -= 1;
        digits[first] = digit(left);
        left /= 10;
        if left == 0 {
            break;
        }
    }
    line.extend_from_slice(&digits[first..]);
}

/// Writes a text as the inside of a JSON string.
pub(crate) fn escape(line: &mut Vec<u8>, text: &str) {
    if text.bytes().all(|b| b >= 0x20 && b != b'"' && b != b'\\') {
        line.extend_from_slice(text.as_bytes());
        return;
    }
    for c in text.chars() {
        match c {
            '"' | '\\' => line.extend_from_slice(&[b'\\', if c == '"' { b'"' } else { b'\\' }]),
            c if u32::from(c) < 0x20 => {
                line.extend_from_slice(format!("\\u{:04x}", u32::from(c)).as_bytes());
            }
            c => line.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn any_text_is_a_json_string(text: String) {
            let mut line = vec![b'"'];
            escape(&mut line, &text);
            line.push(b'"');
            let read: String = serde_json::from_slice(&line).expect("JSON");
            proptest::prop_assert_eq!(read, text);
        }
    }

    proptest::proptest! {
        #[test]
        fn a_number_is_written_as_others_write_it(any: u64) {
            let mut line = Vec::new();
            number(&mut line, any);
            proptest::prop_assert_eq!(line, any.to_string().into_bytes());
        }
    }

    #[test]
    fn lines_that_cannot_be_written_are_counted() {
        let (sender, receiver) = sync_channel(1);
        let dropped = Arc::new(AtomicU64::new(0));
        let lines = Lines {
            buffer: RefCell::default(),
            sender,
            dropped: dropped.clone(),
            first: Notify::new(),
        };
        for _ in 0..3 {
            lines.push(|line| line.extend_from_slice(b"{}\n{}\n"));
            lines.flush();
        }
        assert_eq!(
            (receiver.recv().expect("one"), dropped.load(Relaxed)),
            (b"{}\n{}\n".to_vec(), 4)
        );
    }
}
