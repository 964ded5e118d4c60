//! Orphans go, others stay.

use crate::place::in_place;
use deployer::spec::InstanceSpec;
use deployer::sweep_orphans::{observe, orphans, remove};
use events::{InstanceId, ReleaseId};
use std::collections::BTreeSet;
use std::time::Duration;
use uuid::Uuid;

#[tokio::test]
async fn a_release_that_nobody_owns_goes_and_others_stay() {
    in_place(async |here| {
        let owned = here.command(&["sleep", "600"]);
        let orphan = InstanceSpec {
            uid: InstanceId::new(Uuid::new_v4()),
            release: ReleaseId::new(Uuid::new_v4()),
            number: 2,
            ..owned.clone()
        };
        let mut foreign = orphan.clone();
        foreign.place.platform = format!("{}-other", here.place.platform);
        let (owned_id, orphan_id) = (here.run(&owned).await, here.run(&orphan).await);
        let foreign_id = here.run(&foreign).await;

        let observed = observe(&here.engine, &here.place.platform).await.unwrap();
        let live = BTreeSet::from([here.release]);
        let later = service::Clock::system().now() + chrono::TimeDelta::seconds(60);
        let grace = Duration::from_secs(30);
        let found = orphans(&observed, &here.place.platform, &live, later, grace);
        assert_eq!(remove(&here.engine, &found).await, [orphan_id]);

        assert!(here.engine.inspect(&owned_id).await.unwrap().running);
        assert!(here.engine.inspect(&foreign_id).await.unwrap().running);
        here.engine.remove(&foreign_id).await.unwrap();
    })
    .await;
}
