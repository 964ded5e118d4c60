//! A bounded sample of captured requests, of which every one is as likely to be in it: J. Vitter, "Random Sampling with
//! a Reservoir" (1985), algorithm R. Pure.

use dataset::Values;
use events::sample::{SampleV1, ScalarV1};
use rand::Rng;

/// Requests that are kept of an hour of a release.
pub(super) const MOST: usize = 1_000;

/// See the module.
#[derive(Debug, Clone, Default)]
pub(super) struct Reservoir {
    columns: Vec<String>,
    seen: usize,
    rows: Vec<Vec<Option<ScalarV1>>>,
}

impl Reservoir {
    /// Of requests with these columns.
    pub(super) fn new(columns: &[String]) -> Self {
        Self { columns: columns.to_vec(), ..Self::default() }
    }

    /// One more request.
    pub(super) fn offer(&mut self, row: &SampleV1, random: &mut impl Rng) {
        self.seen += 1;
        if self.rows.len() < MOST {
            self.rows.push(row.values.clone());
            return;
        }
        if let Some(place) = self.rows.get_mut(random.random_range(0..self.seen)) {
            row.values.clone_into(place);
        }
    }

    /// Its columns: of numbers where nothing else stands in them, truths being 0 and 1.
    pub(super) fn table(&self) -> Vec<(String, Values)> {
        let names = self.columns.iter().cloned().enumerate();
        names.map(|(at, name)| (name, values(self.rows.iter().map(|row| &row[at])))).collect()
    }
}

fn values<'r>(cells: impl Iterator<Item = &'r Option<ScalarV1>> + Clone) -> Values {
    let is_text = |cell: &Option<ScalarV1>| matches!(cell, Some(ScalarV1::Text(_)));
    if cells.clone().any(is_text) {
        return Values::Texts(cells.map(|cell| cell.as_ref().map(text)).collect());
    }
    let number = |cell: &Option<ScalarV1>| match cell {
        Some(ScalarV1::Number(number)) => Some(*number),
        Some(ScalarV1::Flag(flag)) => Some(f64::from(u8::from(*flag))),
        Some(ScalarV1::Text(_)) | None => None,
    };
    Values::Numbers(cells.map(number).collect())
}

/// What a value is called.
pub(super) fn text(scalar: &ScalarV1) -> String {
    match scalar {
        ScalarV1::Flag(flag) => flag.to_string(),
        ScalarV1::Number(number) => number.to_string(),
        ScalarV1::Text(text) => text.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;
    use rand::SeedableRng;
    use rand::rngs::SmallRng;

    fn sample(number: u32) -> SampleV1 {
        let values = vec![Some(ScalarV1::Number(number.into())), None];
        SampleV1 { at: DateTime::UNIX_EPOCH, values, key: None }
    }

    #[test]
    fn it_is_bounded_and_fair() {
        let mut random = SmallRng::seed_from_u64(1);
        let mut reservoir = Reservoir::new(&["amount".to_owned(), "note".to_owned()]);
        for number in 0..20_000 {
            reservoir.offer(&sample(number), &mut random);
        }
        let table = reservoir.table();
        let Values::Numbers(amounts) = &table[0].1 else { panic!("numbers") };
        let late = amounts.iter().flatten().filter(|amount| **amount >= 10_000.0).count();
        assert_eq!(amounts.len(), MOST);
        // Four standard deviations.
        assert!(late.abs_diff(MOST / 2) < 64, "{late}");
    }

    #[test]
    fn a_column_is_numbers_unless_a_text_is_in_it() {
        let mut random = SmallRng::seed_from_u64(1);
        let mut reservoir = Reservoir::new(&["a".to_owned(), "b".to_owned()]);
        let text = Some(ScalarV1::Text("x".to_owned()));
        for values in [[Some(ScalarV1::Flag(true)), text], [None, Some(ScalarV1::Number(1.5))]] {
            let row = SampleV1 { at: DateTime::UNIX_EPOCH, values: values.into(), key: None };
            reservoir.offer(&row, &mut random);
        }
        let texts = Values::Texts(vec![Some("x".to_owned()), Some("1.5".to_owned())]);
        let numbers = Values::Numbers(vec![Some(1.0), None]);
        assert_eq!(reservoir.table(), [("a".to_owned(), numbers), ("b".to_owned(), texts)]);
    }
}
