use super::*;
use proptest::prelude::*;

fn commit(name: char) -> Option<CommitSha> {
    (name != '.').then(|| {
        let digits = format!("{:040x}", u32::from(name));
        CommitSha::parse(&digits).expect("a commit")
    })
}

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000 + seconds, 0).expect("in range")
}

/// `XA` is a push from X to A, `.A` makes the ref, `A.` deletes it, `?A` is a look that finds A.
fn movement(text: &str, pushed_at: Option<i64>) -> Movement {
    let mut names = text.chars();
    let (from, to) = (names.next().expect("from"), names.next().expect("to"));
    let before = if from == '?' { Before::Unknown } else { Before::Known(commit(from)) };
    Movement { before, after: commit(to), pushed_at }
}

/// The places of the movements as they arrive at a ref that was at X, as n(ewest), s(ame), l(ate), and
/// where the ref ends.
fn arrive(movements: &str) -> String {
    let mut head = Head { commit: commit('X'), trail: Trail::default() };
    let mut story = String::new();
    for text in movements.split(' ') {
        let (found, next) = place(&head, &movement(text, None), at(0));
        head = next;
        story.push(match found {
            Place::Newest => 'n',
            Place::Same => 's',
            Place::Stale => 'l',
        });
    }
    let end = "ABCDXY".chars().find(|name| commit(*name) == head.commit).unwrap_or('.');
    format!("{story} {end}")
}

#[test]
fn pushes_in_order_are_each_the_newest() {
    assert_eq!(arrive("XA AB BC"), "nnn C");
}

#[test]
fn a_push_that_a_later_one_overtook_is_late() {
    assert_eq!(arrive("AB XA"), "nl B");
    assert_eq!(arrive("BC XA AB"), "nll C");
    assert_eq!(arrive("BC AB XA"), "nll C");
}

#[test]
fn a_forced_push_back_is_a_new_change() {
    assert_eq!(arrive("XA AB BA"), "nnn A");
    assert_eq!(arrive("XA AB BA AB"), "nnnn B");
}

#[test]
fn what_was_there_at_registration_may_be_pushed_once() {
    assert_eq!(arrive(".X .X XA"), "nsn A");
    assert_eq!(arrive("?X .X"), "ns X");
}

#[test]
fn the_return_may_arrive_before_the_departure() {
    assert_eq!(arrive("XA BA AB"), "nsl A");
}

#[test]
fn the_same_push_again_is_the_same() {
    assert_eq!(arrive("XA XA AB"), "nsn B");
}

#[test]
fn a_look_and_the_webhook_it_overtook_make_one_change() {
    assert_eq!(arrive("?A XA AB"), "nsn B");
    assert_eq!(arrive("?B AB XA BC"), "nsln C");
    assert_eq!(arrive("?B XA AB"), "nls B");
    assert_eq!(arrive("?A ?A"), "ns A");
}

#[test]
fn a_deletion_is_a_movement_like_any_other() {
    assert_eq!(arrive("X. .B"), "nn B");
    assert_eq!(arrive(".B X."), "nl B");
    assert_eq!(arrive("X. ?."), "ns .");
}

#[test]
fn a_push_that_never_came_is_forgotten_in_time() {
    let head = Head { commit: commit('X'), trail: Trail::default() };
    let (_, head) = place(&head, &movement("AB", None), at(0));
    let (found, _) = place(&head, &movement("XA", None), at(2 * 3600));
    assert_eq!(found, Place::Newest);
}

proptest! {
    #[test]
    fn any_order_of_arrival_ends_at_the_last_push(
        order in (1_usize..9).prop_flat_map(|n| Just((0..n).collect::<Vec<_>>()).prop_shuffle())
    ) {
        let name = |n: usize| char::from(b'a' + u8::try_from(n).expect("small"));
        let mut head = Head { commit: commit('a'), trail: Trail::default() };
        for n in &order {
            let text: String = [name(*n), name(n + 1)].iter().collect();
            let pushed_at = i64::try_from(*n).ok();
            head = place(&head, &movement(&text, pushed_at), at(0)).1;
        }
        prop_assert_eq!(head.commit, commit(name(order.len())));
    }

    #[test]
    fn the_trail_is_bounded(pushes in proptest::collection::vec("[.A-F][.A-F]", 0..60)) {
        let mut head = Head::default();
        for text in &pushes {
            head = place(&head, &movement(text, None), at(0)).1;
            prop_assert!(head.trail.gaps.len() <= GAPS);
        }
    }
}
