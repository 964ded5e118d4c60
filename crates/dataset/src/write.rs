//! Tables written as Parquet. A file is there as a whole or not at all.

use parquet::basic::{Compression, ConvertedType, LogicalType, Repetition, Type as Physical};
use parquet::data_type::{ByteArray, ByteArrayType, DataType, DoubleType};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::types::Type;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The values of a column, by row.
#[derive(Debug, Clone, PartialEq)]
pub enum Values {
    /// Numbers.
    Numbers(Vec<Option<f64>>),
    /// Texts.
    Texts(Vec<Option<String>>),
}

/// Why a table cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The file cannot be made.
    #[error("make {}", path.display())]
    Make {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It cannot be filled.
    #[error("write {}", path.display())]
    Parquet {
        /// The file.
        path: PathBuf,
        /// Why.
        source: ParquetError,
    },
}

/// Columns by name, all of one length.
type Columns = [(String, Values)];

/// Writes `columns`, all of one length, to `path`.
pub fn write(path: &Path, columns: &Columns) -> Result<(), WriteError> {
    write_groups(path, std::iter::once(columns))
}

/// Writes groups of rows, all with the same columns, to `path`; one of them is in memory at a time.
pub fn write_groups<G: AsRef<Columns>>(
    path: &Path,
    groups: impl IntoIterator<Item = G>,
) -> Result<(), WriteError> {
    let make = |source| WriteError::Make { path: path.to_owned(), source };
    let part = path.with_extension("part");
    let file = File::create(&part).map_err(make)?;
    let filled = fill(file, groups.into_iter());
    filled.map_err(|source| WriteError::Parquet { path: path.to_owned(), source })?;
    std::fs::rename(&part, path).map_err(make)
}

fn fill<G: AsRef<Columns>>(
    file: File,
    groups: impl Iterator<Item = G>,
) -> Result<(), ParquetError> {
    let mut groups = groups.peekable();
    let first: &Columns = groups.peek().map(AsRef::as_ref).unwrap_or_default();
    let fields = first.iter().map(|(name, values)| field(name, values));
    let fields = fields.collect::<Result<Vec<_>, _>>()?;
    let schema = Type::group_type_builder("table").with_fields(fields).build()?;
    let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
    let mut writer = SerializedFileWriter::new(file, Arc::new(schema), Arc::new(properties))?;
    for columns in groups {
        let mut group = writer.next_row_group()?;
        for (_, values) in columns.as_ref() {
            fill_column(&mut group, values)?;
        }
        group.close()?;
    }
    writer.close().map(drop)
}

fn fill_column(
    group: &mut SerializedRowGroupWriter<'_, File>,
    values: &Values,
) -> Result<(), ParquetError> {
    match values {
        Values::Numbers(values) => column::<DoubleType, _>(group, values, |value| *value),
        Values::Texts(values) => {
            column::<ByteArrayType, _>(group, values, |text| ByteArray::from(text.as_str()))
        }
    }
}

fn field(name: &str, values: &Values) -> Result<Arc<Type>, ParquetError> {
    let field = match values {
        Values::Numbers(_) => Type::primitive_type_builder(name, Physical::DOUBLE),
        Values::Texts(_) => Type::primitive_type_builder(name, Physical::BYTE_ARRAY)
            .with_logical_type(Some(LogicalType::String))
            .with_converted_type(ConvertedType::UTF8),
    };
    field.with_repetition(Repetition::OPTIONAL).build().map(Arc::new)
}

fn column<T: DataType, V>(
    group: &mut SerializedRowGroupWriter<'_, File>,
    rows: &[Option<V>],
    value: impl Fn(&V) -> T::T,
) -> Result<(), ParquetError> {
    let Some(mut column) = group.next_column()? else { return Ok(()) };
    let values: Vec<T::T> = rows.iter().flatten().map(value).collect();
    let levels: Vec<i16> = rows.iter().map(|row| i16::from(row.is_some())).collect();
    column.typed::<T>().write_batch(&values, Some(&levels), None)?;
    column.close()
}
