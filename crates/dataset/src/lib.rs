//! Tables in files: CSV, plain or gzipped, and Parquet, read by column so that a table need not fit in memory; and
//! written as Parquet.
//!
//! What a file is is told by how it begins, not by its name. What cannot be read names the file, the row and the column,
//! and what to do.

mod builder;
mod cell;
mod csv_file;
mod dictionary;
mod error;
mod foreign;
mod parquet_file;
mod write;

pub use error::TableError;
pub use write::{Values, WriteError, write, write_groups};

use csv_file::CsvFile;
use drift::Column;
use parquet_file::ParquetFile;
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// How a Parquet file begins.
const PARQUET: [u8; 4] = *b"PAR1";

/// A table in a file, of which the columns are known.
#[derive(Debug)]
pub struct Table {
    source: Source,
    names: Vec<String>,
}

#[derive(Debug)]
enum Source {
    Csv(CsvFile),
    Parquet(ParquetFile),
}

impl Table {
    /// The table in the file at `path`.
    pub fn open(path: &Path) -> Result<Self, TableError> {
        let opened = |source| TableError::Open { path: path.to_owned(), source };
        let mut start = Vec::new();
        File::open(path).and_then(|file| file.take(4).read_to_end(&mut start)).map_err(opened)?;
        if start.is_empty() {
            return Err(TableError::Empty { path: path.to_owned() });
        }
        if start == PARQUET {
            let (file, names) = ParquetFile::open(path)?;
            return Ok(Self { source: Source::Parquet(file), names });
        }
        let (file, names) = CsvFile::open(path)?;
        Ok(Self { source: Source::Csv(file), names })
    }

    /// The columns, as they stand in the file.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// How many columns should be read at once, so that neither memory nor the same bytes are spent twice.
    pub fn at_once(&self) -> usize {
        match &self.source {
            Source::Csv(file) => file.at_once(),
            Source::Parquet(_) => 1,
        }
    }

    /// These columns; nothing for one that is not there.
    pub fn read(&self, names: &[&str]) -> Result<Vec<Option<Column>>, TableError> {
        let place = |name: &&str| self.names.iter().position(|own| own == name);
        let places: Vec<_> = names.iter().map(place).collect();
        let there: Vec<usize> = places.iter().copied().flatten().collect();
        let columns = match &self.source {
            Source::Csv(file) => file.read(&there)?,
            Source::Parquet(file) => file.read(&there)?,
        };
        let mut columns = columns.into_iter();
        Ok(places.into_iter().map(|place| place.and_then(|_| columns.next())).collect())
    }
}
