//! A container as it was when it was first seen after its release: what the engine made of what it was told.

use crate::fields::Fields;
use crate::observed::Observed;
use events::Digest;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// One container as it was when it was first seen.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Baseline {
    /// The engine's id of its image.
    pub image: String,
    /// Every digest that meant its image then; empty when none of them was the released one.
    pub digests: BTreeSet<String>,
    /// When the container was made.
    pub created: Option<String>,
    /// All that is compared of it.
    pub fields: Fields,
}

impl Baseline {
    /// The baseline that `observed` makes, released as `digest`.
    pub fn of(observed: &Observed, digest: &Digest) -> Self {
        let evidence = &observed.image;
        let is_it = evidence.digests.contains(digest.as_str());
        Self {
            image: evidence.id.clone(),
            digests: if is_it { evidence.digests.clone() } else { BTreeSet::new() },
            created: observed.created.clone(),
            fields: observed.fields.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_older_baseline_is_still_readable() {
        let old: Baseline = serde_json::from_str(r#"{"image":"i","networks":["n"]}"#)
            .expect("absent fields are not set");
        assert_eq!(old.image, "i");
    }
}
