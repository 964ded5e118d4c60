use super::*;
use crate::live::Shown;
use crate::table::tests::{RouteDraft, route, uid, wire};
use std::sync::atomic::AtomicBool;

fn plane() -> (tempfile::TempDir, Plane) {
    let dir = tempfile::tempdir().expect("a directory");
    let (store, stored) = Store::open(dir.path()).expect("a store");
    (dir, Plane::new(store, stored))
}

fn shop(release: u128) -> RouteDraft {
    route("shop").host("*").target(release, &[(release, "127.0.0.1:1")])
}

fn table(generation: u64, release: u128) -> v1::RouteTable {
    v1::RouteTable { generation, ..wire([shop(release)]) }
}

#[tokio::test]
async fn an_older_table_is_refused_and_the_same_acknowledged_again() {
    let (_dir, plane) = plane();
    for generation in [3, 3, 5] {
        let applied = plane.apply(table(generation, 1)).await.expect("in force");
        assert_eq!(applied.generation, generation);
    }
    let stale = plane.apply(table(4, 1)).await.expect_err("older");
    assert!(matches!(stale, ApplyError::Stale { offered: 4, current: 5 }), "{stale}");
    let reused = plane.apply(table(5, 2)).await.expect_err("another");
    assert!(matches!(reused, ApplyError::Reused(5)), "{reused}");
}

#[tokio::test]
async fn a_way_back_taken_here_outlives_restarts_and_later_tables_until_it_is_cleared() {
    let (dir, plane) = plane();
    let baking = |generation| {
        let routes = [shop(1).target(2, &[(2, "127.0.0.1:2")])];
        let mut table = v1::RouteTable { generation, ..wire(routes) };
        table.routes[0].targets[0].weight = 0;
        table.routes[0].targets[1].candidate = true;
        table.routes[0].targets[1].irreversible = true;
        table
    };
    let served = |plane: &Plane| plane.live().routes[0].target(Shown::default(), None, 7);
    plane.apply(baking(1)).await.expect("in force");
    assert_eq!(served(&plane), Some(1));
    let wanted =
        LocalRollback { uid: "1".into(), environment: "shop".into(), ..Default::default() };
    plane.roll_back(wanted.clone(), false).await.expect_err("nobody confirmed it");
    plane.roll_back(wanted, true).await.expect("a way back").1.expect("saved");
    let (store, stored) = Store::open(dir.path()).expect("a store");
    let plane = Plane::new(store, stored);
    plane.apply(baking(2)).await.expect("in force");
    assert_eq!(served(&plane), Some(0));
    let undoing = plane.apply(table(3, 2)).await.expect_err("it would undo it");
    assert!(matches!(undoing, ApplyError::RolledBack { .. }), "{undoing}");
    plane.clear("1").await.expect("saved");
    assert_eq!(served(&plane), Some(1));
    plane.apply(table(3, 2)).await.expect("in force");
}

#[tokio::test]
async fn who_waits_for_another_table_is_woken_by_it() {
    let (_dir, plane) = plane();
    let live = plane.live();
    let (applied, ()) = tokio::join!(plane.apply(table(1, 1)), plane.replaced(&live));
    assert!(applied.is_ok() && !plane.is_in_force(&live));
}

#[tokio::test]
async fn a_table_that_cannot_be_saved_counts_all_the_same() {
    let (dir, plane) = plane();
    std::fs::remove_dir_all(dir.path().join("router")).expect("removed");
    let applied = plane.apply(table(1, 1)).await.expect("in force");
    assert!(applied.saved.is_err());
    assert_eq!(plane.live().table.generation, 1);
}

/// Threads claim instances as workers do, while the table changes all the time. When an instance is out of the table
/// and has nothing in flight it is "stopped"; nobody may hold a claim on a stopped one.
#[test]
fn nobody_is_on_an_instance_that_left_the_table_and_drained() {
    const SWAPS: u64 = 300;
    let (_dir, plane) = plane();
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
    let stopped: Vec<AtomicBool> = (0..=SWAPS).map(|_| AtomicBool::new(false)).collect();
    let over = AtomicBool::new(false);
    let failed = AtomicBool::new(false);
    let claimed = AtomicU64::new(0);
    plane.swap(RouteTable::try_from(&table(1, 1)).expect("valid"));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !over.load(SeqCst) && !failed.load(SeqCst) {
                    let live = plane.live();
                    let instance = &live.routes[0].targets[0].instances[0];
                    let Ok(claim) = plane.claim(&live, instance) else { continue };
                    let generation = usize::try_from(live.table.generation).expect("small");
                    let was_stopped = || stopped[generation].load(SeqCst);
                    if was_stopped() || (0..50).any(|_| was_stopped()) {
                        failed.store(true, SeqCst);
                    }
                    drop(claim);
                    claimed.fetch_add(1, SeqCst);
                }
            });
        }
        for generation in 2..=SWAPS {
            // The threads are at work all the time, also where they get little of it.
            while claimed.load(SeqCst) < generation && !failed.load(SeqCst) {
                std::thread::yield_now();
            }
            let next = table(generation, u128::from(generation));
            plane.swap(RouteTable::try_from(&next).expect("valid"));
            let old = uid(u128::from(generation - 1)).parse().expect("a uid");
            runtime.block_on(plane.await_drained(&[old], Duration::MAX));
            stopped[usize::try_from(generation - 1).expect("small")].store(true, SeqCst);
        }
        over.store(true, SeqCst);
    });
    assert!(!failed.load(SeqCst), "a request on a stopped instance");
    assert!(claimed.load(SeqCst) >= SWAPS);
}
