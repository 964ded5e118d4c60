//! How many requests were refused before they belonged to a release, by reason.

use crate::problem::Refusal;
use parking_lot::Mutex;
use std::collections::BTreeMap;

/// See the module. Refusals are rare: a lock does.
#[derive(Debug, Default)]
pub(crate) struct Refused(Mutex<BTreeMap<&'static str, u64>>);

impl Refused {
    pub(crate) fn count(&self, refusal: Refusal) {
        *self.0.lock().entry(refusal.reason()).or_default() += 1;
    }

    pub(crate) fn by_reason(&self) -> BTreeMap<&'static str, u64> {
        self.0.lock().clone()
    }
}
