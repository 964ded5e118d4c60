//! Three ways: what was released, what the engine made of it, what is now. Pure.
//!
//! Where the release says something, that counts. Where it says nothing, what was there at first counts,
//! unless the release alone may say what is there.

use crate::fields::{Fields, is_sole};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// One field that differs. Absent is empty.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldDiff {
    /// Its name.
    pub field: String,
    /// What the release says.
    pub released: String,
    /// What was there when it was first seen.
    pub baseline: String,
    /// What is there now.
    pub now: String,
}

/// Every field of `now` that differs.
pub fn compare(
    released: Option<&Fields>,
    baseline: Option<&Fields>,
    now: &Fields,
) -> Vec<FieldDiff> {
    let known = [released, baseline, Some(now)].into_iter().flatten();
    let names: BTreeSet<&String> = known.flat_map(|fields| fields.0.keys()).collect();
    let differs = |name: &&String| {
        let value = |fields: Option<&Fields>| fields.and_then(|it| it.get(name)).map(str::to_owned);
        let (released_value, baseline_value) = (value(released), value(baseline));
        let now = value(Some(now));
        let is_told = released.is_some();
        let sole = is_told && is_sole(name, now.as_deref().or(baseline_value.as_deref())?);
        let wanted = match (&released_value, sole) {
            (Some(_), _) | (None, true) => &released_value,
            (None, false) if baseline.is_some() => &baseline_value,
            // Nobody knows what was there.
            (None, false) => return None,
        };
        let dropped = baseline.is_some() && baseline_value.is_none() && now.is_none();
        (now != *wanted && !(is_limit(name) && dropped)).then(|| FieldDiff {
            field: (*name).clone(),
            released: released_value.unwrap_or_default(),
            baseline: baseline_value.unwrap_or_default(),
            now: now.unwrap_or_default(),
        })
    };
    names.iter().filter_map(differs).collect()
}

/// The engine drops limits that its kernel cannot keep. It never makes others of them: somebody else did, however
/// soon after the container was made.
fn is_limit(field: &str) -> bool {
    field.starts_with("limits.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn fields(pairs: &[(&str, &str)]) -> Fields {
        Fields(
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        )
    }

    /// The names of what differs.
    fn differ(
        released: &[(&str, &str)],
        baseline: Option<&[(&str, &str)]>,
        now: &[(&str, &str)],
    ) -> Vec<String> {
        let baseline = baseline.map(fields);
        let found = compare(Some(&fields(released)), baseline.as_ref(), &fields(now));
        found.into_iter().map(|diff| diff.field).collect()
    }

    #[test]
    fn what_the_release_says_counts_also_before_anything_was_seen() {
        let released = [("env.A", "1")];
        assert_eq!(differ(&released, None, &[("env.A", "2")]), ["env.A"]);
        assert_eq!(differ(&released, Some(&[("env.A", "2")]), &[("env.A", "2")]), ["env.A"]);
        assert_eq!(differ(&released, Some(&[("env.A", "1")]), &[]), ["env.A"]);
    }

    #[test]
    fn what_only_the_image_says_is_compared_with_what_was_there() {
        let image = [("env.PATH", "/bin")];
        assert!(differ(&[], Some(&image), &image).is_empty());
        assert!(differ(&[], None, &image).is_empty());
        assert_eq!(differ(&[], Some(&image), &[("env.PATH", "/tmp")]), ["env.PATH"]);
    }

    #[test]
    fn nobody_may_add_what_only_a_release_may() {
        let now = [
            ("networks.bridge", "as"),
            ("ports.80/tcp", "0.0.0.0:80"),
            ("mounts./x", "bind / read-write"),
        ];
        let names = ["mounts./x", "networks.bridge", "ports.80/tcp"];
        assert_eq!(differ(&[], Some(&now), &now), names);
        let of_image = [("mounts./var", "volume (unnamed) read-write")];
        assert!(differ(&[], Some(&of_image), &of_image).is_empty());
    }

    #[test]
    fn a_limit_that_the_engine_did_not_keep_is_as_made() {
        let released = [("limits.memory_swap", "64MiB")];
        assert!(differ(&released, Some(&[]), &[]).is_empty());
        assert_eq!(differ(&released, Some(&released), &[]), ["limits.memory_swap"]);
        let changed = [("limits.memory_swap", "48MiB")];
        assert_eq!(differ(&released, Some(&changed), &changed), ["limits.memory_swap"]);
    }

    fn any_fields() -> impl Strategy<Value = Fields> {
        let name = prop_oneof![
            Just("env.A"),
            Just("limits.memory"),
            Just("networks.n"),
            Just("labels.slipway.app"),
            Just("command")
        ];
        proptest::collection::btree_map(name.prop_map(str::to_owned), "[ab]", 0..5).prop_map(Fields)
    }

    proptest! {
        #[test]
        fn what_is_as_released_and_as_made_never_differs(made in any_fields(), own in any_fields()) {
            let mut now = made.clone();
            now.0.extend(own.0.clone());
            let sole = now.0.iter().filter(|(name, value)| is_sole(name, value));
            let mut released = own;
            released.0.extend(sole.map(|(name, value)| (name.clone(), value.clone())));
            prop_assert_eq!(compare(Some(&released), Some(&now), &now), vec![]);
        }

        #[test]
        fn a_difference_shows_what_is_now(released in any_fields(), baseline in any_fields(), now in any_fields()) {
            for diff in compare(Some(&released), Some(&baseline), &now) {
                prop_assert_eq!(diff.now.as_str(), now.get(&diff.field).unwrap_or_default());
                prop_assert!(diff.now != diff.released || diff.now != diff.baseline);
            }
        }
    }
}
