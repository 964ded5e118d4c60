//! Much at once while things are killed; `make matrix` does more of it.

use stories::crash::{deliver_through_kills, kill_the_broker};

/// What chance follows from.
const SEED: u64 = 7;

#[tokio::test]
async fn events_flow_through_kills_of_the_broker() {
    let survived = kill_the_broker(100, SEED).await;
    println!("{survived}");
    assert!(survived.said >= 100, "{survived}");
}

#[tokio::test]
async fn no_acknowledged_webhook_is_lost() {
    let delivered = deliver_through_kills(300, SEED).await;
    println!("{delivered}");
    assert_eq!((delivered.acknowledged, delivered.lost, delivered.twice), (300, 0, 0));
    assert!(delivered.kills.iter().sum::<usize>() > 0, "{delivered}");
}
