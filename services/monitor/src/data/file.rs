//! Files of captured requests: one for an hour of a release and a start of the monitor. Names are read again. Pure.

use crate::place::Place;
use chrono::{DateTime, NaiveDateTime, Utc};
use std::path::{Path, PathBuf};
use uuid::Uuid;

/// How the hour is written.
const HOUR: &str = "%Y%m%dT%H";

/// Which file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Sampled {
    pub(super) hour: DateTime<Utc>,
    /// The number of the release.
    pub(super) number: i64,
    /// Who wrote it: each start of a monitor writes files of its own.
    pub(super) writer: Uuid,
}

impl Sampled {
    /// Where it is.
    pub(super) fn path(&self, folder: &Path, place: &Place) -> PathBuf {
        let Self { hour, number, writer } = self;
        let name = format!("{}-{number}-{}.parquet", hour.format(HOUR), writer.simple());
        of_place(folder, place).join(name)
    }

    /// What a file with this name is, if it is one.
    pub(super) fn of_name(name: &str) -> Option<Self> {
        let mut parts = name.strip_suffix(".parquet")?.split('-');
        let hour = format!("{}00", parts.next()?);
        let hour = NaiveDateTime::parse_from_str(&hour, "%Y%m%dT%H%M").ok()?.and_utc();
        let number = parts.next()?.parse().ok()?;
        let writer = Uuid::try_parse(parts.next()?).ok()?;
        parts.next().is_none().then_some(Self { hour, number, writer })
    }
}

/// The files of a place.
pub(super) fn of_place(folder: &Path, place: &Place) -> PathBuf {
    folder.join(place.app.as_str()).join(place.environment.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeDelta;

    #[test]
    fn a_name_is_read_again() {
        let hour = DateTime::UNIX_EPOCH + TimeDelta::hours(500_002);
        let file = Sampled { hour, number: 7, writer: Uuid::from_u128(1) };
        let place = Place::parse("shop", "production").expect("valid");
        let path = file.path(Path::new("/data"), &place);
        assert!(path.starts_with("/data/shop/production"));
        let name = path.file_name().and_then(|name| name.to_str()).expect("a name");
        assert_eq!(Sampled::of_name(name), Some(file));
        for other in ["", "notes.txt", "2026-7-x.parquet", "20270115T10-7.parquet"] {
            assert_eq!(Sampled::of_name(other), None, "{other:?}");
        }
    }
}
