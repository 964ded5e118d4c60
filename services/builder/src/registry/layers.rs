//! What a new image brings that the one before did not have.

use serde::{Deserialize, Serialize};
use std::collections::HashSet;

/// A layer of an image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Layer {
    /// What the registry calls it.
    pub digest: String,
    /// Compressed size.
    pub size: i64,
}

/// An image beside the one before it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Difference {
    /// Layers the image before did not have.
    pub new: Vec<Layer>,
    /// How many it had.
    pub shared: usize,
}

/// What `current` brings that `previous` does not have.
pub fn difference(previous: &[Layer], current: &[Layer]) -> Difference {
    let known: HashSet<&str> = previous.iter().map(|layer| layer.digest.as_str()).collect();
    let (shared, new): (Vec<&Layer>, Vec<&Layer>) =
        current.iter().partition(|layer| known.contains(layer.digest.as_str()));
    Difference { shared: shared.len(), new: new.into_iter().cloned().collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn layers(digests: &[u8]) -> Vec<Layer> {
        digests.iter().map(|n| Layer { digest: n.to_string(), size: i64::from(*n) }).collect()
    }

    #[test]
    fn a_changed_last_layer_is_the_difference() {
        let found = difference(&layers(&[1, 2, 3]), &layers(&[1, 2, 4]));
        assert_eq!(found, Difference { new: layers(&[4]), shared: 2 });
    }

    proptest! {
        #[test]
        fn every_layer_is_new_or_shared(before in any::<Vec<u8>>(), after in any::<Vec<u8>>()) {
            let found = difference(&layers(&before), &layers(&after));
            prop_assert_eq!(found.new.len() + found.shared, after.len());
            prop_assert!(found.new.iter().all(|layer| !layers(&before).contains(layer)));
        }
    }
}
