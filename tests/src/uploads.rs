//! Users that upload files: each file once, its content known, so that a lost or a doubled one is seen.

use bytes::Bytes;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use testkit::Http;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Larger than any buffer on the way.
const SIZE: usize = 1024 * 1024;
/// Between two uploads of a user.
const PAUSE: Duration = Duration::from_millis(20);

/// Uploads that go on until they are stopped.
#[derive(Debug)]
pub struct Uploads {
    http: Http,
    stop: CancellationToken,
    users: Vec<JoinHandle<()>>,
    sent: Arc<AtomicUsize>,
}

impl Uploads {
    /// `users` users that upload to the chameleon, one file after the other.
    pub fn start(http: &Http, users: usize) -> Self {
        let (stop, sent) = (CancellationToken::new(), Arc::new(AtomicUsize::new(0)));
        let user = |_| tokio::spawn(upload(http.clone(), stop.clone(), sent.clone()));
        let users = (0..users).map(user).collect();
        Self { http: http.clone(), stop, users, sent }
    }

    /// Ends the uploads and looks at each file: how many there are, every one of them whole and written once.
    pub async fn stop(self) -> usize {
        self.stop.cancel();
        for user in self.users {
            user.await.expect("every upload is answered");
        }
        let sent = self.sent.load(Ordering::SeqCst);
        for number in 0..sent {
            let kept = self.http.get(&path(number)).await.expect("an answer");
            assert_eq!((kept.status, kept.body.len()), (200, SIZE), "file {number}");
            assert!(kept.body == content(number), "file {number} is another");
        }
        sent
    }
}

async fn upload(http: Http, stop: CancellationToken, sent: Arc<AtomicUsize>) {
    while !stop.is_cancelled() {
        let number = sent.fetch_add(1, Ordering::SeqCst);
        let answer = http.post(&path(number), &[], content(number)).await.expect("an answer");
        assert_eq!(answer.status, 200, "file {number}: {}", answer.text());
        tokio::time::sleep(PAUSE).await;
    }
}

fn path(number: usize) -> String {
    format!("/file?path=upload-{number}")
}

fn content(number: usize) -> Bytes {
    let mut content = format!("{number} ").repeat(SIZE / 2);
    content.truncate(SIZE);
    content.into()
}
