//! Why a table cannot be read: where, and what to do about it.

use std::path::PathBuf;

/// Why a table cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// The file does not open.
    #[error("open {}", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// There is nothing in it.
    #[error("{}: the file is empty; a table has at least a line with the names of its columns", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// It is no table that we read.
    #[error("{}: {what}", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What it is, and what to do.
        what: &'static str,
    },
    /// Two columns have one name.
    #[error("{}: column {name:?} is there twice; give one of them another name", path.display())]
    Twice {
        /// The file.
        path: PathBuf,
        /// The name.
        name: String,
    },
    /// A row has more or fewer cells than there are columns.
    #[error(
        "{}: row {row} has {found} cells, the head has {expected}; put cells with commas or line breaks in quotes",
        path.display()
    )]
    Ragged {
        /// The file.
        path: PathBuf,
        /// The row, counted from 1 without the head.
        row: u64,
        /// As many as the head has.
        expected: u64,
        /// As many as it has.
        found: u64,
    },
    /// A cell is not text.
    #[error("{}: row {row}, column {column:?}: the cell is no UTF-8; save the file as UTF-8", path.display())]
    NotText {
        /// The file.
        path: PathBuf,
        /// The row, counted from 1 without the head.
        row: u64,
        /// The column.
        column: String,
    },
    /// A line of names is not text.
    #[error("{}: the names of the columns are no UTF-8; save the file as CSV in UTF-8, or as Parquet", path.display())]
    Head {
        /// The file.
        path: PathBuf,
    },
    /// The file ends in the middle.
    #[error("{}: the gzipped file ends in the middle, after row {row}; copy or write it again", path.display())]
    CutOff {
        /// The file.
        path: PathBuf,
        /// As many rows were read.
        row: u64,
    },
    /// A column is compressed in a way we do not know.
    #[error(
        "{}: column {column:?} is compressed with {packing}; write the file with snappy, zstd or gzip, or not compressed",
        path.display()
    )]
    Packing {
        /// The file.
        path: PathBuf,
        /// The column.
        column: String,
        /// How.
        packing: String,
    },
    /// Reading ended before the file did.
    #[error("{}: read after row {row}", path.display())]
    Csv {
        /// The file.
        path: PathBuf,
        /// As many rows were read.
        row: u64,
        /// Why.
        source: csv::Error,
    },
    /// The Parquet file is damaged, or uses what is not supported.
    #[error("{}: {what}", path.display())]
    Parquet {
        /// The file.
        path: PathBuf,
        /// Which column, or what else.
        what: String,
        /// Why.
        source: parquet::errors::ParquetError,
    },
}
