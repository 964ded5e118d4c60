//! Changes are told apart by age by their ids, in every service: a new one comes after all others, also where the
//! clock of the machine went back since. Pure.

use events::ChangeId;
use uuid::Uuid;

/// `fresh`, or what follows `newest` if that sorts after it.
pub(crate) fn than(newest: Option<ChangeId>, fresh: ChangeId) -> ChangeId {
    match newest.map(ChangeId::uuid) {
        Some(newest) if newest >= fresh.uuid() => {
            ChangeId::new(Uuid::from_u128(newest.as_u128().wrapping_add(1)))
        }
        _ => fresh,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_comes_after_the_newest_whatever_the_clock_says() {
        let id = |n| ChangeId::new(Uuid::from_u128(n));
        assert_eq!(than(None, id(5)), id(5));
        assert_eq!(than(Some(id(4)), id(5)), id(5));
        assert_eq!(than(Some(id(9)), id(5)), id(10));
        assert_eq!(than(Some(id(5)), id(5)), id(6));
    }
}
