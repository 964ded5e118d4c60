//! Which caches that no release mounts any more stay all the same: the newest, as far as they fit. Pure.

use chrono::{DateTime, Utc};
use std::cmp::Reverse;
use std::collections::BTreeSet;

/// A cache that no release mounts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unused {
    pub(crate) name: String,
    pub(crate) created_at: Option<DateTime<Utc>>,
    /// Bytes; not always known.
    pub(crate) size: Option<u64>,
}

/// The names of those that fit `budget` bytes, the newest first. What is not known to fit does not.
pub(crate) fn kept(mut unused: Vec<Unused>, budget: u64) -> BTreeSet<String> {
    unused.sort_by_key(|cache| Reverse(cache.created_at));
    let mut left = budget;
    let fits = |cache: &Unused| {
        let size = cache.size.filter(|size| *size <= left)?;
        left -= size;
        Some(cache.name.clone())
    };
    unused.iter().filter_map(fits).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn cache(name: &str, day: i64, size: Option<u64>) -> Unused {
        let created_at = Some(DateTime::UNIX_EPOCH + chrono::TimeDelta::days(day));
        Unused { name: name.to_owned(), created_at, size }
    }

    #[test]
    fn the_newest_stay_as_far_as_they_fit() {
        let caches = || {
            vec![cache("old", 1, Some(10)), cache("new", 3, Some(60)), cache("mid", 2, Some(50))]
        };
        let kept = |budget| kept(caches(), budget).into_iter().collect::<Vec<_>>();
        assert_eq!(kept(0), [""; 0]);
        assert_eq!(kept(75), ["new", "old"]);
        assert_eq!(kept(120), ["mid", "new", "old"]);
    }

    #[test]
    fn what_is_not_known_to_fit_does_not() {
        assert!(kept(vec![cache("a", 1, None)], u64::MAX).is_empty());
    }

    proptest! {
        #[test]
        fn what_stays_fits(sizes in proptest::collection::vec(0..100_u64, 0..9), budget in 0..300_u64) {
            let name = |n: usize| format!("cache-{n}");
            let caches = sizes.iter().enumerate().map(|(n, size)| cache(&name(n), 0, Some(*size)));
            let kept = kept(caches.collect(), budget);
            let taken: u64 =
                sizes.iter().enumerate().filter(|(n, _)| kept.contains(&name(*n))).map(|it| it.1).sum();
            prop_assert!(taken <= budget);
        }
    }
}
